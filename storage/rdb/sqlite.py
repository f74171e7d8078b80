"""One SQLite connection a process, and transactions on it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

from ...engine.exceptions import StorageInternalError
from ...engine.interrupts import Deferred
from . import schema

Row = tuple[Any, ...]

_OLDEST = (3, 35, 0)  # the first with RETURNING
_REMEDIES = (
    ("full", "Free some space; what was stored before is safe, and the call can be repeated."),
    ("locked", "Another process holds the file; give a longer time-out, or see who holds it."),
    ("readonly", "Give write access to the file and its folder."),
    ("unable to open", "Check that the folder exists and that you may write to it."),
    ("not a database", "The file is left as it is; give another file name."),
    ("malformed", "The file is damaged; restore a copy, or save what can be read by `sqlite3 FILE .recover`."),
)


def explained(error: sqlite3.Error, path: str) -> StorageInternalError:
    """Say what SQLite said, about which file, and what to do."""
    remedy = next((text for key, text in _REMEDIES if key in str(error)), "")
    return StorageInternalError(f"SQLite could not work on {path}: {error}. {remedy}".rstrip())


class Database:
    """A study database in a SQLite file, created if there is none.

    Not safe for threads by itself: the storage holds its lock around each call.

    Parameters
    ----------
    path
        Path of the file.
    synchronous
        ``"NORMAL"``: what was written survives the death of the process; ``"FULL"``: of the machine, too.
    timeout
        Seconds to wait for another process that writes.
    """

    def __init__(self, path: str, synchronous: str, timeout: float) -> None:
        if sqlite3.sqlite_version_info < _OLDEST:
            raise StorageInternalError(
                f"SQLite {'.'.join(map(str, _OLDEST))} or newer is needed, but this Python has "
                f"{sqlite3.sqlite_version}. Use a newer Python, or a storage in memory."
            )
        self.path = path
        self._synchronous = synchronous
        self._timeout = timeout
        self._connection: sqlite3.Connection | None = None
        self._finalizer: weakref.finalize[Any, Any] | None = None
        self._is_in_transaction = False
        self._inode = 0
        self.open()

    def open(self) -> sqlite3.Connection:
        """Connect, checking or creating the schema first: a foreign file is not touched."""
        try:
            connection = sqlite3.connect(
                self.path,
                timeout=self._timeout,
                isolation_level=None,
                check_same_thread=False,
                uri=self.path.startswith("file:"),
            )
        except sqlite3.Error as error:
            raise explained(error, self.path) from error
        try:
            self._prepare(connection)
        except BaseException as error:
            connection.close()
            if isinstance(error, sqlite3.Error):
                raise explained(error, self.path) from error
            raise
        self._connection = connection
        self._inode = self._inode_now()
        self._finalizer = weakref.finalize(self, connection.close)
        return connection

    def _inode_now(self) -> int:
        """Give what tells this file from another one of its name; 0 if it is not there or has no path."""
        try:
            return os.stat(self.path).st_ino
        except OSError:
            return 0

    def _prepare(self, connection: sqlite3.Connection) -> None:
        tables = schema.table_names(connection)
        if tables:
            schema.check_tables(connection, tables, self.path)
        self._use_wal(connection)
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        if not tables:
            connection.execute("BEGIN IMMEDIATE")
            if not schema.table_names(connection):  # no other process was first
                schema.create_tables(connection)
            connection.execute("COMMIT")

    def _use_wal(self, connection: sqlite3.Connection) -> None:
        """Switch to the write-ahead log. The switch does not wait for other connections, so it is tried again."""
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        if self._finalizer is not None:
            self._finalizer()
        self._connection = self._finalizer = None

    # Rows are fetched here, and not by the caller: a statement with RETURNING commits, and so can fail, only then.
    def query(self, sql: str, parameters: Any = ()) -> list[Row]:
        """Run one statement and give its rows."""
        connection = self._connection or self.open()
        try:
            return connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise explained(error, self.path) from error

    def execute(self, sql: str, parameters: Any = ()) -> int:
        """Run one statement and give the number of rows that it changed."""
        connection = self._connection or self.open()
        try:
            return connection.execute(sql, parameters).rowcount
        except sqlite3.Error as error:
            raise explained(error, self.path) from error

    def executemany(self, sql: str, rows: Iterable[Row]) -> None:
        """Run one statement for several rows; within `transaction`."""
        connection = self._connection or self.open()
        try:
            connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise explained(error, self.path) from error

    @contextlib.contextmanager
    def transaction(self, kind: str = "IMMEDIATE") -> Iterator[None]:
        """Make what is inside one transaction, unless one is open: all of it is stored, or nothing.

        Parameters
        ----------
        kind
            ``"IMMEDIATE"`` to write (it takes the lock at once, so it cannot fail half-way), ``"DEFERRED"`` to read.
        """
        if self._is_in_transaction:
            yield
            return
        with Deferred():  # Ctrl-C must not leave it open
            self._is_in_transaction = True
            try:
                self.execute(f"BEGIN {kind}")
                yield
                self.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
            finally:
                self._is_in_transaction = False

    def _roll_back(self) -> None:
        connection = self._connection
        if connection is not None and connection.in_transaction:  # a full disk, for one, ends it by itself
            try:
                connection.execute("ROLLBACK")
            except sqlite3.Error:
                self.close()

    def data_version(self) -> int:
        """Give a number that changes when somebody else wrote to the file; raise if the file is not there any more."""
        if self._inode != self._inode_now():
            raise StorageInternalError(
                f"{self.path} was deleted, moved or replaced while it was open, so nothing more can be stored in it. "
                "Put it back if you have it, and open the study again."
            )
        return int(self.query("PRAGMA data_version")[0][0])


def path_of(url: str) -> str:
    """Turn ``sqlite:///FILE`` into an absolute path, so that a change of folder does not matter.

    ``~`` stays what it is, as in SQLAlchemy; a SQLite URI (``sqlite:///file:...``) stays as it is.
    """
    for prefix in ("sqlite+pysqlite:///", "sqlite:///"):
        if url.startswith(prefix) and len(url) > len(prefix):
            path = url[len(prefix) :]
            return path if path.startswith("file:") else os.path.abspath(path.split("?")[0])
    raise ValueError(f"Could not parse the storage URL {url!r}: expected sqlite:///FILE.db.")
