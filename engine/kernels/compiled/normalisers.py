"""Precisions and log normalisers of truncated normal kernels, those that changed side by side."""

from __future__ import annotations

import math

import numpy as np

from ...arrays import FloatArray, IntArray
from .. import jit
from ..truncnorm import LOG_SQRT_2PI, NARROW, SQRT_HALF
from .normal import INVERSE_SQRT_2PI, exp_block, log_block, log_mass, mills_ratio

SCRATCH = 7  # arrays that `normalise` works with


@jit
def normalise(
    ids: IntArray,
    mu: FloatArray,
    sigma: FloatArray,
    spread: float,
    step: float,
    lower: float,
    upper: float,
    known: FloatArray,
    precision: FloatArray,
    norm: FloatArray,
    offset: FloatArray,
    scratch: FloatArray,
) -> None:
    """Fill in precisions and log normalisers (k,) of the kernels of one dimension; subtract these from `offset`.

    Those `known` (3, n) from an earlier fit are taken where a kernel is the same: see `Observed`. The kernels beyond
    the trials `ids` are the prior's. `scratch` is (SCRATCH, k).
    """
    mean, scaled, log, changed, n = scratch[0], scratch[1], scratch[2], scratch[3].view(np.int64), 0
    for c in range(mu.size):
        i = ids[c] if c < ids.size else -1
        if known[0, i] == sigma[c]:
            precision[c], norm[c] = known[1, i], known[2, i]
        else:
            mean[n], scaled[n], changed[n] = mu[c], _deviation(mu[c], sigma[c], spread, step), c
            n += 1
    if n > 0:
        some = scratch[4][:n], scratch[5][:n], scratch[6][:n]
        _fill_normalisers(mean[:n], scaled[:n], log[:n], lower, upper, *some)
    for m in range(n):
        c = changed[m]
        i = ids[c] if c < ids.size else -1
        precision[c], norm[c] = scaled[m], log[m]
        known[0, i], known[1, i], known[2, i] = sigma[c], precision[c], norm[c]
    for c in range(mu.size):
        offset[c] -= norm[c]


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
    mean: FloatArray,
    precision: FloatArray,
    log: FloatArray,
    lower: float,
    upper: float,
    below: FloatArray,
    above: FloatArray,
    work: FloatArray,
) -> None:
    """Turn standard deviations (n,) into `precision`, sqrt(1/2) / deviation; fill in log normalisers (n,).

    At once where the mean lies inside a wide interval, as those of kernels do, and one by one elsewhere. The last three
    arrays (n,) are for what lies between.
    """
    n = mean.size
    for c in range(n):
        precision[c] = SQRT_HALF / precision[c]
    for c in range(n):
        a, b = (mean[c] - lower) * precision[c], (upper - mean[c]) * precision[c]
        below[c], above[c] = -a * a, -b * b
    exp_block(below, work)
    exp_block(above, work)
    for c in range(n):
        below[c] *= INVERSE_SQRT_2PI * mills_ratio(abs(mean[c] - lower) * precision[c] / SQRT_HALF)
    for c in range(n):
        above[c] *= INVERSE_SQRT_2PI * mills_ratio(abs(upper - mean[c]) * precision[c] / SQRT_HALF)
    for c in range(n):
        log[c] = (1.0 - below[c] - above[c]) / (precision[c] / SQRT_HALF)
    log_block(log, work)
    for c in range(n):
        log[c] += LOG_SQRT_2PI
    for c in range(n):
        scale = precision[c] / SQRT_HALF
        a, b = (lower - mean[c]) * scale, (upper - mean[c]) * scale
        if not (a <= 0.0 and b >= 0.0 and b - a >= NARROW):
            log[c] = log_mass(a, b) - math.log(scale) + LOG_SQRT_2PI
