"""Log-density of, and draws from, a mixture of product kernels over a mixed space (the Parzen estimator of TPE).

Every dimension is a truncated normal (continuous), a truncated normal integrated over the cells of a grid (stepped), or
a categorical table. Densities stay in log space. This module defines what a mixture is and evaluates it exactly, all at
once; samplers evaluate the same mixture many times and let `prepared` take out what does not change.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..arrays import BoolArray, FloatArray, IntArray
from .categorical import draw_rows
from .truncnorm import LOG_SQRT_2PI, log_mass, ppf

SQRT_HALF = 0.7071067811865476


class SpaceArrays(NamedTuple):
    """A search space in model coordinates (log already applied), shape (d,) each; meanings as in `Mixture`.

    - float: `low`, `high`, step 0 (log: the logarithms of both ends);
    - float with a step, integer: lowest and highest grid value, the step;
    - integer on a log scale: log(low), log(high), and **minus** the step: the grid lies in exp(x);
    - categorical: `n_choices` > 0, the other columns unused (give 0, n_choices - 1, 1 or all 0).
    """

    low: FloatArray
    high: FloatArray
    step: FloatArray
    n_choices: IntArray


class Mixture(NamedTuple):
    """A mixture of k product kernels over d dimensions, as plain arrays.

    Coordinates are model coordinates: log already applied, categorical choices as indices.

    Attributes
    ----------
    log_weight
        (k,) log mixture weights; their exponentials sum to 1.
    mu
        (d, k) means; for categorical dimensions the observed choice index, or -1 for the prior.
    sigma
        (d, k) standard deviations > 0; unused for categorical dimensions.
    low, high
        (d,) ends of the support; for stepped dimensions the lowest and highest grid value.
    step
        (d,) 0: continuous. Positive: a grid of that step in x, supported on [low - step/2, high + step/2]. Negative: a
        grid of step |step| in exp(x), as for integers on a log scale, supported on [log(e^low - |step|/2), log(e^high +
        |step|/2)].
    n_choices
        (d,) number of choices; 0 = numeric.
    log_table
        (t,) for each categorical dimension a flattened (n_choices + 1, n_choices) table of log probabilities: row c is
        the kernel of an observation c, the last row the prior's.
    table_start
        (d,) offset of a dimension's table in `log_table`.
    """

    log_weight: FloatArray
    mu: FloatArray
    sigma: FloatArray
    low: FloatArray
    high: FloatArray
    step: FloatArray
    n_choices: IntArray
    log_table: FloatArray
    table_start: IntArray


def log_density(mixture: Mixture, x: FloatArray) -> FloatArray:
    """Return the log-density (per grid cell or choice: the log-probability) of the mixture at x.

    Parameters
    ----------
    mixture
        k components over d dimensions.
    x
        (n, d) points inside the support, in model coordinates; a categorical coordinate is the choice index.

    Returns
    -------
    (n,) log-densities; -inf where no component reaches.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        exponent = log_kernels(mixture, x)
        peak = np.maximum(exponent.max(axis=1), -1e300)  # finite, so that -inf - peak is no NaN
        exponent -= peak[:, None]
        np.exp(exponent, out=exponent)
        return np.asarray(peak + np.log(exponent.sum(axis=1)))


def draw(mixture: Mixture, u: FloatArray) -> FloatArray:
    """Map uniforms to draws from the mixture.

    Parameters
    ----------
    mixture
        k components over d dimensions.
    u
        (n, 1 + d) uniforms in [0, 1): column 0 chooses the component, column 1 + j the value in dimension j.

    Returns
    -------
    (n, d) points in model coordinates, inside the support and on its grids.
    """
    component = choose_component(mixture.log_weight, u[:, 0])
    categorical = np.flatnonzero(mixture.n_choices)
    if not categorical.size:
        return _draw_numeric(mixture, slice(None), component, u[:, 1:])
    x = np.empty((u.shape[0], mixture.mu.shape[0]))
    if categorical.size < x.shape[1]:
        numeric = np.flatnonzero(mixture.n_choices == 0)
        x[:, numeric] = _draw_numeric(mixture, numeric, component, u[:, 1 + numeric])
    for j in categorical:
        rows = table_of(mixture, j)[mixture.mu[j, component].astype(np.int64)]
        x[:, j] = draw_rows(rows, u[:, 1 + j])
    return x


def choose_component(log_weight: FloatArray, u: FloatArray) -> IntArray:
    """Return the component index for each uniform u (n,); a component of zero weight is never chosen."""
    cumulative = np.cumsum(np.exp(log_weight))
    return np.searchsorted(cumulative[:-1] / cumulative[-1], u, side="right")


def support(low: FloatArray, high: FloatArray, step: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the ends (d,) of the truncation interval: on a grid half a step beyond the outermost values."""
    if not step.any():
        return low, high
    on_log_scale = step < 0.0
    half = 0.5 * np.abs(step)
    lower = _exp_where(on_log_scale, low) - half
    upper = _exp_where(on_log_scale, high) + half
    return _log_where(on_log_scale, lower), _log_where(on_log_scale, upper)


def table_of(mixture: Mixture, j: int | np.signedinteger[Any]) -> FloatArray:
    """Return the (n_choices + 1, n_choices) log-probability table of categorical dimension j; row -1 is the prior's."""
    start, n_choices = mixture.table_start[j], mixture.n_choices[j]
    return mixture.log_table[start : start + (n_choices + 1) * n_choices].reshape(n_choices + 1, n_choices)


def log_kernels(mixture: Mixture, x: FloatArray) -> FloatArray:
    """Return log(weight x kernel) for every (candidate, component), shape (n, k)."""
    lower, upper = support(mixture.low, mixture.high, mixture.step)
    choice, stepped = mixture.n_choices != 0, mixture.step != 0.0
    if not (choice | stepped | (upper <= lower)).any():
        return _log_normals(mixture, slice(None), x)
    wide = ~choice & (upper > lower)  # a dimension of zero width adds nothing
    out = _log_normals(mixture, np.flatnonzero(wide & ~stepped), x)
    cells, choices = np.flatnonzero(wide & stepped), np.flatnonzero(choice)
    if cells.size:
        out += _log_cells(mixture, cells, x, lower, upper)
    if choices.size:
        out += _log_choices(mixture, choices, x)
    return out


def _log_normals(mixture: Mixture, dims: slice | IntArray, x: FloatArray) -> FloatArray:
    """Log weights plus the truncated normal log-densities summed over continuous dimensions, shape (n, k)."""
    mu, sigma = mixture.mu[dims], mixture.sigma[dims]
    precision = 1.0 / sigma
    a, b = mixture.low[dims, None] - mu, mixture.high[dims, None] - mu
    a *= precision
    b *= precision
    log_scale = log_mass(a, b)
    log_scale += np.log(sigma)
    log_scale += LOG_SQRT_2PI
    z = x[:, dims, None] - mu
    z *= precision * SQRT_HALF
    exponent: FloatArray = np.einsum("ndk,ndk->nk", z, z)
    np.subtract(mixture.log_weight - log_scale.sum(axis=0), exponent, out=exponent)
    return exponent


def _log_choices(mixture: Mixture, dims: IntArray, x: FloatArray) -> FloatArray:
    """Log-probability of the choices of x (n, d), summed over categorical dimensions, shape (n, k)."""
    n_choices = mixture.n_choices[dims, None]
    observed = mixture.mu[dims].astype(np.int64)
    row = mixture.table_start[dims, None] + np.where(observed < 0, n_choices, observed) * n_choices
    return np.asarray(mixture.log_table[row + x[:, dims, None].astype(np.int64)].sum(axis=1))


def _log_cells(mixture: Mixture, dims: IntArray, x: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Log-mass of the grid cells around x (n, d), summed over stepped dimensions, shape (n, k)."""
    grid = grid_rows(mixture, dims, x)
    mu, precision = mixture.mu[dims], 1.0 / mixture.sigma[dims]
    log_support = log_mass((lower[dims, None] - mu) * precision, (upper[dims, None] - mu) * precision)
    own = np.repeat(np.arange(dims.size), np.diff(grid.first))  # which of the dims a row belongs to
    mu, precision = mu[own], precision[own]
    table = log_mass((grid.left[:, None] - mu) * precision, (grid.right[:, None] - mu) * precision)
    table -= log_support[own]
    return np.asarray(table[grid.row].sum(axis=1))


class GridRows(NamedTuple):
    """The cells whose masses a call needs: one row of a table (rows, k) each.

    Attributes
    ----------
    row
        (n, s) the row of each candidate in each stepped dimension.
    first
        (s + 1,) first row of each stepped dimension.
    left, right
        (rows,) ends of the cells in model coordinates.
    """

    row: IntArray
    first: IntArray
    left: FloatArray
    right: FloatArray


def grid_rows(mixture: Mixture, dims: IntArray, x: FloatArray) -> GridRows:
    """Lay out table rows for stepped dimensions: the whole grid if it is no longer than n, else one row a candidate."""
    n = x.shape[0]
    step = np.abs(mixture.step[dims])
    on_log_scale = mixture.step[dims] < 0.0
    value, low, high = (_exp_where(on_log_scale, v) for v in (x[:, dims], mixture.low[dims], mixture.high[dims]))
    index = np.rint((value - low) / step)
    last = np.rint((high - low) / step).tolist()
    first, row, values = [0], np.empty((n, dims.size), dtype=np.int64), []
    for s in range(dims.size):
        whole = last[s] < n
        values.append(low[s] + step[s] * np.arange(last[s] + 1.0) if whole else value[:, s])
        row[:, s] = first[s] + (index[:, s] if whole else np.arange(n))
        first.append(first[s] + len(values[s]))
    center, half = np.concatenate([np.empty(0), *values]), np.repeat(0.5 * step, np.diff(first))
    logs = np.repeat(on_log_scale, np.diff(first))
    return GridRows(row, np.array(first), _log_where(logs, center - half), _log_where(logs, center + half))


def _draw_numeric(mixture: Mixture, dims: slice | IntArray, component: IntArray, u: FloatArray) -> FloatArray:
    """Truncated normal draws (n, number of dims), snapped to the grid where there is one."""
    mu, sigma = mixture.mu[dims][:, component].T, mixture.sigma[dims][:, component].T
    low, high, step = mixture.low[dims], mixture.high[dims], mixture.step[dims]
    lower, upper = support(low, high, step)
    x = mu + sigma * ppf(u, (lower - mu) / sigma, (upper - mu) / sigma)
    if step.any():
        x = snap(x, low, step)
    return np.asarray(np.minimum(np.maximum(x, low), high))


def snap(x: FloatArray, low: FloatArray, step: FloatArray) -> FloatArray:
    """Return x with its stepped dimensions moved to the nearest grid value; shapes (n, d), (d,), (d,)."""
    size = np.where(step == 0.0, 1.0, np.abs(step))
    on_log_scale = step < 0.0
    origin = _exp_where(on_log_scale, low)
    value = origin + size * np.rint((_exp_where(on_log_scale, x) - origin) / size)
    return np.where(step == 0.0, x, _log_where(on_log_scale, value))


def values_between(low: FloatArray, high: FloatArray, step: FloatArray) -> FloatArray:
    """Return the number of grid steps from low to high (d,), infinite without a grid, 0 for a single point."""
    on_log_scale = step < 0.0
    width = _exp_where(on_log_scale, high) - _exp_where(on_log_scale, low)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(width > 0.0, width / np.abs(step), 0.0)


def _exp_where(condition: BoolArray, x: FloatArray) -> FloatArray:
    """Return exp(x) where the condition holds, elsewhere x, whose exponential might overflow."""
    return np.where(condition, np.exp(np.where(condition, x, 0.0)), x) if condition.any() else x


def _log_where(condition: BoolArray, x: FloatArray) -> FloatArray:
    """Return log(x) where the condition holds, elsewhere x."""
    return np.where(condition, np.log(np.where(condition, x, 1.0)), x) if condition.any() else x
