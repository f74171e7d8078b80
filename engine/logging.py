"""Logging under the name ``parzen``, with Optuna's switches.

By default messages of level INFO and above go to standard error, through a handler of our own that does not propagate.

The logger ``parzen`` is a child of the logger ``optuna``. So what a script does to that one, which knows parzen as
Optuna, works: its handlers get each record once, and its level decides. Where Optuna itself runs in the process, too,
its level and its handler for standard error are for its own messages.
"""

from __future__ import annotations

import logging
import sys
from logging import CRITICAL, DEBUG, ERROR, FATAL, INFO, WARN, WARNING
from typing import Any

__all__ = ["CRITICAL", "DEBUG", "ERROR", "FATAL", "INFO", "WARN", "WARNING"]

_ROOT, _ALIAS = "parzen", "optuna"
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


class _AliasLogger(logging.Logger):
    """The logger ``optuna``: a level that is set for it is set for parzen, unless Optuna sets it for itself."""

    def setLevel(self, level: int | str) -> None:
        super().setLevel(level)
        if not _runs_beside_optuna():
            logging.getLogger(_ROOT).setLevel(level)


class _Separator(logging.Handler):
    """Keeps parzen's records from the handler by which Optuna itself writes to standard error: they stand there."""

    def emit(self, record: logging.LogRecord) -> None:
        handler = getattr(sys.modules.get(f"{_ALIAS}.logging"), "_default_handler", None)
        if isinstance(handler, logging.Handler) and handler is not _handler and _is_of_others not in handler.filters:
            handler.addFilter(_is_of_others)


def _is_of_others(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] != _ROOT


def _runs_beside_optuna() -> bool:
    """Tell whether Optuna itself is loaded, and not parzen under its name."""
    return getattr(sys.modules.get(_ALIAS), "__name__", None) == _ALIAS


def _root() -> logging.Logger:
    """Give the library's own logger, set up on first use."""
    global _handler
    logger = logging.getLogger(_ROOT)
    if _handler is None:
        alias = logging.getLogger(_ALIAS)
        if type(alias) is logging.Logger:
            alias.__class__ = _AliasLogger
        logger.parent = alias
        logger.setLevel(INFO if _runs_beside_optuna() else alias.level or INFO)
        alias.propagate = False
        _handler = _StderrHandler()
        _handler.setFormatter(create_default_formatter())
        logger.addHandler(_Separator())
        logger.addHandler(_handler)
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
    if not _runs_beside_optuna():
        logging.getLogger(_ALIAS).setLevel(verbosity)


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
    top_logger().propagate = False


def enable_propagation() -> None:
    """Hand messages on to the root logger's handlers, too."""
    top_logger().propagate = True


def top_logger() -> logging.Logger:
    """Give the logger below the root logger, which has the records of all of the library's."""
    parent = _root().parent
    assert parent is not None
    return parent
