"""The rules of `tell`: which state and values a trial ends with."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from .frozen import FrozenTrial
from .records import TrialState

_FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


def check_values(values: Any, n_objectives: int) -> tuple[list[float] | None, str]:
    """Turn what an objective returned into floats.

    Returns
    -------
    values, problem
        The floats and ``""``, or None and what is wrong with them.
    """
    if type(values) is float and n_objectives == 1 and values == values:  # what nearly every call brings
        return [values], ""
    listed = list(values) if isinstance(values, Sequence) and not isinstance(values, str) else [values]
    checked = []
    for value in listed:
        try:
            number = float(value)
        except (TypeError, ValueError):
            return None, f"The value {value!r} could not be cast to float."
        if math.isnan(number):
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
    if state is not None and state not in _FINISHED:
        raise ValueError(f"Cannot tell with state {state}. Expected one of {[str(s) for s in _FINISHED]}, or None.")
    if state in (TrialState.PRUNED, TrialState.FAIL):
        if values is not None:
            raise ValueError(f"Values were told. Values cannot be specified when state is {state}; got {values!r}.")
        return state, _last_report(record) if state == TrialState.PRUNED else None, ""
    if state == TrialState.COMPLETE and values is None:
        raise ValueError("No values were told. Values are required when state is TrialState.COMPLETE.")
    checked, problem = check_values(values, n_objectives)
    if checked is not None:
        return TrialState.COMPLETE, checked, ""
    if state == TrialState.COMPLETE:
        raise ValueError(problem)
    return TrialState.FAIL, None, problem


def _last_report(record: FrozenTrial) -> list[float] | None:
    """Give the value of the largest reported step, unless it is NaN: a pruned trial's value."""
    step = record.last_step
    if step is None or math.isnan(record.intermediate_values[step]):
        return None
    return [record.intermediate_values[step]]


def warn_failed(problem: str) -> None:
    """Warn that a trial is recorded as failed because of its values."""
    warnings.warn(f"{problem} The trial is recorded as failed.", stacklevel=3)
