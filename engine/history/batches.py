"""Trials that start or end together: a batch fills each column at once, at less than half the cost.

What comes of it is what `History.open` and `History.finish` make of the records one after the other; a test compares
the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import numpy as np

from ..arrays import FloatArray
from ..records import FrozenTrial, TrialState, pause_marker
from .history import History
from .trial_columns import microseconds

_COMPLETE, _PRUNED, _PAUSED, _RUNNING = TrialState.COMPLETE, TrialState.PRUNED, TrialState.PAUSED, TrialState.RUNNING


class Alike(list[FrozenTrial]):
    """Records of new running trials that suggested from the same distributions, and their parameters as columns.

    Parameters
    ----------
    records
        One for each of n trials, n > 0.
    columns
        Internal values by name, shape (n,) each, in the order in which they were suggested.
    """

    def __init__(self, records: Iterable[FrozenTrial], columns: Mapping[str, FloatArray]) -> None:
        super().__init__(records)
        self.columns = columns


def open_alike(history: History, records: Alike) -> None:
    """Add trials whose numbers are the next ones."""
    start, stop = history.n, history.n + len(records)
    for columns in (history._params, history._constraints, history._rows):
        columns.reserve(stop)
    history._rows["trial_id"][start:stop] = [record._trial_id for record in records]
    history._rows["state"][start:stop] = _RUNNING
    for name, given in records[0].distributions.items():
        shared = history._admit(name, given)
        history._params.set_span(name, start, records.columns[name])
        if shared is not given:
            for record in records:
                record.distributions[name] = shared
    history.live.update(zip(range(start, stop), records, strict=True))
    history.n = stop
    for record in records:
        if record.system_attrs:
            history.rungs.note(record.number, record.system_attrs)


def finish_together(
    history: History,
    numbers: Sequence[int],
    states: Sequence[TrialState],
    values: Sequence[Sequence[float] | None],
    when: datetime,
) -> None:
    """Finish or pause different live trials at one time; see `History.finish`."""
    if _PAUSED in states:
        for number, state, told in zip(numbers, states, values, strict=True):
            history.finish(number, state, told, when)
        return
    records = [history.live[number] for number in numbers]
    for record, state, told in zip(records, states, values, strict=True):
        record.state, record.datetime_complete = state, when
        if told is not None:
            record._values = list(told)
        if state != _COMPLETE:
            record.system_attrs.update(pause_marker(record, state))
        if record.system_attrs or record.user_attrs or record.intermediate_values:
            history._keep(record)
    _close(history, records, list(numbers), states, when)


def _close(
    history: History, records: list[FrozenTrial], numbers: list[int], states: Sequence[TrialState], when: datetime
) -> None:
    """Move the records of finished trials, whose attributes and reports are kept already, into the columns."""
    signatures = [history._domains.index_of(record.distributions) for record in records]
    starts = {start: microseconds(start) for start in {record.datetime_start for record in records}}
    blank = [np.nan] * len(history.directions)
    rows, at = history._rows, np.array(numbers, dtype=np.int64)
    rows["state"][at], rows["complete"][at], rows["signature"][at] = states, microseconds(when), signatures
    rows["start"][at] = [starts[record.datetime_start] for record in records]
    rows["values"][at] = [record._values or blank for record in records]
    if history._domains.varied:
        for record in records:
            history._keep_own(record)
    firsts: dict[tuple[TrialState, int], FrozenTrial] = {}
    for record, state, signature in zip(records, states, signatures, strict=True):
        firsts.setdefault((state, signature), record)
        if record.system_attrs:
            history._note_unsuggested(record)
    for (state, signature), record in firsts.items():
        if state == _COMPLETE:
            history._add_space(record, signature, history._complete_spaces)
        elif state == _PRUNED:
            history._add_space(record, signature, history._pruned_spaces)
    history.n_complete += states.count(_COMPLETE)
    history.n_pruned += states.count(_PRUNED)
    if len(history.directions) == 1:
        complete = [record for record in records if record.state == _COMPLETE and not history._is_infeasible(record)]
        if complete:
            history._update_best(min(complete, key=history._rank))
    history._finished.extend(at)
    for number in numbers:
        history._curves.pop(number, None)
        del history.live[number]
