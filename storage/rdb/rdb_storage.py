"""`RDBStorage`, the name and arguments under which Optuna's users open a database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .database import Database
from .server import ServerDatabase, is_server
from .sqlite import SQLiteDatabase, path_of
from .trials import RelationalStorage
from .vocabulary import words_of
from .workers import Workers

_TIMEOUT = 60.0


def open_database(url: str, engine_kwargs: dict[str, Any], is_lazy: bool) -> Database:
    """Open the database that a URL names, or leave that to the first use of it.

    ``ValueError`` if it names none that parzen knows.
    """
    timeout = float(engine_kwargs.get("connect_args", {}).get("timeout", _TIMEOUT))
    if not is_server(url):
        file = SQLiteDatabase(path_of(url), "NORMAL", timeout)
        if not is_lazy:
            file.open()
        return file
    return ServerDatabase(url, _TIMEOUT, engine_kwargs)


class RDBStorage(RelationalStorage):
    """A study database named by a URL: a SQLite file, or a PostgreSQL, MySQL or MariaDB server.

    Parameters
    ----------
    url
        ``sqlite:///FILE.db``, ``postgresql://USER:PASSWORD@HOST/DATABASE`` or ``mysql://USER:PASSWORD@HOST/DATABASE``.
    engine_kwargs
        Arguments of SQLAlchemy's ``create_engine`` for a server. For a file,
        ``{"connect_args": {"timeout": seconds}}`` sets the time to wait for other writers.
    skip_compatibility_check
        Open the database only when it is used: one of an older version can be brought up to date by `upgrade`.
    skip_table_creation
        Accepted for compatibility: to see that the tables are there costs next to nothing.
    heartbeat_interval
        Seconds between the signs of life that a thread of this process gives as soon as it starts a trial, by
        `Study.optimize` or `Study.ask`. None, the default, gives none, and looks for no dead processes.
    grace_period
        Seconds without a sign of life after which a process on another machine counts as dead; twice the interval by
        default. Of a process on this machine the system knows whether it lives.
    heartbeat_stale_trial_callback
        Called as ``callback(study, trial)`` for each trial that failed because its process died; see `retry`.
    failed_trial_callback
        The former name of `heartbeat_stale_trial_callback`.

    Raises
    ------
    ValueError
        If the URL names no such database, or an interval is not positive.
    ImportError
        If a server's driver is not installed.
    StorageInternalError
        If the database cannot be opened, or holds something else.
    RuntimeError
        If its schema is of another version.

    Notes
    -----
    On a server a transaction that is broken off by a deadlock or a lost connection is tried again for a minute, and
    stored exactly once.
    """

    def __init__(
        self,
        url: str,
        engine_kwargs: dict[str, Any] | None = None,
        skip_compatibility_check: bool = False,
        *,
        heartbeat_interval: int | None = None,
        grace_period: int | None = None,
        heartbeat_stale_trial_callback: Callable[..., None] | None = None,
        failed_trial_callback: Callable[..., None] | None = None,
        skip_table_creation: bool = False,
    ) -> None:
        for name, seconds in (("heartbeat_interval", heartbeat_interval), ("grace_period", grace_period)):
            if seconds is not None and seconds <= 0:
                raise ValueError(f"`{name}` is a positive number of seconds, but got {seconds}.")
        if heartbeat_stale_trial_callback is not None and failed_trial_callback is not None:
            raise ValueError(
                "Give `heartbeat_stale_trial_callback` or its former name `failed_trial_callback`, not both."
            )
        self.url = url
        self._heartbeat_interval = heartbeat_interval
        self._stale_trial_callback = heartbeat_stale_trial_callback or failed_trial_callback
        self._options: dict[str, Any] = {
            "engine_kwargs": engine_kwargs or {},
            "heartbeat_interval": heartbeat_interval,
            "grace_period": grace_period,
            "heartbeat_stale_trial_callback": self._stale_trial_callback,
        }
        super().__init__(open_database(url, self._options["engine_kwargs"], skip_compatibility_check))
        if heartbeat_interval is not None:
            grace_period = grace_period or 2 * heartbeat_interval
            self._workers = Workers(self, self._db, self._lock, heartbeat_interval, grace_period)

    # --- signs of life -----------------------------------------------------------------------------------------------

    def get_heartbeat_interval(self) -> int | None:
        """Give the seconds between two signs of life, None if none are given."""
        return self._heartbeat_interval

    def get_heartbeat_stale_trial_callback(self) -> Callable[..., None] | None:
        """Give what is called for a trial whose process died."""
        return self._stale_trial_callback

    def get_failed_trial_callback(self) -> Callable[..., None] | None:
        """Give what is called for a trial whose process died, by its former name."""
        return self._stale_trial_callback

    def record_heartbeat(self, trial_id: int) -> None:
        """Note for Optuna's workers, who know a row a trial, that a trial is alive."""
        words = words_of(self._db.dialect)
        with self._lock:
            self._db.execute(words.record_heartbeat, (trial_id,))

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        with self._lock:
            if self._workers is None:
                return []
            self._workers.join()
            return self._workers.stale(self.get_history(study_id))

    def _take_over(self, trial_id: int) -> bool:
        """Have a trial of a dead process for this one; of several that try, one gets it."""
        with self._lock:
            return self._workers is not None and self._workers.take_over(trial_id)

    def __getstate__(self) -> dict[str, Any]:
        # The absolute path of a file: another process may work in another folder.
        url = f"sqlite:///{self._db.path}" if isinstance(self._db, SQLiteDatabase) else self.url
        return {"url": url, **self._options}

    def __setstate__(self, state: dict[str, Any]) -> None:
        RDBStorage.__init__(self, **state)
