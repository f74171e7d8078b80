"""One study's trials as they come, run and end: the columns of `trial_columns`, and all that changes them."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import ne
from typing import Any

import numpy as np

from ..distributions import BaseDistribution
from ..records import CONSTRAINTS, FIXED, PARENT, FrozenTrial, StudyDirection, TrialState, constraints_of, pause_marker
from ..values import owned_items
from .trial_columns import NO_TIME, TrialColumns, microseconds

# An attribute of an enumeration takes 70 ns to find, a name of this module 10.
_COMPLETE, _PRUNED, _PAUSED = TrialState.COMPLETE, TrialState.PRUNED, TrialState.PAUSED
_RUNNING, _WAITING = TrialState.RUNNING, TrialState.WAITING


class History(TrialColumns):
    """The trials of one study, as columns that change; the parameters are those of `TrialColumns`."""

    def __init__(self, directions: Sequence[StudyDirection], lock: Any = None) -> None:
        super().__init__(directions, lock)
        self._best_rank: tuple[float, int] | None = None
        self._waiting: list[int] = []
        self._expected: dict[int, set[str]] = {}  # what live trials hold but did not suggest yet, by number

    # --- waiting trials ----------------------------------------------------------------------------------------------

    @property
    def may_wait(self) -> bool:
        """Whether any trial may be waiting; False is certain, and needs no lock."""
        return bool(self._waiting)

    def next_waiting(self) -> int | None:
        """Give the lowest number that waits, None if there is none."""
        while self._waiting:
            number = self._waiting[0]
            if number in self.live and self.live[number].state == _WAITING:
                return number
            heapq.heappop(self._waiting)
        return None

    # --- changes -----------------------------------------------------------------------------------------------------

    def open(self, record: FrozenTrial) -> None:
        """Add a trial, of any state; its number must be the next one."""
        number = record.number
        if number != self.n:
            raise ValueError(f"Trial numbers have no gaps: expected {self.n}, but got {number}.")
        if number >= self._rows.capacity:  # they grow together; the one that is asked last, as Ctrl-C may come between
            for columns in (self._params, self._constraints, self._rows):
                columns.reserve(number + 1)
        self._rows.cells["trial_id"][number] = record._trial_id
        self.live[number] = record
        self.n += 1
        self._set_state(number, record.state)
        if record.distributions:
            self._set_columns(record)
        if record.state.is_finished():
            self._close(record)
        elif record.system_attrs:
            self.rungs.note(number, record.system_attrs)

    def _set_state(self, number: int, state: TrialState) -> None:
        self._rows.cells["state"][number] = state
        if state == _WAITING:
            heapq.heappush(self._waiting, number)

    def _set_columns(self, record: FrozenTrial) -> None:
        number, params, latest, set_value = record.number, record.params, self._domains.latest, self._params.set
        for name, distribution in record.distributions.items():
            if latest.get(name) is not distribution:
                record.distributions[name] = distribution = self._admit(name, distribution)
            set_value(name, number, distribution.to_internal_repr(params[name]))

    def put(self, record: FrozenTrial) -> bool:
        """Bring one trial up to date from what a storage holds: a new one is added, a live one changes in place.

        Return False, and do nothing, if it is neither the next trial nor the one that has its number.
        """
        number = record.number
        if number == self.n:
            self.open(record)
            return True
        if not 0 <= number < self.n or self._rows.cells["trial_id"][number] != record._trial_id:
            return False
        if number not in self.live and self._has_moved_on(number, record):
            self.resume(number)
        if number in self.live:
            self._update(self.live[number], record)
        return True

    def is_final(self, number: int) -> bool:
        """Tell whether nothing can happen to a trial any more."""
        return number not in self.live and bool(self._rows.cells["state"][number] != _PAUSED)

    def _has_moved_on(self, number: int, record: FrozenTrial) -> bool:
        """Tell whether a trial that is paused here has been taken up since, even if it paused again at once."""
        cells = self._rows.cells
        if cells["state"][number] != _PAUSED:
            return False
        last_step = -1 if record.last_step is None else record.last_step
        paused_at = microseconds(record.datetime_complete)
        is_same = last_step == cells["last_step"][number] and paused_at == cells["complete"][number]
        return bool(record.state != _PAUSED or not is_same)

    def _update(self, live: FrozenTrial, record: FrozenTrial) -> None:
        """Change a live record in place, as a worker may hold it as its running trial."""
        if live.state != record.state:
            self._set_state(live.number, record.state)
        for field in ("state", "_values", "datetime_start", "datetime_complete"):
            setattr(live, field, getattr(record, field))
        for field in ("params", "distributions", "user_attrs", "system_attrs", "intermediate_values"):
            getattr(live, field).update(getattr(record, field))
        self._settle(live.number, record.params)
        self._set_columns(live)
        if live.state.is_finished():
            self._close(live)
        elif live.system_attrs:
            self.rungs.note(live.number, live.system_attrs)

    def set_param(self, record: FrozenTrial, name: str, internal: float, distribution: BaseDistribution) -> None:
        """Set a parameter of a live trial, given its record; see `check_param`."""
        if self._domains.latest.get(name) is not distribution or internal != internal:
            self.check_param(name, internal, distribution)
            distribution = self._admit(name, distribution)
        self._params.set(name, record.number, internal)
        record.params[name] = distribution.to_external_repr(internal)
        record.distributions[name] = distribution
        if self._expected:
            self._settle(record.number, (name,))

    def expect(self, number: int, params: Mapping[str, tuple[float, BaseDistribution]]) -> None:
        """Show a live trial as if it had suggested ``{name: (internal value, distribution)}``, to keep others apart.

        A trial that runs elsewhere may tell only at its end what it suggested. What it suggests takes the place of what
        was expected; call `expect_no_more` before it ends.
        """
        record = self.live[number]
        missing = [name for name in params if name not in record.params]
        for name in missing:
            self.set_param(record, name, *params[name])
        self._expected[number] = set(missing)

    def expect_no_more(self, number: int) -> None:
        """Take from a trial what it was expected to suggest and did not."""
        record = self.live.get(number)
        for name in self._expected.pop(number, ()):
            if record is not None:
                record.params.pop(name, None)
                record.distributions.pop(name, None)
                self._params.set(name, number, math.nan)

    def _settle(self, number: int, names: Iterable[str]) -> None:
        """Note that a trial did suggest some parameters."""
        if number in self._expected:
            self._expected[number].difference_update(names)

    def check(self, name: str, distribution: BaseDistribution) -> None:
        """Raise ``ValueError`` if the study knows the parameter with another kind of domain."""
        self._domains.check(name, distribution)

    def check_param(self, name: str, internal: float, distribution: BaseDistribution) -> None:
        """Raise ``ValueError`` for a NaN, which is kept for absent parameters, and where `check` does."""
        if internal != internal:
            raise ValueError(f"The parameter {name!r} must not be NaN: give a value of {distribution!r}.")
        self._domains.check(name, distribution)

    def check_values(self, values: Sequence[float] | None) -> None:
        """Raise ``ValueError`` for objective values that cannot be stored: not one for each objective, or NaN."""
        m = len(self.directions)
        if values is not None and (len(values) != m or any(map(ne, values, values))):
            raise ValueError(f"Expected {m} objective values that are not NaN, but got {list(values)}.")

    def check_new(self, records: Sequence[FrozenTrial]) -> None:
        """Raise ``ValueError`` if a record to be added fits neither the study nor those before it."""
        for record in records:
            self.check_values(record.values)
        self._domains.check_all(record.distributions for record in records)

    def _admit(self, name: str, distribution: BaseDistribution) -> BaseDistribution:
        if name not in self._params.cells:
            self._params.add(name)
        return self._domains.admit(name, distribution)

    def start(self, number: int, when: datetime) -> FrozenTrial:
        """Turn a waiting trial into a running one."""
        record = self.live[number]
        record.state = _RUNNING
        record.datetime_start = when
        self._rows.cells["state"][number] = _RUNNING
        return record

    def resume(self, number: int) -> FrozenTrial:
        """Turn a paused trial into a running one."""
        record = self.copy_record(number)
        record.state, record.values, record.datetime_complete = _RUNNING, None, None
        self._frozen.pop(number, None)
        self.live[number] = record
        for name, blank in (("state", _RUNNING), ("complete", NO_TIME), ("values", np.nan)):
            self._rows[name][number] = blank
        return record

    def requeue(self, number: int) -> None:
        """Turn a running trial into a waiting one."""
        self.live[number].state = _WAITING
        self._set_state(number, _WAITING)

    def finish(self, number: int, state: TrialState, values: Sequence[float] | None, when: datetime) -> FrozenTrial:
        """Finish or pause a live trial; its record is given away. Values that it had stay if none are given."""
        record = self.live[number]
        record.state = state
        if state != _COMPLETE:
            record.system_attrs.update(pause_marker(record, state))
        if values is not None:
            record._values = list(values)
        record.datetime_complete = when
        self._close(record)
        return record

    def _close(self, record: FrozenTrial) -> None:
        """Move a finished record into the columns."""
        number, state, cells = record.number, record.state, self._rows.cells
        cells["state"][number] = state
        cells["start"][number] = microseconds(record.datetime_start)
        cells["complete"][number] = microseconds(record.datetime_complete)
        cells["signature"][number] = signature = self._domains.index_of(record.distributions)
        if self._domains.varied:
            self._keep_own(record)
        for objective, value in enumerate(record._values or ()):
            cells["values"][number, objective] = value
        if record.system_attrs or record.user_attrs or record.intermediate_values:
            self._keep(record)
        self._curves.pop(number, None)
        if state == _PAUSED:
            self._pauses.append(number)
            self._add_space(record, signature, self._pruned_spaces)
        else:
            self._note_end(record, signature)
        del self.live[number]

    def _keep(self, record: FrozenTrial) -> None:
        """Keep the attributes and reports of a trial that finished or paused."""
        number = record.number
        if record.user_attrs or record.system_attrs:
            self._attrs[number] = (owned_items(record.user_attrs), owned_items(record.system_attrs))
        if record.system_attrs:
            self._set_constraints(number, record.system_attrs)
            self.rungs.note(number, record.system_attrs)
        if record.intermediate_values:
            self._set_reports(number, record.intermediate_values)
            if record.state == _COMPLETE:
                self.reports.complete(record.intermediate_values)

    def _keep_own(self, record: FrozenTrial) -> None:
        """Keep the distributions of a trial that are not the ones of its signature."""
        own = self._domains.own(record.distributions)
        if own:
            self._own_distributions[record.number] = own

    def _note_end(self, record: FrozenTrial, signature: int) -> None:
        if record.system_attrs:
            self._note_unsuggested(record)
        self._count(record, signature)
        self._finished.append(record.number)

    def _note_unsuggested(self, record: FrozenTrial) -> None:
        """Note the parameters that a trial was enqueued with, if it did not ask for all of them."""
        fixed = record.system_attrs.get(FIXED)
        if fixed and PARENT not in record.system_attrs and not fixed.keys() <= record.params.keys():
            self.unsuggested.append(fixed)

    def _set_reports(self, number: int, reported: dict[int, float]) -> None:
        self.reports.add(number, reported)
        self._rows.cells["last_step"][number] = step = max(reported)
        self._rows.cells["last_value"][number] = reported[step]

    def _set_constraints(self, number: int, system_attrs: dict[str, Any]) -> None:
        if not any(key.startswith(CONSTRAINTS) for key in system_attrs):
            return
        found = constraints_of(system_attrs)
        for key, value in found.items():
            if key not in self._constraints:
                self._constraints.add(key, np.nan, np.float64)
            self._constraints.cells[key][number] = value
        violation = sum(max(value, 0.0) if value == value else math.inf for value in found.values())
        self._rows.cells["violation"][number] = violation

    def _count(self, record: FrozenTrial, signature: int) -> None:
        """Keep up what is asked of all trials together: how many, which search spaces, which is the best."""
        if record.state == _COMPLETE:
            self.n_complete += 1
            self._add_space(record, signature, self._complete_spaces)
            if len(self.directions) == 1:
                self._update_best(record)
        elif record.state == _PRUNED:
            self.n_pruned += 1
            self._add_space(record, signature, self._pruned_spaces)

    def _add_space(self, record: FrozenTrial, signature: int, spaces: set[int]) -> None:
        if signature not in self._complete_spaces and signature not in self._pruned_spaces:
            self._together.add(record.distributions)
        spaces.add(signature)

    def _update_best(self, record: FrozenTrial) -> None:
        """Compare with the best feasible trial so far; of equal ones the lower number is the best."""
        ranked = self._rank(record)
        if (self._best_rank is None or ranked < self._best_rank) and not self._is_infeasible(record):
            self._best_rank, self.best = ranked, record.number

    def _rank(self, record: FrozenTrial) -> tuple[float, int]:
        """Give what a complete trial of one objective is compared by."""
        assert record._values is not None
        return self.signs[0] * record._values[0], record.number

    def _is_infeasible(self, record: FrozenTrial) -> bool:
        return bool(record.system_attrs) and bool(self.violation[record.number] > 0)
