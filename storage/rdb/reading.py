"""From the rows of the schema to records."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from ...engine.distributions import BaseDistribution
from ...engine.distributions.json import cached_distribution
from ...engine.exceptions import StorageInternalError
from ...engine.records import FrozenTrial, StudyDirection, TrialState, state_of
from .database import Database, Row
from .rows import row_to_number, row_to_time
from .statements import chunks, placeholders

_STATES = {state.name: state for state in TrialState}
_PARTS = ("trial_params", "trial_intermediate_values", "trial_user_attributes", "trial_system_attributes")

Children = Callable[[str, str, str], Iterable[Row]]


def read_directions(db: Database, study_id: int) -> list[StudyDirection]:
    """Give the direction of each objective; ``KeyError`` if there is no such study."""
    rows = db.query("SELECT direction FROM study_directions WHERE study_id = ? ORDER BY objective", (study_id,))
    if not rows:
        raise KeyError(f"No study with id {study_id} exists.")
    return [StudyDirection[name] for (name,) in rows]


def read_new(db: Database, study_id: int, last: int) -> list[FrozenTrial]:
    """Read the trials of a study whose identifiers lie above `last`."""
    return _read(db, "WHERE t.study_id = ? AND t.trial_id > ?", (study_id, last))


def read_some(db: Database, study_id: int, trial_ids: Sequence[int]) -> list[FrozenTrial]:
    """Read those of some trials that are in a study."""
    return [
        record
        for chunk in chunks(trial_ids)
        for record in _read(
            db, f"WHERE t.trial_id IN ({placeholders(chunk)}) AND t.study_id + 0 = ?", (*chunk, study_id)
        )
    ]


def have_more(db: Database, records: Sequence[FrozenTrial]) -> list[int]:
    """Give the identifiers of the trials of which the database holds more than their records."""
    stored: dict[int, int] = defaultdict(int)
    for chunk in chunks([record._trial_id for record in records]):
        counts = [
            f"SELECT trial_id, COUNT(*) FROM {table} WHERE trial_id IN ({placeholders(chunk)}) GROUP BY trial_id"
            for table in _PARTS
        ]
        for trial_id, count in db.query(" UNION ALL ".join(counts), (*chunk,) * len(_PARTS)):
            stored[trial_id] += count
    held = {
        r._trial_id: len(r.params) + len(r.intermediate_values) + len(r.user_attrs) + len(r.system_attrs)
        for r in records
    }
    return [trial_id for trial_id, count in stored.items() if count != held[trial_id]]


class _Parts(NamedTuple):
    """What belongs to some trials, by identifier."""

    params: dict[int, dict[str, Any]]
    distributions: dict[int, dict[str, BaseDistribution]]
    values: dict[int, list[float]]
    reports: dict[int, dict[int, float]]
    user_attrs: dict[int, dict[str, Any]]
    system_attrs: dict[int, dict[str, Any]]


def _read(db: Database, where: str, parameters: tuple[Any, ...]) -> list[FrozenTrial]:
    """Read trials with all that belongs to them, ordered by identifier; within a transaction.

    Parameters
    ----------
    db
        The database.
    where
        A condition on the table ``trials``, called ``t``.
    parameters
        The parameters of the condition.
    """
    found = db.query(
        f"SELECT trial_id, number, state, datetime_start, datetime_complete FROM trials t {where} ORDER BY trial_id",
        parameters,
    )
    if not found:
        return []

    def children(columns: str, table: str, order: str) -> Iterable[Row]:
        return db.query(
            f"SELECT c.trial_id, {columns} FROM {table} c JOIN trials t ON t.trial_id = c.trial_id {where} "
            f"ORDER BY c.{order}",
            parameters,
        )

    try:
        parts = _read_parts(children)
        return [_record(row, parts) for row in found]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise StorageInternalError(
            f"Rows of trials in {db.place} are not what they should be: {type(error).__name__}: {error}. Somebody "
            "edited them; `parzen storage check --storage URL` lists those of a file."
        ) from error


def _read_parts(children: Children) -> _Parts:
    params: dict[int, dict[str, Any]] = defaultdict(dict)
    distributions: dict[int, dict[str, BaseDistribution]] = defaultdict(dict)
    columns = "param_name, param_value, distribution_json"
    for trial_id, name, value, text in children(columns, "trial_params", "param_id"):
        if value is not None:  # what a sampler of old left where the range was not a number
            distributions[trial_id][name] = distribution = cached_distribution(text)
            params[trial_id][name] = distribution.to_external_repr(value)
    values: dict[int, list[float]] = defaultdict(list)
    for trial_id, value, kind in children("value, value_type", "trial_values", "objective"):
        values[trial_id].append(row_to_number(value, kind))
    reports: dict[int, dict[int, float]] = defaultdict(dict)
    for trial_id, step, value, kind in children(
        "step, intermediate_value, intermediate_value_type", "trial_intermediate_values", "trial_intermediate_value_id"
    ):
        reports[trial_id][step] = row_to_number(value, kind)
    return _Parts(params, distributions, values, reports, _attrs(children, "user"), _attrs(children, "system"))


def _attrs(children: Children, kind: str) -> dict[int, dict[str, Any]]:
    attrs: dict[int, dict[str, Any]] = defaultdict(dict)
    for trial_id, key, text in children('"key", value_json', f"trial_{kind}_attributes", f"trial_{kind}_attribute_id"):
        attrs[trial_id][key] = json.loads(text)
    return attrs


def _record(row: Row, parts: _Parts) -> FrozenTrial:
    trial_id, number, state, start, complete = row
    system_attrs = parts.system_attrs.get(trial_id, {})
    return FrozenTrial(
        number=number,
        state=state_of(_STATES[state], system_attrs),
        value=None,
        values=parts.values.get(trial_id),
        datetime_start=row_to_time(start),
        datetime_complete=row_to_time(complete),
        params=parts.params.get(trial_id, {}),
        distributions=parts.distributions.get(trial_id, {}),
        user_attrs=parts.user_attrs.get(trial_id, {}),
        system_attrs=system_attrs,
        intermediate_values=parts.reports.get(trial_id, {}),
        trial_id=trial_id,
    )
