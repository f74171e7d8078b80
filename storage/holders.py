"""Which processes of this machine hold a lock on a file, as far as the system tells, for those who wait for it."""

from __future__ import annotations

import os
from collections.abc import Iterable

WORTH_SAYING = 2.0  # seconds of waiting after which it is said who is waited for


def holders(*paths: str) -> list[int]:
    """Give the processes other than this one that hold a lock for writing on one of some files.

    Parameters
    ----------
    paths
        Paths of the files; one that is not there is passed over.
    """
    places = set()
    for path in paths:
        try:
            found = os.stat(path)
        except OSError:
            continue
        places.add(f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}")
    try:
        with open("/proc/locks", encoding="ascii") as file:
            locks = [line.split() for line in file]
    except OSError:  # not Linux
        return []
    # NUMBER: KIND ADVISORY WRITE PROCESS DEVICE:INODE START END; who waits for a lock has "->" behind the number
    pids = {int(lock[4]) for lock in locks if len(lock) == 8 and lock[3] == "WRITE" and lock[5] in places}
    return sorted(pids - {os.getpid(), 0, -1})


def is_suspended(pid: int) -> bool:
    """Tell whether a process stands still, by Ctrl-Z for instance."""
    return _stat(pid)[1:2] in ("T", "t")


def described(pids: Iterable[int]) -> str:
    """Name some processes, and say of each whether it is suspended."""
    names = [
        f"process {pid} ({_stat(pid)[2:] or 'unknown'})"
        + (f", which is suspended (`kill -CONT {pid}` lets it go on)" if is_suspended(pid) else "")
        for pid in pids
    ]
    return " and ".join(names) or "another process"


def _stat(pid: int) -> str:
    """Give a blank, the state of a process as a letter, and its name; nothing if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            before, _, after = file.read().rpartition(")")
    except OSError:
        return ""
    return f" {after.split()[0]}{before.partition('(')[2]}"
