"""Changes to finished trials. A history of those does not change, so another one takes its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ..records import FrozenTrial, TrialState
from .history import History

ERASED = "parzen:erased"  # system attribute of a trial that was deleted


def with_values(history: History, number: int, values: Sequence[float]) -> FrozenTrial:
    """Make a record of a finished trial with other values; ``ValueError`` if it has none or they do not fit."""
    record = history.copy_record(number)
    history.check_values(values)
    if record.values is None or not record.state.is_finished():
        raise ValueError(f"Trial {number} is {record.state.name} and has no values to correct.")
    record.values = list(values)
    return record


def erased(history: History, number: int) -> FrozenTrial:
    """Make an empty failed record of a trial."""
    record = history.copy_record(number)
    record.state, record.values = TrialState.FAIL, None
    record.datetime_complete = record.datetime_complete or datetime.now()
    record.datetime_start = record.datetime_start or record.datetime_complete  # all who replay a journal say the same
    for field in (record.params, record.distributions, record.user_attrs, record.intermediate_values):
        field.clear()
    record.system_attrs.clear()
    record.system_attrs[ERASED] = True
    return record


def rebuilt(history: History, replaced: Mapping[int, FrozenTrial]) -> History:
    """Make a history of the same trials, but for some records, by number; live records go over as they are."""
    other = History(history.directions, history.lock)
    for number in range(history.n):
        other.open(replaced.get(number) or history.live.get(number) or history.copy_record(number))
    other._expected = history._expected
    return other
