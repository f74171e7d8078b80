"""The greedy choice of a subset by what each point adds, with lazily updated contributions (Numba)."""

from __future__ import annotations

import numpy as np

from ...arrays import FloatArray, IntArray
from .. import jit
from ..fronts import LEAST, PARTS
from .hypervolume import is_covered, union


def subset(extents: FloatArray, k: int) -> IntArray:
    """Choose k points of (n, m), m >= 2, one by one; see `kernels.hypervolume.subset`."""
    n, m = extents.shape
    chosen, known, sizes = np.empty(k, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    if m == 2:
        order = np.lexsort(-extents.T[::-1])
        _subset_of_two(extents[order], chosen, known, order)
        return np.asarray(order[chosen])
    whole = extents.prod(axis=1)
    winner = np.full(2 << n.bit_length(), -1)
    shared, added, done = np.empty((n, m, 16)), whole.copy(), 0
    while (done := _subset(extents, chosen, done, known, sizes, whole, added, winner, shared)) < k:
        shared = np.concatenate([shared, np.empty_like(shared)], axis=2)
    return chosen


@jit
def _limit(boxes: FloatArray, size: int, one: FloatArray, other: FloatArray) -> int:
    """Put what two boxes share into a list by falling last extent, unless one there covers it; return its new size.

    Those that it covers go.
    """
    m, end = boxes.shape[0], boxes.shape[1] - 1  # the last column is not part of the list
    for j in range(m):
        boxes[j, end] = min(one[j], other[j])
    last = boxes[m - 1, end]
    place = k = 0
    while k < size and boxes[m - 1, k] >= last:
        covers = True
        for j in range(m - 1):
            if boxes[j, k] < boxes[j, end]:
                covers = False
                break
        if covers:
            return size
        k += 1
        if boxes[m - 1, k - 1] > last:
            place = k
    kept = place
    for k in range(place, size):
        covered = True
        for j in range(m - 1):
            if boxes[j, k] > boxes[j, end]:
                covered = False
                break
        if not covered:
            for j in range(m if kept < k else 0):
                boxes[j, kept] = boxes[j, k]
            kept += 1
    for j in range(m):
        for k in range(kept, place, -1):
            boxes[j, k] = boxes[j, k - 1]
        boxes[j, place] = boxes[j, end]
    return kept + 1


@jit
def _subset(
    extents: FloatArray,
    chosen: IntArray,
    done: int,
    known: IntArray,
    sizes: IntArray,
    whole: FloatArray,
    added: FloatArray,
    winner: IntArray,
    shared: FloatArray,
) -> int:
    """Choose with lazily updated contributions, m >= 3: what a point adds is its box without what it shares.

    `shared` (n, m, room) holds for each point what its box shares with the first `known` of those chosen, a list of
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
                if sizes[best] + 2 > shared.shape[2]:
                    return c
                other = extents[chosen[known[best]]]
                sizes[best] = _limit(shared[best], sizes[best], other, extents[best])
                known[best] += 1
            covered = is_covered(shared[best], sizes[best], extents[best])
            rest = np.rint((whole[best] - union(shared[best], sizes[best], m)) * PARTS) / PARTS
            added[best] = min(added[best], 0.0 if covered else max(rest, LEAST))
            _replay(winner, first_leaf + best, added)
            best = winner[1]
        chosen[c] = best
        added[best] = -1.0
        _replay(winner, first_leaf + best, added)
    return chosen.size


@jit
def _replay(winner: IntArray, leaf: int, added: FloatArray) -> None:
    """Replay the games on the way of one leaf up to the root of the tournament; the lower index wins a draw."""
    node = leaf // 2
    while node > 0:
        a, b = winner[2 * node], winner[2 * node + 1]
        winner[node] = a if b < 0 or (a >= 0 and added[a] >= added[b]) else b
        node //= 2


@jit
def _subset_of_two(extents: FloatArray, chosen: IntArray, state: IntArray, original: IntArray) -> None:
    """Choose from points by falling first extent: what a point adds is a rectangle between its chosen neighbours.

    `state` is 1 for points taken, 2 for those that added something.
    """
    n, k = extents.shape[0], chosen.size
    added = extents[:, 0] * extents[:, 1]
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
