"""Pickles for other processes: by cloudpickle where it is installed, so that a script's own functions go along."""

from __future__ import annotations

import importlib
import pickle
from typing import Any


def by_value(thing: Any) -> bytes:
    """Pickle something with what it is made of, such as a function of the script, if cloudpickle is installed."""
    try:
        cloudpickle = importlib.import_module("cloudpickle")
    except ImportError:
        return pickle.dumps(thing)
    data: bytes = cloudpickle.dumps(thing)
    return data


def quickly(thing: Any) -> bytes:
    """Pickle plain data; `by_value` where something in it is not."""
    try:
        return pickle.dumps(thing)
    except Exception:
        return by_value(thing)


def can_be_loaded(data: bytes) -> bool:
    """Tell whether a pickle can be loaded: that of an error may be unable to call its constructor."""
    try:
        pickle.loads(data)
    except Exception:
        return False
    return True
