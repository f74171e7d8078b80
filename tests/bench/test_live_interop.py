"""Optuna and its dashboard work on a database while parzen's workers write to it; on servers they share one, too."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import servers

import parzen
from parzen.trial import TrialState

optuna = pytest.importorskip("optuna")

pytestmark = [
    pytest.mark.bench,
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
]
WORKER = Path(__file__).parents[1] / "storage" / "sqlite_worker.py"


@pytest.fixture(autouse=True)
def quiet() -> None:
    for library in (parzen, optuna):
        library.logging.set_verbosity(library.logging.ERROR)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


@pytest.fixture
def workers(path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Let four processes run trials of the study "shared" until the test is over."""
    url = f"sqlite:///{path}"
    parzen.create_study(storage=url, study_name="shared")._storage.remove_session()
    started = [
        subprocess.Popen(
            [sys.executable, str(WORKER), "run_until_killed", url, "NORMAL"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    for worker in started:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in started:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    yield started
    for worker in started:
        worker.kill()
        worker.communicate()


def objective(trial: Any) -> float:
    x: float = trial.suggest_float("x", 0, 1)
    trial.suggest_int("n", 1, 100, log=True)
    return x


def test_optuna_reads_and_runs_trials_among_our_workers(path: Path, workers: list[subprocess.Popen[str]]) -> None:
    theirs = optuna.load_study(study_name="shared", storage=f"sqlite:///{path}")
    counts, mine = [], []
    for _ in range(5):
        theirs.optimize(
            objective, n_trials=1, callbacks=[lambda study, trial: mine.append((trial.number, trial.value))]
        )
        counts.append(len(theirs.trials))
    assert counts == sorted(set(counts))
    assert all(worker.poll() is None for worker in workers)
    for worker in workers:
        worker.kill()
        worker.wait()
    trials = parzen.load_study(study_name="shared", storage=f"sqlite:///{path}").trials
    assert [trial.number for trial in trials] == list(range(len(trials)))
    assert len(mine) == 5
    assert all((trials[number].state, trials[number].value) == (TrialState.COMPLETE, value) for number, value in mine)
    others = [trial for trial in optuna.load_study(study_name="shared", storage=f"sqlite:///{path}").trials]
    assert [(t.number, t.state.name, t.values) for t in others] == [(t.number, t.state.name, t.values) for t in trials]
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(url: str) -> Any:
    """Ask a server that may still be starting."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def test_the_dashboard_shows_a_study_to_which_our_workers_write(
    path: Path, workers: list[subprocess.Popen[str]]
) -> None:
    pytest.importorskip("optuna_dashboard")
    port = free_port()
    command = [sys.executable, "-c", "from optuna_dashboard._cli import main; main()", f"sqlite:///{path}",
               "--port", str(port)]  # fmt: skip
    dashboard = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}/api/studies"
        (listed,) = get(base)["study_summaries"]
        assert listed["study_name"] == "shared"
        trials = f"{base}/{listed['study_id']}?after=0"
        first, deadline = len(get(trials)["trials"]), time.monotonic() + 40
        assert first > 0
        while len(get(trials)["trials"]) == first and time.monotonic() < deadline:  # it looks every so many seconds
            time.sleep(0.5)
        assert len(get(trials)["trials"]) > first
        assert all(worker.poll() is None for worker in workers)
    finally:
        dashboard.kill()
        dashboard.wait()


# --- servers ---------------------------------------------------------------------------------------------------------

FACTS = ("number", "values", "params", "user_attrs", "intermediate_values", "datetime_start", "datetime_complete")


def facts(study: Any) -> list[Any]:
    return [(trial.state.name, *(getattr(trial, name) for name in FACTS)) for trial in study.trials]


def rounded(found: list[Any]) -> list[Any]:
    """Leave out the times: the tables that Optuna makes in MySQL keep whole seconds."""
    return [trial[:-2] for trial in found]


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
@pytest.mark.parametrize("first", [parzen, optuna], ids=["parzen-first", "optuna-first"])
def test_both_share_a_server(kind: str, first: Any) -> None:
    url = servers.new_database(kind)
    second = optuna if first is parzen else parzen
    study = first.create_study(study_name="shared", storage=url, sampler=first.samplers.RandomSampler())
    for library in (first, second, first, second):
        study = library.load_study(study_name="shared", storage=url, sampler=library.samplers.RandomSampler())
        study.enqueue_trial({"x": 0.25}, user_attrs={"by": library.__name__})
        study.optimize(full_objective, n_trials=3)
        study.tell(study.ask(), state=library.trial.TrialState.FAIL)
        study.ask()
    ours = parzen.load_study(study_name="shared", storage=url)
    theirs = optuna.load_study(study_name="shared", storage=url)
    assert rounded(facts(ours)) == rounded(facts(theirs))
    if first is parzen:
        assert facts(ours) == facts(theirs)
    assert [trial.number for trial in ours.trials] == list(range(20))
    assert [trial.params["x"] for trial in ours.trials if "by" in trial.user_attrs] == [0.25] * 4


def full_objective(trial: Any) -> float:
    x: float = trial.suggest_float("x", 0, 1)
    trial.suggest_categorical("c", ["a", None, True, 1.5])
    for step, value in enumerate((x, float("nan"), float("inf"), -float("inf"))):
        trial.report(0.0 if value != value else value, step)
    trial.set_user_attr("ä", {"nested": [1, None, "🚀"]})
    return float("inf") if trial.number == 1 else x
