"""Trials in a database as they are read: from the histories that this process keeps, or by a query."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from typing import NoReturn

from ...engine.exceptions import UpdateFinishedTrialError
from ...engine.history import History
from ...engine.records import FrozenTrial, TrialState
from .. import forks
from ..base import check_single, no_best
from . import overviews, writing
from .database import Database
from .histories import Histories, OwnTrial
from .reading import read_directions
from .studies import RelationalStudies
from .workers import Workers


class RelationalTrials(RelationalStudies):
    """The part of `RelationalStorage` that finds and reads trials.

    Parameters
    ----------
    db
        The database.
    """

    called = "RDB"
    keeps_live_records = True
    _needs_another = False

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self._histories = Histories(db, self._lock)
        self._workers: Workers | None = None
        forks.protect(self)

    def remove_session(self) -> None:
        """Close the connection; the next call opens it again."""
        with self._lock:
            self._db.close()
            self._histories.forget_versions()

    def _before_fork(self) -> None:
        self.remove_session()

    def _after_fork_in_child(self) -> None:
        """Do nothing: the next call opens a connection."""

    def get_history(self, study_id: int, refresh: bool = True) -> History:
        with self._lock:
            return self._histories.history(study_id, refresh)

    # A study that this process has not read yet is asked by a query: to read 100,000 trials takes a second or more.

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        with self._lock:
            if self._histories.has(study_id):
                return super().get_best_trial(study_id)
            with self._db.reading():
                check_single(read_directions(self._db, study_id))
                best = overviews.read_best(self._db, study_id)
                if best is None:
                    raise no_best(overviews.has_complete(self._db, study_id))
                return best

    def get_size(self, study_id: int) -> tuple[int, datetime | None]:
        with self._lock:
            if self._histories.has(study_id):
                return super().get_size(study_id)
            return overviews.read_size(self._db, study_id)

    # --- single trials -----------------------------------------------------------------------------------------------

    def _own_trial(self, trial_id: int) -> OwnTrial:
        """Find an unfinished trial, which from now on counts as one that this process changes."""
        own = self._histories.own_trials.get(trial_id)
        if own is None:
            study_id, number = self._place(trial_id)
            history = self.get_history(study_id)
            if number not in history.live:
                self._raise_finished(trial_id)
            own = self._histories.own_trials[trial_id] = OwnTrial(study_id, history.live[number])
        return own

    def _place(self, trial_id: int) -> tuple[int, int]:
        """Find the study of a trial, and its number."""
        sql = "SELECT study_id, number FROM trials WHERE trial_id = ?"
        study_id, number = self._one(sql, (trial_id,), f"No trial with id {trial_id} exists.")
        return int(study_id), int(number)

    def _check_unfinished(self, trial_id: int) -> None:
        """Raise if a trial may not be changed any more: its study was deleted, or another process has ended it."""
        with self._db.reading():
            self._place(trial_id)
            if not writing.is_unfinished(self._db, trial_id):
                self._raise_finished(trial_id)

    def _raise_finished(self, trial_id: int) -> NoReturn:
        """Raise the error that says why a trial cannot be changed."""
        number, state = self._one(
            "SELECT number, state FROM trials WHERE trial_id = ?", (trial_id,), f"No trial with id {trial_id} exists."
        )
        raise UpdateFinishedTrialError(f"Trial#{number} has already finished ({state}) and can not be updated.")

    def live_record(self, trial_id: int) -> FrozenTrial:
        with self._lock:
            return self._own_trial(trial_id).record

    def get_trial(self, trial_id: int) -> FrozenTrial:
        with self._lock:
            study_id, number = self._place(trial_id)
            return self.get_history(study_id).copy_record(number)

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        with self._lock:
            return self.get_history(study_id).records(states, copy=deepcopy)

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        with self._lock:
            known = self.get_history(study_id, refresh=False)
            if trial_number in known.live and known.live[trial_number]._trial_id in self._histories.own_trials:
                return known.live[trial_number]._trial_id
            history = self.get_history(study_id)
            if not 0 <= trial_number < history.n:
                raise KeyError(f"No trial with number {trial_number} exists in the study with id {study_id}.")
            return int(history.trial_ids[trial_number])

    def get_trial_number_from_id(self, trial_id: int) -> int:
        own = self._histories.own_trials.get(trial_id)
        return self._place(trial_id)[1] if own is None else own.record.number
