"""Results and reports, on runs made up by hand."""

from __future__ import annotations

import numpy as np
import pytest

from parzen.benchmarks import environment, render, stats
from parzen.benchmarks.report import report
from parzen.benchmarks.results import FLOOR, LEAST, Results
from parzen.benchmarks.runs import Job, Run

RNG = np.random.default_rng(0)
HERE = environment.here()


def run(problem, contender, seed, told, kind="value", group="functions", optimum=0.0, budget=100):
    told = {"sampler": [(1, 0.001), (budget, 0.5)], **told}
    return Run(Job(problem, contender, seed, budget), group, kind, optimum, 1.0, "2026-01-01", "here", told)


def falling(start, n_steps=4, budget=100):
    places = np.sort(RNG.choice(np.arange(2, budget + 1), n_steps - 1, replace=False))
    values = start * 0.5 ** np.arange(n_steps)
    return list(zip([1, *places.tolist()], values.tolist(), strict=True))


@pytest.fixture
def runs():
    scale = {"parzen": 1.0, "optuna": 1.5, "random": 8.0}
    return [
        run(problem, name, seed, {"value": falling(scale[name] * RNG.uniform(0.9, 1.1))}, group=group, optimum=optimum)
        for problem, group, optimum in (("a", "functions", 0.0), ("b", "functions", 0.0), ("c", "mixed", None))
        for name in scale
        for seed in range(6)
    ]


def naive_curve(run, n):
    return [min(value for at, value in run.told["value"] if at <= i) for i in range(1, n + 1)]


def test_regrets_are_in_units_of_a_random_trial(runs):
    """A slow twin."""
    results = Results(runs, "value", ["parzen", "optuna", "random"])
    for problem in "abc":
        of = [r for r in runs if r.job.problem == problem]
        best = 0.0 if problem != "c" else min(min(naive_curve(r, 100)) for r in of)
        unit = np.mean([r.told["value"][0][1] for r in of if r.job.contender == "random"]) - best
        for name in ("parzen", "optuna", "random"):
            mine = [np.array(naive_curve(r, 100)) for r in of if r.job.contender == name]
            assert results.curves[problem, name] == pytest.approx((np.array(mine) - best) / unit)
            at = [max(c[49] / unit - best / unit, FLOOR) for c in mine]
            assert results.score(problem, name, 50) == pytest.approx(np.prod(at) ** (1 / 6))
    shared, scores = results.scores()
    assert shared == ["a", "b", "c"] and scores.shape == (3, 3)


def test_budgets_and_problems_are_those_that_contenders_share(runs):
    short = [run("d", "parzen", 0, {"value": [(1, 1.0)]}, budget=40), run("d", "optuna", 0, {"value": [(1, 1.0)]})]
    results = Results([*runs, *short], "value", ["parzen", "optuna", "random"])
    assert results.problems("parzen", "optuna") == list("abcd") and results.problems() == list("abc")
    assert results.problems("parzen", "optuna", budget=50) == list("abc")
    assert results.budgets("parzen", "optuna") == [30, 50, 100] and results.end("d", "parzen", "optuna") == 40
    assert Results(runs, "value", ["parzen"], [10, 60, 500]).budgets("parzen") == [10, 60, 100]


def test_what_was_never_reached_is_infinite_or_nothing():
    late = run("a", "parzen", 0, {"value": [(3, 1.0)], "near": [(10, 0.5)]}, budget=20)
    assert np.isinf(late.curve("value")[:2]).all()
    assert Results([late], "near", ["parzen"]).curves["a", "parzen"][0].tolist() == [0.0] * 9 + [0.5] * 11


def test_shares_are_compared_with_a_least_one():
    shares = {"parzen": 0.6, "optuna": 0.3}
    of = [run("f", c, s, {"far": [(10, v)], "near": [(10, 0.0)]}, "front") for c, v in shares.items() for s in (0, 1)]
    results = Results(of, "far", list(shares))
    assert results.ratio("f", "parzen", "optuna", 50) == pytest.approx((0.6 + LEAST) / (0.3 + LEAST))
    assert results.is_better(1.2) and not results.is_better(0.8)


def told(runs, contenders=("parzen", "optuna", "random"), environments=(HERE,)):
    return report(runs, list(environments), list(contenders), "parzen bench")


def test_every_comparison_is_in_words(runs):
    text = render.markdown(told(runs), {})
    cells = [cell for line in text.splitlines() if line.startswith("| a |") for cell in line.split("|")[5:-1]]
    assert len(cells) == 2
    results = Results(runs, "value", ["parzen", "optuna", "random"])
    for cell, other in zip(cells, ("optuna", "random"), strict=True):
        p_value = results.p_value("a", "parzen", other, 100)
        assert cell.strip().endswith(stats.verdict(p_value, is_better=True))
    assert "not significant" in text and "better" in text


def test_with_noise_the_chosen_point_counts_as_well(runs):
    noisy = [
        run(r.job.problem, r.job.contender, r.job.seed, {**r.told, "chosen": [(1, 5.0), (50, 2.0), (60, 3.0)]})
        for r in runs
        if r.job.problem == "a"
    ]
    of = Results(noisy, "chosen", ["parzen", "optuna"])
    unit = np.mean([r.told["value"][0][1] for r in noisy if r.job.contender == "random"])
    assert of.at("a", "parzen", 55).tolist() == pytest.approx([2.0 / unit] * 6)
    assert of.at("a", "parzen", 100).tolist() == pytest.approx([3.0 / unit] * 6) and of.is_better(0.5)
    assert "With noise, regret of the point" in render.markdown(told(noisy), {})
    assert "With noise" not in render.markdown(told(runs), {})


def test_what_lies_below_the_floor_is_the_same():
    """However different the values are."""
    ends = {"parzen": 1e-9, "optuna": 1e-6, "random": 1e-2}
    of = [run("a", c, s, {"value": [(1, 1.0), (9, v * (1 + s))]}) for c, v in ends.items() for s in range(6)]
    results = Results(of, "value", list(ends))
    assert results.p_value("a", "parzen", "optuna", 100) == 1.0 > results.p_value("a", "parzen", "random", 100)
    assert results.is_solved("a", "optuna", 9) and not results.is_solved("a", "optuna", 8)
    row = told(of, list(ends)).sections[0].tables[-1].rows[0]
    assert row[3:5] == [f"<= {FLOOR:g}", "both at the floor"] and row[5].endswith("better")


def test_what_is_to_be_known_is_said_once(runs):
    shares = {"far": [(10, 0.1)], "near": [(10, 0.1)], "front": []}
    more = [run("f", c, s, shares, "front") for c in ("parzen", "optuna") for s in range(6)]
    for text in (render.markdown(told([*runs, *more]), {}), render.page(told([*runs, *more]), {})):
        for words in ("counts as at least", "the sign test", "Mann-Whitney over its seeds"):
            assert text.count(words) == 1, words
        assert "Too few seeds" not in text


@pytest.mark.parametrize("optimum", [0.0, None])
@pytest.mark.parametrize("ours", [[], [(1, 2.0), (5, 1.0)]])
def test_runs_without_a_value_are_alike_and_behind_all_others(ours, optimum):
    steps = {"parzen": ours, "optuna": []}
    of = [run("a", c, s, {"value": v}, optimum=optimum) for c, v in steps.items() for s in range(4)]
    results = Results(of, "value", list(steps))
    assert results.ratio("a", "parzen", "optuna", 9) == (0.0 if ours else 1.0)
    row = told(of, list(steps)).sections[0].tables[-1].rows[0]
    assert row[4] == ("0.000 better" if ours else "1.000 not significant")


@pytest.mark.parametrize(("n_seeds", "is_few"), [(3, True), (4, False)])
def test_seeds_that_are_too_few_to_differ_are_said_to_be(runs, n_seeds, is_few):
    few = told([r for r in runs if r.job.seed < n_seeds])
    text = render.markdown(few, {})
    assert text.count("Too few seeds to call a difference") == is_few and ("chance" in text) != is_few
    assert (stats.mann_whitney(np.arange(n_seeds), np.arange(n_seeds) + 100.0) < stats.SIGNIFICANT) != is_few
    assert stats.can_differ(n_seeds, n_seeds) != is_few


def test_one_problem_is_one_problem(runs):
    text = render.markdown(told([r for r in runs if r.job.problem == "a"]), {})
    assert "over 1 problem and seeds" in text and "1 problems" not in text


SAME, OTHER = (1, 2, 3), (1, 3, 2)


@pytest.mark.parametrize(("rows", "is_told"), [([SAME] * 5, False), ([SAME, SAME, OTHER, OTHER], True)])
def test_friedmans_test_is_told_where_it_says_something_else(rows, is_told):
    """The last two share ranks, which leaves Nemenyi's test below its difference."""
    names = ["parzen", "optuna", "random"]
    of = [
        run(f"p{i}", c, s, {"value": [(1, 1.0), (2, 0.01 * rank)]})
        for i, row in enumerate(rows)
        for c, rank in zip(names, row, strict=True)
        for s in range(2)
    ]
    assert ("Friedman" in render.markdown(told(of, names), {})) == is_told


def test_ranks_name_the_critical_difference(runs):
    text = render.markdown(told(runs), {})
    assert f"{stats.critical_difference(3, 3):.2f} (Demsar 2006)" in text


def test_no_run_gives_no_section():
    assert told([]).sections == []


def test_fronts_and_steps_have_sections_of_their_own(runs):
    front = {"near": [(10, 0.1)], "far": [(10, 0.3), (50, 0.4)], "front": [[0.0, 1.0]]}
    steps = {"value": [(1, 2.0), (50, 0.5)], "test": [(1, 2.1), (50, 0.6)], "trained": [1, 3, 9, 27, 60]}
    more = [run("f", name, s, front, "front") for name in ("parzen", "optuna") for s in range(2)]
    more += [run("t", name, s, steps, "fidelity") for name in ("parzen", "optuna-hyperband") for s in range(2)]
    made = told([*runs, *more], ("parzen", "optuna", "random", "optuna-hyperband"))
    assert [section.title for section in made.sections] == [
        "Best values", "Fronts", "Training by steps", "Time of the samplers",
    ]  # fmt: skip
    for section in made.sections:
        for table in section.tables:
            assert {len(row) for row in table.rows} <= {len(table.columns)}, table.caption
    assert "0.4000 ± 0.0000" in render.markdown(made, {})
    rungs = made.sections[2].tables[0].rows[0][-5:]
    assert rungs == ["5.0", "4.0", "3.0", "2.0", "0.0"]


def test_a_page_is_whole_and_escaped(runs, tmp_path):
    nasty = "</script><b>&"
    renamed = [run(r.job.problem, {"optuna": nasty}.get(r.job.contender, r.job.contender), r.job.seed, r.told)
               for r in runs]  # fmt: skip
    picture = tmp_path / "regret.png"
    picture.write_bytes(b"\x89PNG")
    page = render.page(told(renamed, ("parzen", nasty, "random")), {"regret": picture})
    assert nasty not in page and "&lt;/script&gt;&lt;b&gt;&amp;" in page
    assert "http" not in page.replace("http-equiv", "") and 'src="data:image/png;base64,iVBORw==' in page


def test_a_report_says_that_runs_are_mixed(runs):
    made = told(runs, environments=(HERE, {**HERE, "code": "0123456789"}))
    text = render.markdown(made, {})
    assert "0123456789" in text and "**Mixed**: these runs differ in code." in text
    assert "Mixed" not in render.markdown(told(runs), {})


# --- pictures --------------------------------------------------------------------------------------------------------


@pytest.mark.bench
def test_pictures_show_the_numbers_and_legends_lie_beside_them(runs, tmp_path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from parzen.benchmarks import drawing

    names = ["parzen", "optuna", "random"]
    assert drawing.draw(runs, names, tmp_path).keys() == {"regret", "problems", "ranks", "times"}
    figure = drawing._problems(plt, runs, drawing.styles_of(names))
    figure.canvas.draw()
    curves = Results(runs, "value", names).curves["a", "optuna"]
    line = figure.axes[0].lines[1]
    assert line.get_ydata() == pytest.approx(np.maximum(np.median(curves, axis=0), FLOOR))
    assert line.get_color() == drawing.COLOURS[1]
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert not any(box.overlaps(axis.get_window_extent()) for axis in figure.axes)
    assert [text.get_text() for text in legend.get_texts()] == names
    plt.close(figure)


@pytest.mark.bench
def test_contenders_differ_in_colour_or_dashes_and_markers():
    from parzen.benchmarks import drawing

    styles = list(drawing.styles_of([str(i) for i in range(32)]).values())
    for ways in (("color", "linestyle"), ("color", "marker")):
        assert len({tuple(style[way] for way in ways) for style in styles}) == 32


@pytest.mark.bench
def test_a_picture_of_fronts_says_which_objectives_are_shown_and_marks_contenders_apart():
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from parzen.benchmarks import drawing

    names = [str(i) for i in range(9)]
    of = [
        run(problem, name, 0, {"front": [[0.5] * m, [0.1] * m]}, "front")
        for problem, m in (("two", 2), ("three", 3))
        for name in names
    ]
    figure = drawing._fronts(plt, of, drawing.styles_of(names))
    assert [axis.get_title() for axis in figure.axes] == ["two", "three\n(two of 3 objectives)"]
    for axis in figure.axes:
        looks = [(line.get_color(), line.get_marker()) for line in axis.lines]
        assert len(set(looks)) == 9 and looks[0][0] == looks[8][0]
        (legend,) = figure.legends
        assert [(line.get_color(), line.get_marker()) for line in legend.get_lines()] == looks
    plt.close(figure)
