"""Studies in a journal: every change is an entry appended to a log; the entries, applied in order, give the state."""

from __future__ import annotations

import os
import uuid
from collections.abc import Container, Mapping, Sequence
from itertools import islice
from typing import Any

from ...engine.distributions import BaseDistribution
from ...engine.exceptions import StorageInternalError
from ...engine.history import History, with_values
from ...engine.interrupts import Deferred, PatientLock
from ...engine.records import FrozenStudy, FrozenTrial, StudyDirection, TrialState
from .. import forks
from ..base import BaseStorage, name_or_new
from ..memory import StoredStudy
from . import entries
from .base import BaseJournalBackend, BaseJournalSnapshot
from .entries import Op
from .replica import Rejection, Replica, check_end
from .snapshot import from_snapshot, next_due, to_snapshot

_AT_ONCE = 256  # entries between two moments for Ctrl-C


class JournalStorage(BaseStorage):
    """Keeps studies in a log that several processes share: a file, Redis, or a backend of one's own.

    A verb appends entries and reads the log up to them; of several workers, the one whose entry comes first in the log
    was first. Logs in files and in Redis have Optuna's format: its workers and parzen's may share one at the same time.

    Parameters
    ----------
    log_storage
        The log, such as `JournalFileBackend` or `JournalRedisBackend`.

    Raises
    ------
    StorageInternalError
        If the log holds what cannot be read.

    Notes
    -----
    Optuna never changes a finished trial: it goes on seeing the old values of a trial that `correct_values` changed,
    and what a trial held before `erase_trial` emptied it. Optuna also passes over a categorical parameter whose choices
    changed within a study.
    """

    called = "Journal"
    keeps_live_records = True
    _needs_another = False

    def __init__(self, log_storage: BaseJournalBackend) -> None:
        self._backend = log_storage
        self._start()

    def _start(self) -> None:
        self._name = uuid.uuid4().hex
        self._lock = PatientLock()
        self._replica = Replica(self._lock)
        if isinstance(self._backend, BaseJournalSnapshot):
            self._restore(self._backend.load_snapshot())
        self._snapshot_due = next_due(self._replica.n_read)
        forks.protect(self)
        self._sync()

    def _before_fork(self) -> None:
        """Close nothing: both processes go on reading at the same place of the log."""

    def _after_fork_in_child(self) -> None:
        """Do nothing: what a child needs is copied."""

    # The log holds everything: a copy reads it anew.
    def __getstate__(self) -> dict[str, Any]:
        return {"backend": self._backend}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._backend = state["backend"]
        self._start()

    # --- the log -----------------------------------------------------------------------------------------------------

    def _worker(self) -> str:
        """Give the name of this storage in this process, which stands in each entry that the storage writes."""
        return f"{self._name}-{os.getpid()}"

    def _write(self, *logs: dict[str, Any]) -> list[Any]:
        """Append entries, read the log up to them, and give the result of each; raise the error of a rejected one."""
        if not logs:
            return []
        worker = self._worker()
        with Deferred():  # what is written is also applied
            self._backend.append_logs([{"op_code": int(log["op_code"]), "worker_id": worker} | log for log in logs])
            results = self._sync()[-len(logs) :]
        if len(results) < len(logs):
            raise StorageInternalError(
                f"Wrote {len(logs)} entries to {type(self._backend).__name__}, but could read only {len(results)} of "
                "them back. Its `read_logs` must give what `append_logs` wrote."
            )
        for result in results:
            if isinstance(result, Rejection):
                raise result.error
        return results

    def _sync(self) -> list[Any]:
        """Apply the entries that are new in the log, and give the results of those that this storage wrote."""
        replica, worker, own, is_due = self._replica, self._worker(), [], False
        logs = iter(self._backend.read_logs(replica.n_read))
        while some := list(islice(logs, _AT_ONCE)):
            with Deferred():  # all of an entry, or nothing
                for log in some:
                    result = replica.apply(log)
                    is_own = log.get("worker_id") == worker
                    if is_own:
                        own.append(result)
                    if replica.n_read >= self._snapshot_due:
                        self._snapshot_due = next_due(replica.n_read)
                        is_due = is_due or is_own  # the worker that wrote this entry makes the snapshot, and no other
        if is_due and isinstance(self._backend, BaseJournalSnapshot):
            self._backend.save_snapshot(to_snapshot(replica))
        return own

    def restore_replay_result(self, snapshot: bytes) -> None:
        """Go on from a snapshot that parzen made of this log; any other snapshot is ignored."""
        with self._lock:
            self._restore(snapshot)
            self._sync()

    def _restore(self, snapshot: bytes | None) -> None:
        replica = None if snapshot is None else from_snapshot(snapshot, self._lock)
        if replica is None or replica.n_read <= self._replica.n_read:
            return
        last = next(iter(self._backend.read_logs(replica.n_read - 1)), None)
        if last is not None and entries.to_json(last) == entries.to_json(replica.last):
            self._replica = replica

    def _synced(self) -> Replica:
        self._sync()
        return self._replica

    # --- studies -----------------------------------------------------------------------------------------------------

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        with self._lock:
            study_id: int = self._write(entries.new_study(name_or_new(study_name), directions))[0]
        return study_id

    def delete_study(self, study_id: int) -> None:
        with self._lock:
            self._synced()._study(study_id)
            self._write({"op_code": Op.DELETE_STUDY, "study_id": study_id})

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        with self._lock:
            self._synced()._study(study_id)
            self._write({"op_code": Op.STUDY_USER_ATTR, "study_id": study_id, "user_attr": {key: value}})

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        with self._lock:
            self._synced()._study(study_id)
            self._write({"op_code": Op.STUDY_SYSTEM_ATTR, "study_id": study_id, "system_attr": {key: value}})

    def get_study_id_from_name(self, study_name: str) -> int:
        with self._lock:
            return self._synced().get_study_id_from_name(study_name)

    def get_study_name_from_id(self, study_id: int) -> str:
        with self._lock:
            return self._study(study_id).name

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        with self._lock:
            return list(self._study(study_id).history.directions)

    def _study(self, study_id: int) -> StoredStudy:
        """Find a study. Its name and directions never change, so the log is read only if the study is not known."""
        study = self._replica._studies.get(study_id)
        return study if study is not None else self._synced()._study(study_id)

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        with self._lock:
            return self._synced().get_study_user_attrs(study_id)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        with self._lock:
            return self._synced().get_study_system_attrs(study_id)

    def get_all_studies(self) -> list[FrozenStudy]:
        with self._lock:
            return self._synced().get_all_studies()

    # --- changing trials ---------------------------------------------------------------------------------------------

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        if template_trial is not None:
            return self.create_new_trials(study_id, [template_trial])[0]
        with self._lock:
            self._study(study_id)
            trial_id: int = self._write(entries.new_trial(study_id, None))[0]
        return trial_id

    def create_new_trials(self, study_id: int, templates: Sequence[FrozenTrial]) -> list[int]:
        with self._lock:
            self._synced()._study(study_id).history.check_new(templates)
            return self._write(*(entries.new_trial(study_id, template) for template in templates))

    def _updatable(self, trial_id: int) -> tuple[History, int, FrozenTrial]:
        """Find an unfinished trial: its history, number and record. The log is read only if the trial is not known."""
        try:
            return self._replica._updatable(trial_id)
        except KeyError:
            return self._synced()._updatable(trial_id)

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        self.set_trial_params(trial_id, {param_name: (param_value_internal, distribution)})

    def set_trial_params(self, trial_id: int, params: Mapping[str, tuple[float, BaseDistribution]]) -> None:
        with self._lock:
            history = self._updatable(trial_id)[0]
            for name, (internal, distribution) in params.items():
                history.check_param(name, internal, distribution)
            self._write(*(entries.param(trial_id, name, *value) for name, value in params.items()))

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        with self._lock:
            if state == TrialState.RUNNING:
                return self._start_or_resume(trial_id)
            history, _, record = self._updatable(trial_id)
            if state.is_finished():
                check_end(history, record, state, values)
            changed: bool = self._write(*entries.change(record, state, values))[-1]
        return changed

    def _start_or_resume(self, trial_id: int) -> bool:
        """Start a waiting trial or resume a paused one; False if another process was faster."""
        history, number = self._synced()._locate(trial_id)
        if history.states[number] != TrialState.PAUSED and self._updatable(trial_id)[2].state != TrialState.WAITING:
            return False
        started: bool = self._write(entries.state_values(trial_id, TrialState.RUNNING, None))[0]
        return started

    def finish_trials(
        self, trial_ids: Sequence[int], states: Sequence[TrialState], values: Sequence[Sequence[float] | None]
    ) -> None:
        with self._lock:
            self._sync()
            records = [self._updatable(trial_id)[2] for trial_id in trial_ids]
            ends = list(zip(records, states, values, strict=True))
            for record, state, told in ends:
                check_end(self._updatable(record._trial_id)[0], record, state, told)
            self._write(*(entry for end in ends for entry in entries.change(*end)))

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        with self._lock:
            self._updatable(trial_id)
            self._write(entries.report(trial_id, step, intermediate_value))

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        with self._lock:
            self._updatable(trial_id)
            self._write({"op_code": Op.TRIAL_USER_ATTR, "trial_id": trial_id, "user_attr": {key: value}})

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        with self._lock:
            self._updatable(trial_id)
            self._write(entries.trial_system_attr(trial_id, key, value))

    def set_trials_system_attrs(self, attrs: Mapping[int, Mapping[str, Any]]) -> None:
        with self._lock:
            self._sync()
            for trial_id in attrs:
                self._updatable(trial_id)
            self._write(
                *(entries.trial_system_attr(i, *item) for i, values in attrs.items() for item in values.items())
            )

    # --- corrections -------------------------------------------------------------------------------------------------

    def correct_values(self, trial_id: int, values: Sequence[float]) -> None:
        with self._lock:
            history, number = self._synced()._locate(trial_id)
            state = with_values(history, number, values).state
            self._write(entries.correction(trial_id, state, values))

    def erase_trial(self, trial_id: int) -> None:
        with self._lock:
            self._synced()._locate(trial_id)
            self._write(entries.erasure(trial_id))

    # --- reading trials ----------------------------------------------------------------------------------------------

    def live_record(self, trial_id: int) -> FrozenTrial:
        with self._lock:
            return self._updatable(trial_id)[2]

    def get_history(self, study_id: int, refresh: bool = True) -> History:
        with self._lock:
            if refresh:
                self._sync()
            return self._study(study_id).history

    def get_trial(self, trial_id: int) -> FrozenTrial:
        with self._lock:
            return self._synced().get_trial(trial_id)

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        with self._lock:
            return self._synced().get_all_trials(study_id, deepcopy, states)

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        with self._lock:
            return self._synced().get_trial_id_from_study_id_trial_number(study_id, trial_number)

    def get_trial_number_from_id(self, trial_id: int) -> int:
        with self._lock:
            return self._synced().get_trial_number_from_id(trial_id)
