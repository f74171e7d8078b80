"""What plots read: which trials are shown, labels, ranges, colours by rank, and arguments of our own."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from contract.plots import study_of
from hypothesis import given
from hypothesis import strategies as st

import parzen
from parzen.analysis.visualization import by_matplotlib, by_plotly
from parzen.analysis.visualization.coloring import shares
from parzen.analysis.visualization.contour import contour
from parzen.analysis.visualization.edf import edf
from parzen.analysis.visualization.optimization_history import optimization_history
from parzen.analysis.visualization.parallel_coordinate import parallel_coordinate
from parzen.analysis.visualization.parameters import column, shortened
from parzen.analysis.visualization.picture import Points, Shading, Threads, shades
from parzen.analysis.visualization.rank import rank
from parzen.analysis.visualization.reading import padded, thinned
from parzen.analysis.visualization.slice import slices
from parzen.distributions import FloatDistribution


@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.integers(8, 100))
def test_thinning_keeps_the_best_and_the_bounds(seed: int, n: int, most: int) -> None:
    losses = np.random.default_rng(seed).integers(0, 50, n).astype(float)
    rows = thinned(losses, most)
    assert len(rows) == min(n, most) and (np.diff(rows) > 0).all()
    assert np.argmin(losses) in rows and losses[rows].min() == losses.min()


def test_few_trials_are_all_shown() -> None:
    np.testing.assert_array_equal(thinned(np.zeros(10), 10), np.arange(10))


def test_labels_are_short_and_different() -> None:
    found = shortened(["a", "x" * 100, "x" * 100 + "y", "x" * 99])
    assert found[0] == "a" and len(set(found)) == 4 and max(map(len, found)) <= 41


@pytest.mark.parametrize(("low", "high", "log"), [(1.0, 1.0, False), (1e-3, 1e-3, True), (1e12, 1e12, False)])
def test_a_range_without_width_gets_one(low: float, high: float, log: bool) -> None:
    ends = padded(low, high, log)
    assert ends[0] < low < ends[1]


def test_ranks_of_equal_values() -> None:
    np.testing.assert_allclose(shares(np.array([3.0, 1.0, 3.0, 9.0])), [0.5, 0.0, 0.5, 1.0])
    np.testing.assert_allclose(shares(np.array([7.0])), [0.5])


def test_shades_are_dark_at_the_better_end() -> None:
    values = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(shades(values, Shading.of("", values)), [0, 0.5, 1])
    np.testing.assert_allclose(shades(values, Shading.of("", values, low_is_dark=False)), [1, 0.5, 0])


def test_colours_by_rank() -> None:
    study = study_of(9)
    (panel,) = parallel_coordinate(study, color="rank").panels
    (threads,) = panel.marks
    assert isinstance(threads, Threads) and sorted(set(threads.values)) == sorted(set(shares(threads.values)))
    mark = slices(study, ["x"], color="rank").panels[0].marks[0]
    assert isinstance(mark, Points) and mark.shading is not None and mark.shading.ticks[0][1].startswith("min.")
    with pytest.raises(ValueError, match="color"):
        slices(study, color="blue")


@pytest.mark.parametrize("plot", [contour, rank, slices, parallel_coordinate])
def test_order_by_importance(plot) -> None:
    pytest.importorskip("parzen.importance")
    study = parzen.create_study(sampler=parzen.samplers.RandomSampler(seed=0))
    study.optimize(lambda t: sum(w * t.suggest_float(n, 0, 1) for n, w in (("a", 0.0), ("b", 1.0), ("c", 50.0))), 60)
    titles = shown(plot(study, order="importance"))
    assert titles[0] == "c"
    assert shown(plot(study, n_params=2)) == ["b", "c"] or "c" in shown(plot(study, n_params=2))
    assert len(shown(plot(study, order="importance", n_params=2))) == 2


def shown(picture) -> list[str]:
    first = picture.panels[0].marks[0] if picture.panels[0].marks else None
    if isinstance(first, Threads):
        return [ladder.title for ladder in first.ladders[1:]]
    titles = [panel.x.title for panel in picture.panels]
    return list(dict.fromkeys([*titles, picture.panels[0].y.title] if len(titles) == 1 else titles))


@pytest.mark.parametrize("plot", [contour, rank, slices, parallel_coordinate])
@pytest.mark.parametrize("wrong", [{"order": "size"}, {"n_params": 0}])
def test_wrong_arguments(plot, wrong) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        plot(study_of(5), **wrong)


def test_the_best_line_keeps_its_steps_where_it_is_thinned() -> None:
    study = parzen.create_study(direction="maximize")
    study.add_trials([parzen.create_trial(value=float(i // 500)) for i in range(2500)])
    line = optimization_history(study).panels[0].marks[1]
    np.testing.assert_array_equal(np.interp([0, 499, 500, 2499], line.x, line.y), [0, 0, 1, 4])


def test_a_target_is_given_trials_and_less_is_better() -> None:
    study = study_of(6)
    picture = slices(study, ["k"], target=lambda trial: trial.params["x"], target_name="X")
    np.testing.assert_allclose(picture.panels[0].marks[0].y, [t.params["x"] for t in study.trials])
    assert picture.panels[0].y.title == "X"


def test_a_text_and_the_number_that_it_spells_are_two_choices() -> None:
    study = parzen.create_study()
    space = {"c": parzen.distributions.CategoricalDistribution(["1", 1, "None", None, "a"])}
    for value in ("1", 1, "None", None, "a"):
        study.add_trial(parzen.create_trial(params={"c": value}, distributions=space, value=0.0))
    with study.history.lock:
        found = column(study.history, "c", np.arange(5))
    assert found.axis.labels == ("'1'", "1", "'None'", "None", "a") and found.values.tolist() == [0, 1, 2, 3, 4]


EXTREMES = {
    "far": [1e308, -1e308, 1.0],
    "near": [0.0, 5e-324, 1e-323],
    "alike": [1e300] * 3,
    "beside": [1e16, 1e16 + 2],
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("values", EXTREMES.values(), ids=EXTREMES)
@pytest.mark.parametrize("plot", [contour, edf, optimization_history, parallel_coordinate, rank, slices])
def test_extreme_values_are_computed_and_handed_on(plot, values) -> None:
    pytest.importorskip("plotly")
    pytest.importorskip("matplotlib")
    study = parzen.create_study()
    space = {"x": parzen.distributions.FloatDistribution(1e-300, 1e300, log=True), "k": FloatDistribution(0, 1)}
    for k in range(6):
        params = {"x": (1e-300, 1.0, 1e300)[k % 3], "k": k / 6}
        study.add_trial(parzen.create_trial(params=params, distributions=space, value=values[k % len(values)]))
    picture = plot(study)
    assert np.isfinite([end for p in picture.panels for axis in (p.x, p.y) for end in axis.limits or ()]).all()
    assert picture.shading is None or picture.shading.low < picture.shading.high
    if picture.shading is not None:
        assert np.isfinite(shades(np.array(values), picture.shading)).all()
    by_plotly.draw(picture).to_json()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # matplotlib's own
        by_matplotlib.draw(picture)


@pytest.mark.parametrize("values", [[1e40, 2e40, 3e40], [1e-45, 2e-45, 3e-45], [1e9, 1e9 + 1e-3, 1e9 + 2e-3]])
def test_colours_tell_values_apart_whatever_their_size(values) -> None:
    pytest.importorskip("plotly")
    study = parzen.create_study()
    for k, value in enumerate(values):
        study.add_trial(
            parzen.create_trial(params={"x": k / 3}, distributions={"x": FloatDistribution(0, 1)}, value=value)
        )
    marker = by_plotly.draw(slices(study, color="value")).data[0].marker
    share = (np.asarray(marker.color, dtype=float) - marker.cmin) / (marker.cmax - marker.cmin)
    np.testing.assert_allclose(share, [0.0, 0.5, 1.0], atol=0.26 if values[0] < 1e-40 else 1e-3)


def test_panels_without_marks_keep_their_axes() -> None:
    """Plotly leaves out axes that no trace has: the first row of a matrix of contours lost its name."""
    pytest.importorskip("plotly")
    figure = by_plotly.draw(contour(study_of(6), ["x", "lr", "k"]))
    axes = {(trace.xaxis or "x", trace.yaxis or "y") for trace in figure.data}
    assert {("x", "y"), ("x5", "y5"), ("x9", "y9")} <= axes


@pytest.mark.parametrize(("values", "labels"), [([1, 2, 3], ("1", "2", "3")), ([1, 6], ("1", "2", "4", "5", "6"))])
def test_whole_numbers_have_whole_labels_in_parallel_coordinates(values, labels) -> None:
    study = parzen.create_study()
    for value in values:
        space = {"k": parzen.distributions.IntDistribution(0, 9)}
        study.add_trial(parzen.create_trial(params={"k": value}, distributions=space, value=0.5 * value))
    (threads,) = parallel_coordinate(study).panels[0].marks
    assert threads.ladders[1].labels == labels and threads.ladders[1].heights[0] == 0.0
