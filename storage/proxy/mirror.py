"""The client's copy of a study's history, filled by what the server says is new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...engine.distributions import BaseDistribution
from ...engine.distributions.json import cached_distribution
from ...engine.exceptions import StorageInternalError
from ...engine.history import History
from ...engine.records import FrozenTrial, StudyDirection, TrialState
from .wire import Position, read_record


class Mirror:
    """A history that follows the server's history of one study.

    Parameters
    ----------
    study_id
        The study.
    head
        Epoch and directions, as the server answers a client of another epoch.
    lock
        The client's lock, which must be held during every call.
    former
        Live records, by number, of the history that this one replaces: trial objects may hold them, so they stay the
        records of their trials.

    Attributes
    ----------
    position : Position
        How far this mirror has read the server's history.
    """

    def __init__(self, study_id: int, head: dict[str, Any], lock: Any, former: Mapping[int, FrozenTrial]) -> None:
        self.history = History([StudyDirection(direction) for direction in head["directions"]], lock)
        self.position = Position(study_id, head["epoch"])
        self._former = former
        self._distributions: list[BaseDistribution] = []
        self._known_at: dict[int, int] = {}  # clock up to which each live record is known

    def note(self, number: int, timestamp: list[Any] | None) -> None:
        """Remember epoch and clock of a change that this client made: an older answer must not undo the change."""
        if timestamp is not None and timestamp[0] == self.position.epoch:
            self._known_at[number] = max(self._known_at.get(number, 0), timestamp[1])

    def apply(self, delta: dict[str, Any]) -> bool:
        """Add what is new, and tell whether there is more. Answers need not come in the order of their requests."""
        position = self.position
        known = len(self._distributions) - delta["first_distribution"]
        self._distributions += map(cached_distribution, delta["distributions"][known:])
        for parts in delta["trials"]:
            self._put(read_record(parts, self._distributions.__getitem__), delta["clock"])
        self.position = position._replace(
            n=self.history.n,
            n_finished=max(position.n_finished, delta["n_finished"]),
            clock=max(position.clock, delta["clock"]),
            n_distributions=len(self._distributions),
        )
        return bool(delta["more"])

    def _put(self, record: FrozenTrial, clock: int) -> None:
        number, history = record.number, self.history
        if number == history.n:
            record = self._former_record(record)
        elif not _is_final(record) and clock < self._known_at.get(number, 0):
            return
        if not history.put(record):
            raise StorageInternalError(
                f"After trial {history.n - 1} the storage proxy gave trial {number}. Install one version of parzen on "
                "both sides, and load the study again."
            )
        if _is_final(record):
            self._known_at.pop(number, None)
        else:
            self._known_at[number] = clock

    def _former_record(self, record: FrozenTrial) -> FrozenTrial:
        """Give the record that the former history has of this trial, brought up to date; without one the new record."""
        held = self._former.get(record.number)
        if held is None or held._trial_id != record._trial_id:
            return record
        if held.datetime_start not in (None, record.datetime_start):  # of another trial, whose study was deleted
            return record
        held.become(record)
        return held


def _is_final(record: FrozenTrial) -> bool:
    """Tell whether a trial cannot change any more."""
    return record.state.is_finished() and record.state != TrialState.PAUSED
