"""A mixture made ready for many evaluations: normalisers taken, short grids and choices tabulated (NumPy tier).

With the normalisers of all dimensions summed, a log-kernel is one constant a component, a quadratic form in the
continuous coordinates, and one table entry for each other coordinate; a (candidate, component) pair costs one `exp`.
`compiled.prepared` has the same functions as Numba loops; the caller chooses between the two. Coordinates
are those of `axes`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import FloatArray, IntArray
from .axes import Axes, decode
from .categorical import draw_rows
from .mixture import SQRT_HALF, Mixture, choose_component, snap, table_of
from .truncnorm import LOG_SQRT_2PI, log_mass, ppf


class Prepared(NamedTuple):
    """k product kernels over d dimensions.

    Attributes
    ----------
    log_weight
        (k,) log weights; normalised unless the mixture is conditioned.
    norm
        (d, k) log normaliser of each continuous kernel, 0 where a table holds the kernel.
    offset
        (k,) ``log_weight - norm.sum(axis=0)``.
    mu, sigma
        (d, k) means and standard deviations; 0 and 1 for tabulated dimensions.
    precision
        (d, k) sqrt(1/2) / the standard deviation with Sheppard's correction; 0 for tabulated dimensions.
    row
        (d, k) first entry in `table` of a kernel's row; unused for continuous dimensions.
    table
        (t,) log probabilities.
    """

    log_weight: FloatArray
    norm: FloatArray
    offset: FloatArray
    mu: FloatArray
    sigma: FloatArray
    precision: FloatArray
    row: IntArray
    table: FloatArray


def prepare(
    ids: IntArray,
    z: FloatArray,
    bandwidth: FloatArray,
    smallest: FloatArray,
    log_weight: FloatArray,
    axes: Axes,
    choice_table: FloatArray,
    choice_start: IntArray,
    done: FloatArray,
    cache: FloatArray,
) -> Prepared:
    """Prepare the mixture of some observations, and the prior as the last component if `log_weight` has one more.

    Parameters
    ----------
    ids
        (k,) columns of `z` to take.
    z, bandwidth
        (d, n) coordinates, NaN where missing, and bandwidths, which are clipped to [`smallest`, width].
    log_weight
        (k,) or (k + 1,).
    choice_table, choice_start
        Log-probability rows of the categorical dimensions, flat, and where each dimension's begin (d,).
    done, cache
        What the compiled tier keeps between calls; not used here.
    """
    k = len(log_weight)
    mu, sigma = np.full((len(z), k), np.nan), np.ones((len(z), k))
    width = axes.upper - axes.lower
    mu[:, : len(ids)] = decode(axes, z[:, ids].T).T
    sigma[:, : len(ids)] = np.maximum(np.minimum(bandwidth[:, ids], width[:, None]), smallest[:, None])
    missing, is_choice = np.isnan(mu), (axes.n_choices > 0)[:, None]
    sigma = np.where(missing, width[:, None], sigma)
    mu = np.where(missing, np.where(is_choice, -1.0, 0.5 * (axes.lower + axes.upper)[:, None]), mu)
    fields = axes.low, axes.high, axes.step, axes.n_choices
    return prepare_mixture(Mixture(log_weight, mu, sigma, *fields, choice_table, choice_start), axes)


def prepare_mixture(mixture: Mixture, axes: Axes) -> Prepared:
    """Take the normalisers of a mixture and tabulate its kernels on short grids and choices."""
    continuous = np.asarray(axes.n_values == 0)
    mu = np.where(continuous[:, None], mixture.mu, 0.0)
    sigma = np.where(continuous[:, None], mixture.sigma, 1.0)
    wide = _widened(mu, sigma, axes)
    norm, precision = np.zeros_like(mu), np.zeros_like(mu)
    dims = slice(None) if continuous.all() else np.flatnonzero(continuous)
    norm[dims] = _log_normalisers(mu[dims], wide[dims], axes.lower[dims], axes.upper[dims])
    precision[dims] = SQRT_HALF / wide[dims]
    row, table = _tabulate(mixture, axes)
    offset = mixture.log_weight - norm.sum(axis=0)
    return Prepared(mixture.log_weight, norm, offset, mu, sigma, precision, row, table)


def density(prepared: Prepared, z: FloatArray) -> FloatArray:
    """Return the log-density (n,) at z (n, d); per value where a dimension is tabulated or a grid."""
    exponent = _exponents(prepared, z)
    peak = np.maximum(exponent.max(axis=1), -1e300)  # finite, so that -inf - peak is no NaN
    exponent -= peak[:, None]
    np.exp(exponent, out=exponent)
    with np.errstate(divide="ignore"):
        return np.asarray(peak + np.log(exponent.sum(axis=1)))


def densities(prepared: Prepared, z: FloatArray) -> FloatArray:
    """Return each dimension's own log-density (n, d) at z (n, d): the mixture of that dimension's kernels alone."""
    columns = [density(select(prepared, np.array([j])), z[:, j : j + 1]) for j in range(z.shape[1])]
    return np.stack(columns, axis=1)


def draw(prepared: Prepared, axes: Axes, u: FloatArray) -> FloatArray:
    """Map uniforms (n, 1 + d) to draws (n, d): column 0 is for the component, column 1 + j for dimension j."""
    component = choose_component(prepared.log_weight, u[:, 0])
    return _draw_values(prepared, axes, np.repeat(component[:, None], u.shape[1] - 1, axis=1), u[:, 1:])


def draws(prepared: Prepared, axes: Axes, u: FloatArray) -> FloatArray:
    """Map uniforms (n, 2 d) to draws (n, d) of each dimension by itself: d for the components, d for the values."""
    d = len(axes.low)
    return _draw_values(prepared, axes, choose_component(prepared.log_weight, u[:, :d]), u[:, d:])


def select(prepared: Prepared, dims: IntArray) -> Prepared:
    """Keep some of the dimensions: the marginal of a product of kernels is the product of those that stay."""
    norm = prepared.norm[dims]
    return Prepared(
        prepared.log_weight, norm, prepared.log_weight - norm.sum(axis=0), prepared.mu[dims], prepared.sigma[dims],
        prepared.precision[dims], prepared.row[dims], prepared.table,
    )  # fmt: skip


def condition(prepared: Prepared, z: FloatArray, fixed: IntArray, free: IntArray, power: float = 1.0) -> Prepared:
    """Fix the coordinates `fixed` at z (d,): their kernels become part of the weights of a mixture over `free`.

    With a `power` below 1 they count less: each kernel is taken to that power.
    """
    given = select(prepared, fixed)
    kernels = _exponents(given._replace(offset=-given.norm.sum(axis=0)), z[None, fixed])[0]
    log_weight = prepared.log_weight + power * kernels
    rest = select(prepared, free)
    return rest._replace(log_weight=log_weight, offset=log_weight - rest.norm.sum(axis=0))


def _exponents(prepared: Prepared, z: FloatArray) -> FloatArray:
    """Return log(weight x kernel) for every (candidate, component), shape (n, k)."""
    distance = z[:, :, None] - prepared.mu
    distance *= prepared.precision
    exponent: FloatArray = np.einsum("ndk,ndk->nk", distance, distance)
    np.subtract(prepared.offset, exponent, out=exponent)
    for j in np.flatnonzero(prepared.row[:, 0] >= 0):
        exponent += prepared.table[prepared.row[j] + z[:, j, None].astype(np.int64)]
    return exponent


def _draw_values(prepared: Prepared, axes: Axes, component: IntArray, u: FloatArray) -> FloatArray:
    """Draw from the kernels of given components (n, d), by uniforms (n, d)."""
    dims = np.arange(u.shape[1])
    mu, sigma = prepared.mu[dims, component], prepared.sigma[dims, component]  # (n, d)
    tabulated = np.flatnonzero(axes.n_values)
    lower, upper = axes.lower, axes.upper
    if tabulated.size:  # their support is not one of kernels of mean 0 and deviation 1
        lower, upper = lower.copy(), upper.copy()
        lower[tabulated], upper[tabulated] = -1.0, 1.0
    x = mu + sigma * ppf(u, (lower - mu) / sigma, (upper - mu) / sigma)
    fine = np.where(axes.n_values == 0, axes.step, 0.0)
    if fine.any():
        x = snap(x, axes.low, fine)
    z = np.minimum(np.maximum(x, axes.low), axes.high)
    for j in tabulated:
        columns = np.arange(axes.n_values[j])
        rows = prepared.table[prepared.row[j, component[:, j], None] + columns]
        z[:, j] = draw_rows(rows, u[:, j])
    return z


def _widened(mu: FloatArray, sigma: FloatArray, axes: Axes) -> FloatArray:
    """Return standard deviations (d, k) with the variance of a cell of a fine grid added."""
    if not axes.spread.any():
        return sigma
    spread = np.repeat(axes.spread[:, None], mu.shape[1], axis=1)
    for j in np.flatnonzero(axes.spread < 0.0):  # the cell around v = exp(mu) is log((v + 1/2) / (v - 1/2)) wide
        spread[j] = (2.0 * np.arctanh(np.minimum(0.5 * np.abs(axes.step[j]) * np.exp(-mu[j]), 0.9))) ** 2 / 12.0
    return np.asarray(np.hypot(sigma, np.sqrt(spread)))


def _log_normalisers(mu: FloatArray, sigma: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Return the log normalisers (d, k) of normals truncated to [lower, upper] (d,)."""
    precision = 1.0 / sigma
    out = log_mass((lower[:, None] - mu) * precision, (upper[:, None] - mu) * precision)
    out += np.log(sigma)
    out += LOG_SQRT_2PI
    return out


def _tabulate(mixture: Mixture, axes: Axes) -> tuple[IntArray, FloatArray]:
    """Return the rows of the kernels (d, k), -1 for continuous dimensions, and the table they lie in."""
    row = np.full(mixture.mu.shape, -1, dtype=np.int64)
    parts, size = [np.empty(0)], 0
    for j in np.flatnonzero(axes.n_values):
        if axes.n_choices[j]:
            observed = mixture.mu[j].astype(np.int64)
            index = np.where(observed < 0, axes.n_choices[j], observed)
            rows = table_of(mixture, j)
        else:
            rows, index = _grid_rows(mixture, axes, int(j))
        row[j] = size + index * axes.n_values[j]
        parts.append(rows.ravel())
        size += rows.size
    return row, np.concatenate(parts)


def _grid_rows(mixture: Mixture, axes: Axes, j: int) -> tuple[FloatArray, IntArray]:
    """Return the log masses of a short grid's cells under each different kernel, and which kernel is which row (k,)."""
    if axes.n_values[j] == 1:
        return np.zeros((1, 1)), np.zeros(mixture.mu.shape[1], np.int64)
    kernels, index = np.unique(np.stack([mixture.mu[j], mixture.sigma[j]]), axis=1, return_inverse=True)
    mu, precision = kernels[0][:, None], 1.0 / kernels[1][:, None]
    edges = axes.edges[axes.start[j] : axes.start[j] + axes.n_values[j] + 1]
    a = (edges - mu) * precision
    rows = log_mass(a[:, :-1], a[:, 1:])
    rows -= log_mass(a[:, :1], a[:, -1:])
    return rows, index.reshape(-1)
