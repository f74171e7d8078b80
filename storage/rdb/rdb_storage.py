"""`RDBStorage`: a database opened by a URL, under the name and with the arguments that Optuna has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...engine.deprecated import warn_deprecated
from .database import Database
from .server import ServerDatabase, is_server
from .sqlite import SQLiteDatabase, is_read_only, path_of
from .trials import RelationalStorage
from .workers import Workers

_TIMEOUT = 60.0


def open_database(url: str, engine_kwargs: dict[str, Any], is_lazy: bool) -> Database:
    """Open the database of a URL, a lazy one only at its first use; ``ValueError`` if the URL names none."""
    timeout = float(engine_kwargs.get("connect_args", {}).get("timeout", _TIMEOUT))
    if not is_server(url):
        file = SQLiteDatabase(path_of(url), "NORMAL", timeout, is_read_only(url))
        if not is_lazy:
            file.open()
        return file
    return ServerDatabase(url, _TIMEOUT, engine_kwargs, may_be_old=is_lazy)


class RDBStorage(RelationalStorage):
    """A study database named by a URL: a SQLite file, or a PostgreSQL, MySQL or MariaDB server.

    Parameters
    ----------
    url
        ``sqlite:///FILE.db``, ``postgresql://USER:PASSWORD@HOST/DATABASE`` or ``mysql://USER:PASSWORD@HOST/DATABASE``;
        ``sqlite://`` for a database in memory.
    engine_kwargs
        Arguments of SQLAlchemy's ``create_engine`` for a server. For a file,
        ``{"connect_args": {"timeout": seconds}}`` sets the time to wait for other writers.
    skip_compatibility_check
        Open the database only when it is used, so that `upgrade` can bring one of an older version up to date.
    skip_table_creation
        Accepted for compatibility: a look at the tables costs next to nothing.
    heartbeat_interval
        Seconds between two heartbeats of this process. A thread gives them, beginning with the first trial that the
        process starts by `Study.optimize` or `Study.ask`. None, the default: no heartbeat, and no search for dead
        processes.
    grace_period
        Seconds without a heartbeat after which a process on another machine counts as dead; by default twice the
        interval. Whether a process on this machine lives, the operating system knows.
    heartbeat_stale_trial_callback
        Called as ``callback(study, trial)`` for each trial that failed because its process died; see `retry`.
    failed_trial_callback
        Deprecated: `heartbeat_stale_trial_callback`.

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
    A transaction that a server breaks off, by a deadlock or a lost connection, is tried again for a minute, and stored
    exactly once.
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
        if failed_trial_callback is not None:
            warn_deprecated("`failed_trial_callback`", "`heartbeat_stale_trial_callback`")
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

    # --- heartbeat ---------------------------------------------------------------------------------------------------

    def get_heartbeat_interval(self) -> int | None:
        """Give the seconds between two heartbeats, None without a heartbeat."""
        return self._heartbeat_interval

    def get_heartbeat_stale_trial_callback(self) -> Callable[..., None] | None:
        """Give what is called for a trial whose process died."""
        return self._stale_trial_callback

    def get_failed_trial_callback(self) -> Callable[..., None] | None:
        """Deprecated: `get_heartbeat_stale_trial_callback`."""
        warn_deprecated("get_failed_trial_callback", "get_heartbeat_stale_trial_callback")
        return self._stale_trial_callback

    def record_heartbeat(self, trial_id: int) -> None:
        """Record a heartbeat of one trial, as Optuna's workers do, which have a row for each trial."""
        with self._lock:
            self._db.execute(self._db.statements.insert_trial_heartbeat, (trial_id,))

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        with self._lock:
            if self._workers is None:
                return []
            self._workers.start_heartbeat()
            return self._workers.stale(self.get_history(study_id))

    def _take_over(self, trial_id: int) -> bool:
        """Take a dead process's trial for this process; of several processes that try, one gets the trial."""
        with self._lock:
            return self._workers is not None and self._workers.take_over(trial_id)

    def __getstate__(self) -> dict[str, Any]:
        url = self._db.url if isinstance(self._db, SQLiteDatabase) else self.url
        return {"url": url, **self._options}

    def __setstate__(self, state: dict[str, Any]) -> None:
        RDBStorage.__init__(self, **state)
