"""Up and down: the store gets the bytes, and a study or a trial the name, in an attribute as Optuna writes it."""

from __future__ import annotations

import json
import mimetypes
import os
import shutil
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...engine.deprecated import by_position_too
from ...engine.records import FrozenTrial
from ..base import BaseStorage
from .base import ArtifactStore
from .folder import whole_file

PREFIX = "artifacts:"  # of the system attributes, before the identifier
_DEFAULT_TYPE = "application/octet-stream"


@dataclass
class ArtifactMeta:
    """What a study or a trial knows of an artifact.

    Attributes
    ----------
    artifact_id
        Its identifier in the store.
    filename
        The last part of the path that it had.
    mimetype
        Such as ``text/plain``.
    encoding
        Such as ``gzip``; None if there is none.
    """

    artifact_id: str
    filename: str
    mimetype: str
    encoding: str | None


@by_position_too("study_or_trial", "file_path", "artifact_store")
def upload_artifact(
    *,
    artifact_store: ArtifactStore,
    file_path: str,
    study_or_trial: Any,
    storage: BaseStorage | None = None,
    mimetype: str | None = None,
    encoding: str | None = None,
) -> str:
    """Keep a file for a study or a trial.

    The store has the whole file before the trial lists it, so what is listed can be had.

    Parameters
    ----------
    artifact_store
        Where the bytes go.
    file_path
        The file.
    study_or_trial
        A study, a running trial, or the record of one (`FrozenTrial`), which needs `storage`.
    storage
        The storage of the trial whose record is given.
    mimetype, encoding
        What the file is; guessed from its name if not given.

    Returns
    -------
    str
        The new artifact's identifier, by which `download_artifact` finds it.

    Raises
    ------
    ValueError
        For the record of a trial without `storage`.
    UpdateFinishedTrialError
        If the trial has finished; nothing is uploaded.
    OSError
        If the file cannot be read.
    """
    owner = _Owner(study_or_trial, storage)
    owner.check_is_open()
    guessed_type, guessed_encoding = mimetypes.guess_type(file_path)
    meta = ArtifactMeta(
        artifact_id=str(uuid.uuid4()),
        filename=os.path.basename(file_path),
        mimetype=mimetype or guessed_type or _DEFAULT_TYPE,
        encoding=encoding or guessed_encoding,
    )
    with open(file_path, "rb") as file:
        artifact_store.write(meta.artifact_id, file)
    try:
        owner.note(PREFIX + meta.artifact_id, json.dumps(asdict(meta)))
    except BaseException:
        with suppress(Exception):  # what is listed nowhere is of no use
            artifact_store.remove(meta.artifact_id)
        raise
    return meta.artifact_id


def download_artifact(*, artifact_store: ArtifactStore, file_path: str, artifact_id: str) -> None:
    """Fetch an artifact into a new file, which appears once it is whole.

    Parameters
    ----------
    artifact_store
        Where it was uploaded to.
    file_path
        The new file.
    artifact_id
        What `upload_artifact` returned.

    Raises
    ------
    FileExistsError
        If there is such a file; it is left as it is.
    ArtifactNotFound
        If the store has no such artifact; no file is made.
    """
    path = Path(file_path)
    if os.path.lexists(path):
        raise FileExistsError(f"File already exists: {path}. Give another path, or move that file away.")
    with artifact_store.open_reader(artifact_id) as reader, whole_file(path) as file:
        shutil.copyfileobj(reader, file)


def get_all_artifact_meta(study_or_trial: Any, *, storage: BaseStorage | None = None) -> list[ArtifactMeta]:
    """List the artifacts of a study or of a trial; those of a study's trials are not among the study's.

    Parameters
    ----------
    study_or_trial
        A study, a running trial, or the record of one (`FrozenTrial`), which needs `storage`.
    storage
        The storage of the trial whose record is given.

    Returns
    -------
    list[ArtifactMeta]
        In the order in which the storage gives attributes.

    Raises
    ------
    ValueError
        For the record of a trial without `storage`.
    """
    attrs = _Owner(study_or_trial, storage).noted()
    return [ArtifactMeta(**json.loads(value)) for key, value in attrs.items() if key.startswith(PREFIX)]


class _Owner:
    """A study or a trial in its storage."""

    def __init__(self, study_or_trial: Any, storage: BaseStorage | None) -> None:
        is_trial = hasattr(study_or_trial, "_trial_id")
        held: Any = getattr(study_or_trial, "storage" if is_trial else "_storage", None)
        if storage is None and held is None:
            raise ValueError(
                "storage is required for FrozenTrial. Give `storage=study._storage`, or a study or a running trial: "
                f"got {type(study_or_trial).__name__}."
            )
        if not is_trial and not hasattr(study_or_trial, "_study_id"):
            raise TypeError(f"Expected a Study, a Trial or a FrozenTrial, but got {study_or_trial!r}.")
        if held is None:
            held = storage
        self._storage: BaseStorage = held
        self._trial_id: int | None = study_or_trial._trial_id if is_trial else None
        self._study_id: int = -1 if is_trial else study_or_trial._study_id

    def check_is_open(self) -> None:
        """Raise `UpdateFinishedTrialError` for a trial that has finished."""
        if self._trial_id is not None:
            trial: FrozenTrial = self._storage.get_trial(self._trial_id)
            self._storage.check_trial_is_updatable(self._trial_id, trial.state)

    def note(self, key: str, value: str) -> None:
        """Store a system attribute."""
        if self._trial_id is None:
            self._storage.set_study_system_attr(self._study_id, key, value)
        else:
            self._storage.set_trial_system_attr(self._trial_id, key, value)

    def noted(self) -> dict[str, Any]:
        """Give all system attributes."""
        if self._trial_id is None:
            return self._storage.get_study_system_attrs(self._study_id)
        return self._storage.get_trial_system_attrs(self._trial_id)
