"""The learning curve of a running trial: its reports in order of steps, and what pruners ask of them all the time."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Mapping
from itertools import islice


class Curve:
    """Reports by step, kept up as they come in: a look costs nothing that grows with their number.

    Parameters
    ----------
    reported
        Reports by step, in the order in which they came; the curve follows this object.

    Attributes
    ----------
    reported : Mapping[int, float]
        The object that is followed.
    steps : list[int]
        Steps, ascending.
    values : list[float]
        What was reported at each of them.
    lowest, highest : float
        Extremes of the values that are not NaN; NaN if there are none.
    """

    __slots__ = ("_n", "_newest", "highest", "lowest", "reported", "steps", "values")

    def __init__(self, reported: Mapping[int, float]) -> None:
        self.reported = reported
        self._clear()
        self.catch_up()

    def _clear(self) -> None:
        self.steps: list[int] = []
        self.values: list[float] = []
        self.lowest = self.highest = math.nan
        self._n = 0
        self._newest = -1  # the step that came in last, which need not be the largest

    def catch_up(self) -> None:
        """Take in what was reported since; all of it if that is not all that changed."""
        n = len(self.reported)
        if n == self._n:
            return
        known = min(self._n, 1)  # one that should be known goes first, to tell
        new = list(islice(reversed(self.reported.items()), max(n - self._n + known, 0)))  # type: ignore[call-overload]
        if known and (n < self._n or new.pop()[0] != self._newest):
            self._clear()
            new = list(reversed(self.reported.items()))  # type: ignore[call-overload]
        for step, value in reversed(new):
            self._add(step, value)
        self._n, self._newest = n, new[0][0] if new else -1

    def _add(self, step: int, value: float) -> None:
        if not self.steps or step > self.steps[-1]:
            self.steps.append(step)
            self.values.append(value)
        else:
            place = bisect(self.steps, step)
            self.steps.insert(place, step)
            self.values.insert(place, value)
        # NaN compares false: the first number takes its place, and another NaN never does.
        if value < self.lowest or self.lowest != self.lowest:
            self.lowest = value
        if value > self.highest or self.highest != self.highest:
            self.highest = value

    def begins_interval(self, warmup: int, width: int) -> bool:
        """Tell whether the largest step is the first that was reported in its interval, past the warm-up.

        Parameters
        ----------
        warmup
            Where the first interval begins.
        width
            Number of steps in each.
        """
        if not self.steps or self.steps[-1] < warmup:
            return False
        start = self.steps[-1] - (self.steps[-1] - warmup) % width
        return len(self.steps) == 1 or self.steps[-2] < start
