"""Which methods are still parzen's own, and which things are of a kind: what an ask must know, and knows by its class.

What a user may override is asked when it is overridden: a short way past a public method is open only while that
method is ours.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

_PACKAGE = __name__.partition(".")[0]


def is_ours(thing: object, *methods: str) -> bool:
    """Tell whether all these methods of an object are parzen's own: overridden by no subclass, replaced on no object.

    Parameters
    ----------
    thing
        A study, a sampler, a pruner or a storage.
    methods
        Names of methods; one that the object lacks is not ours.
    """
    kind: Any = type(thing)
    if not _are_defined_here(kind, methods):
        return False
    own = getattr(thing, "__dict__", None)
    return not own or own.keys().isdisjoint(methods)


def is_a(thing: object, base: Any) -> bool:
    """Do as `isinstance` does, more quickly for an abstract base, of which Python asks anew each time."""
    kind: Any = type(thing)
    return _is_kind(kind, base)


@lru_cache(maxsize=1024)
def _is_kind(kind: Any, base: Any) -> bool:
    return issubclass(kind, base)


@lru_cache(maxsize=1024)
def _are_defined_here(kind: Any, methods: tuple[str, ...]) -> bool:
    found = [getattr(kind, method, None) for method in methods]
    return all(getattr(method, "__module__", "").partition(".")[0] == _PACKAGE for method in found)
