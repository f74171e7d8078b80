"""What trials cost, so that cheap ones are preferred at first.

The expected improvement is divided by the predicted cost to a power that falls from 1 to 0 as trials add up: at first
much is learnt from cheap trials, later the best ones count whatever they cost. Lee, Perrone, Archambeau and Seeger,
"Cost-aware Bayesian optimization" (2020), let it fall with the budget that is left; here nobody knows the budget.
"""

from __future__ import annotations

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.history import History

HALVED_AFTER = 30  # trials after which the power is 1/2


def power(n: int) -> float:
    """Give the power of the cost after `n` trials."""
    return HALVED_AFTER / (HALVED_AFTER + n)


class Costs:
    """Reads the costs of trials.

    Parameters
    ----------
    source
        The name of the user attribute that holds a trial's cost, or True for its duration. A duration is measured, so
        that a seed does not repeat a study.
    """

    def __init__(self, source: str | bool) -> None:
        if source is not True and not isinstance(source, str):
            raise TypeError(f"`cost` must be the name of a user attribute, or True for durations, but got {source!r}.")
        self._source = source
        self._known: dict[int, float] = {}

    def log(self, history: History, numbers: IntArray) -> FloatArray:
        """Give the logarithm of what each of some trials (n,) cost; NaN where it is not known, or not positive."""
        costs = np.array([self._cost(history, number) for number in numbers.tolist()], dtype=np.float64)
        return np.log(np.where(costs > 0.0, costs, np.nan))

    def _cost(self, history: History, number: int) -> float:
        if number not in self._known:
            if self._source is True:
                start, end = history.started_at(number), history.completed_at(number)
                found = np.nan if start is None or end is None else (end - start).total_seconds()
            else:
                found = _number(history.user_attr(number, self._source))
            self._known[number] = found
        return self._known[number]


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")
