"""The Parzen density: a mixture of product kernels over a mixed space, fitted, evaluated and drawn from (NumPy tier).

A kernel is a truncated normal in each continuous dimension, its masses on the values of each short grid, and a row of
probabilities for each choice. With the normalisers of all dimensions summed, a log-kernel is one constant a component,
a quadratic form in the continuous coordinates, and one table entry for each other coordinate; a (candidate, component)
pair costs one `exp`. `compiled.mixture` has the same functions as Numba loops. Coordinates are those of `axes`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray, FloatArray, IntArray
from .axes import Axes, decode, snap
from .categorical import ChoiceTables, draw_rows
from .truncnorm import LOG_SQRT_2PI, SQRT_HALF, log_mass, ppf, rounded

MOST_FEW = 64  # observations up to which the compiled tier sorts by insertion


class Observed(NamedTuple):
    """Observations that a mixture is fitted to: k of the n columns of arrays.

    Attributes
    ----------
    ids
        (k,) the columns to take.
    z
        (d, n) coordinates; NaN where an observation lacks a parameter: its kernel there is the prior's.
    bandwidth
        (d, n) standard deviations, clipped when a mixture is fitted.
    known
        (3, d, n + 1) what the compiled tier knows of the kernels from an earlier fit, NaN where there was none: clipped
        bandwidths, precisions and log normalisers, of the prior in the last column. It takes the last two from here
        where the first is as before, and writes those of others here.
    """

    ids: IntArray
    z: FloatArray
    bandwidth: FloatArray
    known: FloatArray

    @classmethod
    def of(cls, z: FloatArray, bandwidth: FloatArray) -> Observed:
        """Take all observations (d, k), of whose kernels nothing is known."""
        d, k = z.shape
        return cls(np.arange(k), z, bandwidth, np.full((3, d, k + 1), np.nan))


class Kept(NamedTuple):
    """What the compiled tier keeps of n trials, by trial number, while they come and go.

    Attributes
    ----------
    z
        (d, n) coordinates.
    counts
        (n,) which finished trials are observations.
    members
        (n,) which trials the sorted columns list; see `compiled.neighbours`.
    order, n_listed, distance
        (d, n), (d,), (d, n) the sorted columns, and the distances to neighbours there.
    known
        (3, d, n + 1) as in `Observed`, of the kernels above.
    depth
        (n,) for how many halvings of the observations above a trial may stand for others; see `compiled.densities`.
    losses, ranked
        (n,) losses, ascending, and numbers of the complete trials that count; the first ones are filled.
    few, known_few
        (MOST_FEW,), (3, d, MOST_FEW + 1) numbers of the trials that were below, and what is known of their kernels
        there.
    """

    z: FloatArray
    counts: BoolArray
    members: BoolArray
    order: npt.NDArray[np.int32]
    n_listed: IntArray
    distance: FloatArray
    known: FloatArray
    depth: npt.NDArray[np.int8]
    losses: FloatArray
    ranked: IntArray
    few: IntArray
    known_few: FloatArray

    @classmethod
    def of(cls, z: FloatArray, counts: BoolArray, depth: npt.NDArray[np.int8]) -> Kept:
        """Begin with no members."""
        d, n = z.shape
        order, n_listed = np.zeros((d, n), dtype=np.int32), np.zeros(d, dtype=np.int64)
        distance, known = np.full((d, n), np.nan), np.full((3, d, n + 1), np.nan)
        known_few = np.full((3, d, MOST_FEW + 1), np.nan)
        losses, ranked, few = np.full(n, np.nan), np.full(n, -1), np.full(MOST_FEW, -1)
        members, of_all = np.zeros(n, dtype=bool), (distance, known, depth, losses, ranked)
        return cls(z, counts, members, order, n_listed, *of_all, few, known_few)

    def observed(self, ids: IntArray) -> Observed:
        """Take some of the members."""
        return Observed(ids, self.z, self.distance, self.known)


class Mixture(NamedTuple):
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
        (d, k) first entry in `table` of a kernel's row; negative for continuous dimensions.
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


def fit(observed: Observed, log_weight: FloatArray, smallest: FloatArray, choices: ChoiceTables, axes: Axes) -> Mixture:
    """Fit a mixture: a kernel around each observation, and the prior's as the last one if `log_weight` has one more.

    Parameters
    ----------
    observed
        k observations over d dimensions.
    log_weight
        (k,) or (k + 1,).
    smallest
        (d,) smallest bandwidths; the largest are the widths of the support.
    choices
        The kernels of the categorical dimensions.
    axes
        The d dimensions.
    """
    n = len(observed.ids)
    mu, sigma = np.full((len(observed.z), len(log_weight)), np.nan), np.ones((len(observed.z), len(log_weight)))
    width = axes.upper - axes.lower
    mu[:, :n] = decode(axes, observed.z[:, observed.ids].T).T
    sigma[:, :n] = np.maximum(np.minimum(observed.bandwidth[:, observed.ids], width[:, None]), smallest[:, None])
    missing = np.isnan(mu)
    sigma = np.where(missing, width[:, None], sigma)
    mu = np.where(missing, 0.5 * (axes.lower + axes.upper)[:, None], mu)
    row, table = _tabulate(mu, sigma, missing, choices, axes)
    continuous = axes.n_values == 0
    mu, sigma = np.where(continuous[:, None], mu, 0.0), np.where(continuous[:, None], sigma, 1.0)
    wide = _widened(mu, sigma, axes)
    norm, precision = np.zeros_like(mu), np.zeros_like(mu)
    dims = slice(None) if continuous.all() else np.flatnonzero(continuous)
    norm[dims] = _log_normalisers(mu[dims], wide[dims], axes.lower[dims], axes.upper[dims])
    precision[dims] = SQRT_HALF / wide[dims]
    return Mixture(log_weight, norm, log_weight - norm.sum(axis=0), mu, sigma, precision, row, table)


def log_density(mixture: Mixture, z: FloatArray) -> FloatArray:
    """Return the log-density (n,) at z (n, d); per value where a dimension is tabulated or a grid."""
    exponent = _exponents(mixture, z)
    peak = np.maximum(exponent.max(axis=1), -1e300)  # finite, so that -inf - peak is no NaN
    exponent -= peak[:, None]
    np.exp(exponent, out=exponent)
    with np.errstate(divide="ignore"):
        return np.asarray(peak + np.log(exponent.sum(axis=1)))


def log_marginals(mixture: Mixture, z: FloatArray) -> FloatArray:
    """Return each dimension's own log-density (n, d) at z (n, d): the mixture of that dimension's kernels alone."""
    columns = [log_density(marginal(mixture, np.array([j])), z[:, j : j + 1]) for j in range(z.shape[1])]
    return np.stack(columns, axis=1)


def draw(mixture: Mixture, axes: Axes, u: FloatArray) -> FloatArray:
    """Map uniforms (n, 1 + d) to draws (n, d): column 0 is for the component, column 1 + j for dimension j."""
    component = _components(mixture.log_weight, u[:, 0])
    return _draw_values(mixture, axes, np.repeat(component[:, None], u.shape[1] - 1, axis=1), u[:, 1:])


def draw_marginals(mixture: Mixture, axes: Axes, u: FloatArray) -> FloatArray:
    """Map uniforms (n, 2 d) to draws (n, d) of each dimension by itself: d for the components, d for the values."""
    d = len(axes.low)
    return _draw_values(mixture, axes, _components(mixture.log_weight, u[:, :d]), u[:, d:])


def marginal(mixture: Mixture, dims: IntArray) -> Mixture:
    """Keep some of the dimensions: the marginal of a product of kernels is the product of those that stay."""
    norm = mixture.norm[dims]
    return Mixture(
        mixture.log_weight, norm, mixture.log_weight - norm.sum(axis=0), mixture.mu[dims], mixture.sigma[dims],
        mixture.precision[dims], mixture.row[dims], mixture.table,
    )  # fmt: skip


def condition(mixture: Mixture, z: FloatArray, fixed: IntArray, free: IntArray, power: float = 1.0) -> Mixture:
    """Fix the coordinates `fixed` at z (d,): their kernels become part of the weights of a mixture over `free`.

    With a `power` below 1 they count less: each kernel is taken to that power.
    """
    given = marginal(mixture, fixed)
    kernels = _exponents(given._replace(offset=-given.norm.sum(axis=0)), z[None, fixed])[0]
    log_weight = mixture.log_weight + power * kernels
    rest = marginal(mixture, free)
    return rest._replace(log_weight=log_weight, offset=log_weight - rest.norm.sum(axis=0))


def _exponents(mixture: Mixture, z: FloatArray) -> FloatArray:
    """Return log(weight x kernel) for every (candidate, component), shape (n, k)."""
    distance = z[:, :, None] - mixture.mu
    distance *= mixture.precision
    exponent: FloatArray = np.einsum("ndk,ndk->nk", distance, distance)
    np.subtract(mixture.offset, exponent, out=exponent)
    for j in np.flatnonzero(mixture.row[:, 0] >= 0):
        exponent += mixture.table[mixture.row[j] + z[:, j, None].astype(np.int64)]
    return exponent


def _components(log_weight: FloatArray, u: FloatArray) -> IntArray:
    """Return the component for each uniform; one of zero weight is never chosen."""
    cumulative = np.cumsum(np.exp(log_weight))
    return np.searchsorted(cumulative[:-1] / cumulative[-1], u, side="right")


def _draw_values(mixture: Mixture, axes: Axes, component: IntArray, u: FloatArray) -> FloatArray:
    """Draw from the kernels of given components (n, d), by uniforms (n, d)."""
    dims = np.arange(u.shape[1])
    mu, sigma = mixture.mu[dims, component], mixture.sigma[dims, component]  # (n, d)
    tabulated = np.flatnonzero(axes.n_values)
    lower, upper = axes.lower, axes.upper
    if tabulated.size:  # their support is not one of kernels of mean 0 and deviation 1
        lower, upper = lower.copy(), upper.copy()
        lower[tabulated], upper[tabulated] = -1.0, 1.0
    x = mu + sigma * rounded(ppf(u, (lower - mu) / sigma, (upper - mu) / sigma))
    fine = np.where(axes.n_values == 0, axes.step, 0.0)
    if fine.any():
        x = snap(x, axes.low, fine)
    z = np.minimum(np.maximum(x, axes.low), axes.high)
    for j in tabulated:
        columns = np.arange(axes.n_values[j])
        rows = mixture.table[mixture.row[j, component[:, j], None] + columns]
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


def _tabulate(
    mu: FloatArray, sigma: FloatArray, missing: BoolArray, choices: ChoiceTables, axes: Axes
) -> tuple[IntArray, FloatArray]:
    """Return the rows of the kernels (d, k), -1 for continuous dimensions, and the table they lie in."""
    row = np.full(mu.shape, -1, dtype=np.int64)
    parts, size = [choices.log_probability], len(choices.log_probability)
    for j in np.flatnonzero(axes.n_values):
        if axes.n_choices[j]:
            own = choices.first[j] + mu[j].astype(np.int64) * choices.stride[j]
            row[j] = np.where(missing[j], choices.prior[j], own)
            continue
        rows, index = _grid_rows(mu[j], sigma[j], axes, int(j))
        row[j] = size + index * axes.n_values[j]
        parts.append(rows.ravel())
        size += rows.size
    return row, np.concatenate(parts)


def _grid_rows(mu: FloatArray, sigma: FloatArray, axes: Axes, j: int) -> tuple[FloatArray, IntArray]:
    """Return the log masses of a short grid's cells under each different kernel, and which kernel is which row (k,)."""
    if axes.n_values[j] == 1:
        return np.zeros((1, 1)), np.zeros(len(mu), np.int64)
    kernels, index = np.unique(np.stack([mu, sigma]), axis=1, return_inverse=True)
    means, precision = kernels[0][:, None], 1.0 / kernels[1][:, None]
    edges = axes.edges[axes.start[j] : axes.start[j] + axes.n_values[j] + 1]
    a = (edges - means) * precision
    rows = log_mass(a[:, :-1], a[:, 1:])
    rows -= log_mass(a[:, :1], a[:, -1:])
    return rows, index.reshape(-1)
