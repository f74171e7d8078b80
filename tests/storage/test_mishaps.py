"""What is left when something goes wrong in the middle: nothing is lost, and nobody keeps what he does not need."""

from __future__ import annotations

import fcntl
import gc
import signal
import sqlite3
import time
import weakref
from pathlib import Path
from typing import Any

import pytest

import parzen
from parzen.distributions import FloatDistribution
from parzen.exceptions import StorageInternalError
from parzen.samplers import RandomSampler, TPESampler
from parzen.storages import RDBStorage, SQLiteStorage, fail_stale_trials
from parzen.trial import TrialState

RUNNING, WAITING, COMPLETE, FAIL = TrialState.RUNNING, TrialState.WAITING, TrialState.COMPLETE, TrialState.FAIL
UNIT = FloatDistribution(0.0, 1.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


def opened(url: str, sampler: Any = None, **options: Any) -> parzen.Study:
    return parzen.create_study(
        storage=RDBStorage(url, **options),
        study_name="shared",
        sampler=sampler or RandomSampler(),
        load_if_exists=True,
    )


def test_a_first_sign_of_life_that_fails_is_given_at_the_next_trial(url: str, path: Path) -> None:
    study = opened(url, heartbeat_interval=100, engine_kwargs={"connect_args": {"timeout": 0.05}})
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageInternalError, match="locked"):
        study.ask()
    other.execute("ROLLBACK")
    other.close()
    trial = study.ask()
    db = study._storage._db
    assert db.query("SELECT trial_id FROM parzen_claims") == [(trial._trial_id,)]
    assert db.query("SELECT worker_id FROM parzen_workers WHERE heartbeat IS NOT NULL") == [(db.worker_id,)]
    fail_stale_trials(opened(url, heartbeat_interval=100))
    assert study.trials[0].state == RUNNING


def test_a_deletion_that_fails_leaves_the_running_trial_to_its_worker(url: str) -> None:
    study = opened(url)
    trial = study.ask({"x": UNIT})
    db = study._storage._db
    db.execute("CREATE TEMP TRIGGER refuse BEFORE UPDATE ON main.trials BEGIN SELECT RAISE(ABORT, 'refused'); END")
    with pytest.raises(StorageInternalError, match="refused"):
        study.delete_trial(0)
    db.execute("DROP TRIGGER refuse")
    assert (study.trials[0].state, study.trials[0].params) == (RUNNING, trial.params)
    study.tell(trial, 1.0)
    assert opened(url).best_value == 1.0


def test_a_deleted_running_trial_is_finished_for_its_worker(url: str) -> None:
    study, other = opened(url), opened(url)
    trial = study.ask({"x": UNIT})
    other.delete_trial(0)
    with pytest.raises(ValueError, match="Cannot tell a FAIL trial"):
        study.tell(trial, 1.0)
    assert (trial._record.state, trial.params) == (FAIL, {})


def test_the_pareto_front_follows_a_correction_of_somebody_else(url: str) -> None:
    study = parzen.create_study(storage=url, study_name="two", directions=["minimize", "minimize"])
    other = parzen.load_study(study_name="two", storage=RDBStorage(url))
    for values in ((0.0, 4.0), (1.0, 3.0), (2.0, 2.0), (3.0, 11.0)):
        study.tell(study.ask(), values)
    assert [trial.number for trial in study.best_trials] == [0, 1, 2]
    other.correct_trial(3, [-5.0, -5.0])
    assert [trial.number for trial in study.best_trials] == [3]
    other.delete_trial(3)
    assert [trial.number for trial in study.best_trials] == [0, 1, 2]


def test_the_columns_follow_what_one_does_oneself(url: str) -> None:
    study, other = opened(url), opened(url)
    batch = study.ask_batch(3, {"x": UNIT})
    other.tell(other.ask(), 9.0)
    study.tell_batch(batch, [1.0, 2.0, 3.0])
    assert (study.history.n_complete, study.history.best) == (4, 0)
    study.correct_trial(0, 5.0)
    assert study.history.values[:, 0].tolist() == [5.0, 2.0, 3.0, 9.0]
    study.delete_trial(1)
    assert study.history.n_complete == 3


class Broken(RandomSampler):
    """Fails when it samples a batch."""

    def sample_batch(self, *arguments: Any) -> Any:
        raise ArithmeticError("broken")


def test_enqueued_trials_wait_again_if_a_batch_does_not_come_about(url: str) -> None:
    study = opened(url, Broken())
    for i in range(2):
        study.enqueue_trial({"x": i / 2})
    with pytest.raises(ArithmeticError):
        study.ask_batch(4, {"x": UNIT})
    assert [trial.state for trial in study.trials] == [WAITING, WAITING]
    assert opened(url).ask_batch(2, {"x": UNIT})["x"].tolist() == [0.0, 0.5]


def test_a_trial_that_was_put_back_belongs_to_who_takes_it_next(url: str) -> None:
    first = opened(url, heartbeat_interval=100)
    trial = first.ask()
    first._storage.set_trial_state_values(trial._trial_id, WAITING)
    first._storage._db.execute("UPDATE parzen_workers SET process = '999999999 1'")  # it is dead
    second = opened(url)
    taken = second.ask()
    assert taken._trial_id == trial._trial_id
    fail_stale_trials(opened(url, heartbeat_interval=100))
    second.tell(taken, 1.0)
    assert second.trials[0].state == COMPLETE


def test_a_claimed_trial_that_another_ends_at_once_is_left_to_him(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    study, other = opened(url), opened(url)
    study.enqueue_trial({"x": 0.5})
    start, ended = study._storage._histories.add_claimed, []

    def end_first(study_id: int, record: Any) -> bool:
        if not ended:
            ended.append(record._trial_id)
            other._storage.set_trial_state_values(record._trial_id, FAIL)
            record = other._storage.get_trial(record._trial_id)
        return start(study_id, record)

    monkeypatch.setattr(study._storage._histories, "add_claimed", end_first)
    assert study.ask().number == 1
    assert [trial.state for trial in study.trials] == [FAIL, RUNNING]


def test_ctrl_c_in_the_queue_of_writers_lets_go_of_it(url: str, path: Path) -> None:
    study = parzen.create_study(storage=SQLiteStorage(url, timeout=20), study_name="shared", sampler=RandomSampler())
    other = parzen.load_study(study_name="shared", storage=SQLiteStorage(url, timeout=20), sampler=RandomSampler())
    with open(f"{path}-queue") as queue:
        fcntl.flock(queue, fcntl.LOCK_EX)
        signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            study.set_user_attr("a", 1)
    start = time.monotonic()
    for writer in (other, study, other):
        writer.set_user_attr("a", 2)
    assert time.monotonic() - start < 15
    assert other.user_attrs == {"a": 2}


@pytest.mark.parametrize("where", ["memory", "file"])
def test_a_history_that_was_replaced_is_let_go(url: str, where: str) -> None:
    study = parzen.create_study(
        storage=None if where == "memory" else url, sampler=TPESampler(n_startup_trials=2, seed=0)
    )
    for _ in range(5):
        study.tell(study.ask({"x": UNIT}), 1.0)
    before = weakref.ref(study._storage.get_history(study._study_id))
    study.correct_trial(0, 0.5)
    study.ask({"x": UNIT})
    gc.collect()
    assert before() is None


def test_what_was_enqueued_but_never_asked_for_counts_as_tried(url: str) -> None:
    study = opened(url)
    study.enqueue_trial({"x": 0.5})
    study.tell(study.ask(), state=FAIL)
    for again in (study, opened(url)):
        again.enqueue_trial({"x": 0.5}, skip_if_exists=True)
    assert len(study.trials) == 1
    study.enqueue_trial({"x": 0.25}, skip_if_exists=True)
    assert len(study.trials) == 2
