"""Volumes of boxes (m, n) in two to four extents, by sweeps over staircases (Numba)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import jit

Array = npt.NDArray[np.float64]

# Unlike 0, 1 and 2 no literals, for each of which Numba would compile what is called once more.
_NONE, _ONE, _TWO = np.int64(0), np.int64(1), np.int64(2)


@jit
def area_of_two(boxes: Array, size: int) -> float:
    """Return the area of boxes by falling second extent."""
    total = widest = 0.0
    for i in range(size):
        if boxes[0, i] > widest:
            total += (boxes[0, i] - widest) * boxes[1, i]
            widest = boxes[0, i]
    return total


@jit
def volume_of_three(boxes: Array, size: int) -> float:
    """Return the volume of boxes by falling third extent: a staircase is swept.

    Source: Beume et al., IEEE Trans. Evol. Comput. 13(5), 2009.
    """
    steps, n_steps, total, area = np.empty((2, size + 2)), _ONE, 0.0, 0.0
    steps[0, 0], steps[1, 0], steps[0, 1], steps[1, 1] = np.inf, 0.0, 0.0, np.inf
    for i in range(size):
        n_steps, added = _climb(steps, n_steps, boxes[0, i], boxes[1, i])
        area += added
        total += area * (boxes[2, i] - (boxes[2, i + 1] if i + 1 < size else 0.0))
    return total


@jit
def volume_of_four(boxes: Array, size: int) -> float:
    """Return the volume of boxes by falling fourth extent.

    Those of the boxes so far that no other covers in the first three extents are kept by falling third; what the next
    one adds to them there reaches through its whole fourth extent (the sweep of "HV4D": Guerreiro, Fonseca and
    Emmerich, "A fast dimension-sweep algorithm for the hypervolume indicator in four dimensions", CCCG 2012).
    """
    front, steps, n_front, total = np.empty((3, size)), np.empty((2, size + 4)), _NONE, 0.0
    for i in range(size):
        x, y, z = boxes[0, i], boxes[1, i], boxes[2, i]
        added = exclusive(front, n_front, reaching(front, n_front, z), x, y, z, steps)
        if added > 0.0:
            total += added * boxes[3, i]
            n_front = _put(front, n_front, x, y, z)
    return total


@jit
def reaching(boxes: Array, length: int, least: float) -> int:
    """Count the first boxes, by falling third extent, of which that is at least so large."""
    start = 0
    while length > 0:
        half = length // 2
        start, length = (start, half) if boxes[2, start + half] < least else (start + half + 1, length - half - 1)
    return start


@jit
def exclusive(boxes: Array, size: int, n_above: int, x: float, y: float, z: float, steps: Array) -> float:
    """Return what a box of three extents shares with no other; these (3, size) are by falling third extent.

    Of the first two extents, those that reach through the third (`n_above`) take away what lies below `low` in the
    second, or below `left` in the first, and the others what is under a staircase between, which grows from above to
    below until a box covers all that is left.
    """
    left = low = 0.0
    for k in range(n_above):
        low = boxes[1, k] if boxes[0, k] >= x and boxes[1, k] > low else low
        left = boxes[0, k] if boxes[1, k] >= y and boxes[0, k] > left else left
    if low >= y:
        return 0.0
    area, volume, top = (x - left) * (y - low), 0.0, z
    steps[0, 0], steps[1, 0], steps[0, 1], steps[1, 1], steps[0, 2], steps[1, 2] = np.inf, 0.0, x, low, left, np.inf
    n_steps = _TWO
    for k in range(size):
        a, b = boxes[0, k], boxes[1, k]
        if a <= left or b <= low:
            continue
        if k >= n_above:
            volume += area * (top - boxes[2, k])
            top = boxes[2, k]
            if a >= x and b >= y:
                return float(volume)
            if a >= x:
                a, low = x, b
            elif b >= y:
                b, left = y, a
        n_steps, added = _climb(steps, n_steps, a, b)
        area -= added
    return float(volume + area * top)


@jit
def _put(front: Array, size: int, x: float, y: float, z: float) -> int:
    """Put a box among those by falling third extent, and drop those that it covers; return how many are left."""
    kept = size
    while kept > 0 and front[2, kept - 1] <= z:
        kept -= 1
    start = kept
    for k in range(start, size):
        if front[0, k] > x or front[1, k] > y:
            front[0, kept], front[1, kept], front[2, kept] = front[0, k], front[1, k], front[2, k]
            kept += 1
    for j in range(3):
        for k in range(kept, start, -1):
            front[j, k] = front[j, k - 1]
    front[0, start], front[1, start], front[2, start] = x, y, z
    return kept + 1


@jit
def _climb(steps: Array, size: int, x: float, y: float) -> tuple[int, float]:
    """Put the box (x, y) on a staircase of falling x and rising y (2, size); return its new size and the area added.

    Before the first step there is one of infinite x, and behind the last one of infinite y, which is not counted.
    """
    last, length = 0, size  # the last step that is not left of x
    while length > 1:
        half = length // 2
        last = last + half if steps[0, last + half] >= x else last
        length -= half
    low = steps[1, last]
    if low >= y:
        return size, 0.0
    area, end, stop = 0.0, x, last + 1
    while steps[1, stop] <= y:  # steps that the box covers
        area += (end - steps[0, stop]) * (y - low)
        end, low = steps[0, stop], steps[1, stop]
        stop += 1
    area += (end - steps[0, stop]) * (y - low)
    place = last if steps[0, last] == x else last + 1
    shift = place + 1 - stop
    if shift > 0:
        for k in range(size, stop - 1, -1):
            steps[0, k + 1], steps[1, k + 1] = steps[0, k], steps[1, k]
    elif shift < 0:
        for k in range(stop, size + 1):
            steps[0, k + shift], steps[1, k + shift] = steps[0, k], steps[1, k]
    steps[0, place], steps[1, place] = x, y
    return size + shift, area
