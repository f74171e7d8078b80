"""Synchronous Hyperband: brackets of successive halving, one after the other.

A rung is over when every configuration of it has come there or ended; then the best of them go on, and nobody before. A
worker that finds nothing to resume starts a configuration of the next bracket, so none waits.

Source: Li et al., "Hyperband", JMLR 18(185), 2018, Algorithm 1 and Table 1.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from ..engine.brackets import Bracket, Schedule, hyperband_table
from ..engine.history import History, Remembered
from ..engine.records import FrozenTrial, TrialState
from .promotion import PromotingPruner, losses
from .rung import Loss, ParetoRung, Rung, new_rung

_PAUSED, _PRUNED = int(TrialState.PAUSED), int(TrialState.PRUNED)


class _Race:
    """One bracket at work: which rung its configurations are on their way to, and who has come to which.

    Events may be told in any order: a process that reads a study does not learn in which they happened.

    Parameters
    ----------
    bracket
        Sizes and resources of its rungs.
    first
        Number of its first trial.
    n_objectives
        Number of objectives.
    """

    def __init__(self, bracket: Bracket, first: int, n_objectives: int) -> None:
        self._sizes = bracket.sizes
        self._gone: set[int] = set()
        self._stopped: set[int] = set()
        self._open = set(range(first, first + self._sizes[0]))  # those that the rung still waits for
        self.rungs: list[Rung | ParetoRung] = [new_rung(n_objectives) for _ in bracket.sizes]
        self.rung = 0
        self.queue: deque[int] = deque()  # those of them that somebody has to take up, as far as is known

    @property
    def is_over(self) -> bool:
        """Whether every configuration has ended or was left behind."""
        return not self._open

    def arrive(self, number: int, rung: int, loss: Loss) -> None:
        """Note that a trial completed a rung; from the last one on it was another pruner, and here it is not done."""
        if rung >= len(self._sizes) - 1:
            return
        self.rungs[rung].add(number, loss)
        if rung == self.rung:
            self._settle(number)

    def end(self, number: int, is_stopped: bool) -> None:
        """Note that a trial ended; one that was stopped leaves its place on the next rung to another one."""
        self._gone.add(number)
        if is_stopped:
            self._stopped.add(number)
        self._settle(number)

    def wait(self, number: int) -> None:
        """Note that a trial paused; if the rung waits for it, somebody has to take it up."""
        if number in self._open:
            self.queue.append(number)

    def next(self, is_paused: Any) -> int | None:
        """Give a trial that should go on, None if there is none."""
        while self.queue:
            number = self.queue[0]
            if number in self._open and is_paused(number):
                return number
            self.queue.popleft()
        return None

    def _settle(self, number: int) -> None:
        self._open.discard(number)
        while not self._open and self.rung < len(self._sizes) - 1:
            self._climb()

    def _climb(self) -> None:
        """Let the best of a rung go on to the next one."""
        best = self.rungs[self.rung].best(self._sizes[self.rung + 1], self._stopped)
        self.rung += 1
        self._open = {number for number in best if number not in self._gone and number not in self.rungs[self.rung]}
        self.queue = deque(number for number in best if number in self._open)


class _Races:
    """The brackets of one study, kept up with its history, of which they can be made again at any time."""

    def __init__(self, history: History, schedule: Schedule) -> None:
        self._schedule = schedule
        self._signs = history.signs
        self._races: dict[int, _Race] = {}
        self._n_completions = self._n_finished = self._n_pauses = 0
        self.active: list[_Race] = []

    def of(self, number: int) -> _Race:
        """Give the race of the bracket to which a trial belongs."""
        place = self._schedule.by_start(number)
        race = self._races.get(place.instance)
        if race is None:
            bracket = self._schedule.brackets[place.bracket]
            race = self._races[place.instance] = _Race(bracket, number - place.slot, len(self._signs))
            self.active.append(race)
        return race

    def update(self, history: History) -> None:
        """Take in what happened since."""
        for number, rung, values in history.rungs.since(self._n_completions):
            self.of(number).arrive(number, rung, losses(values, self._signs))
        self._n_completions = len(history.rungs)
        for number in history.finished_since(self._n_finished):
            self.of(number).end(number, history.states[number] == _PRUNED)
        self._n_finished = len(history.finished)
        for number in history.pauses[self._n_pauses :].tolist():
            self.of(number).wait(number)
        self._n_pauses = len(history.pauses)
        self.active = [race for race in self.active if not race.is_over]


class SyncHyperbandPruner(PromotingPruner):
    """Fills bracket after bracket with new trials, and lets the best of a rung go on once all have come there.

    Trials belong to brackets by their numbers, those of Table 1: with 81 steps and a factor of 3 the first 81 trials
    form the bracket that halves most, the next 27 the second one, then come 9, 6 and 5, and it starts again. With
    several objectives trials are compared by non-dominated rank, those of equal rank by crowding distance.

    Parameters
    ----------
    max_resource
        The step at which a trial is complete.
    min_resource
        The least step of a first rung.
    reduction_factor
        eta: of so many trials one goes on, up to eta times the step.
    n_brackets
        Use only so many of the brackets, those that halve most; with 1 it is successive halving. None: all.

    Raises
    ------
    ValueError
        If an argument lies outside its range.

    Notes
    -----
    In a loop that stops trials instead of pausing them nobody can wait for a rung: there a trial goes on if it is among
    the best 1 / eta of its bracket so far.
    """

    def __init__(
        self, max_resource: int, min_resource: int = 1, reduction_factor: int = 3, n_brackets: int | None = None
    ) -> None:
        table = hyperband_table(min_resource, max_resource, reduction_factor)
        if n_brackets is not None and not 1 <= n_brackets <= len(table):
            raise ValueError(f"`n_brackets` must lie in [1, {len(table)}] or be None, but got {n_brackets}.")
        self._eta = reduction_factor
        self._schedule = Schedule(table[:n_brackets])
        self._races: Remembered[_Races] = Remembered()

    def levels(self, number: int) -> tuple[int, ...]:
        return self._schedule.brackets[self._schedule.by_start(number).bracket].resources

    def _races_of(self, history: History) -> _Races:
        races = self._races.get(history)
        if races is None:
            races = self._races[history] = _Races(history, self._schedule)
        races.update(history)
        return races

    def promote(self, study: Any) -> int | None:
        history = study.history
        with history.lock:
            for race in self._races_of(history).active:
                number = race.next(lambda number: history.states[number] == _PAUSED)
                if number is not None:
                    return number
        return None

    def leads(self, study: Any, trial: FrozenTrial) -> bool:
        history: History = study.history
        with history.lock:
            race = self._races_of(history).of(trial.number)
            rung = race.rungs[history.rungs.reached(trial.number) - 1]
            return rung.is_among(trial.number, max(len(rung) // self._eta, 1))
