"""Mend the rows of a SQLite file that make reading fail; a copy of the file as it was is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from ...engine.exceptions import StorageInternalError
from . import schema
from .checking import Finding, Report, check_connection
from .maintenance import copy_file, opened

_PARTS = {*schema.TRIAL_TABLES, "study_user_attributes", "study_system_attributes"}
_ROUNDS = 4  # what is mended can show what it hid


def repair(file: Path) -> tuple[Path, Report]:
    """Mend what `check` finds, as far as that can be done without inventing anything.

    A row that cannot be read is deleted: an attribute, a report, a parameter. A trial that has lost a value that it
    needs, or whose state is unknown, counts as failed; a time that is none becomes unknown; trials are numbered anew
    where numbers have gaps or repetitions; rows that belong to nothing are deleted. First stop the processes that work
    on the file.

    Parameters
    ----------
    file
        Path of the database.

    Returns
    -------
    Path
        The copy, ``FILE.damaged.bak``, or ``FILE.damaged.2.bak`` and so on if that is taken.
    Report
        What is still wrong: studies without directions or with a name that is no text, for example.

    Raises
    ------
    StorageInternalError
        If SQLite itself finds the file damaged, or it or its folder cannot be written.
    """
    copy, number = Path(f"{file}.damaged.bak"), 2
    while copy.exists():
        copy, number = Path(f"{file}.damaged.{number}.bak"), number + 1
    copy_file(file, copy)
    with opened(file, read_only=False) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            report = _mend(connection, file)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
    return copy, report


def _mend(connection: sqlite3.Connection, file: Path) -> Report:
    report = check_connection(connection, str(file))
    if any(finding.table == "file" for finding in report.findings):
        raise StorageInternalError(
            f"{file} is damaged beyond its rows: save what can be read by `sqlite3 FILE .recover`, or restore a copy."
        )
    for number in range(_ROUNDS):
        if not report.findings:
            break
        _delete_rows(connection, report.findings)
        _mend_trials(connection)
        if number > 0:  # what no smaller change has mended
            _erase(connection, report.findings)
        _number_anew(connection)
        report = check_connection(connection, str(file))
    return report


def _delete_rows(connection: sqlite3.Connection, findings: Iterable[Finding]) -> None:
    for finding in findings:
        is_orphan = "belongs to nothing" in finding.text
        if finding.row is not None and (finding.table in _PARTS or is_orphan):
            connection.execute(f"DELETE FROM {finding.table} WHERE rowid = ?", (finding.row,))
        elif finding.row is not None and finding.table == "trials":
            for column in ("datetime_start", "datetime_complete"):
                if finding.text.startswith(column):
                    connection.execute(f"UPDATE trials SET {column} = NULL WHERE rowid = ?", (finding.row,))
            if "unknown state" in finding.text:
                connection.execute("UPDATE trials SET state = 'FAIL' WHERE rowid = ?", (finding.row,))


def _mend_trials(connection: sqlite3.Connection) -> None:
    """Let complete trials fail that have not one value for each objective; from others the values are taken away."""
    wrong = """state = 'COMPLETE' AND (SELECT COUNT(*) FROM trial_values v WHERE v.trial_id = trials.trial_id)
        <> (SELECT COUNT(*) FROM study_directions d WHERE d.study_id = trials.study_id)"""
    connection.execute(f"UPDATE trials SET state = 'FAIL' WHERE {wrong}")
    connection.execute(
        "DELETE FROM trial_values WHERE trial_id IN (SELECT trial_id FROM trials WHERE state <> 'COMPLETE') AND "
        "trial_id IN (SELECT v.trial_id FROM trial_values v JOIN trials t USING (trial_id) GROUP BY v.trial_id "
        "HAVING COUNT(*) <> (SELECT COUNT(*) FROM study_directions d WHERE d.study_id = t.study_id))"
    )


def _erase(connection: sqlite3.Connection, findings: Iterable[Finding]) -> None:
    """Empty the trials that still cannot be read, and let them fail."""
    for finding in findings:
        if finding.trial_id is not None:
            for table in schema.TRIAL_TABLES:
                connection.execute(f"DELETE FROM {table} WHERE trial_id = ?", (finding.trial_id,))
            connection.execute("UPDATE trials SET state = 'FAIL' WHERE trial_id = ?", (finding.trial_id,))


def _number_anew(connection: sqlite3.Connection) -> None:
    """Number trials 0, 1, 2, ... in the order of their identifiers, in the studies where they are not."""
    connection.execute(
        """UPDATE trials SET number = n FROM (
            SELECT trial_id AS id, ROW_NUMBER() OVER (PARTITION BY study_id ORDER BY trial_id) - 1 AS n FROM trials
        ) WHERE id = trial_id AND study_id IN (
            SELECT study_id FROM trials GROUP BY study_id
            HAVING COUNT(DISTINCT number) <> COUNT(*) OR MIN(number) <> 0 OR MAX(number) <> COUNT(*) - 1
        )"""
    )
