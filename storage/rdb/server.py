"""A PostgreSQL, MySQL or MariaDB server, reached through SQLAlchemy; one connection a process.

A server can break off a transaction (a deadlock, a lost connection), and when it does so at the end, the client cannot
tell whether the transaction was stored. So `once` gives each transaction a number, the request, and stores the number
and the result in the same transaction, in a row of this process: a request that is tried again looks there first.

What costs time is not the work of a statement but its way there and back. So a statement whose result nobody awaits,
like BEGIN, waits for the next one, and goes there in the same message.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NoReturn

from ...engine.exceptions import StorageInternalError
from ...engine.interrupts import Deferred, pause
from ...engine.logging import get_logger
from ...engine.redaction import redacted_url
from . import server_schema, server_upgrading
from .database import Conflict, Database, Outcome, Row, T, Transaction
from .dialect import MYSQL, POSTGRESQL
from .failures import Kind, diagnose, too_large
from .lines import Line, server_engine
from .messages import exchange
from .statements import Statement, for_rows

if TYPE_CHECKING:
    from sqlalchemy import Engine

_logger = get_logger(__name__)
_DRIVERS = {"postgresql": "psycopg", "postgres": "psycopg", "mysql": "pymysql", "mariadb": "pymysql"}
_SCHEMES = {"postgres": "postgresql"}
_OPENING = 3.0  # seconds for the first connection to a server that does not answer: the address may be wrong
_WORTH_SAYING = 2.0  # seconds of waiting
_UPGRADING = 24 * 3600.0  # seconds in which a server must have changed a large table
_LARGE = 2**19  # characters in a statement that may be beyond a server's limit


class Interrupted(StorageInternalError):
    """The server broke off a statement or a transaction, which may be tried again.

    Parameters
    ----------
    text
        What happened.
    is_full
        Whether the server, or the pool, has no free connection.
    may_be_stored
        Whether the change may have been stored nevertheless.
    """

    def __init__(self, text: str, is_full: bool = False, may_be_stored: bool = False) -> None:
        super().__init__(text)
        self.is_full = is_full
        self.may_be_stored = may_be_stored


def is_server(url: str) -> bool:
    """Tell whether a URL names a server that parzen knows."""
    return url.split(":")[0].split("+")[0] in _DRIVERS


def _with_driver(url: str) -> str:
    """Name the driver in a URL that leaves it open; ``ValueError`` if it is no URL."""
    from_user, at, _ = url.partition("?")[0].partition("://")[2].rpartition("@")
    if at and "@" in from_user:
        raise ValueError(
            f"Could not parse the storage URL {redacted_url(url)!r}: expected one @, but there are several. Write one "
            "in a user or password as %40 (and / as %2F, : as %3A)."
        )
    scheme, colon, rest = url.partition(":")
    if "+" in scheme:
        return url
    return f"{_SCHEMES.get(scheme, scheme)}+{_DRIVERS[scheme]}{colon}{rest}"


class ServerDatabase(Database):
    """A study database on a server; the tables are created if there are none.

    Parameters
    ----------
    url
        ``postgresql://USER:PASSWORD@HOST/DATABASE`` or ``mysql://...``; another driver than psycopg or PyMySQL is named
        after a plus, as in ``mysql+driver://...``.
    timeout
        Seconds for which a lost connection, or a transaction that the server broke off, is tried again.
    engine_options
        Further arguments of SQLAlchemy's ``create_engine``.
    may_be_old
        Whether tables of another revision are no error, since `upgrade` is to bring them up to date.
    """

    def __init__(self, url: str, timeout: float, engine_options: dict[str, Any], may_be_old: bool = False) -> None:
        super().__init__()
        self._engine, is_kept = server_engine(_with_driver(url), engine_options, timeout)
        self._is_postgresql = self._engine.dialect.name == "postgresql"
        self.dialect = POSTGRESQL if self._is_postgresql else MYSQL
        self.place = self._engine.url.render_as_string(hide_password=True)
        self._timeout = timeout
        self._line = Line(self._engine, is_kept, self.place, timeout)
        weakref.finalize(self, self._line.drop)
        self._is_trying = False
        self._unsent: list[Statement] = []  # of the transaction
        self._largest = 0  # packet that the server takes; 0 if unknown
        self._n_requests = 0
        self._versions = itertools.count()
        try:
            self.has_own_tables = self._try(lambda: server_schema.prepare(self), timeout=_OPENING)
        except RuntimeError:
            if not may_be_old:
                raise
            self.has_own_tables = False

    # --- the connection ----------------------------------------------------------------------------------------------

    def engine(self) -> Engine:
        return self._engine

    def close(self) -> None:
        self._line.drop()

    @contextlib.contextmanager
    def _call(self) -> Iterator[None]:
        """Give a context for one attempt; after it the connection is given back, if it is not kept."""
        self._is_trying = True
        try:
            yield
        finally:
            self._is_trying = False
            if not self._line.is_kept:
                self._line.give_back()

    def _run(self, statements: Sequence[Statement]) -> list[Outcome]:
        """Send by one message what is unsent and these statements, and give the results of these."""
        is_open = self._line.is_open
        sent, self._unsent = [*self._unsent, *statements], []
        try:
            with self._line as connection:
                return exchange(connection, sent)[-len(statements) :]
        except Exception as error:
            if self._is_too_large(error, sent):
                raise StorageInternalError(f"{self.place} could not do it: {too_large(self._largest)}") from error
            verbs = {sql.split()[0] for sql, _ in sent}
            self._fail(error, is_open and ("COMMIT" in verbs if self._is_in_transaction else verbs != {"SELECT"}))

    def _is_too_large(self, error: Exception, sent: Sequence[Statement]) -> bool:
        """Tell whether a connection was lost because MySQL takes no packet of this size; some say only that."""
        size = sum(len(value) for _, values in sent for value in values if isinstance(value, str))
        diagnosis = None if self._is_postgresql or size < _LARGE else diagnose(error)
        if diagnosis is None or diagnosis.kind != Kind.LOST:
            return False
        self._line.drop()
        with contextlib.suppress(Exception), self._line as connection:
            self._largest = int(connection.exec_driver_sql("SELECT @@max_allowed_packet").scalar_one())
        return size > self._largest > 0

    def _fail(self, error: Exception, may_be_stored: bool = False) -> NoReturn:
        """Raise an error that holds the server's message: `Interrupted` where another attempt may help."""
        diagnosis = diagnose(error)
        if diagnosis is None:
            raise error
        text = (
            f"{self.place} could not do it: {str(getattr(error, 'orig', error)).strip()}. {diagnosis.remedy}".rstrip()
        )
        if diagnosis.kind == Kind.CONFLICT:
            raise Conflict(text) from error
        if diagnosis.kind == Kind.BROKEN_OFF:
            raise Interrupted(text) from error
        if diagnosis.kind == Kind.FINAL:
            raise (server_schema.MissingRight if diagnosis.is_right else StorageInternalError)(text) from error
        if diagnosis.kind == Kind.LOST:
            self._line.drop()
        raise Interrupted(text, diagnosis.kind == Kind.FULL, may_be_stored) from error

    def _try(
        self, work: Callable[[], T], timeout: float | None = None, trace: str = "", is_idempotent: bool = True
    ) -> T:
        """Do `work`, again and again while the server breaks it off, until the time is over or Ctrl-C comes.

        Parameters
        ----------
        work
            What to do.
        timeout
            Seconds, if not those of the database.
        trace
            How it can be found out whether the change was stored, where that is not known.
        is_idempotent
            Whether `work` may be done once more after it was stored; else `trace` must tell.
        """
        if self._is_trying:  # part of what is tried again as a whole
            return work()
        since, is_unknown, is_said = time.monotonic(), False, False
        with Deferred():
            for attempt in itertools.count():
                try:
                    with self._call():
                        return work()
                except Interrupted as error:
                    is_unknown = is_unknown or error.may_be_stored
                    allowed = self._timeout if timeout is None or error.is_full else timeout
                    seconds = min(0.01 * 2**attempt, 1.0) * random.uniform(0.5, 1.5)
                    waited = time.monotonic() - since
                    unknown = f" It is not known whether the change was stored.{trace}" if is_unknown else ""
                    is_final = error.may_be_stored and not (is_idempotent or trace)
                    if is_final or waited + seconds > allowed:
                        text = f"{error} It was tried for {waited:.0f} seconds.{unknown}"
                        raise StorageInternalError(text) from error
                    if waited > _WORTH_SAYING and not is_said:
                        is_said = True
                        _logger.warning(f"{error} It is tried again for {allowed:g} seconds.")
                    try:
                        pause(seconds, since)
                    except KeyboardInterrupt:
                        raise KeyboardInterrupt(*([f"{error}{unknown}"] if unknown else [])) from error
        raise AssertionError

    # --- statements --------------------------------------------------------------------------------------------------

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return self.together((sql, parameters))[0].rows

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        return self.together((sql, parameters))[0].n_found

    def together(self, *statements: Statement) -> list[Outcome]:
        """Run statements, and try them again if need be; a transaction is tried again as a whole."""
        return self._try(lambda: self._run(statements))

    def executemany(self, sql: str, rows: Sequence[Row]) -> None:
        self._unsent += for_rows(sql, rows)

    def insert(self, sql: str, parameters: Sequence[Any], key: str) -> int:
        if self.dialect.returns_keys:
            return int(self.query(f"{sql} RETURNING {key}", parameters)[0][0])
        return int(self.together((sql, parameters), ("SELECT LAST_INSERT_ID()", ()))[1].rows[0][0])

    # --- transactions ------------------------------------------------------------------------------------------------

    def once(self, work: Callable[[], T]) -> T:
        if self._is_in_transaction:
            return work()
        self._n_requests += 1
        is_repeated = False

        def attempt() -> T:
            nonlocal is_repeated
            request = (self.worker_id, self._n_requests)
            if is_repeated and self.has_own_tables:
                sql = "SELECT answer FROM parzen_workers WHERE worker_id = ? AND request = ?"
                for (answer,) in self.query(sql, request):  # the last attempt was stored after all
                    return json.loads(answer)  # type: ignore[no-any-return]
            is_repeated = True
            with self.transaction():
                result = work()
                if self.has_own_tables:
                    self.executemany(self.statements.insert_answer, [(*request, json.dumps(result))])
            return result

        where = f"the row {self.worker_id!r} of the table parzen_workers has the request {self._n_requests}."
        return self._try(attempt, trace=f" If it was, {where}" if self.has_own_tables else "", is_idempotent=False)

    def _begin(self, begin: str) -> None:
        self._unsent = [(statement, ()) for statement in begin.split("; ")]

    def _roll_back(self) -> None:
        self._unsent = []
        if self._line.is_open:
            with contextlib.suppress(StorageInternalError):
                self._run([("ROLLBACK", ())])

    def reading(self) -> AbstractContextManager[None]:
        # A trial is read before what belongs to it, and all that belongs to a finished trial was stored before its end.
        return contextlib.nullcontext()

    def in_one_state(self, work: Callable[[], T]) -> T | None:
        if self._is_in_transaction:
            return None

        def attempt() -> T:
            with Transaction(self, self.dialect.snapshot):
                return work()

        return self._try(attempt)

    def version(self) -> int:
        return next(self._versions)  # to ask a server takes as long as to read

    def revision(self) -> str:
        return self._try(lambda: server_upgrading.find_revision(self))

    def upgrade(self) -> None:
        silence, self._line.silence = self._line.silence, _UPGRADING
        try:
            self._try(lambda: server_upgrading.upgrade(self))
        finally:
            self._line.silence = silence
        self.has_own_tables = self._try(lambda: server_schema.prepare(self))
