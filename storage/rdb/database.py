"""The interface between the storage and a database: one connection, its transactions and statements."""

from __future__ import annotations

import contextlib
import os
import uuid
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ...engine.exceptions import StorageInternalError
from ...engine.interrupts import Deferred
from ...engine.redaction import redacted_url
from .dialect import Dialect
from .statements import Statement, Statements

if TYPE_CHECKING:
    from sqlalchemy import Engine

Row = tuple[Any, ...]
T = TypeVar("T")


class Outcome(NamedTuple):
    """What a statement gave: its rows, and the number of rows that it found to change."""

    rows: list[Row]
    n_found: int


class Conflict(StorageInternalError):
    """A row that must be unique is there already."""


class Database(ABC):
    """One connection a process, and transactions on it. Statements have ``?`` for their parameters.

    Not safe for threads by itself: the storage holds its lock around each call.

    Attributes
    ----------
    dialect
        The SQL of this kind of database.
    place
        The file or the server, for messages.
    vanishes
        Whether it is in this process's memory, and gone with the last connection.
    has_own_tables
        Whether parzen's own tables can be used, which an administrator may not have made.
    """

    dialect: Dialect
    place: str
    vanishes: bool = False
    has_own_tables: bool = True
    _worker: tuple[int, str] = (0, "")

    def __init__(self) -> None:
        self._is_in_transaction = False
        self._to_close = contextlib.ExitStack()
        weakref.finalize(self, self._to_close.close)  # one for all connections: older than what uses them, and so last

    @cached_property
    def statements(self) -> Statements:
        """The statements that write, in this database's dialect."""
        return Statements(self.dialect)

    @property
    def worker_id(self) -> str:
        """Identifier of this storage in this process; a fork makes another one."""
        if self._worker[0] != os.getpid():
            self._worker = os.getpid(), str(uuid.uuid4())
        return self._worker[1]

    @abstractmethod
    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run a statement that only reads, and give its rows."""

    @abstractmethod
    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run a statement and give the number of rows that it found to change; it may run twice without harm."""

    @abstractmethod
    def together(self, *statements: Statement) -> list[Outcome]:
        """Run statements one after the other, to read or in a transaction; a server takes all by one message."""

    @abstractmethod
    def executemany(self, sql: str, rows: Sequence[Row]) -> None:
        """Run a statement for several rows; within a transaction, and perhaps only with its next message to a server.

        Statements with ``VALUES (?, ?)`` may insert all rows at once.
        """

    @abstractmethod
    def insert(self, sql: str, parameters: Sequence[Any], key: str) -> int:
        """Insert a row and give its key; within a transaction."""

    @abstractmethod
    def once(self, work: Callable[[], T]) -> T:
        """Do `work`, which reads and writes this database and nothing else, in one transaction, and give its result.

        All of it is stored, exactly once, or nothing. The result is JSON. Within another transaction, `work` is part of
        that one.
        """

    def transaction(self) -> AbstractContextManager[None]:
        """Give a context that is one transaction."""
        return Transaction(self, "BEGIN")

    def _begin(self, begin: str) -> None:
        self.execute(begin)

    @abstractmethod
    def _roll_back(self) -> None:
        """End a transaction that may be open, without an error."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[None]:
        """Give a context in which all queries see one state of each finished trial."""

    @abstractmethod
    def in_one_state(self, work: Callable[[], T]) -> T | None:
        """Do `work`, whose queries all see one state; give None where the transaction around it may show several."""

    @abstractmethod
    def version(self) -> int:
        """Give a number that changes when another connection has written; it may change without that, too."""

    def revision(self) -> str:
        """Give the schema revision that the database is stamped with."""
        return str(self.query("SELECT version_num FROM alembic_version")[0][0])

    @abstractmethod
    def engine(self) -> Engine:
        """Give SQLAlchemy's engine of this database, for statements of the user's own; ``ImportError`` without it."""

    @abstractmethod
    def upgrade(self) -> None:
        """Bring the schema to the head revision."""

    def settle(self) -> None:  # noqa: B027 - a server has nothing to do
        """Bring what was written to where a copy of the database would find it."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection; the next call opens it again."""


class Transaction:
    """A context that is one transaction. It is entered for each change, where a generator would take 2 microseconds."""

    __slots__ = ("_begin", "_db", "_deferred")

    def __init__(self, db: Database, begin: str) -> None:
        self._db = db
        self._begin = begin
        self._deferred = Deferred()  # Ctrl-C must not leave it open

    def __enter__(self) -> None:
        self._deferred.__enter__()
        self._db._is_in_transaction = True
        try:
            self._db._begin(self._begin)
        except BaseException:
            self._end(is_whole=False)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(kind is None)

    def _end(self, is_whole: bool) -> None:
        try:
            if is_whole:
                self._db.execute("COMMIT")
        except BaseException:
            is_whole = False
            raise
        finally:
            try:
                if not is_whole:
                    self._db._roll_back()
            finally:
                self._db._is_in_transaction = False
                self._deferred.allow()


def engine_of(url: str, **options: Any) -> Engine:
    """Make an engine that keeps no connection for later; ``ValueError`` if the URL is none."""
    try:
        from sqlalchemy import create_engine
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError
        from sqlalchemy.pool import NullPool
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    try:
        address = make_url(url)
    except (ValueError, ArgumentError):  # whose text may hold the password
        raise ValueError(
            f"Could not parse the storage URL {redacted_url(url)!r}: expected SCHEME://USER:PASSWORD@HOST:PORT/DATABASE."
        ) from None
    try:
        return create_engine(address, **{"poolclass": NullPool, **options})
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    except NoSuchModuleError:
        raise ValueError(
            f"SQLAlchemy knows no driver {address.drivername!r}, which the storage URL names: leave the driver out, or "
            "name one that is installed, as in postgresql+psycopg:// or mysql+pymysql://."
        ) from None


def _missing(error: ModuleNotFoundError) -> ImportError:
    return ImportError(
        f"A server database needs SQLAlchemy and a driver, as `RDBStorage.engine` needs SQLAlchemy, but {error.name} "
        'is not installed: pip install "parzen[rdb]"'
    )
