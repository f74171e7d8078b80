"""Artifacts in buckets, beside real servers; skipped where the packages of the extra `bench` are missing."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from artifact_servers import BUCKET, gcs_client, s3_client

import parzen
from parzen.artifacts import (
    Boto3ArtifactStore,
    GCSArtifactStore,
    download_artifact,
    get_all_artifact_meta,
    upload_artifact,
)
from parzen.artifacts.exceptions import ArtifactNotFound

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with s3_client() as client:
        yield client


@pytest.fixture(scope="module")
def gcs() -> Iterator[Any]:
    with gcs_client() as client:
        yield client


@pytest.fixture(params=["s3", "s3-as-it-is", "gcs"])
def store(request: pytest.FixtureRequest) -> Any:
    if request.param == "gcs":
        return GCSArtifactStore(BUCKET, request.getfixturevalue("gcs"))
    return Boto3ArtifactStore(BUCKET, request.getfixturevalue("s3"), avoid_buf_copy=request.param == "s3-as-it-is")


def test_up_and_down(store, tmp_path):
    study = parzen.create_study()
    body = os.urandom(9_000_000)  # more than is sent at once
    (tmp_path / "up ü").write_bytes(body)
    artifact_id = upload_artifact(artifact_store=store, file_path=str(tmp_path / "up ü"), study_or_trial=study)
    assert [meta.artifact_id for meta in get_all_artifact_meta(study)] == [artifact_id]
    download_artifact(artifact_store=store, file_path=str(tmp_path / "down"), artifact_id=artifact_id)
    assert (tmp_path / "down").read_bytes() == body


def test_a_file_in_place_of_another(store):
    for body in (b"first", b"", b"third"):
        store.write("a", io.BytesIO(body))
        with store.open_reader("a") as reader:
            assert reader.read() == body


def test_what_is_not_there(store, tmp_path):
    store.write("b", io.BytesIO(b"1"))
    store.remove("b")
    with pytest.raises(ArtifactNotFound, match=f"No artifact 'b' was found in the bucket '{BUCKET}'"):
        store.open_reader("b")
    with pytest.raises(ArtifactNotFound):
        download_artifact(artifact_store=store, file_path=str(tmp_path / "down"), artifact_id="b")
    assert not os.listdir(tmp_path)


def test_a_bucket_that_is_not_there(s3, gcs):
    for store in (Boto3ArtifactStore("nobodys", s3), GCSArtifactStore("nobodys", gcs)):
        with pytest.raises(ArtifactNotFound, match="'nobodys'"):
            store.open_reader("a")
        with pytest.raises(Exception, match=r"NoSuchBucket|404"):
            store.write("a", io.BytesIO(b"1"))


def test_only_what_it_may_close_is_closed(s3):
    kept, given = io.BytesIO(b"1"), io.BytesIO(b"1")
    Boto3ArtifactStore(BUCKET, s3).write("c", kept)
    Boto3ArtifactStore(BUCKET, s3, avoid_buf_copy=True).write("c", given)
    assert not kept.closed and given.closed


def test_a_client_from_the_environment(s3, monkeypatch, tmp_path: Path):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.meta.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    store = Boto3ArtifactStore(BUCKET)
    store.write("d", io.BytesIO(b"from here"))
    with store.open_reader("d") as reader:
        assert reader.read() == b"from here"
    store.client.close()
