"""Opening a SQLite file only to look, over a network, and behind the queue of its writers."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pickle
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from contract.storages import plain

import parzen
from parzen.distributions import FloatDistribution
from parzen.exceptions import StorageInternalError
from parzen.samplers import RandomSampler
from parzen.storage.rdb.filesystems import network_file_system
from parzen.storages import SQLiteStorage

UNIT = FloatDistribution(0.0, 1.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


def new_study(url: str) -> parzen.Study:
    return parzen.create_study(storage=url, study_name="shared", sampler=RandomSampler(seed=0), load_if_exists=True)


def plain_trials(study: parzen.Study) -> list[object]:
    return [plain(trial) for trial in study.trials]


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def ended_well(function: Callable[[], object]) -> bool:
    """Run a function in a forked process."""
    pid = os.fork()
    if not pid:
        try:
            function()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


# --- only to look ----------------------------------------------------------------------------------------------------


def test_a_file_opened_to_look_is_not_written_to_and_follows_a_writer(url: str, path: Path) -> None:
    study = new_study(url)
    study.tell(study.ask({"x": UNIT}), 1.0)
    looker = parzen.load_study(study_name="shared", storage=SQLiteStorage(url, read_only=True))
    assert looker.best_value == 1.0
    study.tell(study.ask({"x": UNIT}), 0.5)
    assert looker.best_value == 0.5
    for verb in (looker.ask, lambda: looker.set_user_attr("a", 1), lambda: looker.delete_trial(0)):
        with pytest.raises(StorageInternalError, match="readonly"):
            verb()
    assert plain_trials(study) == plain_trials(new_study(url))


def test_a_file_in_a_folder_that_may_not_be_written_to_can_be_looked_at() -> None:
    folder = Path(tempfile.mkdtemp())  # the folders above it are open to everybody
    url = f"sqlite:///{folder}/study.db"
    study = new_study(url)
    study.tell(study.ask({"x": UNIT}), 1.0)
    study._storage.remove_session()
    before = (folder / "study.db").read_bytes()
    folder.chmod(0o555)
    (folder / "study.db").chmod(0o444)
    try:
        assert ended_well(lambda: look(url))
        assert [file.name for file in folder.iterdir()] == ["study.db"]
        assert (folder / "study.db").read_bytes() == before
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def look(url: str) -> None:
    if os.geteuid() == 0:  # whom no permission stops
        os.setgid(65534)
        os.setuid(65534)
    storage = SQLiteStorage(url, read_only=True)
    assert parzen.load_study(study_name="shared", storage=storage).best_value == 1.0


def test_a_file_that_is_not_there_cannot_be_looked_at(url: str, path: Path) -> None:
    with pytest.raises(StorageInternalError, match="unable to open"):
        SQLiteStorage(url, read_only=True)
    assert not path.exists()


# --- over a network --------------------------------------------------------------------------------------------------

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:25 / /home rw,relatime - nfs4 server:/home rw
31 30 0:26 / /home/me/local\\040disk rw - xfs /dev/vdb rw
32 22 0:27 / /home2 rw - cifs //server/share rw
33 22 0:28 / /mnt/ssh rw - fuse.sshfs me@server: rw
34 22 254:1 / /data rw - ext4 /dev/vdc rw
35 34 0:29 / /data rw - nfs server:/data rw
36 22 0:30 / /donn\u00e9es/\u5171\u6709 rw - nfs4 server:/data rw
37 22 0:31 / /odd\\011tab\\134back rw - lustre server:/data rw
38 22 0:32 / /s3 rw - fuse.mountpoint-s3 bucket rw
39 22 0:33 / /drive rw - fuse.drive drive rw
40 22 0:34 / /blob rw - fuse blobfuse2 rw
41 22 0:35 / /windows rw - fuseblk /dev/vdd rw
42 22 0:36 / /merged rw - fuse.mergerfs a:b rw
43 22 0:37 / /host rw - vboxsf share rw
44 22 0:38 / /fast rw - wekafs share rw
a line of another form
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/study.db", None),
        ("/home/me/study.db", "nfs4"),
        ("/home/me/local disk/study.db", None),
        ("/home/me/local", "nfs4"),
        ("/home2/study.db", "cifs"),
        ("/home3/study.db", None),
        ("/mnt/ssh/a/b/study.db", "fuse.sshfs"),
        ("/data/study.db", "nfs"),  # the later of two at one point hides the earlier
        ("/donn\u00e9es/\u5171\u6709/study.db", "nfs4"),
        ("/donn\u00e9es/study.db", None),
        ("/odd\ttab\\back/study.db", "lustre"),
        ("/s3/study.db", "fuse.mountpoint-s3"),
        ("/drive/study.db", "fuse.drive"),
        ("/blob/study.db", "fuse"),
        ("/windows/study.db", None),
        ("/merged/study.db", None),
        ("/host/study.db", "vboxsf"),
        ("/fast/study.db", "wekafs"),
    ],
)
def test_a_network_file_system_is_recognised(tmp_path: Path, path: str, kind: str | None) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS, encoding="utf-8")
    assert network_file_system(path, str(mounts)) == kind
    assert network_file_system(path, str(tmp_path / "none")) is None
    assert network_file_system(str(tmp_path)) is None


def test_over_a_network_there_is_no_write_ahead_log_and_a_warning(
    url: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_study(url)._storage.remove_session()
    assert query(path, "PRAGMA journal_mode") == [("wal",)]
    monkeypatch.setattr("parzen.storage.rdb.write_ahead.network_file_system", lambda path: "nfs4")
    with pytest.warns(UserWarning, match=r"network file system \(nfs4\).*PostgreSQL"):
        study = new_study(url)
    study.tell(study.ask({"x": UNIT}), 1.0)
    assert query(path, "PRAGMA journal_mode") == [("delete",)]


def test_the_switch_of_the_journal_waits_for_who_reads(url: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_study(url)._storage.remove_session()
    reader = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM studies").fetchall()
    threading.Timer(0.3, reader.close).start()
    monkeypatch.setattr("parzen.storage.rdb.write_ahead.network_file_system", lambda path: "nfs4")
    with pytest.warns(UserWarning, match="network file system"):
        new_study(url)
    assert query(path, "PRAGMA journal_mode") == [("delete",)]


@pytest.mark.parametrize("is_new", [True, False])
def test_where_processes_share_no_memory_there_is_no_write_ahead_log(url: str, path: Path, is_new: bool) -> None:
    """The memory is a file beside the database; what is no file cannot be shared, as on file systems without mmap."""
    if not is_new:
        new_study(url)._storage.remove_session()
    Path(f"{path}-shm").mkdir()
    with pytest.warns(UserWarning, match=r"share no memory.*rollback journal"):
        study = new_study(url)
    study.tell(study.ask({"x": UNIT}), 1.0)
    assert study.best_value == 1.0
    study._storage.remove_session()
    Path(f"{path}-shm").rmdir()
    assert query(path, "PRAGMA journal_mode") == [("delete",)]
    assert new_study(url).best_value == 1.0


# --- the queue of writers --------------------------------------------------------------------------------------------


def test_a_suspended_process_at_the_head_of_the_queue_does_not_stop_the_others_for_ever(url: str, path: Path) -> None:
    study = parzen.create_study(storage=SQLiteStorage(url, timeout=0.3), study_name="shared", sampler=RandomSampler())
    with open(f"{path}-queue") as queue:
        fcntl.flock(queue, fcntl.LOCK_EX)
        study.tell(study.ask(), 1.0)
        study.tell(study.ask(), 2.0)  # no further wait as long as the first goes on
    study.tell(study.ask(), 3.0)
    assert [trial.value for trial in new_study(url).trials] == [1.0, 2.0, 3.0]


def test_a_queue_whose_file_was_deleted_is_joined_anew(url: str, path: Path) -> None:
    first, second = new_study(url), new_study(url)
    for study in (first, second):
        study.tell(study.ask(), 1.0)
    Path(f"{path}-queue").unlink()
    for study in (first, second):
        for _ in range(40):  # it is looked at every so many turns
            study.tell(study.ask(), 1.0)
    files = [study._storage._db._queue._file for study in (first, second)]
    assert len({os.fstat(file).st_ino for file in files}) == 1
    assert os.fstat(files[0]).st_nlink == 1


# --- files of strangers ----------------------------------------------------------------------------------------------


class Evil:
    """What runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("table", ["trial_user_attributes", "trial_system_attributes", "study_user_attributes"])
def test_opening_a_file_runs_no_code(url: str, path: Path, tmp_path: Path, table: str) -> None:
    mark = tmp_path / "mark"
    pickled = pickle.dumps(Evil(mark))
    study = new_study(url)
    study.tell(study.ask({"x": UNIT}), 1.0)
    study._storage.remove_session()
    owner = "study_id" if table.startswith("study") else "trial_id"
    with sqlite3.connect(path) as connection:
        for key, value in (("hex", json.dumps(pickled.hex())), ("raw", pickled), ("text", str(pickled))):
            connection.execute(f"INSERT INTO {table} ({owner}, key, value_json) VALUES (1, ?, ?)", (key, value))
    connection.close()
    study = new_study(url)
    for look in (lambda: study.trials, lambda: study.user_attrs, lambda: study.ask({"x": UNIT})):
        with contextlib.suppress(ValueError, StorageInternalError):  # it is not JSON
            look()
    assert not mark.exists()
    pickle.loads(pickled)
    assert mark.exists()  # it would have


def test_what_a_file_defines_is_not_trusted(url: str) -> None:
    assert new_study(url)._storage._db.query("PRAGMA trusted_schema") == [(0,)]


# --- the log ---------------------------------------------------------------------------------------------------------


def test_a_long_log_is_begun_again(url: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parzen.storage.rdb.checkpoints._LONG", 2**20)
    log = Path(f"{path}-wal")
    study = new_study(url)
    for i in range(3):
        study.set_user_attr("large", f"{i}" * 2**20)
    size, checkpoints = log.stat().st_size, study._storage._db._checkpoints
    deadline = time.monotonic() + 20
    while not checkpoints.is_log_long and time.monotonic() < deadline:
        time.sleep(0.05)
    study.set_user_attr("small", 1)  # begins the log again
    study.set_user_attr("large", "3" * 2**20)  # written over the old log
    assert log.stat().st_size == size
    assert path.stat().st_size > 2**20
    assert new_study(url).user_attrs["small"] == 1
