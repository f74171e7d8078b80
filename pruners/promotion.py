"""The contract of pruners that pause trials at rungs and let the best of them go on.

A trial runs up to its next rung, is paused there, and is resumed if it turns out to be one of the best there: nothing
is trained twice, and no decision is final. In a loop that knows nothing of pausing, the same pruner stops trials.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..engine.history import History
from ..engine.records import FrozenTrial, report_at
from .base import BasePruner
from .rung import complete


@dataclass(frozen=True)
class Leave:
    """The paused trial that gives up its place: it ends as a pruned one, and the pruner is asked again.

    Attributes
    ----------
    number
        Number of the trial.
    attrs
        System attributes that say why.
    """

    number: int
    attrs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fork:
    """A new trial that goes on from the checkpoint of another one.

    Attributes
    ----------
    number
        Number of the new trial: the one for which its parameters were drawn.
    parent
        Number of the trial whose checkpoint it loads.
    step
        Step of that checkpoint.
    params
        Its parameters, external values by name.
    attrs
        Its further system attributes.
    """

    number: int
    parent: int
    step: int
    params: Mapping[str, Any]
    attrs: Mapping[str, Any] = field(default_factory=dict)


Promotion = int | Leave | Fork | None  # what a free worker is to do: go on with a paused trial, ..., start a new one


class PromotingPruner(BasePruner):
    """Base of pruners that promote: subclass it and write `levels`, `promote` and `leads`.

    Steps count what was spent, such as epochs trained: the first report of a trial is of step 1.
    """

    multi_objective = True
    forks = False  # whether `promote` may give a `Fork`

    @abstractmethod
    def levels(self, number: int) -> Sequence[int]:
        """Give the steps of the rungs of a trial, ascending; at the last one it is complete."""

    @abstractmethod
    def promote(self, study: Any) -> Promotion:
        """Say what a free worker does now.

        Returns
        -------
        promotion
            The number of the paused trial that is to go on; a `Leave` or a `Fork`; None if a new trial is to start.
        """

    def levels_of(self, trial: FrozenTrial) -> Sequence[int]:
        """Give the steps of the rungs of a trial that exists: those of its number, unless what it is says otherwise."""
        return self.levels(trial.number)

    @abstractmethod
    def leads(self, study: Any, trial: FrozenTrial) -> bool:
        """Tell whether a trial is among the best so far at the last rung that it completed."""

    def next_rung(self, study: Any, trial: FrozenTrial) -> int:
        """Give the step up to which a trial is to run now."""
        levels = self.levels_of(trial)
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
        levels = self.levels_of(trial)
        before = rung = history.rungs.reached(trial.number)
        while steps and rung < len(levels) - 1 and steps[-1] >= levels[rung]:
            complete(study, trial, rung, report_at(trial, steps[-1]))
            rung += 1
        return rung > before


def losses(values: tuple[float, ...], signs: tuple[float, ...]) -> tuple[float, ...]:
    """Turn reports so that less is better; NaN is the worst."""
    return tuple(math.inf if math.isnan(value) else sign * value for value, sign in zip(values, signs, strict=True))
