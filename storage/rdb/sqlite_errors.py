"""What SQLite's errors mean to the user."""

from __future__ import annotations

import sqlite3

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
    """Say what SQLite said, about which file, and what to do."""
    remedy = next((text for key, text in _REMEDIES if key in str(error)), "")
    return StorageInternalError(f"SQLite could not work on {path}: {error}. {remedy}".rstrip())
