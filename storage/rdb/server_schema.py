"""The tables on a server: created where there are none, beside whatever else the database holds.

A user who may only select, insert, update and delete works on tables that somebody else made. parzen's own tables and
indexes are optional then: what goes without them goes on, and what does not is said.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...engine.exceptions import StorageInternalError
from ...engine.logging import get_logger
from . import schema
from .dialect import ENUMERATIONS, enumeration

if TYPE_CHECKING:
    from .database import Database

_logger = get_logger(__name__)
_told: set[str] = set()  # places of which it was said that work goes on with less
_LOCK = 7069  # any number that parzen's processes share
_PATIENCE = 30  # seconds for another process that creates the tables


class MissingRight(StorageInternalError):
    """The user may not do this."""


def prepare(db: Database) -> bool:
    """Check the tables, create what is missing, and tell whether parzen's own tables can be used.

    Raises
    ------
    StorageInternalError
        If names of the tables are taken by something else, or the tables are missing and cannot be created.
    RuntimeError
        If the schema is of another version.
    """
    tables = _tables(db)
    if _are_missing(db, tables):
        with creating(db):
            _create(db)
        return True
    schema.check_tables(db.query, tables, db.place)
    if not tables >= schema.OWN_TABLES:
        tables = _complete(db)
    _create_own_indexes(db)
    return tables >= schema.OWN_TABLES


def _tables(db: Database) -> set[str]:
    return {str(name) for (name,) in db.query(db.dialect.tables)}


def _are_missing(db: Database, tables: set[str]) -> bool:
    """Tell whether there are no tables of studies, or only some, since a process died while it created them."""
    found = tables & set(schema.TABLES)
    if not found:
        return True
    is_stamped = "alembic_version" in found and bool(db.query("SELECT 1 FROM alembic_version"))
    if is_stamped and "studies" in found:
        return False
    is_half_made = not is_stamped and not db.dialect.has_transactional_tables and _is_ours(db)
    if not is_half_made and not {"studies", "trials", "version_info"} <= found:
        raise StorageInternalError(
            f"{db.place} has no studies, but the names {sorted(found)} of their tables are taken by something else. It "
            "is left as it is: give another database, or a schema of its own (in PostgreSQL by the search_path)."
        )
    return is_half_made


def _is_ours(db: Database) -> bool:
    """Tell whether the table that is created first is there and has the columns that it should have."""
    sql = (
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'studies' AND table_schema = DATABASE()"
    )
    return {str(name) for (name,) in db.query(sql)} == {"study_id", "study_name"}


@contextlib.contextmanager
def creating(db: Database) -> Iterator[None]:
    """Give a context in which no other process creates tables."""
    if db.dialect.has_transactional_tables:
        with db.transaction():
            db.query(f"SELECT pg_advisory_xact_lock({_LOCK})")
            yield
        return
    db.query(f"SELECT GET_LOCK('parzen-{_LOCK}', {_PATIENCE})")
    try:
        yield
    finally:
        db.query(f"SELECT RELEASE_LOCK('parzen-{_LOCK}')")


def _create(db: Database) -> None:
    if not _are_missing(db, _tables(db)):  # another process was first
        return
    create_tables(db)
    schema.create_indexes(db.dialect, db.execute, _indexes(db), own_only=False)
    schema.stamp(db.execute)


def create_tables(db: Database) -> None:
    """Create those of the tables that are missing, and the types of their columns."""
    _create_types(db)
    schema.create_tables(db.dialect, db.execute, "IF NOT EXISTS ", **_options(db))


def _complete(db: Database) -> set[str]:
    """Create parzen's own tables beside those of Optuna, if this user may, and give the tables that can be used."""
    with contextlib.suppress(MissingRight), creating(db):
        schema.create_own_tables(db.dialect, db.execute, **_options(db))
    tables = _tables(db)
    if not tables >= schema.OWN_TABLES and db.place not in _told:
        _told.add(db.place)
        _logger.warning(
            f"{db.place} lacks the tables {sorted(schema.OWN_TABLES)}, or this user may not write to them, and cannot "
            "create them. Without them work goes on, but a change is not tried again if the connection breaks while it "
            "is stored, and the processes of this machine are known by their heartbeats alone, as Optuna's."
        )
    return tables


def _create_own_indexes(db: Database) -> None:
    """Create parzen's own indexes; without them all works, only slower."""
    present = _indexes(db)
    if not present >= set(schema.OWN_INDEXES[db.dialect.name]):
        with contextlib.suppress(MissingRight), creating(db):
            schema.create_indexes(db.dialect, db.execute, _indexes(db), own_only=True)


def _indexes(db: Database) -> set[str]:
    return {str(name) for (name,) in db.query(db.dialect.indexes)}


def _create_types(db: Database) -> None:
    for name, values in ENUMERATIONS.items() if db.dialect.has_transactional_tables else ():
        in_schema = "typnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
        if not db.query(f"SELECT 1 FROM pg_type WHERE typname = ? AND {in_schema}", (name,)):
            db.execute(f"CREATE TYPE {name} AS {enumeration(values)}")


def _options(db: Database) -> dict[str, str]:
    """Give the collation in which names differ if they differ in case, in accents or in blanks at the end."""
    if db.dialect.has_transactional_tables:
        return {}
    version = str(db.query("SELECT VERSION()")[0][0])
    return {"collation": "utf8mb4_nopad_bin" if "MariaDB" in version else "utf8mb4_0900_bin"}
