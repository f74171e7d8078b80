"""What tells choices apart: by content where they are plain, else by what objects they are, at last by what they show.

A choice is *plain* if it is None, a bool, a number, a string, or a list, tuple or dict of these: what a store keeps. It
comes back as JSON gives it, so a list matches the tuple that it was stored from.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from ..values import SCALARS, owned, python, same

CLOSE = 1e-5  # relative difference of numbers up to which Optuna, too, takes them for the same
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


def held(choice: Any) -> Any:
    """Give what a distribution holds of a choice: a copy that nobody changes, with Python's numbers for NumPy's."""
    kind = type(choice)
    if kind in SCALARS:
        return choice
    if kind is list or kind is tuple:
        return kind(map(held, choice))
    if kind is dict:
        return {python(key): held(value) for key, value in choice.items()}
    return owned(python(choice))


def listed(choices: Sequence[Any]) -> Sequence[Any]:
    """Give choices as a sequence of Python's objects: an array of numbers is one of NumPy's."""
    return choices.tolist() if isinstance(choices, np.ndarray) and choices.ndim == 1 else choices


def is_plain(choice: Any) -> bool:
    """Tell whether a choice is made of scalars, lists, tuples and dicts alone."""
    kind = type(choice)
    if kind is dict:
        return all(map(is_plain, choice)) and all(map(is_plain, choice.values()))
    return all(map(is_plain, choice)) if kind is list or kind is tuple else kind in SCALARS


def is_as_given(choice: Any, given: Any) -> bool:
    """Tell whether a choice that a distribution holds is the one that is given: the same object, or an equal copy."""
    if choice is given:
        return True
    if type(choice) in SCALARS:
        given = python(given)
        return type(choice) is type(given) and bool(choice == given)
    if isinstance(choice, np.ndarray):
        return isinstance(given, np.ndarray) and choice.dtype == given.dtype and same(choice, given)
    return type(choice) is type(given) and is_plain(choice) and is_plain(given) and repr(choice) == repr(given)


def as_json(value: Any) -> str | None:
    """Write what is to be told apart as JSON does, None if it cannot: a tuple as a list, a key as a string."""
    import json

    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return None


def same_value(a: Any, b: Any) -> bool:
    """Compare two values by content, and containers as a store gives them back as well."""
    if same(a, b):
        return True
    if not (isinstance(a, (list, tuple, dict)) and isinstance(b, (list, tuple, dict))):
        return False
    text = as_json(a)
    return text is not None and text == as_json(b)


def is_close(a: Any, b: Any) -> bool:
    """Tell whether two values are the same but for rounding: one that was computed, or written with fewer digits."""
    if isinstance(a, (bool, np.bool_)) or isinstance(b, (bool, np.bool_)):
        return type(python(a)) is type(python(b)) and bool(a == b)
    if isinstance(a, Integral) and isinstance(b, Integral):
        return int(a) == int(b)
    if isinstance(a, Real) and isinstance(b, Real):
        return same(float(a), float(b)) or math.isclose(a, b, rel_tol=CLOSE)
    return same_value(a, b)


def shown(choice: Any) -> str:
    """Give what an object shows of itself, without its address in memory, which another run's does not have."""
    if isinstance(choice, np.ndarray):
        return f"{choice.dtype} {choice.tolist()}"
    return _ADDRESS.sub("", repr(choice))


def label_of(choices: Sequence[Any]) -> str:
    """Give what alike choices have in common: those of another trial, or as a store gives them back."""
    text = as_json(choices)
    return "\n".join(as_json(choice) or shown(choice) for choice in choices) if text is None else text


def places(keys: Iterable[Any]) -> dict[Any, int]:
    """Give the first place of each key that is not None."""
    found: dict[Any, int] = {}
    for place, key in enumerate(keys):
        if key is not None:
            found.setdefault(key, place)
    return found


def lone_places(keys: Sequence[Any]) -> dict[Any, int]:
    """Give the place of each key that is not None and comes once."""
    return {key: place for key, place in places(keys).items() if keys.count(key) == 1}
