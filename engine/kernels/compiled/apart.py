"""Numba tier of `kernels.apart`."""

from __future__ import annotations

import math

import numpy as np

from ...arrays import FloatArray, IntArray
from .. import jit
from ..prepared import Prepared

NEGLIGIBLE = -40.0


def choose_apart(
    log_l: FloatArray, log_g: FloatArray, lies: Prepared, z: FloatArray, twin: IntArray, n: int
) -> IntArray:
    """Return the indices (n,) of the chosen candidates; see `kernels.apart.choose_apart`."""
    chosen = np.empty(n, dtype=np.int64)
    columns = np.ascontiguousarray(z.T)
    _choose(log_l, log_g.copy(), lies.offset, lies.mu, lies.precision, lies.row, lies.table, columns, twin, chosen)
    return chosen


@jit
def _choose(
    log_l: FloatArray,
    log_g: FloatArray,
    offset: FloatArray,
    mu: FloatArray,
    precision: FloatArray,
    row: IntArray,
    table: FloatArray,
    z: FloatArray,
    twin: IntArray,
    chosen: IntArray,
) -> None:
    d, c = z.shape
    free, lie = np.ones(c, np.bool_), np.empty(c)
    left, distinct = c, True
    for i in range(chosen.size):
        if left == 0:  # every point is taken: repeat
            distinct = False
            free[:] = True
            free[chosen[:i]] = False
        k = -1
        for a in range(c):
            if free[a] and (k < 0 or log_l[a] - log_g[a] > log_l[k] - log_g[k]):
                k = a
        chosen[i] = k
        left = 0
        for a in range(c):
            free[a] = free[a] and (twin[a] != twin[k] if distinct else a != k)
            left += free[a]
        lie[:] = offset[k]
        for j in range(d):
            if row[j, k] < 0:
                mean, scale = mu[j, k], precision[j, k]
                for a in range(c):
                    distance = (z[j, a] - mean) * scale
                    lie[a] -= distance * distance
            else:
                for a in range(c):
                    lie[a] += table[row[j, k] + np.int64(z[j, a])]
        for a in range(c):
            if lie[a] - log_g[a] > NEGLIGIBLE:
                top = max(lie[a], log_g[a])
                log_g[a] = top + math.log1p(math.exp(min(lie[a], log_g[a]) - top))
