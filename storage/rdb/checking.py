"""Look for what is wrong in a SQLite file of studies."""

from __future__ import annotations

import json
import sqlite3
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...engine.distributions import BaseDistribution
from ...engine.distributions.json import cached_distribution
from . import schema
from .dialect import ENUMERATIONS
from .maintenance import opened


@dataclass(frozen=True)
class Finding:
    """Something wrong.

    Attributes
    ----------
    table
        The table that it is in.
    owner
        The study or trial that it belongs to; empty if it belongs to none.
    text
        What is expected, and what is found.
    """

    table: str
    owner: str
    text: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.table, self.owner, self.text)))


@dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes
    ----------
    findings
        All that is wrong.
    n_studies, n_trials
        How many studies and trials were checked.
    """

    findings: list[Finding]
    n_studies: int
    n_trials: int


def check(file: Path) -> Report:
    """Look for rows that Optuna or parzen could not read; nothing is written, and other processes may write meanwhile.

    Parameters
    ----------
    file
        Path of the database.

    Returns
    -------
    Report
        The findings; if SQLite itself finds the file damaged, only its findings.

    Raises
    ------
    StorageInternalError
        If the file cannot be opened or is no study database.
    RuntimeError
        If its schema is of another version.
    """
    with opened(file, read_only=True) as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of old classes of distributions
        connection.execute("BEGIN")  # all checks see the same state
        damages = list(_damages(connection))
        if damages:
            return Report(damages, 0, 0)
        findings = [finding for find in _CHECKS for finding in find(connection)]
        return Report(findings, _count(connection, "studies"), _count(connection, "trials"))


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


def _damages(connection: sqlite3.Connection) -> Iterator[Finding]:
    try:
        for (text,) in connection.execute("PRAGMA integrity_check"):
            if text != "ok":
                yield Finding("file", "", " ".join(text.split()))
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # no damage; the file is locked, for example
            raise
        yield Finding("file", "", str(error))


def _trial(connection: sqlite3.Connection, trial_id: int) -> str:
    """Name a trial by its number and its study."""
    sql = "SELECT t.number, s.study_name FROM trials t LEFT JOIN studies s USING (study_id) WHERE t.trial_id = ?"
    row = connection.execute(sql, (trial_id,)).fetchone()
    return f"trial_id {trial_id}" if row is None else f"trial {row[0]} of study {row[1]!r} (trial_id {trial_id})"


def _study(connection: sqlite3.Connection, study_id: int) -> str:
    row = connection.execute("SELECT study_name FROM studies WHERE study_id = ?", (study_id,)).fetchone()
    return f"study_id {study_id}" if row is None else f"study {row[0]!r}"


def _orphans(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Find rows whose trial or study does not exist."""
    owners = [(table, "trial_id", "trials") for table in schema.TRIAL_TABLES]
    owners += [(table, "study_id", "studies") for table in (*schema.STUDY_TABLES, "trials")]
    for table, key, parent in owners:
        sql = f"SELECT rowid, {key} FROM {table} WHERE {key} IS NULL OR {key} NOT IN (SELECT {key} FROM {parent})"
        for row, owner in connection.execute(sql):
            yield Finding(table, f"{key} {owner}", f"row {row} belongs to nothing in {parent}")


def _numbers(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Find trials that are not numbered 0, 1, 2, ... within their study."""
    sql = """SELECT trial_id, number, LAG(number) OVER (PARTITION BY study_id ORDER BY number, trial_id)
        FROM trials ORDER BY trial_id"""
    for trial_id, number, before in connection.execute(sql):
        expected = 0 if before is None else before + 1
        if number is None or number < 0:
            yield Finding("trials", _trial(connection, trial_id), f"the number is {number}; expected 0 or more")
        elif number == before:
            yield Finding("trials", _trial(connection, trial_id), f"the number {number} is given twice")
        elif number != expected:
            text = f"the number is {number}, but none is {number - 1}; expected no gaps"
            yield Finding("trials", _trial(connection, trial_id), text)


def _words(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Find unknown states and directions."""
    for table, column, kind, key in (
        ("trials", "state", "trialstate", "trial_id"),
        ("study_directions", "direction", "studydirection", "study_id"),
    ):
        known = ENUMERATIONS[kind]
        sql = f"SELECT {key}, {column} FROM {table} WHERE {column} NOT IN ({', '.join('?' * len(known))})"
        for owner, word in connection.execute(sql, known).fetchall():
            named = _trial(connection, owner) if key == "trial_id" else _study(connection, owner)
            yield Finding(table, named, f"unknown {column} {word!r}; expected one of {', '.join(known)}")


def _undirected(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Find studies whose objectives are not numbered 0, 1, 2, ..., or that have none."""
    sql = """SELECT s.study_id, COUNT(objective), MIN(objective), MAX(objective)
        FROM studies s LEFT JOIN study_directions d USING (study_id) GROUP BY s.study_id"""
    for study_id, count, least, most in connection.execute(sql).fetchall():
        if count == 0:
            yield Finding("study_directions", _study(connection, study_id), "no direction")
        elif (least, most) != (0, count - 1):
            text = f"{count} directions for the objectives {least} to {most}; expected 0 to {count - 1}"
            yield Finding("study_directions", _study(connection, study_id), text)


def _pairs(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Find numbers that contradict their type."""
    for table, index, column, kind in (
        ("trial_values", "objective", "value", "trialvaluetype"),
        ("trial_intermediate_values", "step", "intermediate_value", "trialintermediatevaluetype"),
    ):
        known = ENUMERATIONS[kind]
        sql = f"""SELECT trial_id, {index}, {column}, {column}_type FROM {table}
            WHERE {column}_type NOT IN ({", ".join("?" * len(known))})
            OR {column}_type <> 'FINITE' AND {column} IS NOT NULL
            OR {column}_type = 'FINITE' AND (typeof({column}) NOT IN ('real', 'integer') OR abs({column}) = 9e999)"""
        for trial_id, place, value, word in connection.execute(sql, known).fetchall():
            text = f"{index} {place} is {value!r} of type {word!r}; expected a number and 'FINITE', or None and " + (
                " or ".join(map(repr, known[1:]))
            )
            yield Finding(table, _trial(connection, trial_id), text)


def _distributions(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Find distributions that cannot be read."""
    sql = "SELECT trial_id, param_name FROM trial_params WHERE distribution_json IS ?"
    for (text,) in connection.execute("SELECT DISTINCT distribution_json FROM trial_params").fetchall():
        problem = _read_distribution(text)
        if isinstance(problem, str):
            for trial_id, name in connection.execute(sql, (text,)).fetchall():
                told = f"the distribution {text!r} of parameter {name!r} cannot be read ({problem})"
                yield Finding("trial_params", _trial(connection, trial_id), told)


def _read_distribution(text: str | None) -> BaseDistribution | str:
    """Give the distribution, or what is wrong with it."""
    if text is None:
        return "it is NULL"
    try:
        return cached_distribution(text)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return str(error)


def _attributes(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Find attributes that are not JSON."""
    for table in (*schema.STUDY_TABLES, *schema.TRIAL_TABLES):
        if table.endswith("_attributes"):
            key = "study_id" if table.startswith("study") else "trial_id"
            for owner, name, text in connection.execute(f'SELECT {key}, "key", value_json FROM {table}'):
                if not _is_json(text):
                    named = _trial(connection, owner) if key == "trial_id" else _study(connection, owner)
                    yield Finding(table, named, f"the value {text!r} of {name!r} is not JSON")


def _is_json(text: str | None) -> bool:
    try:
        json.loads(text or "")
    except (ValueError, TypeError):
        return False
    return True


def _params(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Find parameters of running trials that lie outside their distributions."""
    sql = """SELECT trial_id, param_name, param_value, distribution_json FROM trial_params JOIN trials USING (trial_id)
        WHERE state = 'RUNNING'"""
    for trial_id, name, value, text in connection.execute(sql):
        distribution = _read_distribution(text)
        if isinstance(distribution, str):  # what `_distributions` finds
            continue
        if not isinstance(value, int | float) or not distribution._contains(value):
            told = f"the value {value!r} of parameter {name!r} lies outside of {distribution}"
            yield Finding("trial_params", _trial(connection, trial_id), told)


_CHECKS = (_orphans, _numbers, _words, _undirected, _pairs, _distributions, _attributes, _params)
