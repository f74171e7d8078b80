"""Rows that somebody edited or a disk changed: what is read all the same, what a check finds, what a repair mends."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sqlite3
from pathlib import Path

import pytest
from contract.storages import plain

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.exceptions import StorageInternalError
from parzen.samplers import RandomSampler
from parzen.storage.rdb.checking import check
from parzen.storage.rdb.repairing import repair

SPACE = {"x": FloatDistribution(0, 1), "n": IntDistribution(1, 9), "c": CategoricalDistribution(["a", "b"])}
DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a study of four trials with everything: complete, complete, pruned and running (trial_id 1 to 4)."""
    path = tmp_path_factory.mktemp("whole") / "study.db"
    study = parzen.create_study(storage=f"sqlite:///{path}", study_name="s", sampler=RandomSampler(seed=0))
    for number in range(4):
        trial = study.ask(SPACE)
        trial.report(0.5, 3)
        trial.set_user_attr("k", number)
        trial.set_constraint("c", -1.0)
        study._storage.set_trial_system_attr(trial._trial_id, "completed_rung_0", 0.5)
        if number < 3:
            pruned = number == 2
            study.tell(trial, None if pruned else 1.0, parzen.trial.TrialState.PRUNED if pruned else None)
    study.set_user_attr("k", 1)
    other = parzen.create_study(storage=study._storage, study_name="other", sampler=RandomSampler(seed=0))
    other.tell(other.ask(SPACE), 1.0)
    study._storage.remove_session()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    return path


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path / "study.db"))


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    parzen.logging.enable_propagation()
    caplog.set_level(logging.WARNING)
    return caplog


def change(path: Path, sql: str) -> None:
    """Run statements, even those that the columns' declarations forbid."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.create_function("deep", 0, lambda: DEEP)
        if "NULL" in sql:
            _loosen(connection)
        for statement in sql.split(";"):
            connection.execute(statement)
        connection.commit()


def _loosen(connection: sqlite3.Connection) -> None:
    """Take NOT NULL from the tables, as a database has them that was copied by other tools."""
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "UPDATE sqlite_master SET sql = replace(sql, 'DATETIME NOT NULL', 'DATETIME') WHERE name NOT LIKE 'sqlite%'"
    )
    for kind in ("VARCHAR(8)", "VARCHAR(7)", "VARCHAR(512)", "INTEGER"):
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name NOT LIKE 'sqlite%' AND type = 'table'",
            (f"{kind} NOT NULL", kind),
        )
    connection.execute("PRAGMA writable_schema = RESET")


def read(path: Path, name: str = "s") -> list[object]:
    return [plain(trial) for trial in parzen.load_study(study_name=name, storage=f"sqlite:///{path}").trials]


OF_A_TRIAL = [
    *(f"UPDATE trials SET state = {value} WHERE trial_id = 1" for value in ("'DONE'", "NULL", "7", "x'00'")),
    *(
        f"UPDATE trials SET {column} = {value} WHERE trial_id = 1"
        for column in ("datetime_start", "datetime_complete")
        for value in ("'yesterday'", "5", "1.5", "x'00'")
    ),
    *(
        f"UPDATE trial_{kind}_attributes SET {what} WHERE trial_id = 1"
        for kind in ("user", "system")
        for what in ("value_json = 'a'", "value_json = NULL", "value_json = x'ff'", "value_json = ''",
                     "value_json = deep()")
    ),
    "UPDATE trial_user_attributes SET \"key\" = x'00' WHERE trial_id = 1",
    'UPDATE trial_user_attributes SET "key" = NULL WHERE trial_id = 1',
    "UPDATE trial_system_attributes SET \"key\" = x'00' WHERE trial_id = 1 AND \"key\" = 'completed_rung_0'",
    *(
        f"UPDATE trial_params SET {what} WHERE trial_id = 1 AND param_name = '{name}'"
        for name, what in (
            ("x", "param_value = 'a'"),
            ("x", "param_value = x'00'"),
            ("c", "param_value = 2"),
            ("c", "param_value = -1"),
            ("c", "param_value = 9e999"),
            ("n", "param_value = 9e999"),
            ("x", "distribution_json = '{'"),
            ("x", "distribution_json = NULL"),
            ("x", "distribution_json = '[]'"),
            ("x", "distribution_json = '7'"),
            ("x", "distribution_json = deep()"),
            ("x", "distribution_json = x'00'"),
            ("x", 'distribution_json = \'{"name": "NormalDistribution", "attributes": {}}\''),
            ("x", 'distribution_json = \'{"name": "FloatDistribution", "attributes": {"low": 2, "high": 1}}\''),
            ("x", 'distribution_json = \'{"name": "FloatDistribution", "attributes": {"low": "a", "high": 1}}\''),
            ("x", 'distribution_json = \'{"name": "FloatDistribution", "attributes": null}\''),
            ("c", 'distribution_json = \'{"name": "CategoricalDistribution", "attributes": {"choices": []}}\''),
            ("x", "param_name = x'00'"),
            ("x", "param_name = NULL"),
        )
    ),
    *(
        f"UPDATE trial_values SET {what} WHERE trial_id = 1"
        for what in ("value = NULL", "value = 'a'", "value = x'00'", "value_type = 'ODD', value = NULL",
                     "value_type = NULL, value = NULL", "value_type = 'NAN', value = NULL")
    ),
    "DELETE FROM trial_values WHERE trial_id = 1",
    "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (1, 1, 1.0, 'FINITE')",
    "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (3, 1, 1.0, 'FINITE')",
    *(
        f"UPDATE trial_intermediate_values SET {what} WHERE trial_id = 1"
        for what in ("step = NULL", "step = 'a'", "step = 1.5", "step = x'00'", "intermediate_value = 'a'",
                     "intermediate_value = x'00'", "intermediate_value_type = 'ODD', intermediate_value = NULL",
                     "intermediate_value_type = 'FINITE', intermediate_value = NULL")
    ),
    *(
        f"INSERT INTO trial_system_attributes (trial_id, \"key\", value_json) VALUES (1, '{key}', '{value}')"
        for key, value in (("fixed_params", "7"), ("constraints", "7"), ("constraints", '["a"]'),
                           ("completed_rung_1", '"a"'), ("completed_rung_1", "{}"))
    ),
    "UPDATE trials SET number = NULL WHERE trial_id = 1",
    "UPDATE trials SET number = 'a' WHERE trial_id = 1",
    "UPDATE trials SET number = x'00' WHERE trial_id = 1",
    "UPDATE trials SET number = -1 WHERE trial_id = 1",
    "UPDATE trials SET number = 1 WHERE trial_id = 1",
    "UPDATE trials SET number = 1000000000000 WHERE trial_id = 1",
    "UPDATE trials SET study_id = NULL WHERE trial_id = 1",
    "DELETE FROM trials WHERE trial_id = 1",
]  # fmt: skip


@pytest.mark.parametrize("sql", OF_A_TRIAL)
def test_one_bad_row_costs_one_trial_and_is_found_and_mended(
    whole: Path, path: Path, sql: str, told: pytest.LogCaptureFixture
) -> None:
    before, other = read(whole), read(whole, "other")
    change(path, sql)
    told.clear()
    number = 2 if "(3," in sql else 0
    found = read(path)
    assert [trial for n, trial in enumerate(found) if n != number] == [t for n, t in enumerate(before) if n != number]
    assert read(path, "other") == other
    assert "check --storage URL" in told.text
    study = parzen.load_study(study_name="s", storage=f"sqlite:///{path}", sampler=RandomSampler())
    study.tell(study.ask(), 1.0)
    study._storage.remove_session()

    assert check(path).findings
    kept = path.read_bytes()
    copy, report = repair(path)
    assert copy.name == "study.db.damaged.bak"
    assert len(kept) == len(copy.read_bytes())
    assert report.findings == check(path).findings == []
    told.clear()
    mended = read(path)
    assert not told.text
    assert read(path, "other") == other
    if "study_id = NULL" not in sql and "DELETE FROM trials" not in sql:
        assert [trial for n, trial in enumerate(mended[:4]) if n != number] == [
            trial for n, trial in enumerate(before) if n != number
        ]


def test_a_text_that_is_no_utf8_does_no_harm_and_is_found(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE trial_user_attributes SET value_json = CAST(x'22ff22' AS TEXT) WHERE trial_id = 1")
        connection.execute("UPDATE trial_user_attributes SET \"key\" = CAST(x'ff' AS TEXT) WHERE trial_id = 2")
        connection.commit()
    assert len(read(path)) == 4
    assert len(check(path).findings) >= 2
    assert repair(path)[1].findings == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE study_directions SET direction = 'UP' WHERE study_id = 1",
        "DELETE FROM study_directions WHERE study_id = 1",
        "UPDATE studies SET study_name = x'00' WHERE study_id = 1",
        "UPDATE studies SET study_name = NULL WHERE study_id = 1",
    ],
)
def test_a_bad_study_is_told_of_and_the_others_are_read(path: Path, sql: str, told: pytest.LogCaptureFixture) -> None:
    change(path, sql)
    told.clear()
    assert parzen.get_all_study_names(f"sqlite:///{path}") == ["other"]
    assert "is left out" in told.text
    assert len(read(path, "other")) == 1
    findings = check(path).findings
    assert findings
    assert repair(path)[1].findings  # nobody but the user knows a direction or a name


@pytest.mark.parametrize("what", ["value_json = 'a'", "value_json = NULL", "\"key\" = x'00'", "value_json = deep()"])
@pytest.mark.parametrize("kind", ["user", "system"])
def test_a_bad_attribute_of_a_study_is_left_out(path: Path, what: str, kind: str) -> None:
    sql = f"INSERT INTO study_{kind}_attributes (study_id, \"key\", value_json) VALUES (1, 'bad', '1')"
    change(path, f"{sql}; UPDATE study_{kind}_attributes SET {what} WHERE \"key\" = 'bad'")
    study = parzen.load_study(study_name="s", storage=f"sqlite:///{path}")
    assert study.user_attrs == {"k": 1}
    assert len(study.trials) == 4
    assert len(check(path).findings) == 1
    assert repair(path)[1].findings == []
    assert study.user_attrs == {"k": 1}


def test_numbers_with_a_gap_are_told_of_and_mended(path: Path, told: pytest.LogCaptureFixture) -> None:
    change(path, "UPDATE trials SET number = 7 WHERE trial_id = 4")
    told.clear()
    assert len(read(path)) == 8
    assert "has the number 7, but none has 3" in told.text
    assert repair(path)[1].findings == []
    assert len(read(path)) == 4


def test_a_file_that_is_damaged_beyond_its_rows_is_left_alone(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(8 * 1024)
        file.write(b"\xff" * 20 * 1024)
    before = path.read_bytes()
    with pytest.raises(StorageInternalError, match="damaged"):
        repair(path)
    assert path.read_bytes() == before


def test_what_is_nested_too_deeply_is_refused_before_it_is_stored(path: Path) -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    study = parzen.load_study(study_name="s", storage=f"sqlite:///{path}", sampler=RandomSampler())
    with pytest.raises(TypeError, match="nested too deeply"):
        study._storage.set_trial_user_attr(study.ask()._trial_id, "deep", deep)
    assert all("deep" not in trial.user_attrs for trial in study.trials)
    while deep:  # to free it in one go takes as deep a recursion
        deep = deep.pop()  # type: ignore[assignment]
