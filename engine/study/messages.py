"""What goes to a worker of `Study.optimize(executor=...)`, and what comes back."""

from __future__ import annotations

import os
import pickle
import uuid
from dataclasses import dataclass, field
from typing import Any

from .. import pickling
from ..distributions import BaseDistribution
from ..records import FrozenTrial, TrialState
from .processes import RemoteTraceback

_IMPORTED = uuid.uuid4().hex


def process_name() -> str:
    """Give a name that no other process has, on whatever machine."""
    return f"{_IMPORTED}-{os.getpid()}"


class CannotLoad(RuntimeError):
    """A worker lacks something that the objective needs to be loaded."""


@dataclass(frozen=True)
class Job:
    """What all trials of one call of `Study.optimize` have in common.

    Attributes
    ----------
    key
        Names the call.
    objective, study
        Pickled apart: a worker opens the study when a trial asks for it.
    caller
        The process that told `process_name`.
    verbosity, level
        Levels of the caller's loggers: parzen's, and the root logger's.
    """

    key: str
    objective: bytes
    study: bytes
    caller: str
    verbosity: int
    level: int


@dataclass(frozen=True)
class Task:
    """One trial: its record, and what the sampler chose jointly, external values of `space`.

    `is_drawn` says that the values fit `space` without a look; the study has `n_objectives`.
    """

    record: FrozenTrial
    relative: dict[str, Any]
    space: dict[str, BaseDistribution]
    is_drawn: bool
    n_objectives: int


@dataclass(frozen=True)
class Raised:
    """An error that an objective raised: pickled if that is possible, its class, text and traceback."""

    pickled: bytes | None
    kind: bytes | None
    text: str
    trace: str

    @staticmethod
    def of(error: BaseException, trace: str) -> Raised:
        """Describe an error."""
        return Raised(pickled(error), pickled(type(error)), str(error), trace)

    def rebuilt(self) -> BaseException:
        """Give the error, or one of its class and with its text; its cause is the traceback."""
        error: BaseException = RuntimeError(self.text)
        if self.pickled is not None:
            error = pickle.loads(self.pickled)
        elif self.kind is not None:
            kind = pickle.loads(self.kind)
            error = kind.__new__(kind, self.text)  # its constructor may want other arguments
        error.__cause__ = RemoteTraceback(self.trace)
        return error


def pickled(thing: Any) -> bytes | None:
    """Pickle something, None if it cannot be done, or undone."""
    try:
        data = pickling.quickly(thing)
    except Exception:
        return None
    return data if pickling.can_be_loaded(data) else None


@dataclass(frozen=True)
class Outcome:
    """How an objective ended.

    Attributes
    ----------
    values
        What it returned: floats if they are acceptable.
    state, error
        As after an error, and the error; None if it returned.
    params
        What was suggested and is not stored yet: internal values and distributions by name.
    repeated
        The step of the last report if it had been reported before.
    stops
        Whether the objective called `Study.stop`.
    logs
        What was logged.
    """

    values: Any = None
    state: TrialState | None = None
    error: Raised | None = None
    params: dict[str, tuple[float, BaseDistribution]] = field(default_factory=dict)
    repeated: int | None = None
    stops: bool = False
    logs: list[dict[str, Any]] = field(default_factory=list)
