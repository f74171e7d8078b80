"""Numba tier of `kernels.hypervolume`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import jit
from .dominance import _on_stairs

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def hypervolume(points: Array, reference: Array) -> float:
    """Return the volume dominated by points (n, m), all better than the reference; see `kernels.hypervolume`."""
    n, m = points.shape
    if m < 3:
        padded = np.zeros((n, 3))
        padded[:, 3 - m :] = points
        return float(_sorted_volume(padded[np.argsort(points[:, -1])], np.append(np.ones(3 - m), reference)))
    return float(_sorted_volume(points[np.argsort(points[:, -1])], reference))


def subset(points: Array, reference: Array, k: int) -> IntArray:
    """Choose k points (k,) one by one; see `kernels.hypervolume.subset`."""
    if points.shape[1] == 2:
        order = np.lexsort(points.T[::-1])
        return order[_subset_of_two(points[order], reference, k, order)]
    if points.shape[1] == 1:
        return np.argsort(points[:, 0], kind="stable")[:k]
    return _subset(points, reference, k)


@jit
def _sorted_volume(points: Array, reference: Array) -> float:
    """Return the volume of points (n, m), m >= 3, sorted by the last objective: slices along it.

    In three objectives the area of a slice is that of a staircase, which only grows (Beume et al., IEEE Trans. Evol.
    Comput. 13(5), 2009).
    """
    n, m = points.shape
    total = 0.0
    if m == 3:
        steps, size, area = np.empty((2, n)), 0, 0.0
        for i in range(n):
            x, y = points[i, 0], points[i, 1]
            area += _added_area(steps, size, x, y, reference[0], reference[1])
            size = _on_stairs(steps, size, x, y)[1]
            depth = (points[i + 1, 2] if i + 1 < n else reference[2]) - points[i, 2]
            total += area * depth
        return total
    for i in range(n):
        depth = (points[i + 1, m - 1] if i + 1 < n else reference[m - 1]) - points[i, m - 1]
        if depth > 0.0:
            total += depth * _sorted_volume(_sorted_by_last(points, i + 1, m - 1), reference[: m - 1])
    return total


@jit
def _sorted_by_last(points: Array, n: int, m: int) -> Array:
    """Return the first m objectives of the first n points, sorted by the last of these."""
    out = np.empty((n, m))
    for i in range(n):
        at = i
        while at > 0 and out[at - 1, m - 1] > points[i, m - 1]:
            for j in range(m):
                out[at, j] = out[at - 1, j]
            at -= 1
        for j in range(m):
            out[at, j] = points[i, j]
    return out


@jit
def _added_area(steps: Array, size: int, x: float, y: float, x_end: float, y_end: float) -> float:
    """Return the area that (x, y) adds to what a staircase of rising x and falling y dominates."""
    left, right = 0, size  # the first step with a larger x
    while left < right:
        middle = (left + right) // 2
        if steps[0, middle] > x:
            right = middle
        else:
            left = middle + 1
    top = steps[1, left - 1] if left > 0 else y_end
    if top <= y:
        return 0.0
    area, at = 0.0, x
    while left < size and steps[1, left] > y:  # steps that (x, y) covers: the area above each ends at the one before
        area += (steps[0, left] - at) * (top - y)
        at, top = steps[0, left], steps[1, left]
        left += 1
    end = steps[0, left] if left < size else x_end
    return area + (end - at) * (top - y)


@jit
def _subset_of_two(points: Array, reference: Array, k: int, original: IntArray) -> IntArray:
    """Choose from points in lexicographic order: what a point adds is a rectangle between its chosen neighbours."""
    n = points.shape[0]
    chosen, taken = np.empty(k, np.int64), np.zeros(n, np.bool_)
    added = np.empty(n)
    for i in range(n):
        added[i] = max(reference[0] - points[i, 0], 0.0) * max(reference[1] - points[i, 1], 0.0)
    for c in range(k):
        best = -1
        for i in range(n):
            if taken[i]:
                continue
            if best < 0 or added[i] > added[best] or (added[i] == added[best] and original[i] < original[best]):
                best = i
        chosen[c], taken[best] = best, True
        right = min(points[best, 0], reference[0])
        i = best - 1
        while i >= 0:  # those before, up to the chosen neighbour
            if taken[i]:
                break
            i -= 1
        top = min(points[i, 1], reference[1]) if i >= 0 else reference[1]
        for a in range(i + 1, best):
            added[a] = max(right - points[a, 0], 0.0) * max(top - points[a, 1], 0.0)
        b = best + 1
        while b < n:
            if taken[b]:
                break
            b += 1
        right = min(points[b, 0], reference[0]) if b < n else reference[0]
        top = min(points[best, 1], reference[1])
        for a in range(best + 1, b):
            added[a] = max(right - points[a, 0], 0.0) * max(top - points[a, 1], 0.0)
    return chosen


@jit
def _subset(points: Array, reference: Array, k: int) -> IntArray:
    """Choose with lazily updated contributions, m >= 3; the chosen ones are kept sorted by the last objective."""
    n, m = points.shape
    chosen, known = np.empty(k, np.int64), np.zeros(n, np.int64)
    sorted_points, added, taken = np.empty((k, m)), np.ones(n), np.zeros(n, np.bool_)
    for i in range(n):
        for j in range(m):
            added[i] *= max(reference[j] - points[i, j], 0.0)
    volume = np.empty(n)
    for i in range(n):
        volume[i] = added[i]
    for c in range(k):
        best = -1
        while True:
            best = -1
            for i in range(n):
                if not taken[i] and (best < 0 or added[i] > added[best]):
                    best = i
            if known[best] == c or added[best] == 0.0:
                break
            covered = _covered(sorted_points[:c], points[best], reference)
            added[best] = max(volume[best] - _sorted_volume(covered, reference), 0.0)
            known[best] = c
        chosen[c], taken[best] = best, True
        at = c
        while at > 0 and sorted_points[at - 1, m - 1] > points[best, m - 1]:
            for j in range(m):
                sorted_points[at, j] = sorted_points[at - 1, j]
            at -= 1
        for j in range(m):
            sorted_points[at, j] = points[best, j]
    return chosen


@jit
def _covered(sorted_points: Array, point: Array, reference: Array) -> Array:
    """Return the corners of what the chosen points dominate inside of what `point` does, sorted as they are."""
    n, m = sorted_points.shape
    out, size = np.empty((n, m)), 0
    for i in range(n):
        inside = True
        for j in range(m):
            out[size, j] = max(sorted_points[i, j], point[j])
            inside = inside and out[size, j] < reference[j]
        size += inside
    return out[:size]
