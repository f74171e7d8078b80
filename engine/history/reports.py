"""What trials that finished or paused had reported: one long column for records, one a step for pruners."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray, IntArray
from .columns import Growing, Sorted


class StepColumn:
    """The values that trials reported at one step.

    Attributes
    ----------
    numbers, values
        Growing arrays of equal length: trial numbers and what they reported.
    complete
        What complete trials reported, in ascending order, without NaN.
    n_complete
        Number of complete trials that reported, NaN included.
    """

    __slots__ = ("complete", "n_complete", "numbers", "values")

    def __init__(self) -> None:
        self.numbers = Growing(np.int64)
        self.values = Growing(np.float64)
        self.complete = Sorted()
        self.n_complete = 0


class Reports:
    """All reports of one study's finished and paused trials."""

    def __init__(self) -> None:
        self._steps = Growing(np.int64)
        self._values = Growing(np.float64)
        self._spans: dict[int, list[tuple[int, int]]] = {}  # several for a trial that paused and went on
        self._by_step: dict[int, StepColumn] = {}

    def add(self, number: int, reported: Mapping[int, float]) -> None:
        """Add the reports of a trial that finished or paused; of one that paused before, those that are new."""
        spans = self._spans.setdefault(number, [])
        known = sum(stop - start for start, stop in spans)
        steps, values = list(reported)[known:], list(reported.values())[known:]
        if not steps:
            return
        start = self._steps.n
        self._steps.extend(steps)
        self._values.extend(values)
        spans.append((start, self._steps.n))
        for step, value in zip(steps, values, strict=True):
            column = self._by_step.get(step)
            if column is None:
                column = self._by_step[step] = StepColumn()
            column.numbers.append(number)
            column.values.append(value)

    def complete(self, reported: Mapping[int, float]) -> None:
        """Let the reports of a trial, which were added, count as those of a complete one."""
        for step, value in reported.items():
            column = self._by_step[step]
            column.n_complete += 1
            if value == value:
                column.complete.add(value)

    def fill(self, numbers: IntArray, steps: IntArray, values: FloatArray, is_complete: npt.NDArray[np.bool_]) -> None:
        """Add all reports of a study at once, shape (k,) each, in the order of the trials, those of one together."""
        begin = self._steps.n
        self._steps.extend(steps)
        self._values.extend(values)
        edges = np.flatnonzero(np.concatenate([[True], numbers[1:] != numbers[:-1], [True]])) + begin
        firsts = numbers[edges[:-1] - begin].tolist()
        for number, start, stop in zip(firsts, edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            self._spans[number] = [(start, stop)]
        order = np.argsort(steps, kind="stable")
        for at in np.split(order, np.flatnonzero(np.diff(steps[order])) + 1):
            column = self._by_step.setdefault(int(steps[at[0]]), StepColumn())
            column.numbers.extend(numbers[at])
            column.values.extend(values[at])
            told = values[at][is_complete[at]]
            column.n_complete += len(told)
            column.complete.extend(told[~np.isnan(told)])

    def of(self, number: int) -> dict[int, float]:
        """Give a trial's reports by step, in the order in which they came."""
        steps, values = self._steps.view, self._values.view
        found: dict[int, float] = {}
        for start, stop in self._spans.get(number, ()):
            found.update(zip(steps[start:stop].tolist(), values[start:stop].tolist(), strict=True))
        # One NaN for all, because another one would make dictionaries differ that hold the same.
        return {step: value if value == value else math.nan for step, value in found.items()}

    def at(self, step: int) -> tuple[IntArray, FloatArray]:
        """Give the numbers of the trials that reported at a step and what they reported, shape (k,) each."""
        column = self._by_step.get(step)
        if column is None:
            return np.empty(0, np.int64), np.empty(0)
        return column.numbers.view, column.values.view

    def n_complete(self, step: int) -> int:
        """Count the complete trials that reported at a step, NaN included."""
        column = self._by_step.get(step)
        return 0 if column is None else column.n_complete

    def ranked(self, step: int) -> Sequence[float]:
        """Give what complete trials reported at a step, in ascending order and without NaN; not to be changed."""
        column = self._by_step.get(step)
        return () if column is None else column.complete.values
