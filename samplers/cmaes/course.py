"""The runs of CMA-ES in one study, as they follow from its trials.

A trial that is asked for carries a note: the run and the generation for which its point was drawn, and the size of
that generation's population. Trials that carry one, and enqueued ones, are taken in as they complete; as soon as there
is a population of them, the distribution is updated, and the next generation begins. So a generation takes in whatever
finishes while it is open, those too that were drawn from the one before and ran longer: nobody waits, nothing is lost
when a worker dies, and no evaluation is wasted. Dropping those that come late costs a third more evaluations with eight
workers and a population of 20, taking them in 0 to 15 %. What remains of a run that ended is left out.

All of it follows from the finished trials in the order of their times, which every worker and a resumed process read
alike; what is kept here are the sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.history import History
from ...engine.records import FIXED, FrozenTrial, TrialState
from .choices import Choices
from .frame import Frame
from .gaussian import DiagonalNormal, Normal, default_size
from .learning_rates import AdaptingNormal
from .restarts import Schedule, Watch
from .strategy import Points, Strategy
from .warm_start import promising

# System attributes of a trial: run, generation and size in one text, which is stored in less time than a list; and the
# coordinates of its point.
NOTE, POINT = "cmaes:generation", "cmaes:point"
# What Optuna's sampler leaves on its trials. Its optimizer, a pickle that would run code, is not looked at.
_OPTUNAS = ("cma:generation", "sepcma:generation", "cmawm:generation")
_SIGMA = 1 / 6  # the first standard deviation, as a share of the range
_COMPLETE, _PRUNED = int(TrialState.COMPLETE), int(TrialState.PRUNED)


@dataclass(frozen=True)
class Settings:
    """The arguments of the sampler of which a run depends; see `sampler.CmaEsSampler`."""

    x0: dict[str, Any] | None
    sigma0: float | None
    popsize: int | None
    consider_pruned_trials: bool
    restart_strategy: str | None
    inc_popsize: int
    use_separable_cma: bool
    with_margin: bool
    lr_adapt: bool
    source_trials: list[FrozenTrial] | None


class Course:
    """The present run of a study, and what it has learnt.

    Parameters
    ----------
    settings
        The sampler's arguments.
    frame
        The coordinates.
    is_minimized
        Whether less is better.

    Attributes
    ----------
    run, generation : int
        Both from 0.
    size : int
        The population of this run.
    origin : int
        The number from which this generation's trials are counted: one more than that of any trial taken in.
    strategy : Strategy
        The distribution to draw from.
    """

    def __init__(self, settings: Settings, frame: Frame, is_minimized: bool) -> None:
        self._settings = settings
        self.frame = frame
        self.run = self.generation = self.origin = 0
        self.size = settings.popsize or default_size(frame.n + len(frame.n_choices))
        self._seen = 0
        self._members: dict[int, int | None] = {}  # trials, and the generations for which their points were drawn
        self._ended, self._wanted = 0, self.size
        self._evaluations = 0
        self._schedule = (
            Schedule(settings.restart_strategy, self.size, settings.inc_popsize) if settings.restart_strategy else None
        )
        self._begin(*self._start(is_minimized))

    # --- where a run begins ------------------------------------------------------------------------------------------

    def _start(self, is_minimized: bool) -> tuple[FloatArray, float, FloatArray | None]:
        """Give mean, step size and covariance matrix of the first run."""
        settings, frame = self._settings, self.frame
        if settings.source_trials is not None:
            return promising(frame.points_of(settings.source_trials, is_minimized, settings.consider_pruned_trials))
        mean = frame.middle() if settings.x0 is None else frame.point_of(settings.x0)
        return (mean, *self._first_step())

    def _first_step(self) -> tuple[float, FloatArray | None]:
        if self._settings.sigma0 is None or not self.frame.n:
            return _SIGMA, None
        # The user's step is one length in model coordinates, whose ranges differ.
        shares = self._settings.sigma0 / self.frame.widths()
        sigma = float(np.exp(np.log(shares).mean()))
        return sigma, np.diag((shares / sigma) ** 2)

    def _begin(self, mean: FloatArray, sigma: float, covariance: FloatArray | None) -> None:
        settings, frame = self._settings, self.frame
        kind = DiagonalNormal if settings.use_separable_cma else AdaptingNormal if settings.lr_adapt else Normal
        self.strategy = Strategy(kind(mean, sigma, covariance), Choices(frame.n_choices), frame, settings.with_margin)
        self._watch = Watch(sigma, self.size, frame.n + len(frame.n_choices))

    # --- trials that finished ----------------------------------------------------------------------------------------

    def update(self, history: History) -> Course:
        """Take in the trials that finished since; the history's lock is held."""
        if self._seen < history.n_finished:
            new = history.finished_since(self._seen)
            if len(new) > 1:  # another process's, or a batch's
                new.sort(key=lambda number: (history.completed[number], number))
            self._seen += len(new)
            for number in new:
                self._take(history, number)
        return self

    def _take(self, history: History, number: int) -> None:
        noted = self._noted(history, number)
        if noted is None:
            return
        generation, size = noted
        self._ended += 1
        self._wanted = max(self._wanted, size)
        state = history.state(number)
        if state == _COMPLETE or (state == _PRUNED and self._settings.consider_pruned_trials):
            self._members[number] = generation
        if self._ended >= self._wanted and len(self._members) >= self.size:
            self._close(history)

    def _noted(self, history: History, number: int) -> tuple[int | None, int] | None:
        """Give the generation and the population for which a trial was drawn; None if it is none of this run."""
        note = history.system_attr(number, NOTE)
        if isinstance(note, str) and (noted := _parsed(note)) is not None:
            return noted[1:] if noted[0] == self.run else None
        is_optunas = self.run == 0 and any(history.system_attr(number, key) is not None for key in _OPTUNAS)
        return (None, self.size) if is_optunas or history.system_attr(number, FIXED) else None

    @np.errstate(all="ignore")  # whatever the user's program asks of NumPy
    def _close(self, history: History) -> None:
        """Update the distribution, if the trials of this generation have the parameters."""
        members = list(self._members)
        rows, points = self.frame.read(history, members, [history.system_attr(number, POINT) for number in members])
        self._members = {members[i]: self._members[members[i]] for i in rows.tolist()}
        if len(self._members) < self.size:
            return
        numbers = np.array(list(self._members), dtype=np.int64)
        losses = history.losses(numbers)[:, 0]
        losses = np.where(np.isnan(losses), np.inf, losses)
        violation = history.violation[numbers]
        # Feasible ones first, by their losses; the others by how far they violate the constraints (Deb 2000).
        order = np.lexsort((losses, np.where(np.isnan(violation), 0.0, violation)))
        is_own = np.array([generation == self.generation for generation in self._members.values()])
        is_at_its_end = self._watch.is_at_its_end(self.strategy.normal)
        if not is_at_its_end:  # without restarts it stays as it is then
            self.strategy.tell(points.take(order), is_own[order])
        self._evaluations += len(members)
        self.generation += 1
        self.origin = max(self.origin, int(numbers.max()) + 1)
        self._members, self._ended, self._wanted = {}, 0, self.size
        if self._schedule is not None and (self._watch.stagnates(losses) or is_at_its_end):
            self._restart(self._schedule, numbers, losses)

    def _restart(self, schedule: Schedule, numbers: IntArray, losses: FloatArray) -> None:
        """Begin the next run anywhere. Workers must agree on where, so it is drawn by what they all know."""
        rng = np.random.default_rng([self.run, *numbers.tolist(), *losses.view(np.uint32).tolist()])
        self.size, share = schedule.next(self._evaluations, rng)
        self.run, self.generation, self._evaluations, self._wanted = self.run + 1, 0, 0, self.size
        sigma, covariance = self._first_step()
        self._begin(self.frame.anywhere(rng.random(self.frame.n)), sigma * share, covariance)

    # --- trials that begin -------------------------------------------------------------------------------------------

    def notes(self, points: Points, size: int) -> list[dict[str, Any]]:
        """Give the system attributes of trials whose points were drawn now for a population of a size."""
        note = f"{self.run}:{self.generation}:{size}"
        notes: list[dict[str, Any]] = [{NOTE: note} for _ in points.numbers]
        for i in np.flatnonzero(~self.frame.is_told_by_value(points)).tolist():
            notes[i][POINT] = points.numbers[i].tolist()
        return notes


@lru_cache(maxsize=16)  # all members of a generation have the same one
def _parsed(note: str) -> tuple[int, int, int] | None:
    """Give run, generation and size of a note; None if it is none."""
    try:
        run, generation, size = map(int, note.split(":"))
    except ValueError:
        return None
    return run, generation, size
