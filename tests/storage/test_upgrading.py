"""Files of older Optunas: they become what Optuna's own upgrade makes of them, and nothing is lost on the way."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from old.make import describe_study, load

from parzen.exceptions import StorageInternalError
from parzen.storage.rdb.upgrading import REVISIONS, upgrade
from parzen.storages import RDBStorage

OLD = sorted((Path(__file__).parent / "old").glob("*.sql"))
VERY_OLD = ("v0.9.0.a", "v1.2.0.a", "v1.3.0.a")
HEAD = REVISIONS[-1]
NOBODY = 65534

pytestmark = pytest.mark.filterwarnings("ignore:.*Distribution (is|has been) deprecated:FutureWarning")
every_version = pytest.mark.parametrize("source", OLD, ids=lambda path: path.stem)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


def make(path: Path, version: str = "2.10.1") -> Path:
    load(Path(__file__).parent / "old" / f"optuna_{version}.sql", path)
    return path


def query(path: Path, sql: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(sql).fetchall()
        connection.commit()
        return rows


def revision(path: Path) -> str:
    return str(query(path, "SELECT version_num FROM alembic_version")[0][0])


def content(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def read(path: Path) -> dict[str, Any]:
    storage = RDBStorage(f"sqlite:///{path}")
    studies = {study.study_name: describe_study(storage, study) for study in storage.get_all_studies()}
    storage.remove_session()
    return studies


def as_json(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def without_nan(studies: dict[str, Any]) -> dict[str, Any]:
    """Leave out what Optuna cannot upgrade."""
    for study in studies.values():
        for trial in study["trials"]:
            trial["intermediate_values"] = [pair for pair in trial["intermediate_values"] if pair[1] == pair[1]]
    return studies


# --- what comes out --------------------------------------------------------------------------------------------------


@every_version
def test_an_old_file_becomes_what_optuna_makes_of_it(source: Path, path: Path) -> None:
    load(source, path)
    before = revision(path)
    upgrade(path)
    expected = json.loads(source.with_suffix(".json").read_text(encoding="utf-8"))
    assert revision(path) == HEAD
    found = read(path)
    assert as_json(without_nan(found) if before in VERY_OLD else found) == as_json(expected)
    assert query(path, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("version", ["1.1.0", "1.2.0", "2.0.0"])
def test_a_report_of_nan_in_a_very_old_file_is_kept(version: str, path: Path) -> None:
    upgrade(make(path, version))
    _, trial, *_ = read(path)["least"]["trials"]
    assert as_json(trial["intermediate_values"][3]) == "[30, NaN]"


@every_version
def test_the_old_file_is_kept_beside_it(source: Path, path: Path) -> None:
    load(source, path)
    before, old_revision = content(path), revision(path)
    backup = upgrade(path)
    if old_revision == HEAD:
        assert backup is None
        assert (content(path), os.listdir(path.parent)) == (before, ["study.db"])
    else:
        assert backup == Path(f"{path}.{old_revision}.bak")
        assert content(backup) == before
        assert sorted(os.listdir(path.parent)) == ["study.db", backup.name]


def test_an_upgraded_file_is_left_alone(path: Path) -> None:
    upgrade(make(path))
    before = path.read_bytes()
    assert upgrade(path) is None
    assert path.read_bytes() == before
    assert len(os.listdir(path.parent)) == 2


def test_no_backup_is_overwritten(path: Path) -> None:
    for name in ("study.db.v2.6.0.a.bak", "study.db.v2.6.0.a.2.bak"):
        (path.parent / name).write_text("precious")
    (path.parent / "study.db.v2.6.0.a.3.bak.unfinished").write_text("left by a process that died")
    backup = upgrade(make(path))
    assert backup is not None
    assert backup.name == "study.db.v2.6.0.a.3.bak"
    assert revision(backup) == "v2.6.0.a"
    assert (path.parent / "study.db.v2.6.0.a.bak").read_text() == "precious"
    assert not list(path.parent.glob("*.unfinished"))


def test_tables_of_others_are_kept(path: Path) -> None:
    make(path)
    query(path, "CREATE TABLE notes AS SELECT 'mine' AS text")
    upgrade(path)
    assert query(path, "SELECT text FROM notes") == [("mine",)]


def test_a_very_old_file_that_a_newer_optuna_looked_at(path: Path) -> None:
    """A newer Optuna refuses the file, but adds the tables that it misses."""
    make(path, "2.0.0")
    for text in ("study_directions (study_direction_id, direction, study_id, objective)",
                 "trial_intermediate_values (trial_intermediate_value_id, trial_id, step, intermediate_value, "
                 "intermediate_value_type)", "trial_heartbeats (trial_heartbeat_id, trial_id, heartbeat)"):  # fmt: skip
        query(path, f"CREATE TABLE {text}")
    upgrade(path)
    studies = read(path)
    assert studies["most ✓"]["directions"] == ["MAXIMIZE"]
    assert len(studies["least"]["trials"][0]["intermediate_values"]) == 6


def test_a_very_old_trial_without_its_number_is_numbered(path: Path) -> None:
    make(path, "1.1.0")
    query(path, "DELETE FROM trial_system_attributes WHERE \"key\" = '_number' AND trial_id = 11")
    upgrade(path)
    assert [trial["number"] for trial in read(path)["most ✓"]["trials"]] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("3.4028234663852886e38", (None, "INF_POS")),
        ("-3.4028234663852886e38", (None, "INF_NEG")),
        ("3.402790e38", (None, "INF_POS")),
        ("3.402789e38", (3.402789e38, "FINITE")),
        ("3.402824e38", (3.402824e38, "FINITE")),
        ("9e999", (None, "INF_POS")),
        ("1e308", (1e308, "FINITE")),
    ],
)
def test_infinity_where_it_was_a_large_number(number: str, expected: tuple[Any, str], path: Path) -> None:
    make(path, "3.0.0b0")
    query(path, f"UPDATE trial_values SET value = {number} WHERE trial_id = 1")
    query(path, f"UPDATE trial_intermediate_values SET intermediate_value = {number} WHERE trial_id = 1 AND step = 0")
    upgrade(path)
    assert query(path, "SELECT value, value_type FROM trial_values WHERE trial_id = 1") == [expected]
    columns = "intermediate_value, intermediate_value_type"
    sql = f"SELECT {columns} FROM trial_intermediate_values WHERE trial_id = 1 AND step = 0"
    assert query(path, sql) == [expected]


@pytest.mark.bench
@pytest.mark.parametrize("source", [path for path in OLD if "_1" not in path.stem and "_2.0" not in path.stem])
def test_the_installed_optuna_upgrades_alike(source: Path, path: Path) -> None:
    """Compare each row of each table; a file of before 2.4 is one that Optuna 5 cannot upgrade by itself."""
    optuna = pytest.importorskip("optuna")
    theirs = path.with_name("theirs.db")
    load(source, path)
    load(source, theirs)
    upgrade(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optuna.storages.RDBStorage(f"sqlite:///{theirs}", skip_compatibility_check=True).upgrade()
    for (table,) in query(theirs, "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'version_info'"):
        columns = [row[1] for row in query(theirs, f"PRAGMA table_info({table})")]
        sql = f"SELECT {', '.join(map(json.dumps, columns))} FROM {table} ORDER BY 1"
        assert query(path, sql) == query(theirs, sql), table
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    assert as_json({s.study_name: describe_study(storage, s) for s in storage.get_all_studies()}) == as_json(read(path))


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
            "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT 1, i, i FROM n"
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
