"""Names, and ways to give arguments, that are deprecated and go on working, with a warning."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def warn_deprecated(name: str, instead: str, *, stacklevel: int = 3) -> None:
    """Warn, by default the caller of the function that calls this one, that a name is deprecated."""
    warnings.warn(
        f"{name} is deprecated and will be removed; use {instead} instead.", FutureWarning, stacklevel=stacklevel
    )


def by_position_too(*names: str) -> Callable[[F], F]:
    """Let a function that takes keyword arguments alone take some by position, too, with a warning.

    Parameters
    ----------
    names
        Of the arguments, in the order in which they may be given.
    """

    def widen(function: F) -> F:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if len(args) > len(names):
                raise TypeError(
                    f"{function.__name__}() takes {len(names)} positional arguments but {len(args)} were given: "
                    "name the arguments."
                )
            if args:
                warn_deprecated(f"{function.__name__}() without the names of its arguments", ", ".join(names))
            return function(**dict(zip(names, args, strict=False)), **kwargs)

        return call  # type: ignore[return-value]

    return widen
