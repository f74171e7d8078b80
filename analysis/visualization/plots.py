"""How a plot becomes a function of a backend: one computation, drawn by whoever draws."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from .picture import Picture

_UNNAMED = "Objective Value"  # the default of `target_name`

P = ParamSpec("P")
Figure = TypeVar("Figure")


def plot(
    compute: Callable[P, Picture], draw: Callable[[Picture], Figure], check: Callable[[], None]
) -> Callable[P, Figure]:
    """Make the public function of a plot.

    Parameters
    ----------
    compute
        Computes the picture, without the backend.
    draw
        Draws a picture, and computes nothing.
    check
        Raises ``ImportError`` if the backend is not installed.

    Returns
    -------
    plot
        Takes the arguments of `compute`, and has its docstring.
    """

    @wraps(compute)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        check()
        if kwargs.get("target") is not None and kwargs.get("target_name", _UNNAMED) == _UNNAMED:
            warnings.warn(f"`target` is specified, but `target_name` is the default value, {_UNNAMED!r}.", stacklevel=2)
        return draw(compute(*args, **kwargs))

    drawn.__name__ = drawn.__qualname__ = {"slices": "plot_slice"}.get(compute.__name__, f"plot_{compute.__name__}")
    drawn.__module__ = draw.__module__
    drawn.__annotations__ = {name: kind for name, kind in compute.__annotations__.items() if name != "return"}
    drawn.__signature__ = inspect.signature(compute).replace(  # type: ignore[attr-defined]
        return_annotation=inspect.Signature.empty
    )
    return drawn
