"""`parzen storage`: upgrade, check, vacuum and export, on real files, also while others write to them."""
# ruff: noqa: F401, F811 - fixtures of `test_cli`

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import servers
from test_cli import Result, Run, finished, refusal, run, stored, url

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution
from parzen.storage.rdb.checking import check
from parzen.storage.rdb.maintenance import copy_file

pytest.importorskip("click")

OLD = Path(__file__).parent / "storage" / "old" / "optuna_2.10.1.sql"


@pytest.fixture
def path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def execute(path: Path, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(sql)


def content(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@contextlib.contextmanager
def a_writer(url: str) -> Iterator[None]:
    """Let another process run trials meanwhile."""
    code = (
        "import parzen; parzen.logging.set_verbosity(parzen.logging.ERROR)\n"
        f"study = parzen.load_study(study_name='one', storage={url!r}, sampler=parzen.samplers.RandomSampler())\n"
        "print('ready', flush=True)\nwhile True: study.tell(study.ask(), 1.0)"
    )
    writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    writer.stdout.readline()
    try:
        yield
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()


# --- upgrade ---------------------------------------------------------------------------------------------------------


def test_upgrade_prints_where_the_old_file_is(run: Run, path: Path) -> None:
    execute(path, OLD.read_text(encoding="utf-8"))
    assert "parzen storage upgrade" in refusal(run("studies"))
    result = run("storage", "upgrade")
    backup = Path(f"{path}.v2.6.0.a.bak")
    assert (result.code, result.out) == (0, f"{backup}\n")
    assert backup.exists()
    assert run("study-names").code == 0
    again = run("storage", "upgrade")
    assert (again.code, again.out) == (0, "")
    assert "up-to-date" in again.err


def test_upgrade_of_no_file_makes_none(run: Run, path: Path) -> None:
    assert "no file" in refusal(run("storage", "upgrade"))
    assert not path.exists()


def test_upgrade_of_a_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    url = servers.new_database("postgresql")
    monkeypatch.setenv("PARZEN_STORAGE", url)
    parzen.create_study(storage=url)
    assert "up-to-date" in run("storage", "upgrade").err
    with servers.connect(url) as connection:  # the head differs from the revision before it by an index
        connection.exec_driver_sql("DROP INDEX ix_trials_study_id")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'v3.0.0.d'")
    assert "parzen storage upgrade" in refusal(run("studies"))
    assert "was v3.0.0.d" in run("storage", "upgrade").err
    assert run("studies").code == 0
    with servers.connect(url) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'v9.0.0'")
    assert "v9.0.0" in refusal(run("storage", "upgrade"))


@pytest.mark.parametrize("command", [["upgrade"], ["check"], ["vacuum"], ["export", "copy.db"]])
@pytest.mark.parametrize("storage", ["sqlite://", "sqlite:///file:study.db?uri=true"])
def test_only_files(run: Run, command: list[str], storage: str) -> None:
    assert "SQLite file" in refusal(run("storage", *command, "--storage", storage))


@pytest.mark.parametrize("command", [["check"], ["vacuum"], ["export", "copy.db"]])
def test_no_file_and_a_foreign_one(run: Run, path: Path, command: list[str]) -> None:
    assert "no file" in refusal(run("storage", *command))
    execute(path, "CREATE TABLE shopping (item)")
    before = path.read_bytes()
    assert "shopping" in refusal(run("storage", *command))
    assert (path.read_bytes(), os.listdir(path.parent)) == (before, [path.name])


# --- check -----------------------------------------------------------------------------------------------------------


def test_check_of_a_whole_file(run: Run, stored: str) -> None:
    study = parzen.create_study(storage=stored, study_name="more")
    study.enqueue_trial({"x": 0.5})
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    for step, value in enumerate([1.0, float("inf"), float("-inf"), float("nan")]):
        trial.report(value, step)
    trial.set_user_attr("odd", [float("nan"), float("inf"), None])
    assert run("storage", "check") == Result(0, "ok: 4 studies, 7 trials\n", "")


def test_check_of_an_upgraded_file(run: Run, path: Path) -> None:
    execute(path, OLD.read_text(encoding="utf-8"))
    run("storage", "upgrade")
    assert run("storage", "check").out == "ok: 4 studies, 16 trials\n"


def test_check_prints_a_line_a_finding(run: Run, stored: str, path: Path) -> None:
    execute(
        path, "UPDATE trials SET state = 'DONE' WHERE trial_id = 2; DELETE FROM study_directions WHERE study_id > 2"
    )
    result = run("storage", "check")
    assert result.code == 1
    trial, study = result.out.splitlines()
    assert trial.startswith("trials: trial 1 of study 'one' (trial_id 2): unknown state 'DONE'; expected one of ")
    assert study == "study_directions: study 'empty': no direction"
    assert "2 found" in result.err


def test_check_while_another_process_writes(run: Run, stored: str) -> None:
    with a_writer(stored):
        for _ in range(5):
            result = run("storage", "check")
            assert result.code == 0, result


# --- vacuum ----------------------------------------------------------------------------------------------------------


def test_vacuum_gives_space_back(run: Run, stored: str, path: Path) -> None:
    study = parzen.load_study(study_name="one", storage=stored)
    study.set_user_attr("long", "x" * 1_000_000)
    study.set_user_attr("long", "")
    result = run("storage", "vacuum")
    before, after = (int(text.replace(",", "")) for text in result.out.split() if text[0].isdigit())
    assert before > 1_000_000 > 200_000 > after
    wal = Path(f"{path}-wal")
    assert after == path.stat().st_size + (wal.stat().st_size if wal.exists() else 0)
    assert len(study.trials) == 3


# --- export ----------------------------------------------------------------------------------------------------------


def test_export_copies_the_whole_file(run: Run, stored: str, path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert run("storage", "export", str(copy)) == Result(0, "", "")
    assert content(copy) == content(path)
    assert not Path(f"{copy}-wal").exists()
    assert not list(tmp_path.glob("*.unfinished"))


def test_export_while_another_process_writes(run: Run, stored: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with a_writer(stored):
        for _ in range(5):
            assert run("storage", "export", str(copy), "--force").code == 0
            report = check(copy)
            assert report.findings == []
    assert report.n_trials > 6


def test_a_copy_is_of_one_moment_however_many_steps_it_takes(stored: str, path: Path, tmp_path: Path) -> None:
    """A writer commits between any two steps: the copy neither starts anew nor mixes two moments."""
    study = parzen.load_study(study_name="one", storage=stored)
    study.set_user_attr("long", "x" * 10_000_000)
    steps = []

    def progress(done: int, total: int) -> None:
        study.set_user_attr("step", len(steps))
        steps.append((done, total))

    copy_file(path, tmp_path / "copy.db", progress)
    assert len(steps) > 2
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1]
    assert "step" not in parzen.load_study(study_name="one", storage=f"sqlite:///{tmp_path / 'copy.db'}").user_attrs


@pytest.mark.parametrize("format", ["sqlite", "json", "csv"])
def test_export_overwrites_only_by_force(run: Run, stored: str, tmp_path: Path, format: str) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    name = [] if format == "sqlite" else ["--study-name", "one"]
    assert "--force" in refusal(run("storage", "export", str(target), "--format", format, *name))
    assert target.read_text() == "precious"
    assert run("storage", "export", str(target), "--format", format, "--force", *name).code == 0
    assert target.read_bytes()[:8] != b"precious"


def test_export_onto_itself(run: Run, stored: str, path: Path) -> None:
    assert "itself" in refusal(run("storage", "export", str(path), "--force"))
    assert len(parzen.get_all_study_names(stored)) == 3


def test_export_to_a_folder_that_is_not_there(run: Run, stored: str, tmp_path: Path) -> None:
    refusal(run("storage", "export", str(tmp_path / "no" / "copy.db")))


def test_export_json(run: Run, stored: str) -> None:
    result = run("storage", "export", "-", "--format", "json", "--study-name", "one")
    trials = json.loads(result.out)
    assert [trial["number"] for trial in trials] == [0, 1, 2]
    assert trials[0] == {
        "number": 0,
        "state": "COMPLETE",
        "values": [0.5],
        "datetime_start": "2026-01-02T12:00:00",
        "datetime_complete": "2026-01-02T12:00:01.500000",
        "params": {"b": 0.25, "a": 3, "c": "u"},
        "distributions": {
            "b": {"name": "FloatDistribution", "attributes": {"step": None, "low": 0.0, "high": 1.0, "log": False}},
            "a": {"name": "IntDistribution", "attributes": {"log": False, "step": 1, "low": 1, "high": 9}},
            "c": {"name": "CategoricalDistribution", "attributes": {"choices": ["u", None]}},
        },
        "user_attrs": {"z": [1]},
        "system_attrs": {},
        "intermediate_values": {},
    }
    assert run("storage", "export", "-", "--format", "json", "--study-name", "empty").out == "[]\n"


def test_export_csv(run: Run, stored: str, tmp_path: Path) -> None:
    target = tmp_path / "trials.csv"
    assert run("storage", "export", str(target), "--format", "csv", "--study-name", "one").code == 0
    rows = list(csv.DictReader(io.StringIO(target.read_text())))
    assert [row["value"] for row in rows] == ["0.5", "-2.0", ""]
    assert [row["params_a"] for row in rows] == ["3", "4", ""]
    assert [row["state"] for row in rows] == ["COMPLETE", "COMPLETE", "FAIL"]


def test_export_of_the_only_study(run: Run, url: str) -> None:
    study = parzen.create_study(storage=url)
    study.ask()
    study.ask()
    assert len(json.loads(run("storage", "export", "-", "--format", "json").out)) == 2


@pytest.mark.parametrize("arguments", [["-"], ["copy.db", "--study-name", "one"]])
def test_a_copy_of_the_database_is_a_file_of_all_studies(run: Run, stored: str, arguments: list[str]) -> None:
    assert "--format" in refusal(run("storage", "export", *arguments))


@pytest.mark.parametrize("format", ["json", "csv"])
def test_export_of_trials_of_no_file_makes_none(run: Run, path: Path, format: str) -> None:
    assert "no file" in refusal(run("storage", "export", "-", "--format", format))
    assert not path.exists()
