"""Checkpoints: the log of a SQLite file is copied into the file about twice a second, and when the process ends.

So the file alone, which people copy and mount, lacks the last second at most. SQLite's own checkpoints come only once
the log is long, and in the way of the writer whose change made it so. These are made by a thread on a connection of its
own and of the kind PASSIVE, for which no writer and no reader waits.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import threading
import time
import weakref
from pathlib import Path
from types import FrameType

_INTERVAL = 0.5  # seconds from a change to the checkpoint that follows it
_YOUNG = 0.4  # seconds during which the checkpoint of another process is not followed by one of this process
_LONG = 16 * 2**20  # bytes of the log, after which it is to be begun again
WHOLE, PARTIAL, TAKEN = (
    "whole",
    "partial",
    "taken",
)  # how much of the log a checkpoint copied; taken: by another process
_PATIENCE = 1.0  # seconds to wait for another process that makes a checkpoint, and for the thread at the end


class Checkpoints:
    """The checkpoints that one process makes of one file.

    Parameters
    ----------
    path
        Path of the file.
    synchronous
        What SQLite's setting of that name is for the writers: a checkpoint flushes the disk accordingly.

    Attributes
    ----------
    is_log_long
        Whether the log was long at the last checkpoint; to be set back by who begins it again.
    is_due
        Whether a checkpoint will follow that holds what was written before this was looked at.
    """

    def __init__(self, path: str, synchronous: str) -> None:
        self.is_log_long = False
        self.is_due = False
        self._path = path
        self._synchronous = synchronous
        self._is_wanted = threading.Event()
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None
        _all.add(self)
        _catch_sigterm()

    def note(self) -> None:
        """Note that something was written; a checkpoint will follow."""
        if self.is_due:
            return
        self.is_due = True
        self._is_wanted.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True, name="parzen-checkpoints")
            self._thread.start()

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        while self._is_wanted.wait() and not self._is_over.wait(_INTERVAL):
            self._is_wanted.clear()
            self.is_due = False
            try:
                is_done = not self._is_young()
                if is_done:
                    connection = connection or self._connect()
                    is_done = self._copy(connection)
            except (OSError, sqlite3.Error):  # a full disk, a file that was deleted: who writes will say so
                is_done = False
            if not is_done:
                self.is_due = True
                self._is_wanted.set()
        if connection is not None:
            connection.close()

    def _copy(self, connection: sqlite3.Connection) -> bool:
        """Copy the whole log; False if another process is at it, or this one is to end.

        SQLite leaves out what is newer than the state that somebody reads, page by page, so that the file alone is not
        whole until the rest is copied: this goes on at once, until nobody reads an older state.
        """
        pause = 0.001
        while True:
            state, n_frames = checkpoint(connection)
            self.is_log_long = n_frames * connection.execute("PRAGMA page_size").fetchone()[0] > _LONG
            if state != PARTIAL or self._is_over.wait(pause):
                return state == WHOLE
            pause = min(2 * pause, 0.1)

    def _is_young(self) -> bool:
        """Tell whether another process has just made a checkpoint: nothing else writes to the file itself."""
        return time.time() - os.stat(self._path).st_mtime < _YOUNG

    def _connect(self) -> sqlite3.Connection:
        uri = f"{Path(self._path).as_uri()}?mode=rw"  # without it a file that was deleted would be made anew
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        return connection

    def finish(self) -> None:
        """Make the last checkpoint, on a connection that the end of the process closes."""
        with contextlib.suppress(OSError, sqlite3.Error):
            complete(self._connect())

    def close(self) -> None:
        """End the thread and close its connection."""
        _all.discard(self)
        self._is_over.set()
        self._is_wanted.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE)


def checkpoint(connection: sqlite3.Connection) -> tuple[str, int]:
    """Copy what can be copied without waiting for anybody; tell how much that was, and how many pages the log has."""
    is_busy, n_frames, n_copied = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return TAKEN if is_busy else WHOLE if n_frames == n_copied else PARTIAL, n_frames


def complete(connection: sqlite3.Connection) -> None:
    """Make a checkpoint, waiting a moment for another process that makes one, or for one that reads an older state."""
    deadline = time.monotonic() + _PATIENCE
    while checkpoint(connection)[0] != WHOLE and time.monotonic() < deadline:
        time.sleep(0.002)


# --- SIGTERM ---------------------------------------------------------------------------------------------------------

_all: weakref.WeakSet[Checkpoints] = weakref.WeakSet()


def _catch_sigterm() -> None:
    """Make the last checkpoints before SIGTERM ends the process, unless the program handles that signal itself."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _end)


def _end(number: int, frame: FrameType | None) -> None:
    for checkpoints in list(_all):
        checkpoints.finish()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)
