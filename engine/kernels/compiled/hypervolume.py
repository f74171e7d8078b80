"""Numba tier of `kernels.hypervolume`, on extents: how far each point stays below the reference, 0 or more.

A point dominates the box of its extents, and two points together dominate the box of the smaller of their extents.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import jit

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_NONE = np.int64(0)  # unlike 0, no literal, for each of which Numba would compile what is called once more
_LEAST = 5e-324  # what a point adds that no chosen one dominates, should rounding leave nothing


def volume(extents: Array) -> float:
    """Return the volume of the union of boxes (n, m), m >= 3."""
    n, m = extents.shape
    return float(_volume(extents[np.argsort(-extents[:, -1])], n, np.empty((m, n + 1, m)), m))


def subset(extents: Array, k: int) -> IntArray:
    """Choose k points of (n, m), m >= 2, one by one; see `kernels.hypervolume.subset`."""
    n, m = extents.shape
    chosen, known, sizes = np.empty(k, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    if m == 2:
        order = np.lexsort(-extents.T[::-1])
        extents = extents[order]
        _subset_of_two(extents, chosen, extents.prod(axis=1), known, order)
        return np.asarray(order[chosen])
    whole = extents.prod(axis=1)
    winner = np.full(2 << n.bit_length(), -1)
    shared, work = np.empty((n, 16, m)), np.empty((m, k + 1, m))
    added, done = whole.copy(), 0
    while (done := _subset(extents, chosen, done, known, sizes, whole, added, winner, shared, work)) < k:
        shared = np.concatenate([shared, np.empty_like(shared)], axis=1)
    return chosen


@jit
def _volume(boxes: Array, size: int, work: Array, m: int) -> float:
    """Return the volume of the first boxes, by falling last of m extents; `work` (m, size + 1, m) is overwritten.

    Slices along the last objective: what a box adds to those before reaches through its whole last extent, so one
    objective less is left to measure ("WFG" with its limit sets: While, Bradstreet and Barone, IEEE Trans. Evol.
    Comput. 16(1), 2012). In three objectives a staircase is swept (Beume et al., IEEE Trans. Evol.
    Comput. 13(5), 2009).
    """
    total = 0.0
    if m == 3:
        steps, n_steps, area = work[2], _NONE, 0.0
        for i in range(size):
            n_steps, added = _climb(steps, n_steps, boxes[i, 0], boxes[i, 1])
            area += added
            total += area * (boxes[i, 2] - (boxes[i + 1, 2] if i + 1 < size else 0.0))
        return total
    for i in range(size):
        n_limited, whole = _NONE, 1.0
        for h in range(i - 1, -1, -1):
            n_limited = _limit(work[m - 1], n_limited, boxes[h], boxes[i], m - 1)
        for j in range(m - 1):
            whole *= boxes[i, j]
        total += boxes[i, m - 1] * (whole - _volume(work[m - 1], n_limited, work, m - 1))
    return total


@jit
def _climb(steps: Array, size: int, x: float, y: float) -> tuple[int, float]:
    """Put the box (x, y) on a staircase of falling x and rising y; return its new size and the area added."""
    left, right = 0, size  # the first step with a smaller x
    while left < right:
        middle = (left + right) // 2
        if steps[middle, 0] < x:
            right = middle
        else:
            left = middle + 1
    low = steps[left - 1, 1] if left > 0 else 0.0
    if low >= y:
        return size, 0.0
    area, end, stop = 0.0, x, left
    while stop < size and steps[stop, 1] <= y:  # steps that the box covers
        area += (end - steps[stop, 0]) * (y - low)
        end, low = steps[stop, 0], steps[stop, 1]
        stop += 1
    area += (end - (steps[stop, 0] if stop < size else 0.0)) * (y - low)
    shift = left + 1 - stop
    if shift > 0:
        for k in range(size - 1, stop - 1, -1):
            steps[k + 1, 0], steps[k + 1, 1] = steps[k, 0], steps[k, 1]
    elif shift < 0:
        for k in range(stop, size):
            steps[k + shift, 0], steps[k + shift, 1] = steps[k, 0], steps[k, 1]
    steps[left, 0], steps[left, 1] = x, y
    return size + shift, area


@jit
def _limit(boxes: Array, size: int, one: Array, other: Array, m: int) -> int:
    """Put what two boxes share into a list by falling last extent, unless one there covers it; return its new size.

    Those that it covers go. Only the first m extents count.
    """
    end = boxes.shape[0] - 1  # the last row is not part of the list
    for j in range(m):
        boxes[end, j] = min(one[j], other[j])
    last = boxes[end, m - 1]
    place = k = 0
    while k < size and boxes[k, m - 1] >= last:
        covers = True
        for j in range(m - 1):
            if boxes[k, j] < boxes[end, j]:
                covers = False
                break
        if covers:
            return size
        k += 1
        if boxes[k - 1, m - 1] > last:
            place = k
    kept = place
    for k in range(place, size):
        covered = True
        for j in range(m - 1):
            if boxes[k, j] > boxes[end, j]:
                covered = False
                break
        if not covered:
            if kept < k:
                for j in range(m):
                    boxes[kept, j] = boxes[k, j]
            kept += 1
    for k in range(kept, place, -1):
        for j in range(m):
            boxes[k, j] = boxes[k - 1, j]
    for j in range(m):
        boxes[place, j] = boxes[end, j]
    return kept + 1


@jit
def _subset(
    extents: Array,
    chosen: IntArray,
    done: int,
    known: IntArray,
    sizes: IntArray,
    whole: Array,
    added: Array,
    winner: IntArray,
    shared: Array,
    work: Array,
) -> int:
    """Choose with lazily updated contributions, m >= 3: what a point adds is its box without what it shares.

    `shared` (n, room, m) holds for each point what its box shares with the first `known` of those chosen, a list of
    `sizes` boxes. Where it lacks room, the number of points chosen so far is returned, to be gone on from. The point
    that adds the most is the winner of a knock-out tournament, a heap of indices.
    """
    n, m = extents.shape
    first_leaf = winner.size // 2
    for i in range(n if done == 0 else 0):
        winner[first_leaf + i] = i
        _replay(winner, first_leaf + i, added)
    for c in range(done, chosen.size):
        best = winner[1]
        while known[best] < c and added[best] > 0.0:
            while known[best] < c:
                if sizes[best] + 2 > shared.shape[1]:
                    return c
                other = extents[chosen[known[best]]]
                sizes[best] = _limit(shared[best], sizes[best], other, extents[best], m)
                known[best] += 1
            covered = sizes[best] == 1
            for j in range(m):
                covered = covered and shared[best, 0, j] == extents[best, j]
            rest = 0.0 if covered else max(whole[best] - _volume(shared[best], sizes[best], work, m), _LEAST)
            added[best] = min(added[best], rest)
            _replay(winner, first_leaf + best, added)
            best = winner[1]
        chosen[c] = best
        added[best] = -1.0
        _replay(winner, first_leaf + best, added)
    return chosen.size


@jit
def _replay(winner: IntArray, leaf: int, added: Array) -> None:
    """Replay the games on the way of one leaf up to the root of the tournament; the lower index wins a draw."""
    node = leaf // 2
    while node > 0:
        a, b = winner[2 * node], winner[2 * node + 1]
        winner[node] = a if b < 0 or (a >= 0 and added[a] >= added[b]) else b
        node //= 2


@jit
def _subset_of_two(extents: Array, chosen: IntArray, added: Array, state: IntArray, original: IntArray) -> None:
    """Choose from points by falling first extent: what a point adds is a rectangle between its chosen neighbours.

    `state` is 1 for points taken, 2 for those that added something.
    """
    n, k = extents.shape[0], chosen.size
    for c in range(k):
        best = -1
        for i in range(n):
            if state[i] > 0:
                continue
            if best < 0 or added[i] > added[best] or (added[i] == added[best] and original[i] < original[best]):
                best = i
        chosen[c], state[best] = best, 1
        if added[best] == 0.0:
            continue
        first, stop = best, best + 1  # those between the neighbours chosen for what they added
        while first > 0 and state[first - 1] < 2:
            first -= 1
        while stop < n and state[stop] < 2:
            stop += 1
        state[best] = 2
        low, end = extents[first - 1, 1] if first > 0 else 0.0, extents[stop, 0] if stop < n else 0.0
        for i in range(first, best):
            added[i] = (extents[i, 0] - extents[best, 0]) * max(extents[i, 1] - low, 0.0)
        for i in range(best + 1, stop):
            added[i] = (extents[i, 0] - end) * max(extents[i, 1] - extents[best, 1], 0.0)
