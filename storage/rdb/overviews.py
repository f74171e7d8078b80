"""What one query can say of a study whose trials nobody has read yet: how many, since when, and which is the best."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ...engine.records import FrozenTrial, StudyDirection
from .database import Database
from .reading import read_directions, read_some
from .rows import row_to_time

_FIRST, _MORE = 16, 1024  # trials that are looked at at once, the best first; most studies have no constraints


def read_size(db: Database, study_id: int) -> tuple[int, datetime | None]:
    """Give the number of trials of a study, and when the first of them started."""
    rows = db.query("SELECT COUNT(*), MIN(datetime_start) FROM trials WHERE study_id = ?", (study_id,))
    return int(rows[0][0]), row_to_time(rows[0][1])


def read_best(db: Database, study_id: int) -> FrozenTrial | None:
    """Give the best complete trial that violates no constraint, of equal ones the first; None if there is none.

    The study has one objective. Within a transaction.
    """
    (direction,) = read_directions(db, study_id)
    for trial_ids in _by_rank(db, study_id, direction):
        records = {record._trial_id: record for record in read_some(db, study_id, trial_ids)}
        for trial_id in trial_ids:
            if all(value <= 0 for value in records[trial_id].constraints.values()):
                return records[trial_id]
    return None


def _by_rank(db: Database, study_id: int, direction: StudyDirection) -> Iterator[list[int]]:
    """Give the identifiers of the complete trials in parts, the best first."""
    order = "DESC" if direction == StudyDirection.MAXIMIZE else "ASC"
    infinite = "CASE v.value_type WHEN 'INF_NEG' THEN -1 WHEN 'INF_POS' THEN 1 ELSE 0 END"
    begin, n = 0, _FIRST
    while True:
        rows = db.query(
            "SELECT t.trial_id FROM trials t JOIN trial_values v ON v.trial_id = t.trial_id "
            "WHERE t.study_id = ? AND t.state = 'COMPLETE' AND v.objective = 0 "
            "AND (v.value IS NOT NULL OR v.value_type IN ('INF_NEG', 'INF_POS')) "
            f"ORDER BY {infinite} {order}, v.value {order}, t.number LIMIT {n} OFFSET {begin}",
            (study_id,),
        )
        if not rows:
            return
        yield [int(trial_id) for (trial_id,) in rows]
        begin, n = begin + n, _MORE


def has_complete(db: Database, study_id: int) -> bool:
    """Tell whether any trial of a study is complete."""
    return bool(db.query("SELECT 1 FROM trials WHERE study_id = ? AND state = 'COMPLETE' LIMIT 1", (study_id,)))
