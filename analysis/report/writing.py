"""A report of one or several studies, written as one file, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from ...engine.history import history_of
from ...engine.redaction import redacted_text
from ..describing import describe
from ..visualization.reading import studies_of
from .alerts import alerts_of
from .columns import columns_of
from .findings import findings_of
from .packing import payload
from .page import BEGIN, Section, page_of
from .verdict import verdict_of


def report(study: Any, path: str | os.PathLike[str]) -> Path:
    """Write one HTML file that says what came of a study, or of several side by side.

    It has the verdict, alerts in words, plots in which one selection marks the same trials, and a table of trials that
    can be searched, sorted and saved as CSV or JSON. It needs no network, and without scripts still shows the verdict,
    the alerts and the best trials. Of more than 20,000 trials the best ones and every so many are embedded, as the page
    says.

    Parameters
    ----------
    study
        A study, or a sequence of studies.
    path
        Where to write. A report that is there is replaced, any other file is left alone.

    Returns
    -------
    path
        Of the file.

    Raises
    ------
    FileExistsError
        If there is a file that is no report.
    OSError
        If nothing can be written there; what was there before stays.
    ValueError
        If the sequence of studies is empty.

    Examples
    --------
    >>> parzen.visualization.report(study, "report.html")
    """
    studies = studies_of(study)
    if not studies:
        raise ValueError("Expected a study or several, but got none.")
    target = Path(path)
    _check(target)
    write_whole(target, page_of([section_of(one) for one in studies]))
    return target


def section_of(study: Any) -> Section:
    """Compute what the page says of a study."""
    columns = columns_of(study)
    findings = findings_of(study, columns)
    about = describe(study) | {"user_attrs": dict(study.user_attrs), "storage": _storage(study)}
    params = history_of(study).copy_record(columns.front[0]).params if columns.front else {}
    verdict = verdict_of(columns, findings, about, params)
    alerts = alerts_of(columns, findings)
    kept = {key: about[key] for key in ("sampler", "pruner", "versions", "git", "platform", "command", "created")}
    return Section(columns, verdict, alerts, payload(columns, findings, verdict, alerts, kept))


def _storage(study: Any) -> str:
    storage = study._storage
    url = getattr(storage, "url", None)
    return redacted_text(url) if isinstance(url, str) else type(storage).__name__


def _check(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(f"Expected the path of a file to write the report to, but {path} is a folder.")
    if path.exists():
        with open(path, "rb") as file:
            start = file.read(len(BEGIN))
        if start and start != BEGIN.encode():
            raise FileExistsError(
                f"{path} is there already, and no report of parzen's: it is left alone. Give another name."
            )


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all: beside its place, flushed, then renamed."""
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".unfinished", dir=path.parent)
    except OSError as error:
        raise type(error)(
            error.errno, f"The report cannot be written to {path}: {error.strerror}. Give a folder that can be written"
        ) from error
    try:
        with open(handle, "wb") as file:
            file.write(text.encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, 0o666 & ~_umask())
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
