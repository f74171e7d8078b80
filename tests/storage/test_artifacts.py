"""Artifacts: what is listed is whole and can be had, whatever the name, and whoever is killed."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.artifacts import (
    ArtifactMeta,
    Backoff,
    Boto3ArtifactStore,
    FileSystemArtifactStore,
    GCSArtifactStore,
    download_artifact,
    get_all_artifact_meta,
    upload_artifact,
)
from parzen.artifacts.exceptions import ArtifactNotFound
from parzen.exceptions import UpdateFinishedTrialError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept"


@pytest.fixture
def store(folder: Path) -> FileSystemArtifactStore:
    return FileSystemArtifactStore(folder)


@pytest.fixture(params=["memory", "sqlite"])
def study(request: Any, tmp_path: Path) -> parzen.Study:
    return parzen.create_study(storage=None if request.param == "memory" else f"sqlite:///{tmp_path}/study.db")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weights ü.tar.gz"
    path.write_bytes(b"1234")
    return path


def test_up_and_down(study, store, file, tmp_path):
    trial = study.ask()
    of_trial = upload_artifact(artifact_store=store, file_path=str(file), study_or_trial=trial)
    of_study = upload_artifact(artifact_store=store, file_path=file, study_or_trial=study, mimetype="a/b", encoding="c")
    assert get_all_artifact_meta(trial) == [ArtifactMeta(of_trial, "weights ü.tar.gz", "application/x-tar", "gzip")]
    assert get_all_artifact_meta(study) == [ArtifactMeta(of_study, "weights ü.tar.gz", "a/b", "c")]
    study.tell(trial, 1.0)
    record = study.trials[0]
    assert get_all_artifact_meta(record, storage=study._storage) == get_all_artifact_meta(trial)
    download_artifact(artifact_store=store, file_path=tmp_path / "down", artifact_id=of_trial)
    assert (tmp_path / "down").read_bytes() == b"1234"


def test_a_finished_trial_gets_no_file(study, store, file, folder):
    trial = study.ask()
    study.tell(trial, 1.0)
    with pytest.raises(UpdateFinishedTrialError):
        upload_artifact(artifact_store=store, file_path=str(file), study_or_trial=trial)
    assert not os.listdir(folder)


class Closing(FileSystemArtifactStore):
    """Ends the trial while a file is on its way."""

    trial: Any

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        super().write(artifact_id, content_body)
        self.trial.study.tell(self.trial, 1.0)


def test_a_file_that_no_trial_lists_does_not_stay(study, file, folder):
    store = Closing(folder)
    store.trial = study.ask()
    with pytest.raises(UpdateFinishedTrialError):
        upload_artifact(artifact_store=store, file_path=str(file), study_or_trial=store.trial)
    assert not os.listdir(folder) and not get_all_artifact_meta(store.trial)


@pytest.mark.parametrize("path", ["absent", "."])
def test_a_file_that_cannot_be_read_is_not_listed(study, store, path):
    with pytest.raises(OSError):
        upload_artifact(artifact_store=store, file_path=path, study_or_trial=study)
    assert not get_all_artifact_meta(study)


def test_a_record_needs_its_storage(study, store, file):
    record = study.ask()._record
    with pytest.raises(ValueError, match=r"storage is required for FrozenTrial\. Give"):
        upload_artifact(artifact_store=store, file_path=str(file), study_or_trial=record)
    with pytest.raises(ValueError, match="storage is required"):
        get_all_artifact_meta(record)
    with pytest.raises(TypeError, match="Expected a Study, a Trial or a FrozenTrial, but got 3"):
        get_all_artifact_meta(3, storage=study._storage)


# --- the folder -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["..", "../up", "/etc/passwd", "a/../../up", ".", "", "kept/../..", "link"])
def test_names_that_lead_out_of_the_folder(store, folder, tmp_path, name):
    (tmp_path / "up").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "up")
    for call in (store.open_reader, store.remove, lambda it: store.write(it, io.BytesIO(b"1"))):
        with pytest.raises(ValueError, match=r"Invalid artifact_id: .* leads out of"):
            call(name)
    assert (tmp_path / "up").read_bytes() == b"secret"


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=40))
def test_no_name_writes_outside(tmp_path_factory, name):
    outer = tmp_path_factory.mktemp("outer")
    (outer / "kept").mkdir()
    store = FileSystemArtifactStore(str(outer / "kept"))
    try:
        store.write(name, io.BytesIO(b"data"))
    except (ValueError, OSError):
        assert not os.listdir(outer / "kept")
    else:
        with store.open_reader(name) as reader:
            assert reader.read() == b"data"
        store.remove(name)
        with pytest.raises(ArtifactNotFound):
            store.open_reader(name)
    assert os.listdir(outer) == ["kept"]


def test_what_is_not_there(store):
    with pytest.raises(
        ArtifactNotFound, match=r"No artifact 'absent' was found in .*kept: `get_all_artifact_meta` lists"
    ):
        store.open_reader("absent")
    with pytest.raises(ArtifactNotFound):
        store.remove("absent")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent/name'$"):
        FileSystemArtifactStore(tmp_path / "absent").write("name", io.BytesIO(b"1"))
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match=r"file/name'$"):
        FileSystemArtifactStore(tmp_path / "file").write("name", io.BytesIO(b"1"))


class FullDisk(io.BytesIO):
    """Gives some bytes, then says that the disk is full."""

    def read(self, n: int | None = -1) -> bytes:
        if self.tell():
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().read(3)


def test_what_was_there_stays_until_the_new_one_is_whole(store, folder):
    store.write("name", io.BytesIO(b"old"))
    with pytest.raises(OSError, match="No space left"):
        store.write("name", FullDisk(b"newer"))
    assert os.listdir(folder) == ["name"] and (folder / "name").read_bytes() == b"old"
    store.write("name", io.BytesIO(b"new"))
    assert os.listdir(folder) == ["name"] and (folder / "name").read_bytes() == b"new"


class Cut:
    """A store whose connection breaks in the middle of a file."""

    def open_reader(self, artifact_id: str) -> BinaryIO:
        return FullDisk(b"1234")


def test_a_broken_download_leaves_nothing(tmp_path):
    with pytest.raises(OSError, match="No space left"):
        download_artifact(artifact_store=Cut(), file_path=str(tmp_path / "down"), artifact_id="a")
    assert not os.listdir(tmp_path)


def test_a_download_overwrites_nothing(store, tmp_path, folder):
    store.write("a", io.BytesIO(b"1"))
    (tmp_path / "down").write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("down", "link", "kept"):
        with pytest.raises(FileExistsError, match=f"File already exists: .*{name}"):
            download_artifact(artifact_store=store, file_path=str(tmp_path / name), artifact_id="a")
    with pytest.raises(ArtifactNotFound):
        download_artifact(artifact_store=store, file_path=str(tmp_path / "new"), artifact_id="b")
    assert sorted(os.listdir(tmp_path)) == ["down", "kept", "link"] and (tmp_path / "down").read_bytes() == b"mine"


UPLOAD = """
import sys, parzen
from parzen.artifacts import FileSystemArtifactStore, upload_artifact
study = parzen.load_study(study_name="s", storage=sys.argv[1])
trial = study.ask()
print("ready", flush=True)
upload_artifact(artifact_store=FileSystemArtifactStore(sys.argv[2]), file_path=sys.argv[3], study_or_trial=trial)
"""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_killed_upload_is_not_listed(tmp_path, folder):
    url, pipe = f"sqlite:///{tmp_path}/study.db", tmp_path / "pipe"
    study = parzen.create_study(storage=url, study_name="s")
    os.mkfifo(pipe)
    command = [sys.executable, "-c", UPLOAD, url, str(folder), str(pipe)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as worker, open(pipe, "wb", 0) as upload:
        for _ in range(64):  # what the pipe does not hold, the worker has read: it is in the middle
            upload.write(bytes(2**14))
        worker.send_signal(signal.SIGKILL)
        assert worker.wait() == -signal.SIGKILL
        with pytest.raises(BrokenPipeError):
            upload.write(b"1")
    assert get_all_artifact_meta(study) == []
    assert get_all_artifact_meta(study.trials[0], storage=study._storage) == []
    assert [name for name in os.listdir(folder) if not name.startswith(".partial-")] == []


def test_readers_beside_a_writer_see_whole_files(store):
    bodies = [bytes([k]) * 200_000 for k in range(3)]
    store.write("a", io.BytesIO(bodies[0]))
    is_over = threading.Event()
    seen: set[bytes] = set()

    def read() -> None:
        while not is_over.is_set():
            with store.open_reader("a") as reader:
                seen.add(reader.read())

    reader = threading.Thread(target=read)
    reader.start()
    for k in range(9):
        store.write("a", io.BytesIO(bodies[k % 3]))
    is_over.set()
    reader.join()
    assert seen <= set(bodies)


# --- trying again -----------------------------------------------------------------------------------------------------


class Shaky:
    """Fails a number of times, then works."""

    def __init__(self, n_failures: int, error: Exception) -> None:
        self.n_left, self.error = n_failures, error
        self.n_calls = 0
        self.kept: dict[str, bytes] = {}

    def _maybe(self) -> None:
        self.n_calls += 1
        if self.n_left:
            self.n_left -= 1
            raise self.error

    def open_reader(self, artifact_id: str) -> BinaryIO:
        self._maybe()
        return io.BytesIO(self.kept[artifact_id])

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        self.kept[artifact_id] = content_body.read()
        self._maybe()

    def remove(self, artifact_id: str) -> None:
        self._maybe()
        del self.kept[artifact_id]


def quick(store: Any, **options: Any) -> Backoff:
    return Backoff(store, min_delay=1e-4, max_delay=2e-4, **options)


def test_what_fails_is_tried_again_from_where_the_file_stood(capsys):
    shaky = Shaky(2, OSError("lost"))
    body = io.BytesIO(b"header body")
    body.seek(7)
    quick(shaky).write("a", body)
    assert shaky.kept == {"a": b"body"} and shaky.n_calls == 3
    log = capsys.readouterr().err
    assert log.count("An attempt at writing artifact 'a' failed") == 2 and "OSError('lost')" in log
    shaky.n_left = 2
    assert quick(shaky).open_reader("a").read() == b"body"
    shaky.n_left = 2
    quick(shaky).remove("a")
    assert not shaky.kept


def test_the_last_error_is_raised():
    shaky = Shaky(9, OSError("lost"))
    with pytest.raises(OSError, match="lost"):
        quick(shaky, max_retries=3).open_reader("a")
    assert shaky.n_calls == 3


def test_what_is_not_there_is_asked_for_once(store):
    shaky = Shaky(9, ArtifactNotFound("a"))
    with pytest.raises(ArtifactNotFound):
        quick(shaky).open_reader("a")
    assert shaky.n_calls == 1


def test_a_stream_is_written_once():
    shaky = Shaky(1, OSError("lost"))
    stream = io.BytesIO(b"1")
    stream.seekable = lambda: False
    with pytest.raises(OSError, match="lost"):
        quick(shaky).write("a", stream)
    assert shaky.n_calls == 1


def test_waits_grow_up_to_the_longest(monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr("parzen.storage.artifacts.backoff.time.sleep", waits.append)
    with pytest.raises(OSError):
        Backoff(Shaky(9, OSError()), max_retries=6, multiplier=3, min_delay=1, max_delay=20).remove("a")
    assert waits == [1, 3, 9, 20, 20]


@pytest.mark.parametrize(
    "options",
    [{"max_retries": 0}, {"multiplier": 0}, {"min_delay": 0}, {"max_delay": 0.1}, {"min_delay": float("nan")}],
)
def test_waits_that_make_no_sense(store, options):
    with pytest.raises(ValueError, match="Expected a positive `max_retries`"):
        Backoff(store, **options)


@pytest.mark.parametrize(
    ("cls", "package"), [(Boto3ArtifactStore, "boto3"), (GCSArtifactStore, "google-cloud-storage")], ids=["s3", "gcs"]
)
def test_a_missing_package_is_named(cls, package, monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    monkeypatch.setitem(sys.modules, "google.cloud.storage", None)
    with pytest.raises(ImportError, match=rf'needs {package}: pip install "parzen\[artifacts\]"'):
        cls("bucket")
