"""Trials in a database: every change goes there first, then into the columns that this process keeps.

What other processes change comes in by delta: new trials and those that were not finished are read, and nothing at all
where the database can tell that nobody wrote.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from ...engine.distributions import BaseDistribution
from ...engine.exceptions import UpdateFinishedTrialError
from ...engine.history import History, erased, with_values
from ...engine.interrupts import Deferred
from ...engine.records import PAUSED_AT, FrozenTrial, TrialState, pause_marker, with_pause_marker
from .. import forks
from . import writing
from .database import Database
from .mirror import Mirror, Own
from .reading import have_more, read_some
from .rows import to_json
from .studies import RelationalStudies
from .workers import Workers

_End = tuple[Own, TrialState, Sequence[float] | None]


class RelationalStorage(RelationalStudies):
    """Keeps studies in a database of Optuna's schema. Safe for threads, processes and forks.

    Parameters
    ----------
    db
        The database.
    """

    keeps_live_records = True
    _needs_another = False

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self._mirror = Mirror(db, self._lock)
        self._workers: Workers | None = None
        forks.protect(self)

    def remove_session(self) -> None:
        """Close the connection; the next call opens it again."""
        with self._lock:
            self._db.close()
            self._mirror.forget_versions()

    def _before_fork(self) -> None:
        self.remove_session()

    def _after_fork_in_child(self) -> None:
        """Nothing is to be done: the next call opens a connection."""

    def delete_study(self, study_id: int) -> None:
        with Deferred(), self._lock:
            super().delete_study(study_id)
            self._mirror.forget(study_id)

    def get_history(self, study_id: int, refresh: bool = True) -> History:
        with self._lock:
            return self._mirror.history(study_id, refresh)

    # --- new trials --------------------------------------------------------------------------------------------------

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        if template_trial is not None:
            return self.create_new_trials(study_id, [template_trial])[0]
        record = FrozenTrial.running()
        with Deferred(), self._lock:
            self.get_history(study_id, refresh=False)
            self._store(study_id, [record])
        return record._trial_id

    def create_new_trials(self, study_id: int, templates: Sequence[FrozenTrial]) -> list[int]:
        return self._create(study_id, templates) or []

    def create_trials_at(self, study_id: int, number: int, templates: Sequence[FrozenTrial]) -> list[int] | None:
        return self._create(study_id, templates, number)

    def _create(self, study_id: int, templates: Sequence[FrozenTrial], number: int | None = None) -> list[int] | None:
        records = [with_pause_marker(template.copy()) for template in templates]

        def may_be_stored() -> bool:
            history = self.get_history(study_id)
            history.check_new(records)
            return number in (None, history.n)

        with Deferred(), self._lock:
            is_stored = self._store(study_id, records, may_be_stored)
        return [record._trial_id for record in records] if is_stored else None

    def _store(self, study_id: int, records: Sequence[FrozenTrial], check: Callable[[], bool] | None = None) -> bool:
        """Store new trials, if a check says so while nobody else can add some, and open them here.

        Those that need no check have nothing yet.
        """

        def work() -> list[tuple[int, int]]:
            if not writing.lock_study(self._db, study_id):
                raise KeyError(f"No study with id {study_id} exists.")
            if check is not None and not check():
                return []
            places = writing.insert_trials(self._db, study_id, records)
            if check is not None:
                writing.insert_parts(self._db, [trial_id for trial_id, _ in places], records)
            if self._workers is not None:
                started = zip(places, records, strict=True)
                self._workers.claim(place[0] for place, record in started if record.state == TrialState.RUNNING)
            return places

        if self._workers is not None:
            self._workers.join()
        places = self._db.once(work)
        for record, place in zip(records, places, strict=False):
            record._trial_id, record.number = place
            self._mirror.open(study_id, record)
        return bool(places)

    def claim_waiting_trial(self, study_id: int) -> int | None:
        with Deferred(), self._lock:
            while True:
                trial_id = self._next_waiting(study_id)
                if trial_id is None or self._start(study_id, trial_id):
                    return trial_id

    def _next_waiting(self, study_id: int) -> int | None:
        """Find the waiting trial of the lowest number; what others wrote need not be read for that."""
        history = self._mirror.history(study_id, refresh=False)
        if self._mirror.is_fresh(study_id):
            number = history.next_waiting()
            return None if number is None else history.live[number]._trial_id
        return writing.next_waiting(self._db, study_id)

    def _start(self, study_id: int, trial_id: int) -> bool:
        """Start a waiting trial, unless another process is faster."""
        now = datetime.now()
        return self._take_up(study_id, trial_id, lambda: writing.start(self._db, trial_id, now))

    def _start_or_resume(self, study_id: int, trial_id: int) -> bool:
        """Start a trial that waits or is paused, unless another process is faster."""
        now = datetime.now()

        def start() -> bool:
            writing.lock_study(self._db, study_id)
            return writing.start(self._db, trial_id, now) or writing.resume(self._db, study_id, trial_id)

        return self._take_up(study_id, trial_id, start)

    def _take_up(self, study_id: int, trial_id: int, start: Callable[[], bool]) -> bool:
        def work() -> bool:
            is_started = start()
            if is_started and self._workers is not None:
                self._workers.claim([trial_id])
            return is_started

        if self._workers is not None:
            self._workers.join()
        if not self._db.once(work):
            self._mirror.pull(study_id)
            return False
        return any(self._mirror.take(study_id, record) for record in read_some(self._db, study_id, [trial_id]))

    # --- changing trials ---------------------------------------------------------------------------------------------

    def _own(self, trial_id: int) -> Own:
        """Find an unfinished trial, and take it as one that is changed in this process."""
        own = self._mirror.own.get(trial_id)
        if own is None:
            study_id, number = self._place(trial_id)
            history = self.get_history(study_id)
            if number not in history.live:
                self._refuse(trial_id)
            own = self._mirror.own[trial_id] = Own(study_id, history.live[number])
        return own

    def _place(self, trial_id: int) -> tuple[int, int]:
        """Find the study of a trial, and its number."""
        sql = "SELECT study_id, number FROM trials WHERE trial_id = ?"
        study_id, number = self._one(sql, (trial_id,), f"No trial with id {trial_id} exists.")
        return int(study_id), int(number)

    def _check_unfinished(self, trial_id: int) -> None:
        """Look whether a trial may still be changed: its study may have been deleted, or others may have ended it."""
        with self._db.reading():
            self._place(trial_id)
            if not writing.is_unfinished(self._db, trial_id):
                self._refuse(trial_id)

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
            if not params:
                self._check_unfinished(trial_id)
            history = self._mirror.history(own.study_id, refresh=False)
            is_known = all(history.distribution(name) is not None for name in params)
            if len(params) == 1 and is_known:
                self._insert_params(trial_id, history, params)
            elif params:
                self._db.once(lambda: self._insert_checked(trial_id, own.study_id, params, is_known))
                own = self._own(trial_id)
            self._note_params(own, params)

    def _note_params(self, own: Own, params: Mapping[str, tuple[float, BaseDistribution]]) -> None:
        history = self._mirror.placed(own)
        for name, (internal, distribution) in params.items():
            if history is None:
                own.record.params[name] = distribution.to_external_repr(internal)
                own.record.distributions[name] = distribution
            else:
                history.set_param(own.record, name, internal, distribution)

    def _insert_checked(
        self, trial_id: int, study_id: int, params: Mapping[str, tuple[float, BaseDistribution]], is_known: bool
    ) -> None:
        """Insert several parameters. A name that is new here may be known to others by now."""
        if not is_known:
            writing.lock_study(self._db, study_id)
        self._insert_params(trial_id, self.get_history(study_id, refresh=not is_known), params)

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
                is_started = self._start_or_resume(self._place(trial_id)[0], trial_id)
                if not is_started:
                    self._check_unfinished(trial_id)
                return is_started
            if state == TrialState.WAITING:
                self._requeue(trial_id)
            else:
                self.finish_trials([trial_id], [state], [values])
        return True

    def _requeue(self, trial_id: int) -> None:
        own = self._own(trial_id)
        if not self._db.once(lambda: writing.requeue(self._db, trial_id)):
            self._refuse(trial_id)
        history = self._mirror.placed(own)
        if history is None:
            own.record.state = TrialState.WAITING
        else:
            history.requeue(own.record.number)

    def finish_trials(
        self, trial_ids: Sequence[int], states: Sequence[TrialState], values: Sequence[Sequence[float] | None]
    ) -> None:
        with Deferred(), self._lock:
            now = datetime.now()
            ends = [(self._own(i), state, told) for i, state, told in zip(trial_ids, states, values, strict=True)]
            for own, _, told in ends:
                self._check_values(own, told)
            self._db.once(lambda: self._end(ends, now))
            for study_id in {own.study_id for own, _, _ in ends}:
                self._note_ends([end for end in ends if end[0].study_id == study_id], now, study_id)

    def _check_values(self, own: Own, told: Sequence[float] | None) -> None:
        try:
            self._mirror.history(own.study_id, refresh=False).check_values(told)
        except ValueError:
            self._check_unfinished(own.record._trial_id)  # that is the better reason
            raise

    def _end(self, ends: Sequence[_End], now: datetime) -> None:
        for own, state, told in ends:
            self._check_kept(own.record)
            if not writing.finish(self._db, own.record, state, told, now):
                self._refuse(own.record._trial_id)
            if self._workers is not None:
                self._workers.release(own.record._trial_id)

    def _check_kept(self, record: FrozenTrial) -> None:
        """Refuse the end of a resumed trial that another process runs by now: this one was silent for too long."""
        is_resumed = record.system_attrs.get(PAUSED_AT) is not None
        if is_resumed and self._workers is not None and self._workers.has_lost(record._trial_id):
            raise UpdateFinishedTrialError(
                f"Trial#{record.number} was resumed by another process, since this one gave no sign of life for longer "
                "than the grace period. Ask for another trial; raise `grace_period` if processes are often silent."
            )

    def _note_ends(self, ends: Sequence[_End], now: datetime, study_id: int) -> None:
        """End trials of a study here. If others wrote meanwhile, the history waits for the next look at that."""
        is_fresh = self._mirror.is_fresh(study_id)
        for own, state, told in ends:
            history = self._mirror.placed(own)
            if history is not None and is_fresh:
                history.finish(own.record.number, state, told, now)
            else:
                own.record.system_attrs.update(pause_marker(own.record, state))
                own.record.state, own.record.datetime_complete = state, now
                own.record.values = told if told is not None else own.record.values
            self._mirror.own.pop(own.record._trial_id, None)
        if not is_fresh:
            records = {own.record._trial_id: own.record for own, _, _ in ends}
            for stored in read_some(self._db, study_id, have_more(self._db, list(records.values()))):
                records[stored._trial_id].become(stored)

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

    def set_trials_system_attrs(self, attrs: Mapping[int, Mapping[str, Any]]) -> None:
        texts = [(i, key, to_json(value)) for i, values in attrs.items() for key, value in values.items()]
        with Deferred(), self._lock:
            owns = {trial_id: self._own(trial_id) for trial_id in attrs}
            self._db.once(lambda: self._insert_attrs(texts))
            for trial_id, key, text in texts:
                self._note_attr("system", owns[trial_id], key, text)

    def _set_trial_attr(self, kind: str, trial_id: int, key: str, value: Any) -> None:
        text = to_json(value)
        with Deferred(), self._lock:
            own = self._own(trial_id)
            self._insert_attr(kind, trial_id, key, text)
            self._note_attr(kind, own, key, text)

    def _insert_attrs(self, texts: Sequence[tuple[int, str, str]]) -> None:
        for text in texts:
            self._insert_attr("system", *text)

    def _insert_attr(self, kind: str, trial_id: int, key: str, text: str) -> None:
        if not writing.insert_attr(self._db, kind, trial_id, key, text):
            self._refuse(trial_id)

    def _note_attr(self, kind: str, own: Own, key: str, text: str) -> None:
        record = own.record
        # As others will read it: a tuple is a list from now on, and nobody else holds it.
        (record.user_attrs if kind == "user" else record.system_attrs)[key] = json.loads(text)
        history = self._mirror.placed(own) if kind == "system" else None
        if history is not None:
            history.rungs.note(record.number, record.system_attrs)

    def live_record(self, trial_id: int) -> FrozenTrial:
        with self._lock:
            return self._own(trial_id).record

    # --- corrections -------------------------------------------------------------------------------------------------

    def correct_values(self, trial_id: int, values: Sequence[float]) -> None:
        def correct(record: FrozenTrial) -> None:
            assert record.values is not None
            writing.insert_values(self._db, trial_id, record.values)

        self._correct(trial_id, lambda history, number: with_values(history, number, values), correct)

    def erase_trial(self, trial_id: int) -> None:
        self._correct(trial_id, erased, lambda record: writing.erase(self._db, trial_id, record))

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
            self._mirror.pull(study_id)

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
            known = self.get_history(study_id, refresh=False)
            if trial_number in known.live and known.live[trial_number]._trial_id in self._mirror.own:
                return known.live[trial_number]._trial_id
            history = self.get_history(study_id)
            if not 0 <= trial_number < history.n:
                raise KeyError(f"No trial with number {trial_number} exists in the study with id {study_id}.")
            return int(history.trial_ids[trial_number])

    def get_trial_number_from_id(self, trial_id: int) -> int:
        own = self._mirror.own.get(trial_id)
        return self._place(trial_id)[1] if own is None else own.record.number
