"""Storages, under the spelling of Optuna."""

from parzen.storage import BaseStorage, InMemoryStorage, RDBStorage, SQLiteStorage, get_storage
from parzen.storage.journal import (
    BaseJournalLogStorage,
    JournalFileOpenLock,
    JournalFileStorage,
    JournalFileSymlinkLock,
    JournalRedisStorage,
    JournalStorage,
)
from parzen.storage.proxy import GrpcStorageProxy, run_grpc_proxy_server
from parzen.storages import journal

__all__ = [
    "BaseJournalLogStorage",
    "BaseStorage",
    "GrpcStorageProxy",
    "InMemoryStorage",
    "JournalFileOpenLock",
    "JournalFileStorage",
    "JournalFileSymlinkLock",
    "JournalRedisStorage",
    "JournalStorage",
    "RDBStorage",
    "SQLiteStorage",
    "get_storage",
    "journal",
    "run_grpc_proxy_server",
]
