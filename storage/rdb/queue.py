"""A queue for the processes that want to write to one SQLite file.

SQLite lets a process that finds the file locked sleep and try again, so one that writes all the time starves those that
sleep. Here they wait in the kernel, by `flock` on a file beside the database, which wakes them one after the other and
is let go when a process dies. SQLite's own locks remain what keeps the file whole: writers that know nothing of the
queue, Optuna's for example, do no harm.
"""

from __future__ import annotations

import contextlib
import os
import threading
from types import TracebackType

try:
    import fcntl
except ImportError:  # Windows: SQLite's own waiting is all there is
    fcntl = None  # type: ignore[assignment]


class WriterQueue:
    """A context that a process enters to write; within one process the storage's lock lets one thread at a time.

    Parameters
    ----------
    path
        Path of the side file.
    timeout
        Seconds after which a process stops waiting and goes ahead: SQLite then waits, and says what is wrong. The one
        that holds the queue may be suspended.
    """

    def __init__(self, path: str, timeout: float) -> None:
        self._path = path
        self._timeout = timeout
        self._file = -1
        self._wait_given_up: _Wait | None = None

    def __enter__(self) -> None:
        if fcntl is None or not self._is_usable():
            return
        try:
            while not self._lock():
                self._let_go()  # another process deleted the file at its end: whoever comes now queues at a new one
        except OSError:  # a file system without locks, a folder that may not be written to
            self._let_go()

    def _is_usable(self) -> bool:
        """Tell whether no earlier wait, which was given up, is still going on."""
        if self._wait_given_up is not None and self._wait_given_up.is_over.is_set():
            self._wait_given_up = None
        return self._wait_given_up is None

    def _lock(self) -> bool:
        """Take the lock; False if the file is no longer the one of that name."""
        if self._file < 0:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            wait = _Wait(self._file)
            if not wait.succeeds(self._timeout):
                self._wait_given_up = wait
                return True
        return os.fstat(self._file).st_nlink > 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file >= 0 and self._wait_given_up is None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _let_go(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def close(self) -> None:
        """Leave, and take the side file away if nobody else holds or awaits it at this moment."""
        if self._file < 0 or not self._is_usable():
            return
        with contextlib.suppress(OSError):
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(self._file).st_nlink:
                os.unlink(self._path)
        self._let_go()


class _Wait:
    """A wait for the lock in a thread of its own, since flock knows no time-out."""

    def __init__(self, file: int) -> None:
        self.is_over = threading.Event()
        self._file = file
        self._is_given_up = False
        self._lock = threading.Lock()
        threading.Thread(target=self._run, daemon=True, name="parzen-queue").start()

    def _run(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        with self._lock:
            if self._is_given_up:
                fcntl.flock(self._file, fcntl.LOCK_UN)
            self.is_over.set()

    def succeeds(self, timeout: float) -> bool:
        """Wait; False if the time is over first, and then the lock is let go as soon as it comes."""
        if self.is_over.wait(timeout):
            return True
        with self._lock:
            self._is_given_up = not self.is_over.is_set()
        return not self._is_given_up
