"""Artifacts in Amazon S3, or in a server that speaks its language; needs boto3, which the extra `artifacts` brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from .base import ArtifactNotFound

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MISSING = ("NoSuchKey", "NoSuchBucket", "404")


class Boto3ArtifactStore:
    """Keeps artifacts as objects of a bucket of S3. S3 shows an object only once it is whole.

    Parameters
    ----------
    bucket_name
        Name of a bucket that is there.
    client
        A client of boto3 for S3; by default one made from the environment, as ``boto3.client("s3")``.
    avoid_buf_copy
        Hand files to boto3 as they are: it closes them. By default they stay open; no copy is made either way.

    Raises
    ------
    ImportError
        If boto3 is not installed.
    """

    def __init__(self, bucket_name: str, client: S3Client | None = None, *, avoid_buf_copy: bool = False) -> None:
        self.bucket = bucket_name
        self.client: Any = _new_client() if client is None else client
        self._avoid_buf_copy = avoid_buf_copy

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """Open an artifact, which is read as it comes over the network; `ArtifactNotFound` if there is none."""
        try:
            body: BinaryIO = self.client.get_object(Bucket=self.bucket, Key=artifact_id)["Body"]
        except Exception as error:
            response = getattr(error, "response", {})
            if response.get("Error", {}).get("Code") in _MISSING:
                raise ArtifactNotFound(artifact_id, f"the bucket {self.bucket!r}") from error
            raise
        return body

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Store what is left to read of a file, in place of what had this identifier."""
        body = content_body if self._avoid_buf_copy else _StaysOpen(content_body)
        self.client.upload_fileobj(body, self.bucket, artifact_id)

    def remove(self, artifact_id: str) -> None:
        """Delete an artifact; nothing happens if there is none, for S3 does not say so."""
        self.client.delete_object(Bucket=self.bucket, Key=artifact_id)


class _StaysOpen:
    """A file that whoever gets it cannot close."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def close(self) -> None:
        """Do nothing."""


def _new_client() -> Any:
    try:
        import boto3
    except ImportError as error:
        raise ImportError('Boto3ArtifactStore needs boto3: pip install "parzen[artifacts]".') from error
    return boto3.client("s3")
