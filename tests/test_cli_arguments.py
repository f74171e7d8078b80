"""What the `parzen` command takes: command lines as argparse reads them, and all that names a storage."""
# ruff: noqa: F811 - fixtures of `test_cli`

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from test_cli import Result, Run, refusal, run, stored, url  # noqa: F401

import parzen
from parzen.storages import JournalStorage
from parzen.storages.journal import JournalFileBackend

click = pytest.importorskip("click")

import parzen.cli.studies  # noqa: E402 - it imports click
import parzen.cli.trials  # noqa: E402
from parzen.cli.arguments import spell_out  # noqa: E402
from parzen.cli.declare import root  # noqa: E402


@pytest.mark.parametrize(
    ("written", "spelt"),
    [
        ("tell --val 1 -2 -q", "tell --values=1 --values=-2 -q"),
        ("tell --values 1 --values=2", "tell --values=2"),
        ("tell --values 1 2 --values 3 -.5", "tell --values=3 --values=-.5"),
        ("tell --stat fail --t 3 --skip", "tell --state=fail --trial-number=3 --skip-if-finished"),
        ("create-study --directions minimize maximize", "create-study --directions=minimize --directions=maximize"),
        ("create-study --direction minimize", "create-study --direction=minimize"),
        ("create-study --study=a=b", "create-study --study-name=a=b"),
        ("create-study --study-name= --deb", "create-study --study-name= --debug"),
        ("create-study --study-name -5", "create-study --study-name=-5"),
        ("studies -f=json", "studies --format=json"),
        ("studies -f json", "studies --format=json"),
        ("studies -vfjson", "studies -vfjson"),
        ("studies --nothing 1 - -- --stor x", "studies --nothing 1 - -- --stor x"),
        ("studies --nothing --he -f", "studies --help"),
        ("studies --flatten=1", "studies --flatten=1"),
    ],
)
def test_command_lines_are_spelt_out(written: str, spelt: str) -> None:
    name, *arguments = written.split()
    context = click.Context(root.commands[name], parent=click.Context(root))
    assert [name, *spell_out(context, arguments)] == spelt.split()


def test_a_flag_of_one_letter_takes_no_value() -> None:
    context = click.Context(root.commands["studies"], parent=click.Context(root))
    with pytest.raises(click.BadOptionUsage, match="-q / --quiet does not take a value"):
        spell_out(context, ["-q=1"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["-q", "--study", "one", "trials", "-f", "value"],
        ["--study-name", "one", "-q", "trials", "-f", "value"],
        ["-f", "value", "trials", "--study", "one"],
        ["trials", "-fvalue", "--study=one"],
    ],
)
def test_options_may_stand_before_the_sub_command(run: Run, stored: str, arguments: list[str]) -> None:
    assert run(*arguments) == run("trials", "--study-name", "one", "--format", "value")


def test_the_name_of_a_sub_command_may_be_a_value(run: Run) -> None:
    run("create-study", "--study-name", "ask")
    assert run("--study-name", "ask", "trials", "-f", "json") == Result(0, "[]\n", "")
    assert run("-k", "ask", "study", "--value", "tell", "set-user-attr", "--study-name", "ask", "-q").code == 0
    assert json.loads(run("studies", "-f", "json").out)[0]["user_attrs"] == {"ask": "tell"}


@pytest.mark.parametrize(
    ("arguments", "candidates"),
    [
        (["create-study", "--dir", "minimize"], ["--direction", "--directions"]),
        (["studies", "--stor", "x"], ["--storage", "--storage-class"]),
        (["tell", "--s"], ["--storage", "--study-name", "--state", "--skip-if-finished"]),
    ],
)
def test_an_ambiguous_beginning_names_the_options(run: Run, arguments: list[str], candidates: list[str]) -> None:
    result = run(*arguments)
    assert result.code == 2
    assert all(candidate in result.err for candidate in candidates)


@pytest.mark.parametrize("value", [[], ["--skip-if-exists"], ["-x"], ["-q"], ["--"], ["--dir"]])
def test_an_option_is_no_value(run: Run, value: list[str]) -> None:
    result = run("create-study", "--study-name", *value)
    assert (result.code, result.out) == (2, "")
    assert "--study-name" in result.err


def test_a_text_with_blanks_is_a_value(run: Run) -> None:
    assert run("create-study", "--study-name", "-a b").out == "-a b\n"


@pytest.mark.parametrize("arguments", [["-v"], ["--storage", "x"], ["--study-name", "ask"]])
def test_no_sub_command(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.code in (1, 2)
    assert "Error: " in result.err


# What names a storage


@pytest.fixture
def journal(tmp_path: Path) -> str:
    path = str(tmp_path / "study.log")
    parzen.create_study(storage=JournalStorage(JournalFileBackend(path)), study_name="kept")
    return path


def test_the_path_of_a_journal_that_is_there(run: Run, journal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("study-names", "--storage", journal).out == "kept\n"
    monkeypatch.setenv("PARZEN_STORAGE", journal)
    assert run("create-study", "--study-name", "new").code == 0
    assert run("study-names").out == "kept\nnew\n"


@pytest.mark.parametrize("command", [["trials", "--study-name", "s"], ["studies"], ["best-trial", "--study-name", "s"]])
def test_a_path_at_which_there_is_no_file_is_told_and_none_is_made(
    run: Run, tmp_path: Path, command: list[str]
) -> None:
    for options in ([], ["--storage-class", "JournalFileBackend"]):
        result = run(*command, "--storage", f"{tmp_path}/typo.log", *options)
        assert result.code != 0
        assert "There is no file" in result.err
    assert "me:pass" not in run(*command, "--storage", "mysql//me:pass@host/db").err
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_a_new_journal(run: Run, tmp_path: Path) -> None:
    (tmp_path / "new.log").touch()
    assert run("create-study", "--study-name", "s", "--storage", str(tmp_path / "new.log")).code == 0
    assert (tmp_path / "new.log").read_bytes().startswith(b"{")


@pytest.mark.parametrize("name", ["study.db", "a file.db", "is this one?.db", "100%.db", "study.log"])
@pytest.mark.parametrize("arguments", [[], ["--storage-class", "RDBStorage"]])
def test_the_path_of_a_sqlite_file_is_known_by_its_content(
    run: Run, stored: str, tmp_path: Path, name: str, arguments: list[str]
) -> None:
    path = tmp_path / "files" / name
    path.parent.mkdir()
    shutil.copy(stored.removeprefix("sqlite:///"), path)
    assert run("study-names", "--storage", str(path), *arguments).out.split() == ["one", "two", "empty"]
    assert run("create-study", "--study-name", "new", "--storage", str(path), *arguments).code == 0
    assert {file.name for file in path.parent.iterdir()} == {name}
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM studies").fetchone() == (4,)
    connection.close()


def test_maintenance_takes_the_path_of_a_sqlite_file(run: Run, stored: str) -> None:
    path = stored.removeprefix("sqlite:///")
    assert run("storage", "check", "--storage", path).out == "ok: 3 studies, 6 trials\n"
    assert "up-to-date" in run("storage", "upgrade", "--storage", path).err


@pytest.mark.parametrize("content", [b"Notes.\n", b"no line end", b"\x89PNG", b"[1]\n", b"SQLite format 2"])
@pytest.mark.parametrize("command", [["study-names"], ["create-study", "--study-name", "s"]])
def test_a_file_of_another_kind_is_left_as_it_is(run: Run, tmp_path: Path, content: bytes, command: list[str]) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    assert "other" in refusal(run(*command, "--storage", str(path)))
    assert path.read_bytes() == content


@pytest.mark.parametrize("storage_class", ["JournalFileBackend", "JournalFileStorage"])
@pytest.mark.filterwarnings("default")
def test_classes_of_journals_in_files(run: Run, tmp_path: Path, storage_class: str) -> None:
    place = ("--storage", str(tmp_path / "new.log"), "--storage-class", storage_class)
    result = run("create-study", "--study-name", "s", *place)
    assert (result.code, result.out) == (0, "s\n")
    assert ("deprecated" in result.err) == (storage_class == "JournalFileStorage")
    assert run("study-names", *place).out == "s\n"


@pytest.mark.parametrize("storage", ["redis://127.0.0.1:1", "rediss://127.0.0.1:1/0"])
@pytest.mark.parametrize("arguments", [[], ["--storage-class", "JournalRedisBackend"]])
def test_the_url_of_a_redis(run: Run, storage: str, arguments: list[str]) -> None:
    pytest.importorskip("redis")
    assert "Redis" in refusal(run("study-names", "--storage", storage, *arguments))


@pytest.mark.parametrize("storage", ["nothing.db", "foo://bar", ".", "", "/dev/null"])
def test_what_names_no_storage_is_answered_by_the_usage(run: Run, storage: str) -> None:
    result = run("studies", "--storage", storage)
    assert result.code == 1
    assert result.out.startswith("Usage: parzen studies ")
    assert result.err.startswith("[E ")
    assert "Usage" not in run("studies", "--storage", storage, "--debug").out


def test_only_databases_are_upgraded(run: Run, journal: str) -> None:
    assert journal in refusal(run("storage", "upgrade", "--storage", journal))
