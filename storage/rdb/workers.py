"""Heartbeats: which process runs which trial, so that trials of a dead process do not stay running for ever.

A process has one row in ``parzen_workers``, in which a thread of the process sets the time again and again; the claim
of a trial points to that row. For processes on other machines that time decides, by the clock of the database. Whether
a process on this machine lives, the operating system knows.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterable, Sequence
from datetime import timedelta

from ...engine.history import History
from ...engine.logging import get_logger
from ...engine.records import TrialState
from . import writing
from .database import Database
from .processes import identity, is_running
from .rows import readable_time
from .statements import chunks, placeholders

_logger = get_logger(__name__)
_PATIENCE = 1.0  # seconds for which a process at its end waits for its last heartbeat
_KEPT = timedelta(days=7)  # for which the row of a process that runs no trial any more stays


class Workers:
    """The processes that work on a database, seen from one of them.

    Parameters
    ----------
    owner
        The storage. The heartbeat ends once the storage is garbage-collected.
    db
        The database of the storage.
    lock
        The lock of the storage, held around each call.
    interval
        Seconds between two heartbeats.
    grace_period
        Seconds without a heartbeat after which a process on another machine counts as dead.
    """

    def __init__(
        self, owner: object, db: Database, lock: threading.RLock, interval: float, grace_period: float
    ) -> None:
        self._owner = weakref.ref(owner)
        self._db = db
        self._lock = lock
        self._interval = interval
        self._grace_period = timedelta(seconds=grace_period)
        self._pid = 0  # of the process whose thread gives the heartbeats
        self._claimed: set[int] = set()  # trials that this process started

    def start_heartbeat(self) -> None:
        """Start the heartbeat of this process, unless it goes on already."""
        if self._pid == os.getpid():
            return
        self._delete_old_workers()
        self.record_heartbeat()
        pause = threading.Event()
        arguments = (weakref.ref(self), self._interval, pause)
        thread = threading.Thread(target=_record_heartbeats, args=arguments, daemon=True, name="parzen-heartbeat")
        thread.start()
        self._pid = os.getpid()  # only now, so that after an error the next trial tries again
        weakref.finalize(self, _stop_heartbeats, pause, thread, self._pid)

    def record_heartbeat(self) -> None:
        """Set the time in the row of this process; without parzen's tables in those of its trials, as Optuna does."""
        with self._lock:
            if self._db.has_own_tables:
                self._db.execute(self._db.statements.insert_heartbeat, (self._db.worker_id, *identity()))
                return
            for trial_id in sorted(self._claimed):
                self._db.execute(self._db.statements.insert_trial_heartbeat, (trial_id,))

    def _delete_old_workers(self) -> None:
        """Delete claims of trials that do not run, and processes that have no claim and had no heartbeat for a week."""
        if not self._db.has_own_tables:
            return
        running = "SELECT trial_id FROM trials WHERE state = 'RUNNING'"
        self._db.execute(f"DELETE FROM parzen_claims WHERE trial_id NOT IN ({running})")
        for worker_id, heartbeat, now in self._db.query(
            f"SELECT worker_id, heartbeat, {self._db.dialect.now} FROM parzen_workers "
            "WHERE worker_id NOT IN (SELECT worker_id FROM parzen_claims)"
        ):
            if self._is_expired(heartbeat, now, _KEPT):
                self._db.execute("DELETE FROM parzen_workers WHERE worker_id = ?", (worker_id,))

    def claim(self, trial_ids: Iterable[int]) -> None:
        """Store that this process runs some trials; within the transaction that starts them."""
        started = list(trial_ids)
        if not started:
            return
        if self._db.has_own_tables:
            rows = [(trial_id, self._db.worker_id) for trial_id in started]
            self._db.executemany(self._db.statements.insert_claim, rows)
        else:
            self._db.executemany(self._db.statements.insert_trial_heartbeat, [(trial_id,) for trial_id in started])
        self._claimed.update(started)

    def release(self, trial_ids: Iterable[int]) -> None:
        """Delete the claims of some trials; within the transaction that ends them."""
        writing.delete_claims(self._db, trial_ids)
        self._claimed.difference_update(trial_ids)

    def has_lost(self, trial_id: int) -> bool:
        """Tell whether another process has resumed a trial of this process, which it took for dead."""
        if trial_id not in self._claimed or not self._db.has_own_tables:
            return False  # another process started the trial and handed it over, or nobody notes who has it
        rows = self._db.query("SELECT worker_id FROM parzen_claims WHERE trial_id = ?", (trial_id,))
        return bool(rows) and str(rows[0][0]) != self._db.worker_id

    def stale(self, history: History) -> list[int]:
        """Give the identifiers of the running trials whose process is dead, as far as can be told."""
        running = [r._trial_id for r in history.live.values() if r.state == TrialState.RUNNING]
        dead = ({*self._dead_workers(chunk), *self._expired_trials(chunk)} for chunk in chunks(running))
        return sorted(set().union(*dead))

    def take_over(self, trial_id: int) -> bool:
        """Claim a trial of a dead process; False if another process was faster, which may run the trial by now."""
        take = "UPDATE parzen_claims SET worker_id = ? WHERE trial_id = ? AND worker_id = ?"
        dead = self._dead_workers([trial_id]).get(trial_id)
        return dead is not None and bool(self._db.execute(take, (self._db.worker_id, trial_id, dead)))

    def _dead_workers(self, trial_ids: Sequence[int]) -> dict[int, str]:
        """Give the process of each trial whose process is dead, as parzen's claims tell."""
        found: dict[int, str] = {}
        if not self._db.has_own_tables:
            return found
        columns = "c.trial_id, c.worker_id, w.host, w.process, w.heartbeat"
        for trial_id, worker_id, host, process, heartbeat, now in self._db.query(
            f"SELECT {columns}, {self._db.dialect.now} FROM parzen_claims c "
            f"JOIN parzen_workers w ON w.worker_id = c.worker_id WHERE c.trial_id IN ({placeholders(trial_ids)})",
            trial_ids,
        ):
            runs = None if host is None else is_running(host, process)
            if runs is False or (runs is None and self._is_expired(heartbeat, now, self._grace_period)):
                found[int(trial_id)] = str(worker_id)
        return found

    def _expired_trials(self, trial_ids: Sequence[int]) -> Iterable[int]:
        """Find the trials whose heartbeats have stopped: Optuna's workers give one for each trial."""
        for trial_id, heartbeat, now in self._db.query(
            f"SELECT trial_id, heartbeat, {self._db.dialect.now} FROM trial_heartbeats "
            f"WHERE trial_id IN ({placeholders(trial_ids)})",
            trial_ids,
        ):
            if self._is_expired(heartbeat, now, self._grace_period):
                yield int(trial_id)

    @staticmethod
    def _is_expired(heartbeat: object, now: object, allowed: timedelta) -> bool:
        last, current = readable_time(heartbeat), readable_time(now)  # type: ignore[arg-type]
        return last is None or current is None or current - last > allowed


def _record_heartbeats(reference: weakref.ref[Workers], interval: float, pause: threading.Event) -> None:
    """Record a heartbeat after each interval, until the storage is garbage-collected or the pause is broken off."""
    while not pause.wait(interval):
        workers = reference()
        if workers is None or workers._owner() is None:
            return
        try:
            workers.record_heartbeat()
        except Exception as error:  # whatever it is, the next heartbeat may succeed
            _logger.warning(f"Could not give a sign of life, and will try again in {interval:g} seconds: {error}")
        del workers


def _stop_heartbeats(pause: threading.Event, thread: threading.Thread, pid: int) -> None:
    """Stop the thread, but wait for a heartbeat that is under way.

    When a process ends, connections are closed after this, because they are older.
    """
    if pid == os.getpid() and thread is not threading.current_thread():  # a forked child has no such thread
        pause.set()
        thread.join(_PATIENCE)
