"""Storages, under the spelling of Optuna."""

from parzen.storage import BaseStorage, InMemoryStorage, get_storage

__all__ = ["BaseStorage", "InMemoryStorage", "get_storage"]
