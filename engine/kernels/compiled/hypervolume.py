"""Numba tier of `kernels.hypervolume`, on extents: how far each point stays below the reference, 0 or more.

A point dominates the box of its extents, and two points together dominate the box of the smaller of their extents. In
the loops boxes are columns: (m, n).
"""

from __future__ import annotations

import numpy as np

from ...arrays import FloatArray, IntArray
from .. import jit
from .staircases import area_of_two, volume_of_five, volume_of_four, volume_of_three

_SAFE = 1e250  # products of extents up to this, and down to its inverse, neither overflow nor vanish
_NONE = np.int64(0)  # unlike 0, no literal, for each of which Numba would compile what is called once more


def volume_below(points: FloatArray, reference: FloatArray) -> float:
    """Return the volume that points (n, m) dominate; NaN if one is met, -1 if its products might not be in range."""
    boxes, _, state = boxes_below(points, reference)
    if state != 0.0 or boxes.size == 0:
        return state
    return float(boxes[0, 0] if len(boxes) == 1 else _volume(boxes))


def boxes_below(points: FloatArray, reference: FloatArray) -> tuple[FloatArray, IntArray, float]:
    """Return the boxes of the points below the reference, by falling last extent, whose they are, and 0.

    But infinity for 0 if a box is infinite, NaN if a value is, and -1 if products might overflow or vanish.
    """
    # Copies, since Numba would compile once more for arrays that cannot be written, and for every other layout.
    points, reference = np.array(points, dtype=np.float64, order="C"), np.array(reference, dtype=np.float64)
    order = points[:, -1].argsort()
    boxes, state = _boxes_below(points, reference, order)
    return boxes, order[: boxes.shape[1]], state


def volume(extents: FloatArray) -> float:
    """Return the volume of the union of boxes (n, m), m >= 2."""
    return float(_volume(columns(extents, (-extents[:, -1]).argsort())))


def _volume(boxes: FloatArray) -> float:
    """Measure boxes by falling last of two extents or more; here, so that only what is needed is compiled."""
    m, size = boxes.shape
    sweep = {2: area_of_two, 3: volume_of_three, 4: volume_of_four, 5: volume_of_five}.get(m)
    return union(boxes, size, m) if sweep is None else sweep(boxes, size)


def columns(extents: FloatArray, order: IntArray) -> FloatArray:
    """Turn boxes (n, m) in some order into columns."""
    return np.ascontiguousarray(extents.take(order, axis=0).T)


@jit
def _boxes_below(points: FloatArray, reference: FloatArray, order: IntArray) -> tuple[FloatArray, float]:
    """Put the boxes into columns; of the order only theirs is kept. See `boxes_below`."""
    n, m = points.shape
    boxes, highest, size = np.empty((m, n)), np.zeros(m), 0
    for i in order:
        is_inside = True
        for j in range(m):
            extent = reference[j] - points[i, j]
            boxes[j, size] = extent
            is_inside &= extent > 0.0
            if points[i, j] != points[i, j]:
                return boxes, np.nan
        if is_inside:
            for j in range(m):
                highest[j] = max(highest[j], boxes[j, size])
            order[size] = i
            size += 1
    return boxes[:, :size].copy(), _state(reference, highest, size)


if not hasattr(_boxes_below, "py_func"):  # as Python, with NUMBA_DISABLE_JIT=1, it would warn
    _boxes_below = np.errstate(over="ignore", invalid="ignore")(_boxes_below)


@jit
def _state(reference: FloatArray, highest: FloatArray, size: int) -> float:
    """Tell if boxes can be measured as they are; see `boxes_below`."""
    m = reference.size
    for j in range(m):
        if reference[j] != reference[j]:
            return np.nan
    if size == 0:
        return 0.0
    if highest.max() == np.inf:
        return np.inf
    return 0.0 if _SAFE ** (-1 / m) < highest.min() and highest.max() < _SAFE ** (1 / m) else -1.0


@jit
def union(boxes: FloatArray, size: int, m: int) -> float:
    """Return the volume of the first boxes, by falling last of m extents.

    Slices along the last objective: what a box adds to those before reaches through its whole last extent, so one
    objective less is left to measure ("WFG" with its limit sets: While, Bradstreet and Barone, IEEE Trans. Evol.
    Comput. 16(1), 2012). Down to four objectives; fewer are swept. (So are five where they are all that is
    measured; here that would save a fifth to a third of the time in five and six objectives, and add half to the time
    to compile.)
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
        n_shared = shared_with(faces, n_faces, face, shared, whole)
        if not is_covered(shared, n_shared, face):
            total += boxes[m - 1, i] * (area - union(shared, n_shared, m - 1))
            n_faces = _replace(faces, n_faces, face)
    return total


@jit
def shared_with(boxes: FloatArray, size: int, box: FloatArray, shared: FloatArray, whole: FloatArray) -> int:
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
def is_covered(shared: FloatArray, size: int, box: FloatArray) -> bool:
    """Tell by what others share with a box whether one of them covers it."""
    if size != 1:
        return False
    covers = True
    for j in range(box.size):
        covers = covers and shared[j, 0] == box[j]
    return covers


@jit
def _replace(boxes: FloatArray, size: int, box: FloatArray) -> int:
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
