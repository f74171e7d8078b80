"""Files of older Optunas to test with, and what is in them."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

from old.make import load

OLD = sorted((Path(__file__).parent / "old").glob("*.sql"))


def make(path: Path, version: str = "2.10.1") -> Path:
    load(Path(__file__).parent / "old" / f"optuna_{version}.sql", path)
    return path


def query(path: Path, sql: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(sql).fetchall()
        connection.commit()
        return rows


def revision(path: Path) -> str:
    return str(query(path, "SELECT version_num FROM alembic_version")[0][0])


def content(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())
