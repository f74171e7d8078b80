"""Messages between client and server: records, answers and errors as JSON, never a pickle.

The JSON is Python's: it has NaN and the infinities, and text is ASCII with escapes, so that every string survives.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ...engine.distributions import BaseDistribution
from ...engine.distributions.json import cached_distribution, stored_json
from ...engine.exceptions import DuplicatedStudyError, StorageInternalError, UpdateFinishedTrialError
from ...engine.records import FrozenTrial, TrialState
from ..json import json_writer

# System attributes of the server alone: which request added a trial that waits, and which one started it.
CREATED, CLAIMED = "parzen:created_by", "parzen:claimed_by"

to_json = json_writer("What goes to a storage proxy")
_ERRORS: dict[str, type[Exception]] = {
    cls.__name__: cls
    for cls in (
        KeyError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        TypeError,
        DuplicatedStudyError,
        UpdateFinishedTrialError,
        StorageInternalError,
    )
}


def _write_time(when: datetime | None) -> int | None:
    """Write a naive local time as microseconds of the epoch: client and server may live in different time zones."""
    return None if when is None else round(when.timestamp() * 1e6)


def _read_time(microseconds: int | None) -> datetime | None:
    """Undo `_write_time`."""
    if microseconds is None:
        return None
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds) + timedelta(microseconds=rest)


# --- trials ----------------------------------------------------------------------------------------------------------


def write_record(record: FrozenTrial, refer: Callable[[str, BaseDistribution], Any] = stored_json) -> list[Any]:
    """Write a trial as a list; `refer` gives what stands for a parameter's distribution."""
    return [
        record.number,
        record._trial_id,
        int(record.state),
        None if record._values is None else [float(value) for value in record._values],
        _write_time(record.datetime_start),
        _write_time(record.datetime_complete),
        [
            [name, refer(name, distribution), float(distribution.to_internal_repr(record.params[name]))]
            for name, distribution in list(record.distributions.items())
        ],
        record.user_attrs,
        {key: value for key, value in record.system_attrs.items() if key not in (CREATED, CLAIMED)},
        [[int(step), float(value)] for step, value in list(record.intermediate_values.items())],
    ]


def read_record(parts: list[Any], resolve: Callable[[Any], BaseDistribution] = cached_distribution) -> FrozenTrial:
    """Undo `write_record`."""
    number, trial_id, state, values, start, complete, params, user_attrs, system_attrs, reports = parts
    distributions = {name: resolve(reference) for name, reference, _ in params}
    return FrozenTrial(
        number=number,
        state=TrialState(state),
        value=None,
        values=values,
        datetime_start=_read_time(start),
        datetime_complete=_read_time(complete),
        params={name: distributions[name].to_external_repr(internal) for name, _, internal in params},
        distributions=distributions,
        user_attrs=user_attrs,
        system_attrs=system_attrs,
        intermediate_values={step: value for step, value in reports},
        trial_id=trial_id,
    )


# --- requests and answers --------------------------------------------------------------------------------------------


class Position(NamedTuple):
    """How far a client has read a study.

    Attributes
    ----------
    study_id : int
        The study.
    epoch : str or None
        Identifier of the `History` object on the server that was read; None before the first look.
    n : int
        Number of trials read.
    n_finished : int
        Number of entries of the server's `History.finished` read.
    clock : int
        Count of the changes to unfinished trials up to which those are known.
    n_distributions : int
        Number of entries of the server's table of distributions read.
    """

    study_id: int
    epoch: str | None = None
    n: int = 0
    n_finished: int = 0
    clock: int = 0
    n_distributions: int = 0


class Identity(NamedTuple):
    """What identifies a repeated request: its session, which has one request under way at a time, and its number there.

    Attributes
    ----------
    session : str
        Name of a thread of a client.
    serial : int
        Number of the request in its session, from 1.
    attempt : int
        How often the request was sent, this time included.
    """

    session: str
    serial: int
    attempt: int


def write_request(verb: str, arguments: list[Any], position: Position | None, identity: Identity | None) -> bytes:
    """Write a request; ``TypeError`` for arguments that are not JSON."""
    return to_json([verb, arguments, position, identity]).encode()


def read_request(request: bytes) -> tuple[str, list[Any], Position | None, Identity | None]:
    """Undo `write_request`."""
    verb, arguments, position, identity = json.loads(request)
    return (
        verb,
        arguments,
        None if position is None else Position(*position),
        None if identity is None else Identity(*identity),
    )


class Outcome(NamedTuple):
    """The result of a request, as JSON: a value, or the name and the text of an error."""

    text: str
    is_error: bool = False


def outcome_of_error(error: Exception) -> Outcome:
    """Write an error; an error that no storage should raise becomes a `StorageInternalError`."""
    for cls in type(error).__mro__:
        if _ERRORS.get(cls.__name__) is cls:
            text = str(error.args[0]) if error.args else ""
            return Outcome(to_json([cls.__name__, text]), is_error=True)
    return Outcome(to_json(["StorageInternalError", f"{type(error).__name__}: {error}"]), is_error=True)


def write_answer(outcome: Outcome, delta: str = "null") -> bytes:
    """Write an answer; `delta` is JSON already."""
    value, error = ("null", outcome.text) if outcome.is_error else (outcome.text, "null")
    return f"[{value},{error},{delta}]".encode()


def read_answer(answer: bytes) -> tuple[Any, Any]:
    """Give the value and the delta of an answer, or raise the error that the answer holds."""
    value, error, delta = json.loads(answer)
    if error is not None:
        raise _ERRORS.get(error[0], StorageInternalError)(error[1])
    return value, delta
