"""How a paused trial is stored: as a pruned one, which Optuna can read, with a pause marker that tells it apart.

The pause marker is the system attribute `PAUSED_AT`; it holds the step behind which the trial goes on. The marker stays
while the trial runs again: if its process dies, the trial is paused at that step as before.
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


def pause_marker(record: FrozenTrial, state: TrialState) -> dict[str, Any]:
    """Give the change to the pause marker that a trial's new state needs, as system attributes; mostly none."""
    step = record.system_attrs.get(PAUSED_AT)
    if state == TrialState.PAUSED and step is None:
        return {PAUSED_AT: record.last_step or 0}
    if state == TrialState.PRUNED and step is not None:
        return {PAUSED_AT: None}
    return {}


def with_pause_marker(record: FrozenTrial) -> FrozenTrial:
    """Bring a record's pause marker into line with its state, and give the record."""
    record.system_attrs.update(pause_marker(record, record.state))
    return record
