"""The first fronts of points until there are enough, and the last of them in units for a choice by hypervolume.

For a few hundred points of which the best tenth is wanted: front after front is peeled off, where most points are found
to be dominated by the first ones of the front that are known.
"""

from __future__ import annotations

import math

import numpy as np

from ...arrays import BoolArray, FloatArray, IntArray
from .. import exact, jit


@jit
def first_fronts(values: FloatArray, n: int) -> tuple[IntArray, IntArray, int]:
    """Peel off fronts of points, more than n > 0, until there are n.

    Parameters
    ----------
    values
        (p, m) points without NaN, less is better.
    n
        How many are wanted.

    Returns
    -------
    whole, last, rank
        Indices of the points on the fronts before the last one, front by front, those on the last one, and its rank.
    """
    left, found = np.ones(len(values), np.bool_), np.empty(len(values), np.int64)
    size = rank = 0
    while True:
        end = size
        for i in range(len(values)):
            if left[i] and not _is_dominated(i, values, left, found[size:end]):
                found[end] = i
                end += 1
        if end >= n:
            return found[:size], found[size:end], rank
        for i in found[size:end]:
            left[i] = False
        size, rank = end, rank + 1


@jit
def _is_dominated(i: int, values: FloatArray, left: BoolArray, front: IntArray) -> bool:
    """Tell whether one of the points that are left dominates point i; those of the front are looked at first."""
    for k in front:
        if _dominates(k, i, values):
            return True
    k = 0
    while k < len(values) and not (left[k] and _dominates(k, i, values)):
        k += 1
    return k < len(values)


@jit
def _dominates(k: int, i: int, values: FloatArray) -> bool:
    is_better = False
    for j in range(values.shape[1]):
        if values[k, j] > values[i, j]:
            return False
        is_better = is_better or values[k, j] < values[i, j]
    return is_better


@exact
def extents(values: FloatArray, beyond: float) -> FloatArray:
    """Return how far points (p, m) stay below a reference, `beyond` of their range, each objective in its own unit.

    The bits are those of `samplers.tpe.pareto_ranking` and `kernels.hypervolume`: units are powers of two.
    """
    out = np.empty(values.shape)
    for j in range(values.shape[1]):
        best, worst = np.inf, -np.inf
        for i in range(len(values)):
            value = 0.25 * values[i, j]  # so that nothing overflows
            if math.isfinite(value):
                best, worst = min(best, value), max(worst, value)
        if best > worst:
            best = worst = 0.0
        span = worst - best if worst > best else 1.0
        largest = 0.0
        for i in range(len(values)):
            value = min(max(0.25 * values[i, j], best - span), worst + span)
            out[i, j] = max(beyond - (value - best) / span, 0.0)
            largest = max(largest, out[i, j])
        exponent = math.frexp(largest)[1]
        for i in range(len(values)):
            out[i, j] = math.ldexp(out[i, j], -exponent)
    return out
