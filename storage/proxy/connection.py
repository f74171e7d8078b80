"""The client's connection, which sends a request again until the server answers it."""

from __future__ import annotations

import os
import random
import threading
import time
import uuid
from typing import Any

from ...engine.exceptions import StorageInternalError
from ...engine.interrupts import Breakable, give_way, is_overdue, pause
from .loading import METHOD, TOKEN_KEY, TOKEN_VARIABLE, address, load_grpc
from .wire import Identity, Position, read_answer, write_request

_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # After these times a server that was cut off is noticed.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
]
_SHORTEST = 5.0  # seconds for an answer, even where nothing is tried again
_POLL = 0.1  # seconds between two looks for Ctrl-C
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # seconds between attempts
_forgotten: list[Any] = []  # channels of a parent process: a child can neither use nor close them


class Connection:
    """A channel to the server, opened when it is needed, and again in a forked child.

    Parameters
    ----------
    host, port
        Where the server listens.
    token
        The secret that the server asks for, or None.
    credentials
        ``grpc.ChannelCredentials`` for TLS, or None.
    timeout
        Seconds for which a request is sent again while the server does not answer.
    """

    def __init__(self, host: str, port: int, token: str | None, credentials: Any, timeout: float) -> None:
        self._grpc = load_grpc()
        self.where = address(host, port)
        self.timeout = timeout
        self._credentials = credentials
        secret = token or os.environ.get(TOKEN_VARIABLE)
        self._metadata = ((TOKEN_KEY, secret.encode()),) if secret else None
        self._lock = threading.Lock()
        self._channel: Any = None
        self._send: Any = None
        self._session = threading.local()

    def reset_after_fork(self) -> None:
        """Leave the parent's channel, lock and sessions to the parent."""
        _forgotten.append((self._channel, self._send))
        self._lock = threading.Lock()
        self._channel = self._send = None
        self._session = threading.local()

    def close(self) -> None:
        """Close the channel; the next call opens it again."""
        with self._lock:
            if self._channel is not None:
                self._channel.close()
            self._channel = self._send = None

    def _open(self) -> Any:
        with self._lock:
            if self._channel is None:
                options = _OPTIONS
                if self._credentials is None:
                    self._channel = self._grpc.insecure_channel(self.where, options=options)
                else:
                    self._channel = self._grpc.secure_channel(self.where, self._credentials, options=options)
                self._send = self._channel.unary_unary(METHOD)
            return self._send

    def wait(self, timeout: float | None) -> None:
        """Wait until the server can be reached; ``grpc.FutureTimeoutError`` if it cannot."""
        self._open()
        self._grpc.channel_ready_future(self._channel).result(timeout=timeout)

    def call(
        self,
        verb: str,
        arguments: list[Any],
        position: Position | None = None,
        is_change: bool = False,
    ) -> tuple[Any, Any]:
        """Send a request until it is answered.

        Parameters
        ----------
        verb, arguments
            What to do.
        position
            How far this client has read the study; the answer then tells what is new.
        is_change
            Whether the request must be carried out once, however often it is sent.

        Returns
        -------
        value, delta
            What the server answered, and what is new in the study.

        Raises
        ------
        StorageInternalError
            If there is no answer in time, or the server refuses the token.
        """
        serial = self._next_serial() if is_change else 0
        since, attempt, seconds = time.monotonic(), 1, _FIRST_PAUSE
        while True:
            identity = Identity(self._session.name, serial, attempt) if is_change else None
            try:
                message = write_request(verb, arguments, position, identity)
                return read_answer(self._answer(message, since))
            except self._grpc.RpcError as error:
                left = since + self.timeout - time.monotonic()
                self._raise_if_final(error, verb, is_over=left <= 0)
            pause(min(seconds * random.uniform(0.5, 1.0), left), since)
            attempt, seconds = attempt + 1, min(2 * seconds, _LONGEST_PAUSE)

    def _answer(self, message: bytes, since: float) -> bytes:
        """Wait for the answer to a message, but not for long after Ctrl-C."""
        arguments = {"metadata": self._metadata, "timeout": max(self.timeout, _SHORTEST)}
        answer: bytes
        if threading.current_thread() is threading.main_thread():
            with Breakable():
                answer = self._open()(message, **arguments)
            return answer
        future = self._open().future(message, **arguments)  # slower, but no signal reaches other threads
        while True:
            try:
                answer = future.result(timeout=_POLL)
                return answer
            except self._grpc.FutureTimeoutError:
                if is_overdue():
                    future.cancel()
                    give_way(since)

    def _next_serial(self) -> int:
        """Number this thread's changing requests, of which it sends one at a time."""
        session = self._session
        if not hasattr(session, "name"):
            session.name, session.serial = uuid.uuid4().hex, 0
        session.serial += 1
        return int(session.serial)

    def _raise_if_final(self, error: Any, verb: str, is_over: bool) -> None:
        """Raise if another attempt cannot help, or comes too late."""
        codes = self._grpc.StatusCode
        if error.code() == codes.UNAUTHENTICATED:
            raise StorageInternalError(
                f"The storage proxy at {self.where} refuses the token of this client. Give `token`, or set "
                f"{TOKEN_VARIABLE}, to what the server was started with."
            ) from error
        if error.code() not in (codes.UNAVAILABLE, codes.CANCELLED) or is_over:
            raise StorageInternalError(
                f"The storage proxy at {self.where} did not answer {verb!r} within {self.timeout:g} seconds "
                f"({error.code().name}: {error.details()}). Look whether the server runs and can be reached from here, "
                "start it again, and go on: what was told before is stored."
            ) from error
