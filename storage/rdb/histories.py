"""The histories that a process keeps of the studies in a database, brought up to date from the database."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ...engine.history import History, fill
from ...engine.interrupts import Deferred
from ...engine.logging import get_logger
from ...engine.records import FrozenTrial, TrialState
from . import writing
from .bulk import read_columns, without_collection
from .database import Database, Row
from .reading import (
    REMEDY,
    Selection,
    new_trials,
    read_directions,
    read_new,
    read_selected,
    read_some,
    some_trials,
    unreadable,
)
from .rows import UNREADABLE, readable_time

_logger = get_logger(__name__)

_SECOND = timedelta(seconds=1)
_LONGEST_GAP = 100_000  # numbers that may be missing in a row
_NOBODY = -(2**32)  # below this are identifiers of trials that stand for missing ones


class OwnTrial(NamedTuple):
    """An unfinished trial that this process changes; it is found by its identifier, without a look at the database."""

    study_id: int
    record: FrozenTrial


class Histories:
    """Histories, each as of some version of the database; the storage's lock is held around each call.

    A new trial of this process is in its history at once unless trials of other processes come before it. Those are
    read at the next look, so that creating a trial need not read them.

    Parameters
    ----------
    db
        The database.
    lock
        The lock that the histories are given.

    Attributes
    ----------
    own_trials : dict[int, OwnTrial]
        The unfinished trials that this process changes, by identifier.
    """

    def __init__(self, db: Database, lock: Any) -> None:
        self.own_trials: dict[int, OwnTrial] = {}
        self._told: set[str] = set()
        self._db = db
        self._lock = lock
        self._histories: dict[int, History] = {}
        self._seen: dict[int, int] = {}  # version of the database that each history has
        self._corrections: dict[int, int] = {}  # how often finished trials had been changed at that version
        self._resumptions: dict[int, int] = {}  # how often paused trials had been resumed at that version

    def history(self, study_id: int, refresh: bool = True) -> History:
        """Give a study's trials, up to date or as of the last look."""
        known = self._histories.get(study_id)
        if known is None or (refresh and not self.is_fresh(study_id)):
            self.pull(study_id)
        return self._histories[study_id]

    def has(self, study_id: int) -> bool:
        """Tell whether this process has read a study."""
        return study_id in self._histories

    def is_fresh(self, study_id: int) -> bool:
        """Tell whether no other connection has written since the last look."""
        return self._seen.get(study_id) == self._db.version()

    def forget_versions(self) -> None:
        """Have every study looked at again, because a new connection counts versions anew."""
        self._seen.clear()

    def forget(self, study_id: int) -> None:
        """Drop all that is kept of a study."""
        self._histories.pop(study_id, None)
        self._seen.pop(study_id, None)
        self.own_trials = {key: own for key, own in self.own_trials.items() if own.study_id != study_id}

    # --- trials of this process --------------------------------------------------------------------------------------

    def add(self, study_id: int, record: FrozenTrial) -> None:
        """Add a trial that was just stored; if other processes' trials come before it, it waits for the next look."""
        history = self._histories[study_id]
        if not record.state.is_finished():
            self.own_trials[record._trial_id] = OwnTrial(study_id, record)
        if record.number == history.n:
            history.open(record)

    def add_claimed(self, study_id: int, record: FrozenTrial) -> bool:
        """Add a trial that this process has just claimed, as it is stored; False if it is finished already."""
        history = self._histories[study_id]
        if record.number < history.n:
            history.put(record)
        if record.number in history.live:
            self.own_trials[record._trial_id] = OwnTrial(study_id, history.live[record.number])
        else:  # the trial is newer than the last look; this process may have put it back into the queue since
            self.own_trials.setdefault(record._trial_id, OwnTrial(study_id, record)).record.become(record)
        return not record.state.is_finished()

    def history_of(self, own: OwnTrial) -> History | None:
        """Give the history that has a trial, None if the trial waits for the next look."""
        history = self._histories[own.study_id]
        return history if history.live.get(own.record.number) is own.record else None

    # --- trials of other processes -----------------------------------------------------------------------------------

    def pull(self, study_id: int) -> None:
        """Read new trials, and those known as unfinished; read all trials if the others are not the same any more."""
        with Deferred():  # Ctrl-C must not leave a trial half read
            self._pull(study_id)

    def _pull(self, study_id: int) -> None:
        with self._db.reading():
            history = self._histories.get(study_id)
            look = _Look(study_id, history)
            changes, *found = (outcome.rows for outcome in self._db.together(*look.statements))
            corrections, (resumptions, resumed) = writing.changes_in(changes, study_id)
            version = self._db.version()
            changed = None
            if history is not None and history.n and corrections == self._corrections.get(study_id):
                n_resumed = resumptions - self._resumptions.get(study_id, 0)
                changed = self._changed(look, found, _resumed_since(history, n_resumed, resumed))
            if changed is None:
                filled = self._read_at_once(study_id)
                directions = read_directions(self._db, study_id)
                records = read_new(self._db, study_id, -1) if filled is None else []
        if changed is None:
            self._begin_again(study_id, filled or History(directions, self._lock), records)
        else:
            self._put(study_id, self._histories[study_id], changed)
        self._seen[study_id] = version
        self._corrections[study_id] = corrections
        self._resumptions[study_id] = resumptions

    def _read_at_once(self, study_id: int) -> History | None:
        """Read a whole study as columns; None where trials must be read one by one."""
        if any(own.study_id == study_id for own in self.own_trials.values()):
            return None

        def read() -> History | None:
            history = History(read_directions(self._db, study_id), self._lock)
            with without_collection():
                is_whole = fill(history, read_columns(self._db, study_id, len(history.directions)))
            return history if is_whole else None

        try:
            return self._db.in_one_state(read)
        except UNREADABLE:
            return None

    def _changed(self, look: _Look, found: Sequence[list[Row]], resumed: list[int]) -> list[FrozenTrial] | None:
        """Read the trials that may differ from the history; None if its trials were deleted or replaced by others."""
        *rows, last = found
        if not look.holds_last(last):
            return None
        *known, new = (
            read_selected(self._db, selection, own) for selection, own in zip(look.selections, rows, strict=True)
        )
        live = [record for records in known for record in records]
        missed = [trial_id for trial_id in resumed if trial_id not in look.live]
        others = read_some(self._db, look.study_id, missed)
        if len(live) < len(look.live) or len(others) < len(missed):
            return None
        if not all(_is_same(look.live[record._trial_id], record) for record in live):
            return None
        return [*live, *others, *new]

    def _begin_again(self, study_id: int, history: History, records: Sequence[FrozenTrial]) -> None:
        """Fill a new history; it takes over those trials of this process that are still stored."""
        stored = {record._trial_id: record for record in records if record._trial_id in self.own_trials}
        kept = {
            trial_id: own
            for trial_id, own in self.own_trials.items()
            if trial_id in stored and own.study_id == study_id and _is_same(own.record, stored[trial_id])
        }
        self.forget(study_id)
        self._histories[study_id] = history
        self.own_trials.update(kept)
        self._put(study_id, history, records)

    def _put(self, study_id: int, history: History, records: Sequence[FrozenTrial]) -> None:
        limits = _limits(records)
        for record, limit in zip(records, limits, strict=True):
            self._put_one(history, record, limit)

    def _put_one(self, history: History, record: FrozenTrial, limit: float) -> None:
        number, trial_id = record.number, record._trial_id
        if not _is_placed(history, record) and not history.n <= _order(number) <= min(limit, history.n + _LONGEST_GAP):
            self._tell(f"has the number {number!r}, which contradicts those of other trials: it is left out", trial_id)
            return
        if number > history.n:
            self._tell(
                f"has the number {number}, but none has {history.n}: a failed trial stands in each gap", trial_id
            )
        for missing in range(history.n, number):
            history.put(FrozenTrial.blank(missing, _NOBODY - missing))
        if problem := problem_of(history, record):
            failed = unreadable(self._db, trial_id, number, problem)
            failed.datetime_start, failed.datetime_complete = record.datetime_start, record.datetime_complete
            record = failed
        own = self.own_trials.get(trial_id)
        if own is not None and number == history.n:
            own.record.become(record)
            record = own.record
        history.put(record)
        if record.state.is_finished():
            self.own_trials.pop(trial_id, None)

    def _tell(self, problem: str, trial_id: int) -> None:
        """Tell once of a trial's number."""
        text = (
            f"The trial with trial_id {trial_id} in {self._db.place} {problem}. Somebody edited the database. {REMEDY}"
        )
        if text not in self._told:
            self._told.add(text)
            _logger.warning(text)


def _order(number: object) -> float:
    """Give the number of a trial, and -1 for what is none."""
    return number if type(number) is int else -1


def _limits(records: Sequence[FrozenTrial]) -> list[float]:
    """Give the largest number that each record can have, as later ones have larger numbers."""
    limits, limit = [], math.inf
    for record in reversed(records):
        limits.append(limit)
        if _order(record.number) >= 0:
            limit = min(limit, record.number - 1)
    return limits[::-1]


def _is_placed(history: History, record: FrozenTrial) -> bool:
    """Tell whether a trial is in the history already, at its number."""
    number = int(_order(record.number))
    return 0 <= number < history.n and bool(history.trial_ids[number] == record._trial_id)


def problem_of(history: History, record: FrozenTrial) -> str | None:
    """Say what is wrong with the objective values of a record."""
    try:
        history.check_values(record._values)
    except ValueError as error:
        return str(error)
    if record._values is None and record.state == TrialState.COMPLETE:
        return "it is complete, but has no value"
    return None


class _Look:
    """What is asked to see whether a study has changed since the last look.

    First the counts of changes; then the trials that were not finished and those that are new; at last the trial that
    finished last, to see that the database holds it and not another one under its identifier. If none has finished,
    the one that paused last is looked at, by its start, since its end may have changed.
    """

    def __init__(self, study_id: int, history: History | None) -> None:
        self.study_id = study_id
        self.live = {} if history is None else {record._trial_id: record for record in history.live.values()}
        self.selections: list[Selection] = []
        self.statements = [writing.changes_of(study_id)]
        self._held: datetime | None = None
        if history is None or not history.n:
            return
        self.selections = [*some_trials(study_id, list(self.live)), new_trials(study_id, int(history.trial_ids[-1]))]
        self.statements += [selection.rows for selection in self.selections]
        number, column = -1, "datetime_complete"
        if len(history.finished):
            number = int(history.finished[-1])
            self._held = history.completed_at(number)
        elif len(history.pauses):
            number, column = int(history.pauses[-1]), "datetime_start"
            self._held = history.started_at(number)
        trial_id = history.trial_id(number) if number >= 0 else -1
        sql = f"SELECT {column} FROM trials WHERE trial_id = ? AND study_id = ? AND number = ?"
        self.statements.append((sql, (trial_id, study_id, number)))

    def holds_last(self, rows: Sequence[Row]) -> bool:
        """Tell from its row whether the trial is still there."""
        return self._held is None or (bool(rows) and _is_near(self._held, readable_time(rows[0][0])))


def _resumed_since(history: History, n: int, last: list[int]) -> list[int]:
    """Give the identifiers of the trials in the history of the last `n` resumptions; of all paused ones if unknown."""
    if n > len(last):
        return history.trial_ids[history.states == int(TrialState.PAUSED)].tolist()  # type: ignore[no-any-return]
    newest = int(history.trial_ids[-1]) if history.n else -1
    return sorted({trial_id for trial_id in last[len(last) - n :] if trial_id <= newest})


def _is_same(before: FrozenTrial, now: FrozenTrial) -> bool:
    """Tell whether two records of one identifier are of one trial: files made by Optuna use identifiers again."""
    is_unstarted = before.datetime_start is None
    return before.number == now.number and (is_unstarted or _is_near(before.datetime_start, now.datetime_start))


def _is_near(held: datetime | None, stored: datetime | None) -> bool:
    """Tell whether two times are the same; the tables that Optuna makes in MySQL keep whole seconds."""
    if held is None or stored is None:
        return held is stored
    return held == stored or (stored.microsecond == 0 and abs(held - stored) <= _SECOND)
