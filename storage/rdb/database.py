"""What the storage asks of a database, whichever it is."""

from __future__ import annotations

import os
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from ...engine.exceptions import StorageInternalError
from .dialect import Dialect

Row = tuple[Any, ...]
T = TypeVar("T")


class Conflict(StorageInternalError):
    """A row is there already that must be there once."""


class Database(ABC):
    """One connection a process, and transactions on it. Statements have ``?`` for their parameters.

    Not safe for threads by itself: the storage holds its lock around each call.

    Attributes
    ----------
    dialect
        How it says things.
    place
        Where it is, for messages.
    """

    dialect: Dialect
    place: str
    _worker: tuple[int, str] = (0, "")

    @property
    def worker_id(self) -> str:
        """What tells this process, and this storage in it, from others; a fork makes another one."""
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
    def executemany(self, sql: str, rows: Iterable[Row]) -> None:
        """Run a statement for several rows; within a transaction."""

    @abstractmethod
    def insert(self, sql: str, parameters: Sequence[Any], key: str) -> int:
        """Insert a row and give its key; within a transaction."""

    @abstractmethod
    def once(self, work: Callable[[], T]) -> T:
        """Do `work`, which reads and writes this database and nothing else, in one transaction, and give its result.

        All of it is stored, exactly once, or nothing. The result is JSON. Within another transaction, it is part of it.
        """

    @abstractmethod
    def reading(self) -> AbstractContextManager[None]:
        """Give a context in which all queries see one state of each trial that is finished."""

    @abstractmethod
    def version(self) -> int:
        """Give a number that changes when somebody else wrote; it may change when nobody did."""

    def revision(self) -> str:
        """Give the schema revision that the database is stamped with."""
        return str(self.query("SELECT version_num FROM alembic_version")[0][0])

    @abstractmethod
    def upgrade(self) -> None:
        """Bring the schema to the head revision."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection; the next call opens it again."""
