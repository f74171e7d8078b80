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
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NoReturn

from ...engine.exceptions import StorageInternalError
from . import schema
from .database import Conflict, Database, Outcome, Row, T, engine_of
from .dialect import ENUMERATIONS, MYSQL, POSTGRESQL, enumeration
from .messages import exchange, prepare_engine
from .statements import Statement, for_rows

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_DRIVERS = {"postgresql": "psycopg", "postgres": "psycopg", "mysql": "pymysql", "mariadb": "pymysql"}
_SCHEMES = {"postgres": "postgresql"}
_OPENING = 3.0  # seconds for the first connection: a wrong password is not tried for a minute
_SCHEMA_LOCK = 7069  # any number that parzen's processes share
_DEADLOCKS = ("40001", "40P01", "55P03", "1213", "1205", "1020")  # SQLSTATEs of PostgreSQL, numbers of MySQL


class Interrupted(StorageInternalError):
    """The server broke off a statement or a transaction, which may be tried again."""


def is_server(url: str) -> bool:
    """Tell whether a URL names a server that parzen knows."""
    return url.split(":")[0].split("+")[0] in _DRIVERS


def _with_driver(url: str) -> str:
    """Name the driver in a URL that leaves it open."""
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
    """

    def __init__(self, url: str, timeout: float, engine_options: dict[str, Any]) -> None:
        super().__init__()
        self._engine = engine_of(_with_driver(url), isolation_level="AUTOCOMMIT", **engine_options)
        prepare_engine(self._engine)
        self._is_postgresql = self._engine.dialect.name == "postgresql"
        self.dialect = POSTGRESQL if self._is_postgresql else MYSQL
        self.place = self._engine.url.render_as_string(hide_password=True)
        self._timeout = timeout
        self._connection: Connection | None = None
        self._unsent: list[Statement] = []  # of the transaction
        self._n_requests = 0
        self._versions = itertools.count()
        self._try(self._prepare, timeout=_OPENING)

    # --- the connection ----------------------------------------------------------------------------------------------

    def _open(self) -> Connection:
        if self._connection is None:
            try:
                self._connection = self._engine.connect()
                self._to_close.callback(_close, self._connection)
                if not self._is_postgresql:  # identifiers in double quotes, as everywhere else
                    self._connection.exec_driver_sql("SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')")
            except Exception as error:
                self._fail(error)
        return self._connection

    def engine(self) -> Engine:
        return self._engine

    def upgrade(self) -> None:
        self._open()  # which refuses a database of another revision

    def close(self) -> None:
        self._connection = None
        self._to_close.close()

    def _run(self, statements: Sequence[Statement]) -> list[Outcome]:
        """Send by one message what is unsent and these statements, and give the results of these."""
        connection = self._open()
        sent, self._unsent = [*self._unsent, *statements], []
        try:
            return exchange(connection, sent)[-len(statements) :]
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> NoReturn:
        """Raise an error that holds the server's message: `Interrupted` where another attempt may help."""
        from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

        if not isinstance(error, DBAPIError):
            raise error
        text = f"{self.place} could not do it: {str(error.orig).strip()}."
        if isinstance(error, IntegrityError):
            raise Conflict(text) from error
        code = getattr(error.orig, "sqlstate", None) or str(next(iter(getattr(error.orig, "args", ())), ""))
        if code in _DEADLOCKS:
            raise Interrupted(text) from error
        if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError):
            self.close()
            raise Interrupted(
                f"{text} Check that the server runs, and the address, user and database in the URL."
            ) from error
        raise StorageInternalError(text) from error

    def _try(self, work: Callable[[], T], timeout: float | None = None) -> T:
        """Do `work`, again and again while the server breaks it off, until the time is over."""
        timeout = self._timeout if timeout is None else timeout
        deadline = time.monotonic() + timeout
        for attempt in itertools.count():
            try:
                return work()
            except Interrupted as error:
                pause = min(0.01 * 2**attempt, 1.0) * random.uniform(0.5, 1.5)
                if time.monotonic() + pause > deadline:
                    raise StorageInternalError(f"{error} It was tried for {timeout:g} seconds.") from error
                time.sleep(pause)
        raise AssertionError

    # --- statements --------------------------------------------------------------------------------------------------

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return self.together((sql, parameters))[0].rows

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        return self.together((sql, parameters))[0].n_found

    def together(self, *statements: Statement) -> list[Outcome]:
        """Run statements, and try them again if need be; a transaction is tried again as a whole."""
        return self._run(statements) if self._is_in_transaction else self._try(lambda: self._run(statements))

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
            if is_repeated:
                sql = "SELECT answer FROM parzen_workers WHERE worker_id = ? AND request = ?"
                for (answer,) in self.query(sql, request):  # the last attempt was stored after all
                    return json.loads(answer)  # type: ignore[no-any-return]
            is_repeated = True
            with self._transaction():
                result = work()
                self.executemany(self.statements.insert_answer, [(*request, json.dumps(result))])
            return result

        return self._try(attempt)

    def _begin(self, begin: str) -> None:
        self._unsent = [(begin, ())]

    def _roll_back(self) -> None:
        self._unsent = []
        if self._connection is not None:
            try:
                self._connection.exec_driver_sql("ROLLBACK")
            except Exception:
                self.close()

    def reading(self) -> AbstractContextManager[None]:
        # A trial is read before what belongs to it, and all that belongs to a finished trial was stored before its end.
        return contextlib.nullcontext()

    def version(self) -> int:
        return next(self._versions)  # to ask a server takes as long as to read

    # --- the schema --------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        if self._is_postgresql:
            with self._transaction():
                self._run_once(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})")
                self._create_missing()
        else:  # a transaction would be of no use: in MySQL each CREATE TABLE ends one
            self._run_once(f"SELECT GET_LOCK('parzen-{_SCHEMA_LOCK}', {int(self._timeout)})")
            try:
                self._create_missing()
            finally:
                self._run_once(f"SELECT RELEASE_LOCK('parzen-{_SCHEMA_LOCK}')")

    def _create_missing(self) -> None:
        options = {} if self._is_postgresql else {"collation": self._collation()}
        tables = {str(name) for (name,) in self.query(self.dialect.tables)}
        is_new = not tables or self._is_half_made(tables)
        if is_new:
            self._create_types()
            schema.create_tables(self.dialect, self._run_once, "IF NOT EXISTS ", **options)
        else:
            schema.check_tables(self.query, tables, self.place)
        if not tables >= schema.OWN_TABLES:
            schema.create_own_tables(self.dialect, self._run_once, **options)
        present = {str(name) for (name,) in self.query(self.dialect.indexes)}
        schema.create_indexes(self.dialect, self._run_once, present, own_only=not is_new)

    def _run_once(self, sql: str) -> None:
        """Run a statement without a second attempt."""
        self._run([(sql, ())])

    def _is_half_made(self, tables: set[str]) -> bool:
        """Tell whether a process died while it created the tables, which come one by one in MySQL."""
        known = schema.OWN_TABLES | set(schema.TABLES)
        is_stamped = "alembic_version" in tables and bool(self.query("SELECT 1 FROM alembic_version"))
        return not self._is_postgresql and tables <= known and not is_stamped

    def _create_types(self) -> None:
        for name, values in ENUMERATIONS.items() if self._is_postgresql else ():
            in_schema = "typnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
            if not self.query(f"SELECT 1 FROM pg_type WHERE typname = ? AND {in_schema}", (name,)):
                self._run_once(f"CREATE TYPE {name} AS {enumeration(values)}")

    def _collation(self) -> str:
        """Give the collation in which names differ if they differ in case, in accents or in blanks at the end."""
        version = str(self.query("SELECT VERSION()")[0][0])
        return "utf8mb4_nopad_bin" if "MariaDB" in version else "utf8mb4_0900_bin"


def _close(connection: Connection) -> None:
    with contextlib.suppress(Exception):  # it may be lost already
        connection.close()
