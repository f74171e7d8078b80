"""The climb of one point in its continuous coordinates, the others given; see `samplers.tpe.local_search`."""

from __future__ import annotations

import numpy as np

from ...arrays import FloatArray, IntArray
from .. import exact, jit
from ..axes import Axes
from ..hill_climb import REACH
from ..mixture import Mixture
from ..truncnorm import SQRT_HALF
from .densities import Kernels
from .hill_climb import _climb

LANES = 8


@jit
def climb_along(point: FloatArray, below: Mixture, above: Kernels, power: float, axes: Axes, n_steps: int) -> None:
    """Let a point (d,) climb in its continuous coordinates, given the others; see `local_search.climb`."""
    free = np.flatnonzero(axes.n_values == 0)
    if free.size == 0:
        return
    start, low, high = np.empty(free.size), np.empty(free.size), np.empty(free.size)
    for f in range(free.size):
        start[f] = point[free[f]]
    scale = _scale(below.precision, free)
    _reach(start, scale, free, axes.low, axes.high, low, high)
    kernels_below = _given(point, below.offset, below.mu, below.precision, below.row, below.table, free)
    kernels_above = _given(point, above.offset, above.mu, above.precision, above.row, above.table, free)
    summit = _climb(*kernels_below, *kernels_above, power, start, scale, low, high, n_steps)
    for f in range(free.size):
        point[free[f]] = summit[f]


@exact
def _reach(
    start: FloatArray,
    scale: FloatArray,
    free: IntArray,
    lowest: FloatArray,
    highest: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> None:
    """Fill in the ends of the box in which the climb stays."""
    for f in range(free.size):
        reach = REACH * scale[f]
        low[f], high[f] = max(lowest[free[f]], start[f] - reach), min(highest[free[f]], start[f] + reach)


@exact
def _scale(precision: FloatArray, free: IntArray) -> FloatArray:
    """Return the units of steps in the free dimensions; see `hill_climb.climb`."""
    k = precision.shape[1]
    scale = np.empty(free.size)
    for f in range(free.size):
        scale[f] = SQRT_HALF / (_sum(precision[free[f]]) / k)
    return scale


@exact
def _sum(x: FloatArray) -> float:
    """Add up at most 128 numbers in the order in which NumPy does: eight sums side by side, then what is left over."""
    whole = x.size - x.size % LANES if x.size >= LANES else 0
    total = 0.0
    if whole:
        sums = x[:LANES].copy()
        for start in range(LANES, whole, LANES):
            for lane in range(LANES):
                sums[lane] += x[start + lane]
        left = (sums[0] + sums[1]) + (sums[2] + sums[3])
        total = left + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
    for c in range(whole, x.size):
        total += x[c]
    return total


@jit
def _given(
    point: FloatArray,
    offset: FloatArray,
    mu: FloatArray,
    precision: FloatArray,
    row: IntArray,
    table: FloatArray,
    free: IntArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return offsets (k,), means and precisions (f, k) over the free dimensions, given the others."""
    d, k = mu.shape
    if free.size == d:
        return offset, mu, precision
    rest: FloatArray = offset.copy()
    means, precisions = np.empty((free.size, k)), np.empty((free.size, k))
    f = 0
    for j in range(d):
        if f < free.size and free[f] == j:
            for c in range(k):
                means[f, c], precisions[f, c] = mu[j, c], precision[j, c]
            f += 1
        else:
            column = np.int64(point[j])
            for c in range(k):
                rest[c] += table[row[j, c] + column]
    return rest, means, precisions
