"""Look for what is wrong in a SQLite file of studies."""

from __future__ import annotations

import json
import sqlite3
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ...engine.distributions import BaseDistribution, CategoricalDistribution
from ...engine.distributions.json import cached_distribution
from ...engine.exceptions import StorageInternalError
from ...engine.history import History
from . import schema
from .dialect import ENUMERATIONS, SQLITE
from .histories import problem_of
from .maintenance import opened
from .reading import read_directions, read_problems
from .rows import UNREADABLE, readable_time


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
    row
        The row's identifier in its table, if it is one row that is wrong.
    trial_id
        The trial, if it is one.
    """

    table: str
    owner: str
    text: str
    row: int | None = None
    trial_id: int | None = None

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
    with opened(file, read_only=True) as connection:
        return check_connection(connection, str(file))


def check_connection(connection: sqlite3.Connection, place: str) -> Report:
    """Do as `check`, on a connection; in a transaction that is open already, if there is one."""
    connection.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of old classes of distributions
        if not connection.in_transaction:
            connection.execute("BEGIN")  # all checks see the same state
        damages = list(_damages(connection))
        if damages:
            return Report(damages, 0, 0)
        findings = [finding for find in _CHECKS for finding in find(connection)]
        known = {finding.owner for finding in findings}
        findings += [finding for finding in _unread(connection, place) if finding.owner not in known]
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
            yield Finding(table, f"{key} {owner}", f"row {row} belongs to nothing in {parent}", row)


def _numbers(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Find trials that are not numbered 0, 1, 2, ... within their study."""
    sql = """SELECT trial_id, number, LAG(number) OVER (PARTITION BY study_id ORDER BY number, trial_id)
        FROM trials ORDER BY trial_id"""
    for trial_id, number, before in connection.execute(sql).fetchall():
        text = _problem_of_number(number, before)
        if text:
            yield Finding("trials", _trial(connection, trial_id), text)


def _problem_of_number(number: object, before: object) -> str | None:
    if not isinstance(number, int) or number < 0:
        return f"the number is {number}; expected 0 or more"
    if number == before:
        return f"the number {number} is given twice"
    if number != (before + 1 if isinstance(before, int) else 0):
        return f"the number is {number}, but none is {number - 1}; expected no gaps"
    return None


def _words(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Find unknown states and directions."""
    for table, column, kind, key in (
        ("trials", "state", "trialstate", "trial_id"),
        ("study_directions", "direction", "studydirection", "study_id"),
    ):
        known = ENUMERATIONS[kind]
        unknown = f"{column} IS NULL OR {column} NOT IN ({', '.join('?' * len(known))})"
        for row, owner, word in connection.execute(
            f"SELECT rowid, {key}, {column} FROM {table} WHERE {unknown}", known
        ):
            text = f"unknown {column} {word!r}; expected one of {', '.join(known)}"
            yield _finding(connection, table, key, owner, text, row)


def _finding(connection: sqlite3.Connection, table: str, key: str, owner: int, text: str, row: int) -> Finding:
    """Make a finding on one row of a trial or a study."""
    if key == "study_id":
        return Finding(table, _study(connection, owner), text, row)
    return Finding(table, _trial(connection, owner), text, row, owner)


def _names(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Find names that are no texts, or that one trial or study has twice."""
    for table, key, column in _NAMED:
        for row, owner, name in connection.execute(f"SELECT rowid, {key}, {column} FROM {table}").fetchall():
            if not _is_text(name):
                yield _finding(connection, table, key, owner, f"the name is {name!r}; expected a text", row)
    for table, key, column in (*_NAMED, *_COUNTED):
        sql = f"SELECT MIN(rowid), {key}, {column}, COUNT(*) FROM {table} GROUP BY {key}, {column} HAVING COUNT(*) > 1"
        for row, owner, name, count in connection.execute(sql).fetchall():
            yield _finding(connection, table, key, owner, f"{name!r} is there {count} times; expected once", row)
    for row, name in connection.execute("SELECT study_id, study_name FROM studies").fetchall():
        if not _is_text(name):
            yield Finding("studies", f"study_id {row}", f"the name is {name!r}; expected a text", row)
    for (name,) in connection.execute("SELECT study_name FROM studies GROUP BY study_name HAVING COUNT(*) > 1"):
        yield Finding("studies", "", f"the name {name!r} is given twice")


def _is_text(value: object) -> bool:
    """Tell whether a value is a text in UTF-8; what is none comes with surrogates."""
    return isinstance(value, str) and not any("\udc80" <= character <= "\udcff" for character in value)


def _integers(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Find steps and numbers of objectives that are no integers, and values that do not fit the objectives."""
    for table, key, column in _COUNTED:
        sql = f"SELECT rowid, {key}, {column} FROM {table} WHERE typeof({column}) <> 'integer' OR {column} < 0"
        for row, owner, value in connection.execute(sql).fetchall():
            if not isinstance(value, int) or column == "objective":  # a step may be negative
                yield _finding(connection, table, key, owner, f"{column} {value!r} is no number from 0 on", row)


def _times(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Find times that are none."""
    places = (("trials", "datetime_start"), ("trials", "datetime_complete"), ("trial_heartbeats", "heartbeat"))
    for table, column in places:
        sql = f"SELECT rowid, trial_id, {column} FROM {table} WHERE {column} IS NOT NULL"
        for row, trial_id, when in connection.execute(sql).fetchall():
            if readable_time(when) is None:
                text = f"{column} is {when!r}; expected a time as 2026-01-31 12:00:00.000000"
                yield _finding(connection, table, "trial_id", trial_id, text, row)


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
        sql = f"""SELECT rowid, trial_id, {index}, {column}, {column}_type FROM {table}
            WHERE {column}_type IS NULL OR {column}_type NOT IN ({", ".join("?" * len(known))})
            OR {column}_type <> 'FINITE' AND {column} IS NOT NULL
            OR {column}_type = 'FINITE' AND (typeof({column}) NOT IN ('real', 'integer') OR abs({column}) = 9e999)"""
        for row, trial_id, place, value, word in connection.execute(sql, known).fetchall():
            text = f"{index} {place} is {value!r} of type {word!r}; expected a number and 'FINITE', or None and " + (
                " or ".join(map(repr, known[1:]))
            )
            yield _finding(connection, table, "trial_id", trial_id, text, row)


def _distributions(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Find parameters with a distribution that cannot be read, or with a value that the distribution cannot have."""
    sql = """SELECT param_id, trial_id, param_name, param_value, distribution_json, state
        FROM trial_params LEFT JOIN trials USING (trial_id)"""
    for row, trial_id, name, value, text, state in connection.execute(sql).fetchall():
        distribution = _read_distribution(text)
        if isinstance(distribution, str):
            told = f"the distribution {text!r} of parameter {name!r} cannot be read ({distribution})"
        elif not _fits(value, distribution, is_live=state in ("RUNNING", "WAITING")):
            told = f"the value {value!r} of parameter {name!r} lies outside of {distribution}"
        else:
            continue
        yield _finding(connection, "trial_params", "trial_id", trial_id, told, row)


def _fits(value: object, distribution: BaseDistribution, is_live: bool) -> bool:
    """Tell whether a value can be read; that of a trial that is not finished must lie in the distribution, too."""
    if value is None:  # what a sampler of old left where the range was not a number
        return not is_live
    try:
        distribution.to_external_repr(float(value))  # type: ignore[arg-type]
    except UNREADABLE:
        return False
    is_choice = isinstance(distribution, CategoricalDistribution)
    return not (is_live or is_choice) or distribution._contains(value)  # type: ignore[arg-type]


def _read_distribution(text: str | None) -> BaseDistribution | str:
    """Give the distribution, or what is wrong with it."""
    if text is None:
        return "it is NULL"
    try:
        return cached_distribution(text)
    except UNREADABLE as error:
        return str(error) or type(error).__name__


def _attributes(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Find attributes that are not JSON."""
    for table, key, column in _NAMED:
        if table.endswith("_attributes"):
            for row, owner, name, text in connection.execute(f"SELECT rowid, {key}, {column}, value_json FROM {table}"):
                if not _is_json(text):
                    shown = repr(text) if len(repr(text)) <= 80 else f"{text!r:.80}..."
                    yield _finding(connection, table, key, owner, f"the value {shown} of {name!r} is not JSON", row)


def _is_json(text: object) -> bool:
    try:
        json.loads(text if _is_text(text) else "")  # type: ignore[arg-type]
    except UNREADABLE:
        return False
    return True


class _Looked:
    """A connection as `reading` takes it."""

    dialect = SQLITE

    def __init__(self, connection: sqlite3.Connection, place: str) -> None:
        self.query = lambda sql, parameters=(): connection.execute(sql, parameters).fetchall()
        self.place = place


def _unread(connection: sqlite3.Connection, place: str) -> Iterator[Finding]:
    """Find whatever else makes reading fail: read everything."""
    db: Any = _Looked(connection, place)
    for (study_id,) in connection.execute("SELECT study_id FROM studies").fetchall():
        try:
            history = History(read_directions(db, study_id))
        except (StorageInternalError, *UNREADABLE) as error:
            yield Finding("studies", _study(connection, study_id), f"cannot be read: {error}")
            continue
        for trial_id, told in read_problems(db, study_id):
            problem = told if isinstance(told, str) else problem_of(history, told)
            if problem:
                owner = _trial(connection, trial_id)
                yield Finding("trials", owner, f"cannot be read: {problem}", None, trial_id)


_NAMED = (
    *((table, "study_id", '"key"') for table in ("study_user_attributes", "study_system_attributes")),
    *((table, "trial_id", '"key"') for table in ("trial_user_attributes", "trial_system_attributes")),
    ("trial_params", "trial_id", "param_name"),
)
_COUNTED = (
    ("study_directions", "study_id", "objective"),
    ("trial_values", "trial_id", "objective"),
    ("trial_intermediate_values", "trial_id", "step"),
)
_CHECKS = (
    _orphans, _numbers, _words, _names, _undirected, _integers, _pairs, _times, _distributions, _attributes
)  # fmt: skip
