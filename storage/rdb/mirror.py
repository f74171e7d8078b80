"""The columns that a process keeps of the studies in a database, brought up to date by what others wrote."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ...engine.exceptions import StorageInternalError
from ...engine.history import History
from ...engine.interrupts import Deferred
from ...engine.records import FrozenTrial, StudyDirection, TrialState
from . import writing
from .database import Database
from .reading import read_new, read_some
from .rows import row_to_time

_SECOND = timedelta(seconds=1)


class Own(NamedTuple):
    """An unfinished trial that this process changes, found by its identifier without a look at the database."""

    study_id: int
    record: FrozenTrial


class Mirror:
    """Histories, each as of some version of the database; the storage's lock is held around each call.

    A trial that this process makes while others make theirs is not in the history at once: it would have to read theirs
    first, and it need not before somebody looks.

    Parameters
    ----------
    db
        The database.
    lock
        The lock that histories are given.

    Attributes
    ----------
    own : dict[int, Own]
        The unfinished trials that this process changes, by identifier.
    """

    def __init__(self, db: Database, lock: Any) -> None:
        self.own: dict[int, Own] = {}
        self._db = db
        self._lock = lock
        self._histories: dict[int, History] = {}
        self._seen: dict[int, int] = {}  # version of the database up to which each history is
        self._corrections: dict[int, int] = {}  # how often finished trials had been changed then
        self._resumptions: dict[int, int] = {}  # and how often paused ones had been resumed

    def history(self, study_id: int, refresh: bool = True) -> History:
        """Give a study's trials, up to date or as of the last look."""
        known = self._histories.get(study_id)
        if known is None or (refresh and not self.is_fresh(study_id)):
            self.pull(study_id)
        return self._histories[study_id]

    def is_fresh(self, study_id: int) -> bool:
        """Tell whether nobody wrote since the last look."""
        return self._seen.get(study_id) == self._db.version()

    def forget_versions(self) -> None:
        """Look again at everything: another connection counts anew."""
        self._seen.clear()

    def forget(self, study_id: int) -> None:
        """Drop all of a study."""
        self._histories.pop(study_id, None)
        self._seen.pop(study_id, None)
        self.own = {key: own for key, own in self.own.items() if own.study_id != study_id}

    # --- trials of this process --------------------------------------------------------------------------------------

    def open(self, study_id: int, record: FrozenTrial) -> None:
        """Take in a trial that was just stored; if trials of others came before it, it waits for the next look."""
        history = self._histories[study_id]
        if not record.state.is_finished():
            self.own[record._trial_id] = Own(study_id, record)
        if record.number == history.n:
            history.open(record)

    def take(self, study_id: int, record: FrozenTrial) -> bool:
        """Take in a trial that this process has just claimed, as it is stored; False if it is finished already."""
        history = self._histories[study_id]
        if record.number < history.n:
            history.put(record)
        if record.number in history.live:
            self.own[record._trial_id] = Own(study_id, history.live[record.number])
        else:  # it came after the last look, or was put back by this process before that
            self.own.setdefault(record._trial_id, Own(study_id, record)).record.become(record)
        return not record.state.is_finished()

    def placed(self, own: Own) -> History | None:
        """Give the history that holds a trial, None if it waits for the next look."""
        history = self._histories[own.study_id]
        return history if history.live.get(own.record.number) is own.record else None

    # --- trials of others --------------------------------------------------------------------------------------------

    def pull(self, study_id: int) -> None:
        """Read new trials, and those known as unfinished; all of them if that does not bring the history up to date."""
        with Deferred():  # Ctrl-C must not leave a trial half taken in
            self._pull(study_id)

    def _pull(self, study_id: int) -> None:
        with self._db.reading():
            corrections, (resumptions, resumed) = writing.changes(self._db, study_id)
            version = self._db.version()
            history = self._histories.get(study_id)
            is_same = history is not None and corrections == self._corrections.get(study_id)
            n_resumed = resumptions - self._resumptions.get(study_id, 0)
            changed = None
            if history is not None and is_same:
                changed = self._changed(study_id, history, _resumed_since(history, n_resumed, resumed))
            if changed is None:
                directions = read_directions(self._db, study_id)
                records = read_new(self._db, study_id, -1)
        if changed is None:
            self._begin_again(study_id, History(directions, self._lock), records)
        else:
            self._take_in(study_id, self._histories[study_id], changed)
        self._seen[study_id] = version
        self._corrections[study_id] = corrections
        self._resumptions[study_id] = resumptions

    def _changed(self, study_id: int, history: History, resumed: list[int]) -> list[FrozenTrial] | None:
        """Read what may differ from the history; None if its trials were deleted, perhaps replaced by others."""
        if not history.n:
            return None
        live = {record._trial_id: record for record in history.live.values()}
        wanted = [*live, *(trial_id for trial_id in resumed if trial_id not in live)]
        known = read_some(self._db, study_id, wanted)
        if len(known) < len(wanted):
            return None
        if not all(_is_same(live[record._trial_id], record) for record in known if record._trial_id in live):
            return None
        if not self._holds_last(study_id, history):
            return None
        return known + read_new(self._db, study_id, int(history.trial_ids[-1]))

    def _holds_last(self, study_id: int, history: History) -> bool:
        """Tell whether the trial that finished last is still in the file, and no other one under its identifier.

        If none finished it is the one that paused last, whose end may have changed.
        """
        if len(history.finished):
            number, column = int(history.finished[-1]), "datetime_complete"
            held = history.completed_at(number)
        elif len(history.pauses):
            number, column = int(history.pauses[-1]), "datetime_start"
            held = history.started_at(number)
        else:
            return True
        rows = self._db.query(
            f"SELECT {column} FROM trials WHERE trial_id = ? AND study_id = ? AND number = ?",
            (int(history.trial_ids[number]), study_id, number),
        )
        return bool(rows) and _is_near(held, row_to_time(rows[0][0]))

    def _begin_again(self, study_id: int, history: History, records: Sequence[FrozenTrial]) -> None:
        """Fill a new history; trials of this process that are still there go over into it."""
        stored = {record._trial_id: record for record in records if record._trial_id in self.own}
        kept = {
            trial_id: own
            for trial_id, own in self.own.items()
            if trial_id in stored and own.study_id == study_id and _is_same(own.record, stored[trial_id])
        }
        self.forget(study_id)
        self._histories[study_id] = history
        self.own.update(kept)
        self._take_in(study_id, history, records)

    def _take_in(self, study_id: int, history: History, records: Sequence[FrozenTrial]) -> None:
        for record in records:
            own = self.own.get(record._trial_id)
            if own is not None and record.number == history.n:
                own.record.become(record)
                record = own.record
            if not history.put(record):
                raise StorageInternalError(
                    f"Trial numbers of study {study_id} in {self._db.place} have no gaps and no repetitions, but after "
                    f"{history.n - 1} comes {record.number}: somebody edited the database. Copy the study by "
                    "`optuna.copy_study`, which numbers the trials anew."
                )
            if record.state.is_finished():
                self.own.pop(record._trial_id, None)


def _resumed_since(history: History, n: int, last: list[int]) -> list[int]:
    """Give the identifiers of the trials held here that were resumed in the last `n` times, or of all paused ones."""
    if n > len(last):
        return history.trial_ids[history.states == int(TrialState.PAUSED)].tolist()  # type: ignore[no-any-return]
    newest = int(history.trial_ids[-1]) if history.n else -1
    return sorted({trial_id for trial_id in last[len(last) - n :] if trial_id <= newest})


def read_directions(db: Database, study_id: int) -> list[StudyDirection]:
    """Give the direction of each objective; ``KeyError`` if there is no such study."""
    rows = db.query("SELECT direction FROM study_directions WHERE study_id = ? ORDER BY objective", (study_id,))
    if not rows:
        raise KeyError(f"No study with id {study_id} exists.")
    return [StudyDirection[name] for (name,) in rows]


def _is_same(before: FrozenTrial, now: FrozenTrial) -> bool:
    """Tell whether two records of one identifier are of one trial: files by Optuna give identifiers out again."""
    is_unstarted = before.datetime_start is None
    return before.number == now.number and (is_unstarted or _is_near(before.datetime_start, now.datetime_start))


def _is_near(held: datetime | None, stored: datetime | None) -> bool:
    """Compare two times; the tables that Optuna makes in MySQL keep whole seconds."""
    if held is None or stored is None:
        return False
    return held == stored or (stored.microsecond == 0 and abs(held - stored) <= _SECOND)
