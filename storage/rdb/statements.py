"""The SQL statements that write, for one dialect, and what statements of all dialects share.

A statement that changes a trial inserts from a SELECT of that trial, so it does nothing if the trial is finished.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .dialect import Dialect

UNFINISHED = "state IN ('RUNNING', 'WAITING')"
_CHUNK = 500  # identifiers, or rows, in one statement: SQLite's limit was once 999 values
_ONE_ROW = re.compile(r"VALUES (\(\?(?:, \?)*\))")
Statement = tuple[str, Sequence[Any]]  # and its parameters


def chunks(trial_ids: Sequence[int]) -> list[Sequence[int]]:
    """Split identifiers into parts that are small enough for one statement."""
    return [trial_ids[i : i + _CHUNK] for i in range(0, len(trial_ids), _CHUNK)]


def placeholders(values: Sequence[object]) -> str:
    """Give the parameters of an IN list."""
    return ", ".join("?" * len(values))


def for_rows(sql: str, rows: Sequence[Sequence[Any]]) -> list[Statement]:
    """Give the statements that run a statement for several rows: few where its ``VALUES`` can hold many of them."""
    one = _ONE_ROW.search(sql) if len(rows) > 1 else None
    if one is None:
        return [(sql, row) for row in rows]
    parts = [rows[i : i + _CHUNK] for i in range(0, len(rows), _CHUNK)]
    head, tail = sql[: one.start(1)], sql[one.end(1) :]
    return [(f"{head}{', '.join([one[1]] * len(part))}{tail}", [v for row in part for v in row]) for part in parts]


class Statements:
    """The statements.

    Their parameters stand in the order of the columns; where a statement selects a trial or a study, its identifier is
    the last one.
    """

    def __init__(self, dialect: Dialect) -> None:
        open_trial = f"FROM trials WHERE trial_id = ? AND {UNFINISHED}{dialect.lock}"
        self.lock_study = f"SELECT study_id FROM studies WHERE study_id = ?{dialect.lock}"
        self.insert_param = (
            "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) "
            f"SELECT trial_id, ?, ?, ? {open_trial} "
            + dialect.upsert("trial_id, param_name", ("param_value", "distribution_json"))
        )
        self.insert_report = (
            "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type) "
            f"SELECT trial_id, ?, ?, {dialect.enumerated('trialintermediatevaluetype')} {open_trial} "
            + dialect.upsert("trial_id, step", ("intermediate_value", "intermediate_value_type"))
        )
        self.insert_value = (
            "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?, ?, ?, ?) "
            + dialect.upsert("trial_id, objective", ("value", "value_type"))
        )
        self.insert_trial_attr = {
            kind: f'INSERT INTO trial_{kind}_attributes (trial_id, "key", value_json) SELECT trial_id, ?, ? '
            f"{open_trial} " + dialect.upsert('trial_id, "key"', ("value_json",))
            for kind in ("user", "system")
        }
        self.insert_study_attr = {
            kind: f'INSERT INTO study_{kind}_attributes (study_id, "key", value_json) '
            "SELECT study_id, ?, ? FROM studies WHERE study_id = ? "
            + dialect.upsert('study_id, "key"', ("value_json",))
            for kind in ("user", "system")
        }
        self.insert_heartbeat = (
            "INSERT INTO parzen_workers (worker_id, host, process, heartbeat) "
            f"VALUES (?, ?, ?, {dialect.now}) " + dialect.upsert("worker_id", ("host", "process", "heartbeat"))
        )
        self.insert_trial_heartbeat = (
            f"INSERT INTO trial_heartbeats (trial_id, heartbeat) VALUES (?, {dialect.now}) "
            + dialect.upsert("trial_id", ("heartbeat",))
        )
        self.insert_answer = (
            "INSERT INTO parzen_workers (worker_id, heartbeat, request, answer) "
            f"VALUES (?, {dialect.now}, ?, ?) " + dialect.upsert("worker_id", ("heartbeat", "request", "answer"))
        )
        self.insert_claim = "INSERT INTO parzen_claims (trial_id, worker_id) VALUES (?, ?) " + dialect.upsert(
            "trial_id", ("worker_id",)
        )
