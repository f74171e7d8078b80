"""The warning of names that are deprecated and go on working."""

from __future__ import annotations

import warnings


def warn_deprecated(name: str, instead: str, *, stacklevel: int = 3) -> None:
    """Warn, by default the caller of the function that calls this one, that a name is deprecated."""
    warnings.warn(
        f"{name} is deprecated and will be removed; use {instead} instead.", FutureWarning, stacklevel=stacklevel
    )
