"""Numba tier of `kernels.constant_liar`."""

from __future__ import annotations

import math

import numpy as np

from ...arrays import FloatArray, IntArray
from .. import jit
from ..mixture import Mixture

NEGLIGIBLE = -40.0


def choose_batch(
    log_below: FloatArray, log_above: FloatArray, lies: Mixture, z: FloatArray, twin: IntArray, n: int
) -> IntArray:
    """Return the indices (n,) of the chosen candidates; see `kernels.constant_liar.choose_batch`."""
    chosen = np.empty(n, dtype=np.int64)
    columns = np.ascontiguousarray(z.T)
    _choose(
        log_below, log_above.copy(), lies.offset, lies.mu, lies.precision, lies.row, lies.table, columns, twin, chosen
    )
    return chosen


@jit
def _choose(
    log_below: FloatArray,
    log_above: FloatArray,
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
            if free[a] and (k < 0 or log_below[a] - log_above[a] > log_below[k] - log_above[k]):
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
            if lie[a] - log_above[a] > NEGLIGIBLE:
                top = max(lie[a], log_above[a])
                log_above[a] = top + math.log1p(math.exp(min(lie[a], log_above[a]) - top))
