"""Ctrl-C that waits until a change is whole, but not for ever.

Python raises KeyboardInterrupt between any two instructions of the main thread, so also between what is written to a
file and what is noted of it in memory, or between the birth of a trial and the handle that could end it. So a change is
made within `Deferred`, which keeps Ctrl-C until the change is whole. What waits within a change, for a lock or for a
server, gives way to a Ctrl-C that was kept: between two attempts by `give_way`, while nothing is begun, and in the
middle of a call that blocks by `Breakable` or, in threads that no signal reaches, by `Apart`. Who cleans up after
Ctrl-C does so within `hurried`.
"""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from signal import SIGINT
from threading import get_ident
from types import FrameType, TracebackType
from typing import Any, ClassVar, Generic, TypeVar

try:  # what `signal` wraps in enumerations, which takes eight times as long
    from _signal import getsignal, signal
except ImportError:
    from signal import getsignal, signal

T = TypeVar("T")

MOMENT = 0.45  # seconds that a call which blocks may still take after Ctrl-C, and all that cleans up after it

_MAIN = threading.main_thread().ident
_RLock: Any = type(threading.RLock())
_POLL = 0.1  # seconds between two looks for Ctrl-C
_AGAIN = 0.3  # seconds between two signals: gRPC looks for one after 0.2 seconds in which none came
_guard = threading.Lock()  # held while a `Breakable` ends, and while it is broken off
_until: list[float] = []  # when the waits end of those that clean up, in whatever thread
_own = threading.local()  # `until`: when those of this thread end


class Deferred:
    """A context in which Ctrl-C is kept for later; at its end the handler that was there before gets it.

    It does something in the main thread alone, where Python handles signals, and not within another such context.
    """

    __slots__ = ("_before", "_breakable", "_frame", "_is_active", "_is_pending", "_since", "_until")

    _current: ClassVar[Deferred | None] = None

    def __init__(self) -> None:
        self._is_active = False

    def __enter__(self) -> Deferred:
        if Deferred._current is None and get_ident() == _MAIN:
            self._before: Any = getsignal(SIGINT)
            if callable(self._before):
                self._is_pending = False
                self._frame: FrameType | None = None
                self._since = 0.0  # when the Ctrl-C came that is kept
                self._until = 0.0  # when the waits end that go on after a wait was broken off
                self._breakable: Breakable | None = None
                signal(SIGINT, self._keep)
                self._is_active = True
                Deferred._current = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_active:
            self.allow()

    def _keep(self, number: int, frame: FrameType | None) -> None:
        if self._breakable is not None and is_overdue():
            self._let_through()
            return
        if not self._is_pending:
            self._is_pending, self._since = True, time.monotonic()
        self._frame = frame
        if self._breakable is not None:
            self._breakable.break_off_later()

    def _is_overdue(self) -> bool:
        now = time.monotonic()
        return (self._is_pending and now >= self._since + MOMENT) or 0.0 < self._until <= now

    def _let_through(self) -> None:
        """Hand Ctrl-C on in the middle of the change, or end a wait of those that clean up after that."""
        if not self._is_pending:
            raise KeyboardInterrupt
        self._is_pending = False
        try:
            self._before(SIGINT, self._frame)
        except BaseException:
            self._until = time.monotonic() + MOMENT
            raise

    def allow(self) -> None:
        """Let Ctrl-C through again; one that was kept is handled now."""
        if not self._is_active:
            return
        self._is_active = False
        Deferred._current = None
        signal(SIGINT, self._before)
        if self._is_pending:
            self._is_pending = False
            self._before(SIGINT, self._frame)


def give_way(since: float = 0.0) -> None:
    """Hand on a Ctrl-C that is kept, between two attempts to do what is not begun; raise it again when time is over.

    After it was raised once, what cleans up in the same change, or within `hurried`, has a moment for all its waits.

    Parameters
    ----------
    since
        When the caller began to wait, by `time.monotonic`: a thread that is not the main one may wait a moment, since
        it may have worked on after Ctrl-C; where it cleans up, all its waits together may.
    """
    kept, is_main = Deferred._current, get_ident() == _MAIN
    if kept is not None and is_main and (kept._is_pending or kept._is_overdue()):
        kept._let_through()
    if not _until:
        return
    if is_main:
        end = _until[0]
    else:
        end = getattr(_own, "until", 0.0) or max(_until[0], since + MOMENT)
    if time.monotonic() >= end:
        raise KeyboardInterrupt


def pause(seconds: float, since: float = 0.0) -> None:
    """Sleep between two attempts, and give way to Ctrl-C; for `since` see `give_way`."""
    end = time.monotonic() + seconds
    while True:
        give_way(since)
        left = end - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, _POLL))


def is_overdue() -> bool:
    """Tell whether Ctrl-C came a moment ago, so that a call which still blocks should be broken off."""
    kept = Deferred._current
    return (kept is not None and kept._is_overdue()) or (bool(_until) and time.monotonic() >= _until[0])


@contextmanager
def hurried(is_so: bool = True) -> Iterator[None]:
    """Give a context that cleans up after Ctrl-C: all its waits together last a moment, then KeyboardInterrupt ends it.

    It concerns all threads, since the main one may wait for others that wait.
    """
    if not is_so:
        yield
        return
    end, before = time.monotonic() + MOMENT, getattr(_own, "until", 0.0)
    _until.append(end)
    _own.until = before or end
    try:
        yield
    finally:
        _until.remove(end)
        _own.until = before


class Breakable:
    """A context within `Deferred` around a call that blocks, and that may be left anywhere by KeyboardInterrupt.

    After Ctrl-C the call may end by itself for a moment. Then the main thread gets the signal once more, which the
    system delivers in the middle of the call.
    """

    __slots__ = ("_deferred", "_is_counting")

    def __init__(self) -> None:
        self._deferred: Deferred | None = None
        self._is_counting = False

    def __enter__(self) -> None:
        kept = Deferred._current
        if kept is not None and kept._breakable is None and get_ident() == _MAIN:
            is_late = bool(kept._is_pending or kept._until or _until)
            if is_late and is_overdue():
                give_way()
            self._deferred = kept
            kept._breakable = self
            if is_late:
                self.break_off_later()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._deferred is not None:
            with _guard:
                self._deferred._breakable = None

    def break_off_later(self) -> None:
        """Have the call broken off after a moment, by a thread that counts the time."""
        if not self._is_counting:
            self._is_counting = True
            _thread.start_new_thread(self._break_off, ())

    def _break_off(self) -> None:
        assert self._deferred is not None
        seconds = _POLL
        while self._is_counting:
            time.sleep(seconds)
            with _guard:
                is_wanted = self._deferred._is_pending or self._deferred._until or _until
                self._is_counting = bool(is_wanted) and self._deferred._breakable is self
                if self._is_counting and is_overdue():
                    _press()
                    seconds = _AGAIN


class Apart(Generic[T]):
    """A call in a thread of its own, so that who waits for its result can give way to Ctrl-C, in whatever thread.

    The call itself goes on when nobody waits for it any more.

    Parameters
    ----------
    work
        What to call.
    let_go
        Gets a result that comes too late.
    """

    def __init__(self, work: Callable[[], T], let_go: Callable[[T], object] = lambda _: None) -> None:
        self._work = work
        self._let_go = let_go
        self._results: list[T] = []
        self._error: BaseException | None = None
        self._is_over = threading.Event()
        self._guard = threading.Lock()
        self._is_given_up = False

    def result(self) -> T:
        """Give the result, or raise what the call raised."""
        since = time.monotonic()
        if is_overdue():
            give_way(since)
        threading.Thread(target=self._run, daemon=True, name="parzen-apart").start()
        try:
            while not self._is_over.wait(_POLL):
                if is_overdue():
                    give_way(since)
        except BaseException:
            with self._guard:
                self._is_given_up = True
            self._let_go_if_given_up()
            raise
        if self._error is not None:
            raise self._error
        return self._results[0]

    def _run(self) -> None:
        try:
            self._results.append(self._work())
        except BaseException as error:
            self._error = error
        with self._guard:
            self._is_over.set()
        self._let_go_if_given_up()

    def _let_go_if_given_up(self) -> None:
        with self._guard:
            if self._is_given_up and self._is_over.is_set():
                while self._results:
                    self._let_go(self._results.pop())


def interruptible(work: Callable[[], T]) -> T:
    """Make a call that blocks and may be made again; Ctrl-C ends the wait for it in whatever thread."""
    if get_ident() == _MAIN:
        with Breakable():
            return work()
    return Apart(work).result()  # which is slower


def _press() -> None:
    """Send the main thread Ctrl-C, which breaks off a call of the system that blocks."""
    try:
        from signal import pthread_kill
    except ImportError:  # Windows
        _thread.interrupt_main()
    else:
        pthread_kill(_MAIN, SIGINT)  # type: ignore[arg-type]


class PatientLock(_RLock):  # type: ignore[misc]
    """A lock like `threading.RLock`; who waits for it gives way to Ctrl-C, since who holds it may wait for a server."""

    def __enter__(self) -> bool:
        if not self.acquire(False):
            since = time.monotonic()
            while not self.acquire(timeout=_POLL):
                if is_overdue():
                    give_way(since)
        return True
