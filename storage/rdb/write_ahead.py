"""Whether a SQLite file has a write-ahead log or, where the log cannot work, a rollback journal."""

from __future__ import annotations

import sqlite3
import time
import warnings
from collections.abc import Callable

from .filesystems import network_file_system

Connect = Callable[[], sqlite3.Connection]


def choose_journal(connection: sqlite3.Connection, path: str, timeout: float, connect: Connect) -> bool:
    """Give a file a write-ahead log, if that can work where it lies; otherwise a rollback journal, with a warning.

    The log needs memory that all processes share. Over a network there is none, and not on every other file system: the
    log is tried, too.

    Parameters
    ----------
    connection
        A connection that may write, outside of a transaction.
    path
        Path of the file.
    timeout
        Seconds to wait for other connections.
    connect
        Makes another connection.

    Returns
    -------
    bool
        Whether there is a log.
    """
    kind = network_file_system(path)
    problem = None if kind is None else f"lies on a network file system ({kind})"
    if problem is None:
        try:
            _switch(connection, "WAL", timeout)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            connection.execute("PRAGMA wal_autocheckpoint = 0")  # see `checkpoints`
            return True
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "full" in str(error):
                raise
            problem = f"lies where processes share no memory ({error})"
    _leave_log(connection, timeout, connect)
    warnings.warn(
        f"{path} {problem}, where SQLite's write-ahead log cannot work and locks may not hold: a rollback journal is "
        "used, which is slow. For workers on several machines use a PostgreSQL or MySQL server, or "
        "`run_grpc_proxy_server` in front of a file on one of them.",
        stacklevel=2,
    )
    return False


def _leave_log(connection: sqlite3.Connection, timeout: float, connect: Connect) -> None:
    """Switch to a rollback journal; a file that has a log is locked meanwhile, since that needs no shared memory."""
    try:
        _switch(connection, "DELETE", timeout)
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise
        alone = connect()
        try:
            alone.execute("PRAGMA locking_mode = EXCLUSIVE")
            _switch(alone, "DELETE", timeout)
        finally:
            alone.close()


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
