"""Locks between processes that write one file, in Optuna's places, so that its workers keep out too.

A lock is a file beside the log, made in one step that fails if it is there; its name is the log's with ".lock". It
says who made it: on the same machine the lock of a process that was killed is taken over at once, where Optuna waits
for the grace period to end. `fcntl.flock`, which the kernel would free, is not it: Optuna's workers do not look at it.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import time
from abc import abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

from . import owners
from .base import BaseJournalFileLock

if sys.platform != "win32":
    import fcntl

_FIRST_PAUSE, _LONGEST_PAUSE = 1e-4, 1e-2  # seconds; an entry is written in about 3e-4


class _Seen(NamedTuple):
    """A lock that another one holds; equal as long as it is the same one."""

    inode: int
    modified: int
    owner: bytes | None  # None if Optuna made it


class _LockFile(BaseJournalFileLock):
    """A lock that is a file.

    Parameters
    ----------
    filepath
        The file to lock.
    grace_period
        Seconds after which a lock that did not change, of another machine or of Optuna, is taken over; None for never.

    Raises
    ------
    ValueError
        If `grace_period` is not positive.
    """

    def __init__(self, filepath: str, grace_period: int | None = 30) -> None:
        if grace_period is not None and grace_period <= 0:
            raise ValueError(f"`grace_period` should be positive seconds or None, but got {grace_period}.")
        self._target = os.fspath(filepath)
        self._path = self._target + ".lock"
        self._grace_period = grace_period
        self._nonce = owners.new_nonce()

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_nonce": owners.new_nonce()}

    def acquire(self) -> bool:
        """Wait for the lock, and return True."""
        owner = owners.new_owner(self._nonce)
        try:
            self._wait(owner)
        except BaseException:  # Ctrl-C may come when the file was made
            if self._owner() == owner:
                os.unlink(self._path)
            raise
        return True

    def _wait(self, owner: bytes) -> None:
        seen: _Seen | None = None
        since = time.monotonic()
        pause = _FIRST_PAUSE
        while not self._try(owner):
            found = self._look()
            if found != seen:
                seen, since = found, time.monotonic()
            if seen is not None and self._is_stale(seen, time.monotonic() - since):
                self._remove(seen)
                continue
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(1.5 * pause, _LONGEST_PAUSE)

    def _try(self, owner: bytes) -> bool:
        try:
            self._make(owner)
        except FileExistsError:
            return False
        return True

    def _look(self) -> _Seen | None:
        try:
            found = os.lstat(self._path)
            return _Seen(found.st_ino, found.st_mtime_ns, self._owner())
        except FileNotFoundError:
            return None

    def _is_stale(self, seen: _Seen, age: float) -> bool:
        is_alive = None if seen.owner is None else owners.is_alive(seen.owner)
        if is_alive is not None:
            return not is_alive
        return self._grace_period is not None and age > self._grace_period

    def _remove(self, seen: _Seen) -> None:
        """Remove a stale lock, unless another process did so and has a living one there by now."""
        with self._alone():
            if self._look() == seen:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self._path)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep others from removing a lock between a look at it and its removal."""
        if sys.platform == "win32":
            yield
            return
        log = os.open(self._target, os.O_RDONLY | os.O_CREAT, 0o666)
        try:
            fcntl.flock(log, fcntl.LOCK_EX)
            yield
        finally:
            os.close(log)

    def release(self) -> None:
        """Let go of the lock; ``RuntimeError`` if it is not held."""
        if self._owner() != owners.new_owner(self._nonce):
            raise RuntimeError(
                f"The lock {self._path} is not held by this process. If it stood still for longer than the grace "
                "period, another one took the lock over; a longer grace period prevents that."
            )
        os.unlink(self._path)

    @abstractmethod
    def _make(self, owner: bytes) -> None:
        """Make the file, ``FileExistsError`` if it is there."""

    @abstractmethod
    def _owner(self) -> bytes | None:
        """Read who made the file, None if that is not known."""


class JournalFileSymlinkLock(_LockFile):
    """A lock made by a symbolic link, which network file systems (NFS version 2 and later) do in one step."""

    # The link leads to the log, because Optuna looks at the age of what it leads to and waits for ever if it leads
    # nowhere. "./" and ".//" before the name change nothing of that: they are the bits that say who made it.
    def _make(self, owner: bytes) -> None:
        bits = f"{int.from_bytes(owner, 'big'):0{8 * owners.SIZE}b}"
        os.symlink(bits.replace("0", "./").replace("1", ".//") + os.path.basename(self._target), self._path)

    def _owner(self) -> bytes | None:
        try:
            target = os.readlink(self._path)
        except OSError:  # gone, or made by a `JournalFileOpenLock`
            return None
        bits = target[: -len(os.path.basename(self._target))].replace(".//", "1").replace("./", "0")
        if len(bits) != 8 * owners.SIZE or set(bits) - {"0", "1"}:
            return None
        return int(bits, 2).to_bytes(owners.SIZE, "big")


class JournalFileOpenLock(_LockFile):
    """A lock made by opening a file that must not be there: for systems without symbolic links, NFS from version 3."""

    def _make(self, owner: bytes) -> None:
        file = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        try:
            os.write(file, owner)
        finally:
            os.close(file)

    def _owner(self) -> bytes | None:
        if os.path.islink(self._path):
            return None
        try:
            with open(self._path, "rb") as file:
                owner = file.read()
        except OSError:
            return None
        return owner if len(owner) == owners.SIZE else None
