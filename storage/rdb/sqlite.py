"""One SQLite connection a process, and transactions on it."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from ...engine.exceptions import StorageInternalError
from ...engine.interrupts import give_way
from ...engine.logging import get_logger
from ...engine.redaction import redacted_url
from ..holders import WORTH_SAYING, described, holders
from . import schema
from .checkpoints import Checkpoints, complete
from .database import Database, Outcome, Row, T, Transaction, engine_of
from .dialect import SQLITE
from .queue import WriterQueue
from .sqlite_files import connect_to_look, empty_database, explained, is_locked
from .statements import Statement
from .upgrading import upgrade
from .write_ahead import connect_with_journal

if TYPE_CHECKING:
    from sqlalchemy import Engine

_logger = get_logger(__name__)

_STEP = 0.2  # seconds for which SQLite waits for a lock before Python looks for Ctrl-C
_OLDEST = (3, 35, 0)  # the first version with RETURNING
_READ_ONLY = re.compile("[?&](mode=ro|immutable=1)(&|$)")


class SQLiteDatabase(Database):
    """A study database in a SQLite file, which the first write creates if there is none; a look changes nothing.

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
        self._connection: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None  # the same one, if it may write
        self._checkpoints: Checkpoints | None = None
        self._is_uri = path.startswith("file:")
        self._file = file_of(path)
        self._read_only = bool(self._file) and (read_only or (self._is_uri and bool(_READ_ONLY.search(path))))
        self._nothing: sqlite3.Connection | None = None  # stands for a file that is not there
        self._is_missed = False  # whether it was said that the file is not there
        self._inode = 0
        self._n_opened = 0
        self.vanishes = not self._file
        is_alone = self._read_only or self._is_uri
        self._queue = contextlib.nullcontext() if is_alone else WriterQueue(f"{path}-queue", timeout)

    def open(self) -> sqlite3.Connection:
        """Connect to look, and check the schema. A file that is not there, or empty, is one without studies."""
        if self.vanishes:
            return self._open_to_write()
        if self._nothing is not None and self._nothing.in_transaction:
            return self._nothing
        try:
            connection = self._connect_to_look()
        except sqlite3.Error as error:
            connection = self._again(error, self._connect_to_look)
        if connection is None:
            self._nothing = self._nothing or empty_database()
            return self._nothing  # the next look finds the file if there is one by then
        self._nothing = None
        self._keep(connection)
        return connection

    def _open_to_query(self) -> sqlite3.Connection:
        """Connect to look, and say so if there is no file: its name may be mistyped."""
        connection = self.open()
        if connection is self._nothing and not self._is_missed and not os.path.exists(self._file):
            self._is_missed = True
            _logger.warning(f"There is no file {self._file}, so no study either; it will be made for the first study.")
        return connection

    def _connect_to_look(self) -> sqlite3.Connection | None:
        """Connect to the file as it is; None if there are no tables in it."""
        if not (self._read_only or self._is_there()):
            return None
        is_special = self._is_uri and not self._read_only  # a URI may name what opens the file
        connection = self._connect() if is_special else connect_to_look(self._file, _STEP)
        try:
            if self._check(connection) or self._read_only:
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()
        return None

    def _is_there(self) -> bool:
        """Tell whether there is a file with content; raise where none could be made."""
        if not os.path.isdir(os.path.dirname(self._file)) or os.path.isdir(self._file):
            raise sqlite3.OperationalError("unable to open database file")
        return os.path.exists(self._file) and os.path.getsize(self._file) > 0

    def _check(self, connection: sqlite3.Connection) -> set[str]:
        """Give the tables; raise if they are no study database."""
        connection.execute("PRAGMA trusted_schema = OFF")  # triggers and views in a stranger's file may be hostile
        tables = {name for (name,) in connection.execute(SQLITE.tables)}  # fails here if this is no database
        if tables:
            schema.check_tables(lambda sql: connection.execute(sql).fetchall(), tables, self.path)
        return tables

    def _connect(self) -> sqlite3.Connection:
        """Connect so that the file may be written, unless the URI says otherwise."""
        return sqlite3.connect(
            self.path, timeout=_STEP, isolation_level=None, check_same_thread=False, uri=self._is_uri
        )

    def _keep(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._n_opened += 1
        self._inode = self._inode_now()
        self._to_close.callback(_close, connection, self._queue)

    def _open_to_write(self) -> sqlite3.Connection:
        """Connect to write, after the file got what it lacks: tables, indexes, the write-ahead log."""
        if self._read_only:
            return self._connection or self.open()  # SQLite refuses what is written
        self._to_close.close()
        self._connection = None
        try:
            connection = self._make_ready()
        except sqlite3.Error as error:
            connection = self._again(error, self._make_ready)
        self._keep(connection)
        if self._checkpoints is not None:
            self._to_close.callback(_finish, self._checkpoints, connection)
        self._writer = connection
        return connection

    @property
    def url(self) -> str:
        """The URL of the file, by its absolute path, since another process may work in another folder."""
        return f"sqlite:///{self.path}" + ("?mode=ro" if self._read_only and not self._is_uri else "")

    def _inode_now(self) -> int:
        """Give the inode of the file that has this path now; 0 without a file or a path."""
        try:
            return os.stat(self._file).st_ino
        except OSError:
            return 0

    def _make_ready(self) -> sqlite3.Connection:
        with self._queue:  # one process creates the file while the others wait
            return self._made_ready()

    def _made_ready(self) -> sqlite3.Connection:
        if self._file:
            connection, has_log = connect_with_journal(self._connect, self._check, self._file, self._timeout)
            self._checkpoints = Checkpoints(self._file, self._synchronous) if has_log else None
        else:
            connection = self._connect()
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        if not self._check(connection):
            connection.execute("BEGIN IMMEDIATE")
            if not connection.execute(SQLITE.tables).fetchall():  # no other program was first
                schema.create_tables(SQLITE, connection.execute)
                schema.stamp(connection.execute)
            self._create_indexes(connection, own_only=False)
            connection.execute("COMMIT")
        schema.create_own_tables(SQLITE, connection.execute)  # which a file that Optuna made does not have
        self._create_indexes(connection, own_only=True)
        if self._checkpoints is not None:  # the tables, and what a process that was killed left in the log
            complete(connection)

    @staticmethod
    def _create_indexes(connection: sqlite3.Connection, own_only: bool) -> None:
        present = {name for (name,) in connection.execute(SQLITE.indexes)}
        schema.create_indexes(SQLITE, connection.execute, present, own_only)

    def close(self) -> None:
        """Close the connection; the next call opens it again. With the last one a database in memory would be gone."""
        if not self.vanishes:
            self._to_close.close()
            self._connection = self._writer = None

    # Rows are fetched here, not by the caller, since a statement may fail only while rows are fetched.
    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        connection = self._connection or self._open_to_query()
        try:
            return connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            return self._fetched_after(error, connection, sql, parameters).rows

    def _fetched_after(
        self, error: sqlite3.Error, connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]
    ) -> Outcome:
        """Fetch rows after an error: once nobody holds the file any more, or whatever bytes a text consists of."""
        if "decode" not in str(error):
            return self._again(error, lambda: _fetched(connection, sql, parameters))
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")  # of a text that somebody edited
        try:
            return _fetched(connection, sql, parameters)
        finally:
            connection.text_factory = str

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        return self._write(sql, parameters).rowcount

    def insert(self, sql: str, parameters: Sequence[Any], key: str) -> int:
        row_id = self._write(sql, parameters).lastrowid
        assert row_id is not None
        return row_id

    def _write(self, sql: str, parameters: Sequence[Any]) -> sqlite3.Cursor:
        is_part = self._is_in_transaction
        connection = (self._connection or self.open()) if is_part else (self._writer or self._open_to_write())
        try:
            if is_part:
                return connection.execute(sql, parameters)
            with self._queue:
                cursor = connection.execute(sql, parameters)
                self._note_change(connection)
                return cursor
        except sqlite3.Error as error:
            return self._again(error, lambda: connection.execute(sql, parameters))

    def together(self, *statements: Statement) -> list[Outcome]:
        connection = self._connection or self._open_to_query()
        outcomes = []
        for sql, parameters in statements:
            try:
                cursor = connection.execute(sql, parameters)
                outcomes.append(Outcome(cursor.fetchall(), cursor.rowcount))
            except sqlite3.Error as error:
                outcomes.append(self._fetched_after(error, connection, sql, parameters))
        return outcomes

    def executemany(self, sql: str, rows: Sequence[Row]) -> None:
        connection = self._connection or self.open()
        try:
            connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise explained(error, self.path) from error

    def _again(self, error: sqlite3.Error, work: Callable[[], T]) -> T:
        """Do `work` again and again while another connection holds the file, until the time is over or Ctrl-C comes.

        SQLite itself would wait without an end that Ctrl-C could bring about; so it waits for a step at a time.
        """
        since, is_said = time.monotonic() - _STEP, False
        while is_locked(error) and time.monotonic() - since < self._timeout:
            give_way(since)
            if not is_said and time.monotonic() - since > WORTH_SAYING:
                is_said = True
                _logger.warning(f"{self._holder()}. It is waited for until {self._timeout:g} seconds are over.")
            try:
                return work()
            except sqlite3.Error as another:
                error = another
        failure = explained(error, self.path)
        raise (StorageInternalError(f"{failure} {self._holder()}.") if is_locked(error) else failure) from error

    def _holder(self) -> str:
        found = holders(self._file, f"{self._file}-shm")
        by = described(found) if found else "another process, or by another connection of this one"
        return f"{self.path} is held by {by}"

    def once(self, work: Callable[[], T]) -> T:
        if self._is_in_transaction:
            return work()
        connection = self._writer or self._open_to_write()
        with self._queue:
            with Transaction(self, "BEGIN IMMEDIATE"):  # the lock at once, so it cannot fail half-way
                result = work()
            self._note_change(connection)
        return result

    def settle(self) -> None:
        if self._writer is not None and self._checkpoints is not None:
            with contextlib.suppress(sqlite3.Error):  # the next checkpoint does it
                complete(self._writer)

    def _note_change(self, connection: sqlite3.Connection) -> None:
        """Let a checkpoint follow; once the log is long for all the checkpoints, begin it again.

        They wait for nobody. While there are readers or writers all the time, they can copy the log but SQLite cannot
        begin it again. Here the other writers wait in the queue, and readers are done in a moment.
        """
        checkpoints = self._checkpoints
        if checkpoints is None:
            return
        if not checkpoints.is_due:
            checkpoints.note()
        if checkpoints.is_log_long:
            checkpoints.is_log_long = False
            with contextlib.suppress(sqlite3.Error):  # a reader that stays: another time
                connection.execute("PRAGMA busy_timeout = 200")
                try:
                    connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
                finally:
                    connection.execute(f"PRAGMA busy_timeout = {int(1000 * _STEP)}")

    def reading(self) -> AbstractContextManager[None]:
        return contextlib.nullcontext() if self._is_in_transaction else Transaction(self, "BEGIN")

    def in_one_state(self, work: Callable[[], T]) -> T:
        with self.reading():
            return work()

    def _roll_back(self) -> None:
        connection = self._connection
        if connection is not None and connection.in_transaction:  # a full disk, for example, has ended it
            try:
                connection.execute("ROLLBACK")
            except sqlite3.Error:
                self.close()

    def revision(self) -> str:
        if self._connection is not None or not os.path.exists(self._file):
            return super().revision()
        with contextlib.closing(connect_to_look(self._file)) as file:  # `open` refuses an old file
            return str(file.execute("SELECT version_num FROM alembic_version").fetchone()[0])

    def upgrade(self) -> None:
        """Bring the file to the head revision, and keep a copy of the old file; see `upgrading`."""
        self.close()
        if os.path.exists(self._file):  # a file that is not there will be made at the head
            upgrade(self.path, self._timeout)

    def engine(self) -> Engine:
        if not (self._connection or self._read_only or self.open() is not self._nothing):
            self._open_to_write()  # so that the tables are there
        if self._read_only:
            connect = partial(connect_to_look, self._file, self._timeout)
        else:
            connect = partial(sqlite3.connect, self.path, timeout=self._timeout, uri=self._is_uri)
        return engine_of(f"sqlite:///{self._file}", creator=connect)  # what a path may hold, a URL may not

    def version(self) -> int:
        """Give a number that changes when another connection has written; raise if the file is not there any more."""
        if self._inode and self._inode != self._inode_now():
            raise StorageInternalError(
                f"{self.path} was deleted, moved or replaced while it was open, so nothing more can be stored in it. "
                "Put it back if you have it, and open the study again."
            )
        return self._n_opened * 2**32 + int(self.query("PRAGMA data_version")[0][0])  # each connection counts anew


def _fetched(connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> Outcome:
    cursor = connection.execute(sql, parameters)
    return Outcome(cursor.fetchall(), cursor.rowcount)


def _close(connection: sqlite3.Connection, queue: AbstractContextManager[None]) -> None:
    connection.close()
    if isinstance(queue, WriterQueue):
        queue.close()


def _finish(checkpoints: Checkpoints, connection: sqlite3.Connection) -> None:
    """Copy the log into the file, since closing does so only where no other connection is open."""
    checkpoints.close()
    with contextlib.suppress(sqlite3.Error):
        complete(connection)


def path_of(url: str) -> str:
    """Turn ``sqlite:///FILE`` into an absolute path, so that a change of folder does not matter.

    ``~`` stays what it is, as in SQLAlchemy; a SQLite URI (``sqlite:///file:...``) stays as it is. A URL without a file
    gives the URI of a new database in memory, which other connections of this process can open.
    """
    for prefix in ("sqlite+pysqlite://", "sqlite://"):
        place = url[len(prefix) :].partition("?")[0]
        if not url.startswith(prefix) or place[:1] not in ("", "/"):
            continue
        if place in ("", "/", "/:memory:"):
            return f"file:parzen-{uuid.uuid4()}?mode=memory&cache=shared"
        return url[len(prefix) + 1 :] if place.startswith("/file:") else os.path.abspath(place[1:])
    raise ValueError(
        f"Could not parse the storage URL {redacted_url(url)!r}: expected sqlite:///FILE.db (relative path), "
        "sqlite:////PATH/FILE.db (absolute path), postgresql://USER@HOST/DATABASE or mysql://USER@HOST/DATABASE."
    )


def is_read_only(url: str) -> bool:
    """Tell whether a URL opens its file for reading only, as ``sqlite:///FILE?mode=ro`` does."""
    return bool(_READ_ONLY.search(url))


def file_of(path: str) -> str:
    """Give the path of the file that a path or a SQLite URI names; empty for a database in memory."""
    if not path.startswith("file:"):
        return path
    is_in_memory = path.startswith("file::memory:") or "mode=memory" in path
    return "" if is_in_memory else os.path.abspath(unquote(urlsplit(path).path))
