"""Answer how often a trial waits for a server's answer, beside Optuna's: what counts where the server is far away.

Method: between client and server stands a relay, which counts each time the client sends something after the server had
answered. A trial is `ask`, 5 suggested parameters (random sampling), 10 reports and `tell`; once its parameters are
suggested one after the other, once `ask` is given their distributions. The counts are those of a trial after the first
few. Requests of a storage proxy cannot be told apart so, as gRPC sends more than requests; a test counts them.

How to run::

    pip install "parzen[bench,rdb]"
    python -m parzen.benchmarks.speed.round_trips
    python -m parzen.benchmarks.speed.round_trips --kinds PostgreSQL --postgresql postgresql+psycopg://me@host/postgres

"""

from __future__ import annotations

import argparse
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from parzen.benchmarks.speed.storage import (
    MARIADB,
    OURS,
    POSTGRESQL,
    SERVERS,
    SPACE,
    THEIRS,
    Case,
    answering,
    close,
    open_study,
    place,
    space_of,
)


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
        self._sockets = [self._listener]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, server = self._listener.accept()[0], socket.create_connection(self._target)
                self._sockets += client, server
                for ends in ((client, server, True), (server, client, False)):
                    self._threads.append(threading.Thread(target=self._pass_on, args=ends, daemon=True))
                    self._threads[-1].start()

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
        """End all connections, and take no more."""
        for end in self._sockets:
            with contextlib.suppress(OSError):  # ended already
                end.shutdown(socket.SHUT_RDWR)  # which wakes the thread that waits for it
        for thread in self._threads:
            thread.join(10)
        for end in self._sockets:
            end.close()


@contextlib.contextmanager
def relay(host: str, port: int) -> Iterator[Relay]:
    """Give a relay for a while."""
    made = Relay(host, port)
    try:
        yield made
    finally:
        made.close()


# --- trials ----------------------------------------------------------------------------------------------------------


def count_trial(between: Relay, study: Any, space: dict[str, Any] | None) -> list[int]:
    """Count the round trips of ask, of 5 suggestions, of 10 reports, and of tell."""
    asked: list[Any] = []
    n_ask = between.count(lambda: asked.append(study.ask(space)))
    trial = asked[0]
    n_suggest = between.count(lambda: [trial.suggest_float(name, 0.0, 1.0) for name in SPACE])
    n_reports = between.count(lambda: [trial.report(1.0, step) for step in range(10)])
    return [n_ask, n_suggest, n_reports, between.count(lambda: study.tell(trial, 1.0))]


def print_counts(kind: str, addresses: dict[str, str]) -> None:
    from sqlalchemy import make_url

    for library in (OURS, THEIRS):
        with place(kind, Path(), addresses) as where:
            address = make_url(where)
            with relay(address.host or "localhost", address.port or PORTS[kind]) as between:
                through = address.set(host="127.0.0.1", port=between.port).render_as_string(hide_password=False)
                study = open_study(Case(library, kind, 1, 10), through)
                for at_once in (False, True):
                    space = space_of(library) if at_once else None
                    counts = [count_trial(between, study, space) for _ in range(5)][-1]
                    how = "ask(distributions)" if at_once else "one by one"
                    print(f"{kind:12}{library:9}{how:20}" + "".join(f"{n:9}" for n in (*counts, sum(counts))))
                close(study)


PORTS = {POSTGRESQL: 5432, MARIADB: 3306}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", choices=SERVERS, default=list(SERVERS), help="servers (default: all)")
    parser.add_argument("--postgresql", default="postgresql+psycopg://postgres@127.0.0.1/postgres", metavar="URL")
    parser.add_argument("--mariadb", default="mysql+pymysql://root@127.0.0.1/mysql", metavar="URL")
    arguments = parser.parse_args()
    addresses = {POSTGRESQL: arguments.postgresql, MARIADB: arguments.mariadb}
    print(f"{'round trips':41}{'ask':>9}{'suggest':>9}{'report':>9}{'tell':>9}{'trial':>9}")
    for kind in answering(arguments.kinds, addresses):
        print_counts(kind, addresses)


if __name__ == "__main__":
    main()
