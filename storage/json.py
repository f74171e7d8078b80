"""JSON: written with errors that say what it was that must be JSON, and many texts read by one call."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from ..engine.values import for_json

compact = json.JSONEncoder(separators=(",", ":"), default=for_json).encode
spaced = json.JSONEncoder(default=for_json).encode  # as Optuna writes attributes


def json_writer(what: str, encode: Callable[[Any], str] = compact) -> Callable[[Any], str]:
    """Make a function that writes values as JSON, and raises ``TypeError`` for a value that is not JSON.

    NumPy's scalars are written as Python's.

    Parameters
    ----------
    what
        What the values are, for the message of the error.
    encode
        Writes one value; by default without blanks.
    """

    def write(value: Any) -> str:
        try:
            return encode(value)
        except RecursionError as error:
            raise TypeError(f"{what} must be JSON, but is nested too deeply: {error}.") from error
        except (TypeError, ValueError) as error:
            raise TypeError(f"{what} must be JSON, but got {value!r}: {error}.") from error

    return write


def read_together(texts: Sequence[str]) -> list[Any]:
    """Read many texts of JSON at once; between them stands a word by which it is seen that each is whole.

    Raises
    ------
    ValueError, RecursionError
        If one of them is not.
    """
    if not texts:
        return []
    word = str(uuid.uuid4())
    between = f',"{word}",'
    values: list[Any] = json.loads(f"[{between.join(texts)}]")
    if len(values) != 2 * len(texts) - 1 or any(value != word for value in values[1::2]):
        raise ValueError("One of the texts is not JSON by itself.")
    return values[::2]
