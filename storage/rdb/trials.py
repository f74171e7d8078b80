"""Trials in a database: the verbs write every change there first, then into the histories that this process keeps.

What other processes change is read by delta, that is new trials and those that were not finished; nothing is read where
the database can tell that no other process has written.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ...engine.distributions import BaseDistribution
from ...engine.exceptions import UpdateFinishedTrialError
from ...engine.history import History, erased, with_values
from ...engine.interrupts import Deferred
from ...engine.records import PAUSED_AT, FrozenTrial, TrialState, pause_marker, with_pause_marker
from . import writing
from .finding import RelationalTrials
from .histories import OwnTrial
from .reading import counting, n_parts, read_some
from .rows import to_json

_End = tuple[OwnTrial, TrialState, Sequence[float] | None]


class _Taken(Exception):
    """Another process has taken the number that a trial was to get."""


class RelationalStorage(RelationalTrials):
    """Keeps studies in a database of Optuna's schema. Safe for threads, processes and forks.

    Parameters
    ----------
    db
        The database.
    """

    def delete_study(self, study_id: int) -> None:
        with Deferred(), self._lock:
            super().delete_study(study_id)
            self._histories.forget(study_id)

    # --- new trials --------------------------------------------------------------------------------------------------

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        if template_trial is not None:
            return self.create_new_trials(study_id, [template_trial])[0]
        return self._create(study_id, [FrozenTrial.running()])[0]

    def create_new_trials(self, study_id: int, templates: Sequence[FrozenTrial]) -> list[int]:
        return self._create(study_id, [with_pause_marker(template.copy()) for template in templates])

    def create_trials_at(self, study_id: int, number: int, templates: Sequence[FrozenTrial]) -> list[int] | None:
        return self._create(study_id, [with_pause_marker(template) for template in templates], number) or None

    def _create(self, study_id: int, records: Sequence[FrozenTrial], number: int | None = None) -> list[int]:
        """Store new trials in one transaction, add them to the history, and give their identifiers.

        Parameters
        ----------
        study_id
            The study.
        records
            The trials; they get their identifiers and numbers here.
        number
            None, or the number that the first trial is to get: if it would get another one, nothing is stored.
        """
        if not records:
            return []
        is_blank = not any(map(writing.has_parts, records))  # as what `ask` creates: nothing to check or to add

        def insert() -> list[tuple[int, int]]:
            if is_blank:
                history = self._histories.history(study_id, refresh=False)
            else:
                history = self._history_that_knows(study_id, {name for record in records for name in record.params})
                history.check_new(records)
            places = writing.insert_trials(self._db, study_id, records, history.n if number is None else number)
            if number not in (None, places[0][1]):
                raise _Taken
            if not is_blank:
                writing.insert_parts(self._db, [trial_id for trial_id, _ in places], records)
            if self._workers is not None:
                started = zip(places, records, strict=True)
                self._workers.claim(trial_id for (trial_id, _), r in started if r.state == TrialState.RUNNING)
            return places

        with Deferred(), self._lock:
            self._histories.history(study_id, refresh=False)
            if self._workers is not None:
                self._workers.start_heartbeat()
            try:
                places = self._db.once(insert)
            except _Taken:
                return []
            for record, place in zip(records, places, strict=True):
                record._trial_id, record.number = place
                if not is_blank:
                    self._sort_attrs(record)
                self._histories.add(study_id, record)
        return [trial_id for trial_id, _ in places]

    def _history_that_knows(self, study_id: int, names: Iterable[str]) -> History:
        """Give a history that can tell whether parameters fit the study; within a transaction.

        A name that is new here may be one that another process has stored by now: then the study is locked, and read.
        """
        history = self._histories.history(study_id, refresh=False)
        if all(history.distribution(name) is not None for name in names):
            return history
        if not writing.lock_study(self._db, study_id):
            raise KeyError(f"No study with id {study_id} exists.")
        return self._histories.history(study_id)

    def claim_waiting_trial(self, study_id: int) -> int | None:
        with Deferred(), self._lock:
            while True:
                history = self._histories.history(study_id, refresh=False)
                if self._histories.is_fresh(study_id):
                    number = history.next_waiting()
                    trial_id = None if number is None else history.live[number]._trial_id
                else:  # one row is quicker to find than all trials of other processes are to read
                    trial_id = writing.next_waiting(self._db, study_id)
                if trial_id is None or self._start(study_id, trial_id):
                    return trial_id

    def _start(self, study_id: int, trial_id: int, may_be_paused: bool = False) -> bool:
        """Start a waiting trial or, if allowed, resume a paused one; False if another process was faster."""
        now = datetime.now()

        def write() -> bool:
            if may_be_paused:
                writing.lock_study(self._db, study_id)
            is_started = writing.write_start(self._db, trial_id, now) or (
                may_be_paused and writing.write_resume(self._db, study_id, trial_id)
            )
            if is_started and self._workers is not None:
                self._workers.claim([trial_id])
            return is_started

        if self._workers is not None:
            self._workers.start_heartbeat()
        if not self._db.once(write):
            self._histories.pull(study_id)
            return False
        stored = read_some(self._db, study_id, [trial_id])
        return any(self._histories.add_claimed(study_id, record) for record in stored)

    # --- changing trials ---------------------------------------------------------------------------------------------

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        self.set_trial_params(trial_id, {param_name: (param_value_internal, distribution)})

    def set_trial_params(self, trial_id: int, params: Mapping[str, tuple[float, BaseDistribution]]) -> None:
        with Deferred(), self._lock:
            own = self._own_trial(trial_id)
            if not params:
                self._check_unfinished(trial_id)
                return
            history = self._histories.history(own.study_id, refresh=False)
            if len(params) == 1 and history.distribution(next(iter(params))) is not None:
                self._insert_params(history, trial_id, params)  # one statement needs no transaction
            else:
                study_id = own.study_id
                self._db.once(lambda: self._insert_params(self._history_that_knows(study_id, params), trial_id, params))
                own = self._own_trial(trial_id)  # another one if the history was read anew
            self._note_params(own, params)

    def _insert_params(
        self, history: History, trial_id: int, params: Mapping[str, tuple[float, BaseDistribution]]
    ) -> None:
        for name, (internal, distribution) in params.items():
            history.check_param(name, internal, distribution)
        if not writing.insert_params(self._db, trial_id, params):
            self._raise_finished(trial_id)

    def _note_params(self, own: OwnTrial, params: Mapping[str, tuple[float, BaseDistribution]]) -> None:
        history = self._histories.history_of(own)
        for name, (internal, distribution) in params.items():
            if history is None:
                own.record.params[name] = distribution.to_external_repr(internal)
                own.record.distributions[name] = distribution
            else:
                history.set_param(own.record, name, internal, distribution)

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        with Deferred(), self._lock:
            if state == TrialState.RUNNING:
                is_started = self._start(self._place(trial_id)[0], trial_id, may_be_paused=True)
                if not is_started:
                    self._check_unfinished(trial_id)
                return is_started
            if state == TrialState.WAITING:
                self._requeue(trial_id)
            else:
                self.finish_trials([trial_id], [state], [values])
        return True

    def _requeue(self, trial_id: int) -> None:
        own = self._own_trial(trial_id)
        if not self._db.once(lambda: writing.write_requeue(self._db, trial_id)):
            self._raise_finished(trial_id)
        history = self._histories.history_of(own)
        if history is None:
            own.record.state = TrialState.WAITING
        else:
            history.requeue(own.record.number)

    def finish_trials(
        self, trial_ids: Sequence[int], states: Sequence[TrialState], values: Sequence[Sequence[float] | None]
    ) -> None:
        with Deferred(), self._lock:
            now = datetime.now()
            owns = map(self._own_trial, trial_ids)
            ends = list(zip(owns, states, values, strict=True))
            for own, _, told in ends:
                self._check_values(own, told)

            more = self._db.once(lambda: self._write_ends(ends, now))
            self._note_ends(ends, now, more)

    def _write_ends(self, ends: Sequence[_End], now: datetime) -> list[int]:
        """Store how trials end, and give the identifiers of those of which the database holds more than their records.

        Another process may have written to them. Where none has written at all, the database is not asked.
        """
        trial_ids = [own.record._trial_id for own, _, _ in ends]
        n_marks = dict.fromkeys(trial_ids, 0)
        for own, state, _ in ends:
            self._check_not_lost(own.record)
            for key, value in pause_marker(own.record, state).items():
                row = key, to_json(value), own.record._trial_id
                self._db.executemany(self._db.statements.insert_trial_attr["system"], [row])
                n_marks[own.record._trial_id] += key not in own.record.system_attrs
        is_alone = all(map(self._histories.is_fresh, {own.study_id for own, _, _ in ends}))
        finishing = [writing.finishing(own.record._trial_id, state, now) for own, state, _ in ends]
        outcomes = self._db.together(*finishing, *([] if is_alone else counting(trial_ids)))
        for trial_id, outcome in zip(trial_ids, outcomes, strict=False):
            if not outcome.n_found:
                self._raise_finished(trial_id)
        writing.insert_values(self._db, {own.record._trial_id: told for own, _, told in ends})
        if self._workers is not None:
            self._workers.release(trial_ids)
        if is_alone:
            return []
        held = {own.record._trial_id: n_parts(own.record) + n_marks[own.record._trial_id] for own, _, _ in ends}
        stored: Counter[int] = Counter()
        for trial_id, count in (row for outcome in outcomes[len(ends) :] for row in outcome.rows):
            stored[trial_id] += count
        return [trial_id for trial_id, n in held.items() if stored[trial_id] != n]

    def _check_values(self, own: OwnTrial, told: Sequence[float] | None) -> None:
        try:
            self._histories.history(own.study_id, refresh=False).check_values(told)
        except ValueError:
            self._check_unfinished(own.record._trial_id)  # if it is finished, that is the better reason
            raise

    def _check_not_lost(self, record: FrozenTrial) -> None:
        """Raise if another process runs a resumed trial by now, because this process gave no heartbeat for too long."""
        is_resumed = record.system_attrs.get(PAUSED_AT) is not None
        if is_resumed and self._workers is not None and self._workers.has_lost(record._trial_id):
            raise UpdateFinishedTrialError(
                f"Trial#{record.number} was resumed by another process, since this one gave no sign of life for longer "
                "than the grace period. Ask for another trial; raise `grace_period` if processes are often silent."
            )

    def _note_ends(self, ends: Sequence[_End], now: datetime, more: Sequence[int]) -> None:
        """End trials in this process; those of which the database holds `more` the history gets by delta."""
        for own, state, told in ends:
            record, history = own.record, self._histories.history_of(own)
            self._sort_attrs(record)
            if history is not None and record._trial_id not in more:
                history.finish(record.number, state, told, now)
            else:
                record.system_attrs.update(pause_marker(record, state))
                record.state, record.datetime_complete = state, now
                record.values = told if told is not None else record.values
            self._histories.own_trials.pop(record._trial_id, None)
            if record._trial_id in more:
                for stored in read_some(self._db, own.study_id, [record._trial_id]):
                    record.become(stored)

    def _sort_attrs(self, record: FrozenTrial) -> None:
        """Give a trial's attributes the order in which other processes read them."""
        if self._db.dialect.sorts_attributes:
            record.user_attrs = {key: record.user_attrs[key] for key in sorted(record.user_attrs)}
            record.system_attrs = {key: record.system_attrs[key] for key in sorted(record.system_attrs)}

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        with Deferred(), self._lock:
            own = self._own_trial(trial_id)
            if not writing.insert_report(self._db, trial_id, step, intermediate_value):
                self._raise_finished(trial_id)
            own.record.intermediate_values[step] = intermediate_value

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        self._set_trial_attr("user", trial_id, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        self._set_trial_attr("system", trial_id, key, value)

    def set_trials_system_attrs(self, attrs: Mapping[int, Mapping[str, Any]]) -> None:
        texts = [(i, key, to_json(value)) for i, values in attrs.items() for key, value in values.items()]
        with Deferred(), self._lock:
            owns = {trial_id: self._own_trial(trial_id) for trial_id in attrs}

            def insert() -> None:
                for trial_id, key, text in texts:
                    self._insert_attr("system", trial_id, key, text)

            self._db.once(insert)
            for trial_id, key, text in texts:
                self._note_attr("system", owns[trial_id], key, text)

    def _set_trial_attr(self, kind: str, trial_id: int, key: str, value: Any) -> None:
        text = to_json(value)
        with Deferred(), self._lock:
            own = self._own_trial(trial_id)
            self._insert_attr(kind, trial_id, key, text)
            self._note_attr(kind, own, key, text)

    def _insert_attr(self, kind: str, trial_id: int, key: str, text: str) -> None:
        if not writing.insert_attr(self._db, kind, trial_id, key, text):
            self._raise_finished(trial_id)

    def _note_attr(self, kind: str, own: OwnTrial, key: str, text: str) -> None:
        record = own.record
        # As other processes will read it: a copy, in which a tuple is a list.
        (record.user_attrs if kind == "user" else record.system_attrs)[key] = json.loads(text)
        history = self._histories.history_of(own) if kind == "system" else None
        if history is not None:
            history.rungs.note(record.number, record.system_attrs)

    # --- corrections -------------------------------------------------------------------------------------------------

    def correct_values(self, trial_id: int, values: Sequence[float]) -> None:
        def correct(record: FrozenTrial) -> None:
            assert record.values is not None
            writing.insert_values(self._db, {trial_id: record.values})

        self._correct(trial_id, lambda history, number: with_values(history, number, values), correct)

    def erase_trial(self, trial_id: int) -> None:
        self._correct(trial_id, erased, lambda record: writing.write_erasure(self._db, trial_id, record))

    def _correct(
        self, trial_id: int, change: Callable[[History, int], FrozenTrial], write: Callable[[FrozenTrial], None]
    ) -> None:
        """Change a finished trial; all processes that have read the study read it again."""
        with Deferred(), self._lock:
            study_id, number = self._place(trial_id)

            def correct() -> None:
                writing.lock_study(self._db, study_id)
                write(change(self.get_history(study_id), number))
                writing.count_correction(self._db, study_id)

            self._db.once(correct)
            self._histories.pull(study_id)
