"""What samplers have in common whose trials take the points of one sequence in turn; see `claims`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from ..engine.exceptions import NothingLeft
from ..engine.history import History, Remembered, StudyLike, history_of
from ..engine.records import FIXED, FrozenTrial, TrialState
from .base import Sampler
from .claims import POINT, TOLD, Claims, Position

_KEY = (1 << 20) + 2  # purpose of the random numbers that make the key of a sequence


def up_to_date(study: Any) -> History:
    """Give a study's trials as columns, with what other processes stored by now."""
    if hasattr(study, "sync"):
        study.sync()
    return history_of(study)


def stop(study: Any) -> bool:
    """Let the loop that runs a trial of a study end; False where no loop runs it."""
    try:
        study.stop()
    except RuntimeError:
        return False
    return True


def leave_unless(is_wanted: bool, study: Any, trial: FrozenTrial) -> None:
    """End the loop instead of running a trial that is not stored yet; where no loop runs, the trial goes on.

    Parameters
    ----------
    is_wanted
        Whether the loop was begun by somebody who could know that nothing was left: then it gets one more trial, as in
        Optuna, unless another thread of it has just had that.
    study
        The study.
    trial
        The trial.
    """
    if is_wanted and not getattr(study, "_stop_flag", False):
        return
    if trial._trial_id < 0 and stop(study):
        raise NothingLeft(f"{study.sampler} has nothing left to try in the study {study.study_name!r}.")


class SequenceSampler(Sampler):
    """Base of samplers whose trials take the points of a sequence, each of them once.

    A trial that was enqueued takes none. A point comes back if its trial's process dies.

    Parameters
    ----------
    seed
        A non-negative integer for a sequence that can be repeated. Without one, workers that share a study use the key
        that its first trial holds.
    """

    claims = True
    across_brackets = True  # the sequence is that of the whole study

    def __init__(self, seed: int | None) -> None:
        super().__init__(seed)
        self._claimed: Remembered[Claims] = Remembered()

    @property
    @abstractmethod
    def _sequence(self) -> str:
        """Name of the sequence: trials of another one do not count."""

    def _new_claims(self, study: Any) -> Claims:
        return Claims(self._sequence, self._own_key(study))

    def _claims(self, history: History, study: Any = None) -> Claims:
        """Give what is taken, up to date; the history's lock is held."""
        found = self._claimed.get(history)
        if found is None:
            found = self._claimed[history] = self._new_claims(study)
        return found.update(history, getattr(study, "has_heartbeat", False))

    def _own_key(self, study: Any) -> int:
        """Give the key of a sequence of which there are no trials yet."""
        return int(self._streams.of(study).generator(0, _KEY).integers(1 << 53))

    def _claim(self, study: StudyLike, number: int) -> tuple[Position, int]:
        """Give the position that a new trial takes, and the key of the sequence; the history's lock is held."""
        history = history_of(study)
        claims = self._claims(history, study)
        return claims.ahead(max(number - history.n, 0)), claims.key

    def notes(self, study: StudyLike, number: int) -> dict[str, Any]:
        history = history_of(study)
        with history.lock:
            place, key = self._claim(study, number)
        return {POINT: [self._sequence, key, place.position]}

    def before_trial(self, study: StudyLike, trial: FrozenTrial) -> None:
        if FIXED not in trial.system_attrs and self._taken(trial) is None:
            attrs = self.notes(study, trial.number)
            study.note(trial, attrs)
            trial.system_attrs.update(attrs)

    def _taken(self, trial: FrozenTrial) -> tuple[int, int] | None:
        """Give the position that a trial holds, and the key; None for one that holds none."""
        claim = trial.system_attrs.get(POINT)
        return (claim[2], claim[1]) if isinstance(claim, list) and claim[0] == self._sequence else None

    def after_trial(
        self, study: StudyLike, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        if state == TrialState.FAIL and self._taken(trial) is not None:
            study.note(trial, {TOLD: True})
