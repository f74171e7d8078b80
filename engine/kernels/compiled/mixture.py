"""Numba tier of `kernels.mixture.log_density`: the same mathematics in loops over blocks of components.

Arrays of a block fit the innermost cache and all loops over them are elementwise, so that LLVM vectorises them without
being allowed to reorder sums. A block whose largest term is e^-40 below the largest so far is skipped: over k
components this loses less than k x 4.3e-18 of the density. The logarithm of the normalising constant is taken once for
up to eight dimensions.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from .. import jit
from ..mixture import Mixture, grid_rows, support
from ..truncnorm import LOG_SQRT_2PI, NARROW
from .normal import BLOCK, exp_block, log_mass, mass_block

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CONTINUOUS, CELLS, CHOICES, POINT = 0, 1, 2, 3
NEGLIGIBLE = -40.0
WIDEST = 1e15
SQRT_HALF = math.sqrt(0.5)


def log_density(mixture: Mixture, x: Array) -> Array:
    """Return the log-density (n,) of the mixture at x (n, d); see `kernels.mixture.log_density`."""
    lower, upper = support(mixture.low, mixture.high, mixture.step)
    kind = _kinds(mixture, lower, upper)
    rows, first, count, left, right = _table_rows(mixture, x, kind)
    peak, total = _log_density(
        mixture.log_weight,
        np.ascontiguousarray(mixture.mu),
        np.ascontiguousarray(mixture.sigma),
        np.ascontiguousarray(lower),
        np.ascontiguousarray(upper),
        kind,
        np.ascontiguousarray(x),
        rows,
        first,
        count,
        left,
        right,
        mixture.log_table,
        mixture.table_start,
        mixture.n_choices,
    )
    with np.errstate(divide="ignore"):
        return np.asarray(peak + np.log(total))


def _kinds(mixture: Mixture, lower: Array, upper: Array) -> IntArray:
    """Classify the dimensions (d,): continuous, grid cells, choices, or a single point, which adds nothing."""
    kind = np.where(mixture.step == 0.0, CONTINUOUS, CELLS)
    kind[~(upper > lower)] = POINT
    kind[mixture.n_choices > 0] = CHOICES
    return kind


def _table_rows(mixture: Mixture, x: Array, kind: IntArray) -> tuple[IntArray, IntArray, IntArray, Array, Array]:
    """Give the discrete values table rows, so that their kernels are computed once: the grid cells, then the choices.

    Returns the row of each candidate and dimension (n, d), each dimension's first row and number of rows (d,), the ends
    of the cells.
    """
    cells, choices = np.flatnonzero(kind == CELLS), np.flatnonzero(kind == CHOICES)
    grid = grid_rows(mixture, cells, x)
    rows, first, count = np.zeros(x.shape, np.int64), np.zeros(len(kind), np.int64), np.zeros(len(kind), np.int64)
    rows[:, cells], first[cells], count[cells] = grid.row, grid.first[:-1], np.diff(grid.first)
    count[choices] = mixture.n_choices[choices]
    first[choices] = grid.first[-1] + np.cumsum(count[choices]) - count[choices]
    rows[:, choices] = first[choices] + x[:, choices].astype(np.int64)
    return rows, first, count, grid.left, grid.right


@jit
def _log_density(
    log_weight: Array,
    mu: Array,
    sigma: Array,
    lower: Array,
    upper: Array,
    kind: IntArray,
    x: Array,
    rows: IntArray,
    first: IntArray,
    count: IntArray,
    left: Array,
    right: Array,
    log_table: Array,
    table_start: IntArray,
    n_choices: IntArray,
) -> tuple[Array, Array]:
    n, d = x.shape
    k = log_weight.size
    peak, total = np.full(n, -1e300), np.zeros(n)
    offset, exponent, buffer, work = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK), np.empty((4, BLOCK))
    precision, table = np.empty((d, BLOCK)), np.empty((count.sum(), BLOCK))
    for start in range(0, k, BLOCK):
        stop = min(start + BLOCK, k)
        offset[:] = -np.inf  # the padding of the last block has no weight
        offset[: stop - start] = log_weight[start:stop]
        for j in range(d):
            precision[j] = 1.0
            begin, end = first[j], first[j] + count[j]
            if kind[j] == CELLS:
                ends = left[begin:end], right[begin:end]
                _fill_cells(table[begin:end], *ends, mu[j, start:stop], sigma[j, start:stop], lower[j], upper[j])
            elif kind[j] == CHOICES:
                _fill_choices(table[begin:end], mu[j, start:stop], log_table[table_start[j] :], n_choices[j])
        _normalise(offset, precision, mu, sigma, start, stop, lower, upper, kind, work)
        for i in range(n):
            exponents(exponent, offset, precision, table, mu, start, stop, kind, x[i], rows[i])
            accumulate(exponent, buffer, work, peak, total, i)
    return peak, total


@jit
def exponents(
    exponent: Array,
    offset: Array,
    precision: Array,
    table: Array,
    mu: Array,
    start: int,
    stop: int,
    kind: IntArray,
    x: Array,
    rows: IntArray,
) -> None:
    """Sum the exponents of one candidate over the dimensions, for a block of components."""
    exponent[:] = offset
    for j in range(x.size):
        if kind[j] == CONTINUOUS:
            value, mean, scale = x[j], mu[j, start:stop], precision[j]
            for c in range(mean.size):
                z = (value - mean[c]) * scale[c]
                exponent[c] -= z * z
        elif kind[j] != POINT:
            row = table[rows[j]]
            for c in range(stop - start):
                exponent[c] += row[c]


@jit
def accumulate(exponent: Array, buffer: Array, work: Array, peak: Array, total: Array, i: int) -> None:
    """Add a block's terms to the running log-sum-exp (peak, total) of candidate i."""
    buffer[:] = exponent
    half = BLOCK // 2
    while half > 0:
        low, high = buffer[:half], buffer[half : 2 * half]
        for c in range(half):
            low[c] = max(low[c], high[c])
        half //= 2
    top = buffer[0]
    if not top - peak[i] > NEGLIGIBLE:
        return
    if top > peak[i]:
        total[i] *= math.exp(peak[i] - top)
        peak[i] = top
    for c in range(BLOCK):
        exponent[c] -= peak[i]
    exp_block(exponent, work[0])
    half = BLOCK // 2
    while half > 0:
        low, high = exponent[:half], exponent[half : 2 * half]
        for c in range(half):
            low[c] += high[c]
        half //= 2
    total[i] += exponent[0]


@jit
def _normalise(
    offset: Array,
    precision: Array,
    mu: Array,
    sigma: Array,
    start: int,
    stop: int,
    lower: Array,
    upper: Array,
    kind: IntArray,
    work: Array,
) -> None:
    """Subtract the log normalisers of the continuous dimensions from offset; fill precision with sqrt(1/2) / sigma."""
    size = stop - start
    a, b, product, mass = work[0, :size], work[1, :size], np.ones(size), np.empty(BLOCK)
    pending = 0
    for j in range(kind.size):
        if kind[j] != CONTINUOUS:
            continue
        unusual = 0
        mean, deviation, scale = mu[j, start:stop], sigma[j, start:stop], precision[j]
        for c in range(size):
            inverse = 1.0 / deviation[c]
            a[c], b[c] = (lower[j] - mean[c]) * inverse, (upper[j] - mean[c]) * inverse
            scale[c] = SQRT_HALF * inverse
        for c in range(size):
            unusual += not (a[c] <= 0.0 and b[c] >= 0.0 and b[c] - a[c] >= NARROW and b[c] - a[c] <= WIDEST)
        width = upper[j] - lower[j]
        if unusual:
            for c in range(size):
                offset[c] -= log_mass(a[c], b[c]) + math.log(deviation[c]) + LOG_SQRT_2PI
            continue
        mass_block(a, b, mass, work)
        log_width = math.log(width) + LOG_SQRT_2PI
        for c in range(size):
            product[c] *= mass[c] * deviation[c] / width
            offset[c] -= log_width
        pending += 1
        if pending == 8:
            _settle(offset, product)
            pending = 0
    _settle(offset, product)


@jit
def _settle(offset: Array, product: Array) -> None:
    """Move the logarithm of the pending product into offset."""
    for c in range(product.size):
        offset[c] -= math.log(product[c])
        product[c] = 1.0


@jit
def _fill_cells(table: Array, left: Array, right: Array, mu: Array, sigma: Array, lower: float, upper: float) -> None:
    """Fill one row a distinct grid value with the log mass of its cell under each component."""
    for c in range(mu.size):
        log_support = log_mass((lower - mu[c]) / sigma[c], (upper - mu[c]) / sigma[c])
        for r in range(table.shape[0]):
            table[r, c] = log_mass((left[r] - mu[c]) / sigma[c], (right[r] - mu[c]) / sigma[c]) - log_support


@jit
def _fill_choices(table: Array, mu: Array, log_table: Array, n_choices: int) -> None:
    """Fill one row a choice with its log-probability under each component's kernel."""
    for c in range(mu.size):
        observed = np.int64(mu[c])
        if observed < 0:
            observed = n_choices
        for r in range(n_choices):
            table[r, c] = log_table[observed * n_choices + r]
