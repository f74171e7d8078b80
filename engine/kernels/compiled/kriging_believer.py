"""Numba tier of `kernels.kriging_believer`."""

from __future__ import annotations

import math

import numpy as np

from ...arrays import BoolArray, FloatArray, IntArray
from .. import jit
from ..gaussian_process import LEAST_VARIANCE
from .ascent import improvement


def believe(
    mean: FloatArray,
    covariance: FloatArray,
    more: FloatArray,
    allowed: BoolArray,
    n: int,
    constants: tuple[float, float, float, float],
) -> IntArray:
    """Choose `n` of m candidates; see `kernels.kriging_believer.believe`."""
    return _believe(mean, covariance, more, allowed, n, *constants)  # type: ignore[no-any-return]


@jit
def _believe(
    mean: FloatArray,
    covariance: FloatArray,
    more: FloatArray,
    allowed: BoolArray,
    n: int,
    scale: float,
    eta: float,
    best: float,
    noise: float,
) -> IntArray:
    m = mean.size
    variance, bound = np.empty(m), np.empty(m)  # a value falls with every choice: the last one known bounds it
    for j in range(m):
        variance[j], bound[j] = covariance[j, j], np.inf if allowed[j] else -np.inf
    rows, chosen = np.empty((n, m)), np.empty(n, dtype=np.int64)
    for i in range(n):
        highest, k, first = -np.inf, m, int(np.argmax(bound))
        for j in range(-1, m):
            j = first if j < 0 else j  # the likeliest one before all others, which then need not be looked at
            if bound[j] > -np.inf and bound[j] >= highest:
                sd = math.sqrt(scale * max(variance[j], LEAST_VARIANCE))
                bound[j] = value = improvement(mean[j], sd, best, noise)[0] + more[j]
                if value > highest or (value == highest and j < k):
                    highest, k = value, j
        chosen[i] = k
        bound[k] = -np.inf
        pivot = math.sqrt(max(variance[k] + eta, LEAST_VARIANCE))
        row = rows[i]
        row[:] = covariance[k]
        for r in range(i):
            share, other = rows[r, k], rows[r]
            for j in range(m):
                row[j] -= share * other[j]
        for j in range(m):
            row[j] /= pivot
            variance[j] -= row[j] * row[j]
    return chosen
