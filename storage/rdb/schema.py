"""The SQLite schema: Optuna's, version 12 (alembic revision v3.2.0.a), so that either library opens the file."""

from __future__ import annotations

import sqlite3

from ...engine.exceptions import StorageInternalError

SCHEMA_VERSION = 12
REVISION = "v3.2.0.a"
LIBRARY = "parzen 0.1.0"

# AUTOINCREMENT, which Optuna's tables do not have: the identifiers of a deleted study are never given out again, or a
# worker that still runs a trial of that study would tell its value to a trial of another one.
_TABLES = """
CREATE TABLE studies (study_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, study_name VARCHAR(512) NOT NULL);
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE TABLE version_info (version_info_id INTEGER NOT NULL, schema_version INTEGER, library_version VARCHAR(256),
  PRIMARY KEY (version_info_id), CHECK (version_info_id = 1));
CREATE TABLE study_directions (study_direction_id INTEGER NOT NULL, direction VARCHAR(8) NOT NULL,
  study_id INTEGER NOT NULL, objective INTEGER NOT NULL, PRIMARY KEY (study_direction_id),
  UNIQUE (study_id, objective), FOREIGN KEY (study_id) REFERENCES studies (study_id));
CREATE TABLE study_user_attributes (study_user_attribute_id INTEGER NOT NULL, study_id INTEGER, "key" VARCHAR(512),
  value_json TEXT, PRIMARY KEY (study_user_attribute_id), UNIQUE (study_id, "key"),
  FOREIGN KEY (study_id) REFERENCES studies (study_id));
CREATE TABLE study_system_attributes (study_system_attribute_id INTEGER NOT NULL, study_id INTEGER,
  "key" VARCHAR(512), value_json TEXT, PRIMARY KEY (study_system_attribute_id), UNIQUE (study_id, "key"),
  FOREIGN KEY (study_id) REFERENCES studies (study_id));
CREATE TABLE trials (trial_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, number INTEGER, study_id INTEGER,
  state VARCHAR(8) NOT NULL, datetime_start DATETIME, datetime_complete DATETIME,
  FOREIGN KEY (study_id) REFERENCES studies (study_id));
CREATE INDEX ix_trials_study_id ON trials (study_id);
CREATE TABLE trial_user_attributes (trial_user_attribute_id INTEGER NOT NULL, trial_id INTEGER, "key" VARCHAR(512),
  value_json TEXT, PRIMARY KEY (trial_user_attribute_id), UNIQUE (trial_id, "key"),
  FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_system_attributes (trial_system_attribute_id INTEGER NOT NULL, trial_id INTEGER,
  "key" VARCHAR(512), value_json TEXT, PRIMARY KEY (trial_system_attribute_id), UNIQUE (trial_id, "key"),
  FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_params (param_id INTEGER NOT NULL, trial_id INTEGER, param_name VARCHAR(512), param_value FLOAT,
  distribution_json TEXT, PRIMARY KEY (param_id), UNIQUE (trial_id, param_name),
  FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_values (trial_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, objective INTEGER NOT NULL,
  value FLOAT, value_type VARCHAR(7) NOT NULL, PRIMARY KEY (trial_value_id), UNIQUE (trial_id, objective),
  FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_intermediate_values (trial_intermediate_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL,
  step INTEGER NOT NULL, intermediate_value FLOAT, intermediate_value_type VARCHAR(7) NOT NULL,
  PRIMARY KEY (trial_intermediate_value_id), UNIQUE (trial_id, step),
  FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_heartbeats (trial_heartbeat_id INTEGER NOT NULL, trial_id INTEGER NOT NULL,
  heartbeat DATETIME NOT NULL, PRIMARY KEY (trial_heartbeat_id), UNIQUE (trial_id),
  FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,
  CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))
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


def table_names(connection: sqlite3.Connection) -> set[str]:
    """Give the names of the tables in the file; the first read of it, so a file that is no database fails here."""
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def create_tables(connection: sqlite3.Connection) -> None:
    """Create the schema; within a write transaction."""
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute("INSERT INTO version_info VALUES (1, ?, ?)", (SCHEMA_VERSION, LIBRARY))
    connection.execute("INSERT INTO alembic_version VALUES (?)", (REVISION,))


def current_revision(connection: sqlite3.Connection) -> str | None:
    """Give the schema revision that the file is stamped with."""
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def check_tables(connection: sqlite3.Connection, tables: set[str], path: str) -> None:
    """Raise `StorageInternalError` unless the file holds studies of the schema version that is written here."""
    if not {"studies", "trials", "version_info"} <= tables:
        raise StorageInternalError(
            f"{path} is a SQLite database of something else: expected the tables of a study database, but found "
            f"{sorted(tables)[:5]}. It is left as it is; give another file name."
        )
    revision = current_revision(connection) if "alembic_version" in tables else None
    if revision != REVISION:
        raise RuntimeError(
            f"The schema of {path} is {revision or 'older than v0.9.0'}, but {REVISION} is expected. It is left as it "
            "is; for a file of an older Optuna run `optuna storage upgrade`, for a newer one use a newer parzen."
        )
