"""The connection of a process to a server: how it is made, kept or given back, and cut where the server is silent.

A statement that waits for a silent server cannot be left by an exception, since the driver would wait for an end of the
conversation. So a thread looks at the connection now and then, and shuts its socket down when the time is over, or a
moment after Ctrl-C; for the driver the server is gone then.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from ...engine.interrupts import MOMENT, Apart, is_overdue
from ...engine.logging import get_logger
from .database import engine_of
from .messages import prepare_engine

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_logger = get_logger(__name__)
_LOOK = 0.1  # seconds between two looks at a statement that runs
_WORTH_SAYING = 5.0  # seconds of silence
_CONNECTING = 10  # seconds for one attempt to connect
_LEVELS = ("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")


def server_engine(url: str, options: dict[str, Any], silence: float) -> tuple[Engine, bool]:
    """Make the engine of a server, and tell whether its connection is kept between two calls.

    Without options of a pool there is one connection, which is kept. Who chooses a pool, as ``NullPool``, lets that
    decide: after each call the connection goes back to the pool.

    Parameters
    ----------
    url
        The URL, with its driver.
    options
        Arguments of ``create_engine``.
    silence
        Seconds for which the server may be silent.
    """
    is_pooled = any(name.startswith("pool") or name == "max_overflow" for name in options)
    driver = url.split(":")[0].rpartition("+")[2]
    timeouts: dict[str, float] = {}
    if driver in ("psycopg", "psycopg2", "pymysql") and "connect_timeout" not in url:
        timeouts["connect_timeout"] = _CONNECTING
    if driver == "pymysql":
        timeouts |= {"read_timeout": silence, "write_timeout": silence}
    pool: dict[str, Any] = {"poolclass": None} if is_pooled else {}  # None: what SQLAlchemy takes by default
    arguments = {**timeouts, **options.get("connect_args", {})}
    engine = engine_of(url, **{**pool, **options, "connect_args": arguments})
    prepare_engine(engine)
    _prepare_each(engine, str(options.get("isolation_level", "")).upper().replace("_", " "))
    return engine, not is_pooled


def _prepare_each(engine: Engine, level: str) -> None:
    """Have each new connection of an engine prepared."""
    from sqlalchemy import event

    statements = []
    if engine.dialect.name != "postgresql":  # else a value that is too long is cut without a word
        statements.append("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')")
        if level in _LEVELS:
            statements.append(f"SET SESSION TRANSACTION ISOLATION LEVEL {level}")
    elif level in _LEVELS:
        statements.append(f"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {level}")
    if not statements:
        return

    def prepare(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()
        connection.commit()

    event.listen(engine, "connect", prepare)


class Line:
    """The connection of a process to a server, opened when it is needed; a context around each call that uses it.

    Parameters
    ----------
    engine
        The engine that connects.
    is_kept
        Whether the connection stays open between two calls.
    place
        The server, for messages.
    silence
        Seconds after which a statement without an answer is cut off.
    """

    def __init__(self, engine: Engine, is_kept: bool, place: str, silence: float) -> None:
        self.engine = engine
        self.is_kept = is_kept
        self._place = place
        self.silence = silence
        self._connection: Connection | None = None
        self._guard = threading.Lock()  # held while the connection is closed or cut
        self._since = 0.0  # when the statement began that runs; 0 if none does
        self._is_said = False
        self._watched_by: threading.Thread | None = None

    def __enter__(self) -> Connection:
        if self._connection is None:
            self._connection = Apart(self._connect, _close).result()
            self._watch()
        self._is_said = False
        self._since = time.monotonic()
        return self._connection

    def __exit__(self, *error: object) -> None:
        self._since = 0.0

    @property
    def is_open(self) -> bool:
        """Whether there is a connection."""
        return self._connection is not None

    def _connect(self) -> Connection:
        return self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def give_back(self) -> None:
        """Give the connection back to its pool; the next statement takes one again."""
        if self._connection is not None:
            self._since = time.monotonic()
            with contextlib.suppress(Exception):  # it may be lost already
                self._connection.close()
            with self._guard:
                self._connection, self._since = None, 0.0

    def drop(self) -> None:
        """Close the connection for good, without a word that a silent server had to answer."""
        with self._guard:
            connection, self._connection, self._since = self._connection, None, 0.0
            if connection is not None:
                with contextlib.suppress(Exception):
                    connection.invalidate()
                with contextlib.suppress(Exception):
                    connection.close()
            if not self.is_kept:
                self.engine.dispose()

    # --- silence -----------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        if self._watched_by is None or not self._watched_by.is_alive():  # a fork has no threads
            arguments = (weakref.ref(self), os.getpid())
            thread = threading.Thread(target=_look_again, args=arguments, daemon=True, name="parzen-line")
            thread.start()
            self._watched_by = thread

    def look(self) -> None:
        """Cut the connection if a statement has waited for too long, or if Ctrl-C came a moment ago."""
        with self._guard:
            waited = time.monotonic() - self._since if self._since else 0.0
            if waited > self.silence or (waited > MOMENT and is_overdue()):
                _shut_down(self._connection)
            elif waited > _WORTH_SAYING and not self._is_said:
                self._is_said = True
                _logger.warning(
                    f"{self._place} has not answered a statement for {waited:.0f} seconds: the server is suspended, or "
                    f"another session holds a lock. It is waited for until {self.silence:g} seconds are over."
                )


def _look_again(reference: weakref.ref[Line], pid: int) -> None:
    while True:
        time.sleep(_LOOK)
        line = reference()
        if line is None or os.getpid() != pid:
            return
        line.look()
        del line


def _close(connection: Connection) -> None:
    """Close for good a connection that comes when nobody waits for it any more."""
    connection.invalidate()
    connection.close()


def _shut_down(connection: Connection | None) -> None:
    """Shut the socket of a connection down, so that what reads from it ends."""
    with contextlib.suppress(Exception):  # the connection is lost, or of a driver that does not show its socket
        driver: Any = connection.connection.driver_connection  # type: ignore[union-attr]
        if hasattr(driver, "fileno"):
            with socket.socket(fileno=os.dup(driver.fileno())) as copy:
                copy.shutdown(socket.SHUT_RDWR)
        else:
            driver._sock.shutdown(socket.SHUT_RDWR)
