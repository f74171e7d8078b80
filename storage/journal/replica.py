"""The state that the entries of a journal give, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...engine.exceptions import DuplicatedStudyError, StorageInternalError
from ...engine.history import History
from ...engine.records import FrozenTrial, StudyDirection, TrialState, state_of
from ..memory import InMemoryStorage
from .entries import (
    CORRECT,
    ERASE,
    Entry,
    Op,
    modern_distribution,
    stored_state_of,
    text_to_time,
    trial_of,
    values_of,
)

# Errors for which an entry is rejected. All readers reject it alike, so only its writer has to be told.
_REJECTED = (KeyError, ValueError, DuplicatedStudyError, RuntimeError)


class Rejection:
    """The result of an entry that changes nothing, because it came too late or does not fit."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class Replica(InMemoryStorage):
    """The studies after the first `n_read` entries of a journal.

    Identifiers count studies and trials in the order of the entries that create them, as Optuna's do.

    Parameters
    ----------
    lock
        Held while something changes.
    """

    def __init__(self, lock: Any) -> None:
        super().__init__()
        self._lock = lock
        self.n_read = 0
        self.last: dict[str, Any] | None = None  # the entry before the next one

    def apply(self, log: dict[str, Any]) -> Any:
        """Apply the next entry, and give its result, for which its writer waits, or a `Rejection`.

        Raises
        ------
        StorageInternalError
            If this version of parzen cannot read the entry.
        """
        try:
            act = self._read(Entry(log))
        except (StorageInternalError, TypeError, ValueError, LookupError, AttributeError) as error:
            raise StorageInternalError(
                f"Entry {self.n_read} of the journal (line {self.n_read + 1} of a file) cannot be read: {error!r}. "
                "It is damaged, or of a newer version: restore it from a copy, or update parzen."
            ) from error
        self.n_read += 1
        self.last = log
        try:
            return act()
        except _REJECTED as error:
            return Rejection(error)

    def _read(self, entry: Entry) -> Callable[[], Any]:
        """Read all of an entry, before anything is changed, and give what applies it."""
        code = entry["op_code"]
        reader = _READERS.get(code)
        if reader is None:
            raise StorageInternalError(f"expected an op_code from 0 to {max(Op):d}, but found {code!r}")
        return reader(self, entry)

    # --- studies -----------------------------------------------------------------------------------------------------

    def _read_new_study(self, entry: Entry) -> Callable[[], int]:
        name, directions = str(entry["study_name"]), [StudyDirection(d) for d in entry["directions"]]
        return lambda: self.create_new_study(directions, name)

    def _read_deletion(self, entry: Entry) -> Callable[[], None]:
        study_id = int(entry["study_id"])
        return lambda: self.delete_study(study_id)

    def _read_study_user_attr(self, entry: Entry) -> Callable[[], None]:
        study_id, attrs = int(entry["study_id"]), dict(entry["user_attr"])
        return lambda: self._study(study_id).user_attrs.update(attrs)

    def _read_study_system_attr(self, entry: Entry) -> Callable[[], None]:
        study_id, attrs = int(entry["study_id"]), dict(entry["system_attr"])
        return lambda: self._study(study_id).system_attrs.update(attrs)

    # --- trials ------------------------------------------------------------------------------------------------------

    def _read_new_trial(self, entry: Entry) -> Callable[[], int]:
        study = self._studies.get(int(entry["study_id"]))
        if study is None:
            return lambda: self._study(entry["study_id"]).id
        record = trial_of(entry, study.history.n, len(self._number_of))
        # An entry that does not fit is an error, not a rejection: the numbers of all later trials count this one.
        study.history.check_values(record.values)
        if record.state == TrialState.COMPLETE and record.values is None:
            raise ValueError("a complete trial has values")
        return lambda: self._open(study.id, study.history, record)

    def _read_param(self, entry: Entry) -> Callable[[], None]:
        trial_id, name = int(entry["trial_id"]), str(entry["param_name"])
        internal = float(entry["param_value_internal"])
        distribution = modern_distribution(entry["distribution"])
        if internal == internal:
            distribution.to_external_repr(internal)  # an index beyond the choices is found before anything changes
        return lambda: self.set_trial_param(trial_id, name, internal, distribution)

    def _read_state_values(self, entry: Entry) -> Callable[[], bool | None]:
        trial_id, state, values = int(entry["trial_id"]), stored_state_of(entry), values_of(entry)
        key = "datetime_start" if state == TrialState.RUNNING else "datetime_complete"
        when = None if state == TrialState.WAITING else text_to_time(entry[key])
        correction = entry.get("parzen")
        if correction == CORRECT:
            return lambda: self.correct_values(trial_id, values or [])
        if correction == ERASE:
            return lambda: self._erase(trial_id, when)
        return lambda: self._set_state_values(trial_id, state, values, when)

    def _set_state_values(self, trial_id: int, state: TrialState, values: list[float] | None, when: Any) -> bool:
        if state == TrialState.RUNNING and trial_id not in self._live:
            return self._resume(trial_id)
        history, number, record = self._updatable(trial_id)
        state = state_of(state, record.system_attrs)
        if state == TrialState.RUNNING:
            if record.state != TrialState.WAITING:
                return False
            history.start(number, when)
        elif state == TrialState.WAITING:
            history.requeue(number)
        else:
            check_end(history, record, state, values)
            history.finish(number, state, values, when)
            del self._live[trial_id]
        return True

    def _erase(self, trial_id: int, when: Any) -> None:
        """Erase a trial; an unfinished trial ends at the time of the entry."""
        history, number = self._locate(trial_id)
        record = history.live.get(number)
        if record is not None:
            record.datetime_start = record.datetime_start or when
            record.datetime_complete = when
        self.erase_trial(trial_id)

    def _read_report(self, entry: Entry) -> Callable[[], None]:
        trial_id, step, value = int(entry["trial_id"]), int(entry["step"]), float(entry["intermediate_value"])
        return lambda: self.set_trial_intermediate_value(trial_id, step, value)

    def _read_trial_user_attr(self, entry: Entry) -> Callable[[], None]:
        trial_id, attrs = int(entry["trial_id"]), dict(entry["user_attr"])
        return lambda: self._updatable(trial_id)[2].user_attrs.update(attrs)

    def _read_trial_system_attr(self, entry: Entry) -> Callable[[], None]:
        trial_id, attrs = int(entry["trial_id"]), dict(entry["system_attr"])
        return lambda: self.set_trials_system_attrs({trial_id: attrs})


_READERS: dict[int, Callable[[Replica, Entry], Callable[[], Any]]] = {
    Op.CREATE_STUDY: Replica._read_new_study,
    Op.DELETE_STUDY: Replica._read_deletion,
    Op.STUDY_USER_ATTR: Replica._read_study_user_attr,
    Op.STUDY_SYSTEM_ATTR: Replica._read_study_system_attr,
    Op.CREATE_TRIAL: Replica._read_new_trial,
    Op.PARAM: Replica._read_param,
    Op.STATE_VALUES: Replica._read_state_values,
    Op.REPORT: Replica._read_report,
    Op.TRIAL_USER_ATTR: Replica._read_trial_user_attr,
    Op.TRIAL_SYSTEM_ATTR: Replica._read_trial_system_attr,
}


def check_end(history: History, record: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
    """Raise ``ValueError`` where a trial cannot end with these values."""
    history.check_values(values)
    if state == TrialState.COMPLETE and values is None and record.values is None:
        raise ValueError(f"Trial {record.number} cannot be complete without values. Give them, or state=FAIL.")
