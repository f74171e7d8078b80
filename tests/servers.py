"""Databases on real servers, for the tests: one of its own on each server for a run of the tests.

``PARZEN_TEST_POSTGRESQL`` and ``PARZEN_TEST_MYSQL`` name servers other than those of this machine. Where none answers a
test is skipped, or fails if ``PARZEN_REQUIRE_SERVERS`` is set, as in CI.
"""

from __future__ import annotations

import os
import uuid
from typing import Any

import pytest

ADDRESSES = {
    "postgresql": os.environ.get("PARZEN_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
    "mysql": os.environ.get("PARZEN_TEST_MYSQL", "mysql+pymysql://root@127.0.0.1:3306/mysql"),
}
_made: dict[str, str] = {}  # names of the databases of this run


def missing(reason: str) -> None:
    """Skip a test that needs a server, or fail it where there must be one."""
    (pytest.fail if os.environ.get("PARZEN_REQUIRE_SERVERS") else pytest.skip)(reason)


def run(kind: str, sql: str) -> Any:
    """Run a statement as the administrator of a server, outside any transaction; skip if there is none."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    try:
        with connect(ADDRESSES[kind]) as connection:
            result = connection.exec_driver_sql(sql)
            return result.fetchall() if result.returns_rows else None
    except sqlalchemy.exc.OperationalError as error:
        missing(f"no {kind} server answers at {ADDRESSES[kind]}: {error}")


def connect(url: str) -> Any:
    """Connect to a server; each statement is a transaction, unless one is begun."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    pool = sqlalchemy.pool.NullPool
    return sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=pool).connect()


def tables(connection: Any) -> list[str]:
    """List the tables and views of a database."""
    import sqlalchemy

    found = sqlalchemy.inspect(connection)
    return sorted([*found.get_table_names(), *found.get_view_names()])


def new_database(kind: str) -> str:
    """Create an empty database and give its URL; `drop_databases` drops it."""
    name = f"parzen_test_{uuid.uuid4().hex[:12]}"
    run(kind, f"CREATE DATABASE {name}")
    _made[name] = kind
    return ADDRESSES[kind].rpartition("/")[0] + f"/{name}"


def database_of_this_run(kind: str) -> str:
    """Give the URL of a database that all tests of this run share, which is quicker than one for each."""
    if kind not in _shared:
        _shared[kind] = new_database(kind)
    return _shared[kind]


_shared: dict[str, str] = {}


def drop_databases() -> None:
    """Drop all databases of this run."""
    while _made:
        name, kind = _made.popitem()
        run(kind, f"DROP DATABASE {name}" + (" WITH (FORCE)" if kind == "postgresql" else ""))
