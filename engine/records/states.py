"""Where a trial stands, and which way an objective is better."""

from __future__ import annotations

from enum import IntEnum


class TrialState(IntEnum):
    """Where a trial stands.

    A paused trial counts as finished until it is resumed. Only parzen knows the state PAUSED: in a database or a
    journal Optuna finds a pruned trial.
    """

    RUNNING = 0
    COMPLETE = 1
    PRUNED = 2
    FAIL = 3
    WAITING = 4
    PAUSED = 5

    def __repr__(self) -> str:
        return f"<TrialState.{self.name}: {self.value}>"

    def __str__(self) -> str:
        return f"TrialState.{self.name}"

    def is_finished(self) -> bool:
        """Tell whether nothing of the trial can be changed, or told."""
        return self not in _UNFINISHED


_UNFINISHED = (TrialState.RUNNING, TrialState.WAITING)


class StudyDirection(IntEnum):
    """Which way an objective is better."""

    NOT_SET = 0
    MINIMIZE = 1
    MAXIMIZE = 2

    def __str__(self) -> str:
        return f"StudyDirection.{self.name}"

    @property
    def sign(self) -> float:
        """What turns a value of the objective into a loss, which is better the smaller it is: 1, or -1 to maximise."""
        return -1.0 if self is StudyDirection.MAXIMIZE else 1.0
