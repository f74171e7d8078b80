"""A queue for the processes that want to write to one SQLite file.

SQLite lets a process that finds the file locked sleep and try again, so a process that writes all the time starves
those that sleep. In the queue they wait in the kernel, by `flock` on a file beside the database. The kernel wakes them
one after the other, and a process that dies leaves the queue. SQLite's own locks still keep the database whole, so
writers that do not use the queue, Optuna's for example, do no harm.
"""

from __future__ import annotations

import contextlib
import os
from types import TracebackType

from ...engine.logging import get_logger
from ..flocks import Waiter
from ..holders import WORTH_SAYING, described, holders, is_suspended

try:
    import fcntl
except ImportError:  # Windows: SQLite's own waiting is all there is
    fcntl = None  # type: ignore[assignment]

_AT_ONCE = 0 if fcntl is None else fcntl.LOCK_EX | fcntl.LOCK_NB
_logger = get_logger(__name__)
_LONGEST = 10.0  # seconds in the queue
_LOOK_EVERY = 64  # turns after which a process looks whether the file was deleted, which makes the queue unfair only


class WriterQueue:
    """A context that a process enters to write. Within a process, the storage's lock lets one thread in at a time.

    Parameters
    ----------
    path
        Path of the side file.
    timeout
        Seconds after which a process stops waiting and goes ahead, if they are fewer than those of the queue. If the
        process that holds the queue is suspended, that is said and the wait ends at once; then SQLite's locks decide.
    """

    def __init__(self, path: str, timeout: float) -> None:
        self._path = path
        self._timeout = min(timeout, _LONGEST)
        self._file = -1
        self._waiter: Waiter | None = None
        self._n_since_look = 0

    def __enter__(self) -> None:
        if fcntl is None or (self._waiter is not None and self._waiter.is_waiting):
            return  # an earlier wait, which was given up, still goes on
        try:
            while not self._lock():
                self._let_go()  # another process deleted the file at its end: the queue goes on at a new file
        except OSError:  # a file system without locks, a folder that may not be written to
            self._let_go()

    def _lock(self) -> bool:
        """Take the lock; False if the file was deleted."""
        self._n_since_look += 1
        if self._file < 0:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            self._n_since_look = _LOOK_EVERY
        try:
            fcntl.flock(self._file, _AT_ONCE)
        except BlockingIOError:
            self._waiter = self._waiter or Waiter(_unlock)
            self._n_since_look = _LOOK_EVERY
            if not self._waiter.get_lock(self._file, self._waits_on):
                return True
        if self._n_since_look < _LOOK_EVERY:
            return True
        self._n_since_look = 0
        return os.fstat(self._file).st_nlink > 0

    def _waits_on(self, waited: float) -> bool:
        """Tell whether to wait on for the process that holds the queue, and say which it is if it stands still."""
        if waited < min(WORTH_SAYING, self._timeout):
            return True
        pids = holders(self._path)
        is_in_vain = any(map(is_suspended, pids))
        if is_in_vain or waited >= self._timeout:
            _logger.warning(
                f"The queue of those who write, {self._path}, is held by {described(pids)}. After {waited:.0f} seconds "
                "this process goes ahead without it: SQLite's own locks keep the file whole."
            )
            return False
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file >= 0 and (self._waiter is None or not self._waiter.is_waiting):
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _let_go(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def close(self) -> None:
        """Leave the queue, and delete the side file if no other process holds the lock or waits for it."""
        if self._file < 0 or (self._waiter is not None and self._waiter.is_waiting):
            return
        with contextlib.suppress(OSError):
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(self._file).st_nlink:
                os.unlink(self._path)
        self._let_go()
        if self._waiter is not None:
            self._waiter.end()
            self._waiter = None


def _unlock(file: int) -> None:
    fcntl.flock(file, fcntl.LOCK_UN)
