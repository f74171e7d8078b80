"""A queue for the processes that want to write to one SQLite file.

SQLite lets a process that finds the file locked sleep and try again, so a process that writes all the time starves
those that sleep. In the queue they wait in the kernel, by `flock` on a file beside the database. The kernel wakes them
one after the other, and a process that dies leaves the queue. SQLite's own locks still keep the database whole, so
writers that do not use the queue, Optuna's for example, do no harm.
"""

from __future__ import annotations

import contextlib
import os
import threading
from queue import SimpleQueue
from types import TracebackType

try:
    import fcntl
except ImportError:  # Windows: SQLite's own waiting is all there is
    fcntl = None  # type: ignore[assignment]

_AT_ONCE = 0 if fcntl is None else fcntl.LOCK_EX | fcntl.LOCK_NB
_LOOK_EVERY = 64  # turns after which a process looks whether the file was deleted, which makes the queue unfair only


class WriterQueue:
    """A context that a process enters to write. Within a process, the storage's lock lets one thread in at a time.

    Parameters
    ----------
    path
        Path of the side file.
    timeout
        Seconds after which a process stops waiting and goes ahead: the process that holds the queue may be suspended.
        Then SQLite waits, and says what is wrong.
    """

    def __init__(self, path: str, timeout: float) -> None:
        self._path = path
        self._timeout = timeout
        self._file = -1
        self._waiter: _Waiter | None = None
        self._n_since_look = 0

    def __enter__(self) -> None:
        if fcntl is None or self._is_waiting:
            return
        try:
            while not self._lock():
                self._let_go()  # another process deleted the file at its end: the queue goes on at a new file
        except OSError:  # a file system without locks, a folder that may not be written to
            self._let_go()

    @property
    def _is_waiting(self) -> bool:
        """Whether an earlier wait, which was given up, still goes on."""
        return self._waiter is not None and self._waiter.is_waiting

    def _lock(self) -> bool:
        """Take the lock; False if the file was deleted."""
        self._n_since_look += 1
        if self._file < 0:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            self._n_since_look = _LOOK_EVERY
        try:
            fcntl.flock(self._file, _AT_ONCE)
        except BlockingIOError:
            self._waiter = self._waiter or _Waiter()
            self._n_since_look = _LOOK_EVERY
            if not self._waiter.get_lock(self._file, self._timeout):
                return True
        if self._n_since_look < _LOOK_EVERY:
            return True
        self._n_since_look = 0
        return os.fstat(self._file).st_nlink > 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file >= 0 and not self._is_waiting:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _let_go(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def close(self) -> None:
        """Leave the queue, and delete the side file if no other process holds the lock or waits for it."""
        if self._file < 0 or self._is_waiting:
            return
        with contextlib.suppress(OSError):
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(self._file).st_nlink:
                os.unlink(self._path)
        self._let_go()
        if self._waiter is not None:
            self._waiter.end()
            self._waiter = None


class _Waiter:
    """A thread that waits for the lock, since flock has no time-out; the thread goes on for the next wait."""

    def __init__(self) -> None:
        self._files: SimpleQueue[int | None] = SimpleQueue()
        self._has_lock = threading.Semaphore(0)
        self._change = threading.Lock()
        self._is_given_up = False
        self.is_waiting = False
        threading.Thread(target=self._run, daemon=True, name="parzen-queue").start()

    def _run(self) -> None:
        while (file := self._files.get()) is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
            with self._change:
                self.is_waiting = False
                if self._is_given_up:
                    self._is_given_up = False
                    fcntl.flock(file, fcntl.LOCK_UN)
                else:
                    self._has_lock.release()

    def get_lock(self, file: int, timeout: float) -> bool:
        """Wait for the lock; False if the time is over before. Then the thread lets go of the lock when it comes."""
        self.is_waiting = True
        self._files.put(file)
        try:
            if self._has_lock.acquire(timeout=timeout):
                return True
        except BaseException:  # Ctrl-C: the caller will not let go of the lock
            if not self._gives_up():
                self._has_lock.acquire()
                fcntl.flock(file, fcntl.LOCK_UN)
            raise
        return not self._gives_up() and self._has_lock.acquire()

    def _gives_up(self) -> bool:
        """Give up, unless the lock has come at this moment."""
        with self._change:
            self._is_given_up = self.is_waiting
        return self._is_given_up

    def end(self) -> None:
        """Let the thread end."""
        self._files.put(None)
