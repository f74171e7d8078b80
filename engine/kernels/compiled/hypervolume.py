"""Numba tier of `kernels.hypervolume`, on extents: how far each point stays below the reference, 0 or more.

A point dominates the box of its extents, and two points together dominate the box of the smaller of their extents. In
the loops boxes are columns: (m, n).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import jit
from .staircases import area_of_two, exclusive, reaching, volume_of_four, volume_of_three

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_NONE = np.int64(0)  # unlike 0, no literal, for each of which Numba would compile what is called once more


def below(points: Array, reference: Array) -> tuple[Array, Array]:
    """Return the extents (k, m) of the points (n, m) that are inside, and the largest (m,); NaN there if one is met."""
    extents, highest = np.empty(points.shape), np.zeros(reference.size)
    # Copies, since Numba would compile once more for arrays that cannot be written, and for every other layout.
    points, reference = np.array(points, dtype=np.float64), np.array(reference, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # for NUMBA_DISABLE_JIT=1
        size = _below(points, reference, extents, highest)
    return extents[:size], highest


def volume(extents: Array) -> float:
    """Return the volume of the union of boxes (n, m), m >= 2."""
    n, m = extents.shape
    return float(union(_columns(extents, (-extents[:, -1]).argsort()), n, m))


def contributions(extents: Array) -> Array:
    """Return the volume that each of the boxes (n, m), m >= 3, shares with no other."""
    n, m = extents.shape
    order = (-extents[:, -1]).argsort()
    out = np.empty(n)
    (_contributions_of_three if m == 3 else _contributions)(_columns(extents, order), order, out)
    return out


def _columns(extents: Array, order: IntArray) -> Array:
    return np.ascontiguousarray(extents.take(order, axis=0).T)


@jit
def _below(points: Array, reference: Array, extents: Array, highest: Array) -> int:
    """See `below`."""
    n, m = points.shape
    size = 0
    for i in range(n):
        inside = True
        for j in range(m):
            extent = reference[j] - points[i, j]
            extents[size, j] = extent
            inside = inside and extent > 0.0
            if points[i, j] != points[i, j] or reference[j] != reference[j]:
                highest[j] = np.nan
                return size
        if inside:
            for j in range(m):
                highest[j] = max(highest[j], extents[size, j])
            size += 1
    return size


@jit
def union(boxes: Array, size: int, m: int) -> float:
    """Return the volume of the first boxes, by falling last of m extents.

    Slices along the last objective: what a box adds to those before reaches through its whole last extent, so one
    objective less is left to measure ("WFG" with its limit sets: While, Bradstreet and Barone, IEEE Trans. Evol.
    Comput. 16(1), 2012). Down to four objectives; fewer are swept.
    """
    if m == 2:
        return area_of_two(boxes, size)
    if m == 3:
        return volume_of_three(boxes, size)
    if m == 4:
        return volume_of_four(boxes, size)
    faces, shared, whole, face = np.empty((m - 1, size + 1)), np.empty((m - 1, size)), np.empty(size), np.empty(m - 1)
    n_faces, total = _NONE, 0.0
    for i in range(size):
        area = 1.0
        for j in range(m - 1):
            face[j] = boxes[j, i]
            area *= face[j]
        n_shared = _shared(faces, n_faces, face, shared, whole)
        if not is_covered(shared, n_shared, face):
            total += boxes[m - 1, i] * (area - union(shared, n_shared, m - 1))
            n_faces = _replace(faces, n_faces, face)
    return total


@jit
def _shared(boxes: Array, size: int, box: Array, shared: Array, whole: Array) -> int:
    """Put what boxes share with one other into a list by falling last extent, but for what others there cover.

    Return the size of the list. The largest by volume is covered by none: round for round, it goes to the list, and
    what it covers goes.
    """
    m, n_shared, best, largest = box.size, 0, 0, 0.0
    for i in range(size):
        whole[i] = 1.0
    for j in range(m):
        for i in range(size):
            shared[j, i] = min(boxes[j, i], box[j])
            whole[i] *= shared[j, i]
    for i in range(size):
        best = i if whole[i] > whole[best] else best
    while n_shared < size:
        for j in range(m):
            shared[j, best], shared[j, n_shared] = shared[j, n_shared], shared[j, best]
        whole[best] = whole[n_shared]
        kept = best = n_shared + 1
        largest = -1.0
        for i in range(kept, size):  # without branches: each is written, and the next overwrites it if it is covered
            stays = False
            for j in range(m):
                extent = shared[j, i]
                shared[j, kept] = extent
                stays |= extent > shared[j, n_shared]
            volume = whole[i]
            whole[kept] = volume
            is_best = stays & (volume > largest)
            best = kept if is_best else best
            largest = volume if is_best else largest
            kept += stays
        n_shared, size = n_shared + 1, kept
    for i in range(1, size):
        k = i
        while k > 0 and shared[m - 1, k - 1] < shared[m - 1, k]:
            for j in range(m):
                shared[j, k - 1], shared[j, k] = shared[j, k], shared[j, k - 1]
            k -= 1
    return size


@jit
def is_covered(shared: Array, size: int, box: Array) -> bool:
    """Tell by what others share with a box whether one of them covers it."""
    if size != 1:
        return False
    covers = True
    for j in range(box.size):
        covers = covers and shared[j, 0] == box[j]
    return covers


@jit
def _replace(boxes: Array, size: int, box: Array) -> int:
    """Put a box in place of those that it covers; return how many there are then."""
    kept = 0
    for i in range(size):
        stays = False
        for j in range(box.size):
            extent = boxes[j, i]
            boxes[j, kept] = extent
            stays |= extent > box[j]
        kept += stays
    for j in range(box.size):
        boxes[j, kept] = box[j]
    return kept + 1


@jit
def _contributions_of_three(boxes: Array, order: IntArray, out: Array) -> None:
    """Measure what each box, by falling third extent, shares with no other."""
    n = order.size
    steps = np.empty((2, n + 4))
    for i in range(n):
        x, y, z = boxes[0, i], boxes[1, i], boxes[2, i]
        boxes[0, i] = 0.0  # one that takes nothing away
        out[order[i]] = exclusive(boxes, n, reaching(boxes, n, z), x, y, z, steps)
        boxes[0, i] = x


@jit
def _contributions(boxes: Array, order: IntArray, out: Array) -> None:
    """Measure each box without what it shares with others, m > 3 ("exclusive hypervolume" of WFG)."""
    m, n = boxes.shape
    box, shared, whole = np.empty(m), np.empty((m, n)), np.empty(n)
    for i in range(n):
        volume = 1.0
        for j in range(m):
            box[j] = boxes[j, i]
            volume *= box[j]
        boxes[0, i] = 0.0
        n_shared = _shared(boxes, n, box, shared, whole)
        lost = volume if is_covered(shared, n_shared, box) else union(shared, n_shared, m)
        out[order[i]] = max(volume - lost, 0.0)
        boxes[0, i] = box[0]
