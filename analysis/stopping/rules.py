"""When to stop a study: rules that are called with it, and join with ``|`` and ``&``.

A rule reads the trials alone. So it says the same of a study that was loaded again, or that several workers run.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from ...engine.arrays import IntArray
from ...engine.history import Front, History, Remembered, StudyLike, history_of
from ...engine.logging import get_logger
from ...engine.records import TrialState

_logger = get_logger(__name__)


class Rule(ABC):
    """Tells whether a study should stop: ``if rule(study): break``, or one of the `callbacks` of `Study.optimize`.

    Rules join: ``Target(0.1) | Stagnation(50) & Budget(trials=100)``; so do functions of a study with a rule.

    Attributes
    ----------
    reason : str or None
        Why the last call said that the study should stop, in one line; None if it said that it should go on.
    """

    reason: str | None = None

    def __call__(self, study: Any, trial: Any = None) -> bool:
        """Tell whether the study should stop; called with a trial, too, as a callback, it stops the running `optimize`.

        The reason is logged where it is new.
        """
        before = self.reason
        self.reason = self.judge(study)
        if self.reason is None:
            return False
        if self.reason != before:
            _logger.info(f"The study should stop: {self.reason}.")
        if trial is not None:
            with suppress(RuntimeError):  # in a loop of the user's own nothing but the answer can stop it
                study.stop()
        return True

    @abstractmethod
    def judge(self, study: StudyLike) -> str | None:
        """Give the reason to stop, one line without its full stop; None to go on."""

    def __or__(self, other: Any) -> Rule:
        return AnyOf(self, other) if callable(other) else NotImplemented

    def __ror__(self, other: Any) -> Rule:
        return AnyOf(other, self) if callable(other) else NotImplemented

    def __and__(self, other: Any) -> Rule:
        return AllOf(self, other) if callable(other) else NotImplemented

    def __rand__(self, other: Any) -> Rule:
        return AllOf(other, self) if callable(other) else NotImplemented


class _Function(Rule):
    """A user's function of a study as a rule."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function

    def judge(self, study: StudyLike) -> str | None:
        return f"{getattr(self._function, '__name__', repr(self._function))} says so" if self._function(study) else None


class _Joined(Rule):
    def __init__(self, *rules: Callable[[Any], Any]) -> None:
        self.rules = [rule if isinstance(rule, Rule) else _Function(rule) for rule in rules]

    def _reasons(self, study: StudyLike) -> list[str]:
        for rule in self.rules:
            rule.reason = rule.judge(study)
        return [rule.reason for rule in self.rules if rule.reason is not None]


class AnyOf(_Joined):
    """Stops as soon as one of its rules does; ``a | b``."""

    def judge(self, study: StudyLike) -> str | None:
        return "; ".join(self._reasons(study)) or None


class AllOf(_Joined):
    """Stops as soon as all of its rules do; ``a & b``."""

    def judge(self, study: StudyLike) -> str | None:
        reasons = self._reasons(study)
        return "; ".join(reasons) if len(reasons) == len(self.rules) else None


class Stagnation(Rule):
    """Stops when `n` trials in a row brought no better value, or with several objectives none for the front.

    Complete, pruned and infeasible trials count, failed ones do not. Under a random search even n/2 trials after n
    bring nothing new with a chance of 2/3 (see `RecordChance`): take `n` large.

    Parameters
    ----------
    n
        Number of trials, at least 1.
    """

    def __init__(self, n: int) -> None:
        self._n = at_least_one("n", n)
        self._fronts: Remembered[Front] = Remembered()

    def judge(self, study: StudyLike) -> str | None:
        history = history_of(study)
        with history.lock:
            tried = _tried(history)
            since = len(tried) - 1 - self._last(history, tried)
        return f"no better value in {since} trials" if since >= self._n else None

    def _last(self, history: History, tried: IntArray) -> int:
        """Give the place of the last trial that was better than all before; -1 if there is none."""
        if len(history.directions) == 1:
            best = [] if history.best is None else [history.best]
        else:
            front = tried[np.isin(tried, self._fronts.setdefault(history, Front()).numbers(history))]
            _, first = np.unique(history.values[front], axis=0, return_index=True)  # a repeat is nothing new
            best = front[first].tolist()
        return int(np.flatnonzero(np.isin(tried, best)).max(initial=-1))


class RecordChance(Rule):
    """Stops when the chance that a random search finds a better value in some more trials is small.

    Of n + m trials that are alike the best is among the last m with probability m / (n + m), whatever the objective.
    What a model proposes is better than that, so this asks for the least that more trials are good for;
    `parzen.planning.forecast` takes the trend into account.

    Parameters
    ----------
    p
        The chance below which to stop, in (0, 1).
    n_more
        m, at least 1.
    """

    def __init__(self, p: float, n_more: int = 10) -> None:
        if not 0.0 < p < 1.0:
            raise ValueError(f"`p` must be a probability between 0 and 1, but got {p!r}.")
        self._p, self._m = p, at_least_one("n_more", n_more)

    def judge(self, study: StudyLike) -> str | None:
        check_single(study, "RecordChance")
        history = history_of(study)
        with history.lock:
            n = len(_tried(history))
        chance = self._m / (n + self._m)
        if chance >= self._p:
            return None
        return f"{self._m} more random trials would be better than these {n} with a chance of only {chance:.2g}"


class Target(Rule):
    """Stops when a feasible trial is complete that is as good as a value.

    Parameters
    ----------
    value
        The value, or with several objectives one for each: a trial must be as good in all of them.
    """

    def __init__(self, value: float | Sequence[float]) -> None:
        try:
            self._value = np.atleast_1d(np.asarray(value, dtype=np.float64))
        except (TypeError, ValueError):
            self._value = np.empty(0)
        if self._value.ndim != 1 or not len(self._value) or np.isnan(self._value).any():
            raise ValueError(f"`value` must be a number, or one for each objective, but got {value!r}.")

    def judge(self, study: StudyLike) -> str | None:
        history = history_of(study)
        if len(history.directions) != len(self._value):
            raise ValueError(
                f"The study has {len(history.directions)} objectives, but `Target` has {len(self._value)} values. "
                "Give one for each."
            )
        with history.lock:
            finished = history.finished
            fine = (history.states[finished] == TrialState.COMPLETE) & ~(history.violation[finished] > 0)
            numbers = finished[fine]
            good = numbers[(history.losses(numbers) <= self._value * history.signs).all(axis=1)]
            if not len(good):
                return None
            values = history.values[good[0]].tolist()
        return f"trial {good[0]} with {', '.join(f'{v:.6g}' for v in values)} reached the target"


class Budget(Rule):
    """Stops when trials, time or money are spent, whichever is first.

    Parameters
    ----------
    trials
        Finished trials in the study, whatever became of them, those of other workers included.
    seconds
        By the clock, since the rule was made.
    cost
        Sum of the costs of the finished trials.
    cost_of
        The name of the user attribute that holds what a trial cost; a trial without it costs nothing. None: a trial
        costs the seconds that it took.

    Raises
    ------
    ValueError
        If none of the three is given, or one is not above 0.
    """

    def __init__(
        self,
        trials: int | None = None,
        seconds: float | None = None,
        cost: float | None = None,
        *,
        cost_of: str | None = None,
    ) -> None:
        if trials is None and seconds is None and cost is None:
            raise ValueError("A budget needs `trials`, `seconds` or `cost`.")
        for name, limit in (("seconds", seconds), ("cost", cost)):
            if limit is not None and not (isinstance(limit, (int, float)) and limit > 0):
                raise ValueError(f"`{name}` must be above 0, but got {limit!r}.")
        self._trials = None if trials is None else at_least_one("trials", trials)
        self._seconds, self._cost, self._cost_of = seconds, cost, cost_of
        self._begin = time.monotonic()
        self._sums: Remembered[tuple[int, float]] = Remembered()  # how many trials were added up, and their cost

    def judge(self, study: StudyLike) -> str | None:
        history = history_of(study)
        passed = time.monotonic() - self._begin
        with history.lock:
            n = history.n_finished
            if self._trials is not None and n >= self._trials:
                return f"{n} trials are finished, of a budget of {self._trials}"
            if self._seconds is not None and passed >= self._seconds:
                return f"{passed:.3g} seconds have passed, of a budget of {self._seconds:g}"
            if self._cost is not None and (spent := self._spent(history)) >= self._cost:
                return f"the trials cost {spent:.6g}, of a budget of {self._cost:g}"
        return None

    def _spent(self, history: History) -> float:
        n_seen, total = self._sums.get(history, (0, 0.0))
        new = history.finished[n_seen:]
        if self._cost_of is None:
            total += float(np.nansum(history.seconds(new)))
        else:
            found = [history.user_attr(number, self._cost_of) for number in new.tolist()]
            total += sum(one for one in found if isinstance(one, (int, float)) and one == one)
        self._sums[history] = history.n_finished, total
        return total


def _tried(history: History) -> IntArray:
    """Give the numbers of the trials that finished and did not fail, in the order of their ends."""
    finished = history.finished
    return np.asarray(finished[history.states[finished] != TrialState.FAIL])


def check_single(study: StudyLike, name: str) -> None:
    """Raise ``RuntimeError`` for a study of several objectives."""
    if len(history_of(study).directions) > 1:
        raise RuntimeError(
            f"`{name}` is for studies of one objective. `Budget`, `Target`, `Stagnation` work with several."
        )


def at_least_one(name: str, value: Any) -> int:
    """Check a number of trials."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise ValueError(f"`{name}` must be a whole number of at least 1, but got {value!r}.")
    return int(value)
