"""`parzen storage`: upgrade, check, vacuum and export, on real files, also while others write to them."""

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
from test_cli import Result, Run, finished, refusal, run, stored, url  # noqa: F401

import parzen
from parzen.cli import Session
from parzen.distributions import CategoricalDistribution, FloatDistribution
from parzen.storage.rdb.checking import check
from parzen.storage.rdb.maintenance import copy_file

pytest.importorskip("click")

OLD = Path(__file__).parent / "storage" / "old" / "optuna_2.10.1.sql"


@pytest.fixture
def path(url: str) -> Path:  # noqa: F811
    return Path(url.removeprefix("sqlite:///"))


def execute(path: Path, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(sql)


def content(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@contextlib.contextmanager
def a_writer(url: str) -> Iterator[None]:  # noqa: F811
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


def test_upgrade_prints_where_the_old_file_is(run: Run, path: Path) -> None:  # noqa: F811
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


def test_upgrade_of_no_file_makes_none(run: Run, path: Path) -> None:  # noqa: F811
    assert "no file" in refusal(run("storage", "upgrade"))
    assert not path.exists()


def test_upgrade_of_a_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setenv("PARZEN_STORAGE", "postgresql://host/studies")
    monkeypatch.setattr(Session, "open_storage", lambda self: None)
    assert "up-to-date" in run("storage", "upgrade").err

    def refuse(self: Session) -> None:
        raise RuntimeError("It is v3.0.0.d.")

    monkeypatch.setattr(Session, "open_storage", refuse)
    line = refusal(run("storage", "upgrade"))
    assert "v3.0.0.d" in line
    assert "optuna storage upgrade" in line


@pytest.mark.parametrize("command", [["upgrade"], ["check"], ["vacuum"], ["export", "copy.db"]])
@pytest.mark.parametrize("storage", ["sqlite://", "sqlite:///file:study.db?uri=true"])
def test_only_files(run: Run, command: list[str], storage: str) -> None:  # noqa: F811
    assert "SQLite file" in refusal(run("storage", *command, "--storage", storage))


@pytest.mark.parametrize("command", [["check"], ["vacuum"], ["export", "copy.db"]])
def test_no_file_and_a_foreign_one(run: Run, path: Path, command: list[str]) -> None:  # noqa: F811
    assert "no file" in refusal(run("storage", *command))
    execute(path, "CREATE TABLE shopping (item)")
    before = path.read_bytes()
    assert "shopping" in refusal(run("storage", *command))
    assert (path.read_bytes(), os.listdir(path.parent)) == (before, [path.name])


# --- check -----------------------------------------------------------------------------------------------------------


def test_check_of_a_whole_file(run: Run, stored: str) -> None:  # noqa: F811
    study = parzen.create_study(storage=stored, study_name="more")
    study.enqueue_trial({"x": 0.5})
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    for step, value in enumerate([1.0, float("inf"), float("-inf"), float("nan")]):
        trial.report(value, step)
    trial.set_user_attr("odd", [float("nan"), float("inf"), None])
    assert run("storage", "check") == Result(0, "ok: 4 studies, 7 trials\n", "")


def test_check_of_an_upgraded_file(run: Run, path: Path) -> None:  # noqa: F811
    execute(path, OLD.read_text(encoding="utf-8"))
    run("storage", "upgrade")
    assert run("storage", "check").out == "ok: 4 studies, 16 trials\n"


@pytest.fixture
def one(url: str, path: Path) -> Path:  # noqa: F811
    """Make a study of a finished trial with everything (trial_id 1) and a running one (trial_id 2)."""
    study = parzen.create_study(storage=url, study_name="s")
    space = {"x": FloatDistribution(0, 1), "c": CategoricalDistribution(["a", "b"])}
    for _ in range(2):
        trial = study.ask(space)
        trial.report(0.5, 3)
        trial.set_user_attr("k", 1)
    study.tell(0, 1.0)
    study.set_user_attr("k", 1)
    study._storage.remove_session()
    assert check(path).findings == []
    return path


TRIAL = "trial 0 of study 's' (trial_id 1)"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "DELETE FROM trials WHERE trial_id = 2",
            "trial_user_attributes: trial_id 2: row 2 belongs to nothing in trials",
        ),
        ("DELETE FROM trials WHERE trial_id = 2", "trial_params: trial_id 2: row 3 belongs to nothing in trials"),
        ("DELETE FROM studies", "study_directions: study_id 1: row 1 belongs to nothing in studies"),
        ("DELETE FROM studies", "trials: study_id 1: row 2 belongs to nothing in studies"),
        ("UPDATE trials SET study_id = NULL", "trials: study_id None: row 1 belongs to nothing in studies"),
        ("UPDATE trials SET number = 0", "trials: trial 0 of study 's' (trial_id 2): the number 0 is given twice"),
        (
            "UPDATE trials SET number = 2 WHERE trial_id = 2",
            "trials: trial 2 of study 's' (trial_id 2): the number is 2, but none is 1; expected no gaps",
        ),
        (
            "UPDATE trials SET number = number + 1",
            "trials: trial 1 of study 's' (trial_id 1): the number is 1, but none is 0; expected no gaps",
        ),
        (
            "UPDATE trials SET number = NULL WHERE trial_id = 1",
            "trials: trial None of study 's' (trial_id 1): the number is None; expected 0 or more",
        ),
        (
            "UPDATE trials SET number = -1 WHERE trial_id = 1",
            "trials: trial -1 of study 's' (trial_id 1): the number is -1; expected 0 or more",
        ),
        (
            "UPDATE trials SET state = 'DONE' WHERE trial_id = 1",
            f"trials: {TRIAL}: unknown state 'DONE'; expected one of ",
        ),
        (
            "UPDATE study_directions SET direction = 'UP'",
            "study_directions: study 's': unknown direction 'UP'; expected ",
        ),
        ("DELETE FROM study_directions", "study_directions: study 's': no direction"),
        (
            "UPDATE study_directions SET objective = 1",
            "study_directions: study 's': 1 directions for the objectives 1 to 1; expected 0 to 0",
        ),
        (
            "UPDATE trial_values SET value = NULL",
            f"trial_values: {TRIAL}: objective 0 is None of type 'FINITE'; expected ",
        ),
        (
            "UPDATE trial_values SET value = 9e999",
            f"trial_values: {TRIAL}: objective 0 is inf of type 'FINITE'; expected ",
        ),
        (
            "UPDATE trial_values SET value = 'a'",
            f"trial_values: {TRIAL}: objective 0 is 'a' of type 'FINITE'; expected ",
        ),
        (
            "UPDATE trial_values SET value_type = 'INF_POS'",
            f"trial_values: {TRIAL}: objective 0 is 1.0 of type 'INF_POS'; ",
        ),
        (
            "UPDATE trial_values SET value_type = 'NAN', value = NULL",
            f"trial_values: {TRIAL}: objective 0 is None of type 'NAN'; expected ",
        ),
        (
            "UPDATE trial_intermediate_values SET intermediate_value = NULL",
            f"trial_intermediate_values: {TRIAL}: step 3 is None of type 'FINITE'; expected ",
        ),
        (
            "UPDATE trial_intermediate_values SET intermediate_value_type = 'NAN'",
            f"trial_intermediate_values: {TRIAL}: step 3 is 0.5 of type 'NAN'; expected ",
        ),
        (
            "UPDATE trial_params SET distribution_json = '{' WHERE param_id = 1",
            f"trial_params: {TRIAL}: the distribution '{{' of parameter 'x' cannot be read (",
        ),
        (
            'UPDATE trial_params SET distribution_json = \'{"name": "Normal"}\' WHERE param_id = 1',
            f"trial_params: {TRIAL}: the distribution '{{\"name\": \"Normal\"}}' of parameter 'x' cannot be read (",
        ),
        (
            "UPDATE trial_params SET distribution_json = NULL WHERE param_id = 2",
            f"trial_params: {TRIAL}: the distribution None of parameter 'c' cannot be read (it is NULL)",
        ),
        (
            "UPDATE trial_user_attributes SET value_json = 'a'",
            f"trial_user_attributes: {TRIAL}: the value 'a' of 'k' is not JSON",
        ),
        (
            "UPDATE study_user_attributes SET value_json = NULL",
            "study_user_attributes: study 's': the value None of 'k' is not JSON",
        ),
        (
            "UPDATE trial_params SET param_value = 2 WHERE param_id = 3",
            "trial_params: trial 1 of study 's' (trial_id 2): the value 2.0 of parameter 'x' lies outside of Float",
        ),
        (
            "UPDATE trial_params SET param_value = 2 WHERE param_id = 4",
            "trial_params: trial 1 of study 's' (trial_id 2): the value 2.0 of parameter 'c' lies outside of Cate",
        ),
        (
            "UPDATE trial_params SET param_value = NULL WHERE param_id = 3",
            "trial_params: trial 1 of study 's' (trial_id 2): the value None of parameter 'x' lies outside of Float",
        ),
    ],
)
def test_check_finds(run: Run, one: Path, sql: str, expected: str) -> None:  # noqa: F811
    execute(one, sql)
    result = run("storage", "check")
    assert result.code == 1
    assert any(line.startswith(expected) for line in result.out.splitlines()), result.out
    assert f"{len(result.out.splitlines())} found" in result.err


def test_check_finds_a_damaged_page(run: Run, one: Path) -> None:  # noqa: F811
    with contextlib.closing(sqlite3.connect(one)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'trial_params'").fetchone()
    with one.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    result = run("storage", "check")
    assert result.code == 1
    assert result.out.startswith("file: ")


def test_check_writes_nothing(run: Run, one: Path) -> None:  # noqa: F811
    before = one.read_bytes()
    assert run("storage", "check").code == 0
    assert one.read_bytes() == before


def test_check_while_another_process_writes(run: Run, stored: str) -> None:  # noqa: F811
    with a_writer(stored):
        for _ in range(5):
            result = run("storage", "check")
            assert result.code == 0, result


# --- vacuum ----------------------------------------------------------------------------------------------------------


def test_vacuum_gives_space_back(run: Run, stored: str, path: Path) -> None:  # noqa: F811
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


def test_export_copies_the_whole_file(run: Run, stored: str, path: Path, tmp_path: Path) -> None:  # noqa: F811
    copy = tmp_path / "copy.db"
    assert run("storage", "export", str(copy)) == Result(0, "", "")
    assert content(copy) == content(path)
    assert not Path(f"{copy}-wal").exists()
    assert not list(tmp_path.glob("*.unfinished"))


def test_export_while_another_process_writes(run: Run, stored: str, tmp_path: Path) -> None:  # noqa: F811
    copy = tmp_path / "copy.db"
    with a_writer(stored):
        for _ in range(5):
            assert run("storage", "export", str(copy), "--force").code == 0
            report = check(copy)
            assert report.findings == []
    assert report.n_trials > 6


def test_a_copy_is_of_one_moment_however_many_steps_it_takes(stored: str, path: Path, tmp_path: Path) -> None:  # noqa: F811
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
def test_export_overwrites_only_by_force(run: Run, stored: str, tmp_path: Path, format: str) -> None:  # noqa: F811
    target = tmp_path / "target"
    target.write_text("precious")
    name = [] if format == "sqlite" else ["--study-name", "one"]
    assert "--force" in refusal(run("storage", "export", str(target), "--format", format, *name))
    assert target.read_text() == "precious"
    assert run("storage", "export", str(target), "--format", format, "--force", *name).code == 0
    assert target.read_bytes()[:8] != b"precious"


def test_export_onto_itself(run: Run, stored: str, path: Path) -> None:  # noqa: F811
    assert "itself" in refusal(run("storage", "export", str(path), "--force"))
    assert len(parzen.get_all_study_names(stored)) == 3


def test_export_to_a_folder_that_is_not_there(run: Run, stored: str, tmp_path: Path) -> None:  # noqa: F811
    refusal(run("storage", "export", str(tmp_path / "no" / "copy.db")))


def test_export_json(run: Run, stored: str) -> None:  # noqa: F811
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


def test_export_csv(run: Run, stored: str, tmp_path: Path) -> None:  # noqa: F811
    target = tmp_path / "trials.csv"
    assert run("storage", "export", str(target), "--format", "csv", "--study-name", "one").code == 0
    rows = list(csv.DictReader(io.StringIO(target.read_text())))
    assert [row["value"] for row in rows] == ["0.5", "-2.0", ""]
    assert [row["params_a"] for row in rows] == ["3", "4", ""]
    assert [row["state"] for row in rows] == ["COMPLETE", "COMPLETE", "FAIL"]


def test_export_of_the_only_study(run: Run, one: Path) -> None:  # noqa: F811
    assert len(json.loads(run("storage", "export", "-", "--format", "json").out)) == 2


@pytest.mark.parametrize("arguments", [["-"], ["copy.db", "--study-name", "one"]])
def test_a_copy_of_the_database_is_a_file_of_all_studies(run: Run, stored: str, arguments: list[str]) -> None:  # noqa: F811
    assert "--format" in refusal(run("storage", "export", *arguments))


@pytest.mark.parametrize("format", ["json", "csv"])
def test_export_of_trials_of_no_file_makes_none(run: Run, path: Path, format: str) -> None:  # noqa: F811
    assert "no file" in refusal(run("storage", "export", "-", "--format", format))
    assert not path.exists()
