"""Numba tier of `kernels.hill_climb`.

Components that cannot matter anywhere in the box that the search may reach are left out: of a kernel's largest value
in the box and the largest of all kernels' smallest values there, the ratio is below e^-37, so k of them lose less than
k x 1e-16 of the density.
"""

from __future__ import annotations

import math

import numpy as np

from ...arrays import FloatArray
from .. import exact, jit
from ..hill_climb import DIRECTIONS, FIRST_STEP, LONGER, NEGLIGIBLE, REACH, SHORTER
from ..mixture import Mixture
from ..truncnorm import SQRT_HALF
from .normal import exp_block

LANES = 8


def climb(
    below: Mixture, above: Mixture, power: float, start: FloatArray, low: FloatArray, high: FloatArray, n_steps: int
) -> FloatArray:
    """Return a point (d,) near `start` where the score is no smaller; see `kernels.hill_climb.climb`."""
    scale = SQRT_HALF / (below.precision.sum(axis=1) / below.precision.shape[1])  # quicker than `mean`
    low, high = np.maximum(low, start - REACH * scale), np.minimum(high, start + REACH * scale)
    kernels = (below.offset, below.mu, below.precision, above.offset, above.mu, above.precision)
    return _climb(*kernels, power, start, scale, low, high, n_steps)


@jit
def _climb(
    below_offset: FloatArray,
    below_mu: FloatArray,
    below_precision: FloatArray,
    above_offset: FloatArray,
    above_mu: FloatArray,
    above_precision: FloatArray,
    power: float,
    start: FloatArray,
    scale: FloatArray,
    low: FloatArray,
    high: FloatArray,
    n_steps: int,
) -> FloatArray:
    d = start.size
    below = _near(below_offset, below_mu, below_precision, low, high)
    above = _near(above_offset, above_mu, above_precision, low, high)
    best: FloatArray = start.copy()
    tried, step = np.empty(d), FIRST_STEP
    slope, slope_above, new_slope = np.empty(d), np.empty(d), np.empty(d)
    score = _log_density(*below, best, slope)
    score -= power * _log_density(*above, best, slope_above)
    for j in range(d):
        slope[j] -= power * slope_above[j]
    for _ in range(n_steps):
        length = 0.0
        for j in range(d):
            length += (slope[j] * scale[j]) ** 2
        if not length > 0.0:
            break
        _move(best, step, slope, math.sqrt(length), scale, low, high, tried)
        new_score = _log_density(*below, tried, new_slope)
        new_score -= power * _log_density(*above, tried, slope_above)
        if new_score > score:
            score = new_score
            step *= LONGER
            for j in range(d):
                best[j] = tried[j]
                slope[j] = new_slope[j] - power * slope_above[j]
        else:
            step *= SHORTER
    return best


@exact
def _move(
    best: FloatArray,
    step: float,
    slope: FloatArray,
    length: float,
    scale: FloatArray,
    low: FloatArray,
    high: FloatArray,
    tried: FloatArray,
) -> None:
    """Fill in the point a step away, folded back into the box."""
    for j in range(best.size):
        unit = np.rint(slope[j] * scale[j] / length * DIRECTIONS) / DIRECTIONS
        y = best[j] + step * unit * scale[j]
        y = high[j] - abs(high[j] - (low[j] + abs(y - low[j])))
        tried[j] = min(max(y, low[j]), high[j])


@jit
def _near(
    offset: FloatArray, mu: FloatArray, precision: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Keep the kernels that can matter in a box: offsets (n,), means and precisions (d, n)."""
    d, k = mu.shape
    largest, smallest = offset.copy(), offset.copy()
    for j in range(d):
        middle, half = 0.5 * (low[j] + high[j]), 0.5 * (high[j] - low[j])
        for c in range(k):
            away = abs(mu[j, c] - middle)
            near, far = max(away - half, 0.0) * precision[j, c], (away + half) * precision[j, c]
            largest[c] -= near * near
            smallest[c] -= far * far
    floor = smallest[0]
    for c in range(k):
        floor = max(floor, smallest[c])
    n, kept = 0, np.empty(k, np.int64)
    for c in range(k):
        kept[n] = c
        n += largest[c] > floor - NEGLIGIBLE
    means, precisions = np.empty((d, n)), np.empty((d, n))
    for j in range(d):
        for c in range(n):
            means[j, c], precisions[j, c] = mu[j, kept[c]], precision[j, kept[c]]
    return offset[kept[:n]], means, precisions


@jit
def _log_density(offset: FloatArray, mu: FloatArray, precision: FloatArray, x: FloatArray, slope: FloatArray) -> float:
    """Return the log-density at x (d,); fill in its gradient (d,)."""
    exponent: FloatArray = offset.copy()
    work, sums = np.empty(exponent.size), np.empty(LANES)
    for j in range(x.size):
        for c in range(exponent.size):
            z = (x[j] - mu[j, c]) * precision[j, c]
            exponent[c] -= z * z
    peak: float = exponent[0]
    for c in range(exponent.size):
        peak = max(peak, exponent[c])
    for c in range(exponent.size):
        exponent[c] -= peak
    exp_block(exponent, work)
    total = _sum(exponent, sums)
    for j in range(x.size):
        for c in range(exponent.size):
            work[c] = exponent[c] * ((x[j] - mu[j, c]) * precision[j, c] * precision[j, c])
        slope[j] = -2.0 * _sum(work, sums) / total
    return peak + math.log(total)


@jit
def _sum(x: FloatArray, sums: FloatArray) -> float:
    """Add up numbers, eight sums side by side, which one after another would not vectorise."""
    whole = x.size - x.size % LANES
    for lane in range(LANES):
        sums[lane] = 0.0
    for start in range(0, whole, LANES):
        for lane in range(LANES):
            sums[lane] += x[start + lane]
    total: float = 0.0
    for lane in range(LANES):
        total += sums[lane]
    for c in range(whole, x.size):
        total += x[c]
    return total
