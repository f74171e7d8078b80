"""Paused trials and several processes: each is resumed by one, and comes back from one that dies."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from servers import database_of_this_run

import parzen
from parzen.engine.study import fail_stale_trials
from parzen.pruners import ASHAPruner
from parzen.storages import BaseStorage, RDBStorage
from parzen.trial import TrialState

WORKER = Path(__file__).with_name("pausing_worker.py")


@pytest.fixture(params=["sqlite", "postgresql", pytest.param("mysql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/s.db"
    return database_of_this_run(request.param)


def new_study(url: str) -> parzen.Study:
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    storage: BaseStorage = RDBStorage(url, heartbeat_interval=1)
    if "shared" in parzen.get_all_study_names(storage):
        parzen.delete_study(study_name="shared", storage=storage)
    return parzen.create_study(study_name="shared", storage=storage, pruner=ASHAPruner(27, reduction_factor=3))


def start(url: str, n_asks: int, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), url, str(n_asks), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def jobs_of(output: str) -> list[tuple[str, ...]]:
    return [tuple(line.split()) for line in output.splitlines() if line != "done"]


@pytest.mark.slow
def test_four_workers_resume_each_trial_once(url: str) -> None:
    study = new_study(url)
    workers = [start(url, 30, 0.0) for _ in range(4)]
    outputs = [worker.communicate(timeout=200) for worker in workers]
    assert [error for _, error in outputs] == [""] * 4
    done = [job for output, _ in outputs for job in jobs_of(output)]
    assert len(done) == 120
    assert max(Counter(job[:2] for job in done).values()) == 1  # no trial went on twice behind one step
    resumed = [job for job in done if job[1] != "0"]
    assert len(resumed) > 10
    assert all(checkpoint == step for _, step, _, checkpoint in resumed)
    trials = study.trials
    assert {trial.state for trial in trials} <= {TrialState.PAUSED, TrialState.COMPLETE}
    for trial in trials:
        assert list(trial.intermediate_values) == list(range(1, trial.last_step + 1))


def three_paused(url: str) -> parzen.Study:
    study = new_study(url)
    for number in range(3):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        trial.report(float(number), 1)
        trial.set_user_attr("checkpoint", 1)
        assert trial.should_pause()
        study.tell(trial, state=TrialState.PAUSED)
    return study


@pytest.mark.slow
def test_the_trial_of_a_killed_worker_is_resumed_by_another_one(url: str) -> None:
    study = three_paused(url)
    worker = start(url, 1, 0.2)
    assert worker.stdout is not None
    assert worker.stdout.readline().split() == ["0", "1", "3", "1"]
    while not study.trials[0].intermediate_values.get(2):
        time.sleep(0.02)
    assert study.trials[0].state == TrialState.RUNNING
    worker.kill()
    worker.communicate()
    deadline = time.monotonic() + 30
    again = study.ask()
    while again.number != 0:  # the look for dead processes comes once a second
        assert time.monotonic() < deadline
        study.tell(again, state=TrialState.FAIL)
        time.sleep(0.3)
        again = study.ask()
    assert (again.resume_step, again.next_rung, again.user_attrs) == (1, 3, {"checkpoint": 1})
    for step in (2, 3):
        again.report(0.5, step)
    assert again.should_pause()
    study.tell(again, state=TrialState.PAUSED)
    assert list(study.trials[0].intermediate_values) == [1, 2, 3]


def test_who_comes_late_to_a_dead_worker_leaves_its_trial_to_who_resumed_it(url: str) -> None:
    study = three_paused(url)
    worker = start(url, 1, 60.0)
    assert worker.stdout is not None
    worker.stdout.readline()
    worker.kill()
    worker.communicate()
    late = parzen.load_study(study_name="shared", storage=RDBStorage(url, heartbeat_interval=1))
    look, resumed = late._storage._get_stale_trial_ids, []

    def look_slowly(study_id: int) -> list[int]:
        found = look(study_id)
        assert len(found) == 1
        study._next_search = 0.0
        resumed.append(study.ask())
        return found

    late._storage._get_stale_trial_ids = look_slowly
    fail_stale_trials(late)
    assert (resumed[0].number, resumed[0].resume_step) == (0, 1)
    assert late.trials[0].state == TrialState.RUNNING


def test_a_process_that_was_taken_for_dead_does_not_end_the_trial_of_another_one(url: str) -> None:
    study = new_study(url)
    trial = study.ask()
    trial.report(0.5, 1)
    study.tell(trial, state=TrialState.PAUSED)
    again = study.resume(trial.number)
    storage = study._storage
    with storage._lock:  # what is left behind when another process resumes the trial
        storage._db.execute("UPDATE parzen_claims SET worker_id = ? WHERE trial_id = ?", ("another", again._trial_id))
    with pytest.raises(ValueError, match="grace_period"):
        study.tell(again, 0.25)
    assert study.trials[0].state == TrialState.RUNNING
