"""Who holds a lock: a process as a few bytes, of which its own machine can tell whether it still lives."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import socket
from functools import cache, lru_cache

SIZE = 6 + 4 + 4 + 4  # machine, process, its start, one of its locks
_UNKNOWN = bytes(4)


def new_owner(nonce: bytes) -> bytes:
    """Name this process and one of its locks."""
    return _process(os.getpid()) + nonce


def new_nonce() -> bytes:
    """Make what tells the locks of a process apart."""
    return secrets.token_bytes(4)


@lru_cache(maxsize=1)
def _process(pid: int) -> bytes:
    return _machine() + pid.to_bytes(4, "big") + _start(pid)


@cache
def _machine() -> bytes:
    """Name the host, its boot and the name space of process identifiers: containers have one each."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):  # where there is no /proc, the name must do
        parts += [_text("/proc/sys/kernel/random/boot_id"), os.readlink("/proc/self/ns/pid")]
    return hashlib.sha256("\n".join(parts).encode()).digest()[:6]


def _start(pid: int) -> bytes:
    """Give a process's start in clock ticks: an identifier may be given out again. Zeros where it is not known."""
    try:
        return (int(_status(pid)[19]) % 2**32).to_bytes(4, "big")
    except (OSError, ValueError, IndexError):
        return _UNKNOWN


def _status(pid: int) -> list[str]:
    return _text(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _text(path: str) -> str:
    with open(path) as file:
        return file.read()


def is_alive(owner: bytes) -> bool | None:
    """Say whether a process runs, None if that cannot be told from here."""
    start = owner[10:14]
    if owner[:6] != _machine() or start == _UNKNOWN:
        return None
    try:
        status = _status(int.from_bytes(owner[6:10], "big"))
        is_ended = status[0] in "ZX"  # killed, and its parent has not noticed yet
        return not is_ended and (int(status[19]) % 2**32).to_bytes(4, "big") == start
    except (OSError, ValueError, IndexError):
        return False
