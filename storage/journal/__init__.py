"""Storages that append each change to a log, in a file or in Redis, from which many processes rebuild the studies."""

from .base import BaseJournalBackend, BaseJournalFileLock, BaseJournalSnapshot
from .file import JournalFileBackend
from .journal_storage import JournalStorage
from .locks import JournalFileOpenLock, JournalFileSymlinkLock
from .redis_backend import JournalRedisBackend

__all__ = [
    "BaseJournalBackend",
    "BaseJournalFileLock",
    "BaseJournalSnapshot",
    "JournalFileBackend",
    "JournalFileOpenLock",
    "JournalFileSymlinkLock",
    "JournalRedisBackend",
    "JournalStorage",
]
