"""Numba tier of `kernels.hypervolume`, on extents: how far each point stays below the reference, 0 or more.

A point dominates the box of its extents, and two points together dominate the box of the smaller of their extents.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import jit

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Unlike 0, 1 and 2 no literals, for each of which Numba would compile what is called once more.
_NONE, _ONE, _TWO = np.int64(0), np.int64(1), np.int64(2)
_LEAST = 5e-324  # what a point adds that no chosen one dominates, should rounding leave nothing


def below(points: Array, reference: Array) -> tuple[Array, Array]:
    """Return the extents (k, m) of the points (n, m) that are inside, and the largest (m,); NaN there if one is met."""
    extents, highest = np.empty(points.shape), np.zeros(reference.size)
    # Copies, since Numba would compile once more for arrays that cannot be written, and for every other layout.
    size = _below(np.array(points, dtype=np.float64), np.array(reference, dtype=np.float64), extents, highest)
    return extents[:size], highest


def volume(extents: Array) -> float:
    """Return the volume of the union of boxes (n, m), m >= 2."""
    n, m = extents.shape
    boxes = extents.take((-extents[:, -1]).argsort(), axis=0)
    return float(_volume(boxes, n, _work(n, m), m))


def _work(n: int, m: int) -> Array:
    """Give room for what is limited on the way down from m objectives to four."""
    return np.empty((m, n + 1, m))


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
    shared, work = np.empty((n, 16, m)), _work(k, m)
    added, done = whole.copy(), 0
    while (done := _subset(extents, chosen, done, known, sizes, whole, added, winner, shared, work)) < k:
        shared = np.concatenate([shared, np.empty_like(shared)], axis=1)
    return chosen


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
def _volume(boxes: Array, size: int, work: Array, m: int) -> float:
    """Return the volume of the first boxes, by falling last of m extents; `work` is overwritten, see `_work`.

    Slices along the last objective: what a box adds to those before reaches through its whole last extent, so one
    objective less is left to measure ("WFG" with its limit sets: While, Bradstreet and Barone, IEEE Trans. Evol.
    Comput. 16(1), 2012).
    """
    if m == 2:
        return _area(boxes, size)
    if m == 3:
        return _volume_of_three(boxes, size)
    if m == 4:
        return _volume_of_four(boxes, size)
    total = 0.0
    for i in range(size):
        n_limited, whole = _NONE, 1.0
        for h in range(i - 1, -1, -1):
            n_limited = _limit(work[m - 1], n_limited, boxes[h], boxes[i], m - 1)
        for j in range(m - 1):
            whole *= boxes[i, j]
        total += boxes[i, m - 1] * (whole - _volume(work[m - 1], n_limited, work, m - 1))
    return total


@jit
def _area(boxes: Array, size: int) -> float:
    """Return the area of boxes by falling second extent."""
    total = widest = 0.0
    for i in range(size):
        if boxes[i, 0] > widest:
            total += (boxes[i, 0] - widest) * boxes[i, 1]
            widest = boxes[i, 0]
    return total


@jit
def _volume_of_three(boxes: Array, size: int) -> float:
    """Return the volume of boxes by falling third extent: a staircase is swept.

    Source: Beume et al., IEEE Trans. Evol. Comput. 13(5), 2009.
    """
    steps, n_steps, total, area = np.empty((2, size + 2)), _ONE, 0.0, 0.0
    steps[0, 0], steps[1, 0], steps[0, 1], steps[1, 1] = np.inf, 0.0, 0.0, np.inf
    for i in range(size):
        n_steps, added = _climb(steps, n_steps, boxes[i, 0], boxes[i, 1])
        area += added
        total += area * (boxes[i, 2] - (boxes[i + 1, 2] if i + 1 < size else 0.0))
    return total


@jit
def _volume_of_four(boxes: Array, size: int) -> float:
    """Return the volume of boxes by falling fourth extent.

    Those of the boxes so far that no other covers in the first three extents are kept by falling third; what the next
    one adds to them there reaches through its whole fourth extent (the sweep of "HV4D": Guerreiro, Fonseca and
    Emmerich, "A fast dimension-sweep algorithm for the hypervolume indicator in four dimensions", CCCG 2012).
    """
    front, steps, n_front, total = np.empty((3, size)), np.empty((2, size + 4)), _NONE, 0.0
    for i in range(size):
        x, y, z = boxes[i, 0], boxes[i, 1], boxes[i, 2]
        place = _reaching(front[2], n_front, z)
        added = _exclusive(front, n_front, place, x, y, z, steps)
        if added > 0.0:
            total += added * boxes[i, 3]
            n_front = _put(front, n_front, x, y, z)
    return total


@jit
def _reaching(falling: Array, length: int, least: float) -> int:
    """Count the first values of a falling sequence that are at least so large."""
    start = 0
    while length > 0:
        half = length // 2
        start, length = (start, half) if falling[start + half] < least else (start + half + 1, length - half - 1)
    return start


@jit
def _exclusive(boxes: Array, size: int, n_above: int, x: float, y: float, z: float, steps: Array) -> float:
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
                return volume
            if a >= x:
                a, low = x, b
            elif b >= y:
                b, left = y, a
        n_steps, added = _climb(steps, n_steps, a, b)
        area -= added
    return volume + area * top


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
