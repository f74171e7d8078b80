"""The contract of pruners that pause trials at rungs and let the best of them go on.

A trial runs up to its next rung, is paused there, and is resumed if it turns out to be one of the best there: nothing
is trained twice, and no decision is final. In a loop that knows nothing of pausing, the same pruner stops trials.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

from ..engine.history import History
from ..engine.records import FrozenTrial, report_at
from .base import BasePruner
from .rung import complete


class PromotingPruner(BasePruner):
    """Base of pruners that promote: subclass it and write `levels`, `promote` and `leads`.

    Steps count what was spent, such as epochs trained: the first report of a trial is of step 1.
    """

    multi_objective = True

    @abstractmethod
    def levels(self, number: int) -> tuple[int, ...]:
        """Give the steps of the rungs of a trial, ascending; at the last one it is complete."""

    @abstractmethod
    def promote(self, study: Any) -> int | None:
        """Give the number of the paused trial that is to go on now; None if a new one is to start."""

    @abstractmethod
    def leads(self, study: Any, trial: FrozenTrial) -> bool:
        """Tell whether a trial is among the best so far at the last rung that it completed."""

    def next_rung(self, study: Any, trial: FrozenTrial) -> int:
        """Give the step up to which a trial is to run now."""
        levels = self.levels(trial.number)
        history: History = study.history
        return levels[min(history.rungs.reached(trial.number), len(levels) - 1)]

    def pause(self, study: Any, trial: FrozenTrial) -> bool:
        """Tell whether a trial has come to a rung, other than its last one, and note what it reported there."""
        return self._complete(study, trial)

    def prune(self, study: Any, trial: FrozenTrial) -> bool:
        """Tell whether a trial that comes to a rung should stop, in a loop that does not pause: if it does not lead."""
        return self._complete(study, trial) and not self.leads(study, trial)

    def _complete(self, study: Any, trial: FrozenTrial) -> bool:
        """Note the rungs that a trial has completed since; tell whether there are any."""
        history: History = study.history
        with history.lock:
            steps = history.curve(trial).steps
        levels = self.levels(trial.number)
        before = rung = history.rungs.reached(trial.number)
        while steps and rung < len(levels) - 1 and steps[-1] >= levels[rung]:
            complete(study, trial, rung, report_at(trial, steps[-1]))
            rung += 1
        return rung > before


def losses(values: tuple[float, ...], signs: tuple[float, ...]) -> tuple[float, ...]:
    """Turn reports so that less is better; NaN is the worst."""
    return tuple(math.inf if math.isnan(value) else sign * value for value, sign in zip(values, signs, strict=True))
