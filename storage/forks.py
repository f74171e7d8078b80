"""Storages over a fork.

Before a fork every storage is locked, which waits for the changes of other threads, and closes its connection.

A child that is forked in the middle of another thread's change would have half of that change, and a lock that no
thread releases. A child must not use its parent's connection either. In a SQLite file the child would count on locks
that only the parent holds, and the parent, when it closes, would delete the log to which the child still writes; on a
server, parent and child would talk in one conversation.
"""

from __future__ import annotations

import os
import weakref
from threading import RLock
from typing import Any, Protocol


class Forkable(Protocol):
    """A storage that holds its lock around each change.

    `_needs_another` tells whether the storage may wait for another storage of its process while it holds its lock; a
    storage that may is locked before the others.
    """

    _lock: Any
    _needs_another: bool

    def _before_fork(self) -> None:
        """Close what must not be carried over."""

    def _after_fork_in_child(self) -> None:
        """Make anew what a fork does not copy, such as threads."""


_storages: weakref.WeakSet[Forkable] = weakref.WeakSet()
_forking = RLock()
_held: list[Forkable] = []


def protect(storage: Forkable) -> None:
    """Prepare a storage before each fork."""
    _storages.add(storage)


def _before() -> None:
    _forking.acquire()
    _held.extend(sorted(_storages, key=lambda storage: not storage._needs_another))
    for storage in _held:
        storage._lock.acquire()
    for storage in _held:
        storage._before_fork()


def _after_in_child() -> None:
    for storage in _held:
        storage._after_fork_in_child()
    _after()


def _after() -> None:
    for storage in _held:
        storage._lock.release()
    _held.clear()
    _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after_in_child)
