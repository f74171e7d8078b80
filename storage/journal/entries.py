"""The entries of a journal: Optuna's operations and keys, so that its workers and parzen's can share one.

A change to a finished trial, which Optuna has no operation for, is written as a change of state with the key "parzen".
Optuna passes over it, since it never changes a finished trial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from enum import IntEnum
from functools import lru_cache
from itertools import count
from typing import Any

from ...engine.distributions import BaseDistribution, modern
from ...engine.distributions.json import cached_distribution, stored_json
from ...engine.exceptions import StorageInternalError
from ...engine.records import (
    FrozenTrial,
    StudyDirection,
    TrialState,
    pause_marker,
    state_of,
    stored_state,
    with_pause_marker,
)
from ..json import json_writer, read_together

to_json = json_writer("What is to be stored")  # on one line

_MANY = 16  # entries that are read at once
CORRECT, ERASE = "correct", "erase"  # under the key "parzen"


class Op(IntEnum):
    """What an entry does."""

    CREATE_STUDY = 0
    DELETE_STUDY = 1
    STUDY_USER_ATTR = 2
    STUDY_SYSTEM_ATTR = 3
    CREATE_TRIAL = 4
    PARAM = 5
    STATE_VALUES = 6
    REPORT = 7
    TRIAL_USER_ATTR = 8
    TRIAL_SYSTEM_ATTR = 9


class Entry(dict[str, Any]):
    """An entry that was read: a missing key is a `StorageInternalError`."""

    def __missing__(self, key: str) -> Any:
        raise StorageInternalError(f"expected the key {key!r}, but found only {sorted(self)}")


# --- writing ---------------------------------------------------------------------------------------------------------


def now() -> str:
    """Give the present time as it is written in entries."""
    return datetime.now(timezone.utc).isoformat(timespec="microseconds")


def time_to_text(when: datetime | None) -> str | None:
    """Write a naive local time as UTC."""
    return None if when is None else when.astimezone(timezone.utc).isoformat(timespec="microseconds")


def new_study(name: str, directions: Sequence[StudyDirection]) -> dict[str, Any]:
    """Write the creation of a study."""
    return {"op_code": Op.CREATE_STUDY, "study_name": name, "directions": [int(d) for d in directions]}


def new_trial(study_id: int, template: FrozenTrial | None) -> dict[str, Any]:
    """Write the creation of a trial: a copy of the template, or a running one without a template."""
    entry: dict[str, Any] = {"op_code": Op.CREATE_TRIAL, "study_id": study_id}
    if template is None:
        return {**entry, "datetime_start": now()}
    template = with_pause_marker(template.copy())
    values = template.values
    one = values is not None and len(values) == 1
    entry |= {
        "datetime_start": time_to_text(template.datetime_start),
        "state": int(stored_state(template.state)),
        "value": values[0] if one and values is not None else None,
        "values": None if one else values,
    }
    if template.state.is_finished():
        entry["datetime_complete"] = time_to_text(template.datetime_complete)
    dists = template.distributions
    return entry | {
        "distributions": {name: stored_json(name, distribution) for name, distribution in dists.items()},
        "params": {name: dists[name].to_internal_repr(value) for name, value in template.params.items()},
        "user_attrs": template.user_attrs,
        "system_attrs": template.system_attrs,
        "intermediate_values": {int(step): float(value) for step, value in template.intermediate_values.items()},
    }


def param(trial_id: int, name: str, internal: float, distribution: BaseDistribution) -> dict[str, Any]:
    """Write a parameter."""
    return {
        "op_code": Op.PARAM,
        "trial_id": trial_id,
        "param_name": name,
        "param_value_internal": float(internal),
        "distribution": stored_json(name, distribution),
    }


def state_values(trial_id: int, state: TrialState, values: Sequence[float] | None) -> dict[str, Any]:
    """Write a change of state."""
    entry: dict[str, Any] = {
        "op_code": Op.STATE_VALUES,
        "trial_id": trial_id,
        "state": int(stored_state(state)),
        "values": None if values is None else [float(value) for value in values],
    }
    if state == TrialState.RUNNING:
        entry["datetime_start"] = now()
    elif state.is_finished():
        entry["datetime_complete"] = now()
    return entry


def change(record: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> list[dict[str, Any]]:
    """Write a change of state, after the pause marker that it may need; the last entry is the change of state."""
    trial_id = record._trial_id
    marker = [trial_system_attr(trial_id, key, value) for key, value in pause_marker(record, state).items()]
    return [*marker, state_values(trial_id, state, values)]


def trial_system_attr(trial_id: int, key: str, value: Any) -> dict[str, Any]:
    """Write a system attribute of a trial."""
    return {"op_code": Op.TRIAL_SYSTEM_ATTR, "trial_id": trial_id, "system_attr": {key: value}}


def correction(trial_id: int, state: TrialState, values: Sequence[float]) -> dict[str, Any]:
    """Write new values of a finished trial."""
    return state_values(trial_id, state, values) | {"parzen": CORRECT}


def erasure(trial_id: int) -> dict[str, Any]:
    """Write that a trial is emptied. An unfinished trial fails by that, which Optuna sees too."""
    return state_values(trial_id, TrialState.FAIL, None) | {"parzen": ERASE}


def report(trial_id: int, step: int, value: float) -> dict[str, Any]:
    """Write an intermediate value."""
    return {"op_code": Op.REPORT, "trial_id": trial_id, "step": int(step), "intermediate_value": float(value)}


# --- reading ---------------------------------------------------------------------------------------------------------


def parsed(
    texts: Sequence[bytes], number: int, parse: Callable[[bytes, int], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Parse entries from a number on: many by one call, or each by `parse`, which says what is damaged."""
    if len(texts) >= _MANY:
        with suppress(ValueError, RecursionError):
            logs = read_together([text.decode() for text in texts])
            if all(type(log) is dict for log in logs):
                return iter(logs)
    return map(parse, texts, count(number))


def text_to_time(text: str | None) -> datetime | None:
    """Undo `time_to_text`."""
    return None if text is None else datetime.fromisoformat(text).astimezone().replace(tzinfo=None)


@lru_cache(maxsize=4096)
def modern_distribution(text: str) -> BaseDistribution:
    """Read a distribution, one object for equal texts; a distribution of an old class becomes one of today's."""
    return modern(cached_distribution(text))


def stored_state_of(entry: Entry) -> TrialState:
    """Read a state as it is stored, PRUNED for a paused trial."""
    return TrialState(entry["state"])


def values_of(entry: Entry) -> list[float] | None:
    """Read objective values."""
    values = entry["values"]
    if values is None and entry.get("value") is not None:
        values = [entry["value"]]
    return None if values is None else [float(value) for value in values]


def trial_of(entry: Entry, number: int, trial_id: int) -> FrozenTrial:
    """Read the trial that an entry creates."""
    start = text_to_time(entry["datetime_start"])
    if "state" not in entry:
        return FrozenTrial.running(number, trial_id, start)
    distributions = {name: modern_distribution(text) for name, text in entry["distributions"].items()}
    return FrozenTrial(
        number=number,
        state=state_of(stored_state_of(entry), entry["system_attrs"]),
        value=None,
        values=values_of(entry),
        datetime_start=start,
        datetime_complete=text_to_time(entry.get("datetime_complete")),
        params={name: distributions[name].to_external_repr(value) for name, value in entry["params"].items()},
        distributions=distributions,
        user_attrs=entry["user_attrs"],
        system_attrs=entry["system_attrs"],
        intermediate_values={int(step): float(value) for step, value in entry["intermediate_values"].items()},
        trial_id=trial_id,
    )
