"""From a URL to a storage."""

from __future__ import annotations

from .base import BaseStorage
from .memory import InMemoryStorage


def get_storage(storage: str | BaseStorage | None) -> BaseStorage:
    """Give the storage that a URL names.

    Parameters
    ----------
    storage
        None for memory, a URL such as ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or
        ``postgresql://USER@HOST/DATABASE``, or a storage, which is returned as it is.

    Raises
    ------
    ValueError
        If the URL names no storage that parzen knows.
    TypeError
        If it is something else.
    """
    if storage is None:
        return InMemoryStorage()
    if not isinstance(storage, str):
        if not hasattr(storage, "create_new_study"):
            raise TypeError(f"`storage` takes a URL or a storage, but got {storage!r}.")
        return storage
    if storage in ("sqlite://", "sqlite:///", "sqlite:///:memory:"):
        return InMemoryStorage()
    from .rdb import RDBStorage

    return RDBStorage(storage)
