"""A look changes nothing: neither a file of Optuna's, nor what a killed process left, nor a folder without a file."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import shutil
import sqlite3
import subprocess
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import parzen
from parzen.distributions import FloatDistribution
from parzen.exceptions import StorageInternalError
from parzen.samplers import RandomSampler
from parzen.storage.rdb.maintenance import copy_file
from parzen.storages import BaseStorage, JournalStorage, RDBStorage, SQLiteStorage
from parzen.storages.journal import JournalFileBackend

UNIT = FloatDistribution(0.0, 1.0)
NOBODY = 65534

# Python 3.12 warns of a fork beside threads, such as those of NumPy's linear algebra; the children here use neither.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


def make(path: Path, n_trials: int = 2) -> parzen.Study:
    study = parzen.create_study(storage=f"sqlite:///{path}", study_name="shared", sampler=RandomSampler(seed=0))
    for value in range(n_trials):
        study.tell(study.ask({"x": UNIT}), float(value))
    return study


def make_optunas(path: Path) -> None:
    """Make a file as Optuna does: without a write-ahead log, and without what is parzen's own."""
    make(path)._storage.remove_session()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "DROP TABLE parzen_workers; DROP TABLE parzen_claims; DROP INDEX parzen_waiting;"
            "PRAGMA journal_mode = DELETE"
        )


def make_killed(path: Path) -> None:
    """Make a file whose writer was killed: trials are in the log alone."""
    make(path, 1)._storage.remove_session()
    study = parzen.load_study(study_name="shared", storage=f"sqlite:///{path}", sampler=RandomSampler())
    study._storage._db._open_to_write()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:  # so that the log is not emptied
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM trials").fetchall()
        study.tell(study.ask({"x": UNIT}), 1.0)
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{path}.kept{suffix}")
    study._storage.remove_session()
    for suffix in ("", "-wal"):
        shutil.move(f"{path}.kept{suffix}", f"{path}{suffix}")


def content_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.endswith("-shm")}


def look(url: str) -> None:
    assert parzen.get_all_study_names(url) == ["shared"]
    study = parzen.load_study(study_name="shared", storage=url)
    assert [trial.value for trial in study.trials] == [0.0, 1.0]
    assert study.best_value == 0.0
    assert parzen.get_all_study_summaries(url)[0].n_trials == 2
    assert study.user_attrs == {}
    assert study._storage.get_current_version() == "v3.2.0.a"
    study._storage.remove_session()


# --- what is there ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make_file", [make_optunas, make_killed, lambda path: make(path)._storage.remove_session()])
def test_a_look_leaves_the_bytes_alone(url: str, path: Path, make_file: Callable[[Path], None]) -> None:
    make_file(path)
    before = content_of(path.parent)
    look(url)
    assert content_of(path.parent) == before


def test_the_first_write_adds_what_is_needed(url: str, path: Path) -> None:
    make_optunas(path)
    study = parzen.load_study(study_name="shared", storage=url, sampler=RandomSampler())
    assert len(study.trials) == 2
    study.tell(study.ask({"x": UNIT}), 2.0)
    assert len(study.trials) == 3
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        assert {"parzen_workers", "parzen_claims", "parzen_waiting"} <= names


def test_a_look_sees_what_a_writer_stores_later(url: str, path: Path) -> None:
    study, looker = make(path), parzen.load_study(study_name="shared", storage=url)
    for n in range(3, 6):
        study.tell(study.ask({"x": UNIT}), 1.0)
        assert len(looker.trials) == n


# --- what is not there -----------------------------------------------------------------------------------------------


def look_in_vain(storage: BaseStorage, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(KeyError):
        parzen.load_study(study_name="shared", storage=storage)
    assert f"There is no file {path}" in caplog.text
    assert storage.get_all_studies() == []
    with pytest.raises(KeyError):
        parzen.delete_study(study_name="shared", storage=storage)


def test_a_look_at_no_file_says_so_and_makes_none(url: str, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    parzen.logging.enable_propagation()
    storage = RDBStorage(url)
    look_in_vain(storage, path, caplog)
    assert storage.get_current_version() == "v3.2.0.a"
    assert list(path.parent.iterdir()) == []
    make(path)  # by somebody else
    assert parzen.load_study(study_name="shared", storage=storage).best_value == 0.0


def test_a_look_at_no_journal_says_so_and_makes_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    parzen.logging.enable_propagation()
    path = tmp_path / "study.log"
    storage, maker = (JournalStorage(JournalFileBackend(str(path))) for _ in range(2))
    look_in_vain(storage, path, caplog)
    assert list(tmp_path.iterdir()) == []
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        study = parzen.create_study(storage=maker, study_name="shared", load_if_exists=True)
        study.tell(study.ask(), 1.0)
    assert not caplog.records
    assert parzen.load_study(study_name="shared", storage=storage).best_value == 1.0


def test_a_new_study_makes_the_file_without_a_word(
    url: str, path: Path, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    parzen.logging.enable_propagation()
    with caplog.at_level(logging.WARNING):
        parzen.create_study(storage=url, study_name="shared", load_if_exists=True)
    assert not caplog.records
    assert not recwarn.list
    assert path.exists()


# --- where nothing may be written ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["{}?mode=ro", "sqlite:///file:{path}?mode=ro&uri=true", "{}?timeout=5&mode=ro"])
def test_a_url_may_say_that_nothing_is_written(url: str, path: Path, form: str) -> None:
    make(path)._storage.remove_session()
    before = content_of(path.parent)
    address = form.format(url, path=path)
    look(address)
    for storage in (SQLiteStorage(address), RDBStorage(address), pickle.loads(pickle.dumps(RDBStorage(address)))):
        with pytest.raises(StorageInternalError, match="readonly"):
            storage.create_new_study([parzen.study.StudyDirection.MINIMIZE])
        storage.remove_session()
    assert content_of(path.parent) == before
    with pytest.raises(StorageInternalError, match="unable to open"):
        RDBStorage(address.replace("study.db", "typo.db"))
    assert content_of(path.parent) == before


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())  # the folders above it are open to everybody
    yield folder
    folder.chmod(0o777)
    shutil.rmtree(folder)


def as_nobody(function: Callable[[], object]) -> bool:
    """Run a function in a forked process that permissions stop, and tell whether it ended well."""
    pid = os.fork()
    if not pid:
        try:
            if os.geteuid() == 0:
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            function()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def close(folder: Path) -> None:
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)


@pytest.mark.parametrize("make_file", [make_optunas, lambda path: make(path)._storage.remove_session()])
def test_a_folder_that_may_only_be_read_needs_no_other_url(folder: Path, make_file: Callable[[Path], None]) -> None:
    path = folder / "study.db"
    make_file(path)
    close(folder)
    before = content_of(folder)
    assert as_nobody(lambda: look(f"sqlite:///{path}"))
    assert content_of(folder) == before


def test_a_log_that_cannot_be_read_is_said(folder: Path) -> None:
    path = folder / "study.db"
    make_killed(path)
    close(folder)

    def child() -> None:
        with pytest.warns(UserWarning, match=r"study\.db-wal holds [\d,]+ bytes of newer changes.*Copy both files"):
            study = parzen.load_study(study_name="shared", storage=f"sqlite:///{path}")
        assert [trial.value for trial in study.trials] == [0.0]
        with pytest.raises(StorageInternalError, match="cannot be read here"):
            copy_file(path, Path(tempfile.gettempdir()) / "never.db")

    assert as_nobody(child)
    folder.chmod(0o777)
    look(f"sqlite:///{path}")  # where its memory may be made beside it, all is there


def test_a_mount_that_may_only_be_read_needs_no_other_url(folder: Path) -> None:
    mounted = folder / "mounted"
    mounted.mkdir()
    is_root = shutil.which("mount") and os.geteuid() == 0
    if not is_root or subprocess.run(["mount", "-t", "tmpfs", "tmpfs", mounted], check=False).returncode:
        pytest.skip("only root can mount")
    try:
        make(mounted / "study.db")._storage.remove_session()
        subprocess.run(["mount", "-o", "remount,ro", mounted], check=True)
        look(f"sqlite:///{mounted}/study.db")
        with pytest.raises(StorageInternalError, match="write"):
            make(mounted / "study.db")
    finally:
        subprocess.run(["umount", "-l", mounted], check=True)


# --- in memory -------------------------------------------------------------------------------------------------------

IN_MEMORY = [
    "sqlite://",
    "sqlite:///",
    "sqlite:///:memory:",
    "sqlite+pysqlite:///:memory:",
    "sqlite:///:memory:?timeout=5",
    "sqlite://?timeout=5",
    "sqlite:///file::memory:?cache=shared&uri=true",
    "sqlite:///file:name?mode=memory&cache=shared&uri=true",
]


@pytest.mark.parametrize("address", IN_MEMORY)
def test_what_is_in_memory_is_not_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.chdir(tmp_path)
    for storage in (address, RDBStorage(address), SQLiteStorage(address)):
        study = parzen.create_study(storage=storage, sampler=RandomSampler())
        study.tell(study.ask({"x": UNIT}), 1.0)
        study._storage.remove_session()
        study.set_user_attr("large", "x" * 5_000_000)
        assert study.best_value == 1.0
        assert list(tmp_path.iterdir()) == []
