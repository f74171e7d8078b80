"""Storages keep studies: in memory, in database files and on servers, in journals, or behind a proxy."""

from typing import TYPE_CHECKING

from ..engine.lazily import lazily
from .base import BaseStorage
from .memory import InMemoryStorage
from .urls import get_storage

if TYPE_CHECKING:
    from .rdb import RDBStorage, SQLiteStorage
else:
    __getattr__, __dir__ = lazily(
        __name__, {".artifacts": [], ".journal": [], ".proxy": [], ".rdb": ["RDBStorage", "SQLiteStorage"]}
    )

__all__ = ["BaseStorage", "InMemoryStorage", "RDBStorage", "SQLiteStorage", "get_storage"]
