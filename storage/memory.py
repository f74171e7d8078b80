"""Studies in memory: the columns of `engine.history`, and nothing else."""

from __future__ import annotations

from array import array
from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from itertools import count
from threading import RLock
from typing import Any

import numpy as np

from ..engine.distributions import BaseDistribution
from ..engine.exceptions import DuplicatedStudyError, UpdateFinishedTrialError
from ..engine.history import COMPLETED_RUNG, Alike, History, corrections, finish_together, open_alike
from ..engine.hooks import is_ours
from ..engine.records import FrozenStudy, FrozenTrial, StudyDirection, TrialState, with_pause_marker
from ..engine.values import copied_items, owned
from .base import BaseStorage, name_or_new

_RUNNING, _WAITING = TrialState.RUNNING, TrialState.WAITING


class StoredStudy:
    """A study: its name, attributes and history."""

    def __init__(self, study_id: int, name: str, history: History) -> None:
        self.id = study_id
        self.name = name
        self.user_attrs: dict[str, Any] = {}
        self.system_attrs: dict[str, Any] = {}
        self.history = history


class InMemoryStorage(BaseStorage):
    """Keeps studies in this process's memory; they are gone with it. Safe for threads."""

    called = "memory"
    keeps_live_records = True
    is_of_one_process = True

    def __init__(self) -> None:
        self._lock = RLock()
        self._studies: dict[int, StoredStudy] = {}
        self._ids_by_name: dict[str, int] = {}
        self._n_studies = 0
        # The study and the number of each trial, by its identifier.
        self._study_of = array("q")
        self._number_of = array("q")
        self._live: dict[int, tuple[History, int, FrozenTrial]] = {}

    # Locks cannot be pickled; columns and records can.
    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_lock"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = RLock()
        for study in self._studies.values():
            study.history.lock = self._lock

    # --- studies -----------------------------------------------------------------------------------------------------

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        name = name_or_new(study_name)
        with self._lock:
            if name in self._ids_by_name:
                raise DuplicatedStudyError(f"A study named {name!r} exists already in this storage.")
            study_id = self._n_studies
            self._n_studies += 1
            self._ids_by_name[name] = study_id
            self._studies[study_id] = StoredStudy(study_id, name, History(directions, self._lock))
        return study_id

    def delete_study(self, study_id: int) -> None:
        with self._lock:
            study = self._study(study_id)
            for record in study.history.live.values():
                del self._live[record._trial_id]
            np.frombuffer(self._study_of, dtype=np.int64)[study.history.trial_ids] = -1
            del self._ids_by_name[study.name]
            del self._studies[study_id]

    def _study(self, study_id: int) -> StoredStudy:
        study = self._studies.get(study_id)
        if study is None:
            raise KeyError(f"No study with id {study_id} exists.")
        return study

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        self._study(study_id).user_attrs[key] = owned(value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        self._study(study_id).system_attrs[key] = owned(value)

    def get_study_id_from_name(self, study_name: str) -> int:
        if study_name not in self._ids_by_name:
            raise KeyError(f"No such study {study_name}.")
        return self._ids_by_name[study_name]

    def get_study_name_from_id(self, study_id: int) -> str:
        return self._study(study_id).name

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        return list(self._study(study_id).history.directions)

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        return copied_items(self._study(study_id).user_attrs)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        return copied_items(self._study(study_id).system_attrs)

    def get_all_studies(self) -> list[FrozenStudy]:
        with self._lock:
            return [
                FrozenStudy(
                    study_name=study.name,
                    direction=None,
                    directions=list(study.history.directions),
                    user_attrs=copied_items(study.user_attrs),
                    system_attrs=copied_items(study.system_attrs),
                    study_id=study.id,
                )
                for study in self._studies.values()
            ]

    # --- changing trials ---------------------------------------------------------------------------------------------

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        with self._lock:
            history = self._study(study_id).history
            if template_trial is None:
                return self._open(study_id, history, FrozenTrial.running(history.n, len(self._number_of)))
            return self._add(study_id, history, [template_trial.copy()])[0]

    def _add(self, study_id: int, history: History, records: Sequence[FrozenTrial]) -> list[int]:
        """Add trials, if all of them fit the study, and give their identifiers."""
        history.check_new(records)
        for record in records:
            record.number, record._trial_id = history.n, len(self._number_of)
            self._open(study_id, history, with_pause_marker(record))
        return [record._trial_id for record in records]

    def _open(self, study_id: int, history: History, record: FrozenTrial) -> int:
        """Add the record of a new trial, and give its identifier."""
        self._study_of.append(study_id)
        self._number_of.append(record.number)
        history.open(record)
        if not record.state.is_finished():
            self._live[record._trial_id] = (history, record.number, record)
        return record._trial_id

    def create_new_trials(self, study_id: int, templates: Sequence[FrozenTrial]) -> list[int]:
        with self._lock:
            return self._add(study_id, self._study(study_id).history, [template.copy() for template in templates])

    def create_trials_at(self, study_id: int, number: int, templates: Sequence[FrozenTrial]) -> list[int] | None:
        with self._lock:
            history = self._study(study_id).history
            if history.n != number or not is_ours(self, "create_new_trials"):
                return super().create_trials_at(study_id, number, templates)
            if isinstance(templates, Alike):
                return self._add_alike(study_id, history, templates)
            return self._add(study_id, history, templates)

    def _add_alike(self, study_id: int, history: History, records: Alike) -> list[int]:
        """Do as `_add` does, in one pass over the trials of a batch."""
        history.check_new(records[:1])
        first = len(self._number_of)
        trial_ids = list(range(first, first + len(records)))
        for number, trial_id, record in zip(count(history.n), trial_ids, records, strict=False):
            record.number, record._trial_id = number, trial_id
            self._live[trial_id] = (history, number, record)
        self._study_of.extend([study_id] * len(records))
        self._number_of.extend(range(history.n, history.n + len(records)))
        open_alike(history, records)
        return trial_ids

    def _updatable(self, trial_id: int) -> tuple[History, int, FrozenTrial]:
        """Find an unfinished trial: its history, number and record."""
        found = self._live.get(trial_id)
        if found is None:
            raise _finished(self._locate(trial_id)[1])
        return found

    def _locate(self, trial_id: int) -> tuple[History, int]:
        if not 0 <= trial_id < len(self._number_of) or self._study_of[trial_id] < 0:
            raise KeyError(f"No trial with id {trial_id} exists.")
        return self._studies[self._study_of[trial_id]].history, self._number_of[trial_id]

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        with self._lock:
            history, _, record = self._live.get(trial_id) or self._updatable(trial_id)
            history.set_param(record, param_name, param_value_internal, distribution)

    def set_trial_params(self, trial_id: int, params: Mapping[str, tuple[float, BaseDistribution]]) -> None:
        with self._lock:
            history = self._updatable(trial_id)[0]
            for name, (internal, distribution) in params.items():
                history.check_param(name, internal, distribution)
            super().set_trial_params(trial_id, params)

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        with self._lock:
            if state == _RUNNING and trial_id not in self._live:
                return self._resume(trial_id)
            history, number, record = self._updatable(trial_id)
            if state == _RUNNING:
                if record.state != _WAITING:
                    return False
                history.start(number, datetime.now())
            elif state == _WAITING:
                history.requeue(number)
            else:
                history.check_values(values)
                history.finish(number, state, values, datetime.now())
                del self._live[trial_id]
        return True

    def _resume(self, trial_id: int) -> bool:
        """Resume a paused trial."""
        history, number = self._locate(trial_id)
        if history.states[number] != TrialState.PAUSED:
            raise _finished(number)
        self._live[trial_id] = (history, number, history.resume(number))
        return True

    def finish_trials(
        self, trial_ids: Sequence[int], states: Sequence[TrialState], values: Sequence[Sequence[float] | None]
    ) -> None:
        with self._lock:
            found = [self._live.get(trial_id) or self._updatable(trial_id) for trial_id in trial_ids]
            for (history, _, _), trial_values in zip(found, values, strict=True):
                history.check_values(trial_values)
            is_one_study = len({id(history) for history, _, _ in found}) == 1
            if not (is_one_study and is_ours(self, "set_trial_state_values")):
                super().finish_trials(trial_ids, states, values)
                return
            finish_together(history, [number for _, number, _ in found], states, values, datetime.now())
            for trial_id in trial_ids:
                del self._live[trial_id]

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        self._updatable(trial_id)[2].intermediate_values[step] = intermediate_value

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        self._updatable(trial_id)[2].user_attrs[key] = owned(value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        with self._lock:
            history, number, record = self._updatable(trial_id)
            record.system_attrs[key] = owned(value)
            if key.startswith(COMPLETED_RUNG):
                history.rungs.note(number, record.system_attrs)

    def set_trials_system_attrs(self, attrs: Mapping[int, Mapping[str, Any]]) -> None:
        with self._lock:
            for trial_id in attrs:
                self._updatable(trial_id)
            super().set_trials_system_attrs(attrs)

    # --- corrections -------------------------------------------------------------------------------------------------

    def correct_values(self, trial_id: int, values: Sequence[float]) -> None:
        with self._lock:
            history, number = self._locate(trial_id)
            self._replace(trial_id, corrections.with_values(history, number, values))

    def erase_trial(self, trial_id: int) -> None:
        with self._lock:
            history, number = self._locate(trial_id)
            self._replace(trial_id, corrections.erased(history, number))
            self._live.pop(trial_id, None)

    def _replace(self, trial_id: int, record: FrozenTrial) -> None:
        study = self._studies[self._study_of[trial_id]]
        live = study.history.live.get(record.number)
        if live is not None:  # a trial object may hold this record
            live.become(record)
            record = live
        study.history = history = corrections.rebuilt(study.history, {record.number: record})
        for number, live in history.live.items():
            self._live[live._trial_id] = (history, number, live)

    def live_record(self, trial_id: int) -> FrozenTrial:
        return self._updatable(trial_id)[2]

    # --- reading trials ----------------------------------------------------------------------------------------------

    def get_history(self, study_id: int, refresh: bool = True) -> History:
        return self._study(study_id).history

    def get_trial(self, trial_id: int) -> FrozenTrial:
        with self._lock:
            history, number = self._locate(trial_id)
            return history.copy_record(number)

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        with self._lock:
            return self._study(study_id).history.records(states, copy=deepcopy)

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        history = self._study(study_id).history
        if not 0 <= trial_number < history.n:
            raise KeyError(f"No trial with number {trial_number} exists in the study with id {study_id}.")
        return history.trial_id(trial_number)

    def get_trial_number_from_id(self, trial_id: int) -> int:
        return self._locate(trial_id)[1]


def _finished(number: int) -> UpdateFinishedTrialError:
    return UpdateFinishedTrialError(f"Trial#{number} has already finished and can not be updated.")
