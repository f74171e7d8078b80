"""Whether a SQLite file has a write-ahead log or, where the log cannot work, a rollback journal."""

from __future__ import annotations

import sqlite3
import time
import warnings
from collections.abc import Callable
from contextlib import closing

from .filesystems import network_file_system

# A small change writes each page that it touches, so small pages make it two to three times as fast as SQLite's 4 KB.
_PAGE_SIZE = 1024

Connect = Callable[[], sqlite3.Connection]


def choose_journal(connect: Connect, path: str, timeout: float) -> bool:
    """Give a file a write-ahead log, if that can work where it lies; otherwise a rollback journal, with a warning.

    The log needs memory that all processes share. Over a network there is none, and not on every other file system: the
    log is tried, too.

    Parameters
    ----------
    connect
        Makes a connection that may write.
    path
        Path of the file.
    timeout
        Seconds to wait for other connections.

    Returns
    -------
    bool
        Whether there is a log.
    """
    kind = network_file_system(path)
    problem = _try_log(connect, timeout) if kind is None else f"lies on a network file system ({kind})"
    if problem is None:
        return True
    with closing(connect()) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # a log is read without shared memory by who is alone
        _switch(connection, "DELETE", timeout)
    warnings.warn(
        f"{path} {problem}, where SQLite's write-ahead log cannot work and locks may not hold: a rollback journal is "
        "used, which is slow. For workers on several machines use a PostgreSQL or MySQL server, or "
        "`run_grpc_proxy_server` in front of a file on one of them.",
        stacklevel=2,
    )
    return False


def _try_log(connect: Connect, timeout: float) -> str | None:
    """Switch to the log, and say what is wrong if it does not work."""
    try:
        with closing(connect()) as connection:
            connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")  # of a new file; no other heeds it
            _switch(connection, "WAL", timeout)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            return None
    except sqlite3.OperationalError as error:
        if any(word in str(error) for word in ("locked", "full")):
            raise
        return f"lies where processes share no memory ({error})"


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
            time.sleep(0.01)
