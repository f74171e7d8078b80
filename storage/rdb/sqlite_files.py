"""What all that opens a SQLite file needs: connections that only look, and what SQLite's errors mean."""

from __future__ import annotations

import os
import sqlite3
import warnings
from pathlib import Path

from ...engine.exceptions import StorageInternalError
from . import schema
from .dialect import SQLITE

_REMEDIES = (
    ("full", "Free some space; what was stored before is safe, and the call can be repeated."),
    ("locked", "Another process holds the file; give a longer time-out, or see who holds it."),
    ("readonly", "Give write access to the file and its folder, or open it with `read_only=True`."),
    ("unable to open", "Check that the folder exists and that you may write to it; to read, give `read_only=True`."),
    ("not a database", "The file is left as it is; give another file name."),
    ("malformed", "The file is damaged; restore a copy, or save what can be read by `sqlite3 FILE .recover`."),
)
# What SQLite says where it cannot set up what belongs to a log that others may write.
_NO_LOG = ("unable to open", "readonly", "disk I/O error", "locking protocol")


def explained(error: sqlite3.Error, path: str) -> StorageInternalError:
    """Make an error that holds SQLite's message, the file and the remedy."""
    remedy = next((text for key, text in _REMEDIES if key in str(error)), "")
    return StorageInternalError(f"SQLite could not work on {path}: {error}. {remedy}".rstrip())


def is_locked(error: sqlite3.Error) -> bool:
    """Tell whether another connection holds the file, so that it helps to wait."""
    return isinstance(error, sqlite3.OperationalError) and str(error) == "database is locked"


def connect_to_look(path: str | os.PathLike[str], timeout: float = 60.0, whole: bool = False) -> sqlite3.Connection:
    """Connect to an existing file in such a way that looking changes neither the file nor what belongs to it.

    Parameters
    ----------
    path
        Path of the file.
    timeout
        Seconds to wait for another process.
    whole
        Raise if there is a log beside the file that cannot be read; otherwise a warning says so.

    Raises
    ------
    StorageInternalError
        If the log cannot be read, and all is wanted.
    """
    address = Path(path).absolute().as_uri()
    try:
        return _connect(f"{address}?mode={_mode(path)}", timeout)
    except sqlite3.OperationalError as error:
        size = _size(f"{path}-wal")
        has_log = size > 0 and any(text in str(error) for text in _NO_LOG)
        if not os.path.isfile(path) or os.path.exists(f"{path}-journal") or (size > 0 and not has_log):
            raise
        if has_log:
            _tell_of_log(path, size, error, whole)
    return _connect(f"{address}?mode=ro&immutable=1", timeout)


def _mode(path: str | os.PathLike[str]) -> str:
    """Give the mode in which SQLite leaves least behind.

    A connection that may write would copy a log into the file when it closes. One that may not leaves the empty log
    that it makes beside a file without one, and cannot undo what a dead process left half done in a journal.
    """
    has_log, has_journal = _size(f"{path}-wal") > 0, os.path.exists(f"{path}-journal")
    may_write = os.access(path, os.W_OK) and os.access(Path(path).absolute().parent, os.W_OK)
    return "rw" if may_write and (has_journal or not has_log) else "ro"


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _connect(uri: str, timeout: float) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()  # SQLite opens a log only now
        connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _tell_of_log(path: str | os.PathLike[str], size: int, error: sqlite3.Error, whole: bool) -> None:
    text = (
        f"{path}-wal holds {size:,} bytes of newer changes, which cannot be read here ({error}): the newest trials "
        "would be missing. Copy both files to a folder in which you may write, and open the copy."
    )
    if whole:
        raise StorageInternalError(text) from error
    warnings.warn(text, stacklevel=4)


def empty_database() -> sqlite3.Connection:
    """Give a database in memory that has the tables and nothing in them: what a file that is not there holds."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    schema.create_tables(SQLITE, connection.execute)
    schema.stamp(connection.execute)
    return connection
