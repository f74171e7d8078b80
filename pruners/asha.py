"""Asynchronous successive halving with promotions.

Sources: Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020, Algorithm 2; with several
objectives Schmucker et al., "Multi-objective Asynchronous Successive Halving", 2021, arXiv 2106.12639.
"""

from __future__ import annotations

from typing import Any

from ..engine.history import Completion, History, Remembered
from ..engine.records import FrozenTrial, TrialState
from .promotion import PromotingPruner, losses
from .rung import ParetoRung, Rung, new_rung

_PAUSED = int(TrialState.PAUSED)


class Standings:
    """The rungs of one study, kept up with its history, of which it can be made again at any time.

    Parameters
    ----------
    history
        The study's trials.
    """

    def __init__(self, history: History) -> None:
        self._signs = history.signs
        self.rungs: list[Rung | ParetoRung] = []
        self.top = 0  # for a pruner that opens rung after rung: the last one that is open
        self.unstarted: list[int] = []  # trials that were paused before they came to a rung, the last one first
        self._n_completions = 0
        self._n_pauses = 0

    def update(self, history: History) -> list[Completion]:
        """Take in what happened since; give the rungs that were completed."""
        new = list(history.rungs.since(self._n_completions))
        self._n_completions += len(new)
        for number, rung, values in new:
            while rung >= len(self.rungs):
                self.rungs.append(new_rung(len(self._signs)))
            self.rungs[rung].add(number, losses(values, self._signs))
        for number in history.pauses[self._n_pauses :].tolist():
            self._wait(number, history.rungs.reached(number))
            self._n_pauses += 1
        return new

    def _wait(self, number: int, reached: int) -> None:
        if reached:
            self.rungs[reached - 1].wait(number)
        else:
            self.unstarted.append(number)


class ASHAPruner(PromotingPruner):
    """Resumes, whenever a worker is free, a paused trial that is among the best 1 / eta of its rung; the highest first.

    If there is none a new trial starts, so no worker ever waits. With several objectives trials are compared by
    non-dominated rank, those of equal rank by crowding distance.

    Parameters
    ----------
    max_resource
        The step at which a trial is complete.
    min_resource
        The step of the first rung.
    reduction_factor
        eta: of so many trials one goes on, up to eta times the step.
    min_early_stopping_rate
        Leave out so many of the lowest rungs.

    Raises
    ------
    ValueError
        If an argument lies outside its range.

    Examples
    --------
    >>> study = parzen.create_study(pruner=ASHAPruner(max_resource=81, reduction_factor=3))
    >>> trial = study.ask()
    >>> for epoch in range(trial.resume_step, trial.next_rung):
    ...     trial.report(train(trial, epoch), epoch + 1)
    >>> study.tell(trial, state=TrialState.PAUSED) if trial.should_pause() else study.tell(trial, error)
    """

    def __init__(
        self, max_resource: int, min_resource: int = 1, reduction_factor: int = 4, min_early_stopping_rate: int = 0
    ) -> None:
        for name, value, lowest in (
            ("min_resource", min_resource, 1),
            ("max_resource", max_resource, min_resource),
            ("reduction_factor", reduction_factor, 2),
            ("min_early_stopping_rate", min_early_stopping_rate, 0),
        ):
            if not isinstance(value, int) or value < lowest:
                raise ValueError(f"`{name}` must be a whole number of at least {lowest}, but got {value!r}.")
        self._eta = reduction_factor
        self._levels = _rising(min_resource * reduction_factor**min_early_stopping_rate, max_resource, reduction_factor)
        self._standings: Remembered[Standings] = Remembered()

    def levels(self, number: int) -> tuple[int, ...]:
        return self._levels

    def standings(self, study: Any) -> Standings:
        """Give the rungs of a study, up to date; its history's lock is held."""
        history = study.history
        standings = self._standings.get(history)
        if standings is None:
            standings = self._standings[history] = Standings(history)
        self.note(study, standings, standings.update(history))
        return standings

    def note(self, study: Any, standings: Standings, completed: list[Completion]) -> None:
        """Do something about rungs that were completed; nothing here."""

    def promote(self, study: Any) -> int | None:
        history = study.history
        with history.lock:
            standings = self.standings(study)
            while standings.unstarted:
                if self._waits_at(history, -1)(standings.unstarted[-1]):
                    return standings.unstarted[-1]
                standings.unstarted.pop()
            for k in reversed(range(min(len(standings.rungs), self.height(standings)))):
                rung = standings.rungs[k]
                number = rung.best_waiting(self._waits_at(history, k), len(rung) // self._eta)
                if number is not None:
                    return number
        return None

    def height(self, standings: Standings) -> int:
        """Give the number of rungs from which trials are promoted: all but the one at which they are complete."""
        return len(self._levels) - 1

    @staticmethod
    def _waits_at(history: History, rung: int) -> Any:
        states, rungs = history.states, history.rungs
        return lambda number: states[number] == _PAUSED and rungs.reached(number) == rung + 1

    def leads(self, study: Any, trial: FrozenTrial) -> bool:
        history: History = study.history
        with history.lock:
            rung = self.standings(study).rungs[history.rungs.reached(trial.number) - 1]
            return rung.is_among(trial.number, max(len(rung) // self._eta, 1))

    def leader(self, study: Any) -> FrozenTrial | None:
        """Give the best complete trial or, before any is complete, the best of the highest rung; None without any.

        Trials that failed do not count.
        """
        history = study.history
        with history.lock:
            found = [history.best] if history.best is not None else _best_by_rung(history, self.standings(study))
            return history.copy_record(found[0]) if found else None


def _best_by_rung(history: History, standings: Standings) -> list[int]:
    """Give the best trial of each rung that did not fail, those of the highest rung first."""
    failed = set(history.numbers((TrialState.FAIL,)))
    return [number for rung in reversed(standings.rungs) for number in rung.best(1, failed)]


def _rising(low: int, high: int, eta: int) -> tuple[int, ...]:
    """Give low, low eta, low eta^2, ... and at last `high`."""
    levels = []
    while low < high:
        levels.append(low)
        low *= eta
    return (*levels, high)
