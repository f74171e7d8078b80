"""`RDBStorage`, the name and arguments under which Optuna's users open a database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .sqlite_storage import SQLiteStorage


class RDBStorage(SQLiteStorage):
    """A study database named by a URL; SQLite so far.

    Parameters
    ----------
    url
        ``sqlite:///FILE.db``.
    engine_kwargs
        ``{"connect_args": {"timeout": seconds}}`` sets the time to wait for other writers; the rest means nothing here.
    skip_compatibility_check, skip_table_creation
        Accepted for compatibility: the check and the creation cost next to nothing.
    heartbeat_interval, grace_period, heartbeat_stale_trial_callback, failed_trial_callback
        Not available yet.

    Raises
    ------
    ValueError
        If the URL is not one of SQLite, or a heartbeat is asked for.
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
        timeout = (engine_kwargs or {}).get("connect_args", {}).get("timeout", 60.0)
        super().__init__(url, timeout=timeout)
