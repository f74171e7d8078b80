"""The server: a storage behind a port."""

from __future__ import annotations

import hmac
import ipaddress
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ...engine.exceptions import StorageInternalError
from ...engine.logging import get_logger
from ..base import BaseStorage
from .loading import METHOD, TOKEN_KEY, TOKEN_VARIABLE, address, load_grpc
from .service import Service

_logger = get_logger(__name__)
_GRACE = 10.0  # seconds for running calls when the server ends
_N_THREADS = 10
_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),  # else a second server on the port gets half of the calls
    # Clients send keepalive pings while they wait for an answer.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
]


def run_grpc_proxy_server(
    storage: BaseStorage,
    *,
    host: str = "localhost",
    port: int = 13000,
    thread_pool: ThreadPoolExecutor | None = None,
    token: str | None = None,
    credentials: Any = None,
) -> None:
    """Serve a storage to `GrpcStorageProxy` clients, until Ctrl-C.

    Parameters
    ----------
    storage
        The storage. What is in an `InMemoryStorage` is lost when the server ends.
    host
        Name or address to listen at; anything but this machine itself needs a token.
    port
        Port to listen at.
    thread_pool
        Threads that carry requests out; ten by default.
    token
        A secret that clients must give; by default the environment variable ``PARZEN_PROXY_TOKEN``, if set.
    credentials
        ``grpc.ServerCredentials`` for TLS. Without TLS the token can be read in the network's traffic.

    Raises
    ------
    ValueError
        If `host` can be reached from other machines and there is no token.
    StorageInternalError
        If the port is taken or cannot be opened.
    ImportError
        If grpcio is not installed.
    """
    server, bound = make_server(
        storage, host=host, port=port, thread_pool=thread_pool, token=token, credentials=credentials
    )
    server.start()
    _logger.info(f"The storage proxy listens at {address(host, bound)}. Press Ctrl-C to end it.")
    try:
        server.wait_for_termination()
    except KeyboardInterrupt:
        _logger.info("The storage proxy ends after the calls that run now.")
    finally:
        server.stop(_GRACE).wait()


def make_server(
    storage: BaseStorage,
    *,
    host: str = "localhost",
    port: int = 0,
    thread_pool: ThreadPoolExecutor | None = None,
    token: str | None = None,
    credentials: Any = None,
) -> tuple[Any, int]:
    """Make a ``grpc.Server`` that is not started yet; see `run_grpc_proxy_server`.

    Returns
    -------
    server, port
        The server and its port, which is a free one if 0 was given.
    """
    grpc = load_grpc()
    token = token or os.environ.get(TOKEN_VARIABLE) or None
    _require_token(host, token)
    pool = thread_pool or ThreadPoolExecutor(_N_THREADS, thread_name_prefix="parzen-proxy")
    server = grpc.server(pool, handlers=[_handler(grpc, Service(storage), token)], options=_OPTIONS)
    where = address(host, port)
    try:
        bound = server.add_secure_port(where, credentials) if credentials else server.add_insecure_port(where)
    except RuntimeError as error:
        bound = 0
        _logger.debug(f"{error}")
    if not bound:
        raise StorageInternalError(f"Cannot listen at {where}: perhaps another server does. Choose another port.")
    return server, bound


def _require_token(host: str, token: str | None) -> None:
    if token is None and not _is_loopback(host):
        raise ValueError(
            f"Whoever reaches {host!r} could read and change the studies. Give a `token`, or set {TOKEN_VARIABLE}, "
            "here and for the clients; or listen at 'localhost'."
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:  # a name, which may stand for anything
        return False


def _handler(grpc: Any, service: Service, token: str | None) -> Any:
    """Make what finds the handler of a call; the token is checked before anything of the call is read."""
    answer = grpc.unary_unary_rpc_method_handler(lambda message, context: service.answer(message))

    def refuse(messages: Any, context: Any) -> None:
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "The storage proxy was given no token, or a wrong one.")

    refusal = grpc.stream_unary_rpc_method_handler(refuse)

    class Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
        def service(self, details: Any) -> Any:
            if details.method != METHOD:
                return None
            return answer if _is_allowed(token, details.invocation_metadata) else refusal

    return Handler()


def _is_allowed(token: str | None, metadata: Any) -> bool:
    """Compare the token that came with a call, in a time that tells nothing about the right token."""
    if token is None:
        return True
    given = dict(metadata or ()).get(TOKEN_KEY, b"")
    return hmac.compare_digest(given, token.encode())
