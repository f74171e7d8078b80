"""Trials in a SQLite file: every change goes to the file first, then into the columns that this process keeps.

What other processes change comes in by delta: ``PRAGMA data_version`` tells whether anybody wrote, and then only new
trials and those that were not finished are read.
"""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from threading import RLock
from typing import Any, NamedTuple, NoReturn

from ...engine.distributions import BaseDistribution
from ...engine.exceptions import StorageInternalError, UpdateFinishedTrialError
from ...engine.frozen import FrozenTrial
from ...engine.history import History
from ...engine.interrupts import Deferred
from ...engine.records import TrialState
from . import writing
from .reading import read_new, read_some
from .rows import text_to_time, to_json
from .studies import SQLiteStudies


class _Own(NamedTuple):
    """An unfinished trial that this process changes, found by its identifier without a look at the file."""

    study_id: int
    history: History
    number: int
    record: FrozenTrial


class SQLiteStorage(SQLiteStudies):
    """Keeps studies in a SQLite file of Optuna's schema. Safe for threads, processes and forks.

    Parameters
    ----------
    url
        ``sqlite:///relative.db`` or ``sqlite:////absolute/path.db``; the file is created if there is none.
    synchronous
        ``"NORMAL"``: what was written survives the death of the process. ``"FULL"``: and a power failure, for one disk
        flush a transaction.
    timeout
        Seconds to wait for another process that writes.

    Raises
    ------
    StorageInternalError
        If the file cannot be opened or is no study database.
    RuntimeError
        If its schema is of another version.

    Notes
    -----
    The file uses a write-ahead log: while a process has it open, ``FILE-wal`` and ``FILE-shm`` belong to it, and a copy
    needs all three, or ``sqlite3 FILE ".backup COPY"``. Do not put it on a network file system.
    """

    keeps_live_records = True

    def __init__(self, url: str, *, synchronous: str = "NORMAL", timeout: float = 60.0) -> None:
        super().__init__(url, synchronous, timeout)
        self._histories: dict[int, History] = {}
        self._seen: dict[int, int] = {}  # data version up to which each history is
        self._own_trials: dict[int, _Own] = {}
        _storages.add(self)

    # The absolute path: another process may work in another folder.
    def __getstate__(self) -> dict[str, Any]:
        return {"url": f"sqlite:///{self._db.path}", **self._options}

    def __setstate__(self, state: dict[str, Any]) -> None:
        SQLiteStorage.__init__(self, **state)

    def remove_session(self) -> None:
        """Close the connection; the next call opens it again."""
        with self._lock:
            self._db.close()
            self._seen.clear()

    def delete_study(self, study_id: int) -> None:
        with Deferred(), self._lock:
            super().delete_study(study_id)
            self._forget(study_id)

    # --- bringing in what others wrote -------------------------------------------------------------------------------

    def get_history(self, study_id: int) -> History:
        with self._lock:
            if self._seen.get(study_id) != self._db.data_version():
                self._pull(study_id)
            return self._histories[study_id]

    def _pull(self, study_id: int) -> None:
        """Read new trials, and those known as unfinished."""
        with self._db.transaction("DEFERRED"):
            directions = self.get_study_directions(study_id)
            version = self._db.data_version()
            history = self._histories.get(study_id)
            changed = None if history is None else self._changed(study_id, history)
            if history is None or changed is None:
                self._forget(study_id)
                history = self._histories[study_id] = History(directions, self._lock)
                changed = read_new(self._db, study_id, -1)
        self._take_in(study_id, history, changed)
        self._seen[study_id] = version

    def _changed(self, study_id: int, history: History) -> list[FrozenTrial] | None:
        """Read what may differ from the history; None if its trials were deleted, perhaps replaced by others."""
        if not history.n:
            return None
        live = {record._trial_id: record for record in history.live.values()}
        known = read_some(self._db, study_id, list(live))
        if len(known) < len(live) or not all(_is_same(live[record._trial_id], record) for record in known):
            return None
        if not self._holds_last(study_id, history):
            return None
        return known + read_new(self._db, study_id, int(history.trial_ids[-1]))

    def _holds_last(self, study_id: int, history: History) -> bool:
        """Tell whether the trial that finished last is still in the file, and no other one under its identifier."""
        if not len(history.finished):
            return True
        number = int(history.finished[-1])
        rows = self._db.query(
            "SELECT datetime_complete FROM trials WHERE trial_id = ? AND study_id = ? AND number = ?",
            (int(history.trial_ids[number]), study_id, number),
        )
        return bool(rows) and text_to_time(rows[0][0]) == history.completed_at(number)

    def _take_in(self, study_id: int, history: History, records: Sequence[FrozenTrial]) -> None:
        for record in records:
            if not history.put(record):
                raise StorageInternalError(
                    f"Trial numbers of study {study_id} in {self._db.path} have no gaps and no repetitions, but after "
                    f"{history.n - 1} comes {record.number}: somebody edited the file. Copy the study by "
                    "`optuna.copy_study`, which numbers the trials anew."
                )
            if record.state.is_finished():
                self._own_trials.pop(record._trial_id, None)

    def _forget(self, study_id: int) -> None:
        self._histories.pop(study_id, None)
        self._seen.pop(study_id, None)
        self._own_trials = {key: own for key, own in self._own_trials.items() if own.study_id != study_id}

    # --- new trials --------------------------------------------------------------------------------------------------

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        if template_trial is not None:
            return self.create_new_trials(study_id, [template_trial])[0]
        record = FrozenTrial(-1, TrialState.RUNNING, None, datetime.now(), None, {}, {}, {}, {}, {}, -1)
        with Deferred(), self._lock:
            if study_id not in self._histories:
                self.get_history(study_id)
            if not writing.insert_trial(self._db, study_id, record):
                raise KeyError(f"No study with id {study_id} exists.")
            self._open(study_id, record)
        return record._trial_id

    def create_new_trials(self, study_id: int, templates: Sequence[FrozenTrial]) -> list[int]:
        records = [template.copy() for template in templates]
        with Deferred(), self._lock:
            with self._db.transaction():
                self.get_history(study_id).check_new(records)
                writing.insert_templates(self._db, study_id, records)
            for record in records:
                self._open(study_id, record)
        return [record._trial_id for record in records]

    def _open(self, study_id: int, record: FrozenTrial) -> None:
        """Put a trial that was just stored into the history; trials of others that came before it are read first."""
        history = self._histories[study_id]
        if record.number == history.n:
            history.open(record)
        else:
            self._pull(study_id)
            history = self._histories[study_id]
        if not record.state.is_finished():
            own = _Own(study_id, history, record.number, history.live[record.number])
            self._own_trials[record._trial_id] = own

    # --- changing trials ---------------------------------------------------------------------------------------------

    def _own(self, trial_id: int) -> _Own:
        """Find an unfinished trial, and take it as one that is changed in this process."""
        own = self._own_trials.get(trial_id)
        if own is None:
            study_id, number = self._place(trial_id)
            history = self.get_history(study_id)
            if number not in history.live:
                self._refuse(trial_id)
            own = self._own_trials[trial_id] = _Own(study_id, history, number, history.live[number])
        return own

    def _place(self, trial_id: int) -> tuple[int, int]:
        """Find the study of a trial, and its number."""
        sql = "SELECT study_id, number FROM trials WHERE trial_id = ?"
        study_id, number = self._one(sql, (trial_id,), f"No trial with id {trial_id} exists.")
        return int(study_id), int(number)

    def _refuse(self, trial_id: int) -> NoReturn:
        """Say why a trial cannot be changed."""
        number, state = self._one(
            "SELECT number, state FROM trials WHERE trial_id = ?", (trial_id,), f"No trial with id {trial_id} exists."
        )
        raise UpdateFinishedTrialError(f"Trial#{number} has already finished ({state}) and can not be updated.")

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        self.set_trial_params(trial_id, {param_name: (param_value_internal, distribution)})

    def set_trial_params(self, trial_id: int, params: Mapping[str, tuple[float, BaseDistribution]]) -> None:
        with Deferred(), self._lock:
            own = self._own(trial_id)
            if len(params) == 1 and own.history.distribution(next(iter(params))) is not None:
                self._insert_params(trial_id, own.history, params)
            elif params:
                with self._db.transaction():
                    # A name that is new here may be known to others by now.
                    self._insert_params(trial_id, self.get_history(own.study_id), params)
                own = self._own(trial_id)
            for name, (internal, distribution) in params.items():
                own.history.set_param(own.number, name, internal, distribution)

    def _insert_params(
        self, trial_id: int, history: History, params: Mapping[str, tuple[float, BaseDistribution]]
    ) -> None:
        for name, (internal, distribution) in params.items():
            history.check_param(name, internal, distribution)
            if not writing.insert_param(self._db, trial_id, name, internal, distribution):
                self._refuse(trial_id)

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        with Deferred(), self._lock:
            if state == TrialState.RUNNING:
                return self._claim(trial_id)
            if state == TrialState.WAITING:
                self._requeue(trial_id)
            else:
                self.finish_trials([trial_id], [state], [values])
        return True

    def _claim(self, trial_id: int) -> bool:
        """Start a waiting trial, unless another process was faster."""
        now = datetime.now()
        claimed = writing.start(self._db, trial_id, now)
        if not claimed:
            self._pull(self._own(trial_id).study_id)
        own = self._own(trial_id)
        if claimed:
            own.history.start(own.number, now)
        return claimed

    def _requeue(self, trial_id: int) -> None:
        own = self._own(trial_id)
        if not writing.requeue(self._db, trial_id):
            self._refuse(trial_id)
        own.history.requeue(own.number)

    def finish_trials(
        self, trial_ids: Sequence[int], states: Sequence[TrialState], values: Sequence[Sequence[float] | None]
    ) -> None:
        with Deferred(), self._lock:
            now = datetime.now()
            ends = [(self._own(i), state, told) for i, state, told in zip(trial_ids, states, values, strict=True)]
            for own, _, told in ends:
                own.history.check_values(told)
            with self._db.transaction():
                for own, state, told in ends:
                    if not writing.finish(self._db, own.record._trial_id, state, told, now):
                        self._refuse(own.record._trial_id)
                stored = self._reread([own for own, _, _ in ends])
            for own, state, told in ends:
                record = stored.get(own.record._trial_id)
                if record is None:
                    own.history.finish(own.number, state, told, now)
                else:
                    own.history.put(record)
                del self._own_trials[own.record._trial_id]

    def _reread(self, finished: Sequence[_Own]) -> dict[int, FrozenTrial]:
        """Read those trials again to which others may have added something since the last look."""
        version = self._db.data_version()
        stale: dict[int, list[int]] = {}
        for own in finished:
            if self._seen.get(own.study_id) != version:
                stale.setdefault(own.study_id, []).append(own.record._trial_id)
        return {
            record._trial_id: record
            for study_id, trial_ids in stale.items()
            for record in read_some(self._db, study_id, trial_ids)
        }

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        with Deferred(), self._lock:
            own = self._own(trial_id)
            if not writing.insert_report(self._db, trial_id, step, intermediate_value):
                self._refuse(trial_id)
            own.record.intermediate_values[step] = intermediate_value

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        self._set_trial_attr("user", trial_id, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        self._set_trial_attr("system", trial_id, key, value)

    def _set_trial_attr(self, kind: str, trial_id: int, key: str, value: Any) -> None:
        text = to_json(value)
        with Deferred(), self._lock:
            record = self._own(trial_id).record
            if not writing.insert_attr(self._db, kind, trial_id, key, text):
                self._refuse(trial_id)
            # As others will read it: a tuple is a list from now on, and nobody else holds it.
            (record.user_attrs if kind == "user" else record.system_attrs)[key] = json.loads(text)

    def live_record(self, trial_id: int) -> FrozenTrial:
        with self._lock:
            return self._own(trial_id).record

    # --- reading trials ----------------------------------------------------------------------------------------------

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
            history = self.get_history(study_id)
            if not 0 <= trial_number < history.n:
                raise KeyError(f"No trial with number {trial_number} exists in the study with id {study_id}.")
            return int(history.trial_ids[trial_number])

    def get_trial_number_from_id(self, trial_id: int) -> int:
        own = self._own_trials.get(trial_id)
        return self._place(trial_id)[1] if own is None else own.number


def _is_same(before: FrozenTrial, now: FrozenTrial) -> bool:
    """Tell whether two records of one identifier are of one trial: files by Optuna give identifiers out again."""
    return before.number == now.number and before.datetime_start in (None, now.datetime_start)


# SQLite must not be carried over a fork: by its copy of the parent's lock table the child believes that it holds locks
# which only the parent has, and the parent, when it closes, throws away the log to which the child still writes. So no
# file is open while a fork happens, and no history is in the middle of a change.

_storages: weakref.WeakSet[SQLiteStorage] = weakref.WeakSet()
_forking = RLock()
_held: list[SQLiteStorage] = []


def _before_fork() -> None:
    _forking.acquire()
    _held.extend(_storages)
    for storage in _held:
        storage._lock.acquire()
    for storage in _held:
        storage.remove_session()


def _after_fork() -> None:
    for storage in _held:
        storage._lock.release()
    _held.clear()
    _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
