"""What a room hands on, to be compared with the list of its contract suite."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType


def concrete(room: ModuleType, base: type) -> set[type]:
    """Give the classes of a kind that a room, and the rooms in it, hand on by ``__all__``; abstract ones left out."""
    named = [getattr(inner, name) for inner in _rooms(room) for name in inner.__all__]
    return {it for it in named if inspect.isclass(it) and issubclass(it, base) and not inspect.isabstract(it)}


def _rooms(room: ModuleType) -> Iterator[ModuleType]:
    yield room
    for inner in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
        if inner.ispkg:
            yield importlib.import_module(inner.name)
