"""Storages: in memory, and in SQLite files of Optuna's schema."""

from __future__ import annotations

from .base import BaseStorage
from .memory import InMemoryStorage
from .urls import get_storage

__all__ = ["BaseStorage", "InMemoryStorage", "get_storage"]
