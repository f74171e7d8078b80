"""Numba tier of `kernels.dominance`: sweeps over points in an order in which only earlier ones dominate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...arrays import BoolArray, FloatArray, IntArray
from .. import jit

_BLOCK = 1024  # points whose sets of earlier ones are held at a time: 128 bytes for each point
_SHIFTS = 64  # steps moved for each point, on average, at which staircases are given up
_SWAPS = 2  # places moved for each point, on average, at which sorting ties by insertion is given up


def ranks(values: FloatArray, enough: int) -> IntArray:
    """Rank the points (n, m); those beyond the front that reaches `enough` may get any higher rank."""
    n, m = values.shape
    if m == 1:
        return _places(values[:, 0], np.argsort(values[:, 0]))
    order, points, is_unique = _lexicographic(values)
    out = np.empty(n, dtype=np.int64)
    if m == 2:
        ranks_of_two(points, order, out)
    elif m > 3 or not _ranks_of_three(points, order, enough, out):
        out[order] = _by_sets(points) if is_unique else _by_sets_of_equals(points)
    return out


def _lexicographic(values: FloatArray) -> tuple[IntArray, FloatArray, bool]:
    """Order points by the first objective, where that is equal by the second, and so on; say if it never is."""
    order = values[:, 0].argsort()
    points = values.take(order, axis=0)
    if not (points[1:, 0] == points[:-1, 0]).any():
        return order, points, True
    if not _ties_sorted(values, order):
        order = _sorted_again(values, np.array([order, *(column.argsort() for column in values.T[1:])]))
    return order, values.take(order, axis=0), False


@jit
def _ties_sorted(values: FloatArray, order: IntArray) -> bool:
    """Make an order by the first objective lexicographic by insertion; False if that would take too long."""
    left = _SWAPS * 64
    for a in range(1, order.size):
        i, k = order[a], a
        while k > 0 and _is_less(values, i, order[k - 1]):
            order[k] = order[k - 1]
            k -= 1
        order[k] = i
        left += _SWAPS - (a - k)
        if left < 0:
            return False
    return True


@jit
def _is_less(values: FloatArray, i: int, k: int) -> bool:
    """Tell if one point comes before another in lexicographic order."""
    for j in range(values.shape[1]):
        if values[i, j] != values[k, j]:
            return bool(values[i, j] < values[k, j])
    return False


@jit
def _sorted_again(values: FloatArray, orders: IntArray) -> IntArray:
    """Make the lexicographic order of points (n, m) of their orders by each objective (m, n).

    From the last objective on, each point goes to the next free place among those of equal value in the one before.
    (Equal values in an order may come in any turn, which NumPy finds in half the time of a stable one.)
    """
    m, n = orders.shape
    order: IntArray = orders[m - 1].copy()
    out, begin, free = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    for j in range(m - 2, -1, -1):
        first = 0
        for a in range(n):
            i = orders[j, a]
            if a == 0 or values[i, j] != values[orders[j, a - 1], j]:
                first = free[a] = a
            begin[i] = first
        for i in order:
            out[free[begin[i]]] = i
            free[begin[i]] += 1
        order, out = out, order
    return order


def _by_sets_of_equals(points: FloatArray) -> IntArray:
    """Rank points in lexicographic order, where equal ones are neighbours: one of them stands for all."""
    is_first = np.ones(len(points), dtype=bool)
    is_first[1:] = (points[1:] != points[:-1]).any(axis=1)
    return np.asarray(_by_sets(points[is_first])[np.cumsum(is_first) - 1])


def _places(column: FloatArray, order: IntArray) -> IntArray:
    """Return where each value stands among the different ones, 0 for the least."""
    ordered = column[order]
    out = np.zeros(len(order), dtype=np.int64)
    out[order[1:]] = np.cumsum(ordered[1:] != ordered[:-1])
    return out


def _by_sets(points: FloatArray) -> IntArray:
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
    return _ranks_of_many(back[order], place.take(turn, axis=1), np.empty((min(n, _BLOCK), n // 64 + 1), np.uint64))[
        back
    ]


@jit
def beaten(values: FloatArray, pivots: FloatArray) -> BoolArray:
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
def ranks_of_two(points: FloatArray, order: IntArray, out: IntArray) -> None:
    """Rank points in lexicographic order in O(n log n).

    The smallest second objective of each front so far rises with the front's rank; a point goes to the first front
    where it is larger than the point's own (Jensen, IEEE Trans. Evol. Comput. 7(5), 2003, section III).
    """
    n = order.size
    lowest, n_fronts, rank = np.empty(n), 0, 0
    for i in range(n):
        y = points[i, 1]
        if i == 0 or y != points[i - 1, 1] or points[i, 0] != points[i - 1, 0]:
            rank, length = 0, n_fronts
            while length > 1:
                half = length // 2
                rank = rank + half if lowest[rank + half - 1] <= y else rank
                length -= half
            rank += lowest[rank] <= y and length > 0
            lowest[rank] = y
            n_fronts = max(n_fronts, rank + 1)
        out[order[i]] = rank


@jit
def _ranks_of_three(points: FloatArray, order: IntArray, enough: int, out: IntArray) -> bool:
    """Rank points in lexicographic order; False if that would take too long.

    Each front so far is a staircase: its points that none of it dominates in the last two objectives, by rising second
    and so by falling third. The first front whose staircase does not dominate a point is found by binary search
    (Zhang et al., IEEE Trans. Evol. Comput. 19(2), 2015, "ENS-BS"). A staircase has few steps unless the last two
    objectives are in perfect conflict; then steps are moved up so often that we give up. A front beyond those that hold
    `enough` points is not kept.
    """
    n = order.size
    begin, size, room, found = np.zeros((4, n), np.int64)
    steps, used = np.empty((8 * n, 2)), 0  # all staircases, one after the other; one that outgrows its room moves
    n_fronts, limit, inside, rank, moves = 0, n, 0, 0, _SHIFTS * n
    for i in range(n):
        a, b = points[i, 1], points[i, 2]
        if i == 0 or b != points[i - 1, 2] or a != points[i - 1, 1] or points[i, 0] != points[i - 1, 0]:
            left, right = 0, min(n_fronts, limit)
            rank, at = right, 0
            while left < right:
                middle = (left + right) // 2
                place = _steps_up_to(steps, begin[middle], size[middle], a)
                if place > begin[middle] and steps[place - 1, 1] <= b:
                    left = middle + 1
                else:
                    rank = right = middle
                    at = place
            rank = left
            if rank < limit:
                if rank == n_fronts:
                    begin[rank], size[rank], room[rank], found[rank] = used, 0, 4, 0
                    at = used
                    used += 4
                    n_fronts += 1
                stop, end = at, begin[rank] + size[rank]
                while stop < end and steps[stop, 1] >= b:  # steps that the point covers
                    stop += 1
                if at > begin[rank] and steps[at - 1, 0] == a:
                    at -= 1  # of the same second and a larger third
                if size[rank] == room[rank] and stop == at:
                    for k in range(size[rank]):
                        steps[used + k, 0], steps[used + k, 1] = steps[begin[rank] + k, 0], steps[begin[rank] + k, 1]
                    shift = used - begin[rank]
                    begin[rank], room[rank] = used, 2 * room[rank]
                    used += room[rank]
                    at, stop, end = at + shift, stop + shift, end + shift
                if stop == at:
                    for k in range(end, at, -1):
                        steps[k, 0], steps[k, 1] = steps[k - 1, 0], steps[k - 1, 1]
                elif stop > at + 1:
                    for k in range(stop, end):
                        steps[k + at + 1 - stop, 0], steps[k + at + 1 - stop, 1] = steps[k, 0], steps[k, 1]
                steps[at, 0], steps[at, 1] = a, b
                size[rank] += at + 1 - stop
                moves -= end - stop
                if moves < 0:
                    return False
        out[order[i]] = rank
        if rank < limit:
            found[rank] += 1
            inside += 1
            if inside >= enough:
                limit = min(limit, n_fronts)
                while inside - found[limit - 1] >= enough:
                    limit -= 1
                    inside -= found[limit]
    return True


@jit
def _steps_up_to(steps: FloatArray, start: int, length: int, a: float) -> int:
    """Return where the steps of one staircase end that are no larger than `a`."""
    while length > 0:
        half = length // 2
        start, length = (start, half) if steps[start + half, 0] > a else (start + half + 1, length - half - 1)
    return start


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
