"""The twelve plots beside Optuna's: the same points, titles, axes, errors and warnings, in both backends."""

from __future__ import annotations

import inspect
import logging
import math

import numpy as np
import pytest
from bench.differential import compare, differ, run

import parzen

optuna = pytest.importorskip("optuna", minversion="5.0.0")
pytest.importorskip("plotly")
matplotlib = pytest.importorskip("matplotlib")
pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]

NAMES = [
    "contour", "edf", "hypervolume_history", "intermediate_values", "optimization_history", "parallel_coordinate",
    "param_importances", "pareto_front", "rank", "slice", "terminator_improvement", "timeline",
]  # fmt: skip
WITH_TARGET = ["contour", "edf", "optimization_history", "rank", "slice"]
OF_ONE = [name for name in NAMES if name not in ("hypervolume_history", "pareto_front")]


@pytest.fixture(autouse=True)
def quiet():
    matplotlib.use("Agg")
    yield
    matplotlib.pyplot.close("all")


class Improvement:
    """An improvement that depends on what it was given alone."""

    def evaluate(self, trials, study_direction):
        return min(trial.value for trial in trials) + 1 / len(trials)


class Error:
    def evaluate(self, trials, study_direction):
        return 0.25


# --- studies, the same in both libraries -----------------------------------------------------------------------------


def study_of(o, n=30, m=1, direction="minimize", seed=0, constrained=False, name="s", values=None, conditional=True):
    """Make a study of trials in all states, with all kinds of parameters, one of them conditional."""
    study = o.create_study(directions=[direction] * m, study_name=name)
    d, rng, states = o.distributions, np.random.default_rng(seed), o.trial.TrialState
    space = {
        "x": d.FloatDistribution(-5, 5),
        "lr": d.FloatDistribution(1e-5, 1e-1, log=True),
        "k": d.IntDistribution(1, 8),
        "c": d.CategoricalDistribution(["b", "a", None]),
        "p": d.CategoricalDistribution([8, 2, 4]),
    }
    for number in range(n):
        params = {
            "x": float(rng.uniform(-5, 5)), "lr": float(10 ** rng.uniform(-5, -1)), "k": int(rng.integers(1, 9)),
            "c": ["b", "a", None][rng.integers(3)], "p": [8, 2, 4][rng.integers(3)],
        }  # fmt: skip
        own = dict(space)
        if conditional and params["c"] == "b":
            params["z"], own["z"] = float(rng.random()), d.FloatDistribution(0, 1)
        state = {3: states.PRUNED, 5: states.FAIL}.get(number % 7, states.COMPLETE)
        reached = [params["x"] ** 2 + params["k"] + i * params["lr"] * 100 for i in range(m)]
        if values is not None and number < len(values):
            reached = [values[number]] * m
        attrs = {"constraints": [params["x"] - 3.0]} if constrained else {}
        study.add_trial(
            o.trial.create_trial(
                state=state, values=reached if state == states.COMPLETE else None, params=params, distributions=own,
                intermediate_values={2: 1.0 + number, 0: 5.0 + number} if number % 4 else {}, system_attrs=attrs,
            )
        )  # fmt: skip
    return study


# --- what a figure shows ---------------------------------------------------------------------------------------------


def numbers(values):
    found = [] if values is None else np.asarray(values).ravel().tolist()
    return [round(v, 9) if isinstance(v, float) else v for v in found]


def points(figure, mode="markers"):
    """Give the points that are shown by titles of their axes, in any order."""
    layout, found = figure.to_plotly_json()["layout"], []
    for trace in figure.data:
        if trace.type not in ("scatter", "scatter3d") or trace.x is None or mode not in (trace.mode or ""):
            continue
        x, y = numbers(trace.x), numbers(trace.y)
        if None in x or (trace.mode == "lines" and trace.showlegend is False and trace.line.width == 0.01):
            continue
        z = numbers(trace.z) if trace.type == "scatter3d" else [0] * len(x)
        titles = titles_of(layout, trace) if trace.type == "scatter" else ""
        found += [(titles, *(repr(float(v)) if isinstance(v, (int, float)) else v for v in at))
                  for at in zip(x, y, z, strict=False)]  # fmt: skip
    return sorted(found, key=repr)


def titles_of(layout, trace):
    """Give title and scale of the axes of a trace, those of the axes that these follow included."""

    def of(reference, kind):
        axis = layout.get(f"{kind}axis{(reference or kind)[1:]}", {})
        followed = axis.get("matches")
        title = axis.get("title", {}).get("text")
        if title is None and followed and followed != reference:
            return of(followed, kind)
        return title, axis.get("type")

    return of(trace.xaxis, "x"), of(trace.yaxis, "y")


def frame(figure):
    """Give the title, and titles and scales of the axes."""
    layout = figure.to_plotly_json()["layout"]
    axes = sorted(
        {
            (key[0], value["title"]["text"], value.get("type") == "log")
            for key, value in layout.items()
            if "axis" in key and value.get("title", {}).get("text")
        }
    )
    scene = [layout.get("scene", {}).get(f"{k}axis", {}).get("title", {}).get("text") for k in "xyz"]
    return layout["title"]["text"], axes, scene


def plotted(o, name, *args, **kwargs):
    return getattr(o.visualization, f"plot_{name}")(*args, **kwargs)


def arguments(o, name, study=None):
    if name == "hypervolume_history":
        return [study or study_of(o, m=2), [40.0, 40.0]]
    if name == "pareto_front":
        return [study or study_of(o, m=2)]
    if name == "terminator_improvement":
        return [study or study_of(o), True, Improvement(), Error(), 5]
    return [study or study_of(o)]


# --- names, arguments ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("home", ["visualization", "visualization.matplotlib"])
@pytest.mark.parametrize("name", [f"plot_{name}" for name in NAMES] + ["is_available"])
def test_names_and_arguments(home, name):
    def parameters(o):
        for part in home.split("."):
            o = getattr(o, part)
        found = inspect.signature(getattr(o, name)).parameters.values()
        return [(p.name, p.kind, p.default) for p in found]

    theirs, ours = parameters(optuna), parameters(parzen)
    assert ours[: len(theirs)] == theirs
    assert all(kind is inspect.Parameter.KEYWORD_ONLY for _, kind, _ in ours[len(theirs) :])


def test_available():
    compare(lambda o: [o.visualization.is_available(), o.visualization.matplotlib.is_available()])


# --- frames: titles and axes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [0, 1, 30])
def test_titles_and_axes(name, n):
    def scenario(o):
        m = 2 if name in ("hypervolume_history", "pareto_front") else 1
        return frame(plotted(o, name, *arguments(o, name, study_of(o, n, m))))

    if name == "parallel_coordinate":  # the titles are ticks

        def scenario(o):
            figure = plotted(o, name, study_of(o, n))
            return figure.layout.title.text, list(figure.layout.xaxis.ticktext or ())

    compare(scenario, "importances of one trial warn" if name == "param_importances" else "")


@pytest.mark.parametrize("name", OF_ONE)
def test_matplotlib_titles_and_shapes(name):
    def scenario(o):
        axes = getattr(o.visualization.matplotlib, f"plot_{name}")(*arguments(o, name))
        if isinstance(axes, np.ndarray):
            return axes.shape, axes.flat[0].figure.get_suptitle(), [ax.get_xlabel() for ax in np.atleast_2d(axes)[-1]]
        title = "" if name == "param_importances" else axes.get_title()
        return title, axes.get_xlabel(), axes.get_ylabel()

    compare(scenario)


@pytest.mark.parametrize("name", ["contour", "edf", "optimization_history", "slice", "rank", "parallel_coordinate"])
def test_target_name(name):
    def scenario(o):
        figure = plotted(o, name, study_of(o), target=lambda t: t.params["x"], target_name="X")
        return (
            "X" in str(figure.layout) or "X" in str([trace.name for trace in figure.data]) or "'X'" in str(figure.data)
        )

    assert run(scenario, optuna).result == run(scenario, parzen).result == ("bool", True)


# --- the same points -------------------------------------------------------------------------------------------------

OPTIONS = {
    "all": {},
    "constrained": {"constrained": True},
    "maximized": {"direction": "maximize"},
    "infinite": {"values": [1.0, math.inf, 2.0, 3.0, -math.inf]},
    "constant": {"values": [1.0] * 30},
    "one": {"n": 1},
    "two": {"n": 2},
}
PARAMS = {"pair": ["x", "lr"], "choice": ["c", "x"], "numbers": ["p", "lr"], "three": ["k", "c", "x"]}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("params", PARAMS)
@pytest.mark.parametrize("name", ["contour", "rank", "slice"])
def test_points_over_parameters(name, params, option):
    if (name, option) == ("contour", "one"):
        pytest.skip("Optuna shows no trial where a parameter has one value: see below")
    if option == "constrained" and name != "rank" and (name == "slice" or params == "three"):
        pytest.skip("Optuna leaves out infeasible trials in some panels: see below")

    def scenario(o):
        return points(plotted(o, name, study_of(o, **OPTIONS[option]), PARAMS[params]))

    compare(scenario, "Optuna divides by the width of infinite values")


@pytest.mark.parametrize("option", OPTIONS)
def test_points_over_all_parameters(option):
    if option != "constrained":
        compare(lambda o: points(plotted(o, "slice", study_of(o, **OPTIONS[option]))))
    compare(lambda o: points(plotted(o, "rank", study_of(o, **OPTIONS[option]))), "as above")


@pytest.mark.parametrize("option", OPTIONS)
def test_history(option):
    def scenario(o):
        figure = plotted(o, "optimization_history", study_of(o, **OPTIONS[option]))
        return points(figure), points(figure, "lines"), [trace.name for trace in figure.data]

    compare(scenario)


@pytest.mark.parametrize("error_bar", [False, True])
@pytest.mark.parametrize("option", ["all", "maximized", "one"])
def test_history_of_several_studies(option, error_bar):
    def scenario(o):
        studies = [study_of(o, **OPTIONS[option], name=str(k), seed=k) for k in range(3)]
        figure = plotted(o, "optimization_history", studies, error_bar=error_bar)
        spread = [numbers(trace.error_y.array) for trace in figure.data if trace.error_y.array is not None]
        return points(figure), points(figure, "lines"), [line for line in spread if line][:1]

    compare(scenario)


@pytest.mark.parametrize("option", OPTIONS)
def test_edf(option):
    def scenario(o):
        figure = plotted(o, "edf", [study_of(o, **OPTIONS[option]), study_of(o, 9, name="t", seed=3)])
        return points(figure, "lines"), [trace.name for trace in figure.data]

    compare(scenario)


@pytest.mark.parametrize("option", OPTIONS)
def test_intermediate_values(option):
    def scenario(o):
        figure = plotted(o, "intermediate_values", study_of(o, **OPTIONS[option]))
        return points(figure), [trace.name for trace in figure.data]

    compare(scenario)


@pytest.mark.parametrize("option", OPTIONS)
def test_parallel_coordinates(option):
    """Each trial goes through the same heights, where it has a value: where it has none, Optuna draws the lowest."""

    def scenario(o):
        figure = plotted(o, "parallel_coordinate", study_of(o, **OPTIONS[option], conditional=False), ["x", "lr", "k"])
        lines, d = [], 4
        for trace in figure.data:
            if trace.mode == "lines":
                heights = [v for v in np.asarray(trace.y, dtype=float).tolist() if v == v]
                lines += [numbers(heights[i : i + d]) for i in range(0, len(heights), d)]
        return sorted(lines)

    compare(scenario)


@pytest.mark.parametrize("include", [True, False])
@pytest.mark.parametrize("m", [2, 3])
@pytest.mark.parametrize("constrained", [True, False])
def test_pareto_front(m, constrained, include):
    def scenario(o):
        figure = plotted(o, "pareto_front", study_of(o, m=m, constrained=constrained), include_dominated_trials=include)
        return points(figure), [len(trace.x) for trace in figure.data], frame(figure)

    compare(scenario)


def test_pareto_front_of_targets():
    def scenario(o):
        study = study_of(o, m=2)
        figure = plotted(
            o, "pareto_front", study, targets=lambda t: (t.params["x"], t.values[0]), target_names=["a", "b"]
        )
        return points(figure), frame(figure)

    compare(scenario)


@pytest.mark.parametrize("constrained", [True, False])
@pytest.mark.parametrize("m", [2, 3])
def test_hypervolume(m, constrained):
    def scenario(o):
        return points(plotted(o, "hypervolume_history", study_of(o, m=m, constrained=constrained), [40.0] * m))

    compare(scenario)


@pytest.mark.parametrize("n", [1, 5, 30])
def test_terminator_improvement(n):
    def scenario(o):
        figure = plotted(o, "terminator_improvement", study_of(o, n), True, Improvement(), Error(), 10)
        return points(figure, "lines")

    compare(scenario)


@pytest.mark.parametrize("recent", [None, 1, 10, 100])
@pytest.mark.parametrize("constrained", [True, False])
def test_timeline(constrained, recent):
    def scenario(o):
        figure = plotted(o, "timeline", study_of(o, constrained=constrained), n_recent_trials=recent)
        return {trace.name: numbers(trace.y) for trace in figure.data}

    compare(scenario)


def test_heat_of_a_contour():
    """The grid has the same lines, and where Optuna's has a value, ours has it too."""

    def scenario(o):
        figure = plotted(o, "contour", study_of(o), ["x", "lr"])
        return figure.data[0]

    theirs, ours = (scenario(o) for o in (optuna, parzen))
    np.testing.assert_allclose(ours.x, theirs.x)
    np.testing.assert_allclose(ours.y, theirs.y)
    known = ~np.isnan(theirs.z)
    np.testing.assert_allclose(ours.z[known], theirs.z[known], rtol=1e-6)
    assert ours.reversescale is False and ours.zmin == np.nanmin(theirs.z) and not np.isnan(ours.z).any()


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("home", ["visualization", "visualization.matplotlib"])
@pytest.mark.parametrize("name", WITH_TARGET)
def test_several_objectives_need_a_target(name, home):
    def scenario(o):
        module = o.visualization if home == "visualization" else o.visualization.matplotlib
        return getattr(module, f"plot_{name}")(study_of(o, m=2)) and None

    compare(scenario)


@pytest.mark.parametrize("name", ["contour", "rank", "slice", "parallel_coordinate", "param_importances"])
@pytest.mark.parametrize("params", [["nope"], ["nope", "x"], []])
def test_unknown_parameters(name, params):
    compare(lambda o: len(plotted(o, name, study_of(o), params=params).data))


WRONG = {
    "recent": lambda o: plotted(o, "timeline", study_of(o, 3), n_recent_trials=0),
    "negative": lambda o: plotted(o, "timeline", study_of(o, 3), n_recent_trials=-1),
    "one objective": lambda o: plotted(o, "pareto_front", study_of(o, 3)),
    "four objectives": lambda o: plotted(o, "pareto_front", study_of(o, 3, m=4)),
    "names": lambda o: plotted(o, "pareto_front", study_of(o, 3, m=2), target_names=["a"]),
    "target": lambda o: plotted(o, "pareto_front", study_of(o, 3, m=2), targets=lambda t: t.values[0]),
    "targets": lambda o: plotted(o, "pareto_front", study_of(o, 3, m=2), targets=lambda t: t.values * 2),
    "volume of one": lambda o: plotted(o, "hypervolume_history", study_of(o, 3), [1.0]),
    "short reference": lambda o: plotted(o, "hypervolume_history", study_of(o, 3, m=2), [1.0]),
    "terminator of two": lambda o: plotted(o, "terminator_improvement", study_of(o, 3, m=2)),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_arguments(what):
    outcome = run(WRONG[what], parzen)
    assert outcome.error is not None
    compare(WRONG[what], "constraints and targets are said otherwise")


def test_no_studies():
    for name in ("edf", "optimization_history"):
        compare(lambda o, name=name: len(plotted(o, name, []).data))


def test_what_is_left_out_is_logged(caplog):
    """As in Optuna, infinite values are left out with a warning of the log."""
    parzen.logging.enable_propagation()
    try:
        with caplog.at_level(logging.WARNING):
            plotted(parzen, "slice", study_of(parzen, values=[math.inf]))
        assert "omitted" in caplog.text
    finally:
        parzen.logging.disable_propagation()


# --- what is ours alone ----------------------------------------------------------------------------------------------


def test_a_place_of_one_trial_is_shown():
    """A contour over a parameter that has one value shows the trials; Optuna's is blank."""
    differ(lambda o: len(points(plotted(o, "contour", study_of(o, 1), ["x", "lr"]))), 1)


def test_a_line_that_passes_below():
    """The line of a trial passes below a parameter that it lacks; Optuna draws the lowest value."""

    def below(o):
        figure = plotted(o, "parallel_coordinate", study_of(o, 5), ["c", "z"])
        return any((np.asarray(trace.y, dtype=float) < 0).any() for trace in figure.data if trace.mode == "lines")

    differ(below, True)


@pytest.mark.parametrize(("name", "params"), [("slice", ["c", "x"]), ("contour", ["k", "c", "x"])])
def test_infeasible_trials_are_shown_in_all_panels(name, params):
    """Optuna leaves them out in slices over choices and in matrices of contours; feasible ones are alike."""

    def feasible_and_all(o):
        figure = plotted(o, name, study_of(o, constrained=True), params)
        shown = points(figure)
        figure.data = [trace for trace in figure.data if trace.name == "Feasible Trial"]
        return points(figure), shown

    theirs, ours = feasible_and_all(optuna), feasible_and_all(parzen)
    assert ours[0] == theirs[0] and len(ours[1]) > len(theirs[1])


def test_constrained_studies_say_what_is_infeasible():
    def scenario(o):
        figure = plotted(o, "slice", study_of(o, constrained=True), ["x"])
        return {trace.name: len(trace.x) for trace in figure.data}

    compare(scenario)


@pytest.mark.parametrize("m", [1, 2])
def test_importances(m):
    """Bars of PED-ANOVA are those of Optuna, from the least to the most important parameter."""

    def scenario(o):
        figure = plotted(o, "param_importances", study_of(o, m=m))
        return [(bar.name, list(bar.y), [round(v, 6) for v in np.asarray(bar.x).tolist()]) for bar in figure.data]

    compare(scenario)


@pytest.mark.parametrize("plot_error", [True, False])
def test_terminators_of_both_libraries(plot_error):
    def scenario(o):
        evaluator = __import__(f"{o.__name__}.terminator").terminator.BestValueStagnationEvaluator(5)
        return points(plotted(o, "terminator_improvement", study_of(o), plot_error, evaluator), "lines")

    compare(scenario)
