"""Numba tier of `kernels.dominance`: sweeps over different points in an order in which only earlier ones dominate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import jit

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_BLOCK = 1024  # points whose sets of earlier ones are held at a time: 128 bytes for each point


def ranks(points: Array, counts: IntArray, enough: int) -> IntArray:
    """Rank different points (n, m) in lexicographic order; see `kernels.dominance.ranks`."""
    n, m = points.shape
    if m == 1:
        out = np.arange(n)
    elif m == 2:
        out = _ranks_of_two(np.ascontiguousarray(points[:, 1]))
    elif m == 3:
        place = _places(points[:, 1], np.argsort(points[:, 1]))
        out = _ranks_of_three(place, np.ascontiguousarray(points[:, 2]), counts, enough, n.bit_length())
    else:
        out = _by_sets(points)
    found = np.bincount(out, weights=counts).cumsum()
    last = int(np.searchsorted(found, enough)) + 1  # the first rank that need not be told apart
    return np.asarray(np.minimum(out, last))


def _places(column: Array, order: IntArray) -> IntArray:
    """Return where each value stands among the different ones, 0 for the least."""
    ordered = column[order]
    out = np.zeros(len(order), dtype=np.int64)
    out[order[1:]] = np.cumsum(ordered[1:] != ordered[:-1])
    return out


def _by_sets(points: Array) -> IntArray:
    """Rank in the order of the sums of places.

    There, a point comes after those that dominate it, and those of the highest ranks among them are met first on the
    way back.
    """
    n, m = points.shape
    order = np.array([np.argsort(points[:, j]) for j in range(m)])
    place = np.array([_places(points[:, j], order[j]) for j in range(m)])
    turn = np.argsort(place.sum(axis=0))
    back = np.empty(n, dtype=np.int64)
    back[turn] = np.arange(n)
    return _ranks_of_many(back[order], place[:, turn], np.empty((min(n, _BLOCK), n // 64 + 1), np.uint64))[back]


@jit
def beaten(values: Array, pivots: Array) -> BoolArray:
    """Tell which points (n, m) some pivot (p, m) dominates."""
    n, m = values.shape
    out = np.zeros(n, np.bool_)
    for i in range(n):
        for k in range(pivots.shape[0]):
            better = worse = False
            for j in range(m):
                better = better or pivots[k, j] < values[i, j]
                worse = worse or pivots[k, j] > values[i, j]
            if better and not worse:
                out[i] = True
                break
    return out


@jit
def _ranks_of_two(y: Array) -> IntArray:
    """Rank by a sweep along the first objective in O(n log n).

    The smallest second objective of each front so far rises with the front's rank; a point goes to the first front
    where it is larger than the point's own (Jensen, IEEE Trans. Evol. Comput. 7(5), 2003, section III).
    """
    n = y.size
    out, lowest, n_fronts = np.zeros(n, np.int64), np.empty(n), 0
    for i in range(n):
        left, right = 0, n_fronts
        while left < right:
            middle = (left + right) // 2
            if lowest[middle] > y[i]:
                right = middle
            else:
                left = middle + 1
        out[i] = left
        lowest[left] = y[i]
        n_fronts = max(n_fronts, left + 1)
    return out


@jit
def _ranks_of_three(place: IntArray, z: Array, counts: IntArray, enough: int, bits: int) -> IntArray:
    """Rank by a sweep along the first objective in O(n log^2 n).

    Each front so far is a binary trie over the places of the second objective that holds the least third objective
    below each node: whether a point of no greater place has no greater z is answered on one way down. The first front
    without such a point is found by binary search (Zhang et al., IEEE Trans. Evol. Comput. 19(2), 2015, "ENS-BS").
    A front beyond those that hold `enough` points is not kept.
    """
    n = z.size
    out, found = np.zeros(n, np.int64), np.zeros(n + 1, np.int64)
    root, n_fronts, limit, inside, n_nodes = np.zeros(n + 1, np.int64), 0, n, 0, 1
    child, lowest = np.zeros((n * (bits + 1) + 1, 2), np.int32), np.empty(n * (bits + 1) + 1)
    for i in range(n):
        left, right = 0, min(n_fronts, limit)
        while left < right:
            middle = (left + right) // 2
            node, dominated = root[middle], False
            for b in range(bits - 1, -1, -1):
                if lowest[node] > z[i]:
                    break
                side = (place[i] >> b) & 1
                smaller = child[node, 0]
                if side == 1 and smaller > 0 and lowest[smaller] <= z[i]:
                    dominated = True
                    break
                node = child[node, side]
                if node == 0:
                    break
                dominated = b == 0 and lowest[node] <= z[i]
            if dominated:
                left = middle + 1
            else:
                right = middle
        out[i] = left
        if left >= limit:
            continue
        if left == n_fronts:
            n_fronts += 1
            root[left] = n_nodes
            lowest[n_nodes] = z[i]
            n_nodes += 1
        node = root[left]
        lowest[node] = min(lowest[node], z[i])
        for b in range(bits - 1, -1, -1):
            side = (place[i] >> b) & 1
            if child[node, side] == 0:
                child[node, side] = n_nodes
                lowest[n_nodes] = z[i]
                n_nodes += 1
            node = child[node, side]
            lowest[node] = min(lowest[node], z[i])
        found[left] += counts[i]
        inside += counts[i]
        if inside >= enough:
            limit = min(limit, n_fronts)
            while inside - found[limit - 1] >= enough:
                limit -= 1
                inside -= found[limit]
    return out


@jit
def _ranks_of_many(order: IntArray, place: IntArray, sets: npt.NDArray[np.uint64]) -> IntArray:
    """Rank by the sets of those that dominate each point, as bits: O(m n^2 / 64) to find them.

    In each objective, the points no worse than the p-th are those met up to p in its order; the points that dominate
    it are no worse in all (Moreno et al., "Merge nondominated sorting", IEEE Trans. Cybern. 51(12), 2021).
    The rank is one more than the highest among theirs. `order` and `place` (m, n) say which point comes when in each
    objective; `sets` is room for the sets of a block of points.
    """
    n_columns, n = order.shape
    size = sets.shape[0]
    one, none, last_byte = np.uint64(1), np.uint64(0), np.uint64(255)
    met = np.empty(sets.shape[1], np.uint64)
    out = np.zeros(n, np.int64)
    highest = np.full(sets.shape[1], -1)  # rank among each word's points
    before = highest.copy()  # and among those of this and all earlier words
    for start in range(0, n, size):
        stop = min(n, start + size)
        for j in range(n_columns):
            met[:] = none
            a = 0
            while a < n:
                b = a
                while b < n and place[j, order[j, b]] == place[j, order[j, a]]:
                    i = order[j, b]
                    met[i >> 6] |= one << np.uint64(i & 63)
                    b += 1
                for c in range(a, b):
                    i = order[j, c]
                    if start <= i < stop:
                        if j == 0:
                            for w in range((i >> 6) + 1):
                                sets[i - start, w] = met[w]
                        else:
                            for w in range((i >> 6) + 1):
                                sets[i - start, w] &= met[w]
                a = b
        for i in range(start, stop):
            word = i >> 6
            if i & 63 == 0 and word > 0:
                before[word] = before[word - 1]
            sets[i - start, word] &= (one << np.uint64(i & 63)) - one  # none but earlier points
            best = -1
            for w in range(word, -1, -1):
                if before[w] <= best:
                    break
                left = sets[i - start, w]
                if left == none or highest[w] <= best:
                    continue
                h = w << 6
                while left != none:
                    if left & last_byte == none:
                        left >>= np.uint64(8)
                        h += 8
                        continue
                    if left & one != none:
                        best = max(best, out[h])
                    left >>= one
                    h += 1
            out[i] = best + 1
            highest[word] = max(highest[word], best + 1)
            before[word] = max(before[word], best + 1)
    return out
