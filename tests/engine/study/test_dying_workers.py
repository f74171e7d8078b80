"""Workers that die, hang, or are too many: the study goes on, and no trial is lost or evaluated twice."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from pools import made

import parzen
from parzen.integration.executors import ProcessPool
from parzen.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from parzen.trial import TrialState

FAIL, COMPLETE = TrialState.FAIL, TrialState.COMPLETE


def python_pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


def states(study: parzen.Study) -> Counter[str]:
    return Counter(trial.state.name for trial in study.trials)


def deadly(trial: parzen.Trial) -> float:
    """Kill the process of some trials, unless they are tried again."""
    x = trial.suggest_float("x", 0, 1)
    tried_before = "failed_trial" in trial.study.trials[trial.number].system_attrs
    if trial.number % 5 == 3 and not tried_before:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


@pytest.mark.parametrize("executor", ["processes", pytest.param(python_pool, marks=pytest.mark.slow)])
def test_the_trial_of_a_dead_worker_fails_and_the_study_goes_on(executor) -> None:
    study = parzen.create_study()
    study.optimize(deadly, 12, n_jobs=2, executor=executor)
    trials = study.trials
    assert len(trials) == 12 and trials[3].state == trials[8].state == FAIL
    alone = executor == "processes"  # otherwise what ran beside it died, too
    assert states(study)["FAIL"] == 2 if alone else 2 <= states(study)["FAIL"] <= 5


def test_it_is_tried_again_with_its_parameters(tmp_path) -> None:
    study = parzen.create_study(storage=f"sqlite:///{tmp_path}/study.db")
    study.optimize(deadly, 12, n_jobs=2, executor="processes", retries=1)
    assert states(study)["COMPLETE"] == 12 and states(study)["FAIL"] == len(study.trials) - 12 >= 2
    for trial in study.trials:
        first = RetryHeartbeatStaleTrialCallback.retried_trial_number(trial)
        if first is not None:
            assert study.trials[first].state == FAIL and trial.state == COMPLETE
            assert study.trials[first].params.items() <= trial.params.items()


def test_what_the_sampler_chose_for_it_is_kept_though_it_never_told() -> None:
    study = parzen.create_study(sampler=parzen.samplers.TPESampler(seed=0, n_startup_trials=2))
    study.optimize(light, 6, executor="processes")
    asked: list[dict[str, float]] = []
    ask = study.ask
    study.ask = lambda: asked.append((trial := ask()).relative_params) or trial
    study.optimize(light_and_deadly, 1, executor="processes", retries=1)
    assert study.trials[6].state == FAIL and study.trials[6].params == {}  # the worker had told nobody
    assert study.trials[7].params == asked[0] and study.trials[7].state == COMPLETE


def light(trial: parzen.Trial) -> float:
    return trial.suggest_float("x", 0, 1)


def light_and_deadly(trial: parzen.Trial) -> float:
    x = trial.suggest_float("x", 0, 1)
    if trial.number == 6:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def test_the_callback_of_a_storage_decides_where_nobody_else_does(tmp_path) -> None:
    again = RetryHeartbeatStaleTrialCallback(1)
    storage = RDBStorage(f"sqlite:///{tmp_path}/study.db", heartbeat_interval=60, heartbeat_stale_trial_callback=again)
    study = parzen.create_study(storage=storage)
    study.optimize(deadly, 4, executor="processes")
    assert states(study) == {"COMPLETE": 4, "FAIL": 1}
    study.optimize(light, 1, executor="processes", retries=0)
    assert len(study.trials) == 6


def test_a_broken_executor_that_was_given_as_it_is_ends_the_study() -> None:
    study = parzen.create_study()
    with python_pool() as pool, pytest.raises(RuntimeError, match=r"lambda: ProcessPoolExecutor\(4\)"):
        study.optimize(deadly, 12, executor=pool)
    assert states(study)["RUNNING"] == 0 and states(study)["FAIL"] >= 1


def always_deadly(trial: parzen.Trial) -> float:
    os._exit(7)


def test_workers_that_always_die_end_the_study() -> None:
    study = parzen.create_study()
    with pytest.raises(RuntimeError, match=r"10 workers died in a row.*exit code 7"):
        study.optimize(always_deadly, 50, n_jobs=2, executor="processes")
    assert 10 <= len(study.trials) <= 12 and states(study)["FAIL"] == len(study.trials)


def hanging(trial: parzen.Trial) -> float:
    trial.report(1.0, 1)
    if trial.number == 1:
        time.sleep(600)
    return 0.0


@pytest.mark.slow
def test_a_trial_that_hangs_is_ended() -> None:
    study = parzen.create_study()
    study.optimize(hanging, 4, n_jobs=2, executor="processes", trial_timeout=4.0, retries=3)
    assert [trial.state for trial in study.trials] == [COMPLETE, FAIL, COMPLETE, COMPLETE]
    assert study.trials[1].intermediate_values == {1: 1.0}


def resumed(trial: parzen.Trial) -> float:
    if trial.resume_step:
        os.kill(os.getpid(), signal.SIGKILL)
    trial.report(1.0, 1)
    trial.report(2.0, 2)
    raise parzen.TrialPaused


@pytest.mark.slow
def test_a_trial_that_had_paused_is_paused_again() -> None:
    study = parzen.create_study(pruner=parzen.pruners.ASHAPruner(min_resource=2, max_resource=8, reduction_factor=2))
    study.optimize(resumed, 2, executor="processes")  # the second one is the first, promoted
    assert states(study) == {"PAUSED": 1} and study.trials[0].intermediate_values == {1: 1.0, 2: 2.0}
    with pytest.raises(RuntimeError, match="died in a row"):  # it is promoted again and again
        study.optimize(resumed, None, executor="processes")
    assert states(study)["FAIL"] == states(study)["RUNNING"] == 0


def cheap(trial: parzen.Trial) -> float:
    path = os.environ["PARZEN_TEST_RUNS"]
    x = trial.suggest_float("x", 0, 1)
    with open(path, "a") as file:
        file.write(f"{trial.number}\n")
    time.sleep(random.uniform(0.0, 0.05))
    if trial.number % 3 == 0:
        trial.report(x, 1)
    return x


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_hundred_kills_lose_and_double_no_trial(kind, tmp_path, monkeypatch) -> None:
    runs = tmp_path / "runs"
    monkeypatch.setenv("PARZEN_TEST_RUNS", str(runs))
    storage = None if kind == "memory" else f"sqlite:///{tmp_path}/study.db"
    study = parzen.create_study(storage=storage, sampler=parzen.samplers.TPESampler(seed=0))
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    over, ended, killed, rng = threading.Event(), threading.Event(), [], random.Random(0)

    def kill() -> None:
        while len(killed) < 100 and not over.wait(rng.uniform(0.0, 0.1)):
            if not ended.wait(1.0):  # ten deaths with no trial between them would end the study
                continue
            ended.clear()
            workers = [p for p in multiprocessing.active_children() if p.name == "parzen-worker" and p.is_alive()]
            if workers:
                victim = rng.choice(workers)
                killed.append(victim.pid)
                victim.kill()

    def stop(study: parzen.Study, trial: parzen.trial.FrozenTrial) -> None:
        if trial.state == COMPLETE:
            ended.set()
        if len(killed) >= 100 and states(study)["COMPLETE"] >= 100:
            study.stop()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        study.optimize(cheap, None, n_jobs=3, executor="processes", retries=1000, callbacks=[stop])
    finally:
        over.set()
        killer.join()
    trials = study.trials
    assert len(killed) == 100
    assert [trial.number for trial in trials] == list(range(len(trials)))
    evaluated = Counter(runs.read_text().split())
    assert max(evaluated.values()) == 1  # none twice
    tried_again = Counter(
        RetryHeartbeatStaleTrialCallback.retry_history(trial)[-1:][0]
        for trial in trials
        if RetryHeartbeatStaleTrialCallback.retry_history(trial)
    )
    assert set(tried_again.values()) <= {1}
    for trial in trials:
        if trial.state == COMPLETE:
            assert evaluated[str(trial.number)] == 1 and trial.value == trial.params["x"]
            assert trial.number % 3 or trial.intermediate_values == {1: trial.value}
        else:
            assert (trial.state == FAIL and tried_again[trial.number] == 1) or trial.state == TrialState.WAITING
    assert states(study)["RUNNING"] == 0 and states(study)["WAITING"] <= 3  # what was to be tried again when it stopped
    assert states(study)["FAIL"] >= 50


def told(trial: parzen.Trial) -> float:
    with open(os.environ["PARZEN_TEST_RUNS"], "a") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(0.1)
    return trial.suggest_float("x", 0, 1)


@pytest.mark.slow
def test_workers_of_ray_may_be_killed(tmp_path, monkeypatch) -> None:
    runs = tmp_path / "runs"
    monkeypatch.setenv("PARZEN_TEST_RUNS", str(runs))
    study = parzen.create_study(sampler=parzen.samplers.TPESampler(seed=0))
    killed: set[int] = set()

    def kill(study: parzen.Study, trial: parzen.trial.FrozenTrial) -> None:
        newest = int(runs.read_text().split()[-1])
        if trial.number % 4 == 3 and len(killed) < 5 and newest not in killed:
            killed.add(newest)
            with contextlib.suppress(ProcessLookupError):
                os.kill(newest, signal.SIGKILL)

    with made("ray") as workers:
        study.optimize(told, 40, retries=9, callbacks=[kill], **workers)
    assert len(killed) >= 3
    assert states(study)["COMPLETE"] == 40 and set(states(study)) <= {"COMPLETE", "FAIL"}
    assert [trial.number for trial in study.trials] == list(range(len(study.trials)))
    tried_again = [RetryHeartbeatStaleTrialCallback.retry_history(trial)[-1:] for trial in study.trials]
    failed = [[trial.number] for trial in study.trials if trial.state == FAIL]
    assert sorted(filter(None, tried_again)) == failed


class Repeating(Executor):
    """Runs each call twice, as Dask does where a worker died; others told trials between the two."""

    def __init__(self, study: parzen.Study, pool: ProcessPool) -> None:
        self._study, self._pool = study, pool

    def submit(self, fn, /, *args, **kwargs):
        self._pool.submit(fn, *args, **kwargs).result()
        space = {"y": parzen.distributions.FloatDistribution(0, 1)}
        for y in np.linspace(0.8, 0.9, 30):
            self._study.add_trial(parzen.create_trial(value=0.0, params={"y": y}, distributions=space))
        return self._pool.submit(fn, *args, **kwargs)


def reported(trial: parzen.Trial) -> float:
    y = trial.suggest_float("y", 0, 1)
    trial.report(y, 1)
    return y


def reported_together(trial: parzen.Trial) -> float:
    y = trial.suggest_all({"y": parzen.distributions.FloatDistribution(0, 1)})["y"]
    trial.report(y, 1)
    return y


@pytest.mark.parametrize("objective", [reported, reported_together])
@pytest.mark.filterwarnings("ignore:The reported value is ignored")
def test_a_call_that_an_executor_repeats_suggests_what_it_suggested(objective) -> None:
    study = parzen.create_study(sampler=parzen.samplers.TPESampler(seed=0, n_startup_trials=2))
    with ProcessPool(1) as pool:
        study.optimize(objective, 1, n_jobs=2, executor=Repeating(study, pool))
    trial = study.trials[0]
    assert trial.state == COMPLETE
    assert trial.value == trial.params["y"] == trial.intermediate_values[1]


# --- before anything starts ------------------------------------------------------------------------------------------


class Nameless(Executor):
    """Does not say how many workers it has."""

    def submit(self, fn, /, *args, **kwargs):
        future: Future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"executor": "threads"}, ValueError, '"processes", an executor or what makes one'),
        ({"executor": 4}, TypeError, "takes a `concurrent.futures.Executor`"),
        ({"executor": Nameless()}, ValueError, "Expected `n_jobs`"),
        ({"executor": Nameless(), "n_jobs": 2, "trial_timeout": 1.0}, ValueError, "ended one at a time"),
        ({"trial_timeout": 1.0}, ValueError, "got no `executor`"),
        ({"retries": 1}, ValueError, "got no `executor`"),
        ({"executor": "processes", "n_jobs": -2}, ValueError, "`n_jobs`"),
    ],
)
def test_what_cannot_be_is_said_before_a_trial_starts(arguments, error, message) -> None:
    study = parzen.create_study()
    with pytest.raises(error, match=message):
        study.optimize(light, 4, **arguments)
    assert study.trials == []


def test_an_objective_that_cannot_go_along_is_said_before_a_trial_starts() -> None:
    lock = threading.Lock()
    study = parzen.create_study()
    with pytest.raises(TypeError, match="The objective must be picklable"):
        study.optimize(lambda trial: float(lock.locked()), 4, executor="processes")
    study.sampler.lock = lock
    with pytest.raises(TypeError, match="The sampler must be picklable"):
        study.optimize(light, 4, executor="processes")
    assert study.trials == []


def test_a_study_in_memory_needs_grpc_for_processes(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "grpc", None)
    study = parzen.create_study()
    with pytest.raises(ImportError, match=r"parzen\[executors\]"):
        study.optimize(light, 4, executor="processes")
    assert study.trials == []


def test_any_executor_will_do_that_is_told_how_many() -> None:
    study = parzen.create_study()
    study.optimize(light, 5, n_jobs=2, executor=Nameless())
    assert states(study) == {"COMPLETE": 5}


# --- the pool --------------------------------------------------------------------------------------------------------


def seen_gpu(_: int) -> str:
    time.sleep(0.5)
    return os.environ["CUDA_VISIBLE_DEVICES"]


def test_each_worker_sees_one_gpu() -> None:
    with ProcessPool(2, gpus=2) as pool:
        assert set(pool.map(seen_gpu, range(4))) == {"0", "1"}
    with ProcessPool(1, gpus=["GPU-7"]) as pool:
        assert pool.submit(seen_gpu, 0).result() == "GPU-7"
    with pytest.raises(ValueError, match="no GPU"):
        ProcessPool(2, gpus=0)


def kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_pool_is_an_executor() -> None:
    pool = ProcessPool(2)
    assert list(pool.map(pow, range(5), [2] * 5)) == [0, 1, 4, 9, 16]
    with pytest.raises(ZeroDivisionError) as caught:
        pool.submit(divmod, 1, 0).result()
    assert "Traceback" in str(caught.value.__cause__)
    with pytest.raises(parzen.exceptions.WorkerDied, match="SIGKILL"):
        pool.submit(kill_myself).result()
    assert pool.submit(os.getpid).result() != os.getpid()
    pool.shutdown(cancel_futures=True)
    with pytest.raises(RuntimeError, match="shut down"):
        pool.submit(os.getpid)
    with pytest.raises(ValueError, match="at least one"):
        ProcessPool(0)


class Heavy:
    """An objective of a megabyte, which counts how often it arrives."""

    def __init__(self) -> None:
        self.data = np.zeros(2**17)

    def __setstate__(self, state) -> None:
        self.__dict__.update(state)
        with open(os.environ["PARZEN_TEST_RUNS"], "a") as file:
            file.write(f"{os.getpid()}\n")

    def __call__(self, trial: parzen.Trial) -> float:
        return trial.suggest_float("x", 0, 1) + self.data.sum()


def test_a_large_objective_goes_to_each_worker_once(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PARZEN_TEST_RUNS", str(tmp_path / "runs"))
    study = parzen.create_study()
    study.optimize(Heavy(), 20, n_jobs=2, executor="processes")
    assert states(study) == {"COMPLETE": 20}
    assert set(Counter((tmp_path / "runs").read_text().split()).values()) == {1}


# --- Ctrl-C ----------------------------------------------------------------------------------------------------------

_SCRIPT = """
import time, parzen

def objective(trial):
    x = trial.suggest_float("x", 0, 1)
    print("runs", flush=True)
    time.sleep(600)
    return x

if __name__ == "__main__":
    study = parzen.create_study(storage="sqlite:///study.db", study_name="s")
    study.optimize(objective, n_jobs=2, executor="processes")
"""


@pytest.mark.slow
@pytest.mark.parametrize("reaches_workers", [True, False])
def test_ctrl_c_ends_the_workers_and_leaves_no_trial_running(reaches_workers, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(_SCRIPT)
    process = subprocess.Popen(
        [sys.executable, "script.py"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert [process.stdout.readline().strip() for _ in range(2)] == ["runs", "runs"]
    (os.killpg if reaches_workers else os.kill)(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors and process.returncode in (1, 130, -signal.SIGINT)
    study = parzen.load_study(study_name="s", storage=f"sqlite:///{tmp_path}/study.db")
    assert states(study) == {"FAIL": 2}
    with pytest.raises(ProcessLookupError):  # nobody is left in its group
        for _ in range(100):
            os.killpg(process.pid, 0)
            time.sleep(0.1)


def contrary(trial: parzen.Trial) -> float:
    return trial.suggest_float("x", 0, 1) if trial.number else float(trial.suggest_int("x", 0, 1))


def test_what_the_storage_refuses_fails_its_trial() -> None:
    study = parzen.create_study()
    study.enqueue_trial({"x": 1})
    study.enqueue_trial({"x": 0.5})  # answered in the worker, which does not know the study
    with pytest.raises(ValueError, match="x"):
        study.optimize(contrary, 4, executor="processes")
    assert [trial.state for trial in study.trials] == [COMPLETE, FAIL]
    study.optimize(contrary, 1, executor="processes", catch=ValueError)
    assert states(study)["RUNNING"] == 0
