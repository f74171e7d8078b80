"""Numba tier of `kernels.dominance`: sweeps over points in lexicographic order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import jit

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def ranks(points: Array, counts: IntArray, enough: int) -> IntArray:
    """Rank different points (n, m) in lexicographic order; see `kernels.dominance.ranks`."""
    n, m = points.shape
    if m == 1:
        out = np.arange(n)
    elif m == 2:
        out = _ranks_of_two(points)
    else:
        return _peel(points, counts, enough)
    found = np.bincount(out, weights=counts).cumsum()
    last = int(np.searchsorted(found, enough)) + 1  # the first rank that need not be told apart
    return np.minimum(out, last)


@jit
def _ranks_of_two(points: Array) -> IntArray:
    """Rank by a sweep along the first objective in O(n log n).

    The smallest second objective of each front so far rises with the front's rank; a point goes to the first front
    where it is larger than the point's own (Jensen, IEEE Trans. Evol. Comput. 7(5), 2003, section III).
    """
    n = points.shape[0]
    out, lowest, n_fronts = np.zeros(n, np.int64), np.empty(n), 0
    for i in range(n):
        left, right = 0, n_fronts
        while left < right:
            middle = (left + right) // 2
            if lowest[middle] > points[i, 1]:
                right = middle
            else:
                left = middle + 1
        out[i] = left
        lowest[left] = points[i, 1]
        n_fronts = max(n_fronts, left + 1)
    return out


@jit
def _peel(points: Array, counts: IntArray, enough: int) -> IntArray:
    """Take off front after front until enough points are ranked."""
    n, m = points.shape
    out, left = np.zeros(n, np.int64), np.arange(n)
    n_left, rank = n, 0
    front, steps = np.empty((n, m)), np.empty((2, n))
    while n_left > 0 and enough > 0:
        size = n_kept = 0
        for a in range(n_left):
            i = left[a]
            if m == 3:
                dominated, size = _on_stairs(steps, size, points[i, 1], points[i, 2])
            else:
                dominated = _is_dominated(front, size, points[i])
                if not dominated:
                    for j in range(m):
                        front[size, j] = points[i, j]
                    size += 1
            if dominated:
                left[n_kept] = i
                n_kept += 1
                out[i] = rank + 1
            else:
                enough -= counts[i]
        n_left, rank = n_kept, rank + 1
    return out


@jit
def _is_dominated(front: Array, size: int, point: Array) -> bool:
    """Compare a point with those of a front, all before it in lexicographic order, the latest first."""
    for k in range(size - 1, -1, -1):
        worse = False
        for j in range(1, point.size):
            if front[k, j] > point[j]:
                worse = True
                break
        if not worse:
            return True
    return False


@jit
def _on_stairs(steps: Array, size: int, y: float, z: float) -> tuple[bool, int]:
    """Say whether (y, z) is dominated by a staircase of rising y and falling z; if not, make it a step.

    Returns the answer and the new number of steps (Kung, Luccio and Preparata, JACM 22(4), 1975).
    """
    left, right = 0, size  # the first step with a larger y
    while left < right:
        middle = (left + right) // 2
        if steps[0, middle] > y:
            right = middle
        else:
            left = middle + 1
    if left > 0 and steps[1, left - 1] <= z:
        return True, size
    if left > 0 and steps[0, left - 1] == y:
        left -= 1  # of the same y and larger z: it goes
    stop = left
    while stop < size and steps[1, stop] >= z:
        stop += 1
    shift = 1 - (stop - left)
    if shift > 0:
        for k in range(size - 1, left - 1, -1):
            steps[0, k + 1], steps[1, k + 1] = steps[0, k], steps[1, k]
    elif shift < 0:
        for k in range(stop, size):
            steps[0, k + shift], steps[1, k + shift] = steps[0, k], steps[1, k]
    steps[0, left], steps[1, left] = y, z
    return False, size + shift
