"""Several statements in one message to a server, by drivers that can do that: psycopg and PyMySQL.

Both then write the parameters into the text themselves, quoted by their own rules. With another driver each statement
is a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from .database import Outcome
from .statements import Statement

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


def prepare_engine(engine: Engine) -> None:
    """Let the connections of an engine take several statements in one message."""
    if engine.dialect.driver == "pymysql":
        from pymysql.constants import CLIENT
        from sqlalchemy import event

        def allow(dialect: Any, record: Any, arguments: Any, options: dict[str, Any]) -> None:
            options["client_flag"] = options.get("client_flag", 0) | CLIENT.MULTI_STATEMENTS

        event.listen(engine, "do_connect", allow)


def exchange(connection: Connection, statements: Sequence[Statement]) -> list[Outcome]:
    """Run statements one after the other, and give what each gave; after an error none that follows is run.

    Raises
    ------
    sqlalchemy.exc.DBAPIError
        Whatever the server or the driver says.
    """
    if connection.dialect.driver not in ("psycopg", "pymysql"):
        return [outcome for statement in statements for outcome in _exchange(connection, [statement])]
    return _exchange(connection, statements)


def _exchange(connection: Connection, statements: Sequence[Statement]) -> list[Outcome]:
    from sqlalchemy.exc import DBAPIError

    quote = str(connection.dialect.identifier_preparer.initial_quote)
    sql = "; ".join(_in_driver_style(sql, quote) for sql, _ in statements)
    parameters = tuple(value for _, values in statements for value in values)
    dialect, raw = connection.dialect, connection.connection
    assert dialect.loaded_dbapi is not None
    cursor = None
    try:
        cursor = _cursor(connection)
        cursor.execute(sql, parameters)
        outcomes = [_outcome(cursor)]
        while len(outcomes) < len(statements) and cursor.nextset():
            outcomes.append(_outcome(cursor))
        cursor.close()
        return outcomes
    except dialect.loaded_dbapi.Error as error:
        is_lost = dialect.is_disconnect(error, raw, cursor)
        raise DBAPIError.instance(
            sql, parameters, error, dialect.loaded_dbapi.Error, connection_invalidated=is_lost, dialect=dialect
        ) from error


def _cursor(connection: Connection) -> Any:
    """Make a cursor; psycopg's usual one leaves the parameters to the server, which then takes one statement alone."""
    raw = connection.connection
    if connection.dialect.driver == "psycopg":
        from psycopg import ClientCursor

        return ClientCursor(cast(Any, raw.driver_connection))
    return raw.cursor()


def _outcome(cursor: Any) -> Outcome:
    rows = [] if cursor.description is None else [tuple(row) for row in cursor.fetchall()]
    return Outcome(rows, int(cursor.rowcount))


@lru_cache(maxsize=256)
def _in_driver_style(sql: str, quote: str) -> str:
    return sql.replace("?", "%s").replace('"', quote)
