"""One contract for all executors: the trials of a study are as they are with threads, wherever they run."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pools import PLACES, SLOW, made

import parzen
from parzen.integration.executors import ProcessPool
from parzen.trial import TrialState


@pytest.fixture(scope="module", params=[pytest.param(p, marks=pytest.mark.slow if p in SLOW else ()) for p in PLACES])
def workers(request) -> Iterator[dict[str, Any]]:
    with made(request.param) as arguments:
        yield arguments


@pytest.fixture(params=["memory", "file"])
def storage(request, tmp_path: Path) -> str | None:
    return None if request.param == "memory" else f"sqlite:///{tmp_path}/study.db"


def paraboloid(trial: parzen.Trial) -> float:
    x = trial.suggest_float("x", -5, 5)
    kind = trial.suggest_categorical("kind", ["flat", "steep"])
    return x**2 * (trial.suggest_int("power", 1, 3) if kind == "steep" else 1)


def test_the_trials_are_those_that_a_study_has_with_threads(workers, storage) -> None:
    study = parzen.create_study(storage=storage, sampler=parzen.samplers.TPESampler(seed=0))
    study.enqueue_trial({"x": 1.5, "kind": "steep", "power": 2})
    heard: list[int] = []
    study.optimize(paraboloid, 30, callbacks=[lambda study, trial: heard.append(trial.number)], **workers)
    trials = study.trials
    assert [trial.number for trial in trials] == sorted(heard) == list(range(30))
    assert trials[0].params == {"x": 1.5, "kind": "steep", "power": 2} and trials[0].value == 4.5
    for trial in trials:
        assert trial.state == TrialState.COMPLETE
        assert trial.params.keys() == ({"x", "kind", "power"} if trial.params["kind"] == "steep" else {"x", "kind"})
        assert trial.value == trial.params["x"] ** 2 * trial.params.get("power", 1)
        assert trial.datetime_start <= trial.datetime_complete
    if storage is not None:  # what others read is the same
        assert parzen.load_study(study_name=study.study_name, storage=storage).trials == trials


class Odd(Exception):
    """An error that its own pickle cannot make again."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")


def eventful(trial: parzen.Trial) -> Any:
    trial.suggest_float("x", 0, 1)
    logging.getLogger("mine").warning("trial %d", trial.number)
    trial.set_user_attr("pid", os.getpid())
    trial.set_constraint("c", trial.number - 2)
    for step in range(3):
        trial.report(trial.number + step, step)
        if trial.number == 1 and step == 1:
            raise parzen.TrialPruned("enough")
    if trial.number == 2:
        raise Odd("one", "two")
    if trial.number == 3:
        return float("nan")
    if trial.number == 4:
        trial.study.stop()
    return trial.number


def test_whatever_a_trial_does_arrives(workers, storage, caplog) -> None:
    study = parzen.create_study(storage=storage, sampler=parzen.samplers.RandomSampler(seed=1))
    study.optimize(eventful, 60, catch=Odd, **workers)
    trials = study.trials
    assert 5 <= len(trials) < 60  # it was stopped
    states = [trial.state.name for trial in trials[:5]]
    assert states == ["COMPLETE", "PRUNED", "FAIL", "FAIL", "COMPLETE"]
    assert trials[1].value == 2.0 and trials[1].intermediate_values == {0: 1.0, 1: 2.0}
    assert trials[4].intermediate_values == {0: 4.0, 1: 5.0, 2: 6.0} and trials[4].constraints == {"c": 2.0}
    assert all(list(trial.params) == ["x"] and "pid" in trial.user_attrs for trial in trials)
    assert [r.getMessage() for r in caplog.records if r.name == "mine"].count("trial 0") == 1


def failing(trial: parzen.Trial) -> float:
    if trial.number >= 1:
        raise Odd("three", "four")
    return 0.0


def test_an_error_comes_with_the_traceback_of_its_worker(workers) -> None:
    study = parzen.create_study()
    with pytest.raises(Odd, match="three") as caught:
        study.optimize(failing, 50, **workers)
    assert "executor" not in workers or "in failing" in str(caught.value.__cause__)
    assert study.trials[1].state == TrialState.FAIL and len(study.trials) < 50
    assert all(trial.state.is_finished() for trial in study.trials)


def paused(trial: parzen.Trial) -> float:
    x = trial.suggest_float("x", 0, 1)
    for step in range(trial.resume_step + 1, 10):
        trial.report(x + 1 / step, step)
        if trial.should_pause():
            raise parzen.TrialPaused
    return x


def test_trials_pause_and_go_on_in_workers(workers, storage) -> None:
    pruner = parzen.pruners.ASHAPruner(min_resource=1, max_resource=9)
    study = parzen.create_study(storage=storage, sampler=parzen.samplers.RandomSampler(seed=1), pruner=pruner)
    study.optimize(paused, 60, **workers)
    states = [trial.state for trial in study.trials]
    assert len(states) < 60 and states.count(TrialState.COMPLETE) > 0 and states.count(TrialState.PAUSED) > 0
    assert states.count(TrialState.COMPLETE) + states.count(TrialState.PAUSED) == len(states)


def relayed(study: parzen.Study, kinds: list[str]) -> Callable[[parzen.Trial], float]:
    def objective(trial: parzen.Trial) -> float:  # not of a module: cloudpickle takes it along
        return float(kinds.index(trial.suggest_categorical("kind", kinds)))

    return objective


def test_a_function_of_a_function_goes_along(workers) -> None:
    study = parzen.create_study()
    study.optimize(relayed(study, ["a", "b"]) if workers == {"n_jobs": 2} else relayed(None, ["a", "b"]), 4, **workers)
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}


def test_threads_of_an_executor_may_share_the_study_of_one_process(storage) -> None:
    study = parzen.create_study(storage=storage)
    with ThreadPoolExecutor(3) as pool:
        study.optimize(paraboloid, 20, executor=pool)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 20


def light(trial: parzen.Trial) -> float:
    """Suggest what the sampler chose, and one thing less from trial 8 on: the worker does not open the study."""
    x = trial.suggest_float("x", 0, 1)
    time.sleep(0.05 + 0.1 * (trial.number % 2))  # so that the other one runs when one ends
    return x if trial.number >= 8 else x + trial.suggest_float("y", 0, 1)


def test_samplers_see_what_runs_in_other_processes(storage) -> None:
    study = parzen.create_study(storage=storage, sampler=parzen.samplers.TPESampler(seed=0, n_startup_trials=4))
    shown: list[dict[str, Any]] = []

    def look(study: parzen.Study, trial: parzen.trial.FrozenTrial) -> None:
        history = study.sync()
        shown.extend(dict(record.params) for number, record in history.live.items() if number >= 8)

    with ProcessPool(2) as pool:
        study.optimize(light, 8, executor=pool)
        study.optimize(light, 8, executor=pool, callbacks=[look])
    assert all("x" in params for params in shown) and any("y" in params for params in shown)
    assert [sorted(trial.params) for trial in study.trials] == [["x", "y"]] * 8 + [["x"]] * 8
