"""The file alone, copied without its log: what is in it, and when; and the copies that `export` makes."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from running import start_together

import parzen
from parzen.distributions import FloatDistribution
from parzen.samplers import RandomSampler
from parzen.storage.rdb.maintenance import copy_file
from parzen.storages import SQLiteStorage
from parzen.trial import TrialState

UNIT = FloatDistribution(0.0, 1.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


def new_study(path: Path, **options: object) -> parzen.Study:
    storage = SQLiteStorage(f"sqlite:///{path}", **options)  # type: ignore[arg-type]
    return parzen.create_study(storage=storage, study_name="shared", sampler=RandomSampler(seed=0))


def in_copy_of(path: Path) -> list[parzen.trial.FrozenTrial]:
    """Copy the file without what belongs to it, and read the trials of the copy."""
    copy = path.with_name("lone.db")
    shutil.copy(path, copy)
    try:
        return parzen.load_study(study_name="shared", storage=f"sqlite:///{copy}").trials
    finally:
        copy.unlink()


def comes_true(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


# --- while processes work --------------------------------------------------------------------------------------------


def test_a_new_study_is_in_the_file_at_once(path: Path) -> None:
    study = new_study(path)
    assert in_copy_of(path) == []
    parzen.create_study(storage=study._storage, study_name="second")
    assert Path(f"{path}-wal").exists()
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as lone:
        assert lone.execute("SELECT study_name FROM studies").fetchall() == [("shared",), ("second",)]


def test_trials_are_in_the_file_soon_though_nobody_closes_it(path: Path) -> None:
    study = new_study(path)
    for _ in range(3):
        study.tell(study.ask({"x": UNIT}), 1.0)
    study.ask()
    assert comes_true(lambda: [trial.state.name for trial in in_copy_of(path)] == ["COMPLETE"] * 3 + ["RUNNING"])


def test_a_reader_of_an_older_state_delays_the_file_only_as_long_as_it_reads(path: Path) -> None:
    study = new_study(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM trials").fetchall()
        study.tell(study.ask(), 1.0)
        time.sleep(1.2)  # checkpoints come and cannot copy what the reader must not see
        assert in_copy_of(path) == []
        study.tell(study.ask(), 2.0)  # and no writer waits for them
        reader.execute("COMMIT")
        assert comes_true(lambda: len(in_copy_of(path)) == 2)


def test_checkpoints_wait_for_no_writer(path: Path) -> None:
    study = new_study(path)
    study.tell(study.ask(), 1.0)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert comes_true(lambda: len(in_copy_of(path)) == 1)


def test_the_thread_ends_with_the_storage(path: Path) -> None:
    def count() -> int:
        return sum(thread.name == "parzen-checkpoints" for thread in threading.enumerate())

    before = count()
    study = new_study(path)
    study.ask()
    assert count() == before + 1
    study._storage.remove_session()
    assert count() == before
    study.ask()
    assert count() == before + 1
    del study
    assert count() == before


# --- how processes end -----------------------------------------------------------------------------------------------

PROGRAM = """
import sys, time
import parzen
from parzen.samplers import RandomSampler

study = parzen.create_study(storage=sys.argv[1], study_name="shared", sampler=RandomSampler())
for i in range(int(sys.argv[2])):
    study.tell(study.ask(), float(i))
print("told", flush=True)
if len(sys.argv) > 3:
    time.sleep(60)
"""


@contextlib.contextmanager
def running(path: Path, n_trials: int, *more: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", PROGRAM, f"sqlite:///{path}", str(n_trials), *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "told\n"
        yield process


@pytest.mark.slow
@pytest.mark.parametrize("end", [None, signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("is_watched", [False, True])
def test_all_trials_are_in_the_file_after_an_end(path: Path, end: signal.Signals | None, is_watched: bool) -> None:
    with contextlib.ExitStack() as stack:
        process = stack.enter_context(running(path, 50, *([] if end is None else ["wait"])))
        if is_watched:  # while somebody has the file open, SQLite does not copy the log when a process closes
            watcher = stack.enter_context(contextlib.closing(sqlite3.connect(path)))
            watcher.execute("SELECT * FROM trials").fetchall()
        if end is not None:
            process.send_signal(end)
        code = process.wait()
        assert code == (0 if end is None else -end)  # as without parzen
        assert len(in_copy_of(path)) == 50
        assert {trial.state for trial in in_copy_of(path)} == {TrialState.COMPLETE}


@pytest.mark.slow
def test_a_handler_of_the_program_is_left_alone(path: Path) -> None:
    program = f"import signal\nsignal.signal(signal.SIGTERM, lambda *_: print('mine', flush=True)){PROGRAM}"
    command = [sys.executable, "-c", program.replace("time.sleep(60)", "time.sleep(1)"), f"sqlite:///{path}", "5", "w"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "told\n"
        process.terminate()
        assert process.stdout.readline() == "mine\n"
        assert process.wait() == 0
    assert len(in_copy_of(path)) == 5


def is_whole(path: Path) -> bool:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        try:
            return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        except sqlite3.DatabaseError:
            return False


def kill_between_checkpoints(pids: list[int], path: Path, copy: Path) -> bool:
    """Kill processes, and copy the file alone as they leave it, at a moment at which none is within a checkpoint.

    False if one was at the first moment, so that a kill without a choice would have left a torn file.
    """
    n_looks = 0
    while True:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(0.02)
        shutil.copy(path, copy)
        n_looks += 1
        if is_whole(copy):
            break
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        time.sleep(0.05)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return n_looks == 1


@pytest.mark.slow
@pytest.mark.parametrize("n_rounds", [5, pytest.param(200, marks=pytest.mark.soak)])
def test_after_a_kill_between_checkpoints_the_file_alone_lacks_the_last_second(
    tmp_path: Path, n_rounds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    moments, lone = random.Random(0), tmp_path / "lone.db"
    n_torn, longest = 0, 0.0
    (nursery,) = start_together([["run_many_until_killed", "4"]])
    with nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        for i in range(n_rounds):
            path = tmp_path / f"study{i // 5}.db"  # a new one now and then, since the trials are all looked at
            if not path.exists():
                new_study(path)._storage.remove_session()
            nursery.stdin.write(f"sqlite:///{path}\n")
            nursery.stdin.flush()
            pids, *told = sorted(nursery.stdout.readline() for _ in range(5))
            assert told == ["told\n"] * 4
            time.sleep(moments.uniform(0.0, 1.0))
            n_torn += not kill_between_checkpoints([int(pid) for pid in pids.split()], path, lone)
            had = parzen.load_study(study_name="shared", storage=f"sqlite:///{lone}").trials
            study = parzen.load_study(study_name="shared", storage=f"sqlite:///{path}")
            ended = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
            assert [trial.number for trial in had] == list(range(len(had)))
            missed = [trial for trial in ended if trial.number >= len(had) or had[trial.number] != trial]
            ends = [trial.datetime_complete.timestamp() for trial in ended]
            lack = max((max(ends) - trial.datetime_complete.timestamp() for trial in missed), default=0.0)
            assert lack < 10.0  # a busy machine may take ten times as long
            longest = max(longest, lack)
        nursery.stdin.close()
    with capsys.disabled():
        print(f"\n{n_torn} of {n_rounds} kills would have come within a checkpoint; {longest:.2f} s lacked at most")


# --- export ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_copy_of_a_file_whose_writers_were_killed_is_whole(path: Path, tmp_path: Path) -> None:
    new_study(path)._storage.remove_session()
    moments, told = random.Random(1), []
    for i in range(8):
        workers = start_together([["run_until_killed", f"sqlite:///{path}", "NORMAL"]] * 4)
        copy_file(path, tmp_path / "live.db")
        assert is_whole(tmp_path / "live.db")
        for worker in workers:
            time.sleep(moments.uniform(0.0, 0.4))
            worker.kill()
        told += [int(line) for worker in workers for line in worker.communicate()[0].split()]
        if i % 2:
            Path(f"{path}-shm").unlink()  # SQLite makes it anew from the log
        copy_file(path, tmp_path / "copy.db")
        assert sorted(file.name for file in tmp_path.glob("copy.db*")) == ["copy.db"]
        assert is_whole(tmp_path / "copy.db")
        trials = parzen.load_study(study_name="shared", storage=f"sqlite:///{tmp_path}/copy.db").trials
        assert {trials[number].state for number in told} == {TrialState.COMPLETE}


def test_a_copy_takes_no_log_of_an_older_file_for_its_own(path: Path, tmp_path: Path) -> None:
    older = tmp_path / "copy.db"
    stale = new_study(older)
    stale.tell(stale.ask(), 9.0)
    for suffix in ("", "-wal", "-shm"):
        shutil.copy(f"{older}{suffix}", f"{tmp_path}/kept{suffix}")
    stale._storage.remove_session()
    for suffix in ("", "-wal", "-shm"):  # as if its writer had been killed
        shutil.move(f"{tmp_path}/kept{suffix}", f"{older}{suffix}")
    study = new_study(path)
    study.tell(study.ask(), 1.0)
    copy_file(path, older)
    trials = parzen.load_study(study_name="shared", storage=f"sqlite:///{older}").trials
    assert [trial.value for trial in trials] == [1.0]


def test_the_copy_of_a_file_with_the_journal_of_a_dead_process_is_whole(path: Path, tmp_path: Path) -> None:
    """A rollback journal, as Optuna has it: only who may write can undo what the dead process left half done."""
    new_study(path)._storage.remove_session()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    program = (
        "import os, signal, sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA cache_size = 2')\nc.execute('BEGIN IMMEDIATE')\n"
        "rows = [(i, 'RUNNING' * 99) for i in range(999)]\n"
        "c.executemany('INSERT INTO trials (number, study_id, state) VALUES (?, 1, ?)', rows)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert Path(f"{path}-journal").stat().st_size > 0
    copy_file(path, tmp_path / "copy.db")
    assert is_whole(tmp_path / "copy.db")
    assert in_copy_of(tmp_path / "copy.db") == []
