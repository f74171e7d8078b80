"""Log-densities of a mixture at many points: its kernels one after another, a tile of points side by side.

All loops over a tile are elementwise, so that LLVM vectorises them without being allowed to reorder sums, and what is
in use fits the innermost cache. A block of kernels whose largest term is e^-40 below the largest so far is left out:
over k kernels this loses less than k x 4.3e-18 of the density.
"""

from __future__ import annotations

import math

import numpy as np

from ...arrays import FloatArray, IntArray
from .. import jit
from .normal import BLOCK, exp_block

TILE = 32  # points
NEGLIGIBLE = -40.0


@jit
def fill_log_density(
    offset: FloatArray,
    mu: FloatArray,
    precision: FloatArray,
    row: IntArray,
    table: FloatArray,
    z: FloatArray,
    out: FloatArray,
) -> None:
    """Fill `out` (n,) with the log-density at z (n, d); the arrays of the k kernels are those of `Mixture`."""
    n, d, k = z.shape[0], z.shape[1], offset.size
    width, most = min(n, TILE), min(k, BLOCK)
    x, terms, work = np.empty((d, width)), np.empty(most * width), np.empty(most * width)
    top, peak, total = np.empty(width), np.empty(width), np.empty(width)
    for first in range(0, n, TILE):
        for j in range(d):
            for i in range(width):
                x[j, i] = z[min(first + i, n - 1), j]  # the last tile is filled up
        for i in range(width):
            peak[i], total[i] = -1e300, 0.0
        for block in range((k - 1) // BLOCK, -1, -1):  # the last kernel is the prior, which reaches everywhere
            start = block * BLOCK
            n_kernels = min(BLOCK, k - start)
            some = terms[: n_kernels * width].reshape((n_kernels, width))
            _exponents(offset, mu, precision, row, table, x, start, some)
            _accumulate(some, work[: n_kernels * width], top, peak, total)
        for i in range(min(width, n - first)):
            out[first + i] = peak[i] + math.log(total[i]) if total[i] > 0.0 else -np.inf


@jit
def log_marginals_of(
    log_weight: FloatArray,
    norm: FloatArray,
    mu: FloatArray,
    precision: FloatArray,
    row: IntArray,
    table: FloatArray,
    z: FloatArray,
) -> FloatArray:
    """Return each dimension's own log-density (n, d) at z (n, d)."""
    out, of_one = np.empty(z.shape), np.empty(z.shape[0])
    for j in range(z.shape[1]):
        kernels = mu[j : j + 1], precision[j : j + 1], row[j : j + 1], table
        fill_log_density(log_weight - norm[j], *kernels, z[:, j : j + 1], of_one)
        out[:, j] = of_one
    return out


@jit
def _exponents(
    offset: FloatArray,
    mu: FloatArray,
    precision: FloatArray,
    row: IntArray,
    table: FloatArray,
    x: FloatArray,
    start: int,
    terms: FloatArray,
) -> None:
    """Sum the exponents of the kernels from `start` on at the points of a tile x (d, m) over the dimensions."""
    n_kernels, size = terms.shape
    for c in range(n_kernels):
        for i in range(size):
            terms[c, i] = offset[start + c]
    first = -1  # two continuous dimensions are taken in one pass
    for j in range(x.shape[0]):
        if row[j, start] >= 0:
            for c in range(n_kernels):
                at = row[j, start + c]
                for i in range(size):
                    terms[c, i] += table[at + np.int64(x[j, i])]
        elif first < 0:
            first = j
        else:
            for c in range(n_kernels):
                mean, scale = mu[first, start + c], precision[first, start + c]
                other_mean, other_scale = mu[j, start + c], precision[j, start + c]
                for i in range(size):
                    a, b = (x[first, i] - mean) * scale, (x[j, i] - other_mean) * other_scale
                    terms[c, i] -= a * a + b * b
            first = -1
    if first >= 0:
        for c in range(n_kernels):
            mean, scale = mu[first, start + c], precision[first, start + c]
            for i in range(size):
                a = (x[first, i] - mean) * scale
                terms[c, i] -= a * a


@jit
def _accumulate(terms: FloatArray, work: FloatArray, top: FloatArray, peak: FloatArray, total: FloatArray) -> None:
    """Add the terms of some kernels (k, m) to the running log-sum-exp (peak, total) of each point of a tile.

    They are added in pairs, and the sums in pairs again.
    """
    n_kernels, size = terms.shape
    for i in range(size):
        top[i] = terms[0, i]
    for c in range(1, n_kernels):
        for i in range(size):
            top[i] = max(top[i], terms[c, i])
    n_near = 0
    for i in range(size):
        n_near += top[i] - peak[i] > NEGLIGIBLE
    if n_near == 0:
        return
    for i in range(size):
        if top[i] > peak[i]:
            if total[i] > 0.0:
                total[i] *= math.exp(peak[i] - top[i])
            peak[i] = top[i]
    for c in range(n_kernels):
        for i in range(size):
            terms[c, i] -= peak[i]
    exp_block(terms.reshape(-1), work)
    half = 1
    while half < n_kernels:
        half *= 2
    while half > 1:
        half //= 2
        for c in range(n_kernels - half):
            for i in range(size):
                terms[c, i] += terms[half + c, i]
        n_kernels = min(n_kernels, half)
    for i in range(size):
        if top[i] - peak[i] > NEGLIGIBLE:
            total[i] += terms[0, i]
