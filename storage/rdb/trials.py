"""Trials in a database: every change goes there first, then into the columns that this process keeps.

What other processes change comes in by delta: new trials and those that were not finished are read, and nothing at all
where the database can tell that nobody wrote.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, NoReturn

from ...engine.distributions import BaseDistribution
from ...engine.exceptions import StorageInternalError, UpdateFinishedTrialError
from ...engine.frozen import FrozenTrial
from ...engine.history import History
from ...engine.interrupts import Deferred
from ...engine.records import TrialState
from . import forks, writing
from .database import Database
from .reading import read_new, read_some
from .rows import row_to_time, to_json
from .studies import RelationalStudies
from .vocabulary import words_of

_SECOND = timedelta(seconds=1)


class _Own(NamedTuple):
    """An unfinished trial that this process changes, found by its identifier without a look at the file."""

    study_id: int
    history: History
    number: int
    record: FrozenTrial


class RelationalStorage(RelationalStudies):
    """Keeps studies in a database of Optuna's schema. Safe for threads, processes and forks.

    Parameters
    ----------
    db
        The database.
    """

    keeps_live_records = True

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self._histories: dict[int, History] = {}
        self._seen: dict[int, int] = {}  # version of the database up to which each history is
        self._corrections: dict[int, int] = {}  # how often finished trials had been changed then
        self._own_trials: dict[int, _Own] = {}
        forks.protect(self)

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

    def get_history(self, study_id: int, refresh: bool = True) -> History:
        with self._lock:
            known = self._histories.get(study_id)
            if known is None or (refresh and self._seen.get(study_id) != self._db.version()):
                self._pull(study_id)
            return self._histories[study_id]

    def _pull(self, study_id: int) -> None:
        """Read new trials, and those known as unfinished; all of them if that does not bring the history up to date."""
        with self._db.reading():
            corrections = writing.corrections(self._db, study_id)
            if corrections is None:
                raise KeyError(f"No study with id {study_id} exists.")
            version = self._db.version()
            history = self._histories.get(study_id)
            is_same = history is not None and corrections == self._corrections.get(study_id)
            changed = self._changed(study_id, history) if history is not None and is_same else None
            if changed is None:
                directions = self.get_study_directions(study_id)
                records = read_new(self._db, study_id, -1)
        if changed is None:
            self._begin_again(study_id, History(directions, self._lock), records)
        else:
            self._take_in(study_id, self._histories[study_id], changed)
        self._seen[study_id] = version
        self._corrections[study_id] = corrections

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
        return bool(rows) and _is_near(history.completed_at(number), row_to_time(rows[0][0]))

    def _begin_again(self, study_id: int, history: History, records: Sequence[FrozenTrial]) -> None:
        """Fill a new history; records of live trials that somebody may hold go over into it."""
        before = self._histories.get(study_id)
        self._forget(study_id)
        for i, record in enumerate(records):
            held = None if before is None else before.live.get(record.number)
            if held is not None and held._trial_id == record._trial_id and _is_same(held, record):
                held.become(record)
                records = [*records[:i], held, *records[i + 1 :]]
        self._take_in(study_id, history, records)
        self._histories[study_id] = history

    def _take_in(self, study_id: int, history: History, records: Sequence[FrozenTrial]) -> None:
        for record in records:
            if not history.put(record):
                raise StorageInternalError(
                    f"Trial numbers of study {study_id} in {self._db.place} have no gaps and no repetitions, but after "
                    f"{history.n - 1} comes {record.number}: somebody edited the database. Copy the study by "
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
            self.get_history(study_id, refresh=False)
            self._store(study_id, [record], lambda: None)
        return record._trial_id

    def create_new_trials(self, study_id: int, templates: Sequence[FrozenTrial]) -> list[int]:
        records = [template.copy() for template in templates]
        with Deferred(), self._lock:
            self._store(study_id, records, lambda: self.get_history(study_id).check_new(records))
        return [record._trial_id for record in records]

    def _store(self, study_id: int, records: Sequence[FrozenTrial], check: Callable[[], None]) -> None:
        """Store new trials, once they are checked while nobody else can add some, and open them here."""

        def work() -> list[tuple[int, int]]:
            if not writing.lock_study(self._db, study_id):
                raise KeyError(f"No study with id {study_id} exists.")
            check()
            places = writing.insert_trials(self._db, study_id, records)
            for record, (record._trial_id, record.number) in zip(records, places, strict=True):
                pass
            writing.insert_parts(self._db, records)
            return places

        places = self._db.once(work)
        for record, (record._trial_id, record.number) in zip(records, places, strict=True):
            self._open(study_id, record)

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
            is_known = all(own.history.distribution(name) is not None for name in params)
            if len(params) == 1 and is_known:
                self._insert_params(trial_id, own.history, params)
            elif params:
                self._db.once(lambda: self._insert_checked(trial_id, own, params, is_known))
                own = self._own(trial_id)
            for name, (internal, distribution) in params.items():
                own.history.set_param(own.number, name, internal, distribution)

    def _insert_checked(
        self, trial_id: int, own: _Own, params: Mapping[str, tuple[float, BaseDistribution]], is_known: bool
    ) -> None:
        """Insert several parameters. A name that is new here may be known to others by now."""
        history = own.history
        if not is_known:
            writing.lock_study(self._db, own.study_id)
            history = self.get_history(own.study_id)
        self._insert_params(trial_id, history, params)

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
        claimed = self._db.once(lambda: writing.start(self._db, trial_id, now))
        if not claimed:
            self._pull(self._own(trial_id).study_id)
        own = self._own(trial_id)
        if claimed:
            own.history.start(own.number, now)
        return claimed

    def _requeue(self, trial_id: int) -> None:
        own = self._own(trial_id)
        if not self._db.once(lambda: writing.requeue(self._db, trial_id)):
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
            self._db.once(lambda: self._end(ends, now))
            stored = self._reread([own for own, _, _ in ends])
            for own, state, told in ends:
                record = stored.get(own.record._trial_id)
                if record is None:
                    own.history.finish(own.number, state, told, now)
                else:
                    own.history.put(record)
                del self._own_trials[own.record._trial_id]

    def _end(self, ends: Sequence[tuple[_Own, TrialState, Sequence[float] | None]], now: datetime) -> None:
        for own, state, told in ends:
            if not writing.finish(self._db, own.record._trial_id, state, told, now):
                self._refuse(own.record._trial_id)

    def _reread(self, finished: Sequence[_Own]) -> dict[int, FrozenTrial]:
        """Read those trials again to which others may have added something since the last look."""
        version = self._db.version()
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

    # --- corrections -------------------------------------------------------------------------------------------------

    def correct_values(self, trial_id: int, values: Sequence[float]) -> None:
        def correct(record: FrozenTrial) -> None:
            assert record.values is not None
            writing.insert_values(self._db, trial_id, record.values)

        self._correct(trial_id, lambda history, number: history.with_values(number, values), correct)

    def erase_trial(self, trial_id: int) -> None:
        self._correct(trial_id, History.erased, lambda record: writing.erase(self._db, trial_id, record))

    def _correct(
        self, trial_id: int, change: Callable[[History, int], FrozenTrial], write: Callable[[FrozenTrial], None]
    ) -> None:
        """Change a trial as nothing else may: whoever has read the study reads it again."""
        with Deferred(), self._lock:
            study_id, number = self._place(trial_id)

            def work() -> None:
                writing.lock_study(self._db, study_id)
                write(change(self.get_history(study_id), number))
                writing.count_correction(self._db, study_id)

            self._db.once(work)
            self._pull(study_id)

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
    is_unstarted = before.datetime_start is None
    return before.number == now.number and (is_unstarted or _is_near(before.datetime_start, now.datetime_start))


def _is_near(held: datetime | None, stored: datetime | None) -> bool:
    """Compare two times; the tables that Optuna makes in MySQL keep whole seconds."""
    if held is None or stored is None:
        return False
    return held == stored or (stored.microsecond == 0 and abs(held - stored) <= _SECOND)
