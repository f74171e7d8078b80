"""Storages in databases with Optuna's tables, so that Optuna opens them, too: SQLite, PostgreSQL, MySQL, MariaDB."""

from .rdb_storage import RDBStorage
from .sqlite_storage import SQLiteStorage

__all__ = ["RDBStorage", "SQLiteStorage"]
