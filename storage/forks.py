"""Storages over a fork.

A connection must not be carried over a fork: by its copy of the parent's lock table a child would believe that it holds
locks in a SQLite file which only the parent has, and the parent, when it closes, would throw away the log to which the
child still writes; on a server both would talk in one conversation. Nor must a child be born in the middle of another
thread's change, of which it would have half, and the lock. So all changes are waited for, and what cannot be carried
over is closed.
"""

from __future__ import annotations

import os
import weakref
from threading import RLock
from typing import Any, Protocol


class Forkable(Protocol):
    """A storage that holds its lock around each change.

    `_needs_another` tells whether it may then wait for another storage of the same process; such a one is locked first.
    """

    _lock: Any
    _needs_another: bool

    def _before_fork(self) -> None:
        """Close what must not be carried over."""

    def _after_fork_in_child(self) -> None:
        """Begin anew what the child does not have, such as threads."""


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
