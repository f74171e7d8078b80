"""The file: what stands in it, what is escaped, how large it is, and that it is written whole or not at all."""

from __future__ import annotations

import base64
import json
import math
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.analysis.report.columns import columns_of
from parzen.analysis.report.findings import findings_of, lanes
from parzen.analysis.report.packing import MOST_TRIALS, as_script_json, packed, payload, shown_rows
from parzen.analysis.report.verdict import Verdict
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.visualization import report

NASTY = '</script><b>&"'
SPACE = {"x": FloatDistribution(0, 1), "k": IntDistribution(1, 8), NASTY: CategoricalDistribution([NASTY, "b", None])}


def a_study(n: int = 30, m: int = 1, name: str = NASTY) -> parzen.Study:
    """Make a study whose names, choices, attributes and errors are HTML, with trials of all states."""
    study = parzen.create_study(study_name=name, directions=["minimize", "maximize"][:m])
    study.set_user_attr(NASTY, NASTY)
    study.set_metric_names([f"{NASTY}{j}" for j in range(m)])
    states = [1, 1, 1, 2, 3, 1, 1, 1, 1, 1]
    for i in range(n):
        state = parzen.trial.TrialState(states[i % 10])
        u = i * 0.618034 % 1.0
        study.add_trial(
            parzen.create_trial(
                state=state,
                values=[(u - 0.3) ** 2 + j for j in range(m)] if state == 1 else None,
                params={"x": u, "k": 1 + i % 8, NASTY: [NASTY, "b", None][i % 3]},
                distributions=SPACE,
                user_attrs={"error": NASTY} if state == 3 else {NASTY: NASTY},
                intermediate_values={1: u, 3: u / 2},
            )
        )
    study.add_trial(parzen.create_trial(state=parzen.trial.TrialState.RUNNING))
    study.enqueue_trial({"misspelt": NASTY})
    return study


class Page(HTMLParser):
    """What a browser finds: texts of elements, and the scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "script" and self.lasttag == "script" and not self.scripts[-1][1]:
            self.scripts[-1] = (self.scripts[-1][0], data)
        self.texts.append(data)


def written(study: Any, tmp_path: Path) -> str:
    return report(study, tmp_path / "report.html").read_text(encoding="utf-8")


def data_of(text: str) -> Any:
    return json.loads(Page(text).scripts[0][1])


def unpacked(column: dict[str, str]) -> Any:
    kinds = {"i8": "<i1", "i16": "<i2", "i32": "<i4", "f32": "<f4", "f64": "<f8"}
    return np.frombuffer(base64.b64decode(column["d"]), dtype=kinds[column["t"]])


# --- what stands in it -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("m", [1, 2])
def test_names_and_values_are_escaped(m: int, tmp_path: Path) -> None:
    text = written(a_study(m=m), tmp_path)
    page = Page(text)
    assert "b" not in page.tags
    assert len(page.scripts) == 2, "the columns and our script, nothing else"
    assert text.count("</script>") == 2
    assert NASTY in page.texts, "the study's name"
    assert any(NASTY in one for one in page.texts[page.texts.index("Alerts") :]), "an error's text, and the table"
    assert f"Attribute {NASTY}" in page.texts
    raw = data_of(text)["studies"][0]
    assert raw["name"] == NASTY
    assert raw["params"][2]["labels"] == [NASTY, "b", "None"]
    assert raw["errors"]["labels"] == [NASTY]


def test_nothing_is_fetched(tmp_path: Path) -> None:
    page = Page(written(a_study(), tmp_path))
    addresses = [value for _, name, value in page.attributes if name in ("src", "href")]
    assert addresses == ["data:,"]
    assert "default-src 'none'" in next(v for _, n, v in page.attributes if n == "content" and v and "default-src" in v)


def test_without_a_script_there_are_verdict_alerts_and_the_head_of_the_table(tmp_path: Path) -> None:
    text = re.sub(r"<script.*?</script>", "", written(a_study(100), tmp_path), flags=re.DOTALL)
    page = Page(text)
    said = "\n".join(page.texts)
    best = a_study(100).best_trial
    assert f"Trial {best.number} is the best of 102" in said
    assert "trials failed" in said
    assert "never asked for" not in said, "a trial that waits may still ask"
    assert page.tags.count("tr") > 20
    assert "The best 20 of 102." in said


def test_the_lines_of_python_ask_for_the_best_trial_again() -> None:
    from parzen.analysis.report.writing import section_of

    study = a_study()
    code = section_of(study).verdict.code
    found: dict[str, Any] = {}
    exec(code.split("value =")[0], found)
    assert found["params"] == study.best_params
    compile(code, "report", "exec")


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_trials(n: int, tmp_path: Path) -> None:
    study = parzen.create_study(study_name="s")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=n)
    text = written(study, tmp_path)
    assert (f"is the best of {n}" if n else "The study has no trials.") in text
    assert data_of(text)["studies"][0]["total"] == n


def test_values_that_are_no_numbers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING", "parzen"):  # workers of pytest cannot send a log that is no text
        study = parzen.create_study(study_name="lone \ud800 surrogate")
    for value in (math.inf, -math.inf, 1.0, 1e308, 5e-324):
        study.add_trial(parzen.create_trial(value=value, params={"x": 0.5}, distributions={"x": SPACE["x"]}))
    study.add_trial(parzen.create_trial(state=parzen.trial.TrialState.FAIL, intermediate_values={0: math.nan}))
    raw = data_of(written(study, tmp_path))["studies"][0]
    np.testing.assert_array_equal(unpacked(raw["values"][0]), study.history.values[:, 0])


def test_several_studies_stand_side_by_side(tmp_path: Path) -> None:
    text = written([a_study(name="one"), a_study(name="two"), a_study(name="three", m=2)], tmp_path)
    assert [raw["name"] for raw in data_of(text)["studies"]] == ["one", "two", "three"]
    page = Page(text)
    assert [value for _, name, value in page.attributes if name == "data-study"] == ["0", "1", "2"]
    assert "Side by side" in page.texts


def test_passwords_stay_out(tmp_path: Path) -> None:
    class Storage(parzen.storages.InMemoryStorage):
        url = "mysql://me:hunter2@host/db"

    study = parzen.create_study(storage=Storage())
    text = written(study, tmp_path)
    assert "hunter2" not in text
    assert "mysql://me:REDACTED@host/db" in text


# --- columns ---------------------------------------------------------------------------------------------------------


def test_columns_are_the_study(tmp_path: Path) -> None:
    study = a_study()
    raw = data_of(written(study, tmp_path))["studies"][0]
    trials = study.trials
    assert unpacked(raw["state"]).tolist() == [int(trial.state) for trial in trials]
    space = unpacked(raw["space"])
    for param in raw["params"]:
        has = [i for i in range(len(trials)) if space[i] in param["spaces"]]
        assert has == [t.number for t in trials if param["name"] in t.params]
        values = unpacked(param["values"])
        shown = [param["labels"][int(v)] for v in values] if param["labels"] else values.tolist()
        expected = [trials[i].params[param["name"]] for i in has]
        assert shown == ([str(v) for v in expected] if param["labels"] else expected)
    curves = raw["curves"]
    assert unpacked(curves["lengths"]).tolist() == [2] * 30
    assert unpacked(curves["values"]).tolist() == [v for t in trials for v in t.intermediate_values.values()]


@given(st.lists(st.one_of(st.floats(), st.integers(-(2**40), 2**40).map(float)), max_size=20))
@settings(max_examples=100)
def test_packing_loses_nothing(values: list[float]) -> None:
    column = np.array(values, dtype=float)
    found = unpacked(packed(column)).astype(float)
    np.testing.assert_array_equal(found, column)
    np.testing.assert_array_equal(np.signbit(found[found == 0]), np.signbit(column[column == 0]))


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10))
@settings(max_examples=50)
def test_json_cannot_leave_its_script(value: Any) -> None:
    text = as_script_json({"a": value, "b": NASTY})
    assert not set("<>&") & set(text)
    assert text.isascii()
    assert json.loads(text) == {"a": value, "b": NASTY}


def test_a_choice_counts_by_its_value_when_choices_change() -> None:
    study = parzen.create_study()
    for choices, chosen in ((["a", "b"], "b"), (["b", "c"], "b"), (["b", "c"], "c"), (["a", "b"], "a")):
        study.add_trial(
            parzen.create_trial(value=1.0, params={"c": chosen}, distributions={"c": CategoricalDistribution(choices)})
        )
    (param,) = columns_of(study).params
    assert [param.labels[int(code)] for code in param.values] == ["b", "b", "c", "a"]
    assert param.has_moved


def large(n: int) -> parzen.Study:
    """Make a study of n trials with 8 parameters, some conditional, and learning curves."""
    rng = np.random.default_rng(0)
    study = parzen.create_study(study_name="large")
    space: dict[str, Any] = {f"x{i}": FloatDistribution(0, 1) for i in range(6)}
    trials = []
    for i in range(n):
        own = space if i % 2 else {**space, "deep": FloatDistribution(0, 1)}
        params = {name: float(rng.random()) for name in own}
        trials.append(
            parzen.create_trial(
                value=float(rng.random()), params=params, distributions=own,
                intermediate_values={k: float(rng.random()) for k in range(5)} if i % 4 == 0 else {},
            )
        )  # fmt: skip
    study.add_trials(trials)
    return study


def n_stored(study: parzen.Study) -> int:
    """Count the stored values: number, state, two times, objective, parameters, steps and reports of each trial."""
    return sum(5 + len(t.params) + 2 * len(t.intermediate_values) for t in study.get_trials(deepcopy=False))


@pytest.mark.parametrize("n", [100, pytest.param(20_000, marks=pytest.mark.slow)])
def test_size(n: int, tmp_path: Path) -> None:
    study = large(n)
    path = report(study, tmp_path / "r.html")
    assert path.stat().st_size <= 300_000 + 10 * n_stored(study)


def test_beyond_the_most_the_best_are_kept() -> None:
    n = MOST_TRIALS + 5000
    study = parzen.create_study()
    rng = np.random.default_rng(0)
    study.add_trials([parzen.create_trial(value=float(v)) for v in rng.random(n)])
    columns = columns_of(study)
    rows = shown_rows(columns)
    assert MOST_TRIALS <= len(rows) <= MOST_TRIALS + 1
    assert set(np.argsort(columns.losses)[:1000].tolist()) <= set(rows.tolist())
    raw = payload(columns, findings_of(study, columns), Verdict("", ()), [], {})
    assert (raw["total"], len(unpacked(raw["numbers"]))) == (n, len(rows))


def test_lanes_are_those_of_workers() -> None:
    columns = columns_of(a_study(4))
    start, end = np.array([0, 0, 10, 12, 0, 0]), np.array([10, 30, 20, 30, 0, 0])
    from dataclasses import replace

    from parzen.engine.history.trial_columns import NO_TIME

    start[4:], end[4:] = NO_TIME, NO_TIME
    found = lanes(replace(columns, start=start, end=end))
    assert found.lane.tolist() == [0, 1, 0, 2, -1, -1]
    assert found.n_lanes == 3
    assert found.idle == pytest.approx(1 - (10 + 30 + 10 + 18) / 90)


# --- writing ---------------------------------------------------------------------------------------------------------


def test_a_report_is_replaced_and_another_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    first = written(a_study(name="one"), tmp_path)
    assert written(a_study(name="two"), tmp_path) != first
    other = tmp_path / "study.db"
    other.write_text("mine")
    with pytest.raises(FileExistsError, match=r"study\.db is there already, and no report"):
        report(a_study(), other)
    assert other.read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name, other.name]


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="report cannot be written to"):
        report(a_study(), tmp_path / "missing" / "report.html")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        report(a_study(), tmp_path)
    with pytest.raises(ValueError, match="Expected a study or several, but got none"):
        report([], tmp_path / "r.html")
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = written(a_study(name="one"), tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        report(a_study(name="two"), tmp_path / "report.html")
    assert [p.read_text() for p in tmp_path.iterdir()] == [before]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from parzen.cli import main

    url, path = f"sqlite:///{tmp_path / 'study.db'}", tmp_path / "r.html"
    for name in ("A", "B"):
        study = parzen.create_study(storage=url, study_name=name)
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    assert main(["report", "A", "B", "--storage", url, "--output", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert [raw["name"] for raw in data_of(path.read_text())["studies"]] == ["A", "B"]
    assert main(["report", "--storage", url, "--study-name", "B", "-o", str(path)]) == 0
    assert [raw["name"] for raw in data_of(path.read_text())["studies"]] == ["B"]
    assert main(["report", "C", "--storage", url, "-o", str(path)]) == 1
    assert main(["report", "A", "--storage", url, "-o", str(tmp_path / "study.db")]) == 1
    assert "it is left alone" in capsys.readouterr().err
    assert parzen.load_study(study_name="A", storage=url).trials
