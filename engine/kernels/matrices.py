"""Products and factors of matrices on one thread, by parts for which matrix libraries start no threads of their own.

An ask would wait for such threads whenever other processes keep the cores busy, for seconds at times; and as many
workers as cores are quicker with one each.
"""

from __future__ import annotations

import numpy as np

from ..arrays import FloatArray

PART = 2**18  # multiplications from which on OpenBLAS uses threads
FEW = 8  # rows for which it is not worth the while to read a large matrix
BLOCK = 64  # rows from which on it does for factors


def product(a: FloatArray, b: FloatArray) -> FloatArray:
    """Multiply matrices (m, k) and (k, n)."""
    m, n = len(a), b.shape[1]
    rows, columns = PART // max(b.size, 1), n
    if m <= rows:
        return np.asarray(a @ b)
    if rows < FEW and m >= FEW:  # single rows would read all of b for each
        rows = columns = max(FEW, int((PART / len(b)) ** 0.5))
    rows, found = max(rows, 1), np.empty((m, n))
    for i in range(0, m, rows):
        for j in range(0, n, columns):
            found[i : i + rows, j : j + columns] = a[i : i + rows] @ b[:, j : j + columns]
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
