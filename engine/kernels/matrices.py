"""Products and factors of matrices on one thread, by parts for which matrix libraries start no threads of their own.

An ask would wait for such threads whenever other processes keep the cores busy, for seconds at times; and as many
workers as cores are quicker with one each.
"""

from __future__ import annotations

import numpy as np

from ..arrays import FloatArray

PART = 2**18  # multiplications from which on OpenBLAS uses threads
BLOCK = 64  # rows from which on it does for factors


def product(a: FloatArray, b: FloatArray) -> FloatArray:
    """Multiply matrices (m, k) and (k, n)."""
    m, n = len(a), b.shape[1]
    rows = max(1, PART // max(b.size, 1))
    if m <= rows:
        return np.asarray(a @ b)
    found = np.empty((m, n))
    for i in range(0, m, rows):
        np.matmul(a[i : i + rows], b, out=found[i : i + rows])
    return found


def inverse_factor(matrix: FloatArray) -> FloatArray:
    """Return L^-1 (n, n) of a symmetric matrix L L'; raises ``numpy.linalg.LinAlgError`` if there is no such L.

    By halves: the inverse of [[A, 0], [B, C]] is [[A^-1, 0], [-C^-1 B A^-1, C^-1]].
    """
    n = len(matrix)
    if n <= BLOCK:
        return np.asarray(np.linalg.inv(np.linalg.cholesky(matrix)))
    k = n // 2
    found = np.zeros((n, n))
    first = found[:k, :k] = inverse_factor(matrix[:k, :k])
    below = product(matrix[k:, :k], first.T)
    last = found[k:, k:] = inverse_factor(matrix[k:, k:] - product(below, below.T))
    found[k:, :k] = -product(last, product(below, first))
    return found
