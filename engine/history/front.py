"""The Pareto front of a study, kept up as trials finish."""

from __future__ import annotations

import numpy as np

from ..arrays import BoolArray, FloatArray, IntArray
from ..kernels.dominance import non_dominated
from ..records import TrialState
from .history import History

_ONE_BY_ONE = 8  # new trials up to which each is compared with the front; more are ranked together with it


class Front:
    """The complete feasible trials that no other one dominates. A cache: it can be found again from the history."""

    def __init__(self) -> None:
        self._follow(None)

    def _follow(self, history: History | None) -> None:
        """Begin with no trial of a history."""
        self._history = history
        self._n_seen = 0  # of those that finished
        self._numbers: IntArray = np.empty(0, dtype=np.int64)
        self._losses: FloatArray = np.empty((0, 0 if history is None else len(history.signs)))

    def numbers(self, history: History) -> list[int]:
        """Give the numbers of the trials on the front, in order; hold the history's lock.

        Costs nothing if no trial finished since, and one comparison with the front for each that did. A history that
        takes the place of another, because a trial was corrected, is read from its start.
        """
        if history is not self._history:
            self._follow(history)
        finished = history.finished
        if len(finished) > self._n_seen:
            self._add(finished[self._n_seen :], history)
            self._n_seen = len(finished)
        numbers: list[int] = self._numbers.tolist()
        return numbers

    def _add(self, numbers: IntArray, history: History) -> None:
        is_feasible = ~(history.violation[numbers] > 0)
        numbers = numbers[(history.states[numbers] == TrialState.COMPLETE) & is_feasible]
        losses = history.losses(numbers)
        if len(numbers) > _ONE_BY_ONE:
            self._extend(numbers, losses)
            self._keep(non_dominated(self._losses))
        else:
            for i in range(len(numbers)):
                self._compare(numbers[i : i + 1], losses[i : i + 1])
        self._keep(self._numbers.argsort())

    def _compare(self, number: IntArray, loss: FloatArray) -> None:
        """Put one trial on the front, unless that dominates it."""
        no_worse = np.asarray((self._losses <= loss).all(axis=1))
        no_better = np.asarray((self._losses >= loss).all(axis=1))
        if not (no_worse & ~no_better).any():
            self._keep(no_worse | ~no_better)
            self._extend(number, loss)

    def _extend(self, numbers: IntArray, losses: FloatArray) -> None:
        self._numbers = np.concatenate([self._numbers, numbers])
        self._losses = np.concatenate([self._losses, losses])

    def _keep(self, rows: BoolArray | IntArray) -> None:
        self._numbers, self._losses = self._numbers[rows], self._losses[rows]
