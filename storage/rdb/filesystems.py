"""Whether a file lies on another machine."""

from __future__ import annotations

import os

_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "lustre", "beegfs", "gpfs", "orangefs", "ncpfs",
            "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.juicefs")  # fmt: skip
_MOUNTS = "/proc/self/mountinfo"  # Linux alone has it; elsewhere a file counts as local


def network_file_system(path: str, mounts: str = _MOUNTS) -> str | None:
    """Give the kind of network file system that holds a file; None if the file is local or the kind is unknown.

    Parameters
    ----------
    path
        Path of the file, which need not be there.
    mounts
        Path of the list of mounts, in the form of Linux's ``/proc/self/mountinfo``.
    """
    try:
        with open(mounts, encoding="utf-8", errors="surrogateescape") as lines:
            kind = _kind_at(os.path.realpath(path), lines.read().splitlines())
    except OSError:
        return None
    return kind if kind.startswith(_NETWORK) else None


def _kind_at(path: str, lines: list[str]) -> str:
    """Give the kind of the nearest mount above a path; of several at one point the last, which hides the others."""
    nearest, kind = "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        point = before.split(" ")[4].encode().decode("unicode_escape")  # blanks are written as \040
        if len(point) >= len(nearest) and (path == point or path.startswith(point.rstrip("/") + "/")):
            nearest, kind = point, after.split(" ")[0]
    return kind
