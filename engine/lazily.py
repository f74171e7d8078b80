"""Packages that load their parts at first use (PEP 562), so that an unused part costs no import."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazily(package: str, homes: Mapping[str, Sequence[str]]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Give the `__getattr__` and `__dir__` of a package.

    Parameters
    ----------
    package
        Its name.
    homes
        The modules to be loaded late, relative to the package or absolute, and which of their names it shows. A
        sub-module can be had itself, too.

    Examples
    --------
    What type checkers and editors read stands beside it; a test compares the two.

    >>> if TYPE_CHECKING:
    ...     from .rdb import RDBStorage
    ... else:
    ...     __getattr__, __dir__ = lazily(__name__, {".rdb": ["RDBStorage"]})
    """
    home_of = {name: home for home, names in homes.items() for name in names}
    module = sys.modules[package]

    def get(name: str) -> Any:
        if name in home_of:
            value = getattr(import_module(home_of[name], package), name)
        elif f".{name}" in homes:
            value = import_module(f".{name}", package)
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        setattr(module, name, value)  # so that it is asked once
        return value

    def names() -> list[str]:
        return sorted({*vars(module), *home_of, *(home[1:] for home in homes if home.rfind(".") == 0)})

    return get, names
