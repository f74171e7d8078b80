"""How far a study is: a record that the progress bar and ``parzen watch`` show, read from the columns."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import numpy as np

from ..history import History
from ..records import StudyDirection, TrialState
from .core import StudyCore

_RECENT = 50  # ended trials of which rate and durations are taken
_POINTS = 128  # of the running best that are kept: when there are so many, every second one goes
_HORIZON = 10  # trials ahead of which a new best is foretold when nobody knows how many will come


@dataclass(frozen=True)
class Ended:
    """A trial that ended: `values` is empty if it has none, `seconds` None if it never started."""

    number: int
    state: TrialState
    values: tuple[float, ...]
    seconds: float | None
    at: datetime | None


@dataclass(frozen=True)
class Best:
    """The best trial of a study with one objective, and how many trials ended since."""

    number: int
    value: float
    at: datetime | None
    n_since: int
    params: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Progress:
    """How far a study is, as of one moment.

    Attributes
    ----------
    study_name, directions
        Of the study.
    n_wanted
        How many trials the study is to have, None if nobody said.
    n_complete, n_pruned, n_failed, n_running, n_waiting, n_paused
        Trials by state.
    started, now
        When the first trial started, None if none has, and when this was read.
    best
        The best trial; None without one, and with several objectives.
    front_size
        Number of trials that no other one dominates; None with one objective.
    recent
        The trials that ended last, up to 50, the newest at the end.
    running_best
        The best value after each completed trial, thinned evenly to at most 128 values; with one objective.
    """

    study_name: str
    directions: tuple[StudyDirection, ...]
    n_wanted: int | None
    n_complete: int
    n_pruned: int
    n_failed: int
    n_running: int
    n_waiting: int
    n_paused: int
    started: datetime | None
    now: datetime
    best: Best | None
    front_size: int | None
    recent: tuple[Ended, ...]
    running_best: tuple[float, ...]

    @property
    def n_ended(self) -> int:
        """Number of the trials that ended, well or not."""
        return self.n_complete + self.n_pruned + self.n_failed

    @property
    def n_left(self) -> int | None:
        """How many trials are still to end, None if nobody knows."""
        return None if self.n_wanted is None else max(0, self.n_wanted - self.n_ended)

    @property
    def is_done(self) -> bool:
        """Whether all trials that are wanted have ended."""
        return self.n_left == 0

    @property
    def elapsed(self) -> float:
        """Seconds from the start of the first trial to the end of the last one, or to now if any runs."""
        ends = [ended.at for ended in self.recent if ended.at is not None]
        until = self.now if self.n_running or not ends else max(ends)
        return 0.0 if self.started is None else max(0.0, (until - self.started).total_seconds())

    @property
    def median_seconds(self) -> float | None:
        """How long a recent trial took, the median; None before any ended."""
        seconds = [ended.seconds for ended in self.recent if ended.seconds is not None]
        return median(seconds) if seconds else None

    @property
    def _span(self) -> float:
        """Seconds in which the recent trials ran."""
        timed = [
            (it.at - timedelta(seconds=it.seconds), it.at) for it in self.recent if it.at and it.seconds is not None
        ]
        if not timed:
            return 0.0
        until = self.now if self.n_running else max(at for _, at in timed)
        return (until - min(start for start, _ in timed)).total_seconds()

    @property
    def trials_per_minute(self) -> float | None:
        """How fast recent trials ended; None before any did."""
        n_timed = sum(it.seconds is not None for it in self.recent)
        return 60.0 * n_timed / self._span if self._span > 0 else None

    @property
    def n_workers(self) -> float:
        """How many trials run at once: those that run now, or, where trials are short, the mean of recent time."""
        busy = sum(ended.seconds or 0.0 for ended in self.recent)
        return max(1.0, self.n_running, busy / self._span if self._span > 0 else 0.0)

    @property
    def seconds_left(self) -> float | None:
        """Seconds until all trials have ended, if each takes the median; None if nobody knows."""
        seconds, left = self.median_seconds, self.n_left
        return None if seconds is None or left is None else left * seconds / self.n_workers

    @property
    def horizon(self) -> int:
        """Of how many trials to come `record_chance` speaks."""
        return _HORIZON if self.n_left is None else self.n_left

    @property
    def record_chance(self) -> float | None:
        """Chance that one of the next `horizon` trials is the best of all: m / (n + m) if all are alike.

        n trials are complete and m come. Of independent draws from one distribution each is the largest equally
        likely (Renyi 1962). None with several objectives, and before any trial completed.
        """
        if len(self.directions) > 1 or not self.n_complete:
            return None
        return self.horizon / (self.n_complete + self.horizon)


class ProgressReader:
    """Reads a study's progress again and again; each trial is looked at once, when it has ended.

    Parameters
    ----------
    study
        The study.
    n_wanted
        How many trials it is to have in all; None if nobody knows.
    """

    def __init__(self, study: StudyCore, n_wanted: int | None = None) -> None:
        self._study = study
        self._n_wanted = n_wanted
        self._follow(None)

    def _follow(self, history: History | None) -> None:
        """Begin with no trial of a history."""
        self._history = history
        self._n_seen = 0
        self._started: datetime | None = None
        self._best: Best | None = None
        self._best_at = 0  # how many trials had ended with it
        self._recent: deque[Ended] = deque(maxlen=_RECENT)
        self._curve = _Thinned()

    def read(self, now: datetime | None = None) -> Progress:
        """Read what is known now.

        A history that takes the place of another, because a trial was corrected, is read from its start.
        """
        history = self._study.history
        with history.lock:
            if history is not self._history:
                self._follow(history)
            self._catch_up(history)
            self._started = self._started or history.first_start()
            n_running = int(np.count_nonzero(history.states == TrialState.RUNNING))
            return Progress(
                study_name=self._study.study_name,
                directions=tuple(history.directions),
                n_wanted=self._n_wanted,
                n_complete=history.n_complete,
                n_pruned=history.n_pruned,
                n_failed=history.n_finished - history.n_complete - history.n_pruned,
                n_running=n_running,
                n_waiting=len(history.live) - n_running,
                n_paused=history.n - history.n_finished - len(history.live),
                started=self._started,
                now=now or datetime.now(),
                best=self._newest_best(history),
                front_size=len(self._study._front.numbers(history)) if len(history.directions) > 1 else None,
                recent=tuple(self._recent),
                running_best=self._curve.values,
            )

    def _catch_up(self, history: History) -> None:
        """Look at the trials that ended since."""
        numbers = history.finished[self._n_seen :]
        self._recent.extend(_ended(history, number) for number in numbers[-_RECENT:].tolist())
        if history.best is not None and (found := np.flatnonzero(numbers == history.best)).size:
            self._best_at = self._n_seen + int(found[0]) + 1
        self._n_seen += len(numbers)
        if len(history.directions) == 1:
            is_complete = history.states[numbers] == TrialState.COMPLETE
            feasible = numbers[is_complete & ~(history.violation[numbers] > 0)]
            for value in history.values[feasible, 0].tolist():
                self._curve.add(value, history.signs[0])

    def _newest_best(self, history: History) -> Best | None:
        number = history.best
        if number is None:
            return None
        n_since = self._n_seen - self._best_at
        if self._best is None or (self._best.number, self._best.n_since) != (number, n_since):
            is_known = self._best is not None and self._best.number == number
            params = self._best.params if self._best and is_known else tuple(history.copy_record(number).params.items())
            value = float(history.values[number, 0])
            self._best = Best(number, value, history.completed_at(number), n_since, params)
        return self._best


def _ended(history: History, number: int) -> Ended:
    """Say what is known of a trial that ended."""
    start, at = history.started_at(number), history.completed_at(number)
    values: list[float] = history.values[number].tolist()
    seconds = None if start is None or at is None else max(0.0, (at - start).total_seconds())
    state = TrialState(history.state(number))
    return Ended(number, state, () if math.isnan(values[0]) else tuple(values), seconds, at)


@dataclass
class _Thinned:
    """The running best after each trial, or after every second, fourth, ... one: as many points as are shown."""

    stride: int = 1
    n: int = 0
    best: float = math.nan
    kept: list[float] = field(default_factory=list)

    def add(self, value: float, sign: float) -> None:
        """Add a completed trial."""
        if not sign * value >= sign * self.best:
            self.best = value
        if self.n % self.stride == 0:
            self.kept.append(self.best)
        self.n += 1
        if len(self.kept) == _POINTS:
            del self.kept[1::2]
            self.stride *= 2

    @property
    def values(self) -> tuple[float, ...]:
        """The values, that of the newest trial at the end."""
        return (*self.kept, self.best) if self.n else ()
