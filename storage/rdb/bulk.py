"""All trials of a study in a database, read as columns.

For the first look at a large study: to make a record of each trial takes several times as long. Rows that are not as
they should be are left to `reading`, which tells of them.
"""

from __future__ import annotations

import contextlib
import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from itertools import compress
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.distributions import BaseDistribution
from ...engine.distributions.json import cached_distribution
from ...engine.history import StoredTrials
from ...engine.history.trial_columns import NO_TIME
from ...engine.records import TrialState, state_of
from ..json import read_together
from .database import Database
from .reading import check_attrs, name_of, param_of, read_some
from .rows import row_to_number

_QUARTER = 15 * 60 * 10**6  # microseconds between moments at which a clock may be set forward or back
_STATES = {state.name: int(state) for state in TrialState}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SHARE = 4  # a study with a larger part of all trials is read by going through the tables from end to end
_LENGTHS = {19, 26}  # of a time as text: without and with microseconds


class Irregular(ValueError):
    """Some row is not as it should be."""


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Keep Python from searching the many new rows for circles, again and again: that is a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def read_columns(db: Database, study_id: int, n_objectives: int) -> StoredTrials:
    """Read a study, in one state of it. One of `UNREADABLE` is raised where only `reading` can do it."""
    rows = db.query(
        "SELECT trial_id, number, state, datetime_start, datetime_complete FROM trials WHERE study_id = ? "
        "ORDER BY trial_id",
        (study_id,),
    )
    trial_ids, numbers, states, starts, ends = zip(*rows, strict=True) if rows else ((),) * 5
    if numbers != tuple(range(len(rows))):
        raise Irregular
    ids = np.array(trial_ids, dtype=np.int64)
    place = _Places(db, study_id, ids)
    attrs = _attrs(place)
    stored = np.array(list(map(_STATES.__getitem__, states)), dtype=np.int64)
    for number, (_, system_attrs) in attrs.items():
        stored[number] = state_of(TrialState(int(stored[number])), system_attrs)
    live = ids[np.isin(stored, (TrialState.RUNNING, TrialState.WAITING))].tolist()
    suggestions, params = _params(place)
    return StoredTrials(
        ids,
        stored,
        _local(starts),
        _local(ends),
        _values(place, len(ids), n_objectives),
        suggestions,
        *params,
        *_reports(place),
        attrs,
        {record.number: record for record in read_some(db, study_id, live)},
    )


class _Places:
    """The rows that belong to the trials of one study, with the trials' numbers."""

    def __init__(self, db: Database, study_id: int, trial_ids: IntArray) -> None:
        self._db, self._trial_ids = db, trial_ids
        last = int(db.query("SELECT COALESCE(MAX(trial_id), 0) FROM trials")[0][0])
        if len(trial_ids) * _SHARE > last:  # the + keeps SQLite from looking up each trial
            self._where = f"+c.trial_id BETWEEN {trial_ids[0]} AND {trial_ids[-1]}"
        else:
            self._where = f"c.trial_id IN (SELECT trial_id FROM trials WHERE study_id = {study_id})"

    def order_of(self, table: str) -> str:
        """Give the column that orders a table of attributes."""
        return self._db.dialect.order_of(table)

    def columns(self, terms: Sequence[str], table: str, order: str) -> tuple[IntArray, Sequence[Sequence[Any]]]:
        """Give the number of the trial of each row, and the values of each term."""
        rows = self._db.query(
            f"SELECT c.trial_id, {', '.join(terms)} FROM {table} c WHERE {self._where} ORDER BY c.{order}"
        )
        found: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * (1 + len(terms))
        trial_ids, *columns = found
        wanted = np.array(trial_ids, dtype=np.int64)
        numbers = np.searchsorted(self._trial_ids, wanted)
        is_ours = self._trial_ids[numbers] == wanted if len(wanted) else wanted == 0
        if not is_ours.all():
            numbers, columns = numbers[is_ours], [list(compress(column, is_ours)) for column in columns]
        return numbers, columns

    def numbers(self, index: str, value: str, table: str, order: str) -> tuple[IntArray, IntArray, FloatArray]:
        """Give the number of the trial, an index and a value of each row."""
        numbers, (indices, values) = self.columns((f"c.{index}", f"c.{value}"), table, order)
        places, found = np.array(indices or np.empty(0, dtype=np.int64)), np.array(values, dtype=np.float64)
        if places.dtype != np.int64:
            raise Irregular
        absent = np.isnan(found)
        if absent.any():
            kind = f"CASE WHEN c.{value} IS NULL THEN c.{value}_type ELSE 'FINITE' END"
            (kinds,) = self.columns((kind,), table, order)[1]
            found[absent] = [row_to_number(None, kinds[i]) for i in np.flatnonzero(absent).tolist()]
        return numbers, places, found


def _params(places: _Places) -> tuple[list[tuple[str, BaseDistribution]], tuple[IntArray, IntArray, FloatArray]]:
    terms = ("c.param_value", "c.param_name", "c.distribution_json")
    numbers, (values, names, texts) = places.columns(terms, "trial_params", "param_id")
    codes: defaultdict[tuple[str, str], int] = defaultdict()
    codes.default_factory = codes.__len__  # a new pair gets the next number
    which = np.fromiter(map(codes.__getitem__, zip(names, texts, strict=True)), dtype=np.int64, count=len(names))
    suggestions = [(name_of(name), cached_distribution(text)) for name, text in codes]
    internal = np.array(values, dtype=np.float64)
    for code, (_, distribution) in enumerate(suggestions):
        its = internal[which == code]
        for value in (its.min(), its.max()):
            param_of(distribution, float(value))  # raises an error for what the distribution cannot hold
    return suggestions, (numbers, which, internal)


def _values(places: _Places, n: int, n_objectives: int) -> FloatArray:
    numbers, objectives, told = places.numbers("objective", "value", "trial_values", "trial_value_id")
    if len(objectives) and not (objectives.min() >= 0 and objectives.max() < n_objectives):
        raise Irregular
    values = np.full((n, n_objectives), np.nan)
    values[numbers, objectives] = told
    missing = np.isnan(values)
    if (missing.any(axis=1) != missing.all(axis=1)).any():
        raise Irregular
    return values


def _reports(places: _Places) -> tuple[IntArray, IntArray, FloatArray]:
    table = "trial_intermediate_values"
    return places.numbers("step", "intermediate_value", table, "trial_intermediate_value_id")


def _attrs(places: _Places) -> dict[int, tuple[dict[str, Any], dict[str, Any]]]:
    found: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
    for index, kind in enumerate(("user", "system")):
        table = f"trial_{kind}_attributes"
        numbers, (keys, texts) = places.columns(('c."key"', "c.value_json"), table, places.order_of(table))
        for number, key, value in zip(numbers.tolist(), keys, read_together(texts), strict=True):
            attrs = found.get(number)
            if attrs is None:
                attrs = found[number] = ({}, {})
            attrs[index][name_of(key)] = value
    for _, system_attrs in found.values():
        if system_attrs:
            check_attrs(system_attrs)
    return found


def _local(times: Sequence[str | datetime | None]) -> IntArray:
    """Read times in UTC as local ones, in microseconds; a file gives texts, a server times."""
    kinds = set(map(type, times)) - {type(None)}
    if not (kinds <= {datetime} or (kinds <= {str} and set(map(len, filter(None, times))) <= _LENGTHS)):  # type: ignore[arg-type]
        raise Irregular
    utc = np.array(times, dtype="datetime64[us]")
    known = ~np.isnat(utc)
    micros = np.where(known, utc.astype(np.int64), 0)
    quarters, which = np.unique(micros // _QUARTER, return_inverse=True)
    shifts = np.array(list(_shifts(quarters.tolist())), dtype=np.int64)
    return np.where(known, micros + shifts[which.reshape(-1)], NO_TIME)


def _shifts(quarters: Iterable[int]) -> Iterable[int]:
    """Give the microseconds from UTC to local time in each quarter of an hour."""
    for quarter in quarters:
        shift = (_EPOCH + timedelta(microseconds=quarter * _QUARTER)).astimezone().utcoffset()
        assert shift is not None
        yield shift // timedelta(microseconds=1)
