"""What a store of artifacts does. A class with these three methods is one: nothing need be inherited."""

from __future__ import annotations

from typing import BinaryIO, Protocol

from ...engine.exceptions import OptunaError


class ArtifactNotFound(OptunaError):
    """The store holds no artifact of that identifier."""

    def __init__(self, artifact_id: str = "", place: str = "the store") -> None:
        super().__init__(
            f"No artifact {artifact_id!r} was found in {place}: `get_all_artifact_meta` lists those of a study or a "
            "trial, and the store must be the one to which they were uploaded."
        )


class ArtifactStore(Protocol):
    """Keeps bytes by identifier."""

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """Open an artifact; the caller closes it. `ArtifactNotFound` if there is none."""

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Store what is left to read of a file; nobody sees it before it is whole."""

    def remove(self, artifact_id: str) -> None:
        """Delete an artifact."""
