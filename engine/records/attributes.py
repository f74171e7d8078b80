"""What system attributes say of a trial: its constraints, what it reported of several objectives, and its error."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from ..redaction import redacted_text

# System attribute of constraints: a list (from a sampler's constraints_func), or "constraints:<key>", one each.
CONSTRAINTS = "constraints"

# System attribute of a report of several objectives; the first one's value is the intermediate value as well.
REPORT = "parzen:report:"

# System attribute of a trial that tries again what dead processes left: the numbers of their trials, oldest first.
RETRIED = "retry_history"

# System attribute of the parameters with which a trial was enqueued.
FIXED = "fixed_params"

# System attribute of a failed trial: why it failed, in a line.
ERROR = "parzen:error"
_LONGEST = 300  # letters of it


def constraints_of(system_attrs: Mapping[str, Any]) -> dict[str, float]:
    """Read the constraint values out of system attributes: the list form by position, the named form by key."""
    listed = system_attrs.get(CONSTRAINTS) or ()
    found = {str(i): float(value) for i, value in enumerate(listed)}
    prefix = constraint_attr("")
    found.update({key[len(prefix) :]: value for key, value in system_attrs.items() if key.startswith(prefix)})
    return found


def error_attr(error: BaseException | str) -> dict[str, str]:
    """Give the system attribute that says why a trial failed: type and text of what was raised, without passwords."""
    text = error
    if isinstance(error, BaseException):
        text = type(error).__name__
        with suppress(Exception):  # it is the code of somebody's class
            text = f"{text}: {error}" if str(error) else text
    line = redacted_text(" ".join(str(text).split()))
    return {ERROR: line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"}


def report_attr(step: int) -> str:
    """Give the name of the system attribute that holds what a trial of several objectives reported at a step."""
    return f"{REPORT}{step}"


def constraint_attr(key: str) -> str:
    """Give the name of the system attribute that holds a named constraint."""
    return f"{CONSTRAINTS}:{key}"


def constraint_number(key: str, value: Any) -> float:
    """Check a constraint's value: a float that is not NaN."""
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"The constraint {key!r} should be a float, but got {value!r} ({type(value)}).") from error
    if math.isnan(number):
        raise ValueError(f"The constraint {key!r} must not be NaN: give a number, at most 0 where it is satisfied.")
    return number


def listed_constraints(values: Iterable[Any]) -> dict[str, list[float]]:
    """Give the system attribute of what a `constraints_func` returned."""
    return {CONSTRAINTS: [constraint_number(str(i), value) for i, value in enumerate(values)]}


def new_constraint(system_attrs: Mapping[str, Any], key: str, value: Any) -> dict[str, float]:
    """Give the system attribute that a new constraint makes; none, with a warning, if the key is set already."""
    number = constraint_number(key, value)
    attr = constraint_attr(key)
    if attr in system_attrs:
        warnings.warn(f"The constraint value is ignored because key={key!r} is already set.", stacklevel=3)
        return {}
    return {attr: number}
