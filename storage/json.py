"""Writing JSON, with errors that say what it was that must be JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
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
