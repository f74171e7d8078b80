"""The file of a SQLite storage, and the studies in it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from threading import RLock
from typing import Any

from ...engine.exceptions import DuplicatedStudyError
from ...engine.records import FrozenStudy, StudyDirection
from . import schema
from ..base import DEFAULT_STUDY_NAME_PREFIX, BaseStorage
from .sqlite import Database, Row, path_of
from .rows import to_json


class SQLiteStudies(BaseStorage):
    """What `SQLiteStorage` does with studies.

    Parameters
    ----------
    url, synchronous, timeout
        See `SQLiteStorage`.
    """

    def __init__(self, url: str, synchronous: str, timeout: float) -> None:
        if synchronous.upper() not in ("NORMAL", "FULL"):
            raise ValueError(f"`synchronous` must be 'NORMAL' or 'FULL', but got {synchronous!r}.")
        self.url = url
        self._options = {"synchronous": synchronous.upper(), "timeout": timeout}
        self._lock = RLock()
        self._db = Database(path_of(url), synchronous.upper(), timeout)

    # --- studies -----------------------------------------------------------------------------------------------------

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        name = study_name if study_name is not None else DEFAULT_STUDY_NAME_PREFIX + str(uuid.uuid4())
        with self._lock, self._db.transaction():
            if self._db.query("SELECT 1 FROM studies WHERE study_name = ?", (name,)):
                raise DuplicatedStudyError(f"A study named {name!r} exists already in {self.url}.")
            row = self._db.query("INSERT INTO studies (study_name) VALUES (?) RETURNING study_id", (name,))[0]
            study_id = int(row[0])
            self._db.executemany(
                "INSERT INTO study_directions (direction, study_id, objective) VALUES (?, ?, ?)",
                [(direction.name, study_id, i) for i, direction in enumerate(directions)],
            )
        return study_id

    def delete_study(self, study_id: int) -> None:
        with self._lock, self._db.transaction():
            self.get_study_name_from_id(study_id)
            for table in schema.TRIAL_TABLES:
                self._db.execute(
                    f"DELETE FROM {table} WHERE trial_id IN (SELECT trial_id FROM trials WHERE study_id = ?)",
                    (study_id,),
                )
            for table in ("trials", *schema.STUDY_TABLES, "studies"):
                self._db.execute(f"DELETE FROM {table} WHERE study_id = ?", (study_id,))

    def _one(self, sql: str, parameters: tuple[Any, ...], missing: str) -> Row:
        """Fetch one row; ``KeyError`` if there is none."""
        with self._lock:
            rows = self._db.query(sql, parameters)
        if not rows:
            raise KeyError(missing)
        return rows[0]

    def get_study_id_from_name(self, study_name: str) -> int:
        sql = "SELECT study_id FROM studies WHERE study_name = ?"
        return int(self._one(sql, (study_name,), f"No such study {study_name}.")[0])

    def get_study_name_from_id(self, study_id: int) -> str:
        sql = "SELECT study_name FROM studies WHERE study_id = ?"
        return str(self._one(sql, (study_id,), f"No study with id {study_id} exists.")[0])

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        sql = "SELECT direction FROM study_directions WHERE study_id = ? ORDER BY objective"
        with self._lock:
            rows = self._db.query(sql, (study_id,))
        if not rows:
            raise KeyError(f"No study with id {study_id} exists.")
        return [StudyDirection[name] for (name,) in rows]

    def _set_study_attr(self, kind: str, study_id: int, key: str, value: Any) -> None:
        text = to_json(value)
        with self._lock:
            changed = self._db.execute(
                f'INSERT INTO study_{kind}_attributes (study_id, "key", value_json) '
                "SELECT study_id, ?, ? FROM studies WHERE study_id = ? "
                'ON CONFLICT (study_id, "key") DO UPDATE SET value_json = excluded.value_json',
                (key, text, study_id),
            )
        if not changed:
            raise KeyError(f"No study with id {study_id} exists.")

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        self._set_study_attr("user", study_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        self._set_study_attr("system", study_id, key, value)

    def _study_attrs(self, kind: str, study_id: int) -> dict[str, Any]:
        with self._lock:
            rows = self._db.query(
                f'SELECT a."key", a.value_json FROM studies s LEFT JOIN study_{kind}_attributes a USING (study_id) '
                "WHERE s.study_id = ?",
                (study_id,),
            )
        if not rows:
            raise KeyError(f"No study with id {study_id} exists.")
        return {key: json.loads(text) for key, text in rows if key is not None}

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        return self._study_attrs("user", study_id)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        return self._study_attrs("system", study_id)

    def get_all_studies(self) -> list[FrozenStudy]:
        with self._lock, self._db.transaction("DEFERRED"):
            return [
                FrozenStudy(
                    study_name=name,
                    direction=None,
                    directions=self.get_study_directions(study_id),
                    user_attrs=self.get_study_user_attrs(study_id),
                    system_attrs=self.get_study_system_attrs(study_id),
                    study_id=study_id,
                )
                for study_id, name in self._db.query("SELECT study_id, study_name FROM studies ORDER BY study_id")
            ]

    # --- the file ----------------------------------------------------------------------------------------------------

    def get_current_version(self) -> str:
        """Give the schema revision of the file."""
        return str(self._one("SELECT version_num FROM alembic_version", (), "The file has no schema revision.")[0])

    def get_head_version(self) -> str:
        """Give the schema revision that parzen writes."""
        return schema.REVISION

    def get_all_versions(self) -> list[str]:
        """List the schema revisions that parzen can upgrade to."""
        return [schema.REVISION]

    def upgrade(self) -> None:
        """Bring the file to the head revision; a file that could be opened is there already."""
