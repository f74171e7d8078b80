"""Open, copy and shrink a SQLite file of studies, beside whatever else works on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ...engine.exceptions import StorageInternalError
from . import schema
from .dialect import SQLITE
from .sqlite_files import connect_to_look, explained

_PAGES = 1000  # copied between two reports of the progress

Progress = Callable[[int, int], None]


@contextmanager
def opened(file: Path, read_only: bool, timeout: float = 60.0, whole: bool = False) -> Iterator[sqlite3.Connection]:
    """Connect to an existing study database; inside the context an error of SQLite becomes `StorageInternalError`.

    Parameters
    ----------
    file
        Path of the file.
    read_only
        Whether nothing may be written.
    timeout
        Seconds to wait for another process that writes.
    whole
        Refuse a file whose log cannot be read, instead of a warning that its newest trials are missing.

    Raises
    ------
    StorageInternalError
        If there is no such file, or it is no study database, or SQLite fails on it.
    RuntimeError
        If its schema is of another version.
    """
    if not file.is_file():
        raise StorageInternalError(f"There is no file {file}: give the path of a study database.")
    try:
        with closing(connect_to_look(file, timeout, whole) if read_only else _connect(file, timeout)) as link:
            tables = {name for (name,) in link.execute(SQLITE.tables)}
            schema.check_tables(lambda sql: link.execute(sql).fetchall(), tables, str(file))
            yield link
    except sqlite3.Error as error:
        raise explained(error, str(file)) from error


def _connect(file: Path, timeout: float) -> sqlite3.Connection:
    uri = f"{file.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)


def copy_file(file: Path, target: Path, progress: Progress = lambda done, total: None) -> None:
    """Copy a study database as it is at this moment, while others may write to it.

    Parameters
    ----------
    file
        Path of the database.
    target
        Path of the copy, a single file; a file that is there is replaced.
    progress
        Called with the number of pages done and the number of all pages.

    Raises
    ------
    StorageInternalError
        If the file is no study database, or the copy cannot be written.
    """
    if target.exists() and target.samefile(file):
        raise StorageInternalError(f"{target} is the database itself: give another file for the copy.")
    unfinished = target.with_name(f"{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with opened(file, read_only=True, whole=True) as source:
            _copy(source, unfinished, progress)
        for suffix in ("-wal", "-shm", "-journal"):  # of an older file: SQLite would take its log for the copy's
            Path(f"{target}{suffix}").unlink(missing_ok=True)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _copy(source: sqlite3.Connection, target: Path, progress: Progress) -> None:
    try:
        with closing(sqlite3.connect(target)) as copy:
            source.execute("BEGIN")
            source.execute("SELECT 1 FROM studies").fetchone()  # from here on this reader sees one state of the source
            source.backup(copy, pages=_PAGES, progress=lambda _, left, total: progress(total - left, total))
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, which can be carried about
    except sqlite3.Error as error:
        raise explained(error, str(target)) from error


def vacuum(file: Path) -> tuple[int, int]:
    """Return unused space of a study database to the disk.

    Parameters
    ----------
    file
        Path of the database.

    Returns
    -------
    tuple[int, int]
        Bytes before and after, with the write-ahead log.

    Raises
    ------
    StorageInternalError
        If the file is no study database, another process keeps it locked, or the disk has no room for a second copy.
    """
    with opened(file, read_only=False) as connection:
        before = _size(file)
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return before, _size(file)


def _size(file: Path) -> int:
    return sum(part.stat().st_size for part in (file, Path(f"{file}-wal")) if part.exists())
