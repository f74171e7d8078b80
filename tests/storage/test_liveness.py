"""Trials of dead processes are failed, tried again and never taken from a process that lives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import servers

import parzen
from parzen.samplers import RandomSampler
from parzen.storage.rdb.processes import identity, is_running
from parzen.storages import RDBStorage, RetryFailedTrialCallback, fail_stale_trials, retry
from parzen.trial import FrozenTrial, TrialState

RUNNING, WAITING, COMPLETE, FAIL = TrialState.RUNNING, TrialState.WAITING, TrialState.COMPLETE, TrialState.FAIL
WORKER = Path(__file__).with_name("liveness_worker.py")


@pytest.fixture(params=["sqlite", "postgresql", pytest.param("mysql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    address = f"sqlite:///{tmp_path}/study.db"
    if request.param != "sqlite":
        address = servers.database_of_this_run(request.param)
        storage = RDBStorage(address)
        for study in storage.get_all_studies():
            storage.delete_study(study._study_id)
        storage.remove_session()
    return address


def opened(url: str, **options: Any) -> parzen.Study:
    storage = RDBStorage(url, **{"heartbeat_interval": 1, **options})
    return parzen.create_study(storage=storage, study_name="shared", sampler=RandomSampler(), load_if_exists=True)


Start = Callable[[str], tuple[subprocess.Popen[str], int]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Give what starts a worker and returns it with the number of its trial."""
    workers: list[subprocess.Popen[str]] = []

    def started(url: str) -> tuple[subprocess.Popen[str], int]:
        workers.append(subprocess.Popen([sys.executable, str(WORKER), url], stdout=subprocess.PIPE, text=True))
        assert workers[-1].stdout is not None
        return workers[-1], int(workers[-1].stdout.readline())

    yield started
    for worker in workers:
        worker.send_signal(signal.SIGCONT)
        worker.kill()
        worker.communicate()


def kill(worker: subprocess.Popen[str]) -> None:
    worker.kill()
    worker.wait()


def query(study: parzen.Study, sql: str) -> list[tuple[Any, ...]]:
    return study._storage._db.query(sql)


def test_a_restarted_worker_goes_on_where_a_killed_one_stopped(url: str, start: Start) -> None:
    opened(url)
    worker, number = start(url)
    study = opened(url, heartbeat_stale_trial_callback=retry(3))
    other = study.ask()
    assert (other.number, study.trials[number].state) == (1, RUNNING)
    kill(worker)
    study = opened(url, heartbeat_stale_trial_callback=retry(3))
    again = study.ask()
    dead = study.trials[number]
    assert (again.number, dead.state) == (2, FAIL)
    assert again.params == dead.params
    assert again.suggest_float("x", 0, 1) == dead.params["x"]
    assert again.user_attrs == {"checkpoint": "epoch of 0"}
    assert again._record.last_step == 3
    study.tell(again, 1.0)
    assert RetryFailedTrialCallback.retried_trial_number(study.trials[2]) == number
    assert RetryFailedTrialCallback.retry_history(study.trials[2]) == [number]
    assert [trial.state for trial in study.trials] == [FAIL, RUNNING, COMPLETE]


@pytest.mark.slow
def test_a_process_that_lives_keeps_its_trial_however_long_it_is_silent(url: str, start: Start) -> None:
    opened(url)
    worker, number = start(url)
    worker.send_signal(signal.SIGSTOP)
    study = opened(url, grace_period=1)
    deadline = time.monotonic() + 30
    while was_heard(study, seconds=2.5) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not was_heard(study, seconds=2.5)
    fail_stale_trials(study)
    assert study.trials[number].state == RUNNING


def was_heard(study: parzen.Study, seconds: float) -> bool:
    """Tell whether a worker that runs a trial gave a heartbeat lately."""
    rows = query(study, f"SELECT heartbeat, {study._storage._db.dialect.now} FROM parzen_workers WHERE worker_id IN "
                 "(SELECT worker_id FROM parzen_claims)")  # fmt: skip
    allowed = timedelta(seconds=seconds)
    return any(not study._storage._workers._is_expired(heartbeat, now, allowed) for heartbeat, now in rows)


def test_of_another_machine_the_heartbeats_decide(url: str) -> None:
    ours, theirs = opened(url), opened(url, heartbeat_interval=1000)
    trial = theirs.ask()
    worker_id = theirs._storage._db.worker_id
    db = theirs._storage._db
    db.execute("UPDATE parzen_workers SET host = 'elsewhere' WHERE worker_id = ?", (worker_id,))
    fail_stale_trials(ours)
    assert ours.trials[trial.number].state == RUNNING
    db.execute("UPDATE parzen_workers SET heartbeat = '2020-01-01 00:00:00.000' WHERE worker_id = ?", (worker_id,))
    fail_stale_trials(ours)
    assert ours.trials[trial.number].state == FAIL
    with pytest.raises(ValueError, match="Cannot tell a FAIL trial"):
        theirs.tell(trial, 1.0)


@pytest.mark.slow
def test_heartbeats_go_on_by_themselves(url: str) -> None:
    study = opened(url)
    study.ask()
    sql = f"SELECT heartbeat FROM parzen_workers WHERE worker_id = '{study._storage._db.worker_id}'"
    first = query(study, sql)
    deadline = time.monotonic() + 30
    while query(study, sql) == first and time.monotonic() < deadline:
        time.sleep(0.1)
    assert query(study, sql) != first


ENDING = """
import os, sys, parzen
parzen.logging.set_verbosity(parzen.logging.ERROR)
storage = parzen.storages.RDBStorage(sys.argv[1], heartbeat_interval=0.0005)
study = parzen.load_study(study_name="shared", storage=storage)
for _ in range(3):
    study.tell(study.ask(), 1.0)
if sys.argv[2] == "reconnects":
    storage.remove_session()
if sys.argv[2] == "forks":
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
study.tell(study.ask(), 1.0)
"""


@pytest.mark.parametrize("what", ["stays", "reconnects", "forks"])
@pytest.mark.slow
def test_a_process_ends_between_heartbeats(url: str, what: str) -> None:
    opened(url)
    n = 4 if url.startswith("mysql") else 1  # two of five complained when it was closed during a heartbeat
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", ENDING, url, what]  # a fork beside a thread
    workers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(n)]
    assert [(worker.communicate()[1], worker.returncode) for worker in workers] == [("", 0)] * n


@pytest.mark.slow
def test_a_trial_is_retried_at_most_so_often(url: str, start: Start) -> None:
    opened(url)
    for expected in (0, 1, 2):
        worker, number = start(url)
        assert number == expected
        kill(worker)
    study = opened(url, heartbeat_stale_trial_callback=retry(2))
    fail_stale_trials(study)
    assert [trial.state for trial in study.trials] == [FAIL] * 3
    assert RetryFailedTrialCallback.retry_history(study.trials[2]) == [0, 1]


@pytest.mark.slow
def test_of_many_that_look_at_once_one_gets_each_dead_trial(url: str, start: Start) -> None:
    opened(url)
    dead = [start(url) for _ in range(3)]
    for worker, _ in dead:
        kill(worker)
    studies = [opened(url, heartbeat_stale_trial_callback=retry()) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(fail_stale_trials, studies))
    states = [trial.state for trial in studies[0].trials]
    assert states == [FAIL] * 3 + [WAITING] * 3
    assert sorted(t.system_attrs["failed_trial"] for t in studies[0].trials[3:]) == [n for _, n in dead]


def test_optimize_and_batches_look_too(url: str, start: Start) -> None:
    for run in (
        lambda study: study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1),
        lambda study: study.ask_batch(1, {"x": parzen.distributions.FloatDistribution(0, 1)}),
    ):
        opened(url)
        worker, number = start(url)
        kill(worker)
        seen: list[int] = []

        def note(study: parzen.Study, trial: FrozenTrial, seen: list[int] = seen) -> None:
            seen.append(trial.number)

        run(opened(url, heartbeat_stale_trial_callback=note))
        assert seen == [number]


def test_without_a_heartbeat_nobody_is_watched(url: str, start: Start) -> None:
    study = opened(url, heartbeat_interval=None)
    worker, number = start(url)
    kill(worker)
    mine = study.ask()
    fail_stale_trials(study)
    assert study.trials[number].state == RUNNING
    assert [row[0] for row in query(study, "SELECT trial_id FROM parzen_claims")] != [mine._trial_id]
    assert study._storage._get_stale_trial_ids(study._study_id) == []


def test_rows_of_optunas_workers_count(url: str) -> None:
    study = opened(url, heartbeat_interval=100)
    silent = opened(url, heartbeat_interval=None).ask()
    study._storage.record_heartbeat(silent._trial_id)
    fail_stale_trials(study)
    assert study.trials[0].state == RUNNING
    study._storage._db.execute("UPDATE trial_heartbeats SET heartbeat = '2020-01-01 00:00:00'")
    fail_stale_trials(study)
    assert study.trials[0].state == FAIL


def test_a_dead_trial_is_taken_over_once(url: str, start: Start) -> None:
    first, second = opened(url), opened(url)
    worker, number = start(url)
    trial_id = first.trials[number]._trial_id
    assert [looked_for(study) for study in (first, second)] == [[], []]
    assert [study._storage._take_over(trial_id) for study in (first, second)] == [False, False]
    kill(worker)
    assert [looked_for(study) for study in (first, second)] == [[trial_id], [trial_id]]
    assert [study._storage._take_over(trial_id) for study in (first, second)] == [True, False]


def looked_for(study: parzen.Study) -> list[int]:
    """Find the trials of dead processes, which begins to give heartbeats of this one."""
    return study._storage._get_stale_trial_ids(study._study_id)


@pytest.mark.parametrize(("options", "allowed"), [({}, 200), ({"grace_period": 500}, 500)])
def test_a_silent_worker_has_twice_the_interval_or_the_grace_period(
    url: str, options: dict[str, int], allowed: int
) -> None:
    study = opened(url, heartbeat_interval=100, **options)
    silent = opened(url, heartbeat_interval=None).ask()
    study._storage.record_heartbeat(silent._trial_id)
    for seconds, state in ((allowed - 20, RUNNING), (allowed + 20, FAIL)):
        heartbeat = f"{datetime.now(timezone.utc) - timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S}"
        study._storage._db.execute("UPDATE trial_heartbeats SET heartbeat = ?", (heartbeat,))
        fail_stale_trials(study)
        assert study.trials[0].state == state


def test_who_ran_a_trial_is_forgotten_when_it_ends(url: str) -> None:
    study = opened(url)
    trials = [study.ask() for _ in range(2)]
    assert len(query(study, "SELECT * FROM parzen_claims")) >= 2
    for trial in trials:
        study.tell(trial, 1.0)
    ids = [trial._trial_id for trial in trials]
    assert not {row[0] for row in query(study, "SELECT trial_id FROM parzen_claims")} & set(ids)


def test_whether_a_process_runs() -> None:
    host, process = identity()
    assert is_running(host, process) is (True if sys.platform == "linux" else None)
    assert is_running("elsewhere", process) is None
    ended = subprocess.run([sys.executable, "-c", "pass"], check=True)
    assert ended.returncode == 0
    if sys.platform == "linux":
        assert is_running(host, f"{os.getpid()} 1") is False  # another process had this number before
        assert is_running(host, "999999999 1") is False


def test_a_fork_is_another_worker(tmp_path: Path) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    study = opened(f"sqlite:///{tmp_path}/study.db")
    study.ask()
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        study.ask()
        os.write(writer, study._storage._db.worker_id.encode())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(writer)
    with open(reader, encoding="ascii") as stream:
        assert stream.read() not in ("", study._storage._db.worker_id)
    fail_stale_trials(study)
    assert [trial.state for trial in study.trials] == [RUNNING, FAIL]


def test_former_names_warn(tmp_path: Path) -> None:
    with pytest.warns(FutureWarning, match="RetryHeartbeatStaleTrialCallback"):
        callback = RetryFailedTrialCallback(max_retry=2)
    with pytest.warns(FutureWarning, match="heartbeat_stale_trial_callback") as caught:
        storage = RDBStorage(f"sqlite:///{tmp_path}/study.db", heartbeat_interval=60, failed_trial_callback=callback)
    assert [warning.filename for warning in caught] == [__file__]
    with pytest.warns(FutureWarning, match="get_heartbeat_stale_trial_callback"):
        assert storage.get_failed_trial_callback() is callback
    assert storage.get_heartbeat_stale_trial_callback() is callback
