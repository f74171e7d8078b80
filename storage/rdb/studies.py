"""Studies in a database: the verbs that create, change, read and delete them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ...engine.exceptions import DuplicatedStudyError, StorageInternalError
from ...engine.interrupts import PatientLock
from ...engine.logging import get_logger
from ...engine.records import FrozenStudy, StudyDirection
from ..base import BaseStorage, name_or_new
from . import schema, writing
from .database import Conflict, Database, Row
from .reading import REMEDY, name_of, read_directions
from .rows import UNREADABLE, to_json
from .upgrading import REVISIONS

if TYPE_CHECKING:
    from sqlalchemy import Engine

_logger = get_logger(__name__)


class RelationalStudies(BaseStorage):
    """The part of `RelationalStorage` that is about studies.

    Parameters
    ----------
    db
        The database.
    """

    def __init__(self, db: Database) -> None:
        self._lock = PatientLock()
        self._db = db
        self.is_of_one_process = db.vanishes

    # --- studies -----------------------------------------------------------------------------------------------------

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        name = name_or_new(study_name)
        taken = DuplicatedStudyError(f"A study named {name!r} exists already in {self._db.place}.")

        def work() -> int:
            if alike := self._named(name):
                raise taken if alike[0][1] == name else _alike(name, alike[0][1], self._db.place)
            study_id = self._db.insert("INSERT INTO studies (study_name) VALUES (?)", (name,), "study_id")
            self._db.executemany(
                "INSERT INTO study_directions (direction, study_id, objective) VALUES (?, ?, ?)",
                [(direction.name, study_id, i) for i, direction in enumerate(directions)],
            )
            return study_id

        with self._lock:
            try:
                study_id = self._db.once(work)
            except Conflict:  # another process created it after the query
                raise taken from None
            self._db.settle()
            return study_id

    def delete_study(self, study_id: int) -> None:
        of_study = "IN (SELECT trial_id FROM trials WHERE study_id = ?)"

        def work() -> None:
            if not writing.lock_study(self._db, study_id):
                raise KeyError(f"No study with id {study_id} exists.")
            own = ("parzen_claims",) if self._db.has_own_tables else ()
            for table in (*schema.TRIAL_TABLES, *own):
                self._db.execute(f"DELETE FROM {table} WHERE trial_id {of_study}", (study_id,))
            for table in ("trials", *schema.STUDY_TABLES, "studies"):
                self._db.execute(f"DELETE FROM {table} WHERE study_id = ?", (study_id,))

        with self._lock:
            self._db.once(work)

    def _one(self, sql: str, parameters: tuple[Any, ...], missing: str) -> Row:
        """Fetch one row; ``KeyError`` if there is none."""
        with self._lock:
            rows = self._db.query(sql, parameters)
        if not rows:
            raise KeyError(missing)
        return rows[0]

    def get_study_id_from_name(self, study_name: str) -> int:
        for study_id, name in self._named(study_name):
            if name == study_name:  # a collation may take another name for the same
                return int(study_id)
        raise KeyError(f"No such study {study_name}.")

    def _named(self, name: str) -> list[Row]:
        """Find the studies that the database takes for those of a name: identifiers and names."""
        with self._lock:
            return self._db.query("SELECT study_id, study_name FROM studies WHERE study_name = ?", (name,))

    def get_study_name_from_id(self, study_id: int) -> str:
        sql = "SELECT study_name FROM studies WHERE study_id = ?"
        return str(self._one(sql, (study_id,), f"No study with id {study_id} exists.")[0])

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        with self._lock:
            return read_directions(self._db, study_id)

    def _set_study_attr(self, kind: str, study_id: int, key: str, value: Any) -> None:
        text = to_json(value)
        with self._lock:
            changed = self._db.execute(self._db.statements.insert_study_attr[kind], (key, text, study_id))
        if not changed:
            raise KeyError(f"No study with id {study_id} exists.")

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        self._set_study_attr("user", study_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        self._set_study_attr("system", study_id, key, value)

    def _study_attrs(self, kind: str, study_id: int, order: str | None = None) -> dict[str, Any]:
        table = f"study_{kind}_attributes"
        with self._lock:
            rows = self._db.query(
                f'SELECT a."key", a.value_json FROM studies s LEFT JOIN {table} a '
                "ON a.study_id = s.study_id "
                f"WHERE s.study_id = ? ORDER BY a.{order or self._db.dialect.order_of(table)}",
                (study_id,),
            )
        if not rows:
            raise KeyError(f"No study with id {study_id} exists.")
        return dict(self._readable(study_id, [(key, text) for key, text in rows if key is not None]))

    def _readable(self, study_id: int, rows: Sequence[Row]) -> Iterator[tuple[str, Any]]:
        for key, text in rows:
            try:
                yield name_of(key), json.loads(text)
            except UNREADABLE as error:
                _logger.warning(
                    f"The attribute {key!r} of the study with id {study_id} in {self._db.place} is left out, since it "
                    f"cannot be read: {error}. Somebody edited it. {REMEDY}"
                )

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        return self._study_attrs("user", study_id)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        return self._study_attrs("system", study_id)

    def get_all_studies(self) -> list[FrozenStudy]:
        with self._lock, self._db.reading():
            rows = self._db.query("SELECT study_id, study_name FROM studies ORDER BY study_id")
            return [study for study_id, name in rows if (study := self._frozen_study(study_id, name)) is not None]

    def _frozen_study(self, study_id: int, name: object) -> FrozenStudy | None:
        """Give what is known of a study; None, and a warning, if its rows are not what they should be."""
        try:
            if not isinstance(name, str):
                raise TypeError(f"its name is {name!r}")
            return FrozenStudy(
                study_name=name,
                direction=None,
                directions=self.get_study_directions(study_id),
                # As they were first set: so Optuna lists them, since it reads the whole tables.
                user_attrs=self._study_attrs("user", study_id, "study_user_attribute_id"),
                system_attrs=self._study_attrs("system", study_id, "study_system_attribute_id"),
                study_id=study_id,
            )
        except (TypeError, KeyError, StorageInternalError) as error:
            _logger.warning(
                f"The study {name!r} with id {study_id} in {self._db.place} is left out, since it cannot be read: "
                f"{error} Somebody edited it. {REMEDY}"
            )
            return None

    # --- the database ------------------------------------------------------------------------------------------------

    @cached_property
    def engine(self) -> Engine:
        """SQLAlchemy's engine of the database, for queries of your own; ``ImportError`` without SQLAlchemy.

        Examples
        --------
        >>> pandas.read_sql("SELECT state, COUNT(*) FROM trials GROUP BY state", storage.engine)
        """
        return self._db.engine()

    def get_current_version(self) -> str:
        """Give the schema revision of the database."""
        with self._lock:
            return self._db.revision()

    def get_head_version(self) -> str:
        """Give the schema revision that parzen writes."""
        return schema.REVISION

    def get_all_versions(self) -> list[str]:
        """List the schema revisions that are known, the newest first."""
        return list(reversed(REVISIONS))

    def upgrade(self) -> None:
        """Bring the schema to the head revision; of a file, a copy of the old one is kept."""
        with self._lock:
            self._db.upgrade()


def _alike(name: str, known: str, place: str) -> StorageInternalError:
    return StorageInternalError(
        f"A study named {name!r} cannot be created in {place}: the collation of its table, which parzen did not make, "
        f"takes the name for that of the study {known!r}. Choose another name."
    )
