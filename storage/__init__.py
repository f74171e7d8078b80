"""Storages: in memory, and in SQLite files of Optuna's schema."""

from .base import BaseStorage
from .memory import InMemoryStorage
from .rdb import RDBStorage, SQLiteStorage
from .urls import get_storage

__all__ = ["BaseStorage", "InMemoryStorage", "RDBStorage", "SQLiteStorage", "get_storage"]
