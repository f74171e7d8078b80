"""Successive halving, asynchronous: at each rung a trial goes on only if it is among the best that got there so far.

Source: Li, L. et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020, section 3.2 (ASHA). In the
place of promoting a paused trial later, a trial that is not among the best at once is stopped, so that a worker never
changes over to another trial.

A trial that completes rung k says so by the system attribute ``completed_rung_<k>``, as in Optuna: workers of both
libraries compete on one file.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..engine.history import COMPLETED_RUNG, History, Remembered, Sorted
from ..engine.records import FrozenTrial, TrialState
from .base import BasePruner, check_at_least
from .rung import complete

_KEYS = [f"{COMPLETED_RUNG}{rung}" for rung in range(65)]  # steps are less than 2^63, and rungs twice as far at least


class Ladder(NamedTuple):
    """The rungs of one bracket: rung k stands at the step ``first * factor**k``.

    Attributes
    ----------
    first
        Step of the first rung: ``min_resource * factor**min_early_stopping_rate``.
    factor
        Of so many trials at a rung one goes on.
    bootstrap
        Number of trials that complete a rung, and stop there, before one goes on.
    """

    first: float
    factor: int
    bootstrap: int

    def goes_on(self, n: int, n_better: int) -> bool:
        """Tell whether a trial goes on, given how many completed the rung, itself included, and how many were better.

        Of fewer trials than `factor` the best one goes on: it could not wait for the others.
        """
        return n > self.bootstrap and n_better <= max(int(n // self.factor) - 1, 0)


class Competition:
    """What trials had reported at each rung, in order; kept up with the completions in a history.

    Parameters
    ----------
    history
        The study's trials.
    bracket_of
        Gives the bracket of a trial by its number.
    """

    def __init__(self, history: History, bracket_of: Callable[[int], int]) -> None:
        self._sign = history.signs[0]
        self._bracket_of = bracket_of
        self._seen = 0
        self._losses: dict[tuple[int, int], Sorted] = defaultdict(Sorted)

    def standing(self, history: History, number: int, bracket: int, rung: int, value: float) -> tuple[int, int]:
        """Tell how many trials completed a rung, this one included, and how many of them were better."""
        for completion in history.rungs.since(self._seen):
            place = self._bracket_of(completion.number), completion.rung
            self._losses[place].add(self._sign * completion.values[0])
            self._seen += 1
        losses = self._losses[bracket, rung].values
        is_among_them = history.rungs.reached(number) > rung  # unless the storage does not keep the history up
        return len(losses) + (not is_among_them), bisect_left(losses, self._sign * value)


def climb(study: Any, trial: FrozenTrial, ladder: Ladder, competition: Competition, bracket: int = 0) -> bool:
    """Let a trial complete the rungs that it has reached; return True if it is to stop at one of them."""
    history = study.history
    with history.lock:
        curve = history.curve(trial)
        step, value = curve.steps[-1], curve.values[-1]
    rung = n_completed(trial)
    while step >= ladder.first * ladder.factor**rung:
        if value != value:
            return True
        complete(study, trial, rung, [value])
        with history.lock:
            standing = competition.standing(history, trial.number, bracket, rung, value)
        if not ladder.goes_on(*standing):
            return True
        rung += 1
    return False


def n_completed(trial: FrozenTrial) -> int:
    """Count the rungs that a trial has completed."""
    attrs = trial.system_attrs
    return next(rung for rung, key in enumerate(_KEYS) if key not in attrs)


def longest(history: History) -> int | None:
    """Give the largest step that a complete trial reported, None if there is none."""
    if not history.n_complete:
        return None
    with history.lock:
        step = int(np.max(history.last_step[history.states == TrialState.COMPLETE]))
    return None if step < 0 else step


class SuccessiveHalvingPruner(BasePruner):
    """Of the trials that reached a rung, lets the best ``1 / reduction_factor`` go on to the next.

    Rung k is complete once a trial reports a step of at least
    ``min_resource * reduction_factor**(min_early_stopping_rate + k)``.

    Parameters
    ----------
    min_resource
        The step of the first rung, if `min_early_stopping_rate` is 0. "auto" takes a hundredth of the longest trial,
        once one is complete; until then nothing is pruned.
    reduction_factor
        Of so many trials at a rung one goes on.
    min_early_stopping_rate
        Number of rungs to leave out at the bottom.
    bootstrap_count
        Number of trials that complete a rung, and stop there, before one goes on.

    Raises
    ------
    ValueError
        If an argument lies outside its range, or `bootstrap_count` is given with ``min_resource="auto"``.
    """

    def __init__(
        self,
        min_resource: str | int = "auto",
        reduction_factor: int = 4,
        min_early_stopping_rate: int = 0,
        bootstrap_count: int = 0,
    ) -> None:
        self._min_resource = _min_resource(min_resource)
        check_at_least(2, reduction_factor=reduction_factor)
        check_at_least(0, min_early_stopping_rate=min_early_stopping_rate, bootstrap_count=bootstrap_count)
        if bootstrap_count > 0 and min_resource == "auto":
            raise ValueError(
                f"A `bootstrap_count` needs to know where the rungs are, but got {bootstrap_count} with "
                'min_resource="auto": give `min_resource` as an integer.'
            )
        self._reduction_factor = reduction_factor
        self._min_early_stopping_rate = min_early_stopping_rate
        self._bootstrap_count = bootstrap_count
        self._ladders: dict[str, Ladder] = {}  # by name of the study
        self._competitions: Remembered[Competition] = Remembered()

    def prune(self, study: Any, trial: FrozenTrial) -> bool:
        if not trial.intermediate_values:
            return False
        ladder = self._ladders.get(study.study_name) or self._build(study)
        return ladder is not None and climb(study, trial, ladder, self._competition(study.history))

    def _build(self, study: Any) -> Ladder | None:
        """Find out where the rungs are, None if that is not known yet."""
        resource = self._min_resource
        if resource is None:
            steps = longest(study.history)
            if steps is None:
                return None
            resource = max(steps // 100, 1)
        factor = self._reduction_factor
        ladder = Ladder(resource * factor**self._min_early_stopping_rate, factor, self._bootstrap_count)
        self._ladders[study.study_name] = ladder
        return ladder

    def _competition(self, history: History) -> Competition:
        found = self._competitions.get(history)
        if found is None:
            found = self._competitions[history] = Competition(history, lambda number: 0)
        return found


def _min_resource(given: Any) -> int | None:
    """Check the argument; None for "auto"."""
    if given is None or given == "auto":
        return None
    if isinstance(given, str):
        raise ValueError(f'`min_resource` must be at least 1 or "auto", but got {given!r}.')
    check_at_least(1, min_resource=given)
    resource: int = given
    return resource
