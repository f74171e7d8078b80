"""Artifacts in Google Cloud Storage; needs google-cloud-storage, which the extra `artifacts` brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from .base import ArtifactNotFound

if TYPE_CHECKING:
    import google.cloud.storage


class GCSArtifactStore:
    """Keeps artifacts as objects of a bucket of Google's, which shows an object only once it is whole.

    Parameters
    ----------
    bucket_name
        Name of a bucket that is there.
    client
        A client of google-cloud-storage; by default one made from the environment.

    Raises
    ------
    ImportError
        If google-cloud-storage is not installed.
    """

    def __init__(self, bucket_name: str, client: google.cloud.storage.Client | None = None) -> None:
        self.bucket_name = bucket_name
        self.client: Any = _new_client() if client is None else client
        self.bucket_obj: Any = self.client.bucket(bucket_name)

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """Open an artifact, which is read in pieces; `ArtifactNotFound` if there is none."""
        blob = self.bucket_obj.get_blob(artifact_id)
        if blob is None:
            raise self._not_found(artifact_id)
        reader: BinaryIO = blob.open("rb")
        return reader

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Store what is left to read of a file, in place of what had this identifier."""
        self.bucket_obj.blob(artifact_id).upload_from_file(content_body)

    def remove(self, artifact_id: str) -> None:
        """Delete an artifact; `ArtifactNotFound` if there is none."""
        blob = self.bucket_obj.get_blob(artifact_id)
        if blob is None:
            raise self._not_found(artifact_id)
        blob.delete()

    def _not_found(self, artifact_id: str) -> ArtifactNotFound:
        return ArtifactNotFound(artifact_id, f"the bucket {self.bucket_name!r}")


def _new_client() -> Any:
    try:
        import google.cloud.storage
    except ImportError as error:
        raise ImportError('GCSArtifactStore needs google-cloud-storage: pip install "parzen[artifacts]".') from error
    return google.cloud.storage.Client()
