"""The public names of storages, where Optuna has them (`parzen.storages`); their code lies in `storage/`."""

from typing import TYPE_CHECKING

from parzen.engine.lazily import lazily
from parzen.engine.study import RetryFailedTrialCallback, RetryHeartbeatStaleTrialCallback, fail_stale_trials, retry
from parzen.storage import BaseStorage, InMemoryStorage, get_storage

if TYPE_CHECKING:
    from parzen.storage.journal import JournalStorage
    from parzen.storage.journal.deprecated import (
        BaseJournalLogStorage,
        JournalFileOpenLock,
        JournalFileStorage,
        JournalFileSymlinkLock,
        JournalRedisStorage,
    )
    from parzen.storage.proxy import GrpcStorageProxy, run_grpc_proxy_server
    from parzen.storage.rdb import RDBStorage, SQLiteStorage
    from parzen.storages import journal
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "parzen.storage.journal": ["JournalStorage"],
            "parzen.storage.journal.deprecated": [
                "BaseJournalLogStorage",
                "JournalFileOpenLock",
                "JournalFileStorage",
                "JournalFileSymlinkLock",
                "JournalRedisStorage",
            ],
            "parzen.storage.proxy": ["GrpcStorageProxy", "run_grpc_proxy_server"],
            "parzen.storage.rdb": ["RDBStorage", "SQLiteStorage"],
            ".journal": [],
        },
    )

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
