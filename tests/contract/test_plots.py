"""What every plot must do, in both backends."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from contract.plots import NASTY, PLOTS, Plot, study_of

import parzen
from parzen.analysis.visualization import by_matplotlib, by_plotly
from parzen.analysis.visualization.picture import Picture
from parzen.engine.history import History

pytest.importorskip("plotly.graph_objects")
matplotlib = pytest.importorskip("matplotlib")
pyplot = pytest.importorskip("matplotlib.pyplot")
pytestmark = pytest.mark.filterwarnings("ignore:Glyph", "ignore:The number of trials is too small")

names = pytest.mark.parametrize("name", PLOTS)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    level = parzen.logging.get_verbosity()
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    matplotlib.use("Agg")
    yield
    pyplot.close("all")
    parzen.logging.set_verbosity(level)


def computed(plot: Plot, study: Any) -> Picture:
    params = sorted({name for trial in study.trials for name in trial.params})[: plot.n_params]
    more = {"params": params} if plot.n_params and params else {}
    found = plot.compute(study, *plot.arguments, **more)
    assert isinstance(found, Picture)
    return found


def drawn_by_both(picture: Picture) -> tuple[Any, Any]:
    figure, axes = by_plotly.draw(picture), by_matplotlib.draw(picture)
    first = np.ravel(axes)[0]
    if first.figure.axes:
        first.figure.draw_without_rendering()
    return figure, first.figure


def test_all_plots_are_here() -> None:
    for module in (parzen.visualization, parzen.visualization.matplotlib):
        assert {f"plot_{name}" for name in PLOTS} == {name for name in module.__all__ if name.startswith("plot_")}


@names
@pytest.mark.parametrize("n", [0, 1])
def test_studies_small_and_empty(name: str, n: int) -> None:
    if name == "param_importances" and n:
        pytest.importorskip("parzen.importance")
    picture = computed(PLOTS[name], study_of(n, PLOTS[name].n_objectives))
    figure, page = drawn_by_both(picture)
    assert figure.layout.title.text == picture.title and picture.note == ""
    titles = [page.get_suptitle(), *(ax.get_title() for ax in page.axes)]
    assert picture.title in titles


@names
def test_both_backends_show_one_record(name: str) -> None:
    """Neither computes: they are given the record alone, here of trials in all states, and leave it as it is."""
    if name == "param_importances":
        pytest.importorskip("parzen.importance")
    picture = computed(PLOTS[name], study_of(20, PLOTS[name].n_objectives, broken=True))
    before = dataclasses.asdict(picture)
    drawn_by_both(picture)
    np.testing.assert_equal(dataclasses.asdict(picture), before)


@names
def test_strange_names_are_text(name: str) -> None:
    if name == "param_importances":
        pytest.importorskip("parzen.importance")
    study = study_of(12, PLOTS[name].n_objectives, nasty=True)
    figure, page = drawn_by_both(computed(PLOTS[name], study))
    text = json.dumps(json.loads(figure.to_json())["data"]) + json.dumps(
        json.loads(figure.to_json())["layout"]["title"]
    )
    assert "</script>" not in figure.to_json() and "<b>" not in text
    for shown in page.findobj(matplotlib.text.Text):
        if "script" in shown.get_text():
            assert "$" not in shown.get_text().replace("\\$", "")
    if name in ("slice", "contour", "rank"):
        assert any("&lt;/script&gt;" in title for title in map(str, figure.select_xaxes()))
        assert any(NASTY.replace("$", "\\$") in ax.get_xlabel() for ax in page.axes)


@names
def test_no_walk_over_records(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if PLOTS[name].walks:
        pytest.skip("evaluators are given records")
    study, plot = study_of(12, PLOTS[name].n_objectives), PLOTS[name]._replace(n_params=None)

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("a record was asked for")

    for method in ("record", "copy_record", "records"):
        monkeypatch.setattr(History, method, refuse)
    plot.compute(study, *plot.arguments)


@pytest.mark.slow  # it makes and draws many trials
@names
def test_many_trials_are_thinned_and_said_to_be(name: str) -> None:
    if name == "param_importances":
        pytest.importorskip("parzen.importance")
    study = many(PLOTS[name].n_objectives)
    picture = computed(PLOTS[name], study)
    figure = by_plotly.draw(picture)
    assert len(figure.to_json()) < 5_000_000
    if name in ("edf", "param_importances"):
        assert picture.note == ""
    else:
        assert "of 2,500" in picture.note or "of 1,250 curves" in picture.note or name == "intermediate_values"
        assert picture.note in figure.layout.title.text


_MANY: dict[int, parzen.Study] = {}


def many(n_objectives: int) -> parzen.Study:
    if n_objectives not in _MANY:
        _MANY[n_objectives] = study_of(2500, n_objectives)
    return _MANY[n_objectives]


@pytest.mark.parametrize("backend", ["plotly.graph_objects", "matplotlib.pyplot"])
def test_an_error_names_the_extra(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, backend, None)
    module = parzen.visualization if "plotly" in backend else parzen.visualization.matplotlib
    assert not module.is_available()
    with pytest.raises(ImportError, match=r"parzen\[plot\]"):
        module.plot_slice(study_of(1))
