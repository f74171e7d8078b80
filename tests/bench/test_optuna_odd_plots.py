"""The twelve plots beside Optuna's on studies that are odd: what is said, named, listed and left out."""

from __future__ import annotations

import logging
import math
import warnings

import numpy as np
import pytest
from bench.differential import compare, run

import parzen

optuna = pytest.importorskip("optuna", minversion="5.0.0")
pytest.importorskip("plotly")
matplotlib = pytest.importorskip("matplotlib")
pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]

OVER_PARAMETERS = ["contour", "parallel_coordinate", "rank", "slice"]
WITH_TARGET = [*OVER_PARAMETERS, "edf", "optimization_history", "param_importances"]
HOMES = ["visualization", "visualization.matplotlib"]


@pytest.fixture(autouse=True)
def quiet():
    matplotlib.use("Agg")
    yield
    matplotlib.pyplot.close("all")


def study_of(o, rows, m=1, **kwargs):
    """Make a study of complete trials: pairs of parameters with their distributions, and values."""
    study = o.create_study(directions=["minimize"] * m, study_name="s")
    for number, (pairs, values) in enumerate(rows):
        study.add_trial(
            o.trial.create_trial(
                params={name: value for name, (value, _) in pairs.items()},
                distributions={name: distribution for name, (_, distribution) in pairs.items()},
                values=values,
                **{key: make(number) for key, make in kwargs.items()},
            )
        )
    return study


def simple(o, n=12, m=1, **kwargs):
    unit = o.distributions.FloatDistribution(0, 1)
    rows = [({"x": (k / n, unit), "y": (k * 0.37 % 1, unit)}, [float(k * 5 % 7 + j * k) for j in range(m)])
            for k in range(n)]  # fmt: skip
    return study_of(o, rows, m, **kwargs)


def plotted(o, name, *args, home="visualization", **kwargs):
    module = o.visualization.matplotlib if home.endswith("matplotlib") else o.visualization
    return getattr(module, f"plot_{name}")(*args, **kwargs)


# --- what is said ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("name", WITH_TARGET)
@pytest.mark.parametrize("named", [{}, {"target_name": "Objective Value"}, {"target_name": "T"}])
def test_a_target_without_a_name_is_warned_of(name, home, named):
    def said(o):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            plotted(o, name, simple(o), target=lambda trial: float(trial.number), home=home, **named)
        return sum("`target` is specified, but `target_name` is the default" in str(one.message) for one in caught)

    compare(said, "importances warn of targets")


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("name", [*OVER_PARAMETERS, "param_importances"])
@pytest.mark.parametrize("state", ["none", "FAIL", "PRUNED", "inf"])
def test_nothing_to_show_is_logged(name, home, state):
    def said(o):
        study = o.create_study()
        if state != "none":
            given = {"value": math.inf} if state == "inf" else {"state": o.trial.TrialState[state]}
            study.add_trial(o.trial.create_trial(**given))
        seen = []
        handler = logging.Handler()
        handler.emit = lambda record: seen.append(record.levelname)
        logging.getLogger(o.__name__).addHandler(handler)
        o.logging.set_verbosity(o.logging.WARNING)
        try:
            plotted(o, name, study, home=home)
        finally:
            logging.getLogger(o.__name__).removeHandler(handler)
        return bool(seen)

    if (name, state) != ("rank", "inf"):  # which ranks infinite values
        compare(said, "importances of no trials warn in both")


def alternating(o):
    unit = o.distributions.FloatDistribution(0, 1)
    return study_of(o, [({"uv"[k % 2]: (k / 9, unit), "x": (k / 9, unit)}, [float(k)]) for k in range(8)])


def test_parameters_that_are_never_together_are_warned_of():
    def said(o):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            plotted(o, "contour", alternating(o))
        return sorted({str(one.message)[:70] for one in caught if "co-exist" in str(one.message)})[:1]

    compare(said)


@pytest.mark.parametrize("what", [42, None, "study", [1], {}])
@pytest.mark.parametrize("name", [*WITH_TARGET, "timeline", "intermediate_values", "pareto_front"])
def test_what_is_no_study(name, what):
    """Optuna stumbles over an attribute; here the error says what was expected."""
    outcome = run(lambda o: plotted(o, name, what) and None, parzen)
    if what == {} and name in ("edf", "optimization_history"):
        assert outcome.error is None  # no studies
    else:
        assert outcome.error is TypeError and "Expected a study, but got" in outcome.text


@pytest.mark.parametrize("gives", [None, "a", [1.0], 1j])
@pytest.mark.parametrize("name", [name for name in WITH_TARGET if name != "optimization_history"])
def test_a_target_that_gives_no_number(name, gives):
    outcome = run(lambda o: plotted(o, name, simple(o), target=lambda trial: gives) and None, parzen)
    assert outcome.error is TypeError and "for trial 0 it gave" in outcome.text
    assert run(lambda o: plotted(o, name, simple(o), target=lambda trial: gives) and None, optuna).error is not None


def test_a_target_that_gives_none_leaves_a_gap_in_the_history():
    def shown(o):
        study = simple(o)
        found = plotted(o, "optimization_history", study, target=lambda t: t.number if t.number % 2 else None)
        return [None if value is None or value != value else float(value) for value in found.data[0].y]

    compare(shown)


@pytest.mark.parametrize("kind", [set, iter, tuple, list])
def test_studies_in_any_collection(kind):
    compare(lambda o: len(plotted(o, "edf", kind([simple(o), simple(o)])).data))


# --- what is called how ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [{}, {"target_name": "T"}])
@pytest.mark.parametrize("m", [1, 2])
def test_importances_have_the_names_of_objectives(m, named):
    def shown(o):
        study = simple(o, m=m)
        study.set_metric_names(["loss", "time"][:m])
        given = {"target": (lambda t: t.values[0])} if named else {}
        figures = [plotted(o, "param_importances", study, **named), plotted(o, "param_importances", study, **given)]
        return [sorted(trace.name for trace in figure.data) for figure in figures]

    compare(shown)


def test_importances_of_one_objective_have_a_legend():
    def shown(o):
        axes = plotted(o, "param_importances", simple(o), home="visualization.matplotlib", target_name="T")
        return [text.get_text() for text in axes.get_legend().get_texts()]

    compare(shown)


@pytest.mark.parametrize("named", [{}, {"target_names": ["a", "b"]}, {"target_names": []}])
def test_a_front_has_the_names_of_objectives(named):
    def shown(o):
        study = simple(o, m=2)
        study.set_metric_names(["loss", "time"])
        layout = plotted(o, "pareto_front", study, **named).layout
        return layout.xaxis.title.text, layout.yaxis.title.text

    compare(shown)


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("name", WITH_TARGET)
def test_a_target_may_be_called_anything(name, home):
    compare(lambda o: plotted(o, name, simple(o), target_name=5, home=home) and None)


# --- what is shown ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("choices", [[0.1, 1e-3, 3.0], [3, 1, 2], [1, 2.5], [1e9, 1, 5]])
def test_choices_that_are_numbers_are_evenly_spaced_in_parallel_coordinates(choices):
    def shown(o):
        of, unit = o.distributions.CategoricalDistribution(choices), o.distributions.FloatDistribution(0, 1)
        rows = [({"c": (choices[k % len(choices)], of), "x": (k / 9, unit)}, [float(k)]) for k in range(9)]
        figure = plotted(o, "parallel_coordinate", study_of(o, rows), ["c"])
        lines = []
        for trace in figure.data:
            if trace.mode == "lines":
                heights = [v for v in np.asarray(trace.y, dtype=float).tolist() if v == v]
                lines += [tuple(round(v, 6) for v in heights[i : i + 2]) for i in range(0, len(heights), 2)]
        return sorted(lines)

    compare(shown)


def test_fronts_shade_the_lines_of_several_objectives():
    def shown(o):
        figure = plotted(o, "parallel_coordinate", simple(o, m=2))
        (bar,) = [trace for trace in figure.data if trace.mode == "markers" and trace.marker.showscale]
        return bar.marker.colorbar.title.text

    compare(shown)


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("bound", [0.5, -1.0])
def test_parallel_coordinates_say_which_lines_are_feasible(home, bound):
    def shown(o):
        study = simple(o, system_attrs=lambda number: {"constraints": [number / 12 - bound]})
        figure = plotted(o, "parallel_coordinate", study, home=home)
        if home.endswith("matplotlib"):
            return [text.get_text() for text in figure.get_legend().get_texts()] if figure.get_legend() else []
        return sorted(trace.name for trace in figure.data if trace.name in ("Feasible", "Infeasible"))

    compare(shown)


def test_a_timeline_shows_who_waits():
    def shown(o):
        study = simple(o)
        study.enqueue_trial({"x": 0.5})
        study.enqueue_trial({"x": 0.5})
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        return {trace.name: np.asarray(trace.y).tolist() for trace in plotted(o, "timeline", study).data}

    compare(shown)


@pytest.mark.parametrize("values", [[math.inf] * 6, [math.inf, 1.0, 2.0, math.nan, -math.inf, 3.0]])
def test_importances_leave_out_infinite_values(values):
    def shown(o):
        study = simple(o)
        study.add_trials([])
        figure = plotted(o, "param_importances", study, target=lambda t: values[t.number % 6], target_name="T")
        return sum(len(trace.y) for trace in figure.data)

    compare(shown, "of no trials warns")
