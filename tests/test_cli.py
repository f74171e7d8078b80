"""The `parzen` command: every sub-command, every output format, its errors and its exit codes."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import parzen
from parzen.cli.entry import main
from parzen.cli.session import Session
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.trial import FrozenTrial, TrialState

pytest.importorskip("click")
yaml = pytest.importorskip("yaml")

SPACE = json.dumps(
    {
        "x": {"name": "FloatDistribution", "attributes": {"low": -1.0, "high": 1.0, "log": False, "step": None}},
        "layers": {"name": "IntDistribution", "attributes": {"low": 1, "high": 4, "log": False, "step": 1}},
        "kind": {"name": "CategoricalDistribution", "attributes": {"choices": ["a", None, True]}},
    }
)


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'study.db'}"


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process, on a storage named by the environment."""
    monkeypatch.setenv("PARZEN_STORAGE", url)
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)

    def call(*arguments: str) -> Result:
        capsys.readouterr()
        code = main(list(arguments))
        return Result(code, *capsys.readouterr())

    return call


def refusal(result: Result) -> str:
    """Give the one line in which a sub-command says why it failed."""
    assert result.code == 1
    assert result.out == ""
    *_, line = result.err.splitlines()
    assert line.startswith("[E ")
    assert "Traceback" not in result.err
    return line


def finished(
    number: int, values: Sequence[float] | None, state: TrialState = TrialState.COMPLETE, **content: Any
) -> FrozenTrial:
    """Make a trial that started at noon and took 1.5 seconds."""
    return FrozenTrial(
        number=number,
        trial_id=number,
        state=state,
        value=None,
        values=values,
        datetime_start=datetime(2026, 1, 2, 12, 0, 0),
        datetime_complete=datetime(2026, 1, 2, 12, 0, 1, 500000),
        params=content.get("params", {}),
        distributions=content.get("distributions", {}),
        user_attrs=content.get("user_attrs", {}),
        system_attrs={},
        intermediate_values={},
    )


@pytest.fixture
def stored(url: str) -> str:
    """Store a study of three trials, one of two objectives, and an empty one."""
    one = parzen.create_study(storage=url, study_name="one")
    space = {"b": FloatDistribution(0, 1), "a": IntDistribution(1, 9), "c": CategoricalDistribution(["u", None])}
    one.add_trial(finished(0, [0.5], params={"b": 0.25, "a": 3, "c": "u"}, distributions=space, user_attrs={"z": [1]}))
    one.add_trial(finished(1, [-2.0], params={"a": 4}, distributions={"a": space["a"]}, user_attrs={"k": "v"}))
    one.add_trial(finished(2, None, TrialState.FAIL))
    two = parzen.create_study(storage=url, study_name="two", directions=["minimize", "maximize"])
    for number, values in enumerate([[1.0, 1.0], [2.0, 2.0], [3.0, 0.0]]):
        two.add_trial(finished(number, values))
    parzen.create_study(storage=url, study_name="empty").set_user_attr("note", {"by": "me"})
    return url


# Studies


def test_create_study_prints_its_name_and_nothing_else_to_standard_output(run: Run, url: str) -> None:
    result = run("create-study", "--study-name", "s", "--direction", "maximize")
    assert (result.code, result.out) == (0, "s\n")
    assert result.err.startswith("[I ")
    study = parzen.load_study(study_name="s", storage=url)
    assert [direction.name for direction in study.directions] == ["MAXIMIZE"]


def test_create_study_with_several_directions(run: Run, url: str) -> None:
    assert run("create-study", "--directions", "minimize", "maximize", "--study-name", "s").code == 0
    study = parzen.load_study(study_name="s", storage=url)
    assert [direction.name for direction in study.directions] == ["MINIMIZE", "MAXIMIZE"]


def test_create_study_makes_a_name_up(run: Run, url: str) -> None:
    name = run("create-study").out.strip()
    assert parzen.get_all_study_names(url) == [name]


def test_create_study_twice(run: Run, url: str) -> None:
    run("create-study", "--study-name", "s")
    assert "'s'" in refusal(run("create-study", "--study-name", "s"))
    assert run("create-study", "--study-name", "s", "--skip-if-exists").out == "s\n"
    assert parzen.get_all_study_names(url) == ["s"]


def test_delete_study(run: Run, stored: str) -> None:
    assert run("delete-study", "--study-name", "two") == Result(0, "", "")
    assert parzen.get_all_study_names(stored) == ["one", "empty"]
    assert "'two'" in refusal(run("delete-study", "--study-name", "two"))
    assert "--study-name" in refusal(run("delete-study"))


def test_set_user_attr_keeps_text(run: Run, stored: str) -> None:
    assert run("study", "set-user-attr", "--study-name", "one", "-k", "epochs", "--value", "3").code == 0
    assert parzen.load_study(study_name="one", storage=stored).user_attrs == {"epochs": "3"}


def test_study_names(run: Run, stored: str) -> None:
    assert run("study-names").out == "one\ntwo\nempty\n"
    assert json.loads(run("study-names", "-f", "json").out) == [{"name": "one"}, {"name": "two"}, {"name": "empty"}]


def test_studies(run: Run, stored: str) -> None:
    assert run("studies").out.splitlines() == [
        "+-------+--------------------------+----------+---------------------+------------------------+",
        "| name  | direction                | n_trials | datetime_start      | user_attrs             |",
        "+-------+--------------------------+----------+---------------------+------------------------+",
        "| one   | ('MINIMIZE',)            |        3 | 2026-01-02 12:00:00 | {}                     |",
        "| two   | ('MINIMIZE', 'MAXIMIZE') |        3 | 2026-01-02 12:00:00 | {}                     |",
        "| empty | ('MINIMIZE',)            |        0 |                     | {'note': {'by': 'me'}} |",
        "+-------+--------------------------+----------+---------------------+------------------------+",
    ]
    two = json.loads(run("studies", "-f", "json", "--flatten").out)[1]
    assert two == {
        "name": "two",
        "direction_0": "MINIMIZE",
        "direction_1": "MAXIMIZE",
        "n_trials": 3,
        "datetime_start": "2026-01-02 12:00:00",
        "user_attrs": {},
    }


def test_a_new_storage_has_no_studies_and_no_list_makes_its_file(run: Run, tmp_path: Path) -> None:
    assert run("studies", "-f", "json").out == "[]\n"
    assert run("study-names").out == "\n"
    result = run("studies")
    assert "user_attrs" not in result.out
    assert "[W " in result.err
    assert f"There is no file {tmp_path}/study.db" in result.err
    journal = ("--storage", str(tmp_path / "none.log"), "--storage-class", "JournalFileBackend")
    assert "There is no file" in refusal(run("study-names", *journal))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("storage", [[], ["--storage", "none.log", "--storage-class", "JournalFileBackend"]])
@pytest.mark.parametrize(
    "command",
    [
        ["trials"],
        ["best-trial"],
        ["best-trials"],
        ["ask"],
        ["tell", "--trial-number", "0", "--values", "1"],
        ["study", "set-user-attr", "--key", "k", "--value", "v"],
        ["delete-study"],
        ["describe"],
    ],
)
def test_a_mistyped_file_is_said_and_not_made(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], storage: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "There is no file" in refusal(run(*command, "--study-name", "s", *storage))
    assert list(tmp_path.iterdir()) == []


# Trials


def test_trials_as_a_table(run: Run, stored: str) -> None:
    header, *rows = [line for line in run("trials", "--study-name", "one").out.splitlines() if line.startswith("|")]
    columns = ["number", "value", "datetime_start", "datetime_complete", "duration", "params", "user_attrs", "state"]
    assert [cell.strip() for cell in header.strip("|").split("|")] == columns
    assert (
        "|      0 |   0.5 | 2026-01-02 12:00:00 | 2026-01-02 12:00:01 | 0:00:01.500000 | {'a': 3, 'b': 0.25," in rows[0]
    )
    assert rows[2].startswith("|      2 |       |")


def test_trials_flattened(run: Run, stored: str) -> None:
    header, *rows = [line for line in run("trials", "--study-name", "one", "--flatten").out.splitlines() if "|" in line]
    nested = ["params_a", "params_b", "params_c", "user_attrs_k", "user_attrs_z"]
    assert [cell.strip() for cell in header.strip("|").split("|")][5:-1] == nested
    assert [cell.strip() for cell in rows[1].strip("|").split("|")][5:-1] == ["4", "", "", "v", ""]


def test_trials_as_json_yaml_and_values_say_the_same(run: Run, stored: str) -> None:
    rows = json.loads(run("trials", "--study-name", "one", "-f", "json").out)
    assert rows[0] == {
        "number": 0,
        "value": 0.5,
        "datetime_start": "2026-01-02 12:00:00",
        "datetime_complete": "2026-01-02 12:00:01",
        "duration": "0:00:01.500000",
        "params": {"a": 3, "b": 0.25, "c": "u"},
        "user_attrs": {"z": [1]},
        "state": "COMPLETE",
    }
    assert yaml.safe_load(run("trials", "--study-name", "one", "-f", "yaml").out) == rows
    lines = run("trials", "--study-name", "one", "-f", "value").out.splitlines()
    assert lines[1] == "1 -2.0 2026-01-02 12:00:00 2026-01-02 12:00:01 0:00:01.500000 {'a': 4} {'k': 'v'} COMPLETE"


def test_trials_of_several_objectives(run: Run, stored: str) -> None:
    rows = json.loads(run("trials", "--study-name", "two", "-f", "json").out)
    assert [row["values"] for row in rows] == [[1.0, 1.0], [2.0, 2.0], [3.0, 0.0]]
    flat = json.loads(run("trials", "--study-name", "two", "-f", "json", "--flatten").out)
    assert (flat[2]["values_0"], flat[2]["values_1"]) == (3.0, 0.0)
    best = json.loads(run("best-trials", "--study-name", "two", "-f", "json").out)
    assert [row["number"] for row in best] == [0, 1]


def test_metric_names_replace_positions(run: Run, stored: str) -> None:
    parzen.load_study(study_name="two", storage=stored).set_metric_names(["loss", "accuracy"])
    rows = json.loads(run("trials", "--study-name", "two", "-f", "json").out)
    assert rows[0]["values"] == {"loss": 1.0, "accuracy": 1.0}
    assert "values_accuracy" in run("trials", "--study-name", "two", "--flatten").out


def test_best_trial_is_one_row(run: Run, stored: str) -> None:
    best = json.loads(run("best-trial", "--study-name", "one", "-f", "json").out)
    assert (best["number"], best["value"], best["params"]) == (1, -2.0, {"a": 4})
    assert yaml.safe_load(run("best-trial", "--study-name", "one", "-f", "yaml").out) == best
    assert "multi-objective" in refusal(run("best-trial", "--study-name", "two"))
    refusal(run("best-trial", "--study-name", "empty"))


def test_a_study_without_trials_has_no_columns(run: Run, stored: str) -> None:
    assert run("trials", "--study-name", "empty", "-f", "json").out == "[]\n"
    assert run("trials", "--study-name", "empty").out == "+\n|\n+\n+\n"


# Ask and tell


def test_ask_then_tell(run: Run, url: str) -> None:
    run("create-study", "--study-name", "s")
    asked = json.loads(run("ask", "--study-name", "s", "--search-space", SPACE).out)
    assert asked["number"] == 0
    assert list(asked["params"]) == ["x", "layers", "kind"]
    assert run("tell", "--study-name", "s", "--trial-number", "0", "--values", "-0.5").out == ""
    trial = parzen.load_study(study_name="s", storage=url).trials[0]
    assert (trial.state, trial.values, trial.params) == (TrialState.COMPLETE, [-0.5], asked["params"])


def test_ask_flattened_and_in_every_format(run: Run) -> None:
    run("create-study", "--study-name", "s")
    ask = ("ask", "--study-name", "s", "--search-space", SPACE, "--flatten", "-f")
    assert list(json.loads(run(*ask, "json").out)) == ["number", "params_x", "params_layers", "params_kind"]
    assert set(yaml.safe_load(run(*ask, "yaml").out)) == {"number", "params_x", "params_layers", "params_kind"}
    assert run(*ask, "value").out.startswith("2 ")
    header = run(*ask, "table").out.splitlines()[1]
    assert header.split() == ["|", "number", "|", "params_x", "|", "params_layers", "|", "params_kind", "|"]


def test_ask_without_a_search_space(run: Run) -> None:
    run("create-study", "--study-name", "s")
    assert run("ask", "--study-name", "s").out == '{"number": 0, "params": {}}\n'


def test_ask_with_a_sampler_is_repeatable(run: Run) -> None:
    def first_parameters(study: str) -> dict[str, Any]:
        run("create-study", "--study-name", study)
        sampler = ("--sampler", "RandomSampler", "--sampler-kwargs", '{"seed": 7}')
        params: dict[str, Any] = json.loads(run("ask", "--study-name", study, *sampler, "--search-space", SPACE).out)
        return params

    assert first_parameters("s") == first_parameters("t")


def test_study_name_may_be_left_out_if_there_is_one_study(run: Run) -> None:
    run("create-study", "--study-name", "s")
    assert run("ask").out == '{"number": 0, "params": {}}\n'
    assert run("tell", "--trial-number", "0", "--values", "1").code == 0
    run("create-study", "--study-name", "t")
    refusal(run("ask"))


@pytest.mark.parametrize(
    ("arguments", "state", "values"),
    [
        (["--values", "-1.0", "2"], TrialState.COMPLETE, [-1.0, 2.0]),
        (["--values", "0.1", "-.2", "--state", "complete"], TrialState.COMPLETE, [0.1, -0.2]),
        (["--state", "complete", "--values", "-inf", "-1e-3"], TrialState.COMPLETE, [-float("inf"), -1e-3]),
        (["--values=9", "--val", "3", "4"], TrialState.COMPLETE, [3.0, 4.0]),
        (["--values", "9", "9", "9", "--values", "5", "6"], TrialState.COMPLETE, [5.0, 6.0]),
        (["--state", "pruned"], TrialState.PRUNED, None),
        (["--state", "fail"], TrialState.FAIL, None),
    ],
)
def test_tell_values_and_states(
    run: Run, url: str, arguments: list[str], state: TrialState, values: list[float] | None
) -> None:
    run("create-study", "--study-name", "s", "--directions", "minimize", "maximize")
    run("ask")
    result = run("tell", "--trial-number", "0", *arguments)
    assert result.code == 0, result.err
    trial = parzen.load_study(study_name="s", storage=url).trials[0]
    assert (trial.state, trial.values) == (state, values)


def test_tell_twice(run: Run, url: str) -> None:
    run("create-study", "--study-name", "s")
    run("ask")
    tell = ("tell", "--trial-number", "0", "--values", "1")
    assert run(*tell).code == 0
    assert "COMPLETE" in refusal(run(*tell))
    assert run("tell", "--trial-number", "0", "--values", "2", "--skip-if-finished").code == 0
    assert parzen.load_study(study_name="s", storage=url).trials[0].values == [1.0]


@pytest.mark.filterwarnings("default")
def test_values_that_do_not_fit_fail_the_trial_with_a_warning_of_one_line(run: Run, url: str) -> None:
    run("create-study", "--study-name", "s")
    run("ask")
    result = run("tell", "--trial-number", "0", "--values", "1", "2", "-q")
    assert result.code == 0
    assert result.err.startswith("[W ")
    assert result.err.count("\n") == 1
    assert parzen.load_study(study_name="s", storage=url).trials[0].state == TrialState.FAIL


# Errors


@pytest.mark.parametrize(
    "command",
    [
        ["trials", "--study-name", "nobody"],
        ["best-trial", "--study-name", "nobody"],
        ["best-trials", "--study-name", "nobody"],
        ["ask", "--study-name", "nobody"],
        ["tell", "--study-name", "nobody", "--trial-number", "0", "--values", "1"],
        ["study", "set-user-attr", "--study-name", "nobody", "--key", "k", "--value", "v"],
    ],
)
def test_an_unknown_study_is_named_with_a_remedy(run: Run, command: list[str]) -> None:
    run("create-study", "--study-name", "somebody")
    line = refusal(run(*command))
    assert "'nobody'" in line
    assert "study-names" in line


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--search-space", "{bad"], "--search-space"),
        (["--search-space", "[1]"], "--search-space"),
        (["--search-space", '{"x": 1}'], "'x'"),
        (["--search-space", '{"x": {"name": "Nothing", "attributes": {}}}'], "Nothing"),
        (["--sampler", "NoSampler"], "RandomSampler"),
        (["--sampler", "BaseSampler"], "RandomSampler"),
        (["--sampler", "RandomSampler", "--sampler-kwargs", '{"wrong": 1}'], "wrong"),
        (["--sampler", "RandomSampler", "--sampler-kwargs", "{bad"], "--sampler-kwargs"),
        (["--sampler-kwargs", "{}"], "--sampler"),
    ],
)
def test_ask_says_what_it_cannot_read(run: Run, url: str, arguments: list[str], reason: str) -> None:
    run("create-study", "--study-name", "s")
    assert reason in refusal(run("ask", *arguments))
    assert parzen.load_study(study_name="s", storage=url).trials == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--trial-number", "7", "--values", "1"],
        ["--trial-number", "-1", "--values", "1"],
        ["--trial-number", "0", "--state", "complete"],
        ["--trial-number", "0", "--state", "fail", "--values", "1"],
    ],
)
def test_tell_refuses(run: Run, arguments: list[str]) -> None:
    run("create-study", "--study-name", "s")
    run("ask")
    refusal(run("tell", *arguments))


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["study"],
        ["storage"],
        ["storage", "nothing"],
        ["trials"],
        ["studies", "extra"],
        ["studies", "-f", "xml"],
        ["studies", "--storage"],
        ["studies", "--storage-class", "Nothing"],
        ["studies", "-v", "-q"],
        ["-v", "studies", "-q"],
        ["create-study", "--direction", "up"],
        ["create-study", "--directions", "minimize", "up"],
        ["create-study", "--directions"],
        ["tell", "--trial-number", "x"],
        ["tell", "--trial-number", "0", "--values", "x"],
        ["tell", "--trial-number", "0", "--values", "--state", "fail"],
        ["study", "set-user-attr", "--study-name", "s"],
        ["demo", "--backend", "nothing"],
    ],
)
def test_wrong_usage_exits_with_2(run: Run, url: str, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert "Error: " in result.err
    assert not Path(url.removeprefix("sqlite:///")).exists()


def test_both_direction_and_directions(run: Run) -> None:
    refusal(run("create-study", "--direction", "minimize", "--directions", "minimize", "maximize"))


def test_no_storage(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARZEN_STORAGE")
    result = run("studies")
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert result.out.startswith("Usage: parzen studies ")
    assert "--storage" in result.err
    assert "PARZEN_STORAGE" in result.err


def test_a_storage_that_cannot_be_opened(run: Run) -> None:
    refusal(run("studies", "--storage", "sqlite:///no/such/folder/study.db"))


def test_a_journal_is_named_by_its_class(run: Run, tmp_path: Path) -> None:
    journal = ("--storage", str(tmp_path / "study.log"), "--storage-class", "JournalFileBackend")
    assert run("create-study", "--study-name", "kept", *journal).code == 0
    assert run("study-names", *journal).out.split() == ["kept"]
    assert run("studies", "--storage-class", "RDBStorage").code == 0


def test_foreign_files_are_left_as_they_are(run: Run, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("a file of notes, not a database\n" * 40)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE addresses (street TEXT)")
    connection.close()
    for path in (text, foreign):
        before = path.read_bytes()
        assert path.name in refusal(run("studies", "--storage", f"sqlite:///{path}"))
        assert path.read_bytes() == before


def test_a_traceback_only_with_debug(run: Run) -> None:
    assert run("trials", "--study-name", "nobody").err.count("\n") == 1
    for arguments in (["--debug", "trials"], ["trials", "--debug"]):
        result = run(*arguments, "--study-name", "nobody")
        assert result.code == 1
        assert "Traceback (most recent call last)" in result.err


# Global options


def test_storage_upgrade(run: Run, stored: str) -> None:
    result = run("storage", "upgrade")
    assert (result.code, result.out) == (0, "")
    assert "up-to-date" in result.err


def test_storage_upgrade_refuses_what_it_cannot_read(run: Run, stored: str) -> None:
    with sqlite3.connect(stored.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v9.0.0'")
    connection.close()
    assert "v9.0.0" in refusal(run("storage", "upgrade"))


def test_where_the_storage_is_named(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the sub-command wins over before it, that over PARZEN_STORAGE, that over OPTUNA_STORAGE."""
    urls = {name: f"sqlite:///{tmp_path / name}.db" for name in ("after", "before", "parzen", "optuna")}
    for name, url in urls.items():
        assert run("create-study", "--study-name", name, "--storage", url).code == 0
    monkeypatch.setenv("PARZEN_STORAGE", urls["parzen"])
    monkeypatch.setenv("OPTUNA_STORAGE", urls["optuna"])
    before, after = ["--storage", urls["before"]], ["--storage", urls["after"]]

    assert run(*before, "study-names", *after).out == "after\n"
    assert run(*before, "study-names").out == "before\n"
    assert run("study-names").out == "parzen\n"
    monkeypatch.setenv("PARZEN_STORAGE", "")
    assert run("study-names").out == "optuna\n"


def test_global_options_between_the_words_of_a_sub_command(run: Run, stored: str) -> None:
    attribute = ("set-user-attr", "--study-name", "one", "-k", "k", "--value", "v")
    assert run("study", "--storage", stored, *attribute, "-q") == Result(0, "", "")


def test_quiet_and_verbose(run: Run) -> None:
    assert run("create-study", "--study-name", "s", "-q") == Result(0, "s\n", "")
    assert run("-q", "ask").err == ""
    assert "Asked trial 1" in run("-v", "ask").err
    assert "Asked trial 2" in run("ask").err  # the level of one call does not outlive it


def test_levels_of_messages() -> None:
    levels = [Session(verbose=verbose, quiet=quiet).level for verbose, quiet in ((0, False), (2, False), (0, True))]
    assert levels == [logging.INFO, logging.DEBUG, logging.WARNING]


def test_log_file_gets_messages_and_errors(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "parzen.log"
    run("create-study", "--study-name", "s", "--log-file", str(log))
    run("--log-file", str(log), "trials", "--study-name", "nobody")
    run("ask")
    messages = log.read_text().splitlines()
    assert [line[:2] for line in messages] == ["[I", "[E"]
    refusal(run("studies", "--log-file", str(tmp_path / "no" / "folder.log")))


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], [], ["help"]])
def test_help_names_every_sub_command(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.code == 0
    for name in ("create-study", "delete-study", "study", "study-names", "studies", "trials", "best-trial"):
        assert re.search(rf"^  {name} ", result.out, re.MULTILINE)
    for name in ("best-trials", "storage", "ask", "tell", "demo", "warmup", "bench", "help"):
        assert re.search(rf"^  {name} ", result.out, re.MULTILINE)


def test_help_of_a_sub_command(run: Run) -> None:
    result = run("study", "set-user-attr", "--help")
    assert result.code == 0
    for option in ("--storage", "--storage-class", "--quiet", "--log-file", "--debug", "--study-name", "--key"):
        assert option in result.out


@pytest.mark.parametrize("arguments", [["--version"], ["ask", "--version"], ["study", "--version"]])
def test_version(run: Run, arguments: list[str]) -> None:
    assert run(*arguments) == Result(0, f"parzen {parzen.__version__}\n", "")


# The process


def start(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)


def test_entry_point(url: str) -> None:
    command = shutil.which("parzen", path=str(Path(sys.executable).parent)) or pytest.fail("no `parzen` is installed")
    result = start(command, "create-study", "--study-name", "s", OPTUNA_STORAGE=url, PARZEN_STORAGE="")
    assert (result.returncode, result.stdout) == (0, "s\n")
    result = start(command, "create-study", "--study-name", "s", OPTUNA_STORAGE=url, PARZEN_STORAGE="")
    assert (result.returncode, result.stdout) == (1, "")
    assert sorted(path.name for path in Path(url.removeprefix("sqlite:///")).parent.iterdir()) == ["study.db"]


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from parzen.cli import main; main(['--help'])\n"
        "heavy = {'numba', 'scipy', 'pandas', 'torch', 'sklearn', 'sqlalchemy', 'yaml', 'optuna', 'matplotlib'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)))"
    )
    result = start(sys.executable, "-c", program)
    assert result.stderr.strip() == ""
    assert result.stdout.startswith("Usage: parzen")


@pytest.mark.parametrize(
    ("missing", "arguments"),
    [("click", "['studies']"), ("yaml", "['studies', '-f', 'yaml', '--storage', 'sqlite://']")],
)
def test_a_missing_package_is_named_in_one_line(missing: str, arguments: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from parzen.cli import main; sys.exit(main({arguments}))"
    result = start(sys.executable, "-c", program)
    assert (result.returncode, result.stdout) == (1, "")
    assert 'pip install "parzen[cli]"' in result.stderr
    assert result.stderr.count("\n") == 1


def test_interrupt_exits_with_130_and_one_line(url: str) -> None:
    """A writer holds the database, so that the command waits; then comes the signal of Ctrl-C."""
    parzen.create_study(storage=url, study_name="s")
    path = url.removeprefix("sqlite:///")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    ready = Path(path).with_name("ready.log")
    program = "import sys; from parzen.cli import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["ask", "--storage", url, "--log-file", str(ready)]
    with subprocess.Popen([sys.executable, "-c", program, *arguments], stderr=subprocess.PIPE, text=True) as process:
        # The message that the study was found shows that the sub-command runs: reading needs no lock.
        while process.poll() is None and not (ready.exists() and ready.read_text()):
            time.sleep(0.02)
        # From there it is a short way to the lock. On that way modules are imported, and Python itself may swallow a
        # Ctrl-C, or make another error of it, in the middle of an import; so let it get there.
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        holder.rollback()
        assert process.stderr is not None
        *_, last = process.stderr.read().splitlines()
    holder.close()
    assert process.returncode == 130
    assert last.endswith("Interrupted.")


@pytest.mark.slow
def test_warmup_compiles_and_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("warmup")
    assert result.code == 0 and "ready" in result.err
    from parzen.engine.kernels import loading
    from parzen.samplers import rehearsals

    assert all(loading.is_ready(rehearsal) for rehearsal in rehearsals.REHEARSALS) and loading._stamp().exists()
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert "NumPy computes" in run("warmup").err


@pytest.mark.slow
def test_demo_runs_and_can_be_resumed(run: Run, url: str) -> None:
    pytest.importorskip("sklearn")
    for _ in range(2):
        assert run("demo", "--trials", "2", "--seed", "1").code == 0
    assert len(parzen.load_study(study_name="digits", storage=url).trials) == 4
