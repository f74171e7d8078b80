"""From a URL to a storage."""

from __future__ import annotations

from ..engine.redaction import redacted_text, redacted_url
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
        if hasattr(storage, "append_logs"):
            raise TypeError(
                f"`storage` takes a URL or a storage, but got a {type(storage).__name__}, which is the log of one: "
                "give `JournalStorage(...)` with it inside."
            )
        if not hasattr(storage, "create_new_study"):
            raise TypeError(f"`storage` takes a URL or a storage, but got {redacted_text(repr(storage))}.")
        return storage
    if storage in ("sqlite://", "sqlite:///", "sqlite:///:memory:"):
        return InMemoryStorage()
    if storage.startswith(("redis://", "rediss://")):
        raise ValueError(
            f"{redacted_url(storage)!r} names a Redis, which keeps the log of a journal: give "
            "`JournalStorage(JournalRedisBackend(URL))`."
        )
    from .rdb import RDBStorage

    return RDBStorage(storage)
