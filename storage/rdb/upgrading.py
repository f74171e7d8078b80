"""Bring a SQLite file of an older Optuna to the schema that parzen writes.

All older schemas are much alike. So the new tables are filled from the old ones in one step, whatever the revision, and
what an old table lacks is computed from what it has.
"""

from __future__ import annotations

import os
import sqlite3
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path

from ...engine.distributions import FloatDistribution, IntDistribution
from ...engine.distributions.json import distribution_to_json, json_to_distribution
from ...engine.exceptions import StorageInternalError
from . import schema
from .dialect import SQLITE
from .sqlite_files import explained

REVISIONS = (
    "v0.9.0.a",
    "v1.2.0.a",
    "v1.3.0.a",
    "v2.4.0.a",
    "v2.6.0.a",
    "v3.0.0.a",
    "v3.0.0.b",
    "v3.0.0.c",
    "v3.0.0.d",
    schema.REVISION,
)
"""Schema revisions that can be upgraded, from the oldest to the head."""

_SINCE = {
    "alembic_version": "v1.2.0.a",
    "study_directions": "v2.4.0.a",
    "trial_intermediate_values": "v2.4.0.a",
    "trial_heartbeats": "v2.6.0.a",
}
MODERN_DISTRIBUTIONS = "v3.0.0.a"
_OLD = "parzen_old_"

ColumnNames = Mapping[str, set[str]]  # by table


def upgrade(path: str | os.PathLike[str], timeout: float = 60.0) -> Path | None:
    """Bring a SQLite file of an older Optuna to the head revision, in one transaction.

    A copy of the old file is kept beside it. First stop the processes that work on the file: an older Optuna cannot go
    on with it. Tables that are not Optuna's stay; indexes and triggers that were added to Optuna's tables do not.

    Parameters
    ----------
    path
        Path of the file.
    timeout
        Seconds to wait for another process that writes.

    Returns
    -------
    Path | None
        Path of the copy, ``FILE.REVISION.bak``, or ``FILE.REVISION.2.bak`` and so on if that is taken; None if the file
        is at the head already.

    Raises
    ------
    StorageInternalError
        If there is no such file, it is damaged or of something else, or it or its folder cannot be written.
    RuntimeError
        If its revision is newer than the head, or unknown.
    """
    file = Path(path)
    if not file.is_file():
        raise StorageInternalError(f"There is no file {file} to upgrade: give the path of a study database.")
    try:
        if _inspect(file) == schema.REVISION:
            return None
        with closing(_connect(file, "rw", timeout)) as connection:
            return _upgrade(connection, file)
    except sqlite3.Error as error:
        if isinstance(error, sqlite3.IntegrityError) or "no such column" in str(error):
            raise _damaged(file, str(error)) from error
        raise explained(error, str(file)) from error


def _damaged(file: Path, found: str) -> StorageInternalError:
    return StorageInternalError(
        f"{file} is damaged: expected a whole study database, but found: {found}. It is left as it is; restore a copy, "
        "or save what can be read by `sqlite3 FILE .recover`."
    )


def _connect(file: Path, mode: str, timeout: float = 60.0) -> sqlite3.Connection:
    uri = f"{file.resolve().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)


def _inspect(file: Path) -> str:
    """Give the file's revision; raise if the file cannot be upgraded.

    The file is opened for reading only, because closing a connection that may write can change a file that is refused.
    A file with the journal of a dead process is an exception: only a connection that may write can undo what that
    process left half done.
    """
    mode = "rw" if os.path.exists(f"{file}-journal") else "ro"
    with closing(_connect(file, mode)) as connection:
        revision = _revision(connection, file)
        if revision != schema.REVISION:
            _check_content(connection, revision, file)
        return revision


def _revision(connection: sqlite3.Connection, file: Path) -> str:
    columns = _columns(connection)
    missing = {"studies", "trials", "version_info", "trial_params"} - columns.keys()
    if missing:
        raise StorageInternalError(
            f"{file} is a database of something else, or of an Optuna before 0.9: expected the tables of a study "
            f"database, but {', '.join(sorted(missing))} is not among {sorted(columns)[:5]}. It is left as it is; give "
            "another file."
        )
    if "alembic_version" not in columns:  # which Optuna 0.9 and 1.0 did not make
        return REVISIONS[0]
    found = [version for (version,) in connection.execute("SELECT version_num FROM alembic_version")]
    if len(found) != 1 or found[0] not in REVISIONS:
        raise RuntimeError(
            f"The schema of {file} is {', '.join(map(str, found)) or 'not named'}, but one of {', '.join(REVISIONS)} "
            "is expected. It is left as it is; if a newer Optuna wrote it, use a newer parzen."
        )
    return str(found[0])


def _columns(connection: sqlite3.Connection) -> dict[str, set[str]]:
    """Give the columns of each table."""
    sql = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    columns: dict[str, set[str]] = {}
    for table, column in connection.execute(sql):
        columns.setdefault(table, set()).add(column)
    return columns


def _check_content(connection: sqlite3.Connection, revision: str, file: Path) -> None:
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise _damaged(file, found)
    tables = _columns(connection)
    for table in schema.TABLES:
        is_expected = REVISIONS.index(revision) >= REVISIONS.index(_SINCE.get(table, REVISIONS[0]))
        if is_expected and table not in tables:
            raise _damaged(file, f"no table {table}")
    if revision < MODERN_DISTRIBUTIONS:
        _check_distributions(connection, file)


def _check_distributions(connection: sqlite3.Connection, file: Path) -> None:
    sql = "SELECT MIN(param_id), distribution_json FROM trial_params GROUP BY distribution_json"
    for param_id, text in connection.execute(sql):
        try:
            modern_distribution(text)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _damaged(file, f"parameter {param_id} with the distribution {text!r} ({error})") from error


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA legacy_alter_table = ON")  # references to a renamed table keep its old name
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _upgrade(connection: sqlite3.Connection, file: Path) -> Path | None:
    with _transaction(connection):
        revision = _revision(connection, file)
        if revision == schema.REVISION:  # another process was first
            return None
        backup = _keep_copy(file, revision)
        try:
            _rebuild(connection, revision)
        except BaseException:
            backup.unlink()
            raise
    return backup


def _keep_copy(file: Path, revision: str) -> Path:
    """Copy the file; within the transaction, so that no other process writes or takes the same name."""
    copy = Path(f"{file}.{revision}.bak")
    number = 2
    while copy.exists():
        copy, number = Path(f"{file}.{revision}.{number}.bak"), number + 1
    unfinished = Path(f"{copy}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        with closing(_connect(file, "ro")) as source, closing(sqlite3.connect(unfinished)) as target:
            source.backup(target)
        return unfinished.rename(copy)
    except (sqlite3.Error, OSError) as error:
        unfinished.unlink(missing_ok=True)
        raise StorageInternalError(
            f"An upgrade keeps a copy of the old file, but {copy} could not be written: {error}. {file} is left as it "
            "is; give write access to its folder, and room for a file of this size."
        ) from error


def _rebuild(connection: sqlite3.Connection, revision: str) -> None:
    old = {table: columns for table, columns in _columns(connection).items() if table in schema.TABLES}
    for table in old:
        connection.execute(f"ALTER TABLE {table} RENAME TO {_OLD}{table}")
    # The new indexes take the names of the old ones.
    sql = f"SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name LIKE '{_OLD}%'"
    for (name,) in connection.execute(sql).fetchall():
        connection.execute(f'DROP INDEX "{name}"')
    schema.create_tables(SQLITE, connection.execute)
    schema.stamp(connection.execute)
    new = _columns(connection)
    for table in schema.TABLES:
        if table not in ("version_info", "alembic_version"):
            _fill(connection, table, new[table], old)
    if revision < MODERN_DISTRIBUTIONS:
        connection.create_function("modern", 1, modern_distribution)
        connection.execute("UPDATE trial_params SET distribution_json = modern(distribution_json)")
    for table in old:
        connection.execute(f"DROP TABLE {_OLD}{table}")
    schema.create_indexes(SQLITE, connection.execute, present=set(), own_only=False)


def _fill(connection: sqlite3.Connection, table: str, columns: set[str], old: ColumnNames) -> None:
    """Fill a new table from the old ones."""
    source, changes = _source(table, old)
    if source not in old:
        return
    kept = {column: f'"{column}"' for column in columns & old[source]}
    terms = {**kept, **{column: term for column, term in changes.items() if column in columns}}
    names = ", ".join(f'"{name}"' for name in terms)
    where = changes.get("WHERE", "TRUE")
    connection.execute(
        f"INSERT INTO {table} ({names}) SELECT {', '.join(terms.values())} FROM {_OLD}{source} old WHERE {where} "
        "ORDER BY old.rowid"
    )


def _source(table: str, old: ColumnNames) -> tuple[str, Mapping[str, str]]:
    """Name the old table that a new one is filled from, and the terms for columns that are not simply copied.

    Columns decide, not tables: a newer Optuna that refused the file has added the tables that it missed, empty.
    """
    if table == "study_directions" and "direction" in old["studies"]:
        return "studies", {"objective": "0"}
    if table == "trials" and "number" not in old["trials"]:
        return table, {"number": _NUMBER}
    if table == "trial_system_attributes" and "number" not in old["trials"]:
        return table, {"WHERE": "\"key\" <> '_number'"}
    if table == "trial_values":
        return _source_of_values(old)
    if table == "trial_intermediate_values":
        return _source_of_reports(old)
    return table, {}


# Once the number of a trial was a system attribute, written after the trial itself, so it can be missing.
_NUMBER = f"""COALESCE(
  (SELECT CAST(value_json AS INTEGER) FROM {_OLD}trial_system_attributes a
   WHERE a.trial_id = old.trial_id AND "key" = '_number'),
  (SELECT COUNT(*) FROM {_OLD}trials b WHERE b.study_id = old.study_id AND b.trial_id < old.trial_id))"""

# Once there was no type beside a number: NaN was NULL, and infinity was itself or, in one version, the largest 32-bit
# float. As in Optuna's upgrade, a number within a part in 100,000 of that float is infinity, too.
_LARGEST = 3.4028234663852886e38
_BOUNDS = f"{_LARGEST * (1 - 1e-5)!r} AND {_LARGEST!r}"


def kind_of(number: str, infinity: str, nan: str = "NULL") -> str:
    """Give the term for a number's type where there was no type yet, with the database's infinity and NaN."""
    return f"""CASE WHEN NULLIF({number}, {nan}) IS NULL THEN 'NAN'
  WHEN {number} = {infinity} OR {number} BETWEEN {_BOUNDS} THEN 'INF_POS'
  WHEN {number} = -{infinity} OR -{number} BETWEEN {_BOUNDS} THEN 'INF_NEG' ELSE 'FINITE' END"""


def _split(number: str) -> tuple[str, str]:
    """Give the terms for a number's value and type where there was no type yet."""
    kind = kind_of(number, "9e999")
    return f"IIF({kind} = 'FINITE', {number}, NULL)", kind


def _source_of_values(old: ColumnNames) -> tuple[str, Mapping[str, str]]:
    value, kind = _split('"value"')
    if "value" in old["trials"]:
        return "trials", {"objective": "0", "value": value, "value_type": kind, "WHERE": '"value" IS NOT NULL'}
    if "value_type" in old["trial_values"]:
        return "trial_values", {}
    return "trial_values", {"value": value, "value_type": kind}


def _source_of_reports(old: ColumnNames) -> tuple[str, Mapping[str, str]]:
    table = "trial_intermediate_values"
    if "step" in old["trial_values"]:
        value, kind = _split('"value"')
        key = {"trial_intermediate_value_id": "trial_value_id"}
        return "trial_values", {**key, "intermediate_value": value, "intermediate_value_type": kind}
    if "intermediate_value_type" in old[table]:
        return table, {}
    value, kind = _split('"intermediate_value"')
    return table, {"intermediate_value": value, "intermediate_value_type": kind}


@lru_cache(4096)
def modern_distribution(text: str | None) -> str | None:
    """Write a distribution of one of the classes before version 3 as one of today's."""
    if text is None or '"CategoricalDistribution"' in text:
        return text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of the old classes
        old = json_to_distribution(text)
    if isinstance(old, FloatDistribution):
        return distribution_to_json(FloatDistribution(old.low, old.high, log=old.log, step=old.step))
    if isinstance(old, IntDistribution):
        return distribution_to_json(IntDistribution(old.low, old.high, log=old.log, step=old.step))
    return text
