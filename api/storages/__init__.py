"""Storages, under the spelling of Optuna."""

from parzen.engine.liveness import (
    RetryFailedTrialCallback,
    RetryHeartbeatStaleTrialCallback,
    fail_stale_trials,
    retry,
)
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
    "RetryFailedTrialCallback",
    "RetryHeartbeatStaleTrialCallback",
    "SQLiteStorage",
    "fail_stale_trials",
    "get_storage",
    "journal",
    "retry",
    "run_grpc_proxy_server",
]
