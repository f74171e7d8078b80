"""Locks between processes that write one file, in Optuna's places, so that its workers keep out too.

A lock is a file beside the log, made in one step that fails if it is there; its name is the log's with ".lock". That
alone keeps Optuna's workers out, and outlives a process that is killed. So parzen's workers first take the kernel's
lock of the log (`flock`), which dies with its holder, and mark the file: who holds the kernel's lock and finds a file
with that mark knows that its maker is dead, and takes it over at once. What Optuna or another machine made is taken
over once it did not change for the grace period.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import socket
import sys
import time
from abc import abstractmethod
from functools import cache
from typing import NamedTuple

from .base import BaseJournalFileLock

if sys.platform != "win32":
    import fcntl

_FIRST_PAUSE, _LONGEST_PAUSE = 1e-4, 1e-2  # seconds; an entry is written in about 3e-4
_BITS = 16


@cache
def _machine() -> int:
    """Give a number of this machine: some network file systems keep the kernel's locks of each to itself."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError), open("/proc/sys/kernel/random/boot_id") as file:
        parts.append(file.read())
    return int.from_bytes(hashlib.sha256("\n".join(parts).encode()).digest()[: _BITS // 8], "big")


class _Seen(NamedTuple):
    """A lock file as it was found; equal as long as it is the same one."""

    inode: int
    modified: int
    machine: int | None  # None if its maker did not hold the kernel's lock


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
        self._target = os.path.abspath(filepath)
        self._path = self._target + ".lock"
        self._grace_period = grace_period
        self._log: int | None = None  # descriptor that holds the kernel's lock
        self._mark: int | None = None
        self._is_held = False

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_log": None, "_is_held": False}

    def acquire(self) -> bool:
        """Wait for the lock, and return True."""
        self._mark = mark = self._lock_log()
        try:
            self._wait(mark)
            self._is_held = True
        except BaseException:  # Ctrl-C may come when the file was made
            if mark is not None and self._machine_of_maker() == mark:
                os.unlink(self._path)
            self._unlock_log()
            raise
        return True

    def release(self) -> None:
        """Let go of the lock; ``RuntimeError`` if it is not held."""
        is_held, self._is_held = self._is_held, False
        try:
            # One that was taken over has another mark: on this machine nobody else holds the kernel's lock.
            if not is_held or self._machine_of_maker() != self._mark:
                raise RuntimeError(
                    f"The lock {self._path} is not held. If this process stood still for longer than the grace period "
                    "of others, one of them took it over; a longer grace period prevents that."
                )
            os.unlink(self._path)
        finally:
            self._unlock_log()

    # --- the kernel's lock -------------------------------------------------------------------------------------------

    def _lock_log(self) -> int | None:
        """Take the kernel's lock of the log, and give the mark of those who hold it, None where there is no such."""
        if sys.platform == "win32":
            return None
        log = os.open(self._target, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(log, fcntl.LOCK_EX)
        except BaseException as error:
            os.close(log)
            if isinstance(error, OSError):  # a file system without such locks
                return None
            raise
        self._log = log
        return _machine()

    def _unlock_log(self) -> None:
        log, self._log = self._log, None
        if log is not None:
            os.close(log)

    # --- the lock file -----------------------------------------------------------------------------------------------

    def _wait(self, mark: int | None) -> None:
        """Make the file, once the one that is there is gone or stale."""
        seen: _Seen | None = None
        since = time.monotonic()
        pause = _FIRST_PAUSE
        while not self._try(mark):
            found = self._look()
            if found != seen:
                seen, since = found, time.monotonic()
            if seen is not None and self._is_stale(seen, mark, time.monotonic() - since):
                self._remove(seen)
                continue
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(1.5 * pause, _LONGEST_PAUSE)

    def _try(self, mark: int | None) -> bool:
        try:
            self._make(mark)
        except FileExistsError:
            return False
        return True

    def _look(self) -> _Seen | None:
        try:
            found = os.lstat(self._path)
        except FileNotFoundError:
            return None
        return _Seen(found.st_ino, found.st_mtime_ns, self._machine_of_maker())

    def _is_stale(self, seen: _Seen, mark: int | None, age: float) -> bool:
        if mark is not None and seen.machine == mark:
            return True
        return self._grace_period is not None and age > self._grace_period

    def _remove(self, seen: _Seen) -> None:
        """Remove a stale lock, unless somebody did so and has a living one there by now."""
        with contextlib.suppress(FileNotFoundError):
            if self._look() == seen:
                os.unlink(self._path)

    @abstractmethod
    def _make(self, mark: int | None) -> None:
        """Make the file, ``FileExistsError`` if it is there."""

    @abstractmethod
    def _machine_of_maker(self) -> int | None:
        """Read the mark of the file, None if there is none."""


class JournalFileSymlinkLock(_LockFile):
    """A lock made by a symbolic link, which network file systems (NFS version 2 and later) do in one step."""

    # The link leads to the log, because Optuna looks at the age of what it leads to, and waits for ever if it leads
    # nowhere. A path may have "/" and "./" after "./" as one likes: they are the bits of the mark. It is that short
    # because a link of less than 60 characters takes no block of the disk.
    def _make(self, mark: int | None) -> None:
        bits = "" if mark is None else "./" + f"{mark:0{_BITS}b}".replace("1", "./").replace("0", "/")
        os.symlink(bits + os.path.basename(self._target), self._path)

    def _machine_of_maker(self) -> int | None:
        try:
            target = os.readlink(self._path)
        except OSError:  # gone, or made by a `JournalFileOpenLock`
            return None
        name = os.path.basename(target)
        bits = target[len("./") : -len(name)].replace("./", "1").replace("/", "0")
        return int(bits, 2) if len(bits) == _BITS and not set(bits) - {"0", "1"} else None


class JournalFileOpenLock(_LockFile):
    """A lock made by opening a file that must not be there: for systems without symbolic links, NFS from version 3."""

    def _make(self, mark: int | None) -> None:
        file = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        try:
            if mark is not None:
                os.write(file, b"%d" % mark)
        finally:
            os.close(file)

    def _machine_of_maker(self) -> int | None:
        if os.path.islink(self._path):
            return None
        try:
            with open(self._path, "rb") as file:
                mark = file.read()
        except OSError:
            return None
        return int(mark) if mark.isdigit() else None
