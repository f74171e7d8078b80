"""Logging under the name ``parzen``, with Optuna's switches.

By default messages of level INFO and above go to standard error, through a handler of our own that does not propagate.
"""

from __future__ import annotations

import logging
import sys
from logging import CRITICAL, DEBUG, ERROR, FATAL, INFO, WARN, WARNING
from typing import Any

__all__ = ["CRITICAL", "DEBUG", "ERROR", "FATAL", "INFO", "WARN", "WARNING"]

_ROOT = "parzen"
_handler: logging.Handler | None = None


def create_default_formatter() -> logging.Formatter:
    """Make the formatter of the default handler: ``[I 2026-01-31 12:00:00,000] message``."""
    return logging.Formatter("[%(levelname).1s %(asctime)s] %(message)s")


class _StderrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to whatever `sys.stderr` is by then: a redirected stream gets the messages, a progress bar finds it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:  # a StreamHandler sets it once
        return sys.stderr


def _root() -> logging.Logger:
    """Give the library's own logger, set up on first use."""
    global _handler
    logger = logging.getLogger(_ROOT)
    if _handler is None:
        _handler = _StderrHandler()
        _handler.setFormatter(create_default_formatter())
        logger.addHandler(_handler)
        logger.setLevel(INFO)
        logger.propagate = False
    return logger


def get_logger(name: str) -> logging.Logger:
    """Give the logger `name`; those below ``parzen`` share its handler."""
    _root()
    return logging.getLogger(name)


def get_verbosity() -> int:
    """Give the level below which messages are dropped."""
    return _root().getEffectiveLevel()


def set_verbosity(verbosity: int) -> None:
    """Drop messages below the level `verbosity`, such as ``parzen.logging.WARNING``."""
    _root().setLevel(verbosity)


def disable_default_handler() -> None:
    """Stop writing to standard error."""
    root = _root()
    if _handler is not None:
        root.removeHandler(_handler)


def enable_default_handler() -> None:
    """Write to standard error (again)."""
    root = _root()
    if _handler is not None:
        root.addHandler(_handler)


def disable_propagation() -> None:
    """Keep messages from the root logger's handlers (the default)."""
    _root().propagate = False


def enable_propagation() -> None:
    """Hand messages on to the root logger's handlers, too."""
    _root().propagate = True
