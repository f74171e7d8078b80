"""Each kind of damage that `check` looks for, done to a whole file by plain SQL."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution
from parzen.storage.rdb.checking import check


def execute(path: Path, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(sql)


def found_in(path: Path) -> list[str]:
    return [str(finding) for finding in check(path).findings]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a study of a finished trial with everything (trial_id 1) and a running one (trial_id 2)."""
    path = tmp_path / "study.db"
    study = parzen.create_study(storage=f"sqlite:///{path}", study_name="s")
    space = {"x": FloatDistribution(0, 1), "c": CategoricalDistribution(["a", "b"])}
    for _ in range(2):
        trial = study.ask(space)
        trial.report(0.5, 3)
        trial.set_user_attr("k", 1)
    study.tell(0, 1.0)
    study.set_user_attr("k", 1)
    study._storage.remove_session()
    assert found_in(path) == []
    return path


TRIAL = "trial 0 of study 's' (trial_id 1)"
RUNNING = "trial 1 of study 's' (trial_id 2)"


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
            f"trial_params: {RUNNING}: the value 2.0 of parameter 'x' lies ",
        ),
        (
            "UPDATE trial_params SET param_value = 2 WHERE param_id = 4",
            f"trial_params: {RUNNING}: the value 2.0 of parameter 'c' lies ",
        ),
        (
            "UPDATE trial_params SET param_value = NULL WHERE param_id = 3",
            f"trial_params: {RUNNING}: the value None of parameter 'x' lies ",
        ),
    ],
)
def test_check_finds(path: Path, sql: str, expected: str) -> None:
    execute(path, sql)
    assert any(finding.startswith(expected) for finding in found_in(path)), found_in(path)


def test_check_finds_a_damaged_page(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'trial_params'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    assert found_in(path)[0].startswith("file: ")


def test_check_writes_nothing(path: Path) -> None:
    before = path.read_bytes()
    check(path)
    assert path.read_bytes() == before
