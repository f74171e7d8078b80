"""`RDBStorage`, the name and arguments under which Optuna's users open a database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .database import Database
from .server import ServerDatabase, is_server
from .sqlite import SQLiteDatabase, path_of
from .trials import RelationalStorage

_TIMEOUT = 60.0


def open_database(url: str, engine_kwargs: dict[str, Any]) -> Database:
    """Open the database that a URL names; ``ValueError`` if it names none that parzen knows."""
    timeout = float(engine_kwargs.get("connect_args", {}).get("timeout", _TIMEOUT))
    if not is_server(url):
        return SQLiteDatabase(path_of(url), "NORMAL", timeout)
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
    skip_compatibility_check, skip_table_creation
        Accepted for compatibility: the check and the creation cost next to nothing.
    heartbeat_interval, grace_period, heartbeat_stale_trial_callback, failed_trial_callback
        Not available yet.

    Raises
    ------
    ValueError
        If the URL names no such database, or a heartbeat is asked for.
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
        if heartbeat_interval is not None:
            raise ValueError(
                f"Heartbeats are not available yet, but got heartbeat_interval={heartbeat_interval}. Leave it out."
            )
        self.url = url
        self._engine_kwargs = engine_kwargs or {}
        super().__init__(open_database(url, self._engine_kwargs))

    def __getstate__(self) -> dict[str, Any]:
        # The absolute path of a file: another process may work in another folder.
        url = f"sqlite:///{self._db.path}" if isinstance(self._db, SQLiteDatabase) else self.url
        return {"url": url, "engine_kwargs": self._engine_kwargs}

    def __setstate__(self, state: dict[str, Any]) -> None:
        RDBStorage.__init__(self, **state)
