"""Volumes of boxes (m, n) in two to five extents, by sweeps over staircases (Numba)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...arrays import FloatArray, IntArray
from .. import jit

Three = tuple[float, float, float]
Four = tuple[float, float, float, float]

# Unlike 0, 1 and 2 no literals, for each of which Numba would compile what is called once more.
_NONE, _ONE, _TWO = np.int64(0), np.int64(1), np.int64(2)
_IN_TURN = _NONE, _ONE, _TWO


class Room(NamedTuple):
    """Where what is not kept from box to box is written."""

    near: IntArray  # (n + 1,)
    late: IntArray
    steps: FloatArray  # (2, n + 5)
    swept: FloatArray  # (3, n + 1)
    front: FloatArray
    corners: FloatArray  # (2, 4)


@jit
def room_for(size: int) -> Room:
    """Return room for measuring one box beside so many others."""
    near, late = np.empty(size + 1, np.int64), np.empty(size + 1, np.int64)
    swept, front = np.empty((3, size + 1)), np.empty((3, size + 1))
    return Room(near, late, np.empty((2, size + 5)), swept, front, np.empty((2, 4)))


@jit
def area_of_two(boxes: FloatArray, size: int) -> float:
    """Return the area of boxes by falling second extent."""
    total = widest = 0.0
    for i in range(size):
        if boxes[0, i] > widest:
            total += (boxes[0, i] - widest) * boxes[1, i]
            widest = boxes[0, i]
    return total


@jit
def volume_of_three(boxes: FloatArray, size: int) -> float:
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
def volume_of_four(boxes: FloatArray, size: int) -> float:
    """Return the volume of boxes by falling fourth extent.

    Those of the boxes so far that no other covers in the first three extents are kept; what the next one adds to them
    there reaches through its whole fourth extent (the sweep of "HV4D": Guerreiro, Fonseca and Emmerich, "A fast
    dimension-sweep algorithm for the hypervolume indicator in four dimensions", CCCG 2012).
    """
    near, _, steps, swept, front, corners = room_for(size)
    n_front, total = _NONE, 0.0
    for i in range(size):
        box = boxes[0, i], boxes[1, i], boxes[2, i]
        n_near, floor = _near_of_three(front, n_front, box, (0.0, 0.0, 0.0), near, corners)
        if n_near >= 0:
            total += boxes[3, i] * _uncovered(front, near, n_near, _IN_TURN, box, floor, steps, swept)[0]
            n_front = put(front, n_front, box)
    return total


@jit
def volume_of_five(boxes: FloatArray, size: int) -> float:
    """Return the volume of boxes by falling fifth extent, as `volume_of_four` does by the fourth."""
    front, room, n_front, total = np.empty((4, size + 1)), room_for(size), _NONE, 0.0
    for i in range(size):
        box = boxes[0, i], boxes[1, i], boxes[2, i], boxes[3, i]
        added = exclusive_of_four(front, n_front, box, room)
        if added > 0.0:
            total += added * boxes[4, i]
            n_front = put(front, n_front, box)
    return total


@jit
def exclusive_of_four(boxes: FloatArray, size: int, box: Four, room: Room) -> float:
    """Return what a box of four extents shares with none of others (4, size).

    The extent in which the fewest others fall short of it is left to the end: the others together cover one volume of
    three extents through all of it. Each of the few then adds to these three what it alone covers, through its own.
    """
    n_near, floor = _near_of_four(boxes, size, box, room)
    if n_near < 0:
        return 0.0
    near, late, front, end = room.near, room.late, room.front, _shortest(boxes, room.near, n_near, box)
    n_early = n_late = _NONE
    for k in range(n_near):
        falls_short = boxes[end, near[k]] < box[end]
        late[n_late] = near[n_early] = near[k]
        n_late += falls_short
        n_early += 1 - falls_short
    a, b, c = (end + 1) & 3, (end + 2) & 3, (end + 3) & 3
    face, low = (box[a], box[b], box[c]), (floor[a], floor[b], floor[c])
    volume, n_front = _uncovered(boxes, near, n_early, (a, b, c), face, low, room.steps, front)
    total = volume * (box[end] - floor[end])
    _by_falling(late, n_late, boxes[end])
    for k in range(n_late):
        i = late[k]
        other = min(boxes[a, i], face[0]), min(boxes[b, i], face[1]), min(boxes[c, i], face[2])
        n_near, above = _near_of_three(front, n_front, other, low, near, room.corners)
        if n_near >= 0:
            added = _uncovered(front, near, n_near, _IN_TURN, other, above, room.steps, room.swept)[0]
            total -= added * (boxes[end, i] - floor[end])
            n_front = put(front, n_front, other)
    return total


@jit
def _near_of_three(
    boxes: FloatArray, size: int, box: Three, floor: Three, near: IntArray, corners: FloatArray
) -> tuple[int, Three]:
    """Find the others that cover a part of a box above a floor in each extent; return how many, and the floors.

    Another that reaches as far in all extents but one covers all up to where it reaches there, so that is a floor. The
    number is -1 if nothing of the box is above. Bits of positive numbers are compared, which order as the numbers do,
    since for maxima of integers there are vector instructions.
    """
    corners[0, 0], corners[0, 1], corners[0, 2] = box
    corners[1, 0], corners[1, 1], corners[1, 2] = floor
    bits, at = boxes.view(np.int64), corners.view(np.int64)
    x, y, z, x0, y0, z0 = at[0, 0], at[0, 1], at[0, 2], at[1, 0], at[1, 1], at[1, 2]
    for k in range(size):
        a, b, c = bits[0, k], bits[1, k], bits[2, k]
        is_a, is_b, is_c = a >= x, b >= y, c >= z
        x0 = max(x0, a if is_b & is_c else _NONE)
        y0 = max(y0, b if is_a & is_c else _NONE)
        z0 = max(z0, c if is_a & is_b else _NONE)
    if (x0 >= x) | (y0 >= y) | (z0 >= z):
        return -1, floor
    n = 0
    for k in range(size):
        near[n] = k
        n += (bits[0, k] > x0) & (bits[1, k] > y0) & (bits[2, k] > z0)
    at[1, 0], at[1, 1], at[1, 2] = x0, y0, z0
    return n, (corners[1, 0], corners[1, 1], corners[1, 2])


@jit
def _near_of_four(boxes: FloatArray, size: int, box: Four, room: Room) -> tuple[int, Four]:
    """Find the others that cover a part of a box of four extents; see `_near_of_three`."""
    room.corners[0, 0], room.corners[0, 1], room.corners[0, 2], room.corners[0, 3] = box
    bits, at = boxes.view(np.int64), room.corners.view(np.int64)
    x, y, z, w, x0, y0, z0, w0 = at[0, 0], at[0, 1], at[0, 2], at[0, 3], _NONE, _NONE, _NONE, _NONE
    for k in range(size):
        a, b, c, d = bits[0, k], bits[1, k], bits[2, k], bits[3, k]
        is_a, is_b, is_c, is_d = a >= x, b >= y, c >= z, d >= w
        x0 = max(x0, a if is_b & is_c & is_d else _NONE)
        y0 = max(y0, b if is_a & is_c & is_d else _NONE)
        z0 = max(z0, c if is_a & is_b & is_d else _NONE)
        w0 = max(w0, d if is_a & is_b & is_c else _NONE)
    if (x0 >= x) | (y0 >= y) | (z0 >= z) | (w0 >= w):
        return -1, box
    n = 0
    for k in range(size):
        room.near[n] = k
        n += (bits[0, k] > x0) & (bits[1, k] > y0) & (bits[2, k] > z0) & (bits[3, k] > w0)
    at[1, 0], at[1, 1], at[1, 2], at[1, 3] = x0, y0, z0, w0
    return n, (room.corners[1, 0], room.corners[1, 1], room.corners[1, 2], room.corners[1, 3])


@jit
def _shortest(boxes: FloatArray, near: IntArray, n_near: int, box: Four) -> int:
    """Return the extent in which the fewest of some others fall short of a box."""
    x, y, z, w = box
    a = b = c = d = 0
    for k in range(n_near):
        i = near[k]
        a += boxes[0, i] < x
        b += boxes[1, i] < y
        c += boxes[2, i] < z
        d += boxes[3, i] < w
    least = min(min(a, b), min(c, d))
    return 0 if a == least else 1 if b == least else 2 if c == least else 3


@jit
def _uncovered(
    boxes: FloatArray,
    near: IntArray,
    n_near: int,
    axes: tuple[int, int, int],
    box: Three,
    floor: Three,
    steps: FloatArray,
    swept: FloatArray,
) -> tuple[float, int]:
    """Return what some others, in three of their extents, leave of a box above a floor; `swept` gets what they share.

    A staircase is swept along the third, which grows between the floors of the first two.
    """
    (a, b, c), (x, y, z), (x0, y0, z0) = axes, box, floor
    _by_falling(near, n_near, boxes[c])
    steps[0, 0], steps[1, 0], steps[0, 1], steps[1, 1], steps[0, 2], steps[1, 2] = np.inf, 0.0, x, y0, x0, np.inf
    n_steps, n_swept, area, volume, top = _TWO, _NONE, (x - x0) * (y - y0), 0.0, z
    for k in range(n_near):
        i = near[k]
        u, v, w = min(boxes[a, i], x), min(boxes[b, i], y), min(boxes[c, i], z)
        n_steps, added = _climb(steps, n_steps, u, v)
        if added > 0.0:
            volume += area * (top - w)
            area -= added
            top = w
            swept[0, n_swept], swept[1, n_swept], swept[2, n_swept] = u, v, w
            n_swept += 1
    return volume + area * (top - z0), n_swept


@jit
def _by_falling(chosen: IntArray, size: int, values: FloatArray) -> None:
    """Sort a few indices by insertion."""
    for k in range(1, size):
        i, at = chosen[k], k
        while at > 0 and values[chosen[at - 1]] < values[i]:
            chosen[at] = chosen[at - 1]
            at -= 1
        chosen[at] = i


@jit
def put(front: FloatArray, size: int, box: tuple[float, ...]) -> int:
    """Put a box in place of those that it covers; return how many there are then."""
    n_covered = _NONE
    for k in range(size):
        covers = True
        for j in range(len(box)):
            covers &= front[j, k] <= box[j]
        n_covered += _ONE if covers else _NONE
    kept = size if n_covered == 0 else _NONE
    for k in range(size if n_covered > 0 else 0):
        stays = False
        for j in range(len(box)):
            extent = front[j, k]
            front[j, kept] = extent
            stays |= extent > box[j]
        kept += stays
    for j in range(len(box)):
        front[j, kept] = box[j]
    return kept + 1


@jit
def _climb(steps: FloatArray, size: int, x: float, y: float) -> tuple[int, float]:
    """Put the box (x, y) on a staircase of falling x and rising y (2, size); return its new size and the area added.

    Before the first step there is one of infinite x, and behind the last one of infinite y, which is not counted.
    """
    last = step_before(steps, size, x)
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


@jit
def step_before(steps: FloatArray, size: int, x: float) -> int:
    """Return the last step that is not left of x."""
    last, length = 0, size
    while length > 1:
        half = length // 2
        last = last + half if steps[0, last + half] >= x else last
        length -= half
    return last
