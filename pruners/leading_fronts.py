"""The best non-dominated fronts of a growing set of points, kept up as points come."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from ..engine.arrays import BoolArray, FloatArray, IntArray
from ..engine.history import Growing
from ..engine.kernels.dominance import ranks

_FEW = 32  # new points up to which each is put in its front, instead of ranking all again
_SLACK = 4  # when all are ranked, a share of 1 / _SLACK more than is asked for, for what will be asked next


class LeadingFronts:
    """As many of the best fronts as hold the points that are asked for; those further back are not ranked.

    A new point belongs behind the last front that has a point which dominates it. What it dominates on its own front
    moves one front back, moves others there, and so on: ranks stay what they would be if all were ranked anew.

    Parameters
    ----------
    columns
        The points, one growing array for each objective; less is better, and none is NaN.

    Attributes
    ----------
    fronts : list[IntArray]
        Rows of the points of each front, in any order.
    """

    def __init__(self, columns: Sequence[Growing]) -> None:
        self._columns = columns
        self._rank = Growing(np.int64)  # of those that are on no front it is the number of fronts
        self.fronts: list[IntArray] = []

    def update(self, enough: int) -> list[int]:
        """Take in new points; let the fronts hold at least `enough` points, or all that there are.

        Give the number of points before each front.
        """
        n = self._columns[0].n
        if n - self._rank.n > _FEW:
            self._rank_all(n, enough)
        while self._rank.n < n:
            self._add(self._rank.n)
        if sum(map(len, self.fronts)) < min(enough, n):
            self._rank_all(n, enough)
        return list(accumulate(map(len, self.fronts[:-1]), initial=0)) if self.fronts else []

    def ranks_among(self, chosen: BoolArray) -> list[int]:
        """Give the fronts that have some of the chosen points (n,), from the best on."""
        found: list[int] = np.unique(self._rank.view[chosen & (self._rank.view < len(self.fronts))]).tolist()
        return found

    def rank(self, row: int) -> int:
        """Give the front of a point; the number of fronts if it is on none."""
        return int(self._rank.view[row])

    def values(self, rows: IntArray) -> FloatArray:
        """Give some points (k,): shape (k, n_objectives)."""
        return np.stack([column.view[rows] for column in self._columns], axis=1)

    def _rank_all(self, n: int, enough: int) -> None:
        found = ranks(self.values(np.arange(n)), enough + enough // _SLACK + 1)
        last = found.max(initial=0)
        n_fronts = int(last if np.count_nonzero(found < last) > enough else last + 1)
        self.fronts = [np.flatnonzero(found == rank) for rank in range(n_fronts)]
        self._rank.n = 0
        self._rank.extend(found)

    def _add(self, row: int) -> None:
        point = [column.view[row] for column in self._columns]
        is_no_worse = np.logical_and.reduce([c.view[:row] <= x for c, x in zip(self._columns, point, strict=True)])
        rows = np.flatnonzero(is_no_worse)
        rows = rows[(self.values(rows) < point).any(axis=1)]
        self._rank.append(0)
        rank, moving = int(self._rank.view[rows].max(initial=-1)) + 1, np.array([row])
        for k in range(rank, len(self.fronts)):
            if not len(moving):
                break
            front = self.fronts[k]
            is_beaten = _dominated(self.values(front), self.values(moving))
            self.fronts[k] = np.concatenate([front[~is_beaten], moving])
            self._rank.view[moving] = k
            moving = front[is_beaten]
        self._rank.view[moving] = len(self.fronts)


def _dominated(points: FloatArray, others: FloatArray) -> BoolArray:
    """Tell which points (n, m) are dominated by one of the others (k, m)."""
    no_better = (others[:, np.newaxis] <= points).all(axis=2)
    return np.asarray((no_better & (others[:, np.newaxis] < points).any(axis=2)).any(axis=0))
