"""How a trial is told: which state and values it ends with, and the steps at its end."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...pruners.base import view_of
from ..exceptions import UpdateFinishedTrialError
from ..logging import get_logger
from ..records import FORKED_AT, PAUSED_AT, FrozenTrial, TrialState, error_attr, report_at
from .core import StudyCore
from .trial import Trial

_logger = get_logger(__name__)
_RUNNING, _COMPLETE, _PAUSED = TrialState.RUNNING, TrialState.COMPLETE, TrialState.PAUSED
VALUELESS = (TrialState.PRUNED, TrialState.FAIL, _PAUSED)  # told without values
_ENDS = (_COMPLETE, *VALUELESS)


def check_values(values: Any, n_objectives: int) -> tuple[list[float] | None, str]:
    """Turn what an objective returned into floats.

    Returns
    -------
    values, problem
        The floats and ``""``, or None and what is wrong with them.
    """
    if type(values) is float and n_objectives == 1 and values == values:  # what nearly every call brings
        return [values], ""
    if type(values) is not list:
        values = list(values) if isinstance(values, Sequence) and not isinstance(values, str) else [values]
    checked = []
    for value in values:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            return None, f"The value {value!r} could not be cast to float."
        if number != number:
            return None, f"The value {value} is not acceptable."
        checked.append(number)
    if len(checked) != n_objectives:
        return None, (
            f"The number of the values {len(checked)} did not match the number of the objectives {n_objectives}."
        )
    return checked, ""


def decide(
    record: FrozenTrial, values: Any, state: TrialState | None, n_objectives: int
) -> tuple[TrialState, list[float] | None, str]:
    """Decide how a trial ends.

    Parameters
    ----------
    record
        The trial.
    values
        What was told, of any type.
    state
        What was told, or None to take COMPLETE for acceptable values and FAIL otherwise.
    n_objectives
        Number of values expected.

    Returns
    -------
    state, values, problem
        How it ends, and why it failed where unacceptable values made it fail.

    Raises
    ------
    ValueError
        If `state` is not a finished one, or `values` do not fit it.
    """
    if state is not None and state in tuple(TrialState):
        state = TrialState(state)  # Optuna's, too
    if state is not None and state not in _ENDS:
        raise ValueError(f"Cannot tell with state {state}. Expected one of {[str(s) for s in _ENDS]}, or None.")
    if state is not None and state != _COMPLETE:
        if values is not None:
            raise ValueError(f"Values were told. Values cannot be specified when state is {state}; got {values!r}.")
        return state, None if state == TrialState.FAIL else last_report(record, n_objectives), ""
    if state is not None and values is None:
        raise ValueError("No values were told. Values are required when state is TrialState.COMPLETE.")
    checked, problem = check_values(values, n_objectives)
    if checked is not None:
        return _COMPLETE, checked, ""
    if state is not None:
        raise ValueError(problem)
    return TrialState.FAIL, None, problem


def last_report(record: FrozenTrial, n_objectives: int) -> list[float] | None:
    """Give what was reported at the largest step, if that can be stored: the values of a pruned or paused trial."""
    step = record.last_step
    return None if step is None else acceptable(report_at(record, step), n_objectives)


def acceptable(values: list[float], n_objectives: int) -> list[float] | None:
    """Give values that can be stored, None if there is a NaN among them, or not one for each objective.

    A record that was added to the study may have reported single values, whatever its objectives.
    """
    return None if len(values) != n_objectives or any(map(math.isnan, values)) else values


def write_pause_marker(study: StudyCore, record: FrozenTrial, state: TrialState, repeated: int | None = None) -> None:
    """Store the pause marker of a trial that is about to pause: its last step, or the step that it repeated.

    One that reported nothing since it was forked goes on where it was to begin.
    """
    if state == _PAUSED:
        step = (record.last_step if repeated is None else repeated) or record.system_attrs.get(FORKED_AT) or 0
        study._storage.set_trial_system_attr(record._trial_id, PAUSED_AT, step)


def write_error(study: StudyCore, record: FrozenTrial, error: BaseException | str) -> None:
    """Store why a trial is about to fail."""
    for key, value in error_attr(error).items():
        study._storage.set_trial_system_attr(record._trial_id, key, value)


def pause_again(study: StudyCore, record: FrozenTrial) -> bool:
    """Pause a trial where it was paused before it was resumed; False, and nothing is done, if it was not."""
    step = record.system_attrs.get(PAUSED_AT)
    if step is None:
        return False
    n_objectives = len(study._directions)
    values = acceptable(report_at(record, step), n_objectives) if step in record.intermediate_values else None
    study._storage.set_trial_state_values(record._trial_id, TrialState.PAUSED, values)
    study.look_again()
    return True


def warn_failed(problem: str) -> None:
    """Warn that a trial is recorded as failed because of its values."""
    warnings.warn(f"{problem} The trial is recorded as failed.", stacklevel=4)


def trial_id_of(study: StudyCore, trial: Trial | int) -> int:
    """Find the identifier of a trial, or of a trial's number."""
    if not isinstance(trial, (int, np.integer)):  # asked first, because `Trial` is slow to say of others what they are
        if isinstance(trial, Trial):
            return trial._trial_id
        raise TypeError(f"Trial must be a trial object or trial number, but got {trial!r}.")
    try:
        return study._storage.get_trial_id_from_study_id_trial_number(study._study_id, int(trial))
    except KeyError as error:
        raise ValueError(f"Cannot tell for trial with number {trial} since it has not been created.") from error


def finish(
    study: StudyCore,
    trial: Trial | int,
    values: Any,
    state: TrialState | None,
    skip_if_finished: bool,
    warn: bool = True,
    error: BaseException | None = None,
) -> FrozenTrial:
    """Finish a trial; see `Study.tell`. `warn` tells of unacceptable values; an `error` is noted as why it failed."""
    storage, trial_id = study._storage, trial_id_of(study, trial)
    try:
        record = storage.live_record(trial_id)
        if record.state != _RUNNING:
            raise UpdateFinishedTrialError
        state, checked, problem = decide(record, values, state, len(study._directions))
        if problem and warn:
            warn_failed(problem)
        write_pause_marker(study, record, state, getattr(trial, "_repeated", None))
        try:
            if state == TrialState.FAIL and (problem or error is not None):
                write_error(study, record, error or problem)
            if state != _PAUSED:
                study.sampler.after_trial(view_of(study, record.number), record, state, checked)
        finally:
            storage.set_trial_state_values(trial_id, state, checked)
            study.look_again()  # the next look shows the end of this trial
    except UpdateFinishedTrialError as finished:
        found = storage.get_trial(trial_id)
        if found.state == TrialState.RUNNING:  # another process has taken it over
            raise ValueError(str(finished)) from finished
        return _told_before(found, values, state, skip_if_finished)
    return record if record.state.is_finished() else storage.get_trial(trial_id)


class End(NamedTuple):
    """How a trial ends: values and state as `finish` takes them, and the error that ended it."""

    trial: Trial
    values: Any
    state: TrialState | None
    error: BaseException | None


def finish_together(study: StudyCore, ends: Sequence[End]) -> list[FrozenTrial]:
    """Finish several trials in one transaction. One that somebody else has finished is left as it is."""
    if len(ends) == 1:
        return _finish_singly(study, ends)
    storage, n_objectives = study._storage, len(study._directions)
    try:
        records = [storage.live_record(end.trial._trial_id) for end in ends]
        if any(record.state != _RUNNING for record in records):
            raise UpdateFinishedTrialError
        told = [decide(record, end.values, end.state, n_objectives) for record, end in zip(records, ends, strict=True)]
        for end, record, (state, values, problem) in zip(ends, records, told, strict=True):
            write_pause_marker(study, record, state, end.trial._repeated)
            if state == TrialState.FAIL and (problem or end.error is not None):
                write_error(study, record, end.error or problem)
            if state != _PAUSED:
                study.sampler.after_trial(view_of(study, record.number), record, state, values)
        trial_ids = [end.trial._trial_id for end in ends]
        storage.finish_trials(trial_ids, [state for state, _, _ in told], [values for _, values, _ in told])
    except UpdateFinishedTrialError:  # whose, each finds for itself
        return _finish_singly(study, ends)
    study.look_again()
    return [record if record.state.is_finished() else storage.get_trial(record._trial_id) for record in records]


def _finish_singly(study: StudyCore, ends: Sequence[End]) -> list[FrozenTrial]:
    return [
        finish(study, end.trial, end.values, end.state, skip_if_finished=True, warn=False, error=end.error)
        for end in ends
    ]


def _told_before(found: FrozenTrial, values: Any, state: Any, skip_if_finished: bool) -> FrozenTrial:
    if not (skip_if_finished and found.state.is_finished()):
        raise ValueError(
            f"Cannot tell a {found.state.name} trial: expected trial {found.number} to be RUNNING. "
            "Ask for a new trial, or pass skip_if_finished=True to leave a finished one as it is."
        )
    _logger.info(
        f"Skipped telling trial {found.number} with values {values} and state {state} since trial was already "
        f"finished. Finished trial has values {found.values} and state {found.state}."
    )
    return found
