"""Reported intermediate values of finished trials: one long column for records, one column a step for pruners."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from .columns import Growing
from .distributions import FloatArray

IntArray = npt.NDArray[np.int64]


class StepColumn:
    """The values that finished trials reported at one step.

    Attributes
    ----------
    numbers, values
        Growing arrays of equal length: trial numbers and what they reported.
    """

    __slots__ = ("numbers", "values")

    def __init__(self) -> None:
        self.numbers = Growing(np.int64)
        self.values = Growing(np.float64)


class Reports:
    """All reports of one study's finished trials."""

    def __init__(self) -> None:
        self._steps = Growing(np.int64)
        self._values = Growing(np.float64)
        self._spans: dict[int, tuple[int, int]] = {}
        self._by_step: dict[int, StepColumn] = {}

    def add(self, number: int, reported: Mapping[int, float]) -> None:
        """Add the reports of a trial that finished."""
        start = self._steps.n
        self._steps.extend(list(reported))
        self._values.extend(list(reported.values()))
        self._spans[number] = (start, self._steps.n)
        for step, value in reported.items():
            column = self._by_step.get(step)
            if column is None:
                column = self._by_step[step] = StepColumn()
            column.numbers.append(number)
            column.values.append(value)

    def of(self, number: int) -> dict[int, float]:
        """Give a trial's reports by step, in the order in which they came."""
        start, stop = self._spans.get(number, (0, 0))
        return dict(zip(self._steps.view[start:stop].tolist(), self._values.view[start:stop].tolist(), strict=True))

    def at(self, step: int) -> tuple[IntArray, FloatArray]:
        """Give the numbers of the finished trials that reported at a step and what they reported, shape (k,) each."""
        column = self._by_step.get(step)
        if column is None:
            return np.empty(0, np.int64), np.empty(0)
        return column.numbers.view, column.values.view
