"""A relay before a server, which counts how often a client waits for an answer."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator


class Relay:
    """Passes bytes on between a client and a server.

    Attributes
    ----------
    port : int
        Where it listens, on this machine.
    n_round_trips : int
        How often a client sent something after the server had answered: parts of one message count once.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.n_round_trips = 0
        self._is_waiting = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, server = self._listener.accept()[0], socket.create_connection(self._target)
                for ends in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_question: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(2**16):
                self.n_round_trips += is_question and not self._is_waiting
                self._is_waiting = is_question
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def count(self, verb: Callable[[], object]) -> int:
        """Count the round trips of a verb."""
        before = self.n_round_trips
        verb()
        return self.n_round_trips - before

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()


@contextlib.contextmanager
def relay(host: str, port: int) -> Iterator[Relay]:
    """Give a relay for a while."""
    made = Relay(host, port)
    try:
        yield made
    finally:
        made.close()
