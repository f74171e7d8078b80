"""How single values stand in the rows of the schema."""

from __future__ import annotations

import math
from datetime import datetime, timezone

from ..json import json_writer, spaced

_FINITE, _INF_POS, _INF_NEG, _NAN = "FINITE", "INF_POS", "INF_NEG", "NAN"
_SPECIAL = {_INF_POS: math.inf, _INF_NEG: -math.inf, _NAN: math.nan}

# What is raised by a row that somebody edited, or that a fault of the disk changed, when it is read.
UNREADABLE = (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError)

to_json = json_writer("An attribute to be stored", spaced)


def number_to_row(value: float) -> tuple[float | None, str]:
    """Split a float into what a database can hold and its type: SQLite turns NaN into NULL."""
    if math.isfinite(value):
        return float(value), _FINITE
    return None, _NAN if math.isnan(value) else _INF_POS if value > 0 else _INF_NEG


def row_to_number(value: float | None, kind: str) -> float:
    """Undo `number_to_row`."""
    return _SPECIAL[kind] if value is None else float(value)


def time_to_text(when: datetime | None) -> str | None:
    """Write a naive local time as naive UTC, as Optuna 5 does."""
    if when is None:
        return None
    return when.astimezone(timezone.utc).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def row_to_time(stored: str | datetime | None) -> datetime | None:
    """Undo `time_to_text`: SQLite gives the text, a server a time."""
    if stored is None:
        return None
    when = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return when.replace(tzinfo=timezone.utc).astimezone().replace(tzinfo=None)


def readable_time(stored: str | datetime | None) -> datetime | None:
    """Do as `row_to_time`, but give None for what is no time."""
    try:
        return row_to_time(stored)
    except UNREADABLE:
        return None
