"""Whether a SQLite file has a write-ahead log or, where the log cannot work, a rollback journal."""

from __future__ import annotations

import os
import sqlite3
import time
import warnings
from collections.abc import Callable
from contextlib import closing

from ...engine.interrupts import pause
from .filesystems import network_file_system

# A small change writes each page that it touches, so small pages make it two to three times as fast as SQLite's 4 KB.
_PAGE_SIZE = 1024

Connect = Callable[[], sqlite3.Connection]
Check = Callable[[sqlite3.Connection], object]


def connect_with_journal(connect: Connect, check: Check, path: str, timeout: float) -> tuple[sqlite3.Connection, bool]:
    """Connect to a file and give it a write-ahead log, if that can work where it lies.

    Otherwise it gets a rollback journal, and a warning says so. The log needs memory that all processes share. Over a
    network there is none, and not on every other file system: the log is tried, too.

    Parameters
    ----------
    connect
        Makes a connection that may write.
    check
        Raises if the file is of something else, before anything is changed.
    path
        Path of the file.
    timeout
        Seconds to wait for other connections.

    Returns
    -------
    Connection
        A connection that may write.
    bool
        Whether there is a log.
    """
    kind = network_file_system(path)
    if kind is None:
        connection = connect()
        try:
            check(connection)
            _begin_log(connection, timeout)
            return connection, True
        except sqlite3.OperationalError as error:
            connection.close()
            if any(word in str(error) for word in ("locked", "full")) or not _may_write(path):
                raise
            problem = f"lies where processes share no memory ({error})"
        except BaseException:
            connection.close()
            raise
    else:
        problem = f"lies on a network file system ({kind})"
    with closing(connect()) as alone:
        alone.execute("PRAGMA locking_mode = EXCLUSIVE")  # a log is read without shared memory by who is alone
        check(alone)
        _switch(alone, "DELETE", timeout)
    warnings.warn(
        f"{path} {problem}, where SQLite's write-ahead log cannot work and locks may not hold: a rollback journal is "
        "used, which is slow. For workers on several machines use a PostgreSQL or MySQL server, or "
        "`run_grpc_proxy_server` in front of a file on one of them.",
        stacklevel=2,
    )
    return connect(), False


def _may_write(path: str) -> bool:
    is_file_open = os.access(path, os.W_OK) or not os.path.exists(path)
    return is_file_open and os.access(os.path.dirname(path), os.W_OK)


def _begin_log(connection: sqlite3.Connection, timeout: float) -> None:
    """Switch to the log, and try it."""
    connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")  # of a new file; no other heeds it
    _switch(connection, "WAL", timeout)
    connection.execute("PRAGMA wal_autocheckpoint = 0")  # see `checkpoints`
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("ROLLBACK")


def _switch(connection: sqlite3.Connection, mode: str, timeout: float) -> None:
    """Switch the journal. SQLite does not wait for other connections here, so the switch is tried again."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            connection.execute(f"PRAGMA journal_mode = {mode}")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            pause(0.01)
