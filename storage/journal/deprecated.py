"""The names that Optuna's journal classes had before version 4."""

from __future__ import annotations

import warnings
from typing import Any

from .base import BaseJournalBackend, BaseJournalFileLock
from .file import JournalFileBackend
from .redis_backend import JournalRedisBackend


def _warn_deprecated(name: str, instead: str) -> None:
    warnings.warn(f"{name} is deprecated and will be removed; use {instead} instead.", FutureWarning, stacklevel=3)


class JournalFileStorage(JournalFileBackend):
    """Deprecated: `JournalFileBackend`."""

    def __init__(self, file_path: str, lock_obj: BaseJournalFileLock | None = None) -> None:
        _warn_deprecated("JournalFileStorage", "storages.journal.JournalFileBackend")
        super().__init__(file_path, lock_obj)


class JournalRedisStorage(JournalRedisBackend):
    """Deprecated: `JournalRedisBackend`."""

    def __init__(self, url: str, use_cluster: bool = False, prefix: str = "") -> None:
        _warn_deprecated("JournalRedisStorage", "storages.journal.JournalRedisBackend")
        super().__init__(url, use_cluster, prefix)


class BaseJournalLogStorage(BaseJournalBackend):
    """Deprecated: `BaseJournalBackend`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _warn_deprecated("BaseJournalLogStorage", "storages.journal.BaseJournalBackend")
        super().__init__(*args, **kwargs)
