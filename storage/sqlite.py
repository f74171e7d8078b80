"""Studies in a SQLite file: every change goes to the file first, then into the columns that this process keeps.

What other processes change comes in by delta: ``PRAGMA data_version`` tells whether anybody wrote, and then only new trials
and those that were not finished are read.
"""

from __future__ import annotations

import json
import os
import uuid
import weakref
from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from threading import RLock
from typing import Any

from ..engine.distributions import BaseDistribution
from ..engine.exceptions import DuplicatedStudyError, UpdateFinishedTrialError
from ..engine.frozen import FrozenTrial
from ..engine.history import History
from ..engine.records import FrozenStudy, StudyDirection, TrialState
from . import schema
from .base import DEFAULT_STUDY_NAME_PREFIX, BaseStorage
from .connection import Database, path_of
from .rows import cached_json, number_to_row, read_trials, time_to_text, to_json

_CHUNK = 500  # identifiers in one statement: SQLite's limit was 999 once

_NEXT_NUMBER = (
    "COALESCE((SELECT number + 1 FROM trials WHERE study_id = :study ORDER BY trial_id DESC LIMIT 1), 0)"
)
_INSERT_TRIAL = (
    "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete) "
    f"VALUES ({_NEXT_NUMBER}, :study, :state, :start, :complete) RETURNING trial_id, number"
)
_UNFINISHED = "state IN ('RUNNING', 'WAITING')"
_INSERT_PARAM = (
    "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) "
    f"SELECT trial_id, ?, ?, ? FROM trials WHERE trial_id = ? AND {_UNFINISHED} "
    "ON CONFLICT (trial_id, param_name) DO UPDATE "
    "SET param_value = excluded.param_value, distribution_json = excluded.distribution_json"
)
_INSERT_REPORT = (
    "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type) "
    f"SELECT trial_id, ?, ?, ? FROM trials WHERE trial_id = ? AND {_UNFINISHED} "
    "ON CONFLICT (trial_id, step) DO UPDATE SET intermediate_value = excluded.intermediate_value, "
    "intermediate_value_type = excluded.intermediate_value_type"
)
_INSERT_VALUE = "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?, ?, ?, ?)"

_storages: weakref.WeakSet[SQLiteStorage] = weakref.WeakSet()


class SQLiteStorage(BaseStorage):
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

    def __init__(self, url: str, *, synchronous: str = "NORMAL", timeout: float = 60.0) -> None:
        if synchronous.upper() not in ("NORMAL", "FULL"):
            raise ValueError(f"`synchronous` must be 'NORMAL' or 'FULL', but got {synchronous!r}.")
        self.url = url
        self._options = (synchronous.upper(), timeout)
        self._lock = RLock()
        self._db = Database(path_of(url), *self._options)
        self._histories: dict[int, History] = {}
        self._seen: dict[int, int] = {}  # data version up to which each history is
        self._live: dict[int, tuple[History, int, FrozenTrial]] = {}  # unfinished trials started here
        _storages.add(self)

    def __getstate__(self) -> dict[str, Any]:
        return {"url": self.url, "options": self._options}

    def __setstate__(self, state: dict[str, Any]) -> None:
        SQLiteStorage.__init__(self, state["url"], synchronous=state["options"][0], timeout=state["options"][1])

    def _after_fork(self) -> None:
        """Start afresh in a forked process: neither the parent's connection nor a lock it held can be used."""
        self._lock = RLock()
        for history in self._histories.values():
            history.lock = self._lock
        self._db.forget()
        self._seen.clear()

    # --- studies -----------------------------------------------------------------------------------------------------

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        name = study_name if study_name is not None else DEFAULT_STUDY_NAME_PREFIX + str(uuid.uuid4())
        with self._lock, self._db.transaction():
            if self._db.execute("SELECT 1 FROM studies WHERE study_name = ?", (name,)).fetchone():
                raise DuplicatedStudyError(f"A study named {name!r} exists already in {self.url}.")
            study_id = int(self._db.execute("INSERT INTO studies (study_name) VALUES (?)", (name,)).lastrowid or 0)
            self._db.executemany(
                "INSERT INTO study_directions (direction, study_id, objective) VALUES (?, ?, ?)",
                [(direction.name, study_id, i) for i, direction in enumerate(directions)],
            )
        return study_id

    def delete_study(self, study_id: int) -> None:
        with self._lock:
            with self._db.transaction():
                self.get_study_name_from_id(study_id)
                for table in schema.TRIAL_TABLES:
                    self._db.execute(
                        f"DELETE FROM {table} WHERE trial_id IN (SELECT trial_id FROM trials WHERE study_id = ?)",
                        (study_id,),
                    )
                for table in ("trials", *schema.STUDY_TABLES, "studies"):
                    self._db.execute(f"DELETE FROM {table} WHERE study_id = ?", (study_id,))
            history = self._histories.pop(study_id, None)
            for record in history.live.values() if history else ():
                self._live.pop(record._trial_id, None)

    def _one(self, sql: str, parameters: tuple[Any, ...], missing: str) -> tuple[Any, ...]:
        """Fetch one row; ``KeyError`` if there is none."""
        with self._lock:
            row: tuple[Any, ...] | None = self._db.execute(sql, parameters).fetchone()
        if row is None:
            raise KeyError(missing)
        return row

    def get_study_id_from_name(self, study_name: str) -> int:
        sql = "SELECT study_id FROM studies WHERE study_name = ?"
        return int(self._one(sql, (study_name,), f"No such study {study_name}.")[0])

    def get_study_name_from_id(self, study_id: int) -> str:
        sql = "SELECT study_name FROM studies WHERE study_id = ?"
        return str(self._one(sql, (study_id,), f"No study with id {study_id} exists.")[0])

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        sql = "SELECT direction FROM study_directions WHERE study_id = ? ORDER BY objective"
        with self._lock:
            names = [name for (name,) in self._db.execute(sql, (study_id,))]
        if not names:
            raise KeyError(f"No study with id {study_id} exists.")
        return [StudyDirection[name] for name in names]

    def _set_study_attr(self, kind: str, study_id: int, key: str, value: Any) -> None:
        text = to_json(value)
        with self._lock, self._db.transaction():
            self.get_study_name_from_id(study_id)
            self._db.execute(
                f'INSERT INTO study_{kind}_attributes (study_id, "key", value_json) VALUES (?, ?, ?) '
                'ON CONFLICT (study_id, "key") DO UPDATE SET value_json = excluded.value_json',
                (study_id, key, text),
            )

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        self._set_study_attr("user", study_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        self._set_study_attr("system", study_id, key, value)

    def _study_attrs(self, kind: str, study_id: int) -> dict[str, Any]:
        with self._lock:
            self.get_study_name_from_id(study_id)
            rows = self._db.execute(
                f'SELECT "key", value_json FROM study_{kind}_attributes WHERE study_id = ?', (study_id,)
            )
            return {key: json.loads(text) for key, text in rows}

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        return self._study_attrs("user", study_id)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        return self._study_attrs("system", study_id)

    def get_all_studies(self) -> list[FrozenStudy]:
        with self._lock, self._db.transaction("DEFERRED"):
            found = self._db.execute("SELECT study_id, study_name FROM studies ORDER BY study_id").fetchall()
            return [
                FrozenStudy(
                    study_name=name,
                    direction=None,
                    directions=self.get_study_directions(study_id),
                    user_attrs=self.get_study_user_attrs(study_id),
                    system_attrs=self.get_study_system_attrs(study_id),
                    study_id=study_id,
                )
                for study_id, name in found
            ]

    # --- bringing in what others wrote -------------------------------------------------------------------------------

    def get_history(self, study_id: int) -> History:
        with self._lock:
            version = self._db.data_version()
            if self._seen.get(study_id) != version:
                self._pull(study_id)
                self._seen[study_id] = version
            return self._histories[study_id]

    def _pull(self, study_id: int) -> None:
        """Read new trials, and those known as unfinished."""
        with self._db.transaction("DEFERRED"):
            history = self._histories.get(study_id)
            if history is None:
                history = History(self.get_study_directions(study_id), self._lock)
                self._histories[study_id] = history
            for where, parameters in self._changed(study_id, history):
                for record in read_trials(self._db.execute, where, parameters):
                    self._take_in(history, record)

    def _changed(self, study_id: int, history: History) -> list[tuple[str, tuple[Any, ...]]]:
        """Give conditions for the trials that may differ from the history."""
        last = int(history.trial_ids[-1]) if history.n else -1
        live = [record._trial_id for record in history.live.values()]
        known = [live[i : i + _CHUNK] for i in range(0, len(live), _CHUNK)]
        conditions: list[tuple[str, tuple[Any, ...]]] = [
            (f"WHERE t.trial_id IN ({', '.join('?' * len(chunk))})", tuple(chunk)) for chunk in known
        ]
        return [*conditions, ("WHERE t.study_id = ? AND t.trial_id > ?", (study_id, last))]

    def _take_in(self, history: History, record: FrozenTrial) -> None:
        if record._trial_id in self._live:
            # Ours, and its record is in a user's hands; only its end can have come from elsewhere.
            if not record.state.is_finished():
                return
            del self._live[record._trial_id]
        history.put(record)

    # --- changing trials ---------------------------------------------------------------------------------------------

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        if template_trial is not None:
            return self.create_new_trials(study_id, [template_trial])[0]
        record = FrozenTrial(-1, TrialState.RUNNING, None, datetime.now(), None, {}, {}, {}, {}, {}, -1)
        with self._lock:
            if study_id not in self._histories:
                self.get_history(study_id)
            self._insert_trial(study_id, record)
            self._open(study_id, record)
        return record._trial_id

    def create_new_trials(self, study_id: int, templates: Sequence[FrozenTrial]) -> list[int]:
        records = [template.copy() for template in templates]
        with self._lock:
            with self._db.transaction():
                self._pull(study_id)
                for record in records:
                    for name, distribution in record.distributions.items():
                        self._histories[study_id].check(name, distribution)
                    self._insert_trial(study_id, record)
                    self._insert_children(record)
            for record in records:
                self._open(study_id, record)
        return [record._trial_id for record in records]

    def _insert_trial(self, study_id: int, record: FrozenTrial) -> None:
        row = {
            "study": study_id,
            "state": record.state.name,
            "start": time_to_text(record.datetime_start),
            "complete": time_to_text(record.datetime_complete),
        }
        record._trial_id, record.number = self._db.execute(_INSERT_TRIAL, row).fetchone()

    def _insert_children(self, record: FrozenTrial) -> None:
        """Insert what belongs to a new trial."""
        trial_id = record._trial_id
        params = [
            (name, float(distribution.to_internal_repr(record.params[name])), cached_json(distribution), trial_id)
            for name, distribution in record.distributions.items()
        ]
        self._db.executemany(_INSERT_PARAM.replace(f" AND {_UNFINISHED}", ""), params)
        self._insert_values(trial_id, record.values)
        reports = [(step, *number_to_row(value), trial_id) for step, value in record.intermediate_values.items()]
        self._db.executemany(_INSERT_REPORT.replace(f" AND {_UNFINISHED}", ""), reports)
        for kind, attrs in (("user", record.user_attrs), ("system", record.system_attrs)):
            self._db.executemany(
                f'INSERT INTO trial_{kind}_attributes (trial_id, "key", value_json) VALUES (?, ?, ?)',
                [(trial_id, key, to_json(value)) for key, value in attrs.items()],
            )

    def _insert_values(self, trial_id: int, values: Sequence[float] | None) -> None:
        rows = [(trial_id, objective, *number_to_row(value)) for objective, value in enumerate(values or ())]
        self._db.executemany(_INSERT_VALUE, rows)

    def _open(self, study_id: int, record: FrozenTrial) -> None:
        """Put a trial that was just stored into the history; trials of others that came before it are read first."""
        history = self._histories[study_id]
        if record.number != history.n:
            self._pull(study_id)
        if record.number == history.n:
            history.open(record)
        elif not record.state.is_finished():
            history.live[record.number] = record
        if not record.state.is_finished():
            self._live[record._trial_id] = (history, record.number, record)

    def _refuse(self, trial_id: int) -> None:
        """Say why a trial cannot be changed."""
        number, state = self._one(
            "SELECT number, state FROM trials WHERE trial_id = ?", (trial_id,), f"No trial with id {trial_id} exists."
        )
        raise UpdateFinishedTrialError(f"Trial#{number} has already finished ({state}) and can not be updated.")

    def _own(self, trial_id: int) -> tuple[History, int, FrozenTrial]:
        """Find an unfinished trial, and take it as one that is changed in this process."""
        own = self._live.get(trial_id)
        if own is None:
            history, number = self._locate(trial_id)
            if number not in history.live:
                self._refuse(trial_id)
            own = self._live[trial_id] = (history, number, history.live[number])
        return own

    def _locate(self, trial_id: int) -> tuple[History, int]:
        study_id, number = self._one(
            "SELECT study_id, number FROM trials WHERE trial_id = ?", (trial_id,), f"No trial with id {trial_id} exists."
        )
        return self.get_history(study_id), number

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        self.set_trial_params(trial_id, {param_name: (param_value_internal, distribution)})

    def set_trial_params(self, trial_id: int, params: Mapping[str, tuple[float, BaseDistribution]]) -> None:
        with self._lock:
            history, number, _ = self._own(trial_id)
            if len(params) == 1 and history.distribution(next(iter(params))) is not None:
                self._insert_params(trial_id, history, params)
            elif params:
                with self._db.transaction():
                    # A name that is new here may be known to others by now.
                    self._pull(self._study_id_of(history))
                    self._insert_params(trial_id, history, params)
            for name, (internal, distribution) in params.items():
                history.set_param(number, name, internal, distribution)

    def _insert_params(
        self, trial_id: int, history: History, params: Mapping[str, tuple[float, BaseDistribution]]
    ) -> None:
        for name, (internal, distribution) in params.items():
            history.check(name, distribution)
            row = (name, float(internal), cached_json(distribution), trial_id)
            if not self._db.execute(_INSERT_PARAM, row).rowcount:
                self._refuse(trial_id)

    def _study_id_of(self, history: History) -> int:
        return next(study_id for study_id, other in self._histories.items() if other is history)

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        with self._lock:
            if state == TrialState.RUNNING:
                return self._claim(trial_id)
            history, number, _ = self._own(trial_id)
            if state == TrialState.WAITING:
                self._db.execute("UPDATE trials SET state = 'WAITING' WHERE trial_id = ?", (trial_id,))
                history.requeue(number)
            else:
                now = datetime.now()
                with self._db.transaction():
                    self._end(trial_id, state, values, now)
                history.finish(number, state, values, now)
                del self._live[trial_id]
        return True

    def _claim(self, trial_id: int) -> bool:
        """Start a waiting trial: one statement, so one process gets it."""
        now = datetime.now()
        claimed = self._db.execute(
            "UPDATE trials SET state = 'RUNNING', datetime_start = ? WHERE trial_id = ? AND state = 'WAITING'",
            (time_to_text(now), trial_id),
        ).rowcount
        history, number, record = self._own(trial_id)
        if claimed:
            history.start(number, now)
        elif record.state == TrialState.WAITING:
            del self._live[trial_id]  # another process was faster: it is not ours
        return bool(claimed)

    def _end(self, trial_id: int, state: TrialState, values: Sequence[float] | None, when: datetime) -> None:
        changed = self._db.execute(
            f"UPDATE trials SET state = ?, datetime_complete = ? WHERE trial_id = ? AND {_UNFINISHED}",
            (state.name, time_to_text(when), trial_id),
        ).rowcount
        if not changed:
            self._refuse(trial_id)
        self._insert_values(trial_id, values)

    def finish_trials(
        self, trial_ids: Sequence[int], states: Sequence[TrialState], values: Sequence[Sequence[float] | None]
    ) -> None:
        with self._lock:
            now = datetime.now()
            own = [self._own(trial_id) for trial_id in trial_ids]
            ends = list(zip(trial_ids, states, values, strict=True))
            with self._db.transaction():
                for trial_id, state, trial_values in ends:
                    self._end(trial_id, state, trial_values, now)
            for (history, number, _), (trial_id, state, trial_values) in zip(own, ends, strict=True):
                history.finish(number, state, trial_values, now)
                del self._live[trial_id]

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        with self._lock:
            _, _, record = self._own(trial_id)
            row = (step, *number_to_row(intermediate_value), trial_id)
            if not self._db.execute(_INSERT_REPORT, row).rowcount:
                self._refuse(trial_id)
            record.intermediate_values[step] = intermediate_value

    def _set_trial_attr(self, kind: str, trial_id: int, key: str, value: Any) -> FrozenTrial:
        text = to_json(value)
        with self._lock:
            _, _, record = self._own(trial_id)
            changed = self._db.execute(
                f'INSERT INTO trial_{kind}_attributes (trial_id, "key", value_json) '
                f"SELECT trial_id, ?, ? FROM trials WHERE trial_id = ? AND {_UNFINISHED} "
                'ON CONFLICT (trial_id, "key") DO UPDATE SET value_json = excluded.value_json',
                (key, text, trial_id),
            ).rowcount
            if not changed:
                self._refuse(trial_id)
            return record

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        self._set_trial_attr("user", trial_id, key, value).user_attrs[key] = value

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        self._set_trial_attr("system", trial_id, key, value).system_attrs[key] = value

    def live_record(self, trial_id: int) -> FrozenTrial:
        with self._lock:
            return self._own(trial_id)[2]

    # --- reading trials ----------------------------------------------------------------------------------------------

    def get_trial(self, trial_id: int) -> FrozenTrial:
        with self._lock:
            history, number = self._locate(trial_id)
            return history.copy_record(number)

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
        return int(self._one("SELECT number FROM trials WHERE trial_id = ?", (trial_id,),
                             f"No trial with id {trial_id} exists.")[0])  # fmt: skip

    # --- the file ----------------------------------------------------------------------------------------------------

    def remove_session(self) -> None:
        """Close the connection; the next call opens it again."""
        with self._lock:
            self._db.close()
            self._seen.clear()

    def get_current_version(self) -> str:
        """Give the schema revision of the file."""
        return str(self._one("SELECT version_num FROM alembic_version", (), "The file has no schema revision.")[0])

    def get_head_version(self) -> str:
        """Give the schema revision that parzen writes."""
        return schema.REVISION

    def get_all_versions(self) -> list[str]:
        """List the schema revisions that parzen can upgrade to."""
        return [schema.REVISION]

    def upgrade(self) -> None:
        """Bring the file to the head revision; a file that could be opened is there already."""


def _after_fork() -> None:
    for storage in list(_storages):
        storage._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
