"""Names of this process and machine, and whether another process of this machine runs: exactly, without clocks."""

from __future__ import annotations

import os
import socket
from functools import lru_cache


@lru_cache(maxsize=4)
def _identity(pid: int) -> tuple[str, str]:
    return f"{socket.gethostname()} {_machine()}".strip(), f"{pid} {_started(pid) or ''}".strip()


def identity() -> tuple[str, str]:
    """Give the names of this machine since its boot and of this process; no two processes ever have the same two."""
    return _identity(os.getpid())


@lru_cache(maxsize=1)
def _machine() -> str:
    """Give the identifiers of this boot and this container, which a host name does not tell apart; "" if unknown."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot:
            return f"{boot.read().strip()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _started(pid: int) -> str | None:
    """Give the time since boot at which a process started; None if there is no such process or it is dead."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def is_running(host: str, process: str) -> bool | None:
    """Tell whether a process runs; None if it is of another machine or the operating system does not tell."""
    pid, _, started = process.partition(" ")
    if host != identity()[0] or not _machine() or not started:
        return None
    return _started(int(pid)) == started
