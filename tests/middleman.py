"""A middleman between a client and a server of this machine: it forwards, falls silent, or hangs up, as a test says."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any


class Middleman:
    """Listens at a port of its own, and forwards what it gets to a server, and what that answers.

    Parameters
    ----------
    host, port
        Where the server listens.
    """

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._speaks = threading.Event()
        self._speaks.set()
        self._open: list[socket.socket] = []
        self._lost = b""
        self.delay = 0.0  # seconds that an answer takes longer
        self.silent_after: bytes | None = None  # words of a client after which the server's answers are kept back
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Middleman:
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.close()
        self.cut()

    def fall_silent(self) -> None:
        """Forward nothing any more, but keep all connections, and accept new ones."""
        self._speaks.clear()

    def speak(self) -> None:
        """Forward again, also what came meanwhile."""
        self.silent_after = None
        self._speaks.set()

    def cut(self) -> None:
        """Hang up all connections."""
        while self._open:
            end = self._open.pop()
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def lose_answers_to(self, words: bytes) -> None:
        """Hang up once a client has said some words, after they have reached the server."""
        self._lost = words

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._open += [client, server]
                for source, target in ((client, server), (server, client)):
                    arguments: tuple[Any, ...] = (source, target, source is client)
                    threading.Thread(target=self._forward, args=arguments, daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket, is_client: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(2**16):
                if not is_client or self.silent_after is None:
                    self._speaks.wait()
                if is_client and self.silent_after is not None and self.silent_after in data:
                    self._speaks.clear()  # this still reaches the server, its answer does not come back
                if not is_client:
                    time.sleep(self.delay)
                target.sendall(data)
                if is_client and self._lost and self._lost in data:
                    self._lost = b""
                    break
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
