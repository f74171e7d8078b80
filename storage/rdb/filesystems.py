"""Whether a file lies on another machine."""

from __future__ import annotations

import os
import re

_NETWORK = (b"nfs", b"cifs", b"smb", b"9p", b"afs", b"auristorfs", b"ceph", b"coda", b"glusterfs", b"lustre", b"beegfs",
            b"fhgfs", b"gpfs", b"mmfs", b"orangefs", b"pvfs2", b"ncpfs", b"panfs", b"wekafs", b"quobyte", b"vboxsf",
            b"vmhgfs", b"prl_fs", b"davfs", b"gcsfuse", b"goofys", b"s3fs", b"juicefs", b"mfs", b"lizardfs",
            b"dvs", b"daos", b"hdfs")  # fmt: skip
# Of what FUSE mounts most comes over a network, under names without end; these do not.
_LOCAL_FUSE = {b"fuse.ntfs-3g", b"fuse.exfat", b"fuse.fuse-overlayfs", b"fuse.mergerfs", b"fuse.bindfs", b"fuse.encfs",
               b"fuse.gocryptfs", b"fuse.cryfs", b"fuse.veracrypt", b"fuse.squashfuse", b"fuse.squashfuse_ll",
               b"fuse.unionfs", b"fuse.unionfs-fuse", b"fuse.zfs", b"fuse.lxcfs", b"fuse.archivemount",
               b"fuse.ext4", b"fuse.fuse2fs", b"fuse.apfs", b"fuse.dislocker"}  # fmt: skip
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
        with open(mounts, "rb") as lines:
            kind = _kind_at(os.fsencode(os.path.realpath(path)), lines.read().split(b"\n"))
    except OSError:
        return None
    is_far = kind.startswith(_NETWORK) or kind == b"fuse" or (kind.startswith(b"fuse.") and kind not in _LOCAL_FUSE)
    return os.fsdecode(kind) if is_far else None


def _kind_at(path: bytes, lines: list[bytes]) -> bytes:
    """Give the kind of the nearest mount above a path; of several at one point the last, which hides the others."""
    nearest, kind = b"", b""
    for line in lines:
        before, _, after = line.partition(b" - ")
        fields = before.split(b" ")
        if len(fields) < 5:
            continue
        point = re.sub(rb"\\([0-7]{3})", lambda code: bytes([int(code[1], 8)]), fields[4])  # blanks are \040
        if len(point) >= len(nearest) and (path == point or path.startswith(point.rstrip(b"/") + b"/")):
            nearest, kind = point, after.split(b" ")[0]
    return kind
