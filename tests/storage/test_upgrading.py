"""Files of older Optunas: they become what Optuna's own upgrade makes of them, and nothing is lost on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from old.make import describe_study, load
from old_files import OLD, content, make, query, revision

from parzen.storage.rdb.upgrading import REVISIONS, upgrade
from parzen.storages import RDBStorage

VERY_OLD = ("v0.9.0.a", "v1.2.0.a", "v1.3.0.a")
HEAD = REVISIONS[-1]

pytestmark = pytest.mark.filterwarnings("ignore:.*Distribution (is|has been) deprecated:FutureWarning")
every_version = pytest.mark.parametrize("source", OLD, ids=lambda path: path.stem)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


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


@pytest.mark.bench
@pytest.mark.parametrize("between", ["v3.0.0.a", "v3.0.0.b", "v3.0.0.c", "v3.0.0.d"])
@pytest.mark.parametrize("version", ["2.4.0", "3.0.0b0"])
def test_a_revision_that_no_version_left_behind(between: str, version: str, path: Path, tmp_path: Path) -> None:
    """Optuna's upgrade goes step by step, so that a file can have stopped between two versions."""
    optuna = pytest.importorskip("optuna")
    command = pytest.importorskip("alembic.command")
    make(path, version)
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}", skip_compatibility_check=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        command.upgrade(storage._version_manager._create_alembic_config(), between)
    assert revision(path) == between
    storage.remove_session()
    storage.engine.dispose()
    upgrade(path)
    source = Path(__file__).parent / "old" / f"optuna_{version}.json"
    assert as_json(read(path)) == as_json(json.loads(source.read_text(encoding="utf-8")))


def test_a_file_in_wal_mode_whose_writer_died(path: Path) -> None:
    make(path)
    subprocess.run(
        [sys.executable, "-c", f"""if True:
            import os, signal, sqlite3
            connection = sqlite3.connect({str(path)!r}, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("UPDATE trial_values SET value = 7 WHERE trial_id = 1")
            os.kill(os.getpid(), signal.SIGKILL)"""],
        check=False,
    )  # fmt: skip
    assert Path(f"{path}-wal").stat().st_size > 0
    backup = upgrade(path)
    assert backup is not None
    assert query(backup, "SELECT value FROM trial_values WHERE trial_id = 1") == [(7.0,)]
    assert read(path)["least"]["trials"][0]["values"] == [7.0]


def test_a_storage_upgrades_the_old_file_that_it_was_told_not_to_check(path: Path) -> None:
    make(path)
    with pytest.raises(RuntimeError, match="parzen storage upgrade"):
        RDBStorage(f"sqlite:///{path}")
    storage = RDBStorage(f"sqlite:///{path}", skip_compatibility_check=True)
    assert storage.get_current_version() == revision(path) != HEAD
    assert storage.get_head_version() == storage.get_all_versions()[0] == HEAD
    storage.upgrade()
    assert storage.get_current_version() == HEAD
    assert len(storage.get_all_studies()) > 0
    assert path.with_name(f"{path.name}.v2.6.0.a.bak").exists()
    storage.remove_session()


def test_a_file_of_before_the_table_of_versions_is_upgraded(path: Path, tmp_path: Path) -> None:
    """Optuna 0.9 and 1.0 made the tables of 1.1, but for the one that names their revision."""
    make(path, "1.1.0")
    query(path, "DROP TABLE alembic_version")
    with pytest.raises(RuntimeError, match="parzen storage upgrade"):
        RDBStorage(f"sqlite:///{path}")
    backup = upgrade(path)
    other = make(tmp_path / "other.db", "1.1.0")
    upgrade(other)
    assert backup == Path(f"{path}.v0.9.0.a.bak")
    assert revision(path) == HEAD
    assert as_json(read(path)) == as_json(read(other))
