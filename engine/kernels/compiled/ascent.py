"""Numba tier of `kernels.ascent`.

Components that cannot matter anywhere in the box that the search may reach are left out: of a kernel's largest value
in the box and the largest of all kernels' smallest values there, the ratio is below e^-30, so k of them lose less than
k x 1e-13 of the density.
"""

from __future__ import annotations

import math

import numpy as np

from ...arrays import FloatArray
from .. import jit
from ..ascent import FIRST_STEP, LONGER, NEGLIGIBLE, REACH, SHORTER
from ..mixture import SQRT_HALF
from ..prepared import Prepared


def ascend(
    good: Prepared, bad: Prepared, power: float, start: FloatArray, low: FloatArray, high: FloatArray, n_steps: int
) -> FloatArray:
    """Return a point (d,) near `start` where the score is no smaller; see `kernels.ascent.ascend`."""
    scale = SQRT_HALF / good.precision.mean(axis=1)
    low, high = np.maximum(low, start - REACH * scale), np.minimum(high, start + REACH * scale)
    kernels = (good.offset, good.mu, good.precision, bad.offset, bad.mu, bad.precision)
    return _ascend(*kernels, power, start, scale, low, high, n_steps)


@jit
def _ascend(
    l_offset: FloatArray,
    l_mu: FloatArray,
    l_precision: FloatArray,
    g_offset: FloatArray,
    g_mu: FloatArray,
    g_precision: FloatArray,
    power: float,
    start: FloatArray,
    scale: FloatArray,
    low: FloatArray,
    high: FloatArray,
    n_steps: int,
) -> FloatArray:
    d = start.size
    l_kernels, l_where = _near(l_offset, l_mu, l_precision, low, high)
    g_kernels, g_where = _near(g_offset, g_mu, g_precision, low, high)
    best: FloatArray = start.copy()
    tried, step = np.empty(d), FIRST_STEP
    slope, slope_g, new_slope = np.empty(d), np.empty(d), np.empty(d)
    score = _log_density(l_kernels, l_where, best, slope)
    score -= power * _log_density(g_kernels, g_where, best, slope_g)
    for j in range(d):
        slope[j] -= power * slope_g[j]
    for _ in range(n_steps):
        length = 0.0
        for j in range(d):
            length += (slope[j] * scale[j]) ** 2
        if not length > 0.0:
            break
        for j in range(d):
            y = best[j] + step / math.sqrt(length) * slope[j] * scale[j] ** 2
            y = high[j] - abs(high[j] - (low[j] + abs(y - low[j])))
            tried[j] = min(max(y, low[j]), high[j])
        new_score = _log_density(l_kernels, l_where, tried, new_slope)
        new_score -= power * _log_density(g_kernels, g_where, tried, slope_g)
        if new_score > score:
            score = new_score
            step *= LONGER
            for j in range(d):
                best[j] = tried[j]
                slope[j] = new_slope[j] - power * slope_g[j]
        else:
            step *= SHORTER
    return best


@jit
def _near(
    offset: FloatArray, mu: FloatArray, precision: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Keep the kernels that can matter in a box: offsets (k,), and means and precisions by kernel (k, 2 d)."""
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
    n = 0
    for c in range(k):
        n += largest[c] > floor - NEGLIGIBLE
    kept, where = np.empty(n), np.empty((n, 2 * d))
    i = 0
    for c in range(k):
        if largest[c] > floor - NEGLIGIBLE:
            kept[i] = offset[c]
            for j in range(d):
                where[i, j], where[i, d + j] = mu[j, c], precision[j, c]
            i += 1
    return kept, where


@jit
def _log_density(offset: FloatArray, where: FloatArray, x: FloatArray, slope: FloatArray) -> float:
    """Return the log-density at x (d,); fill in its gradient (d,)."""
    k, d = offset.size, x.size
    exponent = np.empty(k)
    peak = -np.inf
    for c in range(k):
        total = offset[c]
        for j in range(d):
            z = (x[j] - where[c, j]) * where[c, d + j]
            total -= z * z
        exponent[c] = total
        peak = max(peak, total)
    slope[:] = 0.0
    total = 0.0
    for c in range(k):
        if exponent[c] - peak > -NEGLIGIBLE:
            share = math.exp(exponent[c] - peak)
            total += share
            for j in range(d):
                slope[j] -= 2.0 * share * (x[j] - where[c, j]) * where[c, d + j] ** 2
    for j in range(d):
        slope[j] /= total
    return peak + math.log(total)
