"""Values that users give and get: copies that nobody else holds, and comparison by content."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from copy import copy, deepcopy
from types import BuiltinFunctionType, FunctionType, NoneType
from typing import Any

import numpy as np

SCALARS = frozenset({NoneType, bool, int, float, str})  # what a store keeps as it is
ATOMS = SCALARS | {bytes, complex, type, FunctionType, BuiltinFunctionType}  # what cannot change needs no copy


def owned(value: Any) -> Any:
    """Copy plain containers, down to their elements; any other object is the user's, and is given as it is.

    Containers are lists, tuples, dicts, sets and NumPy arrays, and what was derived from them.
    """
    kind = type(value)
    if kind in ATOMS:
        return value
    if kind is list or kind is tuple:
        return kind(map(owned, value))
    if kind is dict:
        return {key: owned(item) for key, item in value.items()}
    if isinstance(value, (list, dict, tuple, set, deque, bytearray, np.ndarray)):
        return _of_same_class(value)
    return value


def _of_same_class(value: Any) -> Any:
    if isinstance(value, tuple):
        return type(value)._make(map(owned, value)) if hasattr(value, "_make") else value  # a named tuple
    found = copy(value)
    if isinstance(value, dict):
        for key, item in value.items():
            found[key] = owned(item)
    elif isinstance(value, (list, deque)):
        for i, item in enumerate(value):
            found[i] = owned(item)
    return found


def copied(value: Any) -> Any:
    """Copy a value in depth; what cannot be copied, such as a lock, stays itself."""
    if type(value) in ATOMS:
        return value
    try:
        return deepcopy(value)
    except Exception:  # any: it is the code of somebody's class
        return owned(value)


def copied_items(values: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a dictionary and its values in depth."""
    return {key: value if type(value) in ATOMS else copied(value) for key, value in values.items()}


def owned_items(values: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a dictionary and the containers in it."""
    return {key: value if type(value) in ATOMS else owned(value) for key, value in values.items()}


def python(value: Any) -> Any:
    """Turn a NumPy scalar into Python's number, bool or string; anything else is given as it is."""
    if isinstance(value, np.generic):
        item = value.item()
        return item if type(item) in SCALARS else value
    return value


def for_json(value: Any) -> Any:
    """Give what JSON can hold of a NumPy scalar; ``TypeError`` for what is none, as encoders expect."""
    found = python(value)
    if found is value:
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    return found


def same(a: Any, b: Any) -> bool:
    """Compare by content: NaN equals NaN, arrays are compared whole, and what cannot be compared differs."""
    if a is b:
        return True
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(item, b[key]) for key, item in a.items())
    if isinstance(a, (list, tuple)) and isinstance(b, type(a)):
        return len(a) == len(b) and all(map(same, a, b))
    try:
        if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
            return type(a) is type(b) and a.shape == b.shape and all(map(same, a.ravel().tolist(), b.ravel().tolist()))
        return bool(a == b)
    except Exception:  # any: it is the code of somebody's class
        return False
