"""Bring a server's tables of an older Optuna to the schema that parzen writes.

The tables are changed where they are, by steps of which each looks for what it has to change, and the revision is
written last. PostgreSQL does all of them in one transaction. MySQL and MariaDB store each change of a table at once;
there an upgrade that was broken off goes on when it is called again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...engine.exceptions import StorageInternalError
from . import schema
from .server_schema import create_tables, creating
from .upgrading import MODERN_DISTRIBUTIONS, REVISIONS, kind_of, modern_distribution

if TYPE_CHECKING:
    from .database import Database

_NUMBERED = "v1.3.0.a"  # the first revision whose trials have their number in a column
_TYPED = (("trial_values", "value"), ("trial_intermediate_values", "intermediate_value"))
_TEXTS = (
    *((f"{owner}_{kind}_attributes", "value_json") for owner in ("study", "trial") for kind in ("user", "system")),
    ("trial_params", "distribution_json"),
)


class _Column(NamedTuple):
    type: str
    is_nullable: bool


def upgrade(db: Database) -> None:
    """Bring the tables to the head revision, unless they are there already.

    First stop the processes that work on them, and make a dump: no copy is kept.

    Raises
    ------
    StorageInternalError
        If the database holds something else, or what no Optuna wrote.
    RuntimeError
        If its revision is newer than the head, or unknown.
    """
    with creating(db):
        revision = find_revision(db)
        if revision == schema.REVISION:  # another process was first
            return
        create_tables(db)
        db.execute(
            f"INSERT INTO alembic_version SELECT '{revision}' FROM version_info "
            "WHERE NOT EXISTS (SELECT 1 FROM alembic_version)"
        )
        _allow_waiting(db)
        _widen(db)
        for table, column in _TYPED:
            _type_numbers(db, table, column)
        _move_reports(db)
        _move_values(db)
        _move_directions(db)
        if revision < _NUMBERED:
            _number(db)
        if revision < MODERN_DISTRIBUTIONS:
            _modernise(db)
        _index(db)
        schema.stamp(db.execute)


def find_revision(db: Database) -> str:
    """Give the revision of the tables; raise an error if it is not one that can be upgraded."""
    columns = _columns(db)
    missing = {"studies", "trials", "version_info", "trial_params"} - columns.keys()
    if missing:
        raise StorageInternalError(
            f"{db.place} is a database of something else, or of an Optuna before 0.9: expected the tables of a study "
            f"database, but {', '.join(sorted(missing))} is missing. It is left as it is; give another database."
        )
    rows = db.query("SELECT version_num FROM alembic_version") if "alembic_version" in columns else []
    if not rows and "direction" in columns["studies"]:  # Optuna 0.9 and 1.0 made no such table
        return REVISIONS[0]
    found = [str(version) for (version,) in rows]
    if len(found) != 1 or found[0] not in REVISIONS:
        raise RuntimeError(
            f"The schema of {db.place} is {', '.join(found) or 'not named'}, but one of {', '.join(REVISIONS)} is "
            "expected. It is left as it is; if a newer Optuna wrote it, use a newer parzen."
        )
    return found[0]


def _columns(db: Database) -> dict[str, dict[str, _Column]]:
    """Give the columns of each table of studies that is there."""
    columns: dict[str, dict[str, _Column]] = {}
    for table, column, kind, is_nullable in db.query(db.dialect.columns):
        if table in schema.TABLES:
            columns.setdefault(table, {})[str(column)] = _Column(str(kind), bool(is_nullable))
    return columns


def _change(db: Database, table: str, column: str, kind: str, is_nullable: bool) -> None:
    """Change the type of a column."""
    if db.dialect.has_transactional_tables:
        rule = f"{'DROP' if is_nullable else 'SET'} NOT NULL"
        db.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind}, ALTER COLUMN {column} {rule}")
    else:
        db.execute(f"ALTER TABLE {table} MODIFY {column} {kind} {'NULL' if is_nullable else 'NOT NULL'}")


def _allow_waiting(db: Database) -> None:
    """Let trials wait, which they could not before Optuna 1.2."""
    if db.dialect.has_transactional_tables:
        db.execute("ALTER TYPE trialstate ADD VALUE IF NOT EXISTS 'WAITING'")
    elif "WAITING" not in _columns(db)["trials"]["state"].type:
        _change(db, "trials", "state", db.dialect.types["trialstate"], is_nullable=False)


def _widen(db: Database) -> None:
    """Make room where texts ended at 2048 characters, and where MySQL kept numbers in single precision."""
    columns = _columns(db)
    for table, column in _TEXTS:
        if "text" not in columns[table][column].type.lower():
            _change(db, table, column, db.dialect.types["text"], is_nullable=True)
    for table, column in (*_TYPED, ("trial_params", "param_value"), ("trials", "value")):
        if column in columns[table] and columns[table][column].type == "float":
            _change(db, table, column, db.dialect.types["float"], is_nullable=True)


def _enumeration(table: str) -> str:
    return f"{table.replace('_', '').removesuffix('s')}type"


def _split(db: Database, table: str, column: str) -> tuple[str, str]:
    """Give the terms for a number's value and type where there was no type yet."""
    if not db.dialect.has_transactional_tables:
        kind = kind_of(column, "NULL")  # which keeps neither infinity nor NaN
        return f"CASE WHEN {kind} = 'FINITE' THEN {column} END", kind
    kind = kind_of(column, "CAST('Infinity' AS DOUBLE PRECISION)", "CAST('NaN' AS DOUBLE PRECISION)")
    return f"CASE WHEN {kind} = 'FINITE' THEN {column} END", f"CAST({kind} AS {_enumeration(table)})"


def _type_numbers(db: Database, table: str, column: str) -> None:
    """Write beside each number whether it is finite."""
    columns, kind = _columns(db)[table], f"{column}_type"
    if table == "trial_values" and "step" in columns:  # which are reports still
        return
    if kind in columns and not columns[kind].is_nullable:
        return
    enumeration = db.dialect.types[_enumeration(table)]
    if kind not in columns:
        db.execute(f"ALTER TABLE {table} ADD COLUMN {kind} {enumeration}")
    _change(db, table, column, db.dialect.types["float"], is_nullable=True)
    number, term = _split(db, table, column)  # the type first: MySQL takes what comes next from the changed row
    db.execute(f"UPDATE {table} SET {kind} = {term}, {column} = {number} WHERE {kind} IS NULL")
    _change(db, table, kind, enumeration, is_nullable=False)


def _move_reports(db: Database) -> None:
    """Move the reports out of the table that has the objective values since Optuna 2.4."""
    if "step" not in _columns(db)["trial_values"]:
        return
    table, own = "trial_intermediate_values", "n.trial_id = o.trial_id AND n.step = o.step"
    value, kind = _split(db, table, "o.value")
    db.execute(
        f"INSERT INTO {table} (trial_id, step, intermediate_value, intermediate_value_type) "
        f"SELECT o.trial_id, o.step, {value}, {kind} FROM trial_values o WHERE o.step IS NOT NULL "
        f"AND NOT EXISTS (SELECT 1 FROM {table} n WHERE {own}) ORDER BY o.trial_value_id"
    )
    db.execute("DROP TABLE trial_values")
    create_tables(db)


def _move_values(db: Database) -> None:
    """Move the objective values to a table of their own."""
    if "value" not in _columns(db)["trials"]:
        return
    value, kind = _split(db, "trial_values", "o.value")
    db.execute(
        "INSERT INTO trial_values (trial_id, objective, value, value_type) "
        f"SELECT o.trial_id, 0, {value}, {kind} FROM trials o WHERE o.value IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM trial_values n WHERE n.trial_id = o.trial_id) ORDER BY o.trial_id"
    )
    db.execute("ALTER TABLE trials DROP COLUMN value")


def _move_directions(db: Database) -> None:
    """Move the directions to a table of their own."""
    if "direction" not in _columns(db)["studies"]:
        return
    db.execute(
        "INSERT INTO study_directions (direction, study_id, objective) SELECT o.direction, o.study_id, 0 "
        "FROM studies o WHERE NOT EXISTS (SELECT 1 FROM study_directions n WHERE n.study_id = o.study_id) "
        "ORDER BY o.study_id"
    )
    db.execute("ALTER TABLE studies DROP COLUMN direction")


def _number(db: Database) -> None:
    """Give trials their numbers: from an attribute, which was written after the trial itself, so it can be missing."""
    if "number" not in _columns(db)["trials"]:
        db.execute("ALTER TABLE trials ADD COLUMN number INTEGER")
    is_postgresql = db.dialect.has_transactional_tables
    numbered = (
        f"SELECT x.trial_id, COALESCE(CAST(a.value_json AS {'INTEGER' if is_postgresql else 'SIGNED'}), "
        "ROW_NUMBER() OVER (PARTITION BY x.study_id ORDER BY x.trial_id) - 1) AS place FROM trials x "
        "LEFT JOIN trial_system_attributes a ON a.trial_id = x.trial_id AND a.\"key\" = '_number'"
    )
    if is_postgresql:
        db.execute(f"UPDATE trials SET number = d.place FROM ({numbered}) d WHERE trials.trial_id = d.trial_id")
    else:
        db.execute(
            f"UPDATE trials JOIN ({numbered}) d ON trials.trial_id = d.trial_id SET trials.number = d.place "
            "WHERE trials.number IS NULL"
        )
    db.execute("DELETE FROM trial_system_attributes WHERE \"key\" = '_number'")


def _index(db: Database) -> None:
    """Create the index that came with the head revision.

    Those of parzen come later: in PostgreSQL a transaction must end before the state that it added can be named.
    """
    name = "ix_trials_study_id"
    if name not in {str(found) for (found,) in db.query(db.dialect.indexes)}:
        db.execute(f"CREATE INDEX {name} ON {schema.INDEXES[name]}")


def _modernise(db: Database) -> None:
    """Write the distributions as the classes of today."""
    for (text,) in db.query("SELECT DISTINCT distribution_json FROM trial_params"):
        try:
            modern = modern_distribution(text)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise StorageInternalError(
                f"{db.place} has a parameter with the distribution {text!r}, which no Optuna wrote ({error}). Mend or "
                "delete it, and upgrade again."
            ) from error
        if modern != text:
            db.execute(
                "UPDATE trial_params SET distribution_json = ? WHERE distribution_json = ?", (str(modern), str(text))
            )
