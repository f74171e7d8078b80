"""The sub-commands ``parzen describe`` and ``parzen plan``."""

from __future__ import annotations

import json

import pytest

import parzen
from parzen.cli.entry import main

pytest.importorskip("click")
yaml = pytest.importorskip("yaml")


@pytest.fixture
def url(tmp_path):
    storage = f"sqlite:///{tmp_path / 's.db'}"
    study = parzen.create_study(storage=storage, study_name="my\nstudy", sampler=parzen.samplers.RandomSampler(seed=2))
    study.optimize(lambda trial: trial.suggest_float("l\nr", 1e-5, 1, log=True), n_trials=3)
    return storage


def test_describe(url, capsys):
    expected = parzen.describe(parzen.load_study(storage=url, study_name=None))
    for format, read in (("json", json.loads), ("yaml", yaml.safe_load)):
        assert main(["describe", "--storage", url, "--format", format]) == 0
        assert read(capsys.readouterr().out) == expected
    assert main(["describe", "--storage", url, "--study-name", "my\nstudy"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == r'name: "my\nstudy"'
    assert "  seed: 2" in lines
    assert r"  l\nr:" in lines
    assert "    log: true" in lines
    assert not any(line.endswith("null") for line in lines)


def test_describe_nothing(url, capsys):
    assert main(["describe", "--storage", url, "--study-name", "other"]) == 1
    assert "No study is named 'other'" in capsys.readouterr().err


def test_plan(capsys):
    words = ["plan", "--gpu-hours", "300", "--trial-hours", "1", "--steps", "81", "--workers", "4"]
    assert main(words) == 0
    text = capsys.readouterr().out
    assert main([*words, "-f", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == dict(parzen.planning.plan_optimization(300, 1, float("inf"), 4, 81))
    assert found["recommendation"] in text
    assert main(["plan", "--gpu-hours", "10", "--trial-hours", "1", "--search-space-size", "5", "-f", "yaml"]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["expected_rank"] == 1.0


def test_plan_refuses(capsys):
    assert main(["plan", "--gpu-hours", "-1", "--trial-hours", "1"]) == 1
    assert "`gpu_hours_budget` must be" in capsys.readouterr().err
    assert main(["plan", "--gpu-hours", "1"]) == 2


@pytest.mark.parametrize("command", [["describe"], ["report", "--output", "r.html"], ["watch", "--once"]])
def test_who_reads_makes_no_storage(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for named, said in (("sqlite:///none.db", "There is no file"), ("none.db", "Could not parse the storage URL")):
        assert main([*command, "--storage", named]) == 1
        assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
