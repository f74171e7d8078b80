"""Numba tier of `kernels.survival`: a front in units of its ranges; what points add in two or in many objectives."""

from __future__ import annotations

import numpy as np

from ...arrays import FloatArray
from .. import jit


@jit
def scaled(front: FloatArray) -> FloatArray:
    """Scale each objective of points (n, m) to reach from 0 to 1; see the NumPy tier."""
    n, m = front.shape
    out = np.empty((n, m))
    for j in range(m):
        low, high = np.inf, -np.inf
        for i in range(n):
            half = 0.5 * front[i, j]  # so that no range overflows
            if np.isfinite(half):
                low, high = min(low, half), max(high, half)
        if not low < high:
            out[:, j] = 0.0
            continue
        for i in range(n):
            out[i, j] = (min(max(0.5 * front[i, j], low), high) - low) / (high - low)
    return out


@jit
def shares_of_two(points: FloatArray, reference: float) -> FloatArray:
    """Give the rectangle that each point (n, 2) of a front has for itself, up to its neighbours or the reference."""
    n = points.shape[0]
    by_second = np.argsort(-points[:, 1], kind="mergesort")
    sequence = by_second[np.argsort(points[by_second, 0], kind="mergesort")]
    out, above = np.empty(n), reference
    for k in range(n):
        i = sequence[k]
        beside = points[sequence[k + 1], 0] if k + 1 < n else reference
        out[i] = (beside - points[i, 0]) * (above - points[i, 1])
        above = points[i, 1]
    return out


@jit
def estimated(points: FloatArray, reference: float, u: FloatArray) -> FloatArray:
    """Estimate what each point (n, m) adds from places u (k, m) in its box; see the NumPy tier."""
    n, m = points.shape
    out, place = np.empty(n), np.empty(m)
    for i in range(n):
        n_alone, volume = 0, 1.0
        for j in range(m):
            volume *= reference - points[i, j]
        for k in range(u.shape[0]):
            for j in range(m):
                place[j] = points[i, j] + u[k, j] * (reference - points[i, j])
            n_alone += not _is_reached(points, i, place)
        out[i] = volume * n_alone / u.shape[0]
    return out


@jit
def _is_reached(points: FloatArray, but: int, place: FloatArray) -> bool:
    """Tell whether some point (n, m) but one dominates a place (m,)."""
    for i in range(points.shape[0]):
        j = 0
        while j < place.size and points[i, j] <= place[j]:
            j += 1
        if j == place.size and i != but:
            return True
    return False
