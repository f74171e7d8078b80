"""One SQLite connection a process, and transactions on it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import uuid
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from ...engine.exceptions import StorageInternalError
from . import schema
from .database import Database, Outcome, Row, T, engine_of
from .dialect import SQLITE
from .filesystems import network_file_system
from .queue import WriterQueue
from .sqlite_files import explained, read_only_uri
from .statements import Statement
from .upgrading import upgrade

if TYPE_CHECKING:
    from sqlalchemy import Engine

# A small change writes each page that it touches, so small pages make it two to three times as fast as SQLite's 4 KB.
_PAGE_SIZE = 1024
_LOG_SIZE = 16 * 2**20  # bytes of the log after which it is copied into the file and begun again
_LOOK_EVERY = 256  # changes after which the size of the log is looked at
_OLDEST = (3, 35, 0)  # the first version with RETURNING
_IN_MEMORY = "mode=memory&cache=shared"


class SQLiteDatabase(Database):
    """A study database in a SQLite file, created if there is none.

    Parameters
    ----------
    path
        Path of the file, or a SQLite URI.
    synchronous
        ``"NORMAL"``: what was written survives the death of the process; ``"FULL"``: also the death of the machine.
    timeout
        Seconds to wait for another process that writes.
    read_only
        Open an existing file, and never write to it or its folder.
    """

    dialect = SQLITE

    def __init__(self, path: str, synchronous: str, timeout: float, read_only: bool = False) -> None:
        super().__init__()
        if sqlite3.sqlite_version_info < _OLDEST:
            raise StorageInternalError(
                f"SQLite {'.'.join(map(str, _OLDEST))} or newer is needed, but this Python has "
                f"{sqlite3.sqlite_version}. Use a newer Python, or a storage in memory."
            )
        self.path = self.place = path
        self._synchronous = synchronous
        self._timeout = timeout
        self._read_only = read_only
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._n_changes = 0
        self._n_opened = 0
        self.vanishes = path.endswith(_IN_MEMORY)
        is_alone = read_only or path.startswith("file:")
        self._queue = contextlib.nullcontext() if is_alone else WriterQueue(f"{path}-queue", timeout)

    def open(self) -> sqlite3.Connection:
        """Connect, and check or create the schema; a file of something else is left as it is."""
        is_uri = self.path.startswith("file:")
        try:
            connection = sqlite3.connect(
                read_only_uri(self.path) if self._read_only and not is_uri else self.path,
                timeout=self._timeout,
                isolation_level=None,
                check_same_thread=False,
                uri=self._read_only or is_uri,
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
        self._n_opened += 1
        self._inode = self._inode_now()
        self._to_close.callback(_close, connection, self._queue)
        return connection

    def _inode_now(self) -> int:
        """Give the inode of the file that has this path now; 0 without a file or a path."""
        try:
            return os.stat(self.path).st_ino
        except OSError:
            return 0

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA trusted_schema = OFF")  # triggers and views in a stranger's file may be hostile
        tables = {name for (name,) in connection.execute(SQLITE.tables)}  # fails here if this is no database
        if tables:
            schema.check_tables(lambda sql: connection.execute(sql).fetchall(), tables, self.path)
        if self._read_only:
            return
        with self._queue:  # one process creates the file while the others wait
            if not tables:
                connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")
            self._choose_journal(connection)
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            if not tables:
                connection.execute("BEGIN IMMEDIATE")
                if not connection.execute(SQLITE.tables).fetchall():  # no other process was first
                    schema.create_tables(SQLITE, connection.execute)
                self._create_indexes(connection, own_only=False)
                connection.execute("COMMIT")
                # Now the file has the tables without its log, too: somebody may copy the file alone.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            schema.create_own_tables(SQLITE, connection.execute)  # which a file that Optuna made does not have
            self._create_indexes(connection, own_only=True)

    @staticmethod
    def _create_indexes(connection: sqlite3.Connection, own_only: bool) -> None:
        present = {name for (name,) in connection.execute(SQLITE.indexes)}
        schema.create_indexes(SQLITE, connection.execute, present, own_only)

    def _choose_journal(self, connection: sqlite3.Connection) -> None:
        """Choose the write-ahead log; over a network a journal, since the log needs memory that processes share."""
        kind = network_file_system(self.path)
        if kind is None:
            self._switch_journal(connection, "WAL")
            connection.execute("PRAGMA wal_autocheckpoint = 0")  # see `_shorten_log`
            return
        warnings.warn(
            f"{self.path} lies on a network file system ({kind}), where SQLite's write-ahead log cannot work and locks "
            "may not hold: a rollback journal is used, which is slow. For workers on several machines use a PostgreSQL "
            "or MySQL server, or `run_grpc_proxy_server` in front of a file on one of them.",
            stacklevel=2,
        )
        self._switch_journal(connection, "DELETE")

    def _switch_journal(self, connection: sqlite3.Connection, mode: str) -> None:
        """Switch the journal. SQLite does not wait for other connections here, so the switch is tried again."""
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                connection.execute(f"PRAGMA journal_mode = {mode}")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def close(self) -> None:
        """Close the connection; the next call opens it again. With the last one a database in memory would be gone."""
        if not self.vanishes:
            self._to_close.close()
            self._connection = None

    # Rows are fetched here, not by the caller, since a statement may fail only while rows are fetched.
    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        connection = self._connection or self.open()
        try:
            return connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise explained(error, self.path) from error

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        return self._write(sql, parameters).rowcount

    def insert(self, sql: str, parameters: Sequence[Any], key: str) -> int:
        row_id = self._write(sql, parameters).lastrowid
        assert row_id is not None
        return row_id

    def _write(self, sql: str, parameters: Sequence[Any]) -> sqlite3.Cursor:
        connection = self._connection or self.open()
        try:
            if self._is_in_transaction:
                return connection.execute(sql, parameters)
            with self._queue:
                cursor = connection.execute(sql, parameters)
                self._shorten_log(connection)
                return cursor
        except sqlite3.Error as error:
            raise explained(error, self.path) from error

    def together(self, *statements: Statement) -> list[Outcome]:
        connection = self._connection or self.open()
        try:
            cursors = (connection.execute(sql, parameters) for sql, parameters in statements)
            return [Outcome(cursor.fetchall(), cursor.rowcount) for cursor in cursors]
        except sqlite3.Error as error:
            raise explained(error, self.path) from error

    def executemany(self, sql: str, rows: Sequence[Row]) -> None:
        connection = self._connection or self.open()
        try:
            connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise explained(error, self.path) from error

    def once(self, work: Callable[[], T]) -> T:
        if self._is_in_transaction:
            return work()
        with self._queue:
            with self._transaction("BEGIN IMMEDIATE"):  # the lock at once, so it cannot fail half-way
                result = work()
            self._shorten_log(self._connection or self.open())
        return result

    def _shorten_log(self, connection: sqlite3.Connection) -> None:
        """Copy the log into the file after the log has become long, and begin the log again.

        SQLite by itself would do so without waiting for readers. While there are readers it can copy the log but not
        begin it again, so it would copy, and flush the disk twice, at every change. Here the other writers wait in the
        queue, and readers are done in a moment.
        """
        self._n_changes += 1
        if self._n_changes % _LOOK_EVERY != 1:  # the first change counts: a process may make only a few
            return
        with contextlib.suppress(OSError, sqlite3.Error):  # no log yet, or a reader that stays: another time
            if os.stat(f"{self.path}-wal").st_size > _LOG_SIZE:
                connection.execute("PRAGMA busy_timeout = 200")
                try:
                    connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
                finally:
                    connection.execute(f"PRAGMA busy_timeout = {int(1000 * self._timeout)}")

    def reading(self) -> AbstractContextManager[None]:
        return contextlib.nullcontext() if self._is_in_transaction else self._transaction()

    def _roll_back(self) -> None:
        connection = self._connection
        if connection is not None and connection.in_transaction:  # a full disk, for example, has ended it
            try:
                connection.execute("ROLLBACK")
            except sqlite3.Error:
                self.close()

    def revision(self) -> str:
        if self._connection is not None:
            return super().revision()
        with contextlib.closing(sqlite3.connect(self.path)) as file:  # `open` refuses an old file
            return str(file.execute("SELECT version_num FROM alembic_version").fetchone()[0])

    def upgrade(self) -> None:
        """Bring the file to the head revision, and keep a copy of the old file; see `upgrading`."""
        self.close()
        if not self.vanishes:
            upgrade(self.path, self._timeout)

    def engine(self) -> Engine:
        address = f"{self.path}&uri=true" if self.vanishes else self.path
        return engine_of(f"sqlite:///{address}", connect_args={"timeout": self._timeout})

    def version(self) -> int:
        """Give a number that changes when another connection has written; raise if the file is not there any more."""
        if self._inode != self._inode_now():
            raise StorageInternalError(
                f"{self.path} was deleted, moved or replaced while it was open, so nothing more can be stored in it. "
                "Put it back if you have it, and open the study again."
            )
        return self._n_opened * 2**32 + int(self.query("PRAGMA data_version")[0][0])  # each connection counts anew


def _close(connection: sqlite3.Connection, queue: AbstractContextManager[None]) -> None:
    connection.close()
    if isinstance(queue, WriterQueue):
        queue.close()


def path_of(url: str) -> str:
    """Turn ``sqlite:///FILE`` into an absolute path, so that a change of folder does not matter.

    ``~`` stays what it is, as in SQLAlchemy; a SQLite URI (``sqlite:///file:...``) stays as it is. A URL without a file
    gives the URI of a new database in memory, which other connections of this process can open.
    """
    for prefix in ("sqlite+pysqlite://", "sqlite://"):
        place = url[len(prefix) :]
        if not url.startswith(prefix) or place[:1] not in ("", "/"):
            continue
        if place in ("", "/", "/:memory:"):
            return f"file:parzen-{uuid.uuid4()}?{_IN_MEMORY}"
        return place[1:] if place.startswith("/file:") else os.path.abspath(place[1:].split("?")[0])
    raise ValueError(
        f"Could not parse the storage URL {url!r}: expected sqlite:///FILE.db (relative path), sqlite:////PATH/FILE.db "
        "(absolute path), postgresql://USER@HOST/DATABASE or mysql://USER@HOST/DATABASE."
    )
