"""Make the old study files of `test_upgrading.py`, and what Optuna 5 makes of them.

Each old Optuna runs in an environment of its own; these versions, and beside them what they need, did it::

    pip install "setuptools<70" wheel "sqlalchemy<1.4" "alembic<1.8" cliff cmaes colorlog joblib "numpy<2" scipy tqdm
    pip install --no-deps --no-build-isolation optuna==2.0.0   # also 1.1.0, 1.2.0, 2.4.0; 2.10.1 installs by itself
    pip install "sqlalchemy<2" typing_extensions ...           # for 3.0.0b0, 3.0.0b1, 3.0.6 and 3.1.1
    pip install "optuna==3.6.2" "numpy<2"

``OLD_PYTHON make.py write optuna_VERSION.sql`` writes one file; ``PYTHON make.py golden OLD_PYTHON FILE...``, with
Optuna 5 installed, writes ``FILE.json`` beside each. Optuna 5 on today's alembic cannot take the first steps of a file
older than v2.4.0.a ("no such column: direction"), so Optuna 2.10.1 with alembic 1.4.3 in OLD_PYTHON takes them. (With
2.4.0 there, all system attributes of trials would be lost.)
"""

from __future__ import annotations

import json
import math
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import warnings
from functools import partial
from pathlib import Path
from typing import Any

VALUES = (0.25, math.inf, -math.inf, -1e300, None)
REPORTS = (0.5, math.inf, -math.inf, math.nan, 3.5e38, -1e-320)
FIRST_STEPS = """
import optuna, sys
optuna.storages.RDBStorage(sys.argv[1], skip_compatibility_check=True).upgrade()
"""


def write(target: Path) -> None:
    """Fill a study file with all that the installed Optuna knows, and dump it as SQL."""
    import optuna

    version = tuple(int(part) for part in optuna.__version__.split(".")[:2])
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "study.db")
        fill(optuna, version, f"sqlite:///{path}")
        connection = sqlite3.connect(path)
        text = "\n".join(connection.iterdump()) + "\n"
        connection.close()
    # SQLite dumps infinity as a word that it cannot read.
    target.write_text(re.sub(r"(?<=[,(])(-?)Inf(?=[,)])", r"\g<1>9e999", text), encoding="utf-8")


def fill(optuna: Any, version: tuple[int, ...], url: str) -> None:
    """Write two studies in turns, so that numbers and identifiers differ, and what later versions added."""
    sampler = optuna.samplers.RandomSampler(seed=0)
    options = {"heartbeat_interval": 60} if version >= (2, 9) else {}
    storage = optuna.storages.RDBStorage(url, **options)
    least = optuna.create_study(storage=storage, study_name="least", sampler=sampler)
    most = optuna.create_study(storage=storage, study_name="most ✓", sampler=sampler, direction="maximize")
    least.set_user_attr("note", {"text": "ü" * 3, "long": "x" * 2100, "none": None})
    least.set_system_attr("kept", [1, 2.5])
    for number in range(len(VALUES)):
        for study in (least, most):
            study.optimize(partial(objective, optuna, version, number), n_trials=1, catch=(ValueError,))
    if hasattr(most, "enqueue_trial"):
        most.enqueue_trial({"x": 0.75})
    running = storage.create_new_trial(most._study_id)
    storage.set_trial_user_attr(running, "running", True)
    if version >= (2, 4):
        several(optuna, storage, sampler)
    if version >= (2, 9):
        storage.record_heartbeat(running)
    if version >= (3, 0):
        old_classes(optuna, most)
    unset(storage, version)


def objective(optuna: Any, version: tuple[int, ...], number: int, trial: Any) -> float:
    """Suggest, report and tell one of each kind."""
    if version >= (2, 0):
        trial.suggest_float("x", 0, 1)
        trial.suggest_float("lr", 1e-5, 1e-1, log=True)
        trial.suggest_float("step", 0, 1, step=0.25)
        trial.suggest_int("log", 1, 100, log=True)
        trial.suggest_int("even", 2, 10, step=2)
    else:
        trial.suggest_uniform("x", 0, 1)
        trial.suggest_loguniform("lr", 1e-5, 1e-1)
        trial.suggest_discrete_uniform("step", 0, 1, 0.25)
    trial.suggest_int("n", -3, 3)
    trial.suggest_categorical("kind", ["a", None, True, 1.5, 3])
    trial.set_user_attr("number", number)
    trial.set_system_attr("s", {"k": [number]})
    for step, value in enumerate(REPORTS):
        try:
            trial.report(value, step * 10)
        except Exception as error:
            print(f"{optuna.__version__} refuses to report {value}: {type(error).__name__}")
    if number == 3 and trial.study.study_name == "least":
        raise optuna.exceptions.TrialPruned() if version >= (2, 0) else optuna.structs.TrialPruned()
    told = VALUES[number]
    if told is None:
        raise ValueError("failed")
    return told


def several(optuna: Any, storage: Any, sampler: Any) -> None:
    """Write a study of two objectives."""
    study = optuna.create_study(
        storage=storage, study_name="several", sampler=sampler, directions=["minimize", "maximize"]
    )
    values = iter([(1.0, -2.0), (math.inf, 0.0), (3.5e38, -math.inf)])
    study.optimize(lambda trial: (trial.suggest_float("x", 0, 1), next(values))[1], n_trials=3)


def old_classes(optuna: Any, study: Any) -> None:
    """Add a trial with the distribution classes of version 2, which version 3 still took."""
    from optuna import distributions as old

    warnings.simplefilter("ignore")
    space = {
        "u": old.UniformDistribution(0, 1),
        "l": old.LogUniformDistribution(1e-3, 1),
        "d": old.DiscreteUniformDistribution(0, 1, 0.5),
        "i": old.IntUniformDistribution(1, 9, 2),
        "j": old.IntLogUniformDistribution(1, 9),
    }
    params = {"u": 0.5, "l": 0.1, "d": 0.5, "i": 3, "j": 4}
    study.add_trial(optuna.trial.create_trial(params=params, distributions=space, value=1.5))


def unset(storage: Any, version: tuple[int, ...]) -> None:
    """Write a study without a direction, where there is such a thing."""
    name = "unset"
    if version >= (3, 1):
        from optuna.study import StudyDirection

        study_id = storage.create_new_study([StudyDirection.NOT_SET], study_name=name)
    else:
        study_id = storage.create_new_study(study_name=name)
    storage.create_new_trial(study_id)


def golden(old_python: str, sources: list[Path]) -> None:
    """Upgrade each file by Optuna 5 and write what it then reads."""
    for source in sources:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "study.db")
            load(source, path)
            upgrade(old_python, path)
            studies = describe(f"sqlite:///{path}").items()
            lines = (f"{json.dumps(name)}: {json.dumps(study, sort_keys=True)}" for name, study in studies)
            source.with_suffix(".json").write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")


def load(source: Path, path: Path | str) -> None:
    """Make the study file that a dump describes."""
    connection = sqlite3.connect(path)
    connection.executescript(source.read_text(encoding="utf-8"))
    connection.close()


def upgrade(old_python: str, path: str) -> None:
    """Bring a file to the head, the way that Optuna's users take."""
    import optuna

    url = f"sqlite:///{path}"
    if prepare(path):
        subprocess.run([old_python, "-c", FIRST_STEPS, url], check=True)
    optuna.storages.RDBStorage(url, skip_compatibility_check=True).upgrade()


def prepare(path: str) -> bool:
    """Tell whether a file is very old, and then take its reports of NaN out: Optuna's upgrade fails on these NULLs.

    Without Optuna 5, which adds empty tables to what it opens, and then the first steps fail, too.
    """
    connection = sqlite3.connect(path)
    (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    is_old = str(revision) < "v2"
    if is_old:
        connection.execute("DELETE FROM trial_values WHERE value IS NULL")
        connection.commit()
    connection.close()
    return is_old


def describe(url: str) -> dict[str, Any]:
    """Read all studies by Optuna 5."""
    import optuna

    warnings.simplefilter("ignore")
    storage = optuna.storages.RDBStorage(url)
    return {study.study_name: describe_study(storage, study) for study in storage.get_all_studies()}


def describe_study(storage: Any, study: Any) -> dict[str, Any]:
    """Give a study as JSON; its trials by what all libraries of this API call their parts."""
    return {
        "directions": [direction.name for direction in study.directions],
        "user_attrs": study.user_attrs,
        "system_attrs": study.system_attrs,
        "trials": [describe_trial(trial) for trial in storage.get_all_trials(study._study_id)],
    }


def describe_trial(trial: Any) -> dict[str, Any]:
    """Give a trial as JSON."""
    from datetime import timezone

    times = (trial.datetime_start, trial.datetime_complete)
    return {
        "id": trial._trial_id,
        "number": trial.number,
        "state": trial.state.name,
        "values": trial.values,
        "times": [None if time is None else time.astimezone(timezone.utc).isoformat() for time in times],
        "params": list(trial.params.items()),
        "distributions": {name: repr(distribution) for name, distribution in trial.distributions.items()},
        "user_attrs": trial.user_attrs,
        "system_attrs": trial.system_attrs,
        "intermediate_values": list(trial.intermediate_values.items()),
    }


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(Path(sys.argv[2]))
    else:
        golden(sys.argv[2], [Path(name) for name in sys.argv[3:]])
