"""The SQL that differs between SQLite, PostgreSQL and MySQL or MariaDB; all other SQL is the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Dialect:
    """The SQL of one kind of database, where it differs from the others.

    Parameters
    ----------
    name
        Its name in messages.
    types
        Column types by the names that `schema` uses.
    tables, indexes
        Queries for the names of the tables and of the indexes.
    columns
        Query for the columns of the tables: table, name, type, and whether it may be NULL. Files have pragmas for it.
    now
        The database's clock in UTC.
    conflict
        End of an INSERT that changes a row with the same ``{keys}`` instead, up to the columns to be changed.
    taken
        In that end, the value that the INSERT has for ``{column}``.
    taken_of_name
        The same where the last key is a ``{name}``, which the table's collation may take for another: an error then.
    snapshot
        Begins a transaction whose queries all see one state.
    lock
        End of a SELECT whose rows must not change before the transaction ends.
    returns_keys
        Whether an INSERT must ask for the key of the new row, because the driver does not give it.
    enumerated_as
        A parameter in a SELECT for a value of the enumeration ``{name}``.
    suffix
        End of a CREATE TABLE.
    has_transactional_tables
        Whether a transaction can create tables, all or none.
    sorts_attributes
        Whether Optuna gives the attributes of a trial or a study in the order of their names: it asks for none, and in
        SQLite gets that of the index. MySQL gives them as they were first set, PostgreSQL as its tables happen to lie.
    """

    name: str
    types: Mapping[str, str]
    tables: str
    indexes: str
    now: str
    conflict: str = "ON CONFLICT ({keys}) DO UPDATE SET "
    taken: str = "excluded.{column}"
    taken_of_name: str = "excluded.{column}"
    snapshot: str = "BEGIN"
    lock: str = ""
    returns_keys: bool = False
    enumerated_as: str = "?"
    suffix: str = ""
    columns: str = ""
    has_transactional_tables: bool = True
    sorts_attributes: bool = False

    def enumerated(self, name: str) -> str:
        """Give a parameter in a SELECT for a value of an enumeration."""
        return self.enumerated_as.format(name=name)

    def order_of(self, table: str) -> str:
        """Give the column that orders a table of attributes."""
        return '"key"' if self.sorts_attributes else f"{table.removesuffix('s')}_id"

    def upsert(self, keys: str, columns: Sequence[str]) -> str:
        """Give the end of an INSERT that changes the columns of a row with the same keys instead, if there is one."""
        name = keys.rpartition(", ")[2]
        taken = self.taken if name not in _NAMES else self.taken_of_name.replace("{name}", name)
        changes = (f"{column} = {taken.format(column=column)}" for column in columns)
        return self.conflict.format(keys=keys) + ", ".join(changes)


_NAMES = ("param_name", '"key"')  # columns of names that users choose
_DIRECTIONS = ("NOT_SET", "MINIMIZE", "MAXIMIZE")
_STATES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")
_VALUES = ("FINITE", "INF_POS", "INF_NEG")
_REPORTS = (*_VALUES, "NAN")
ENUMERATIONS = {
    "studydirection": _DIRECTIONS,
    "trialstate": _STATES,
    "trialvaluetype": _VALUES,
    "trialintermediatevaluetype": _REPORTS,
}


def enumeration(values: Sequence[str]) -> str:
    """Give the type of a column that holds one of some words."""
    return "ENUM (" + ", ".join(f"'{value}'" for value in values) + ")"


# AUTOINCREMENT, which Optuna's tables do not have: identifiers of a deleted study are never used again. Otherwise a
# worker that still runs a trial of that study could tell its value to a trial of another study.
SQLITE = Dialect(
    name="SQLite",
    types={
        "kept_id": "INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL",
        "id": "INTEGER PRIMARY KEY NOT NULL",
        "step": "INTEGER",
        "float": "FLOAT",
        "text": "TEXT",
        "time": "DATETIME",
        "studydirection": "VARCHAR(8)",
        "trialstate": "VARCHAR(8)",
        "trialvaluetype": "VARCHAR(7)",
        "trialintermediatevaluetype": "VARCHAR(7)",
    },
    tables="SELECT name FROM sqlite_master WHERE type = 'table'",
    indexes="SELECT name FROM sqlite_master WHERE type = 'index'",
    now="strftime('%Y-%m-%d %H:%M:%f', 'now')",
    sorts_attributes=True,
)

POSTGRESQL = Dialect(
    name="PostgreSQL",
    types={
        "kept_id": "SERIAL PRIMARY KEY",
        "id": "SERIAL PRIMARY KEY",
        "step": "BIGINT",
        "float": "DOUBLE PRECISION",
        "text": "TEXT",
        "time": "TIMESTAMP",
        **{name: name for name in ENUMERATIONS},
    },
    # What is found without naming a schema; parzen's own tables only if they can be used.
    tables="SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_table_is_visible(c.oid) AND n.nspname !~ '^(pg|information)_' "
    "AND (c.relname NOT IN ('parzen_workers', 'parzen_claims') OR (has_table_privilege(c.oid, 'SELECT') AND "
    "has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE') AND "
    "has_table_privilege(c.oid, 'DELETE')))",
    indexes="SELECT relname FROM pg_class WHERE relkind IN ('i', 'I') AND pg_table_is_visible(oid)",
    columns="SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull FROM pg_attribute a "
    "JOIN pg_class c ON c.oid = a.attrelid WHERE c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid) "
    "AND a.attnum > 0 AND NOT a.attisdropped",
    now="(now() AT TIME ZONE 'utc')",
    snapshot="BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    lock=" FOR UPDATE",
    returns_keys=True,
    enumerated_as="CAST(? AS {name})",
)

# LONGTEXT where Optuna has TEXT, which ends at 64 KB; microseconds where Optuna has seconds. MySQL and PostgreSQL take
# larger steps than in Optuna's tables.
MYSQL = Dialect(
    name="MySQL",
    types={
        "kept_id": "INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY",
        "id": "INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY",
        "step": "BIGINT",
        "float": "DOUBLE",
        "text": "LONGTEXT",
        "time": "DATETIME(6)",
        **{name: enumeration(values) for name, values in ENUMERATIONS.items()},
    },
    tables="SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
    indexes="SELECT index_name FROM information_schema.statistics WHERE table_schema = DATABASE()",
    columns="SELECT table_name, column_name, column_type, is_nullable = 'YES' FROM information_schema.columns "
    "WHERE table_schema = DATABASE()",
    now="UTC_TIMESTAMP(6)",
    conflict="ON DUPLICATE KEY UPDATE ",
    taken="VALUES({column})",
    taken_of_name="IF(CAST({name} AS BINARY) = CAST(VALUES({name}) AS BINARY), VALUES({column}), "
    "(SELECT 1 UNION SELECT 2))",
    snapshot="SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    lock=" FOR UPDATE",
    has_transactional_tables=False,
    suffix=" ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation}",
)
