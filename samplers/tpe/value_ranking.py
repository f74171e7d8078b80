"""Trials of one objective by their values, kept up as trials finish."""

from __future__ import annotations

import bisect
from array import array
from collections.abc import Callable
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.history import History
from .coreset import N_BEST
from .evidence import COMPLETE, PRUNED
from .observations import Observations
from .split import Split, by_last_report, by_outcome

_FEW = 300  # newly finished trials up to which each is inserted, instead of sorting all again


class ValueRanking:
    """Orders complete and pruned trials of one objective; a trial that finished since is inserted in O(log n).

    Feasible complete trials come first, by value. Feasible pruned ones follow: those that got further come before the
    others, and of equal steps those of the lower last report. Trials that violate constraints come last, by how much.

    Parameters
    ----------
    history
        The study's trials.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._sign = history.signs[0]
        self._seen = 0
        # Complete trials by loss, pruned ones by step and report, infeasible ones by violation.
        self._complete, self._pruned, self._infeasible = (
            SortedByKey(array("d")),
            SortedByKey([]),
            SortedByKey(array("d")),
        )

    def split(self, observations: Observations, gamma: Callable[[int], int]) -> Split:
        """Split the trials by value."""
        n_below = gamma(observations.n)
        if observations.n == self.update():
            order = self.order(n_below + N_BEST)
        else:
            order = self.order()
            order = order[observations.has(order)][: n_below + N_BEST]
        below, best_above = order[:n_below], order[n_below:]
        return Split(below, best_above, self._losses(order[: n_below + 1], len(below)))

    def _losses(self, numbers: IntArray, n_below: int) -> FloatArray:
        """Give the losses of some trials, NaN if the worst one below, the last of `n_below`, has none that counts."""
        history = self._history
        if n_below:
            worst = numbers[n_below - 1]
            if history.states[worst] != COMPLETE or history.violation[worst] > 0:
                return np.full(len(numbers), np.nan)
        return history.losses(numbers)[:, 0]

    def update(self) -> int:
        """Bring in the trials that finished since; return the number of complete and pruned trials."""
        new = self._history.finished[self._seen :]
        self._seen += len(new)
        if len(new) > _FEW:
            self._sort()
        else:
            for number in new.tolist():
                self._insert(number)
        return len(self._complete.numbers) + len(self._pruned.numbers) + len(self._infeasible.numbers)

    def order(self, n: int | None = None) -> IntArray:
        """Give the numbers of the best `n` trials, from best to worst; None: of all."""
        numbers = self._complete.numbers[:n]
        for others in (self._pruned.numbers, self._infeasible.numbers):
            if n is None or len(numbers) < n:
                numbers += others[: None if n is None else n - len(numbers)]
        return np.array(numbers, dtype=np.int64)

    def _insert(self, number: int) -> None:
        history = self._history
        state = history.states[number]
        if history.violation[number] > 0 and state in (COMPLETE, PRUNED):
            self._infeasible.insert(float(history.violation[number]), number)
        elif state == COMPLETE:
            self._complete.insert(self._sign * float(history.values[number, 0]), number)
        elif state == PRUNED:
            self._pruned.insert(self._progress(number), number)

    def _progress(self, number: int) -> tuple[float, float]:
        """Give what pruned trials are sorted by: how far they got, and what they reported there."""
        value = self._sign * float(self._history.last_value[number])
        return -float(self._history.last_step[number]), np.inf if np.isnan(value) else value

    def _sort(self) -> None:
        """Sort all trials from scratch."""
        history = self._history
        complete, pruned, infeasible = by_outcome(history)
        loss, violation = self._sign * history.values[complete, 0], history.violation[infeasible]
        best_first, least_first = np.argsort(loss, kind="stable"), np.argsort(violation, kind="stable")
        self._complete.replace(loss[best_first], complete[best_first])
        self._infeasible.replace(violation[least_first], infeasible[least_first])
        pruned = pruned[by_last_report(history, pruned)]
        self._pruned.replace([self._progress(number) for number in pruned.tolist()], pruned)


class SortedByKey:
    """Trial numbers sorted by a key and, where keys are equal, by themselves.

    Parameters
    ----------
    keys
        An empty list or array to hold the keys.

    Attributes
    ----------
    numbers : array
        The numbers in order.
    """

    def __init__(self, keys: Any) -> None:
        self._keys = keys
        self.numbers = array("q")

    def insert(self, key: Any, number: int) -> None:
        """Add a number."""
        equal = bisect.bisect_left(self._keys, key), bisect.bisect_right(self._keys, key)
        position = bisect.bisect_left(self.numbers, number, *equal)
        self._keys.insert(position, key)
        self.numbers.insert(position, number)

    def replace(self, keys: Any, numbers: IntArray) -> None:
        """Take other numbers, sorted, and their keys."""
        del self._keys[:], self.numbers[:]
        if isinstance(keys, np.ndarray):
            self._keys.frombytes(keys.tobytes())
        else:
            self._keys.extend(keys)
        self.numbers.frombytes(numbers.tobytes())
