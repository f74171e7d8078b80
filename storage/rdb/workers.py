"""Signs of life: which process runs which trial, so that the trials of a dead one do not stay running for ever.

A process has one row, whose time a thread of it keeps up; trials point to that row. Of a process on the same machine
the system knows whether it lives, so only for others does the time count, by the clock of the database.
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
from .rows import row_to_time
from .vocabulary import words_of

_logger = get_logger(__name__)
_CHUNK = 500
_PATIENCE = 1.0  # seconds that a process which ends waits for its last sign of life
_KEPT = timedelta(days=7)  # for which the row of a process that runs nothing any more stays


class Workers:
    """The processes that work on a database, seen from one of them.

    Parameters
    ----------
    owner
        The storage whose trials they are: once it is let go, no more signs are given.
    db
        Its database.
    lock
        Held around each call.
    interval
        Seconds between two signs of life.
    grace_period
        Seconds without one after which a process on another machine counts as dead.
    """

    def __init__(
        self, owner: object, db: Database, lock: threading.RLock, interval: float, grace_period: float
    ) -> None:
        self._owner = weakref.ref(owner)
        self._db = db
        self._lock = lock
        self._interval = interval
        self._grace_period = timedelta(seconds=grace_period)
        self._pid = 0  # of the process whose thread runs
        self._claimed: set[int] = set()  # trials that this process started

    def join(self) -> None:
        """Begin to give signs of life, unless this process does so already."""
        if self._pid == os.getpid():
            return
        self._clean_up()
        self.beat()
        pause = threading.Event()
        thread = threading.Thread(target=_keep_beating, args=(weakref.ref(self), self._interval, pause), daemon=True)
        thread.name = "parzen-heartbeat"
        thread.start()
        self._pid = os.getpid()  # only now: what failed is tried again at the next trial
        weakref.finalize(self, _stop_beating, pause, thread, self._pid)

    def beat(self) -> None:
        """Give a sign of life."""
        with self._lock:
            self._db.execute(words_of(self._db.dialect).beat, (self._db.worker_id, *identity()))

    def _clean_up(self) -> None:
        """Delete what processes left behind that have been silent for a week and run nothing."""
        running = "SELECT trial_id FROM trials WHERE state = 'RUNNING'"
        self._db.execute(f"DELETE FROM parzen_claims WHERE trial_id NOT IN ({running})")
        for worker_id, heartbeat, now in self._db.query(
            f"SELECT worker_id, heartbeat, {self._db.dialect.now} FROM parzen_workers "
            "WHERE worker_id NOT IN (SELECT worker_id FROM parzen_claims)"
        ):
            if self._is_silent(heartbeat, now, _KEPT):
                self._db.execute("DELETE FROM parzen_workers WHERE worker_id = ?", (worker_id,))

    def claim(self, trial_ids: Iterable[int]) -> None:
        """Let it be known that this process runs some trials; within the transaction that starts them."""
        rows = [(trial_id, self._db.worker_id) for trial_id in trial_ids]
        if rows:
            self._db.executemany(words_of(self._db.dialect).claim, rows)
            self._claimed.update(trial_id for trial_id, _ in rows)

    def release(self, trial_id: int) -> None:
        """Let it be known that a trial has ended; within the transaction that ends it."""
        writing.release(self._db, trial_id)
        self._claimed.discard(trial_id)

    def has_lost(self, trial_id: int) -> bool:
        """Tell whether a trial that this process started was taken for dead and resumed by another process."""
        if trial_id not in self._claimed:  # it was handed over to this process: nobody took it away
            return False
        rows = self._db.query("SELECT worker_id FROM parzen_claims WHERE trial_id = ?", (trial_id,))
        return bool(rows) and str(rows[0][0]) != self._db.worker_id

    def stale(self, history: History) -> list[int]:
        """Give the identifiers of the running trials whose process is dead, as far as anybody can tell."""
        running = [r._trial_id for r in history.live.values() if r.state == TrialState.RUNNING]
        chunks = [running[i : i + _CHUNK] for i in range(0, len(running), _CHUNK)]
        return sorted(trial_id for chunk in chunks for trial_id in {*self._of_dead(chunk), *self._silent(chunk)})

    def take_over(self, trial_id: int) -> bool:
        """Claim a trial of a dead process; False if another process was faster, and perhaps runs it again by now."""
        take = "UPDATE parzen_claims SET worker_id = ? WHERE trial_id = ? AND worker_id = ?"
        dead = self._of_dead([trial_id]).get(trial_id)
        return dead is not None and bool(self._db.execute(take, (self._db.worker_id, trial_id, dead)))

    def _of_dead(self, trial_ids: Sequence[int]) -> dict[int, str]:
        """Find the trials of dead processes of parzen; give those processes by trial."""
        found = {}
        columns = "c.trial_id, c.worker_id, w.host, w.process, w.heartbeat"
        for trial_id, worker_id, host, process, heartbeat, now in self._db.query(
            f"SELECT {columns}, {self._db.dialect.now} FROM parzen_claims c "
            f"JOIN parzen_workers w ON w.worker_id = c.worker_id WHERE c.trial_id IN ({_places(trial_ids)})",
            trial_ids,
        ):
            runs = None if host is None else is_running(host, process)
            if runs is False or (runs is None and self._is_silent(heartbeat, now, self._grace_period)):
                found[int(trial_id)] = str(worker_id)
        return found

    def _silent(self, trial_ids: Sequence[int]) -> Iterable[int]:
        """Find the trials for which Optuna's way, a row for each trial, says so."""
        for trial_id, heartbeat, now in self._db.query(
            f"SELECT trial_id, heartbeat, {self._db.dialect.now} FROM trial_heartbeats "
            f"WHERE trial_id IN ({_places(trial_ids)})",
            trial_ids,
        ):
            if self._is_silent(heartbeat, now, self._grace_period):
                yield int(trial_id)

    @staticmethod
    def _is_silent(heartbeat: object, now: object, allowed: timedelta) -> bool:
        last, current = row_to_time(heartbeat), row_to_time(now)  # type: ignore[arg-type]
        return last is None or current is None or current - last > allowed


def _places(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _keep_beating(reference: weakref.ref[Workers], interval: float, pause: threading.Event) -> None:
    """Give signs of life until the storage is let go, or the pause is broken off."""
    while not pause.wait(interval):
        workers = reference()
        if workers is None or workers._owner() is None:
            return
        try:
            workers.beat()
        except Exception as error:  # whatever it is, the next sign of life may succeed
            _logger.warning(f"Could not give a sign of life, and will try again in {interval:g} seconds: {error}")
        del workers


def _stop_beating(pause: threading.Event, thread: threading.Thread, pid: int) -> None:
    """Let a sign of life come to its end; when a process ends, connections are closed after this, as they are older."""
    if pid == os.getpid() and thread is not threading.current_thread():  # a fork has the event, but not the thread
        pause.set()
        thread.join(_PATIENCE)
