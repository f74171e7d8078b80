"""Artifacts as files in a folder, and how a file comes into being at once."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .base import ArtifactNotFound


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write a file that has its name only once it is whole and on the disk.

    Until then it has another name in the same folder, ``.partial-`` and random digits, which only a killed process
    leaves behind.

    Parameters
    ----------
    path
        Where the file is to be; one that is there is replaced at the end.

    Raises
    ------
    OSError
        If the folder is missing or cannot be written to, or the disk is full. What was at `path` is still there.
    """
    partial = path.with_name(f".partial-{uuid.uuid4()}")
    try:
        with open(partial, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException as error:
        with suppress(NotADirectoryError):  # nothing was written there
            partial.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename == str(partial):
            error.filename = str(path)  # the name that the caller knows
        raise
    if os.name == "posix":  # the name itself is safe once the folder is on the disk
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class FileSystemArtifactStore:
    """Keeps artifacts as files in a folder, which may be one that several machines share.

    A file has its name only once it is whole and on the disk: no reader sees a half-written one, and a killed process
    leaves at most a file called ``.partial-...``.

    Parameters
    ----------
    base_path
        The folder; it must exist when an artifact is written.

    Raises
    ------
    ValueError
        By each method, if an identifier leads out of the folder.
    """

    def __init__(self, base_path: str | Path) -> None:
        self._base_path = Path(base_path)

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """Open an artifact; `ArtifactNotFound` if there is none."""
        try:
            return open(self._path(artifact_id), "rb")
        except FileNotFoundError as error:
            raise ArtifactNotFound(artifact_id, str(self._base_path)) from error

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Store what is left to read of a file, in place of what had this identifier."""
        with whole_file(self._path(artifact_id)) as file:
            shutil.copyfileobj(content_body, file)

    def remove(self, artifact_id: str) -> None:
        """Delete an artifact; `ArtifactNotFound` if there is none."""
        try:
            os.remove(self._path(artifact_id))
        except FileNotFoundError as error:
            raise ArtifactNotFound(artifact_id, str(self._base_path)) from error

    def _path(self, artifact_id: str) -> Path:
        """Give the file of an artifact, links followed."""
        base = self._base_path.resolve()
        path = (base / artifact_id).resolve()
        if base not in path.parents:
            raise ValueError(
                f"Invalid artifact_id: {artifact_id!r} leads out of {base}. Expected the name of a file in that folder."
            )
        return path
