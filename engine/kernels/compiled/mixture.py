"""Numba tier of `kernels.mixture`: the same functions as loops; `log_density` evaluates."""

from __future__ import annotations

import math

import numpy as np

from ...arrays import FloatArray, IntArray
from .. import exact, jit
from ..axes import Axes
from ..categorical import ChoiceTables
from ..mixture import Mixture, Observed, condition
from ..truncnorm import QUANTILE_GRID
from .log_density import fill_log_density, log_marginals_of
from .normal import log_mass, log_mass_around, ppf_block, tail
from .normalisers import normalise

SMALLEST_MASS = 1e-280

__all__ = ["condition", "draw", "draw_marginals", "fit", "log_density", "log_marginals"]


def log_density(mixture: Mixture, z: FloatArray) -> FloatArray:
    """Return the log-density (n,) at z (n, d); see `kernels.mixture.log_density`."""
    out = np.empty(len(z))
    fill_log_density(mixture.offset, mixture.mu, mixture.precision, mixture.row, mixture.table, z, out)
    return out


def log_marginals(mixture: Mixture, z: FloatArray) -> FloatArray:
    """Return each dimension's own log-density (n, d); see `kernels.mixture.log_marginals`."""
    kernels = mixture.log_weight, mixture.norm, mixture.mu, mixture.precision, mixture.row, mixture.table
    return log_marginals_of(*kernels, z)


def draw(mixture: Mixture, axes: Axes, u: FloatArray) -> FloatArray:
    """Map uniforms (n, 1 + d) to draws (n, d); see `kernels.mixture.draw`."""
    return _draw(mixture.log_weight, mixture.mu, mixture.sigma, mixture.row, mixture.table, axes, u, 1)


def draw_marginals(mixture: Mixture, axes: Axes, u: FloatArray) -> FloatArray:
    """Map uniforms (n, 2 d) to draws (n, d) of each dimension by itself; see `kernels.mixture.draw_marginals`."""
    n_columns = len(axes.low)
    return _draw(mixture.log_weight, mixture.mu, mixture.sigma, mixture.row, mixture.table, axes, u, n_columns)


# --- fitting ---------------------------------------------------------------------------------------------------------


@jit
def fit(observed: Observed, log_weight: FloatArray, smallest: FloatArray, choices: ChoiceTables, axes: Axes) -> Mixture:
    """Fit a mixture; see `kernels.mixture.fit`. A kernel that did not change is not normalised again."""
    ids, z, bandwidth, known = observed
    d, k = z.shape[0], log_weight.size
    norm, mu, sigma, precision = np.empty((d, k)), np.empty((d, k)), np.empty((d, k)), np.empty((d, k))
    row, offset = np.full((d, k), -1), log_weight.copy()
    n_grids = 0
    for j in range(d):
        if axes.n_values[j] > 0 and axes.n_choices[j] == 0:
            n_grids += axes.n_values[j]
    table = np.empty(choices.log_probability.size + n_grids * k)
    for c in range(choices.log_probability.size):
        table[c] = choices.log_probability[c]
    used = choices.log_probability.size
    for j in range(d):
        if axes.n_values[j] > 0:
            for c in range(k):
                norm[j, c], mu[j, c], sigma[j, c], precision[j, c] = 0.0, 0.0, 1.0, 0.0
        if axes.n_choices[j] > 0:
            _choose_rows(ids, z[j], choices.first[j], choices.stride[j], choices.prior[j], row[j])
        elif axes.n_values[j] > 0:
            used = _grid_rows(ids, z[j], bandwidth[j], smallest[j], axes, j, row[j], table, used)
        else:
            center(ids, z[j], bandwidth[j], smallest[j], axes.lower[j], axes.upper[j], mu[j], sigma[j])
    normalise(ids, mu, sigma, axes, known, precision, norm, offset)
    return Mixture(log_weight, norm, offset, mu, sigma, precision, row, table[:used])


@jit
def center(
    ids: IntArray,
    z: FloatArray,
    bandwidth: FloatArray,
    smallest: float,
    lower: float,
    upper: float,
    mu: FloatArray,
    sigma: FloatArray,
) -> None:
    """Fill in means and clipped bandwidths; a missing coordinate has the prior's kernel."""
    width = upper - lower
    for c in range(mu.size):
        value = z[ids[c]] if c < ids.size else np.nan
        mu[c], sigma[c] = 0.5 * (lower + upper), width
        if value == value:
            mu[c] = value
            sigma[c] = max(min(bandwidth[ids[c]], width), smallest)


@jit
def _choose_rows(ids: IntArray, z: FloatArray, first: int, stride: int, prior: int, row: IntArray) -> None:
    """Point to the rows of the observed choices, and to the prior's where there is none."""
    for c in range(row.size):
        value = z[ids[c]] if c < ids.size else np.nan
        row[c] = prior
        if value == value:
            row[c] = first + np.int64(value) * stride


@jit
def _grid_rows(
    ids: IntArray,
    z: FloatArray,
    bandwidth: FloatArray,
    smallest: float,
    axes: Axes,
    j: int,
    row: IntArray,
    table: FloatArray,
    used: int,
) -> int:
    """Tabulate the different kernels on a short grid; return the first free entry of the table."""
    size = axes.n_values[j]
    points, edges = axes.points[axes.start[j] :], axes.edges[axes.start[j] : axes.start[j] + size + 1]
    width = edges[size] - edges[0]
    n_slots = 2 * size + 4  # as many different neighbour distances as a grid value can have
    deviations, first, count = np.empty((size, n_slots)), np.empty((size, n_slots), np.int64), np.zeros(size, np.int64)
    tails = np.empty(size + 1)
    for c in range(row.size):
        value = z[ids[c]] if c < ids.size else np.nan
        if value != value:
            row[c] = used
            used = _fill_cells(table, used, edges, 0.5 * (edges[0] + edges[size]), width, tails)
            continue
        at = np.int64(value)
        deviation = max(min(bandwidth[ids[c]], width), smallest)
        slot = 0
        while slot < count[at] and deviations[at, slot] != deviation:
            slot += 1
        if slot == count[at] or slot == n_slots:
            slot = min(slot, n_slots - 1)
            deviations[at, slot], first[at, slot], count[at] = deviation, used, slot + 1
            used = _fill_cells(table, used, edges, points[at], deviation, tails)
        row[c] = first[at, slot]
    return used


@jit
def _fill_cells(table: FloatArray, used: int, edges: FloatArray, mu: float, sigma: float, tails: FloatArray) -> int:
    """Write the log masses of the cells between `edges` under one kernel; return the first free entry."""
    size = edges.size - 1
    if size == 1:
        table[used] = 0.0
        return used + 1
    log_support = log_mass_around((edges[0] - mu) / sigma, (edges[size] - mu) / sigma)
    for r in range(size + 1):
        tails[r] = tail(abs(edges[r] - mu) / sigma)
    for r in range(size):
        if edges[r] >= mu:
            mass = tails[r] - tails[r + 1]
        elif edges[r + 1] <= mu:
            mass = tails[r + 1] - tails[r]
        else:
            mass = 1.0 - tails[r] - tails[r + 1]
        if mass > SMALLEST_MASS:
            table[used + r] = math.log(mass) - log_support
        else:
            table[used + r] = log_mass((edges[r] - mu) / sigma, (edges[r + 1] - mu) / sigma) - log_support
    return used + size


# --- drawing ---------------------------------------------------------------------------------------------------------


@jit
def _draw(
    log_weight: FloatArray,
    mu: FloatArray,
    sigma: FloatArray,
    row: IntArray,
    table: FloatArray,
    axes: Axes,
    u: FloatArray,
    n_components: int,
) -> FloatArray:
    """Draw by uniforms (n, n_components + d), one component for all dimensions or one for each."""
    n, d = u.shape[0], mu.shape[0]
    cumulative = np.empty(log_weight.size)
    total = 0.0
    for c in range(cumulative.size):
        total += math.exp(log_weight[c])
        cumulative[c] = total
    component, z, uniform = np.empty((n_components, n), np.int64), np.empty((n, d)), u[:, n_components:]
    for j in range(n_components):
        for i in range(n):
            component[j, i] = _find(cumulative, u[i, j] * total)
    for j in range(d):
        if axes.n_values[j] > 0:
            _draw_rows(component[min(j, n_components - 1)], row[j], table, axes.n_values[j], uniform[:, j], z[:, j])
    _draw_normals(component, mu, sigma, axes, uniform, z)
    return z


@jit
def _find(cumulative: FloatArray, u: float) -> int:
    """Return the first position whose cumulative weight exceeds u, by bisection."""
    left, right = 0, cumulative.size - 1
    while left < right:
        middle = (left + right) // 2
        if cumulative[middle] > u:
            right = middle
        else:
            left = middle + 1
    return left


@exact
def _draw_normals(
    component: IntArray, mu: FloatArray, sigma: FloatArray, axes: Axes, uniform: FloatArray, z: FloatArray
) -> None:
    """Draw the continuous dimensions of z (n, d) from truncated normals, on the grid if there is one."""
    n, free = len(z), np.flatnonzero(axes.n_values == 0)
    size = free.size * n
    u, a, b, quantile = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    for f in range(free.size):
        j, start = free[f], f * n
        of, low, high = component[min(j, len(component) - 1)], axes.lower[j], axes.upper[j]
        for i in range(n):
            mean, deviation = mu[j, of[i]], sigma[j, of[i]]
            u[start + i] = uniform[i, j]
            a[start + i], b[start + i] = (low - mean) / deviation, (high - mean) / deviation
    ppf_block(u, a, b, quantile)
    for f in range(free.size):
        j, start = free[f], f * n
        of, low, high, step = component[min(j, len(component) - 1)], axes.low[j], axes.high[j], axes.step[j]
        for i in range(n):
            value = mu[j, of[i]] + sigma[j, of[i]] * (np.rint(quantile[start + i] * QUANTILE_GRID) / QUANTILE_GRID)
            if step != 0.0:
                value = _snap(value, low, step)
            z[i, j] = min(max(value, low), high)


@jit
def _draw_rows(component: IntArray, row: IntArray, table: FloatArray, size: int, u: FloatArray, z: FloatArray) -> None:
    """Draw from rows of log probabilities."""
    for i in range(z.size):
        first = row[component[i]]
        z[i] = _draw_row(table[first : first + size], u[i])


@jit
def _draw_row(log_probability: FloatArray, u: float) -> int:
    """Invert the cdf of a row of log probabilities at u."""
    total = 0.0
    for r in range(log_probability.size):
        total += math.exp(log_probability[r])
    cumulative = 0.0
    for r in range(log_probability.size):
        cumulative += math.exp(log_probability[r])
        if cumulative > u * total:
            return r
    return log_probability.size - 1


@jit
def _snap(value: float, low: float, step: float) -> float:
    """Move a value to the grid."""
    if step > 0.0:
        on_grid: float = low + step * np.rint((value - low) / step)
        return on_grid
    first = math.exp(low)
    return math.log(first - step * np.rint((math.exp(value) - first) / -step))
