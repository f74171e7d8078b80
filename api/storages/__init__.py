"""Storages, under the spelling of Optuna."""

from parzen.storage import BaseStorage, InMemoryStorage, RDBStorage, SQLiteStorage, get_storage

__all__ = ["BaseStorage", "InMemoryStorage", "RDBStorage", "SQLiteStorage", "get_storage"]
