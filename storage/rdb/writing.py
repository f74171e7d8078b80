"""From records to the rows of the schema. What changes a trial tells whether the trial could be changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from ...engine.distributions import BaseDistribution
from ...engine.distributions.json import stored_json
from ...engine.records import PAUSED_AT, FrozenTrial, TrialState, stored_state
from .database import Conflict, Database, Row
from .rows import UNREADABLE, number_to_row, time_to_text, to_json
from .schema import TRIAL_TABLES
from .statements import UNFINISHED, Statement, for_rows

_INSERT_TRIAL = "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete) VALUES (?, ?, ?, ?, ?)"
_NEWEST = (  # none of a study that is not there
    "SELECT t.trial_id, t.number FROM studies s JOIN trials t ON t.study_id = s.study_id "
    "WHERE s.study_id = ? ORDER BY t.trial_id DESC LIMIT ?"
)
CORRECTIONS = "parzen:corrections"  # attribute of a study that counts the changes to its finished trials
RESUMPTIONS = "parzen:resumptions"  # attribute of a study: how often trials were resumed, and which were the last
_LISTED = 64  # last resumed trials; a process that missed more of them reads all paused trials again


def lock_study(db: Database, study_id: int) -> bool:
    """Keep other writers of a study away until the transaction ends; False if there is no such study."""
    return bool(db.query(db.statements.lock_study, (study_id,)))


def insert_trials(db: Database, study_id: int, records: Sequence[FrozenTrial], number: int) -> list[tuple[int, int]]:
    """Insert trials as the last ones of a study, without what belongs to them; within a transaction.

    Parameters
    ----------
    db, study_id
        The database, and the study; it is locked, which keeps other writers of it away, unless the transaction does.
    records
        The trials.
    number
        What is likely to be the number of the first; if it is not, the numbers are put right.

    Returns
    -------
    list of tuple
        Identifier and number of each.

    Raises
    ------
    KeyError
        If there is no such study.
    """
    rows = [
        (number + i, study_id, stored_state(record.state).name, time_to_text(record.datetime_start),
         time_to_text(record.datetime_complete))
        for i, record in enumerate(records)
    ]  # fmt: skip
    lock = [(db.statements.lock_study, (study_id,))] if db.dialect.lock else []
    try:
        newest = db.together(*lock, *for_rows(_INSERT_TRIAL, rows), (_NEWEST, (study_id, len(rows) + 1)))[-1].rows
    except Conflict:  # the study to which they refer is missing
        newest = []
    if not newest:
        raise KeyError(f"No study with id {study_id} exists.")
    places = [(int(trial_id), int(n)) for trial_id, n in reversed(newest)]
    before = places.pop(0)[1] if len(places) > len(rows) else -1
    if before + 1 != number:
        places = [(trial_id, n - number + before + 1) for trial_id, n in places]
        db.executemany("UPDATE trials SET number = ? WHERE trial_id = ?", [(n, trial_id) for trial_id, n in places])
    return places


def has_parts(record: FrozenTrial) -> bool:
    """Tell whether more belongs to a trial than its own row, as to none that `ask` creates."""
    return bool(
        record.distributions
        or record.values is not None
        or record.intermediate_values
        or record.user_attrs
        or record.system_attrs
    )


def insert_parts(db: Database, trial_ids: Sequence[int], records: Sequence[FrozenTrial]) -> None:
    """Insert what belongs to new trials; within a transaction."""
    inserted = list(zip(trial_ids, records, strict=True))
    _insert_all(
        db,
        "trial_params (trial_id, param_name, param_value, distribution_json) VALUES (?, ?, ?, ?)",
        [
            (trial_id, name, float(dist.to_internal_repr(record.params[name])), stored_json(name, dist))
            for trial_id, record in inserted
            for name, dist in record.distributions.items()
        ],
    )
    insert_values(db, {trial_id: record.values for trial_id, record in inserted})
    _insert_all(
        db,
        "trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type) VALUES (?, ?, ?, ?)",
        [
            (trial_id, int(step), *number_to_row(value))
            for trial_id, record in inserted
            for step, value in record.intermediate_values.items()
        ],
    )
    for kind in ("user", "system"):
        rows = [
            (trial_id, key, to_json(value))
            for trial_id, record in inserted
            for key, value in (record.user_attrs if kind == "user" else record.system_attrs).items()
        ]
        _insert_all(db, f'trial_{kind}_attributes (trial_id, "key", value_json) VALUES (?, ?, ?)', rows)


def _insert_all(db: Database, into: str, rows: list[Row]) -> None:
    if rows:
        db.executemany(f"INSERT INTO {into}", rows)


def insert_values(db: Database, told: Mapping[int, Sequence[float] | None]) -> None:
    """Insert trials' objective values, by identifier, or replace earlier ones; within a transaction."""
    rows = [
        (trial_id, objective, *number_to_row(value))
        for trial_id, values in told.items()
        for objective, value in enumerate(values or ())
    ]
    if rows:
        db.executemany(db.statements.insert_value, rows)


def insert_params(db: Database, trial_id: int, params: Mapping[str, tuple[float, BaseDistribution]]) -> bool:
    """Insert parameters, ``{name: (internal value, distribution)}``, or replace earlier values of them."""
    sql, statements = db.statements.insert_param, []
    for name, (internal, distribution) in params.items():
        statements.append((sql, (name, float(internal), stored_json(name, distribution), trial_id)))
    if len(statements) == 1:  # which needs no transaction
        return bool(db.execute(*statements[0]))
    return all(outcome.n_found for outcome in db.together(*statements))


def insert_report(db: Database, trial_id: int, step: int, value: float) -> bool:
    """Insert the value reported at a step, or replace an earlier report."""
    return bool(db.execute(db.statements.insert_report, (int(step), *number_to_row(value), trial_id)))


def insert_attr(db: Database, kind: str, trial_id: int, key: str, text: str) -> bool:
    """Insert an attribute of kind ``"user"`` or ``"system"`` as JSON, or replace an earlier value of it."""
    return bool(db.execute(db.statements.insert_trial_attr[kind], (key, text, trial_id)))


def next_waiting(db: Database, study_id: int) -> int | None:
    """Find the waiting trial of the lowest number, by an index of the waiting ones; ``KeyError`` without a study."""
    waiting = "SELECT trial_id FROM trials WHERE study_id = ? AND state = 'WAITING' ORDER BY trial_id LIMIT 1"
    for (trial_id,) in db.query(f"SELECT ({waiting}) FROM studies WHERE study_id = ?", (study_id, study_id)):
        return None if trial_id is None else int(trial_id)
    raise KeyError(f"No study with id {study_id} exists.")


def is_unfinished(db: Database, trial_id: int) -> bool:
    """Tell whether a trial may still be changed."""
    return bool(db.query(f"SELECT 1 FROM trials WHERE trial_id = ? AND {UNFINISHED}", (trial_id,)))


def write_start(db: Database, trial_id: int, when: datetime) -> bool:
    """Start a waiting trial; False if it does not wait. This is one statement, so one process gets the trial."""
    return bool(
        db.execute(
            "UPDATE trials SET state = 'RUNNING', datetime_start = ? WHERE trial_id = ? AND state = 'WAITING'",
            (time_to_text(when), trial_id),
        )
    )


def delete_claims(db: Database, trial_ids: Iterable[int]) -> None:
    """Delete the claims of the processes that ran some trials; within a transaction."""
    if db.has_own_tables:
        db.executemany("DELETE FROM parzen_claims WHERE trial_id = ?", [(trial_id,) for trial_id in trial_ids])


def write_requeue(db: Database, trial_id: int) -> bool:
    """Put an unfinished trial back into the queue; within a transaction."""
    delete_claims(db, [trial_id])
    return bool(db.execute(f"UPDATE trials SET state = 'WAITING' WHERE trial_id = ? AND {UNFINISHED}", (trial_id,)))


def write_resume(db: Database, study_id: int, trial_id: int) -> bool:
    """Resume a paused trial; False if another process was faster. Within a transaction that holds the study's lock.

    The trial then is as it was before it paused: without an end, and without the value that Optuna reads of a paused
    trial.
    """
    paused = 'SELECT 1 FROM trial_system_attributes a WHERE a.trial_id = trials.trial_id AND a."key" = ?'
    changed = db.execute(
        "UPDATE trials SET state = 'RUNNING', datetime_complete = NULL WHERE trial_id = ? AND state = 'PRUNED' "
        f"AND EXISTS ({paused} AND a.value_json <> 'null')",
        (trial_id, PAUSED_AT),
    )
    if changed:
        db.execute("DELETE FROM trial_values WHERE trial_id = ?", (trial_id,))
        count, last = changes_in(db.query(*changes_of(study_id)), study_id)[1]
        text = to_json([count + 1, [*last, trial_id][-_LISTED:]])
        db.execute(db.statements.insert_study_attr["system"], (RESUMPTIONS, text, study_id))
    return bool(changed)


def finishing(trial_id: int, state: TrialState, when: datetime) -> Statement:
    """Give the statement that finishes or pauses a trial, if it is unfinished."""
    sql = f"UPDATE trials SET state = ?, datetime_complete = ? WHERE trial_id = ? AND {UNFINISHED}"
    return sql, (stored_state(state).name, time_to_text(when), trial_id)


def write_erasure(db: Database, trial_id: int, record: FrozenTrial) -> None:
    """Delete what belongs to a trial, and store its empty record; within a transaction."""
    delete_claims(db, [trial_id])
    for table in TRIAL_TABLES:
        db.execute(f"DELETE FROM {table} WHERE trial_id = ?", (trial_id,))
    db.execute(
        "UPDATE trials SET state = ?, datetime_start = ?, datetime_complete = ? WHERE trial_id = ?",
        (record.state.name, time_to_text(record.datetime_start), time_to_text(record.datetime_complete), trial_id),
    )
    rows = [(trial_id, key, to_json(value)) for key, value in record.system_attrs.items()]
    _insert_all(db, 'trial_system_attributes (trial_id, "key", value_json) VALUES (?, ?, ?)', rows)


def changes_of(study_id: int) -> Statement:
    """Give the statement that reads how often finished and paused trials were changed; see `changes_in`."""
    return (
        'SELECT a."key", a.value_json FROM studies s LEFT JOIN study_system_attributes a '
        'ON a.study_id = s.study_id AND a."key" IN (?, ?) WHERE s.study_id = ?',
        (CORRECTIONS, RESUMPTIONS, study_id),
    )


def changes_in(rows: Sequence[Row], study_id: int) -> tuple[int, tuple[int, list[int]]]:
    """Tell from the rows of `changes_of` how often trials were changed; ``KeyError`` if there is no such study.

    Returns
    -------
    n_corrections
        How often a finished trial was changed.
    resumptions
        How often a paused trial was resumed, and the identifiers of the last of them, the newest at the end.
    """
    if not rows:
        raise KeyError(f"No study with id {study_id} exists.")
    try:
        found = {key: json.loads(text) for key, text in rows if key is not None}
        count, last = found.get(RESUMPTIONS, (0, []))
        return int(found.get(CORRECTIONS, 0)), (int(count), list(last))
    except UNREADABLE:  # somebody edited them: `get_study_system_attrs` tells of it
        return 0, (0, [])


def count_correction(db: Database, study_id: int) -> None:
    """Tell all processes that a finished trial was changed; within a transaction that holds the study's lock."""
    count = changes_in(db.query(*changes_of(study_id)), study_id)[0] + 1
    db.execute(db.statements.insert_study_attr["system"], (CORRECTIONS, str(count), study_id))
