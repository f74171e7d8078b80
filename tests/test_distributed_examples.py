"""The programs of docs/distributed.md: workers that ask, and one that asks for workers of others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import parzen
from parzen.examples import executors, worker
from parzen.storages.journal import JournalFileBackend


@pytest.mark.parametrize("kind", ["sqlite:///study.db", "journal:study.log"])
def test_workers_share_a_study(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-m", "parzen.examples.worker", "--storage", kind, "--trials", "12", "--seconds", "0.05"]
    workers = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(timeout=120) for process in workers] == [0, 0]
    storage = parzen.storages.JournalStorage(JournalFileBackend("study.log")) if kind.startswith("journal") else kind
    trials = parzen.load_study(study_name="many", storage=storage).trials
    assert 12 <= len(trials) <= 13 and [trial.number for trial in trials] == list(range(len(trials)))
    assert all(trial.state.is_finished() for trial in trials)


def test_a_worker_behind_a_proxy(tmp_path: Path) -> None:
    pytest.importorskip("grpc", reason='needs grpcio: pip install ".[grpc]"')
    from parzen.storage.proxy.server import make_server

    storage = parzen.storages.InMemoryStorage()
    server, port = make_server(storage)
    server.start()
    try:
        assert len(worker.main(f"proxy:localhost:{port}", n_trials=3, seconds=0.01).trials) == 3
    finally:
        server.stop(None).wait()


def test_one_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    study = executors.main("processes", n_trials=6)
    assert len(study.trials) == 6 and "6 trials, the best" in capsys.readouterr().out
