"""The import of grpc, when the first server or client is made, and the names that both sides share."""

from __future__ import annotations

import importlib
from typing import Any

METHOD = "/parzen.StorageProxy/call"  # the only method: JSON in, JSON out
TOKEN_KEY = "parzen-token-bin"  # key of the token in the metadata; the suffix allows any bytes
TOKEN_VARIABLE = "PARZEN_PROXY_TOKEN"


def load_grpc() -> Any:
    """Import grpc; ``ImportError`` that says what to install."""
    try:
        return importlib.import_module("grpc")
    except ImportError as error:
        raise ImportError('grpcio is needed for the storage proxy: pip install "parzen[grpc]"') from error


def address(host: str, port: int) -> str:
    """Write host and port as gRPC reads them, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"
