"""The best trials of a study of several objectives: whole fronts, and of the next front the points that add most.

Source: Ozaki et al., "Multiobjective Tree-Structured Parzen Estimator", JAIR 73 (2022), section 4.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.history import History
from ...engine.kernels import fronts, loading
from ...engine.kernels.dominance import ranks
from ...engine.kernels.hypervolume import subset
from .evidence import COMPLETE, n_observed
from .model import WANTED_FROM
from .observations import Observations
from .split import Split, by_last_report, by_outcome

MARGIN = 4  # times as many trials are kept as are asked for
FEW = 1500  # trials up to which fronts are peeled off one by one
BEYOND = 1.1  # the reference point, from the best to the worst values of a front
LEAST = 500  # trials from which on some are dropped


class ParetoRanking:
    """Orders trials of several objectives front by front, of which it keeps only the first ones.

    All trials up to a rank, the depth, are kept, and the others are dropped. A dropped trial never comes to have a rank
    of the depth or less, because new trials can only raise ranks. So the trials up to the depth are found among the
    kept ones; where more are asked for, all trials are looked at again.

    Parameters
    ----------
    history
        The study's trials.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._made_for = (-1, -1, -1)
        self._best = np.empty(0, np.int64)
        self._n_read = 0
        self._kept = np.empty(0, np.int64)  # numbers of feasible complete trials, ascending
        self._depth = math.inf  # the rank up to which all are kept
        self._limit = LEAST

    def split(self, observations: Observations, gamma: Callable[[int], int]) -> Split:
        """Split the trials by fronts. Losses of several objectives have no scale."""
        best = self.best(gamma(n_observed(self._history)))
        below = best[observations.has(best)]
        return Split(below, best[:0], np.full(len(below), np.nan))

    def best(self, n: int) -> IntArray:
        """Give the numbers of the `n` best complete and pruned trials."""
        made_for = (self._history.n_finished, self._history.n_pauses, n)
        if made_for != self._made_for:
            self._best, self._made_for = self._find(n), made_for
        return self._best

    def _find(self, n: int) -> IntArray:
        self._read()
        found = self._best_complete(n)
        if len(found) == n:
            return found
        _, pruned, infeasible = by_outcome(self._history)
        rest = [
            pruned[by_last_report(self._history, pruned)],
            infeasible[np.argsort(self._history.violation[infeasible], kind="stable")],
        ]
        return np.concatenate([found, *rest])[:n]

    def _read(self) -> None:
        """Keep the feasible complete trials that finished since."""
        history = self._history
        new = history.finished_since(self._n_read)
        self._n_read += len(new)
        complete = np.array([number for number in new if history.state(number) == COMPLETE], dtype=np.int64)
        if history.is_constrained:
            complete = complete[~(history.violation[complete] > 0)]
        if len(complete):
            self._kept = np.sort(np.concatenate([self._kept, complete]))

    def _best_complete(self, n: int) -> IntArray:
        found, deepest = self._choose(n)
        if deepest > self._depth:
            self._kept, self._depth = by_outcome(self._history)[0], math.inf
            found, _ = self._choose(n)
        if len(self._kept) > self._limit:
            self._drop(MARGIN * n)
        return found

    def _choose(self, n: int) -> tuple[IntArray, float]:
        """Choose among the kept trials; tell the rank of the last one."""
        compiled = self._history.n_complete >= WANTED_FROM and fronts.is_ready()
        chosen, deepest = best_by_fronts(self._history.losses(self._kept), n, compiled)
        return self._kept[chosen], deepest

    def _drop(self, n: int) -> None:
        """Keep the fronts that hold `n` trials together."""
        rank_of = ranks(self._history.losses(self._kept), enough=n)
        if 0 < n < len(rank_of):
            deepest = int(np.partition(rank_of, n - 1)[n - 1])
            self._kept, self._depth = self._kept[rank_of <= deepest], min(self._depth, deepest)
        self._limit = 2 * len(self._kept) + LEAST


def best_by_fronts(losses: FloatArray, n: int, compiled: bool) -> tuple[IntArray, float]:
    """Give the indices of `n` points, front by front, and the rank of the last front.

    Of the last front, those are chosen that add most hypervolume. Where there are no more than `n` points, all are
    given, and the rank is infinite.
    """
    if n >= len(losses):
        return np.arange(len(losses)), math.inf
    if n and len(losses) <= FEW and loading.is_ready(fronts.REHEARSAL):
        return _best_of_few(losses, n)
    rank_of = ranks(losses, enough=n)
    order = np.argsort(rank_of, kind="stable")
    last = rank_of[order[n - 1]] if n else 0
    whole = order[: np.searchsorted(rank_of[order], last)]
    front = np.flatnonzero(rank_of == last)
    chosen = front[_spread(losses[front], n - len(whole), compiled)]
    return np.concatenate([whole, chosen]), float(last)


def _best_of_few(losses: FloatArray, n: int) -> tuple[IntArray, float]:
    """Do the same, with fronts that are peeled off by a kernel."""
    from ...engine.kernels.compiled import first_fronts, subset

    whole, last, rank = first_fronts.first_fronts(losses, n)
    k = n - len(whole)
    if k < len(last):
        last = last[subset.subset(first_fronts.extents(losses[last], BEYOND), k)]
    return np.concatenate([whole, last]), float(rank)


def _spread(front: FloatArray, k: int, compiled: bool) -> IntArray:
    """Choose k points of a front that together dominate most, up to a tenth beyond its worst values."""
    if k >= len(front):
        return np.arange(len(front))
    front = 0.25 * front  # so that nothing overflows
    finite = np.isfinite(front)
    worst = np.where(finite, front, -np.inf).max(axis=0)
    best = np.where(finite, front, np.inf).min(axis=0)
    worst, best = np.where(np.isfinite(worst), worst, 0.0), np.where(np.isfinite(best), best, 0.0)
    span = np.where(worst > best, worst - best, 1.0)
    scaled = (np.clip(front, best - span, worst + span) - best) / span  # the choice does not depend on units
    return subset(scaled, np.full(front.shape[1], BEYOND), k, compiled)
