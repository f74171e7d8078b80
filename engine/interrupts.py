"""Ctrl-C that waits until a change is whole.

Python raises KeyboardInterrupt between any two instructions of the main thread, so also between what is written to a
file and what is noted of it in memory, or between the birth of a trial and the handle that could end it.
"""

from __future__ import annotations

import threading
from signal import SIGINT
from types import FrameType, TracebackType
from typing import Any

try:  # what `signal` wraps in enumerations, which takes eight times as long
    from _signal import getsignal, signal
except ImportError:
    from signal import getsignal, signal

_MAIN = threading.main_thread().ident


class Deferred:
    """A context in which Ctrl-C is kept for later; at its end the handler that was there before gets it.

    It does something in the main thread alone, where Python handles signals, and not within another such context.
    """

    __slots__ = ("_before", "_frame", "_is_active", "_is_pending")

    _is_nested = False

    def __init__(self) -> None:
        self._is_active = self._is_pending = False
        self._before: Any = None
        self._frame: FrameType | None = None

    def __enter__(self) -> Deferred:
        if threading.get_ident() == _MAIN and not Deferred._is_nested:
            self._before = getsignal(SIGINT)
            if callable(self._before):
                signal(SIGINT, self._keep)
                self._is_active = Deferred._is_nested = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.allow()

    def _keep(self, number: int, frame: FrameType | None) -> None:
        self._is_pending, self._frame = True, frame

    def allow(self) -> None:
        """Let Ctrl-C through again; one that was kept is handled now."""
        if not self._is_active:
            return
        self._is_active = Deferred._is_nested = False
        signal(SIGINT, self._before)
        if self._is_pending:
            self._is_pending = False
            self._before(SIGINT, self._frame)
