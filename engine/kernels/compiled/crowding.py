"""Numba tier of `kernels.crowding`: one walk along each objective."""

from __future__ import annotations

import numpy as np

from ...arrays import FloatArray, IntArray
from .. import jit
from .dominance import ranks_of_two


@jit
def crowding(values: FloatArray, rank: IntArray) -> FloatArray:
    """Give crowding distances (n,) of points (n, m) among those of their rank; see `kernels.crowding.crowding`."""
    n, m = values.shape
    n_ranks = rank.max() + 1 if n else 0
    total, column, gap = np.zeros(n), np.empty(n), np.empty(n)
    first, last, before = np.empty(n_ranks, np.int64), np.empty(n_ranks, np.int64), np.empty(n_ranks, np.int64)
    for j in range(m):
        least, most = 0.0, 0.0
        for i in range(n):
            column[i] = 0.5 * values[i, j]  # so that no range overflows
            if np.isfinite(column[i]):
                least, most = min(least, column[i]), max(most, column[i])
        for i in range(n):
            column[i] = min(max(column[i], least), most)
        first[:] = -1
        last[:] = -1
        gap[:] = np.inf
        for i in np.argsort(column, kind="mergesort"):
            r = rank[i]
            if first[r] < 0:
                first[r] = i
            elif last[r] != first[r]:
                gap[last[r]] = column[i] - column[before[r]]
            before[r] = last[r]
            last[r] = i
        for i in range(n):
            span = column[last[rank[i]]] - column[first[rank[i]]]
            if span > 0:
                total[i] += gap[i] / span
    return total


@jit
def order_of_two(values: FloatArray) -> IntArray:
    """Order points of two objectives (n, 2), n > 0, without NaN: ranks and all in one call; see `order`."""
    by_second = np.argsort(values[:, 1], kind="mergesort")
    sequence = by_second[np.argsort(values[by_second, 0], kind="mergesort")]
    rank = np.empty(len(values), np.int64)
    ranks_of_two(values[sequence], sequence, rank)
    return order(values, rank)


@jit
def order(values: FloatArray, rank: IntArray) -> IntArray:
    """Order points (n, m), n > 0, by rank, then the less crowded first, then as given."""
    after = np.zeros(rank.max() + 2, np.int64)
    for r in rank:
        after[r + 1] += 1
    for r in range(1, len(after)):
        after[r] += after[r - 1]
    found = np.empty(len(rank), np.int64)
    for i in np.argsort(-crowding(values, rank), kind="mergesort"):
        found[after[rank[i]]] = i
        after[rank[i]] += 1
    return found
