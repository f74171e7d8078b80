"""`SQLiteStorage`: a SQLite file, with the options that only files have."""

from __future__ import annotations

from typing import Any

from .sqlite import SQLiteDatabase, is_read_only, path_of
from .trials import RelationalStorage


class SQLiteStorage(RelationalStorage):
    """Keeps studies in a SQLite file of Optuna's schema. Safe for threads, processes and forks.

    Parameters
    ----------
    url
        ``sqlite:///relative.db`` or ``sqlite:////absolute/path.db``; the file is created if there is none.
    synchronous
        ``"NORMAL"``: what was written survives the death of the process. ``"FULL"``: what was written also survives a
        power failure, and each transaction flushes the disk once.
    timeout
        Seconds to wait for another process that writes.
    read_only
        Write nothing to the file or its folder; the file must be there.

    Raises
    ------
    StorageInternalError
        If the file cannot be opened or is no study database.
    RuntimeError
        If its schema is of another version.

    Notes
    -----
    The file uses a write-ahead log: while a process has it open, ``FILE-wal`` and ``FILE-shm`` belong to it, and a copy
    needs all three; ``parzen storage export`` makes one at any time. Writers queue at ``FILE-queue``. On a network file
    system there is no such log, and a warning says so.
    """

    def __init__(
        self, url: str, *, synchronous: str = "NORMAL", timeout: float = 60.0, read_only: bool = False
    ) -> None:
        if synchronous.upper() not in ("NORMAL", "FULL"):
            raise ValueError(f"`synchronous` must be 'NORMAL' or 'FULL', but got {synchronous!r}.")
        self.url = url
        read_only = read_only or is_read_only(url)
        self._options = {"synchronous": synchronous.upper(), "timeout": timeout, "read_only": read_only}
        self._database = SQLiteDatabase(path_of(url), synchronous.upper(), timeout, read_only)
        self._database.open()
        super().__init__(self._database)

    def __getstate__(self) -> dict[str, Any]:
        return {"url": self._database.url, **self._options}

    def __setstate__(self, state: dict[str, Any]) -> None:
        SQLiteStorage.__init__(self, **state)
