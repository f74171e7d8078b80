"""Numba tier of `kernels.hypervolume.contributions`: what each box (m, n) shares with no other."""

from __future__ import annotations

import numpy as np

from ...arrays import FloatArray, IntArray
from .. import jit
from .hypervolume import boxes_below, columns, is_covered, shared_with, union
from .staircases import exclusive_of_four, room_for, step_before

Three = tuple[float, float, float]
Four = tuple[float, float, float, float]

_NONE, _ONE = np.int64(0), np.int64(1)  # no literals, see `staircases`
_ALL = float("inf")


def contributions_below(points: FloatArray, reference: FloatArray) -> FloatArray | None:
    """Return what each of the points (n, m), m >= 2, adds to the volume of all others; None: not in these units."""
    boxes, whose, state = boxes_below(points, reference)
    out = np.zeros(len(points))
    if state == 0.0 and whose.size > 0:
        out[whose] = _by_falling_last(boxes)
    return out if state == 0.0 else None


def contributions(extents: FloatArray) -> FloatArray:
    """Return the volume that each of the boxes (n, m), m >= 2, shares with no other."""
    order, out = (-extents[:, -1]).argsort(), np.empty(len(extents))
    out[order] = _by_falling_last(columns(extents, order))
    return out


def _by_falling_last(boxes: FloatArray) -> FloatArray:
    """Measure boxes by falling last of two extents or more; here, so that only what is needed is compiled."""
    return {2: of_two, 3: of_three, 4: of_four}.get(len(boxes), of_more)(boxes, boxes.shape[1])


@jit
def of_two(boxes: FloatArray, size: int) -> FloatArray:
    """Measure boxes by falling second extent: above it, the widest so far is alone beyond the next as wide."""
    out, widest, second, own = np.zeros(size), 0.0, 0.0, 0
    for i in range(size):
        x = boxes[0, i]
        if x > widest:
            widest, second, own = x, widest, i
        elif x > second:
            second = x
        out[own] += (widest - second) * (boxes[1, i] - (boxes[1, i + 1] if i + 1 < size else 0.0))
    return out


@jit
def of_three(boxes: FloatArray, size: int) -> FloatArray:
    """Measure boxes by falling third extent, in O(n log n) but for moving the steps.

    Source: Emmerich and Fonseca, "Computing hypervolume contributions in low dimensions: asymptotically optimal
    algorithm and complexity results", EMO 2011. A staircase is swept along the third extent, as in `volume_of_three`.
    What a step alone covers of the first two is kept as parts side by side; a box begins a list of these, and takes
    away from the lists of the steps that it covers or that are beside it.
    """
    steps, n_steps, out = np.empty((2, size + 2)), _ONE, np.zeros(size)
    owner = np.empty(size + 2, np.int64)
    steps[0, 0], steps[1, 0], steps[0, 1], steps[1, 1] = np.inf, 0.0, 0.0, np.inf
    parts, after, first, used = np.empty((4, 4 * size)), np.empty(4 * size, np.int64), np.empty(size, np.int64), _NONE
    for i in range(size):
        x, y, z = boxes[0, i], boxes[1, i], boxes[2, i]
        last = step_before(steps, n_steps, x)
        low = steps[1, last]
        if last > 0:
            used = _cut(parts, after, first, used, owner[last], low, (x, y, z), out)
        if low >= y:
            continue
        end, stop, first[i] = x, last + 1, -1
        while True:
            if end > steps[0, stop]:
                used = _begin(parts, after, first, used, i, (steps[0, stop], end, low, z))
            if stop == n_steps:
                break
            used = _cut(parts, after, first, used, owner[stop], steps[1, stop], (x, y, z), out)
            if steps[1, stop] > y:
                break
            end, low = steps[0, stop], steps[1, stop]
            stop += 1
        n_steps = _step(steps, owner, n_steps, last if steps[0, last] == x else last + 1, stop, x, y, i)
    for k in range(1, n_steps):
        used = _cut(parts, after, first, used, owner[k], steps[1, k], (_ALL, _ALL, 0.0), out)
    return out


@jit
def _begin(parts: FloatArray, after: IntArray, first: IntArray, used: int, own: int, part: Four) -> int:
    """Put a part before the first of a list: its left and right end, what is below it, from where on."""
    for j in range(4):
        parts[j, used] = part[j]
    after[used], first[own] = first[own], used
    return used + 1


@jit
def _cut(
    parts: FloatArray, after: IntArray, first: IntArray, used: int, own: int, height: float, box: Three, out: FloatArray
) -> int:
    """Take a box away from the parts of a step, which end at its height, and count what these alone covered so far.

    From left to right less and less is below the parts. Those that the box cuts become one that lies above it.
    """
    x, y, z = box
    before, part = -1, first[own]
    while part >= 0 and parts[2, part] >= y:
        before, part = part, after[part]
    left = end = parts[0, part] if part >= 0 else 0.0
    while part >= 0 and parts[0, part] < x:
        end = min(parts[1, part], x)
        out[own] += (end - parts[0, part]) * (height - parts[2, part]) * (parts[3, part] - z)
        if end < parts[1, part]:
            parts[0, part] = end
            break
        part = after[part]
    if left < end and y < height:
        parts[0, used], parts[1, used], parts[2, used], parts[3, used], after[used] = left, end, y, z, part
        part, used = used, used + 1
    if before < 0:
        first[own] = part
    else:
        after[before] = part
    return used


@jit
def _step(steps: FloatArray, owner: IntArray, size: int, place: int, stop: int, x: float, y: float, own: int) -> int:
    """Put a step in place of those from one place on, up to another; return how many there are then."""
    shift = place + 1 - stop
    ahead = range(size, stop - 1, -1) if shift > 0 else range(stop, size + 1 if shift < 0 else stop)
    for k in ahead:
        steps[0, k + shift], steps[1, k + shift], owner[k + shift] = steps[0, k], steps[1, k], owner[k]
    steps[0, place], steps[1, place], owner[place] = x, y, own
    return size + shift


@jit
def of_four(boxes: FloatArray, size: int) -> FloatArray:
    """Measure boxes one by one beside all others."""
    room, out = room_for(size), np.empty(size)
    for i in range(size):
        box = boxes[0, i], boxes[1, i], boxes[2, i], boxes[3, i]
        boxes[0, i] = 0.0  # one that takes nothing away
        out[i] = max(exclusive_of_four(boxes, size, box, room), 0.0)
        boxes[0, i] = box[0]
    return out


@jit
def of_more(boxes: FloatArray, size: int) -> FloatArray:
    """Measure boxes without what they share with others, m > 4 ("exclusive hypervolume" of WFG)."""
    m = boxes.shape[0]
    box, shared, whole, out = np.empty(m), np.empty((m, size)), np.empty(size), np.empty(size)
    for i in range(size):
        volume = 1.0
        for j in range(m):
            box[j] = boxes[j, i]
            volume *= box[j]
        boxes[0, i] = 0.0
        n_shared = shared_with(boxes, size, box, shared, whole)
        lost = volume if is_covered(shared, n_shared, box) else union(shared, n_shared, m)
        out[i] = max(volume - lost, 0.0)
        boxes[0, i] = box[0]
    return out
