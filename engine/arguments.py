"""With which arguments an object was made, so that it can be said a year later."""

from __future__ import annotations

import contextlib
import inspect
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, TypeVar

from .redaction import HIDDEN, is_secret, redacted_text

Self = TypeVar("Self")

_MOST_ITEMS, _MOST_LETTERS, _DEEPEST = 100, 500, 4


class Described:
    """Notes, when it is made, its class and the arguments of its constructor, as JSON values."""

    _made_with: dict[str, Any] | None = None
    __signature__: ClassVar[inspect.Signature]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let `help` and editors show the constructor's arguments, and not those of `__new__`."""
        super().__init_subclass__(**kwargs)
        with contextlib.suppress(TypeError, ValueError):
            kind: Any = cls
            cls.__signature__ = _signature(kind)

    def __new__(cls: type[Self], *args: Any, **kwargs: Any) -> Self:
        """Note the arguments; what they mean, and whether they fit, is the constructor's affair."""
        found: Self = object.__new__(cls)
        found.__dict__["_made_with"] = _bound(cls, args, kwargs)
        return found


def description(thing: Any) -> dict[str, Any]:
    """Describe a sampler or a pruner: its class by ``"name"``, and its arguments, with those left to their defaults.

    Of an object that did not note them, such as one of another library, they are the attributes of their names.
    """
    kind = type(thing)
    made_with = getattr(thing, "_made_with", None)
    if made_with is None:
        own = getattr(thing, "__dict__", {})
        places = {name: next((at for at in (name, f"_{name}") if at in own), None) for name in _parameters(kind)}
        made_with = {name: _named(name, own[at]) for name, at in places.items() if at is not None}
    return {"name": kind.__name__, "module": kind.__module__, **made_with}


def jsonable(value: Any, depth: int = 0) -> Any:
    """Turn a value into JSON: what is neither a number, a text nor a container of them becomes the name of its class.

    Numbers that JSON lacks become texts. Long texts and containers are cut, secrets are hidden.
    """
    if value is None or isinstance(value, (bool, int)):
        return value if value is None or isinstance(value, bool) else int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, str):
        shown = redacted_text(value)
        return shown if len(shown) <= _MOST_LETTERS else shown[:_MOST_LETTERS] + " ..."
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {str(key): _named(str(key), item, depth + 1) for key, item in list(value.items())[:_MOST_ITEMS]}
    if depth < _DEEPEST and isinstance(value, (list, tuple, set, frozenset)):
        return [jsonable(item, depth + 1) for item in list(value)[:_MOST_ITEMS]]
    if isinstance(value, Described):
        return description(value)
    named = value if callable(value) and hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"


def _bound(kind: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any] | None:
    try:
        bound = _signature(kind).bind(*args, **kwargs)
    except (TypeError, ValueError):  # the constructor says what is wrong; nothing is known of an unpickled object yet
        return None
    bound.apply_defaults()
    return {name: _named(name, value) for name, value in bound.arguments.items()}


def _named(name: str, value: Any, depth: int = 0) -> Any:
    """Turn a value into JSON, but for a text under the name of a secret."""
    return HIDDEN if isinstance(value, str) and is_secret(name) else jsonable(value, depth)


@lru_cache(maxsize=256)
def _signature(kind: type) -> inspect.Signature:
    constructor: Any = next(base.__dict__["__init__"] for base in kind.__mro__ if "__init__" in base.__dict__)
    if constructor is object.__init__:
        return inspect.Signature()
    return inspect.Signature(list(inspect.signature(constructor).parameters.values())[1:])


def _parameters(kind: type) -> list[str]:
    try:
        return list(_signature(kind).parameters)
    except (TypeError, ValueError):
        return []
