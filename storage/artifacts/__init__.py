"""Artifacts: files that belong to studies and trials, kept in a folder or a bucket, their names noted by the study."""

from .backoff import Backoff
from .base import ArtifactNotFound, ArtifactStore
from .folder import FileSystemArtifactStore
from .gcs import GCSArtifactStore
from .s3 import Boto3ArtifactStore
from .transfer import ArtifactMeta, download_artifact, get_all_artifact_meta, upload_artifact

__all__ = [
    "ArtifactMeta",
    "ArtifactNotFound",
    "ArtifactStore",
    "Backoff",
    "Boto3ArtifactStore",
    "FileSystemArtifactStore",
    "GCSArtifactStore",
    "download_artifact",
    "get_all_artifact_meta",
    "upload_artifact",
]
