"""Which trials a Gaussian process learns from, and their losses on one scale.

All that is taken from a history depends on the trials that had finished at some moment, and not on when it is asked
for: a fit for the first n trials is the same in the process that made it then and in one that resumes the study.
"""

from __future__ import annotations

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.history import History
from ...engine.history.columns import Growing, grown
from ...engine.history.trial_columns import NO_TIME
from ...engine.records import TrialState
from ..tpe.evidence import COMPLETE, gather
from ..tpe.fidelity import Fidelity
from .coordinates import Coordinates

_FAIL = int(TrialState.FAIL)
_FIRST = 64  # rows for which there is room at first
LIMIT = 250  # trials that are modelled at most
FITTED = 150  # trials to which the parameters are fitted at most: a fit costs O(n^3) some twenty times
FEWER = 150  # of those that did not fail, beside the newest of those that did, where failures are modelled


class Rows:
    """Trials and their coordinates, growing at the end: numbers (n,), u (n, d), and which of them failed (n,)."""

    def __init__(self, d: int) -> None:
        self._numbers, self._failed = Growing(np.int64), Growing(np.bool_)
        self._u = np.empty((_FIRST, d))

    def extend(self, numbers: IntArray, u: FloatArray, failed: BoolArray) -> None:
        """Add trials."""
        begin, end = self._numbers.n, self._numbers.n + len(numbers)
        if end > len(self._u):
            self._u = grown(self._u, max(2 * len(self._u), end), np.nan)
        self._u[begin:end] = u
        self._numbers.extend(numbers)
        self._failed.extend(failed)

    @property
    def numbers(self) -> IntArray:
        """Their numbers."""
        return self._numbers.view

    @property
    def u(self) -> FloatArray:
        """Their coordinates, NaN where a trial lacks a parameter."""
        return self._u[: self._numbers.n]

    @property
    def failed(self) -> BoolArray:
        """Which of them failed."""
        return self._failed.view


class Ended:
    """The trials that ended and have any of the parameters, in the order of their ends.

    By the times of their ends: a process that reads a stored study gets to know them by their numbers. Those that ended
    since are read and appended; where one of them ended before others that are known already, all are read again.

    Parameters
    ----------
    coordinates
        The parameters.

    Attributes
    ----------
    every : Rows
        All of them.
    fine : Rows
        Those to learn the objectives from: all but the failed ones, and with several objectives the complete ones.
    """

    def __init__(self, coordinates: Coordinates) -> None:
        self._coordinates = coordinates
        self._begin()

    def _begin(self) -> None:
        self.every, self.fine = Rows(self._coordinates.d), Rows(self._coordinates.d)
        self._seen, self._last = 0, NO_TIME

    def update(self, history: History) -> None:
        """Read the trials that ended since."""
        new = history.finished[self._seen :]
        if not len(new):
            return
        ends = history.completed[new]
        if ends.min() <= self._last:
            self._begin()
            new = history.finished
            ends = history.completed[new]
        self._seen, self._last = len(history.finished), int(ends.max())
        numbers = new[np.lexsort([new, ends])]
        u, known = self._coordinates.read(history, numbers)
        known &= ~np.isnan(u).all(axis=1)
        numbers, u, state = numbers[known], u[known], history.states[numbers[known]]
        self.every.extend(numbers, u, state == _FAIL)
        # Reports of pruned trials are of one objective.
        fine = state != _FAIL if len(history.directions) == 1 else state == COMPLETE
        self.fine.extend(numbers[fine], u[fine], np.zeros(int(np.count_nonzero(fine)), dtype=bool))


def losses(history: History, numbers: IntArray, rule: Fidelity, d: int) -> FloatArray:
    """Give the losses (n,) of trials on one scale; those of pruned ones by the rule, inf where it gives none."""
    found = history.losses(numbers)[:, 0]
    if (history.states[numbers] == COMPLETE).all():
        return found
    among: BoolArray = np.zeros(history.n, dtype=bool)
    among[numbers] = True
    known, evidence = gather(history, among)
    assessment = rule(evidence, d)
    by_number = np.full(history.n, np.inf)
    by_number[known[assessment.order]] = assessment.loss
    return np.where(history.states[numbers] == COMPLETE, found, by_number[numbers])


def rank_sums(losses: FloatArray) -> FloatArray:
    """Give the sum over m objectives of the ranks of each trial, shape (n,), given losses (n, m)."""
    return np.asarray(
        np.argsort(np.argsort(losses, axis=0, kind="stable"), axis=0, kind="stable").sum(axis=1), dtype=np.float64
    )


def chosen(losses: FloatArray, limit: int = LIMIT) -> IntArray:
    """Choose at most `limit` of n trials, oldest first: the best, the newest, and of the others some, evenly."""
    n = len(losses)
    if n <= limit:
        return np.arange(n)
    is_chosen = np.zeros(n, dtype=bool)
    is_chosen[np.argpartition(losses, limit // 2)[: limit // 2]] = True
    is_chosen[-(limit // 4) :] = True
    rest = np.flatnonzero(~is_chosen)
    n_more = limit - int(is_chosen.sum())
    is_chosen[rest[((np.arange(n_more) + 0.5) * len(rest) / n_more).astype(np.int64)]] = True
    return np.flatnonzero(is_chosen)


def squashed(values: FloatArray) -> tuple[FloatArray, float]:
    """Bring constraint values (n,) to a scale on which those near 0 count; give what 0 becomes, too.

    sign(c) log(1 + |c| / median |c|), standardised. Values that are not finite count as the largest ones.
    """
    size = np.abs(values)
    unit = float(np.median(size[np.isfinite(size)])) if np.isfinite(size).any() else 1.0
    found = np.sign(values) * np.log1p(np.minimum(size / (unit or 1.0), 1e6))
    return standardised(np.where(np.isnan(found), np.nanmax(np.append(found, 1.0)), found))


def standardised(values: FloatArray) -> tuple[FloatArray, float]:
    """Shift and scale values (n,) to mean 0 and deviation 1; give what 0 becomes, too."""
    mean, deviation = float(values.mean()), float(values.std()) or 1.0
    return (values - mean) / deviation, -mean / deviation
