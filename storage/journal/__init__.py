"""Studies in an append-only log: a file or Redis, shared by processes, Optuna's included."""

from .base import BaseJournalBackend, BaseJournalFileLock, BaseJournalSnapshot
from .deprecated import BaseJournalLogStorage, JournalFileStorage, JournalRedisStorage
from .file import JournalFileBackend
from .journal_storage import JournalStorage
from .locks import JournalFileOpenLock, JournalFileSymlinkLock
from .redis_backend import JournalRedisBackend

__all__ = [
    "BaseJournalBackend",
    "BaseJournalFileLock",
    "BaseJournalLogStorage",
    "BaseJournalSnapshot",
    "JournalFileBackend",
    "JournalFileOpenLock",
    "JournalFileStorage",
    "JournalFileSymlinkLock",
    "JournalRedisBackend",
    "JournalRedisStorage",
    "JournalStorage",
]
