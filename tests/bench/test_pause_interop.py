"""Studies with paused trials: Optuna reads them, goes on with them, and both prune by the same rungs."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from promoting import train

import parzen
from parzen.pruners import ASHAPruner, PBTPruner
from parzen.trial import TrialState

optuna = pytest.importorskip("optuna")

pytestmark = [
    pytest.mark.bench,
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
]
PAUSED, PRUNED = TrialState.PAUSED, TrialState.PRUNED


@pytest.fixture(autouse=True)
def quiet() -> None:
    for library in (parzen, optuna):
        library.logging.set_verbosity(library.logging.ERROR)


def in_database(library: Any, path: Path) -> Any:
    return f"sqlite:///{path}"


def in_journal(library: Any, path: Path) -> Any:
    storages = library.storages
    return storages.JournalStorage(storages.journal.JournalFileBackend(str(path)))


@pytest.fixture(params=[in_database, in_journal])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Any], Any]:
    return lambda library: request.param(library, tmp_path / "shared")


def curve(number: int, step: int) -> float:
    return number % 5 + 1 / step


def new_study(storage: Any, m: int = 1) -> parzen.Study:
    directions, pruner = ["minimize"] * m, ASHAPruner(9, reduction_factor=3)
    sampler = parzen.samplers.RandomSampler(1)
    return parzen.create_study(study_name="s", storage=storage, directions=directions, pruner=pruner, sampler=sampler)


def run(study: parzen.Study, n: int) -> None:
    for _ in range(n):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        train(study, trial, curve)


def test_a_paused_trial_is_a_pruned_one_to_optuna(opened: Callable[[Any], Any]) -> None:
    study = new_study(opened(parzen))
    run(study, 40)
    ours, theirs = study.trials, optuna.load_study(study_name="s", storage=opened(optuna)).trials
    assert len(ours) == len(theirs) > 20
    assert {trial.state for trial in ours} == {PAUSED, TrialState.COMPLETE}
    for one, other in zip(ours, theirs, strict=True):
        ever_paused = one.state == PAUSED or not isinstance(opened(parzen), str)  # of a journal it takes the first end
        assert other.state.name == ("PRUNED" if ever_paused else one.state.name)
        assert one.params == other.params
        if isinstance(opened(parzen), str):
            assert (one.value, one.intermediate_values) == (other.value, other.intermediate_values)
            assert one.system_attrs == other.system_attrs


def test_optuna_adds_trials_among_paused_ones(opened: Callable[[Any], Any]) -> None:
    study = new_study(opened(parzen))
    run(study, 20)
    theirs = optuna.load_study(study_name="s", storage=opened(optuna), sampler=optuna.samplers.TPESampler(seed=1))
    n = len(theirs.trials)
    theirs.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=5)
    assert [trial.number for trial in theirs.trials[n:]] == list(range(n, n + 5))
    run(study, 20)
    states = [trial.state for trial in study.trials]
    assert states[n : n + 5] == [TrialState.COMPLETE] * 5
    resumed = [trial for trial in study.trials[:n] if trial.last_step > 1]
    assert resumed


def test_optuna_reads_a_study_of_several_objectives(tmp_path: Path) -> None:
    study = new_study(f"sqlite:///{tmp_path}/s.db", m=2)
    for _ in range(20):
        train(study, study.ask(), lambda number, step: [curve(number, step), 5 - number % 5 + 1 / step])
    theirs = optuna.load_study(study_name="s", storage=f"sqlite:///{tmp_path}/s.db").trials
    for one, other in zip(study.trials, theirs, strict=True):
        assert one.values == other.values
        assert one.intermediate_values == other.intermediate_values
        for step, vector in one.intermediate_vectors.items():
            assert other.system_attrs[f"parzen:report:{step}"] == vector


def test_both_libraries_halve_by_the_same_rungs(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"

    def study_of(library: Any, storage: str | None) -> Any:
        return library.create_study(
            study_name="s", storage=storage, load_if_exists=True, sampler=library.samplers.RandomSampler(seed=1),
            pruner=library.pruners.SuccessiveHalvingPruner(1, 2),
        )  # fmt: skip

    def prunes(library: Any, study: Any, level: float) -> bool:
        trial = study.ask()
        trial.report(level, 1)
        decision: bool = trial.should_prune()
        study.tell(trial, *((None, library.trial.TrialState.PRUNED) if decision else (level,)))
        return decision

    ours, theirs, alone = study_of(parzen, url), study_of(optuna, url), study_of(optuna, None)
    levels = [5.0, 4.0, 6.0, 3.0, 3.5, 2.0, 9.0, 2.5, 3.1]
    shared = [prunes(*((optuna, theirs) if i % 2 else (parzen, ours)), level) for i, level in enumerate(levels)]
    assert shared == [prunes(optuna, alone, level) for level in levels]
    assert len(set(shared)) == 2


def test_the_dashboard_shows_a_study_with_paused_trials(tmp_path: Path) -> None:
    dashboard = pytest.importorskip("optuna_dashboard")
    study = new_study(f"sqlite:///{tmp_path}/s.db")
    run(study, 30)
    app, status = dashboard.wsgi(f"sqlite:///{tmp_path}/s.db"), []
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/api/studies/1", "QUERY_STRING": "after=0", "SERVER_NAME": "x",
        "SERVER_PORT": "1", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr,
    }  # fmt: skip
    body = b"".join(app(environ, lambda line, headers, *rest: status.append(line)))
    assert status == ["200 OK"]
    shown = [trial["state"] for trial in json.loads(body)["trials"]]
    assert shown == ["Pruned" if trial.state == PAUSED else "Complete" for trial in study.trials]


def test_optuna_reads_a_population(tmp_path: Path) -> None:
    def opened(library: Any) -> Any:  # of a journal it takes the first end of each trial for the only one
        return in_database(library, tmp_path / "shared")

    pruner = PBTPruner(4, 1, max_resource=4, seed=0)
    study = parzen.create_study(study_name="s", storage=opened(parzen), pruner=pruner)
    for _ in range(14):
        trial = study.ask()
        x = trial.suggest_float("x", 0, 1)
        trial.report(x + 1 / trial.next_rung, trial.next_rung)
        study.tell(trial, *((None, PAUSED) if trial.should_pause() else (x,)))
    theirs = optuna.load_study(study_name="s", storage=opened(optuna)).trials
    ours = study.trials
    assert [trial.params for trial in theirs] == [trial.params for trial in ours]
    assert [trial.intermediate_values for trial in theirs] == [trial.intermediate_values for trial in ours]
    child = next(trial for trial in theirs if "parzen:parent" in trial.system_attrs)
    assert theirs[child.system_attrs["parzen:replaces"]].state == optuna.trial.TrialState.PRUNED
