"""How a paused trial is stored: as a pruned one, which Optuna can read, with a system attribute that tells it apart.

The attribute holds the step behind which the trial goes on. It stays while the trial runs again: should its process
die, the trial is paused at that step as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .frozen import FrozenTrial
from .states import TrialState

PAUSED_AT = "parzen:paused_at"


def stored_state(state: TrialState) -> TrialState:
    """Give the state under which a trial is stored."""
    return TrialState.PRUNED if state == TrialState.PAUSED else state


def state_of(stored: TrialState, system_attrs: Mapping[str, Any]) -> TrialState:
    """Undo `stored_state`."""
    if stored == TrialState.PRUNED and system_attrs.get(PAUSED_AT) is not None:
        return TrialState.PAUSED
    return stored


def marks(record: FrozenTrial, state: TrialState) -> dict[str, Any]:
    """Give the system attributes that have to be set if a trial is to be in this state; mostly none."""
    step = record.system_attrs.get(PAUSED_AT)
    if state == TrialState.PAUSED and step is None:
        return {PAUSED_AT: record.last_step or 0}
    if state == TrialState.PRUNED and step is not None:
        return {PAUSED_AT: None}
    return {}


def marked(record: FrozenTrial) -> FrozenTrial:
    """Set what a record's state calls for."""
    record.system_attrs.update(marks(record, record.state))
    return record
