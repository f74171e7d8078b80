"""Locks between processes that write one file; their files are where Optuna's are, so its workers keep out too.

A lock is a file beside the log, made in one step that fails if the file is there; its name is the log's with ".lock".
Such a file outlives its maker if the maker is killed. So a worker of parzen first takes the kernel's lock of the log
(`flock`), which ends with its holder, and then writes the number of its machine into the lock file. A worker that holds
the kernel's lock and finds a lock file of its own machine knows that the maker is dead, and takes the lock over at
once. A lock file of Optuna or of another machine is taken over once it has not changed for the grace period.
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
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from ...engine.exceptions import StorageInternalError
from ...engine.interrupts import pause
from ...engine.logging import get_logger
from ..flocks import Waiter
from ..holders import WORTH_SAYING, described, holders
from .base import BaseJournalFileLock

if sys.platform != "win32":
    import fcntl

_logger = get_logger(__name__)
_PATIENCE = 60.0  # seconds for a process of this machine that holds the log and writes nothing
_FIRST_PAUSE, _LONGEST_PAUSE = 1e-4, 1e-2  # seconds; an entry is written in about 3e-4
_BITS = 16


@cache
def _this_machine() -> int:
    """Give a number of this machine: on some network file systems the kernel's locks hold on one machine only."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError), open("/proc/sys/kernel/random/boot_id") as file:
        parts.append(file.read())
    return int.from_bytes(hashlib.sha256("\n".join(parts).encode()).digest()[: _BITS // 8], "big")


class _Seen(NamedTuple):
    """A lock file as it was found; equal to another look at the same, unchanged file."""

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
        Seconds after which an unchanged lock of another machine or of Optuna is taken over; None for never.

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
        self._machine: int | None = None
        self._flags = os.O_RDWR | os.O_CREAT  # to open the log
        self._is_held = False
        self._waiter: Waiter | None = None

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_log": None, "_is_held": False, "_waiter": None}

    def acquire(self) -> bool:
        """Wait for the lock, and return True."""
        self._machine = machine = self._lock_log()
        try:
            self._wait(machine)
            self._is_held = True
        except BaseException:  # Ctrl-C may come after the file was made
            if machine is not None and self._machine_of_maker() == machine:
                os.unlink(self._path)
            self._unlock_log()
            raise
        return True

    def release(self) -> None:
        """Let go of the lock; ``RuntimeError`` if it is not held."""
        is_held, self._is_held = self._is_held, False
        try:
            # A lock that was taken over names another machine: on this one no other process holds the kernel's lock.
            if not is_held or self._machine_of_maker() != self._machine:
                raise RuntimeError(
                    f"The lock {self._path} is not held. If this process stood still for longer than the grace period "
                    "of others, one of them took it over; a longer grace period prevents that."
                )
            os.unlink(self._path)
        finally:
            self._unlock_log()

    # --- the kernel's lock -------------------------------------------------------------------------------------------

    def _lock_log(self) -> int | None:
        """Take the kernel's lock of the log, and give this machine's number; None where there is no such lock."""
        if sys.platform == "win32":
            return None
        log = os.open(self._target, self._flags, 0o666)
        self._flags = os.O_RDWR  # if the log is deleted now, it must not be made anew here
        try:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if self._waiter is None or self._waiter.pid != os.getpid():
                self._waiter = Waiter(os.close)
            try:
                self._waiter.get_lock(log, self._waits_on(log))
            except BaseException:
                self._waiter = None  # its thread waits on, and then closes the file
                raise
        except OSError:  # a file system without such locks
            os.close(log)
            return None
        self._log = log
        return _this_machine()

    def _waits_on(self, log: int) -> Callable[[float], bool]:
        """Say who is waited for, and raise once nobody has written to the log for too long."""
        size, begin, is_said = os.fstat(log).st_size, 0.0, False

        def look(waited: float) -> bool:
            nonlocal size, begin, is_said
            if waited > begin + WORTH_SAYING and not is_said:
                is_said = True
                _logger.warning(f"The journal {self._target} is held by {described(holders(self._target))}.")
            if waited > begin + _PATIENCE:
                if size == os.fstat(log).st_size:
                    raise StorageInternalError(
                        f"The journal {self._target} has been held for {waited:.0f} seconds by "
                        f"{described(holders(self._target))}. Nothing was written; let that process go on, or end it."
                    )
                size, begin = os.fstat(log).st_size, waited
            return True

        return look

    def _unlock_log(self) -> None:
        log, self._log = self._log, None
        if log is not None:
            os.close(log)

    # --- the lock file -----------------------------------------------------------------------------------------------

    def _wait(self, machine: int | None) -> None:
        """Make the file, after the one that is there is gone or stale."""
        seen: _Seen | None = None
        since = time.monotonic()
        seconds = _FIRST_PAUSE
        while True:
            try:
                self._make(machine)
                return
            except FileExistsError:
                found = self._look()
            if found != seen:
                seen, since = found, time.monotonic()
            if seen is not None and self._is_stale(seen, machine, time.monotonic() - since):
                self._remove(seen)
                continue
            pause(seconds * random.uniform(0.5, 1.0))
            seconds = min(1.5 * seconds, _LONGEST_PAUSE)

    def _look(self) -> _Seen | None:
        try:
            found = os.lstat(self._path)
        except FileNotFoundError:
            return None
        return _Seen(found.st_ino, found.st_mtime_ns, self._machine_of_maker())

    def _is_stale(self, seen: _Seen, machine: int | None, age: float) -> bool:
        if machine is not None and seen.machine == machine:
            return True
        return self._grace_period is not None and age > self._grace_period

    def _remove(self, seen: _Seen) -> None:
        """Remove a stale lock, unless another process has removed it and made its own by now."""
        with contextlib.suppress(FileNotFoundError):
            if self._look() == seen:
                os.unlink(self._path)

    @abstractmethod
    def _make(self, machine: int | None) -> None:
        """Make the file, with the number of the machine in it; ``FileExistsError`` if the file is there."""

    @abstractmethod
    def _machine_of_maker(self) -> int | None:
        """Read the number of the machine in the file, None if there is none."""


class JournalFileSymlinkLock(_LockFile):
    """A lock made by a symbolic link, which network file systems (NFS version 2 and later) do in one step."""

    # The link leads to the log: Optuna looks at the age of what the link leads to, and waits for ever if that is not
    # there. A path may have any number of "/" and "./" after "./"; these stand for the bits of the machine's number.
    # The number is that short because a link of less than 60 characters takes no block of the disk.
    def _make(self, machine: int | None) -> None:
        bits = "" if machine is None else "./" + f"{machine:0{_BITS}b}".replace("1", "./").replace("0", "/")
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

    def _make(self, machine: int | None) -> None:
        file = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        try:
            if machine is not None:
                os.write(file, b"%d" % machine)
        finally:
            os.close(file)

    def _machine_of_maker(self) -> int | None:
        if os.path.islink(self._path):
            return None
        try:
            with open(self._path, "rb") as file:
                text = file.read()
        except OSError:
            return None
        return int(text) if text.isdigit() else None
