"""To wait for the kernel's lock of a file (`flock`), with an end: the system itself waits for ever."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from ..engine.interrupts import Deferred, give_way

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_POLL = 0.1  # seconds between two looks whether to wait on


class Waiter:
    """A thread that waits for the lock of a file; the thread goes on for the next wait.

    Parameters
    ----------
    let_go
        What lets go of the lock of a file if the lock comes after the wait was given up.
    """

    def __init__(self, let_go: Callable[[int], None]) -> None:
        self.pid = os.getpid()  # a forked child has no such thread
        self._let_go = let_go
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
                    self._let_go(file)
                else:
                    self._has_lock.release()

    def get_lock(self, file: int, waits_on: Callable[[float], bool]) -> bool:
        """Wait for the lock; False if the wait was given up, so that the thread lets go of the lock when it comes.

        Parameters
        ----------
        file
            Descriptor of the file.
        waits_on
            Tells now and then, after so many seconds, whether to wait on; what it raises, or Ctrl-C, ends the wait.
        """
        self.is_waiting = True
        since = time.monotonic()
        with Deferred():  # so that Ctrl-C comes below alone
            self._files.put(file)
            try:
                while not self._has_lock.acquire(timeout=_POLL):
                    give_way(since)
                    if not waits_on(time.monotonic() - since):
                        break
                else:
                    return True
            except BaseException:  # the caller will not let go of the lock
                if not self._gives_up():
                    self._has_lock.acquire()
                    self._let_go(file)
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
