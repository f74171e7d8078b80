"""Precisions and log normalisers of truncated normal kernels, those that changed side by side."""

from __future__ import annotations

import math

import numpy as np

from ...arrays import FloatArray, IntArray
from .. import jit
from ..axes import Axes
from ..truncnorm import LOG_SQRT_2PI, NARROW, SQRT_HALF
from .normal import INVERSE_SQRT_2PI, exp_block, log_block, log_mass, mills_ratio

TOGETHER = 256  # kernels


@jit
def normalise(
    ids: IntArray,
    mu: FloatArray,
    sigma: FloatArray,
    axes: Axes,
    known: FloatArray,
    precision: FloatArray,
    norm: FloatArray,
    offset: FloatArray,
) -> None:
    """Fill in precisions and log normalisers (d, k) of the continuous dimensions; subtract these from `offset` (k,).

    Those `known` from an earlier fit are taken where a kernel is the same: see `Observed`. The kernels beyond the
    trials `ids` are the prior's.
    """
    d, k = mu.shape
    changed, n = np.empty(d * k, np.int64), 0
    for j in range(d):
        for c in range(k if axes.n_values[j] == 0 else 0):
            i = ids[c] if c < ids.size else -1
            if known[0, j, i] == sigma[j, c]:
                precision[j, c], norm[j, c] = known[1, j, i], known[2, j, i]
            else:
                changed[n] = j * k + c
                n += 1
    size = min(n, TOGETHER)
    left, right, scaled, log = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    below, above, work = np.empty(size), np.empty(size), np.empty(size)
    for start in range(0, n, TOGETHER):
        size = min(TOGETHER, n - start)
        for m in range(size):
            j, c = changed[start + m] // k, changed[start + m] % k
            left[m], right[m] = mu[j, c] - axes.lower[j], axes.upper[j] - mu[j, c]
            scaled[m] = _deviation(mu[j, c], sigma[j, c], axes.spread[j], axes.step[j])
        arrays = left[:size], right[:size], scaled[:size], log[:size]
        _fill_normalisers(*arrays, below[:size], above[:size], work[:size])
        for m in range(size):
            j, c = changed[start + m] // k, changed[start + m] % k
            i = ids[c] if c < ids.size else -1
            precision[j, c], norm[j, c] = scaled[m], log[m]
            known[0, j, i], known[1, j, i], known[2, j, i] = sigma[j, c], scaled[m], log[m]
    for j in range(d):
        for c in range(k if axes.n_values[j] == 0 else 0):
            offset[c] -= norm[j, c]


@jit
def _deviation(mu: float, sigma: float, spread: float, step: float) -> float:
    """Return a kernel's standard deviation, a fine grid's cell included; see `Axes.spread`."""
    if spread == 0.0:
        return sigma
    variance = spread
    if spread < 0.0:
        variance = (2.0 * math.atanh(min(-0.5 * step * math.exp(-mu), 0.9))) ** 2 / 12.0
    return math.hypot(sigma, math.sqrt(variance))


@jit
def _fill_normalisers(
    left: FloatArray,
    right: FloatArray,
    precision: FloatArray,
    log: FloatArray,
    below: FloatArray,
    above: FloatArray,
    work: FloatArray,
) -> None:
    """Turn standard deviations (n,) into `precision`, sqrt(1/2) / deviation; fill in log normalisers (n,).

    At once where the mean lies inside a wide interval, `left` of it and `right` of it, as those of kernels do, and one
    by one elsewhere. The last three arrays (n,) are for what lies between.
    """
    n = log.size
    for c in range(n):
        precision[c] = SQRT_HALF / precision[c]
    for c in range(n):
        a, b = left[c] * precision[c], right[c] * precision[c]
        below[c], above[c] = -a * a, -b * b
    exp_block(below, work)
    exp_block(above, work)
    for c in range(n):
        below[c] *= INVERSE_SQRT_2PI * mills_ratio(abs(left[c]) * precision[c] / SQRT_HALF)
    for c in range(n):
        above[c] *= INVERSE_SQRT_2PI * mills_ratio(abs(right[c]) * precision[c] / SQRT_HALF)
    for c in range(n):
        log[c] = (1.0 - below[c] - above[c]) / (precision[c] / SQRT_HALF)
    log_block(log, work)
    for c in range(n):
        log[c] += LOG_SQRT_2PI
    for c in range(n):
        scale = precision[c] / SQRT_HALF
        a, b = left[c] * scale, right[c] * scale
        if not (a >= 0.0 and b >= 0.0 and a + b >= NARROW):
            log[c] = log_mass(-a, b) - math.log(scale) + LOG_SQRT_2PI
