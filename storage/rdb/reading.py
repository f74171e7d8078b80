"""From the rows of the schema to records."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import index
from typing import Any, NamedTuple

from ...engine.distributions import BaseDistribution, CategoricalDistribution
from ...engine.distributions.json import cached_distribution
from ...engine.exceptions import StorageInternalError
from ...engine.history.rungs import Rungs
from ...engine.logging import get_logger
from ...engine.records import FIXED, PAUSED_AT, FrozenTrial, StudyDirection, TrialState, constraints_of, state_of
from .database import Database, Row
from .dialect import Dialect
from .rows import UNREADABLE, readable_time, row_to_number, row_to_time
from .statements import Statement, chunks, placeholders

REMEDY = "`parzen storage check --storage URL` lists all such rows of a file, and with `--repair` mends them."

_logger = get_logger(__name__)

_STATES = {state.name: state for state in TrialState}
_COUNTED = ("trial_params", "trial_intermediate_values", "trial_user_attributes", "trial_system_attributes")
_PARTS = (  # columns, table, and the column of their order; attributes have the dialect's
    ("param_name, param_value, distribution_json", "trial_params", "param_id"),
    ("value, value_type", "trial_values", "objective"),
    ("step, intermediate_value, intermediate_value_type", "trial_intermediate_values", "trial_intermediate_value_id"),
    ('"key", value_json', "trial_user_attributes", None),
    ('"key", value_json', "trial_system_attributes", None),
)
_FEW = 500  # trials of which all is read by one message


def read_directions(db: Database, study_id: int) -> list[StudyDirection]:
    """Give the direction of each objective; ``KeyError`` if there is no such study."""
    rows = db.query("SELECT direction FROM study_directions WHERE study_id = ? ORDER BY objective", (study_id,))
    if not rows:
        raise KeyError(f"No study with id {study_id} exists.")
    try:
        return [StudyDirection[name] for (name,) in rows]
    except KeyError as error:
        raise StorageInternalError(
            f"A direction of the study with id {study_id} in {db.place} is {error}, but one of "
            f"{', '.join(StudyDirection.__members__)} is expected: somebody edited it. {REMEDY}"
        ) from error


class Selection(NamedTuple):
    """Some trials of the table ``trials``, called ``t``: a condition, and its parameters."""

    where: str
    parameters: tuple[Any, ...]

    @property
    def rows(self) -> Statement:
        """The statement that reads the trials, ordered by identifier, without what belongs to them."""
        columns = "trial_id, number, state, datetime_start, datetime_complete"
        return f"SELECT {columns} FROM trials t {self.where} ORDER BY trial_id", self.parameters

    def parts(self, dialect: Dialect) -> list[Statement]:
        """The statements that read what belongs to the trials."""
        return [
            (
                f"SELECT c.trial_id, {columns} FROM {table} c JOIN trials t ON t.trial_id = c.trial_id {self.where} "
                f"ORDER BY c.{order or dialect.order_of(table)}",
                self.parameters,
            )
            for columns, table, order in _PARTS
        ]


def new_trials(study_id: int, last: int) -> Selection:
    """Select the trials of a study whose identifiers lie above `last`."""
    return Selection("WHERE t.study_id = ? AND t.trial_id > ?", (study_id, last))


def some_trials(study_id: int, trial_ids: Sequence[int]) -> list[Selection]:
    """Select those of some trials that are in a study."""
    return [
        Selection(f"WHERE t.trial_id IN ({placeholders(chunk)}) AND t.study_id + 0 = ?", (*chunk, study_id))
        for chunk in chunks(trial_ids)
    ]


def read_new(db: Database, study_id: int, last: int) -> list[FrozenTrial]:
    """Read the trials of a study whose identifiers lie above `last`."""
    return _read(db, new_trials(study_id, last))


def read_some(db: Database, study_id: int, trial_ids: Sequence[int]) -> list[FrozenTrial]:
    """Read those of some trials that are in a study."""
    return [record for selection in some_trials(study_id, trial_ids) for record in _read(db, selection)]


def counting(trial_ids: Sequence[int]) -> list[Statement]:
    """Give the statements that count what belongs to some trials, in rows of identifier and count."""
    return [
        (
            " UNION ALL ".join(
                f"SELECT trial_id, COUNT(*) FROM {table} WHERE trial_id IN ({placeholders(chunk)}) GROUP BY trial_id"
                for table in _COUNTED
            ),
            (*chunk,) * len(_COUNTED),
        )
        for chunk in chunks(trial_ids)
    ]


def n_parts(record: FrozenTrial) -> int:
    """Count what belongs to a trial, as `counting` does."""
    n_attrs = len(record.user_attrs) + len(record.system_attrs)
    return len(record.params) + len(record.intermediate_values) + n_attrs


class _Parts(NamedTuple):
    """What belongs to some trials, by identifier."""

    params: dict[int, dict[str, Any]]
    distributions: dict[int, dict[str, BaseDistribution]]
    values: dict[int, list[float]]
    reports: dict[int, dict[int, float]]
    user_attrs: dict[int, dict[str, Any]]
    system_attrs: dict[int, dict[str, Any]]


def _read(db: Database, selection: Selection) -> list[FrozenTrial]:
    """Read trials with all that belongs to them, ordered by identifier; within a transaction."""
    return read_selected(db, selection, db.query(*selection.rows))


def read_selected(db: Database, selection: Selection, found: Sequence[Row]) -> list[FrozenTrial]:
    """Read what belongs to trials whose own rows were found, and make the records; within a transaction."""
    if not found:
        return []
    statements = selection.parts(db.dialect)
    if len(found) <= _FEW:
        tables: Iterable[list[Row]] = (outcome.rows for outcome in db.together(*statements))
    else:  # one table after the other, since rows take memory
        tables = (db.query(*statement) for statement in statements)
    try:
        parts = _parts_of(tables)
        return [_record(row, parts) for row in found]
    except UNREADABLE:
        each = _read_each(found, [db.query(*statement) for statement in statements])
    return [
        unreadable(db, row[0], row[1], told, row[3], row[4]) if isinstance(told, str) else told
        for row, told in zip(found, each, strict=True)
    ]


def read_problems(db: Database, study_id: int) -> Iterator[tuple[int, FrozenTrial | str]]:
    """Read all trials of a study, and give each with its identifier, or what is wrong with it."""
    selection = new_trials(study_id, -1)
    found, *tables = (db.query(*statement) for statement in (selection.rows, *selection.parts(db.dialect)))
    for row, told in zip(found, _read_each(found, tables), strict=True):
        yield row[0], told


def _read_each(found: Sequence[Row], tables: Sequence[Sequence[Row]]) -> Iterator[FrozenTrial | str]:
    """Read trials one by one, because some row is not what it should be; give what is wrong with a trial instead."""
    by_trial: list[dict[int, list[Row]]] = []
    for rows in tables:
        by_trial.append(defaultdict(list))
        for row in rows:
            by_trial[-1][row[0]].append(row)
    for row in found:
        try:
            yield _record(row, _parts_of(of_table.get(row[0], ()) for of_table in by_trial))
        except UNREADABLE as error:
            yield f"{type(error).__name__}: {error}"


def unreadable(
    db: Database, trial_id: int, number: Any, problem: str, start: Any = None, complete: Any = None
) -> FrozenTrial:
    """Tell of a trial that cannot be read, and give a failed one in its place, at the same times if they are known."""
    _logger.warning(
        f"Trial {number} (trial_id {trial_id}) in {db.place} cannot be read and counts as failed: {problem}. Somebody "
        f"edited its rows. {REMEDY}"
    )
    record = FrozenTrial.blank(number, trial_id)
    record.datetime_start, record.datetime_complete = readable_time(start), readable_time(complete)
    return record


def _parts_of(tables: Iterable[Sequence[Row]]) -> _Parts:
    """Sort the rows of each table by trial."""
    rows = iter(tables)
    params: dict[int, dict[str, Any]] = defaultdict(dict)
    distributions: dict[int, dict[str, BaseDistribution]] = defaultdict(dict)
    for trial_id, name, value, text in next(rows):
        if value is not None:  # what a sampler of old left where the range was not a number
            distributions[trial_id][name_of(name)] = distribution = cached_distribution(text)
            params[trial_id][name] = param_of(distribution, float(value))
    values: dict[int, list[float]] = defaultdict(list)
    for trial_id, value, kind in next(rows):
        values[trial_id].append(row_to_number(value, kind))
    reports: dict[int, dict[int, float]] = defaultdict(dict)
    for trial_id, step, value, kind in next(rows):
        reports[trial_id][index(step)] = row_to_number(value, kind)
    return _Parts(params, distributions, values, reports, _attrs(next(rows)), _attrs(next(rows)))


def _attrs(rows: Sequence[Row]) -> dict[int, dict[str, Any]]:
    attrs: dict[int, dict[str, Any]] = defaultdict(dict)
    for trial_id, key, text in rows:
        attrs[trial_id][name_of(key)] = json.loads(text)
    return attrs


def name_of(name: Any) -> str:
    """Give the name of a parameter or an attribute as it is; ``TypeError`` if it is no text."""
    if type(name) is not str:
        raise TypeError(f"a name is {name!r}, but a text is expected")
    return name


def param_of(distribution: BaseDistribution, internal: float) -> Any:
    """Give the value of a parameter; an error for what the distribution cannot hold."""
    if type(distribution) is CategoricalDistribution and internal < 0:  # Python would count from the end
        raise IndexError(f"the index of a choice is {internal:g}, but 0 or more is expected")
    return distribution.to_external_repr(internal)


def _record(row: Row, parts: _Parts) -> FrozenTrial:
    trial_id, number, state, start, complete = row
    system_attrs = parts.system_attrs.get(trial_id, {})
    if system_attrs:
        check_attrs(system_attrs)
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


def check_attrs(system_attrs: dict[str, Any]) -> None:
    """Raise an error where an attribute that parzen or a pruner wrote is not what it was."""
    constraints_of(system_attrs)
    Rungs().note(0, system_attrs)
    fixed = system_attrs.get(FIXED)
    if not (fixed is None or isinstance(fixed, dict)):
        raise TypeError(f"the enqueued parameters are {fixed!r}, but a dictionary is expected")
    paused_at = system_attrs.get(PAUSED_AT)
    if paused_at is not None:
        index(paused_at)
