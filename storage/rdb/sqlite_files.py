"""What all that opens a SQLite file needs: the address for reading only, and what SQLite's errors mean."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from ...engine.exceptions import StorageInternalError

_REMEDIES = (
    ("full", "Free some space; what was stored before is safe, and the call can be repeated."),
    ("locked", "Another process holds the file; give a longer time-out, or see who holds it."),
    ("readonly", "Give write access to the file and its folder, or open it with `read_only=True`."),
    ("unable to open", "Check that the folder exists and that you may write to it; to read, give `read_only=True`."),
    ("not a database", "The file is left as it is; give another file name."),
    ("malformed", "The file is damaged; restore a copy, or save what can be read by `sqlite3 FILE .recover`."),
)


def explained(error: sqlite3.Error, path: str) -> StorageInternalError:
    """Make an error that holds SQLite's message, the file and the remedy."""
    remedy = next((text for key, text in _REMEDIES if key in str(error)), "")
    return StorageInternalError(f"SQLite could not work on {path}: {error}. {remedy}".rstrip())


def read_only_uri(path: str | os.PathLike[str]) -> str:
    """Give the URI by which SQLite opens a file for reading only.

    To read a file in WAL mode, SQLite wants to write beside it, unless the URI says that no process writes to the file.
    """
    file = Path(path).absolute()
    may_write_beside = os.path.exists(f"{file}-wal") or os.access(file.parent, os.W_OK)
    return f"{file.as_uri()}?mode=ro" + ("" if may_write_beside else "&immutable=1")
