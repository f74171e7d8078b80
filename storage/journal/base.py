"""Interfaces of what keeps a journal: backends, backends with snapshots, and locks of files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any


class BaseJournalBackend(ABC):
    """An append-only list of log entries, which are dictionaries of JSON values. Subclass it for one of your own."""

    @abstractmethod
    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        """Give the entries from this number on, counted from 0; all readers get the entries in the same order.

        Raises
        ------
        StorageInternalError
            If an entry cannot be read.
        """

    @abstractmethod
    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append entries, one after the other with no others between them; after the call returns, they are kept.

        Raises
        ------
        TypeError
            If an entry is not JSON.
        StorageInternalError
            If the entries cannot be written.
        """


class BaseJournalSnapshot(ABC):
    """A backend that also keeps a snapshot, the state after some entries, so that a new reader can skip those."""

    @abstractmethod
    def save_snapshot(self, snapshot: bytes) -> None:
        """Keep a snapshot in place of the last one."""

    @abstractmethod
    def load_snapshot(self) -> bytes | None:
        """Give the last snapshot, None if there is none."""


class BaseJournalFileLock(ABC):
    """A lock between processes, held while a file is written."""

    @abstractmethod
    def acquire(self) -> bool:
        """Wait for the lock, and return True."""

    @abstractmethod
    def release(self) -> None:
        """Let go of the lock; ``RuntimeError`` if it is not held."""
