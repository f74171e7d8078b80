"""Storages over a fork.

A connection must not be carried over a fork: by its copy of the parent's lock table a child would believe that it holds
locks in a SQLite file which only the parent has, and the parent, when it closes, would throw away the log to which the
child still writes; on a server both would talk in one conversation. So no database is open while a fork happens, and no
history is in the middle of a change.
"""

from __future__ import annotations

import os
import weakref
from threading import RLock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .trials import RelationalStorage

_storages: weakref.WeakSet[RelationalStorage] = weakref.WeakSet()
_forking = RLock()
_held: list[RelationalStorage] = []


def protect(storage: RelationalStorage) -> None:
    """Close a storage's connection before each fork; either process opens one of its own when it needs it."""
    _storages.add(storage)


def _before_fork() -> None:
    _forking.acquire()
    _held.extend(_storages)
    for storage in _held:
        storage._lock.acquire()
    for storage in _held:
        storage.remove_session()


def _after_fork() -> None:
    for storage in _held:
        storage._lock.release()
    _held.clear()
    _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
