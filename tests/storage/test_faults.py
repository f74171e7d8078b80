"""What the SQLite storage does when a process is killed, the disk is full, or the file is not its own."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contract.storages import plain
from running import start_together
from sqlite_worker import run_one

import parzen
from parzen.distributions import FloatDistribution
from parzen.exceptions import StorageInternalError
from parzen.samplers import RandomSampler
from parzen.storages import SQLiteStorage
from parzen.trial import TrialState

UNIT = FloatDistribution(0.0, 1.0)
NOBODY = 65534

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
# Python 3.12 warns of a fork beside threads, such as those of NumPy's linear algebra; the children here use neither.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def new_study(path: Path, **options: object) -> parzen.Study:
    storage = SQLiteStorage(url_of(path), **options)  # type: ignore[arg-type]
    return parzen.create_study(storage=storage, study_name="shared", sampler=RandomSampler(seed=0))


def reread(path: Path) -> parzen.Study:
    return parzen.load_study(storage=SQLiteStorage(url_of(path)), study_name="shared")


def assert_same_as_in_file(study: parzen.Study, path: Path) -> None:
    assert [plain(trial) for trial in study.trials] == [plain(trial) for trial in reread(path).trials]


def fork(function: Callable[[], object]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        function()
        status = 0
    except BaseException:
        traceback.print_exc()
    os._exit(status)


# --- killed processes ------------------------------------------------------------------------------------------------


def assert_whole(path: Path, told: list[int]) -> None:
    """Check the file, and that every trial whose `tell` returned is there with all that belongs to it."""
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    trials = reread(path).trials
    assert [trial.number for trial in trials] == list(range(len(trials)))
    assert len(told) == len(set(told))
    assert {trials[number].state for number in told} <= {TrialState.COMPLETE}
    for trial in trials:
        if trial.state == TrialState.COMPLETE:  # told, or killed between the tell and the message
            x = trial.params["x"]
            attrs = {key: value for key, value in trial.user_attrs.items() if key != "enqueued"}
            assert (trial.value, attrs, trial.constraints) == (x, {"x": x}, {"c": x})
            assert trial.intermediate_values == {0: x, 1: x + 1, 2: x + 2}
            assert list(trial.params) == ["x", "n"]


def work_until_killed(path: Path, writer: int) -> None:
    """Run trials for ever; say which were started, with the enqueued value if any, and which were told."""
    study = parzen.load_study(storage=url_of(path), study_name="shared", sampler=RandomSampler())
    while True:
        trial = study.ask()
        os.write(writer, f"started {trial.number} {trial.user_attrs.get('enqueued', '-')}\n".encode())
        run_one(study, trial)
        os.write(writer, f"told {trial.number}\n".encode())


def kill_workers(path: Path, n_rounds: int, n_workers: int, longest: float) -> tuple[list[int], list[str]]:
    """Kill workers at random moments, round after round; return the numbers that were told, and the values begun."""
    moments = random.Random(0)
    study, told, begun = reread(path), [], []
    for i in range(n_rounds):
        study.enqueue_trial({"x": 0.5}, user_attrs={"enqueued": i})
        study._storage.remove_session()
        reader, writer = os.pipe()
        pids = [fork(lambda writer=writer: work_until_killed(path, writer)) for _ in range(n_workers)]  # type: ignore[misc]
        os.close(writer)
        for pid in pids:
            time.sleep(moments.uniform(0.0, 2 * longest / n_workers))
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        with open(reader, encoding="ascii") as stream:  # a line is one short write, so it is there or not, never half
            lines = [line.split() for line in stream]
        told += [int(line[1]) for line in lines if line[0] == "told"]
        begun += [line[2] for line in lines if line[0] == "started" and line[2] != "-"]
    return told, begun


def assert_enqueued_ran_once(path: Path, n_rounds: int, begun: list[str]) -> None:
    """Check that no enqueued trial was given to two workers, and that all are given out in the end."""
    assert len(begun) == len(set(begun))
    study = reread(path)
    enqueued = [trial for trial in study.trials if "enqueued" in trial.user_attrs]
    assert [trial.user_attrs["enqueued"] for trial in enqueued] == list(range(n_rounds))
    waiting = [trial for trial in enqueued if trial.state == TrialState.WAITING]
    # A worker that was killed between its claim and its message had started one all the same.
    assert {trial.user_attrs["enqueued"] for trial in waiting}.isdisjoint(int(value) for value in begun)
    taken = [study.ask().user_attrs["enqueued"] for _ in waiting]
    assert sorted(taken) == [trial.user_attrs["enqueued"] for trial in waiting]
    assert "enqueued" not in study.ask().user_attrs


@needs_fork
@pytest.mark.parametrize("n_rounds", [8, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.slow
def test_whatever_was_told_survives_kills_and_enqueued_trials_run_once(path: Path, n_rounds: int) -> None:
    new_study(path)._storage.remove_session()
    told, begun = kill_workers(path, n_rounds, n_workers=4, longest=0.12)
    assert len(told) > n_rounds
    assert_whole(path, told)
    assert_enqueued_ran_once(path, n_rounds, begun)


@needs_fork
@pytest.mark.soak
def test_a_long_time_of_kills(path: Path) -> None:
    new_study(path)._storage.remove_session()
    for _ in range(20):
        before = sum("enqueued" in trial.user_attrs for trial in reread(path).trials)
        assert before == 0
        told, begun = kill_workers(path, 200, n_workers=8, longest=0.2)
        assert_whole(path, told)
        assert_enqueued_ran_once(path, 200, begun)
        parzen.delete_study(study_name="shared", storage=url_of(path))
        new_study(path)._storage.remove_session()


@pytest.mark.slow
@pytest.mark.parametrize("synchronous", ["NORMAL", "FULL"])
def test_whatever_was_told_survives_many_kills_of_many_processes(path: Path, synchronous: str) -> None:
    new_study(path)._storage.remove_session()
    moments = random.Random(1)
    told: list[int] = []
    for _ in range(8):
        workers = start_together([["run_until_killed", url_of(path), synchronous]] * 4)
        for worker in workers:
            time.sleep(moments.uniform(0.0, 0.4))
            worker.kill()
        # A line is one short write to a pipe, so it is there or not, and never half.
        told += [int(line) for worker in workers for line in worker.communicate()[0].split()]
        assert_whole(path, told)
    assert len(told) > 100


@needs_fork
def test_a_kill_while_the_file_is_made_does_no_harm(tmp_path: Path) -> None:
    moments = random.Random(2)
    for i in range(20):
        path = tmp_path / f"{i}.db"
        pid = fork(lambda path=path: new_study(path).ask())  # type: ignore[misc]
        time.sleep(moments.uniform(0.0, 0.008))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        study = parzen.create_study(storage=url_of(path), study_name="shared", load_if_exists=True)
        study.tell(study.ask(), 1.0)
        assert study.trials[-1].value == 1.0


# --- no room, no right, no lock --------------------------------------------------------------------------------------


@pytest.fixture
def small_disk() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    is_root = shutil.which("mount") and hasattr(os, "geteuid") and os.geteuid() == 0
    if not is_root or subprocess.run(mount, check=False).returncode:
        folder.rmdir()
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
    folder.rmdir()


def fill(study: parzen.Study) -> int:
    """Tell trials until the storage fails; return how many were told."""
    for told in range(10_000):
        with contextlib.suppress(StorageInternalError):
            trial = study.ask({"x": UNIT})
            trial.set_user_attr("text", "x" * 2000)
            study.tell(trial, 1.0)
            continue
        return told
    raise AssertionError("the disk never became full")


def test_a_full_disk_is_an_error_that_says_so_and_loses_nothing(small_disk: Path) -> None:
    path, ballast = small_disk / "study.db", small_disk / "ballast"
    ballast.write_bytes(bytes(500_000))
    study = new_study(path)
    told = fill(study)
    with pytest.raises(StorageInternalError, match="Free some space"):
        study.set_user_attr("large", "x" * 1_000_000)
    assert len(study.get_trials(states=[TrialState.COMPLETE])) == told
    ballast.unlink()
    assert_same_as_in_file(study, path)
    study.tell(study.ask({"x": UNIT}), 2.0)
    assert_same_as_in_file(study, path)


def test_a_file_that_may_not_grow_is_an_error_that_loses_nothing(path: Path) -> None:
    study = new_study(path)
    running = study.ask({"x": UNIT})
    pages = study._storage._db.query("PRAGMA page_count")[0][0]
    study._storage._db.query(f"PRAGMA max_page_count = {pages + 20}")
    told = fill(study)
    assert len(study.get_trials(states=[TrialState.COMPLETE])) == told
    assert_same_as_in_file(study, path)
    batch_size = len(study.trials)
    with pytest.raises(StorageInternalError, match="Free some space"):
        study.ask_batch(2000, {"x": UNIT})
    assert len(study.trials) == batch_size
    study._storage._db.query(f"PRAGMA max_page_count = {pages + 2000}")
    study.tell(running, 2.0)
    study.tell_batch(study.ask_batch(20, {"x": UNIT}), [1.0] * 20)
    assert_same_as_in_file(study, path)


def test_a_locked_file_is_waited_for_and_then_an_error(path: Path) -> None:
    study = new_study(path, timeout=0.05)
    trial = study.ask()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for verb in (study.ask, lambda: trial.suggest_float("x", 0, 1), lambda: study.tell(trial, 1.0)):
        with pytest.raises(StorageInternalError, match="longer time-out"):
            verb()
    assert len(study.trials) == 1
    other.execute("ROLLBACK")
    other.close()
    trial.suggest_float("x", 0, 1)
    study.tell(trial, 1.0)
    assert_same_as_in_file(study, path)


@needs_fork
@pytest.mark.parametrize("what", ["file", "folder", "both"])
def test_a_file_that_may_only_be_read_is_an_error_that_says_so(what: str) -> None:
    folder = Path(tempfile.mkdtemp())
    path = folder / "study.db"
    study = new_study(path)
    study._storage.remove_session()
    before = path.read_bytes()
    path.chmod(0o444 if what != "folder" else 0o666)
    folder.chmod(0o555 if what != "file" else 0o777)

    def child() -> None:
        if os.geteuid() == 0:  # whom no permission stops
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        with pytest.raises(StorageInternalError, match="write"):
            parzen.load_study(storage=url_of(path), study_name="shared").ask()

    try:
        assert os.waitpid(fork(child), 0)[1] == 0
        assert path.read_bytes() == before
    finally:
        folder.chmod(0o777)
        shutil.rmtree(folder)


# --- files of others -------------------------------------------------------------------------------------------------


def database(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def assert_untouched(path: Path, error: type[Exception], match: str) -> None:
    before = path.read_bytes()
    with pytest.raises(error, match=match) as caught:
        SQLiteStorage(url_of(path))
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"xy", b"not a database, but notes", b"SQLite format 3", bytes(range(256)) * 32])
def test_a_file_that_is_no_database_is_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert_untouched(path, StorageInternalError, "not a database.*another file name")


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
@pytest.mark.parametrize("table", ["notes", "trials", "studies"])
def test_a_database_of_something_else_is_left_alone(path: Path, journal: str, table: str) -> None:
    fill = f"INSERT INTO {table} VALUES (1)"
    database(path, f"PRAGMA journal_mode = {journal}", f"CREATE TABLE {table} (text)", fill)
    assert_untouched(path, StorageInternalError, "something else.*another name")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE alembic_version SET version_num = 'v3.0.0.d'",
        "UPDATE alembic_version SET version_num = 'v99.0.0.a'",
        "DELETE FROM alembic_version",
        "DROP TABLE alembic_version",
    ],
)
def test_a_file_of_another_revision_is_left_alone(path: Path, change: str) -> None:
    new_study(path)._storage.remove_session()
    database(path, change)
    assert_untouched(path, RuntimeError, "v3.2.0.a is expected.*upgrade")


def test_an_empty_file_is_made_a_study_database(path: Path) -> None:
    path.touch()
    new_study(path).ask()
    assert len(reread(path).trials) == 1


def test_a_missing_folder_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageInternalError, match="folder exists"):
        SQLiteStorage(url_of(tmp_path / "missing" / "study.db"))
    with pytest.raises(StorageInternalError, match="folder exists"):
        SQLiteStorage(url_of(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_an_error_that_says_so(path: Path) -> None:
    study = new_study(path)
    study.tell_batch(study.ask_batch(300, {"x": UNIT}), [1.0] * 300)
    study._storage.remove_session()
    content = bytearray(path.read_bytes())
    content[3 * 4096 :] = b"\xff" * (len(content) - 3 * 4096)
    path.write_bytes(content)
    with pytest.raises(StorageInternalError, match="damaged"):
        reread(path).trials  # noqa: B018
