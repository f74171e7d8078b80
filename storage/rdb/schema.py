"""The schema: Optuna's, version 12 (alembic revision v3.2.0.a), so that either library opens the database.

Two more tables are parzen's own, and Optuna leaves them alone: ``parzen_workers`` has the processes that work on the
database, ``parzen_claims`` the trials that each of them runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ...engine.exceptions import StorageInternalError
from .dialect import Dialect

SCHEMA_VERSION = 12
REVISION = "v3.2.0.a"
LIBRARY = "parzen 0.1.0"

_CREATE_TABLES = """
CREATE TABLE {if_missing}studies (study_id {kept_id}, study_name VARCHAR(512) NOT NULL);
CREATE TABLE {if_missing}version_info (version_info_id INTEGER NOT NULL, schema_version INTEGER,
  library_version VARCHAR(256), PRIMARY KEY (version_info_id), CHECK (version_info_id = 1));
CREATE TABLE {if_missing}study_directions (study_direction_id {id}, direction {studydirection} NOT NULL,
  study_id INTEGER NOT NULL, objective INTEGER NOT NULL,
  UNIQUE (study_id, objective), FOREIGN KEY (study_id) REFERENCES studies (study_id));
CREATE TABLE {if_missing}study_user_attributes (study_user_attribute_id {id}, study_id INTEGER, "key" VARCHAR(512),
  value_json {text}, UNIQUE (study_id, "key"), FOREIGN KEY (study_id) REFERENCES studies (study_id));
CREATE TABLE {if_missing}study_system_attributes (study_system_attribute_id {id}, study_id INTEGER, "key" VARCHAR(512),
  value_json {text}, UNIQUE (study_id, "key"), FOREIGN KEY (study_id) REFERENCES studies (study_id));
CREATE TABLE {if_missing}trials (trial_id {kept_id}, number INTEGER, study_id INTEGER, state {trialstate} NOT NULL,
  datetime_start {time}, datetime_complete {time}, FOREIGN KEY (study_id) REFERENCES studies (study_id));
CREATE TABLE {if_missing}trial_user_attributes (trial_user_attribute_id {id}, trial_id INTEGER, "key" VARCHAR(512),
  value_json {text}, UNIQUE (trial_id, "key"), FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
CREATE TABLE {if_missing}trial_system_attributes (trial_system_attribute_id {id}, trial_id INTEGER, "key" VARCHAR(512),
  value_json {text}, UNIQUE (trial_id, "key"), FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
CREATE TABLE {if_missing}trial_params (param_id {id}, trial_id INTEGER, param_name VARCHAR(512), param_value {float},
  distribution_json {text}, UNIQUE (trial_id, param_name), FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
CREATE TABLE {if_missing}trial_values (trial_value_id {id}, trial_id INTEGER NOT NULL, objective INTEGER NOT NULL,
  value {float}, value_type {trialvaluetype} NOT NULL, UNIQUE (trial_id, objective),
  FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
CREATE TABLE {if_missing}trial_intermediate_values (trial_intermediate_value_id {id}, trial_id INTEGER NOT NULL,
  step {step} NOT NULL, intermediate_value {float}, intermediate_value_type {trialintermediatevaluetype} NOT NULL,
  UNIQUE (trial_id, step), FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
CREATE TABLE {if_missing}trial_heartbeats (trial_heartbeat_id {id}, trial_id INTEGER NOT NULL,
  heartbeat {time} NOT NULL, UNIQUE (trial_id), FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
CREATE TABLE {if_missing}alembic_version (version_num VARCHAR(32) NOT NULL,
  CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))
"""
# Names, and what they index. parzen's own are for the waiting trials, which every `ask` looks for, and the last trial.
INDEXES = {
    "ix_studies_study_name": "studies (study_name)",
    "ix_trials_study_id": "trials (study_id)",
}
OWN_INDEXES = {
    "SQLite": {"parzen_waiting": "trials (study_id, trial_id) WHERE state = 'WAITING'"},
    "PostgreSQL": {
        "parzen_waiting": "trials (study_id, trial_id) WHERE state = 'WAITING'",
        "parzen_last": "trials (study_id, trial_id)",
    },
    "MySQL": {"parzen_waiting": "trials (study_id, state, trial_id)"},
}
_CREATE_OWN_TABLES = """
CREATE TABLE IF NOT EXISTS parzen_workers (worker_id VARCHAR(36) NOT NULL, host VARCHAR(255), process VARCHAR(64),
  heartbeat {time}, request INTEGER, answer {text}, PRIMARY KEY (worker_id));
CREATE TABLE IF NOT EXISTS parzen_claims (trial_id INTEGER NOT NULL, worker_id VARCHAR(36) NOT NULL,
  PRIMARY KEY (trial_id))
"""

TRIAL_TABLES = (
    "trial_user_attributes",
    "trial_system_attributes",
    "trial_params",
    "trial_values",
    "trial_intermediate_values",
    "trial_heartbeats",
)
STUDY_TABLES = ("study_directions", "study_user_attributes", "study_system_attributes")
TABLES = ("studies", "version_info", "trials", *STUDY_TABLES, *TRIAL_TABLES, "alembic_version")
OWN_TABLES = {"parzen_workers", "parzen_claims"}

Execute = Callable[[str], Any]


def _statements(dialect: Dialect, text: str, if_missing: str = "", **options: str) -> Iterable[str]:
    suffix = dialect.suffix.format(**options)
    for statement in text.format(**dialect.types, if_missing=if_missing).split(";"):
        yield statement + suffix if "CREATE TABLE" in statement else statement


def create_tables(dialect: Dialect, execute: Execute, if_missing: str = "", **options: str) -> None:
    """Create the tables.

    Parameters
    ----------
    dialect, execute
        The kind of database, and what runs a statement in it.
    if_missing
        ``"IF NOT EXISTS "`` where some of the tables may be there already.
    options
        What the dialect's CREATE TABLE depends on.
    """
    for statement in _statements(dialect, _CREATE_TABLES, if_missing, **options):
        execute(statement)
    create_own_tables(dialect, execute, **options)


def stamp(execute: Execute) -> None:
    """Write which schema the tables have; within a transaction, or where a process may die between, the revision last.

    In tables that are new, or have an older revision.
    """
    execute("DELETE FROM version_info")
    execute(f"INSERT INTO version_info VALUES (1, {SCHEMA_VERSION}, '{LIBRARY}')")
    execute(f"UPDATE alembic_version SET version_num = '{REVISION}'")
    execute(
        f"INSERT INTO alembic_version SELECT '{REVISION}' FROM version_info "
        "WHERE NOT EXISTS (SELECT 1 FROM alembic_version)"
    )


def create_own_tables(dialect: Dialect, execute: Execute, **options: str) -> None:
    """Create those of parzen's own tables that are not there."""
    for statement in _statements(dialect, _CREATE_OWN_TABLES, **options):
        execute(statement)


def create_indexes(dialect: Dialect, execute: Execute, present: set[str], own_only: bool) -> None:
    """Create the indexes that are not there.

    Parameters
    ----------
    dialect, execute
        The kind of database, and what runs a statement in it.
    present
        Names of the indexes that are there.
    own_only
        Create only parzen's own, because Optuna's tables are not new.
    """
    wanted = OWN_INDEXES[dialect.name] if own_only else {**INDEXES, **OWN_INDEXES[dialect.name]}
    for name, columns in wanted.items():
        if name not in present:
            unique = "UNIQUE " if name == "ix_studies_study_name" else ""
            execute(f"CREATE {unique}INDEX {name} ON {columns}")


def check_tables(query: Callable[[str], list[Any]], tables: set[str], place: str) -> None:
    """Raise unless the database holds studies of the schema version that is written here.

    Raises
    ------
    StorageInternalError
        If the database holds something else.
    RuntimeError
        If its schema is older or newer.
    """
    if not {"studies", "trials", "version_info"} <= tables:
        raise StorageInternalError(
            f"{place} is a database of something else: expected the tables of a study database, but found "
            f"{sorted(tables)[:5]}. It is left as it is; give another name."
        )
    rows = query("SELECT version_num FROM alembic_version") if "alembic_version" in tables else []
    revision = str(rows[0][0]) if rows else None
    if revision != REVISION:
        raise RuntimeError(
            f"The schema of {place} is {revision or 'older than v0.9.0'}, but {REVISION} is expected. It is left as it "
            "is; for one of an older Optuna run `parzen storage upgrade --storage URL`, which keeps a copy of a file "
            "(make a dump of a server first); for a newer one use a newer parzen."
        )
