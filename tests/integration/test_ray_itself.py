"""In Ray itself: real drivers and workers, one of which is killed."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray.tune", reason='needs Ray: pip install ".[ray]"')

import parzen
from parzen.trial import FrozenTrial, TrialState

pytestmark = [pytest.mark.ray, pytest.mark.slow]

WORKER = Path(__file__).with_name("ray_worker.py")
COMPLETE, PRUNED, FAIL = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL


@pytest.fixture(autouse=True)
def quiet() -> None:
    parzen.logging.set_verbosity(parzen.logging.ERROR)


def command(scenario: str, folder: Path) -> list[str]:
    return [sys.executable, str(WORKER), scenario, str(folder)]


def run(scenario: str, folder: Path) -> Any:
    done = subprocess.run(command(scenario, folder), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def trials_in(folder: Path) -> list[FrozenTrial]:
    return parzen.load_study(study_name="mine", storage=f"sqlite:///{folder}/ray.db").trials


def trained(folder: Path, trial: FrozenTrial) -> list[int]:
    """Give the steps that a trial trained, as it wrote them down itself."""
    return [int(line) for line in (folder / trial.user_attrs["ray:trial_id"]).read_text().split()]


def test_the_script_that_many_have(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "ray.md"
    program = page.read_text().partition("```python\n")[2].partition("```")[0]
    (tmp_path / "script.py").write_text(program)
    quiet = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    env = {**os.environ, **quiet, "HOME": str(tmp_path)}  # where Ray puts its results
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    config = ast.literal_eval(done.stdout.splitlines()[-1])
    trials = trials_in(tmp_path)
    assert len(trials) == 10
    for trial in trials:
        assert trial.state == (COMPLETE if trial.last_step == 100 else PRUNED)
        assert list(trial.intermediate_values) == list(range(1, (trial.last_step or 0) + 1))
    assert {trial.state for trial in trials} == {COMPLETE, PRUNED}
    assert config == min(trials, key=lambda trial: trial.value or 0.0).params


def test_paused_trials_go_on_from_their_checkpoints(tmp_path: Path) -> None:
    configs = run("pausing", tmp_path)
    trials = trials_in(tmp_path)
    assert len(trials) == len(configs) == 9
    for trial in trials:
        config = configs[trial.user_attrs["ray:trial_id"]]
        assert config["net"] == {"lr": trial.params["net/lr"], "width": 64} and config["x"] == trial.params["x"]
        assert trained(tmp_path, trial) == list(trial.intermediate_values)  # in order, none twice
        assert trial.state == (COMPLETE if trial.last_step == 9 else PRUNED)
    assert {trial.last_step for trial in trials} == {1, 3, 9}
    assert any("completed_rung_1" in trial.system_attrs for trial in trials)


def test_a_class_that_can_save_itself_is_paused(tmp_path: Path) -> None:
    run("of_a_class", tmp_path)
    trials = trials_in(tmp_path)
    assert {trial.last_step for trial in trials} == {1, 3, 9}
    assert all((trial.state == COMPLETE) == (trial.last_step == 9) for trial in trials)
    for trial in trials:
        assert all(
            value == pytest.approx(trial.params["x"] + 1 / step) for step, value in trial.intermediate_values.items()
        )


def test_a_driver_is_killed_and_restored(tmp_path: Path) -> None:
    with (tmp_path / "errors").open("w") as errors:
        driver = subprocess.Popen(command("killed", tmp_path), stdout=subprocess.DEVNULL, stderr=errors)
    deadline = time.monotonic() + 120
    while not has_completed_the_first(tmp_path):
        assert time.monotonic() < deadline and driver.poll() is None, (tmp_path / "errors").read_text()[-3000:]
        time.sleep(0.05)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    before = trials_in(tmp_path)
    ended = [trial for trial in before if trial.state in (COMPLETE, PRUNED, FAIL)]
    time.sleep(2)  # Ray's own processes notice

    known = run("restored", tmp_path)
    after = trials_in(tmp_path)
    assert {trial.state for trial in after} <= {COMPLETE, PRUNED, FAIL}
    for trial in ended:
        assert after[trial.number] == trial
        assert trained(tmp_path, trial) == list(trial.intermediate_values)
    assert known[before[0].user_attrs["ray:trial_id"]] == 9  # Ray's snapshot was older
    assert len(known) == 20 and None not in known.values()
    lost = [trial for trial in after if trial.state == FAIL]
    for trial in lost:  # what ran and was forgotten is tried again
        assert sum(other.params == trial.params for other in after) == 2 or not trial.params


def has_completed_the_first(folder: Path) -> bool:
    try:
        return trials_in(folder)[0].state == COMPLETE
    except (KeyError, IndexError):
        return False


def test_the_example(tmp_path: Path) -> None:
    code = "from pathlib import Path; from parzen.examples.ray_digits import main; main(9, Path())"
    env = {**os.environ, "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Validation accuracy 0." in done.stdout
    study = parzen.load_study(study_name="ray", storage=f"sqlite:///{tmp_path}/ray.db")
    assert {trial.last_step for trial in study.trials} <= {1, 3, 9, 27} and len(study.trials) == 9


@pytest.mark.parametrize(
    "program", ["ray_asha --seeds 1 --epochs 30 --sampler random", "ray_overhead --trials 12 --rounds 1"]
)
def test_the_benchmarks_run(program: str, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    name, *arguments = program.split()
    line = [sys.executable, "-m", f"parzen.benchmarks.{name}", *arguments]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    assert len([line for line in done.stdout.splitlines() if line.startswith("| ")]) > 4
