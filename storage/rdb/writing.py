"""From records to the rows of the SQLite schema: where a trial changes, the answer is whether it could."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ...engine.distributions import BaseDistribution
from ...engine.frozen import FrozenTrial
from ...engine.records import TrialState
from .sqlite import Database
from .rows import cached_json, number_to_row, time_to_text, to_json

_UNFINISHED = "state IN ('RUNNING', 'WAITING')"
_OPEN_TRIAL = f"FROM trials WHERE trial_id = ? AND {_UNFINISHED}"

_INSERT_TRIAL = (
    "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete) "
    "SELECT COALESCE((SELECT number + 1 FROM trials WHERE study_id = :study ORDER BY trial_id DESC LIMIT 1), 0), "
    "study_id, :state, :start, :complete FROM studies WHERE study_id = :study RETURNING trial_id, number"
)
_INSERT_PARAM = (
    "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) "
    f"SELECT trial_id, ?, ?, ? {_OPEN_TRIAL} "
    "ON CONFLICT (trial_id, param_name) DO UPDATE "
    "SET param_value = excluded.param_value, distribution_json = excluded.distribution_json"
)
_INSERT_REPORT = (
    "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type) "
    f"SELECT trial_id, ?, ?, ? {_OPEN_TRIAL} "
    "ON CONFLICT (trial_id, step) DO UPDATE SET intermediate_value = excluded.intermediate_value, "
    "intermediate_value_type = excluded.intermediate_value_type"
)
_INSERT_VALUE = (
    "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (trial_id, objective) DO UPDATE SET value = excluded.value, value_type = excluded.value_type"
)
_INSERT_ATTR = {
    kind: f'INSERT INTO trial_{kind}_attributes (trial_id, "key", value_json) SELECT trial_id, ?, ? {_OPEN_TRIAL} '
    'ON CONFLICT (trial_id, "key") DO UPDATE SET value_json = excluded.value_json'
    for kind in ("user", "system")
}


def insert_trial(db: Database, study_id: int, record: FrozenTrial) -> bool:
    """Insert a trial as the last one of its study, and give the record its identifier and number."""
    row = {
        "study": study_id,
        "state": record.state.name,
        "start": time_to_text(record.datetime_start),
        "complete": time_to_text(record.datetime_complete),
    }
    for record._trial_id, record.number in db.query(_INSERT_TRIAL, row):
        return True
    return False


def insert_templates(db: Database, study_id: int, records: Sequence[FrozenTrial]) -> bool:
    """Insert trials with all that belongs to them; within a transaction."""
    if not all(insert_trial(db, study_id, record) for record in records):
        return False
    db.executemany(
        "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES (?, ?, ?, ?)",
        (
            (record._trial_id, name, float(dist.to_internal_repr(record.params[name])), cached_json(dist))
            for record in records
            for name, dist in record.distributions.items()
        ),
    )
    for record in records:
        insert_values(db, record._trial_id, record.values)
    db.executemany(
        "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type) "
        "VALUES (?, ?, ?, ?)",
        (
            (record._trial_id, step, *number_to_row(value))
            for record in records
            for step, value in record.intermediate_values.items()
        ),
    )
    for kind in ("user", "system"):
        db.executemany(
            f'INSERT INTO trial_{kind}_attributes (trial_id, "key", value_json) VALUES (?, ?, ?)',
            (
                (record._trial_id, key, to_json(value))
                for record in records
                for key, value in (record.user_attrs if kind == "user" else record.system_attrs).items()
            ),
        )
    return True


def insert_values(db: Database, trial_id: int, values: Sequence[float] | None) -> None:
    """Insert a trial's objective values, in the place of earlier ones; within a transaction."""
    if values is not None:
        rows = [(trial_id, objective, *number_to_row(value)) for objective, value in enumerate(values)]
        db.executemany(_INSERT_VALUE, rows)


def insert_param(db: Database, trial_id: int, name: str, internal: float, distribution: BaseDistribution) -> bool:
    """Insert a parameter, in the place of an earlier one."""
    return bool(db.execute(_INSERT_PARAM, (name, float(internal), cached_json(distribution), trial_id)))


def insert_report(db: Database, trial_id: int, step: int, value: float) -> bool:
    """Insert what was reported at a step, in the place of an earlier report."""
    return bool(db.execute(_INSERT_REPORT, (step, *number_to_row(value), trial_id)))


def insert_attr(db: Database, kind: str, trial_id: int, key: str, text: str) -> bool:
    """Insert an attribute of kind ``"user"`` or ``"system"`` as JSON, in the place of an earlier one."""
    return bool(db.execute(_INSERT_ATTR[kind], (key, text, trial_id)))


def start(db: Database, trial_id: int, when: datetime) -> bool:
    """Start a waiting trial; False if it does not wait. One statement, so one process gets it."""
    return bool(
        db.execute(
            "UPDATE trials SET state = 'RUNNING', datetime_start = ? WHERE trial_id = ? AND state = 'WAITING'",
            (time_to_text(when), trial_id),
        )
    )


def requeue(db: Database, trial_id: int) -> bool:
    """Let a trial wait."""
    return bool(db.execute(f"UPDATE trials SET state = 'WAITING' WHERE trial_id = ? AND {_UNFINISHED}", (trial_id,)))


def finish(db: Database, trial_id: int, state: TrialState, values: Sequence[float] | None, when: datetime) -> bool:
    """Finish a trial; within a transaction."""
    changed = db.execute(
        f"UPDATE trials SET state = ?, datetime_complete = ? WHERE trial_id = ? AND {_UNFINISHED}",
        (state.name, time_to_text(when), trial_id),
    )
    if changed:
        insert_values(db, trial_id, values)
    return bool(changed)
