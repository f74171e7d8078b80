"""Studies in databases of Optuna's schema."""

from .rdb_storage import RDBStorage
from .sqlite_storage import SQLiteStorage

__all__ = ["RDBStorage", "SQLiteStorage"]
