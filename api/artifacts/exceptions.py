"""Errors of artifacts."""

from parzen.storage.artifacts import ArtifactNotFound

__all__ = ["ArtifactNotFound"]
