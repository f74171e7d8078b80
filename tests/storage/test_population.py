"""Population based training by several processes: nobody is replaced twice, and who is killed is made up for."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from population_worker import STEPS, file_of, pruner_of
from servers import database_of_this_run

import parzen
from parzen.pruners import Fork, PBTPruner
from parzen.storages import RDBStorage
from parzen.trial import TrialState

WORKER = Path(__file__).with_name("population_worker.py")
SIZE = 6


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/s.db"
    return database_of_this_run(request.param)


def new_study(url: str) -> parzen.Study:
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    storage = RDBStorage(url, heartbeat_interval=1)
    if "shared" in parzen.get_all_study_names(storage):
        parzen.delete_study(study_name="shared", storage=storage)
    return parzen.create_study(study_name="shared", storage=storage, pruner=pruner_of(SIZE))


def start(url: str, folder: Path, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), url, str(folder), str(SIZE), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def check(study: parzen.Study, folder: Path) -> None:
    """Check what must hold however many processes worked on it, and died."""
    trials = study.trials
    attrs = [trial.system_attrs for trial in trials]
    replaced = Counter(own["parzen:replaces"] for own in attrs if "parzen:replaces" in own)
    assert set(replaced.values()) == {1}
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    assert len(complete) >= SIZE
    for trial in trials:
        if trial.state in (TrialState.COMPLETE, TrialState.PAUSED, TrialState.PRUNED) and trial.last_step:
            first = trial.system_attrs.get("parzen:forked_at", 0) + 1
            assert list(trial.intermediate_values) == list(range(first, trial.last_step + 1))
    for trial in complete:
        segments = study.lineage(trial)
        assert (segments[0].start, segments[-1].stop) == (0, STEPS)
        assert all(a.stop == b.start for a, b in pairwise(segments))
        assert float(file_of(folder, trial.number, STEPS).read_text()) == trial.value
    founders = [number for number, own in enumerate(attrs) if "parzen:parent" not in own]
    assert {study.lineage(trial)[0].number for trial in complete} <= set(founders)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where checkpoints are."""
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints"


@pytest.mark.slow
def test_four_workers_replace_nobody_twice(url: str, folder: Path) -> None:
    study = new_study(url)
    workers = [start(url, folder, 0.01) for _ in range(4)]
    outputs = [worker.communicate(timeout=200) for worker in workers]
    assert [error for _, error in outputs] == [""] * 4
    jobs = [tuple(line.split()) for output, _ in outputs for line in output.splitlines() if line != "done"]
    assert max(Counter(job[:1] + job[2:3] for job in jobs).values()) == 1  # nothing is trained twice
    assert any(job[1] not in ("None", job[0]) for job in jobs)
    check(study, folder)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_workers_that_are_killed_lose_nothing_but_their_interval(url: str, folder: Path, seed: int) -> None:
    study, rng = new_study(url), random.Random(seed)
    workers = [start(url, folder, 0.02) for _ in range(3)]
    for _ in range(8):
        time.sleep(rng.uniform(0.3, 1.2))
        victim = workers.pop(rng.randrange(len(workers)))
        victim.kill()
        victim.communicate()
        workers.append(start(url, folder, 0.02))
    outputs = [worker.communicate(timeout=200) for worker in workers]
    assert [error for _, error in outputs] == ["", "", ""]
    check(study, folder)


@pytest.mark.parametrize("dies", ["before it is ended", "before its child is there"])
def test_what_a_killed_process_left_of_a_fork_is_made_up_for(url: str, dies: str) -> None:
    study = new_study(url)
    for number in range(SIZE):
        trial = study.ask()
        trial.suggest_float("x", 0.1, 10)
        trial.report(float(number), 2)
        assert trial.should_pause()
        study.tell(trial, state=TrialState.PAUSED)
    study.look_again()
    leave = study.pruner.promote(study)
    assert leave.number == SIZE - 1
    loser = study.resume(leave.number)
    if dies == "before its child is there":
        study.note(loser._record, leave.attrs)
        study.tell(loser, state=TrialState.PRUNED)
    else:  # another process pauses it again, once no heartbeat comes
        study.tell(loser, state=TrialState.PAUSED)
    other = parzen.load_study(study_name="shared", storage=RDBStorage(url), pruner=pruner_of(SIZE))
    child = other.ask()
    attrs = other.trials[child.number].system_attrs
    assert (attrs["parzen:replaces"], child.resume_step, child.next_rung) == (SIZE - 1, 2, 4)
    assert other.trials[SIZE - 1].state == TrialState.PRUNED


def test_of_two_processes_that_fork_at_once_one_has_the_child(url: str) -> None:
    study = new_study(url)
    for number in range(SIZE):
        trial = study.ask()
        trial.suggest_float("x", 0.1, 10)
        trial.report(float(number), 2)
        trial.should_pause()
        study.tell(trial, state=TrialState.PAUSED)
    other = parzen.load_study(study_name="shared", storage=RDBStorage(url), pruner=pruner_of(SIZE))
    promote, others = PBTPruner.promote, []

    def promote_late(self: PBTPruner, asked: parzen.Study) -> object:
        promotion = promote(self, asked)
        if isinstance(promotion, Fork) and not others:
            others.append(None)
            others[0] = other.ask()  # between what this process knows and what it does
        return promotion

    study.pruner.promote = promote_late.__get__(study.pruner)  # type: ignore[method-assign]
    mine = study.ask()
    replaced = [trial.system_attrs.get("parzen:replaces") for trial in study.trials]
    assert others[0].number == SIZE and replaced[SIZE] == SIZE - 1
    assert mine.number != SIZE and replaced.count(SIZE - 1) == 1
