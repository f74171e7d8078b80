"""CMA-ES as a part of another sampler: runs that begin at the best trial of a study, whoever proposed it.

In long studies over numbers it closes in on an optimum whose valley others found. They go on meanwhile, and if they
come upon a better trial elsewhere, a new run begins there. Once a run is over, all trials are the others' again.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...engine.history import History
from ...engine.records import TrialState
from ...engine.seeds import Streams
from ..base import PROPOSED_BY
from .course import NOTE, Course, Settings
from .frame import Frame
from .sampler import CmaEsSampler
from .strategy import Points

CMAES = "cmaes"
AFTER = 300  # complete trials before the first run
PARTS = 4  # of so many populations of trials in a row the first is the others'
_PROMISING = 0.1  # share of the trials, the best, whose spread tells the first standard deviations
_LEAST_SPREAD, _SETTLED = 1e-3, 1e-6  # shares of a range: standard deviations at a run's start, and at its end


class Descent(Course):
    """The present run of a study; the first one begins with the trial that completes as number `AFTER`.

    Trials of others that are better than all before are taken in, too, as far as the distribution reaches; one that
    lies further out is where the next run begins.

    Attributes
    ----------
    is_active : bool
        Whether there is a run that is not over.
    """

    def __init__(self, settings: Settings, frame: Frame, is_minimized: bool) -> None:
        super().__init__(settings, frame, is_minimized)
        self.is_active = False
        # In spaces of numbers: where all are on grids, or some are choices, the others do well.
        self._suits = frame.n > max(1, len(frame.discrete)) and not len(frame.n_choices)
        self._complete: list[int] = []
        self._best = self._own_best = math.inf  # the least loss so far, and of this run
        self._improved = 0  # the generation that found it

    def _noted(self, history: History, number: int) -> tuple[int | None, int] | None:
        is_drawn = self.run > 0 and history.system_attr(number, NOTE) is not None
        return super()._noted(history, number) if is_drawn else None

    def _take(self, history: History, number: int) -> None:
        if not self._suits:
            return
        is_own = self._noted(history, number) is not None
        super()._take(history, number)
        if history.state(number) != TrialState.COMPLETE:
            return
        self._complete.append(number)
        loss = float(history.losses(np.array([number]))[0, 0])
        if loss < self._best:
            if self.run and not is_own:
                self._take_better(history, number)
            self._best = loss
        if is_own and loss < self._own_best:
            self._own_best, self._improved = loss, self.generation
        if len(self._complete) == AFTER:
            self._begin_at_best(history)

    def _take_better(self, history: History, number: int) -> None:
        points = self.frame.read(history, [number], [None])[1].numbers
        if not self.is_active or not self.strategy.normal.reaches(points).all():
            self._begin_at_best(history)
        else:
            self._members[number] = None
            self._ended += 1

    def _begin_at_best(self, history: History) -> None:
        """Begin a run at the best trial, half as wide as the best ones are spread."""
        numbers = np.array(self._complete)
        best = numbers[np.argsort(history.losses(numbers)[:, 0], kind="stable")[: int(_PROMISING * len(numbers))]]
        points = self.frame.read(history, best.tolist(), [None] * len(best))[1].numbers
        deviations = np.maximum(points.std(axis=0), _LEAST_SPREAD) / 2
        sigma = float(np.exp(np.log(deviations).mean()))
        self.run, self.generation, self._improved, self._own_best = self.run + 1, 0, 0, math.inf
        self._members, self._ended, self._wanted = {}, 0, self.size
        self._begin(points[0], sigma, np.diag((deviations / sigma) ** 2))
        self.is_active = True

    def _close(self, history: History) -> None:
        super()._close(history)
        self.origin = 0  # a block of `population` begins where one of `takes` does
        normal, patience = self.strategy.normal, 10 + -(-30 * self.frame.n // self.size)
        is_settled = normal.deviations.max(initial=0.0, where=normal.is_free) < _SETTLED
        if is_settled or self._watch.is_at_its_end(normal) or self.generation > self._improved + patience:
            self.is_active = False

    def notes(self, points: Points, size: int) -> list[dict[str, Any]]:
        return [{PROPOSED_BY: CMAES, **note} for note in super().notes(points, size)]


class DescentSampler(CmaEsSampler):
    """Samples those trials that `takes` says, and leaves the others to others.

    Parameters
    ----------
    streams
        Whose random numbers it draws.
    """

    _course = Descent

    def __init__(self, streams: Streams) -> None:
        super().__init__(n_startup_trials=AFTER, with_margin=True)
        self._streams = streams

    def takes(self, history: History, number: int) -> bool:
        """Tell whether a trial is its own; the history's lock is held."""
        if self._is_starting(history) or history.n_pruned or history.is_constrained:
            return False
        space = self.joint_space(history)
        if len(space) < len(history.joint_space()):  # some parameters are conditional
            return False
        course = self._account(history, space).course
        assert isinstance(course, Descent)
        return bool(course.is_active and number // course.size % PARTS)
