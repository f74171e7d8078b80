"""What is known of a study when it starts: sampler and pruner, versions, the commit and the command.

It is one system attribute of the study, written once by `create_study`. Optuna and its dashboard keep system attributes
that they do not know, and show none of them; no trial and no user attribute carries it, so listings and data frames
stay what they were. It is written at once and not with the first trial, since an `ask` must not wait for it, and
workers that ask first may know neither the sampler nor the command that created the study.
"""

from __future__ import annotations

import os
import platform
import shlex
import sys
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..arguments import description
from ..logging import get_logger
from ..redaction import redacted
from .core import StudyCore

ORIGIN = "parzen:origin"
RECORD_COMMAND = "PARZEN_RECORD_COMMAND"

_MOST_LETTERS = 2000  # of a command line
_MOST_REFS = 2**20  # bytes of a list of references that are looked through

_logger = get_logger(__name__)


def record_origin(study: StudyCore) -> None:
    """Store with a new study what is known; a study is no worse where this fails."""
    try:
        study.note_on_study(ORIGIN, origin(study))
    except Exception as error:  # whatever a storage of somebody else's raises
        _logger.debug(f"How the study {study.study_name!r} was started could not be stored: {error!r}.")


def origin(study: StudyCore) -> dict[str, Any]:
    """Give what is known, as JSON values."""
    return {
        "created": datetime.now().astimezone().isoformat(timespec="seconds"),
        "sampler": description(study.sampler),
        "pruner": description(study.pruner),
        "versions": dict(_versions()),
        "platform": dict(_platform()),
        "git": commit_of_folder(),
        "command": _command(),
    }


@lru_cache(maxsize=1)
def _versions() -> tuple[tuple[str, str | None], ...]:
    import numpy

    package = sys.modules[__name__.partition(".")[0]]
    return (
        ("parzen", getattr(package, "__version__", None)),
        ("python", platform.python_version()),
        ("numpy", numpy.__version__),
        ("numba", _installed("numba")),
    )


def _installed(name: str) -> str | None:
    """Give the version of a package without importing it, nor what reads the metadata of packages: 10 ms."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        return getattr(loaded, "__version__", None)
    for folder in sys.path:
        try:
            found = [entry for entry in os.listdir(folder or ".") if entry.startswith(f"{name}-")]
        except OSError:
            continue
        for entry in found:
            if entry.endswith(".dist-info"):
                return entry[len(name) + 1 : -len(".dist-info")]
    return None


@lru_cache(maxsize=1)
def _platform() -> tuple[tuple[str, str | int | None], ...]:
    return (
        ("system", platform.system()),
        ("release", platform.release()),
        ("machine", platform.machine()),
        ("implementation", platform.python_implementation()),
        ("n_cpus", os.cpu_count()),
    )


def _command() -> str | None:
    """Give the command line without its secrets; None where it is not wanted."""
    if os.environ.get(RECORD_COMMAND, "1").strip().lower() in ("0", "false", "no", "off"):
        return None
    words = shlex.join(redacted(sys.orig_argv))
    return words if len(words) <= _MOST_LETTERS else words[:_MOST_LETTERS] + " ..."


# --- git -------------------------------------------------------------------------------------------------------------


def commit_of_folder() -> dict[str, str] | None:
    """Give commit and branch of the working folder, read from git's files; None outside of a repository."""
    try:
        here = Path.cwd()
        git = next((place for place in (folder / ".git" for folder in (here, *here.parents)) if place.exists()), None)
        return None if git is None else _head(git)
    except (OSError, ValueError):  # deleted, unreadable, or no text
        return None


def _head(git: Path) -> dict[str, str] | None:
    if git.is_file():  # of a worktree or a submodule
        git = git.parent / git.read_text().partition("gitdir:")[2].strip()
    head = (git / "HEAD").read_text().strip()
    if not head.startswith("ref:"):
        return {"commit": head}
    ref = head.partition("ref:")[2].strip()
    shared = git / (git / "commondir").read_text().strip() if (git / "commondir").exists() else git
    commit = next((found for found in (_loose(git, ref), _loose(shared, ref), _packed(shared, ref)) if found), None)
    return None if commit is None else {"commit": commit, "branch": ref.removeprefix("refs/heads/")}


def _loose(git: Path, ref: str) -> str | None:
    place = git / ref
    return place.read_text().strip() if place.is_file() else None


def _packed(git: Path, ref: str) -> str | None:
    place = git / "packed-refs"
    if not place.is_file() or place.stat().st_size > _MOST_REFS:
        return None
    words = (line.split() for line in place.read_text().splitlines())
    return next((found[0] for found in words if len(found) == 2 and found[1] == ref), None)
