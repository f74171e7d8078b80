"""Open, copy and shrink a SQLite file of studies, beside whatever else works on it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ...engine.exceptions import StorageInternalError
from . import schema
from .dialect import SQLITE
from .sqlite_errors import explained

_PAGES = 1000  # copied between two reports of the progress

Progress = Callable[[int, int], None]


@contextmanager
def opened(file: Path, read_only: bool, timeout: float = 60.0) -> Iterator[sqlite3.Connection]:
    """Connect to a study database that is there; what SQLite cannot do becomes `StorageInternalError`.

    Parameters
    ----------
    file
        Path of the file.
    read_only
        Whether nothing may be written.
    timeout
        Seconds to wait for another process that writes.

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
        with closing(sqlite3.connect(_uri(file, read_only), uri=True, timeout=timeout, isolation_level=None)) as link:
            tables = {name for (name,) in link.execute(SQLITE.tables)}
            schema.check_tables(lambda sql: link.execute(sql).fetchall(), tables, str(file))
            yield link
    except sqlite3.Error as error:
        raise explained(error, str(file)) from error


def _uri(file: Path, read_only: bool) -> str:
    """Give what SQLite opens.

    To read a file in WAL mode, SQLite wants to write beside it, unless it is told that nobody else does.
    """
    if not read_only:
        return f"{file.absolute().as_uri()}?mode=rw"
    may_write_beside = os.path.exists(f"{file}-wal") or os.access(file.absolute().parent, os.W_OK)
    return f"{file.absolute().as_uri()}?mode=ro" + ("" if may_write_beside else "&immutable=1")


def copy_file(file: Path, target: Path, progress: Progress = lambda done, total: None) -> None:
    """Copy a study database as it is at this moment, while others may write to it.

    Parameters
    ----------
    file
        Path of the database.
    target
        Path of the copy, a single file; it takes the place of what is there.
    progress
        Called with the numbers of pages done and of all.

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
        with opened(file, read_only=True) as source:
            _copy(source, unfinished, progress)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _copy(source: sqlite3.Connection, target: Path, progress: Progress) -> None:
    try:
        with closing(sqlite3.connect(target)) as copy:
            source.execute("BEGIN")
            source.execute("SELECT 1 FROM studies").fetchone()  # from here on the source stays as it is for this reader
            source.backup(copy, pages=_PAGES, progress=lambda _, left, total: progress(total - left, total))
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, which can be carried about
    except sqlite3.Error as error:
        raise explained(error, str(target)) from error


def vacuum(file: Path) -> tuple[int, int]:
    """Give unused space of a study database back to the disk.

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
        If the file is no study database, another process does not let it go, or the disk has no room for a second copy.
    """
    with opened(file, read_only=False) as connection:
        before = _size(file)
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return before, _size(file)


def _size(file: Path) -> int:
    return sum(part.stat().st_size for part in (file, Path(f"{file}-wal")) if part.exists())
