"""Ctrl-C ends a wait at once, whatever is waited for: real processes, a real signal, servers that fall silent."""

from __future__ import annotations

import contextlib
import fcntl
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
import servers
from middleman import Middleman

import parzen
from parzen.storage.proxy.server import make_server
from parzen.storages import InMemoryStorage, RDBStorage, SQLiteStorage
from parzen.trial import TrialState

pytestmark = pytest.mark.slow

WORKER = Path(__file__).with_name("waiting_worker.py")
ENOUGH = 10.0  # seconds for a wait of two, and for a process to end on a busy machine; before, it was 58 or for ever
PORTS = {"postgresql": 5432, "mysql": 3306}
WHATS = ["optimize", "ask", "read", "threads"]


class Worker:
    """A process of `waiting_worker.py`."""

    def __init__(self, what: str, address: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(WORKER), what, address], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.wait_for_trials()

    def wait_for_trials(self, n: int = 3) -> None:
        assert self.process.stdout is not None
        assert [self.process.stdout.readline() for _ in range(n)] == ["trial\n"] * n

    def press_ctrl_c(self) -> str:
        """Press Ctrl-C once, and give by what the process was ended."""
        self.process.send_signal(signal.SIGINT)
        try:
            output, _ = self.process.communicate(timeout=ENOUGH)
        finally:
            self.process.kill()
        return output.partition("ended by ")[2]


@contextlib.contextmanager
def server_between(kind: str) -> Iterator[tuple[Middleman, str, str]]:
    """Give a middleman, the URL of a database behind it, and the database's own URL."""
    url, port = servers.new_database(kind), PORTS[kind]
    if f":{port}" not in url:
        pytest.skip("the server stands at another port")
    with Middleman("127.0.0.1", port) as between:
        yield between, url.replace(f":{port}", f":{between.port}"), url


@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize("kind", PORTS)
def test_for_a_server_that_is_silent(kind: str, what: str) -> None:
    with server_between(kind) as (between, address, _):
        worker = Worker(what, address)
        between.fall_silent()
        time.sleep(0.5)
        assert worker.press_ctrl_c().startswith("KeyboardInterrupt")


@pytest.mark.parametrize("what", ["optimize", "threads"])
@pytest.mark.parametrize("kind", PORTS)
def test_for_a_server_that_is_gone(kind: str, what: str) -> None:
    with server_between(kind) as (between, address, _):
        worker = Worker(what, address)
        between.__exit__()
        time.sleep(0.5)
        assert worker.press_ctrl_c().startswith("KeyboardInterrupt")


@pytest.mark.parametrize("kind", PORTS)
def test_a_server_silent_after_commit_leaves_it_open_and_its_row_tells(kind: str) -> None:
    with server_between(kind) as (between, address, url):
        worker = Worker("ask", address)
        between.silent_after = b"COMMIT"
        time.sleep(1.0)
        ended = worker.press_ctrl_c()
        between.speak()
        assert "It is not known whether the change was stored. If it was, the row" in ended
        worker_id, request = ended.partition("the row '")[2].partition("'")[0], int(ended.split()[-1].rstrip("."))
        study = parzen.load_study(study_name="shared", storage=url)
        rows = study._storage._db.query("SELECT request FROM parzen_workers WHERE worker_id = ?", (worker_id,))
        assert rows == [(request,)]  # the server got the COMMIT
        assert all(trial.state != TrialState.WAITING for trial in study.trials)


@pytest.mark.parametrize("kind", PORTS)
def test_threads_that_train_on_tell_a_slow_server_what_they_found(kind: str) -> None:
    with server_between(kind) as (between, address, url):
        worker = Worker("training", address)
        between.delay = 0.15  # longer than between two looks whether to cut
        assert worker.press_ctrl_c().startswith("KeyboardInterrupt")
        between.delay = 0.0
        trials = parzen.load_study(study_name="shared", storage=url).trials
        assert len(trials) == 3
        assert all(trial.state == TrialState.COMPLETE for trial in trials)


def test_for_a_file_that_another_program_locks(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/study.db"
    for what in ("optimize", "ask", "threads"):
        worker = Worker(what, url)
        with contextlib.closing(sqlite3.connect(f"{tmp_path}/study.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(0.5)
            assert worker.press_ctrl_c().startswith("KeyboardInterrupt")
            n_written = other.execute("SELECT COUNT(*) FROM trials").fetchone()
            other.execute("ROLLBACK")
            assert other.execute("SELECT COUNT(*) FROM trials").fetchone() == n_written


@pytest.mark.parametrize("what", ["optimize", "ask", "threads"])
def test_for_the_lock_of_a_journal(what: str, tmp_path: Path) -> None:
    worker = Worker(what, f"journal:{tmp_path}/study.log")
    with open(tmp_path / "study.log") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        time.sleep(0.5)
        assert worker.press_ctrl_c().startswith("KeyboardInterrupt")


@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize("is_gone", [False, True])
def test_for_a_redis(is_gone: bool, what: str) -> None:
    pytest.importorskip("redis")
    with Middleman("127.0.0.1", 6379) as between:
        worker = Worker(what, f"redis://127.0.0.1:{between.port} parzen-test-{uuid.uuid4()}")
        between.__exit__() if is_gone else between.fall_silent()
        time.sleep(0.5)
        assert worker.press_ctrl_c().startswith("KeyboardInterrupt")


@pytest.mark.parametrize("what", WHATS)
def test_for_a_proxy_that_is_silent(what: str) -> None:
    pytest.importorskip("grpc")
    server, port = make_server(InMemoryStorage())
    server.start()
    try:
        with Middleman("127.0.0.1", port) as between:
            worker = Worker(what, f"proxy:{between.port}")
            between.fall_silent()
            time.sleep(0.5)
            assert worker.press_ctrl_c().startswith("KeyboardInterrupt")
    finally:
        server.stop(0)


# --- who is waited for -----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def held_by_a_suspended_process(path: Path) -> Iterator[int]:
    """Have a suspended process hold the kernel's lock of a file, and give its identifier."""
    code = f"""if True:
        import fcntl, os, signal
        file = open({str(path)!r}, "a")
        fcntl.flock(file, fcntl.LOCK_EX)
        print("held", flush=True)
        signal.pause()"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        try:
            stream: IO[str] | None = holder.stdout
            assert stream is not None
            assert stream.readline() == "held\n"
            holder.send_signal(signal.SIGSTOP)
            yield holder.pid
        finally:
            holder.kill()


def test_the_queue_of_a_suspended_process_is_told_and_passed_by(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    study = parzen.create_study(storage=SQLiteStorage(f"sqlite:///{tmp_path}/study.db"))
    with held_by_a_suspended_process(tmp_path / "study.db-queue") as pid:
        study.tell(study.ask(), 1.0)
        study.tell(study.ask(), 2.0)
        assert capfd.readouterr().err.count(f"is held by process {pid} (") == 1
    assert [trial.value for trial in study.trials] == [1.0, 2.0]


def test_a_file_that_is_locked_for_long_is_an_error_that_names_who_holds_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    study = parzen.create_study(storage=SQLiteStorage(f"sqlite:///{tmp_path}/study.db", timeout=3.0))
    code = f"""if True:
        import sqlite3, signal
        other = sqlite3.connect({f"{tmp_path}/study.db"!r}, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        print("held", flush=True)
        signal.pause()"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(parzen.exceptions.StorageInternalError, match=rf"held by process {holder.pid} "):
                study.ask()
            assert f"held by process {holder.pid}" in capfd.readouterr().err
        finally:
            holder.kill()
    study.tell(study.ask(), 1.0)


def test_a_statement_without_an_answer_ends_by_itself() -> None:
    with server_between("postgresql") as (between, address, url):
        storage = RDBStorage(address)
        storage._db._timeout = storage._db._line.silence = 2.0
        study = parzen.create_study(storage=storage)
        between.fall_silent()
        with pytest.raises(parzen.exceptions.StorageInternalError, match="could not do it"):
            study.ask()
        between.speak()
        assert parzen.load_study(study_name=study.study_name, storage=url).trials == []
