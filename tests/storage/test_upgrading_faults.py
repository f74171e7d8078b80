"""An upgrade that cannot be: of what is no old file, where nothing may be written, killed, or several at once."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from old_files import content, make, query, revision

from parzen.exceptions import StorageInternalError
from parzen.storage.rdb.upgrading import REVISIONS, upgrade

HEAD = REVISIONS[-1]
NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


# --- what is refused -------------------------------------------------------------------------------------------------


def newer(path: Path) -> None:
    query(make(path), "UPDATE alembic_version SET version_num = 'v9.9.9.a'")


def unstamped(path: Path) -> None:
    query(make(path), "DELETE FROM alembic_version")


def foreign(path: Path) -> None:
    query(path, "CREATE TABLE shopping (item)")


def foreign_in_wal_mode(path: Path) -> None:
    """Leave a log behind, which closing the file would move into it."""
    pid = os.fork()
    if not pid:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE shopping (item)")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)


def no_database(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 100)


def damaged(path: Path) -> None:
    make(path)
    (page,) = query(path, "SELECT rootpage FROM sqlite_master WHERE name = 'trial_params'")[0]
    data = bytearray(path.read_bytes())
    data[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    path.write_bytes(data)


def without_a_table(path: Path) -> None:
    query(make(path), "DROP TABLE trial_params")


def without_a_state(path: Path) -> None:
    query(make(path), "ALTER TABLE trials RENAME COLUMN state TO condition")


def with_an_unreadable_distribution(path: Path) -> None:
    query(make(path), "UPDATE trial_params SET distribution_json = '{' WHERE param_id = 3")


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize(
    ("spoil", "kind", "text"),
    [
        (newer, RuntimeError, "is v9.9.9.a, but one of"),
        (unstamped, RuntimeError, "is not named"),
        (foreign, StorageInternalError, "shopping"),
        (foreign_in_wal_mode, StorageInternalError, "shopping"),
        (no_database, StorageInternalError, "not a database"),
        (damaged, StorageInternalError, "damaged"),
        (without_a_table, StorageInternalError, "trial_params"),
        (without_a_state, StorageInternalError, "state"),
        (with_an_unreadable_distribution, StorageInternalError, "parameter 3"),
    ],
)
def test_what_cannot_be_upgraded_is_not_touched(
    spoil: Callable[[Path], None], kind: type[Exception], text: str, path: Path
) -> None:
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(kind, match=text) as caught:
        upgrade(path)
    assert "as it is" in str(caught.value)
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.bak*"))


def test_no_file(path: Path) -> None:
    with pytest.raises(StorageInternalError, match="no file"):
        upgrade(path)
    assert not path.exists()


@pytest.mark.skipif(not hasattr(os, "setuid") or os.getuid() != 0, reason="needs another user")
def test_a_folder_without_write_access(path: Path) -> None:
    make(path)
    path.chmod(0o644)
    path.parent.chmod(0o755)
    before = path.read_bytes()
    code = (
        f"import os; from parzen.storage.rdb.upgrading import upgrade; os.setuid({NOBODY})\n"
        f"try: upgrade({str(path)!r})\nexcept Exception as error: print(type(error).__name__, error)"
    )
    for folder in list(path.parents)[1:-2]:
        folder.chmod(folder.stat().st_mode | 0o055)
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.startswith("StorageInternalError")
    assert "give write access to its folder" in found
    assert path.read_bytes() == before


# --- killed, and several at once -------------------------------------------------------------------------------------


@pytest.fixture
def large(path: Path) -> Path:
    """Make a file whose upgrade takes long enough to be killed in the middle, and spills into the file before."""
    make(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value) "
            "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 40000) SELECT 1, i, i FROM n"
        )
        connection.commit()
    return path


@contextlib.contextmanager
def started(path: Path, count: int = 1) -> Iterator[list[subprocess.Popen[str]]]:
    """Start processes that upgrade a file when they get a line."""
    code = (
        "import sys; from parzen.storage.rdb.upgrading import upgrade; print('ready', flush=True)\n"
        f"sys.stdin.readline(); print(upgrade({str(path)!r}))"
    )
    command = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    workers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(count)]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    yield workers
    for worker in workers:
        worker.communicate()


@pytest.mark.slow
def test_a_kill_leaves_the_old_file_or_the_new_one(large: Path) -> None:
    old = large.with_name("old.db")
    shutil.copy(large, old)
    begin = time.perf_counter()
    upgrade(large)
    duration = time.perf_counter() - begin
    whole = {"v2.6.0.a": content(old), HEAD: content(large)}
    moments = random.Random(0)
    interrupted = 0
    for _ in range(20):
        for rest in large.parent.glob("study.db*"):
            rest.unlink()
        shutil.copy(old, large)
        with started(large) as (worker,):
            time.sleep(moments.uniform(0, duration))
            worker.kill()
        interrupted += os.path.exists(f"{large}-journal")
        assert content(large) == whole[revision(large)]
        for backup in large.parent.glob("*.bak"):
            assert content(backup) == whole["v2.6.0.a"]
        upgrade(large)
        assert content(large) == whole[HEAD]
    assert interrupted > 3


@pytest.mark.slow
def test_of_several_at_once_one_does_it(large: Path) -> None:
    with started(large, count=4) as workers:
        found = sorted(worker.communicate()[0].strip() for worker in workers)
    assert found == [f"{large}.v2.6.0.a.bak", "None", "None", "None"]
    assert revision(large) == HEAD
    assert sorted(os.listdir(large.parent)) == ["study.db", "study.db.v2.6.0.a.bak"]
