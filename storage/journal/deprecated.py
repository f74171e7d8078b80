"""The names and places that Optuna's journal classes had before version 4, for `parzen.storages`."""

from __future__ import annotations

from typing import Any

from ...engine.deprecated import warn_deprecated
from . import locks
from .base import BaseJournalBackend, BaseJournalFileLock
from .file import JournalFileBackend
from .redis_backend import JournalRedisBackend


class JournalFileStorage(JournalFileBackend):
    """Deprecated: `JournalFileBackend`."""

    def __init__(self, file_path: str, lock_obj: BaseJournalFileLock | None = None) -> None:
        warn_deprecated("JournalFileStorage", "storages.journal.JournalFileBackend")
        super().__init__(file_path, lock_obj)


class JournalRedisStorage(JournalRedisBackend):
    """Deprecated: `JournalRedisBackend`."""

    def __init__(self, url: str, use_cluster: bool = False, prefix: str = "") -> None:
        warn_deprecated("JournalRedisStorage", "storages.journal.JournalRedisBackend")
        super().__init__(url, use_cluster, prefix)


class BaseJournalLogStorage(BaseJournalBackend):
    """Deprecated: `BaseJournalBackend`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warn_deprecated("BaseJournalLogStorage", "storages.journal.BaseJournalBackend")
        super().__init__(*args, **kwargs)


class JournalFileSymlinkLock(locks.JournalFileSymlinkLock):
    """Deprecated: the lock of this name in `parzen.storages.journal`."""

    def __init__(self, filepath: str, grace_period: int | None = 30) -> None:
        warn_deprecated("storages.JournalFileSymlinkLock", "storages.journal.JournalFileSymlinkLock")
        super().__init__(filepath, grace_period)


class JournalFileOpenLock(locks.JournalFileOpenLock):
    """Deprecated: the lock of this name in `parzen.storages.journal`."""

    def __init__(self, filepath: str, grace_period: int | None = 30) -> None:
        warn_deprecated("storages.JournalFileOpenLock", "storages.journal.JournalFileOpenLock")
        super().__init__(filepath, grace_period)
