"""Indicators of the quality of fronts: known answers, slow twins, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import parzen
from parzen import indicators

SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 4))
COORDINATES = st.sampled_from([-np.inf, -1.0, 0.0, 1.0, np.inf]) | st.floats(-3, 3)


@st.composite
def points_and_front(draw, elements=COORDINATES):
    n, r, m = draw(SHAPES)
    return draw(arrays(float, (n, m), elements=elements)), draw(arrays(float, (r, m), elements=elements))


def gap(x, y):
    return 0.0 if x == y else x - y


def by_hand(points, front, measure):
    """For each point of the front the least measure of what each point lacks, objective by objective."""
    return [min(measure([gap(x, y) for x, y in zip(p, f, strict=True)]) for p in points) for f in front]


@settings(deadline=None)
@given(both=points_and_front())
def test_slow_twins(both):
    points, front = both
    rows = points.tolist(), front.tolist()
    plus = by_hand(*rows, lambda gaps: math.hypot(*(max(g, 0.0) for g in gaps)))
    assert indicators.igd_plus(points, front) == pytest.approx(sum(plus) / len(front))
    distances = by_hand(*rows, lambda gaps: math.hypot(*gaps))
    assert indicators.igd(points, front) == pytest.approx(sum(distances) / len(front))
    assert indicators.additive_epsilon(points, front) == max(by_hand(*rows, max))


@settings(deadline=None)
@given(both=points_and_front(), data=st.data())
def test_maximised_objectives_are_minimised_ones_turned_round(both, data):
    points, front = both
    m = points.shape[1]
    signs = np.array(data.draw(st.lists(st.sampled_from([1.0, -1.0]), min_size=m, max_size=m)))
    names = ["minimize" if sign > 0 else "maximize" for sign in signs]
    directions = [parzen.study.StudyDirection[name.upper()] for name in names]
    for function in (indicators.igd_plus, indicators.additive_epsilon):
        assert function(points * signs, front * signs, names) == function(points, front)
        assert function(points * signs, front * signs, directions) == function(points, front)
    assert indicators.igd(points * signs, front * signs) == indicators.igd(points, front)
    turned = indicators.hypervolume(points * signs, front[0] * signs, names)
    assert turned == indicators.hypervolume(points, front[0])


def test_known_answers():
    front = [[0.0, 1.0], [1.0, 0.0]]
    assert indicators.hypervolume(front, [2.0, 2.0]) == 3.0
    assert indicators.hypervolume([[3.0, 1.0]], [1.0, 2.0], ["maximize", "minimize"]) == 2.0
    assert indicators.hypervolume_contributions([*front, [1.0, 1.0]], [2.0, 2.0]).tolist() == [1.0, 1.0, 0.0]
    assert indicators.hypervolume_contributions(front, [2.0, 2.0]).tolist() == [1.0, 1.0]
    for function in (indicators.igd, indicators.igd_plus, indicators.additive_epsilon):
        assert function(front, front) == 0.0
        assert function([], front) == math.inf
    assert indicators.igd([[1.0, 1.0]], front) == 1.0
    assert indicators.igd([[-3.0, -4.0]], [[0.0, 0.0]]) == 5.0
    assert indicators.igd_plus([[-3.0, 4.0]], [[0.0, 0.0]]) == 4.0
    assert indicators.igd_plus([[-3.0, -4.0]], [[0.0, 0.0]]) == 0.0
    assert indicators.additive_epsilon([[-3.0, -4.0]], [[0.0, 0.0]]) == -3.0
    assert indicators.hypervolume([], [1.0, 1.0]) == 0.0


def test_a_set_that_dominates_is_not_worse():
    """Igd would prefer the dominated set (Ishibuchi et al. 2015, section 3)."""
    front = [[0.0, 10.0], [1.0, 6.0], [2.0, 2.0], [6.0, 1.0], [10.0, 0.0]]
    better, worse = [[2.0, 4.0], [3.0, 3.0], [4.0, 2.0]], [[2.0, 8.0], [4.0, 4.0], [8.0, 2.0]]
    assert indicators.igd(better, front) > indicators.igd(worse, front)
    assert indicators.igd_plus(better, front) < indicators.igd_plus(worse, front)


def test_long_fronts_are_measured_in_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    points, front = rng.random((7, 3)), rng.random((50, 3))
    whole = [f(points, front) for f in (indicators.igd, indicators.igd_plus, indicators.additive_epsilon)]
    monkeypatch.setattr("parzen.analysis.indicators._BLOCK", 50)
    assert [f(points, front) for f in (indicators.igd, indicators.igd_plus, indicators.additive_epsilon)] == whole


@pytest.mark.parametrize("function", [indicators.igd, indicators.igd_plus, indicators.additive_epsilon])
def test_what_is_refused_of_points_and_fronts(function):
    front = [[0.0, 1.0]]
    with pytest.raises(ValueError, match=r"Expected `points` without NaN, but 1 of 2 hold one. Leave these out"):
        function([[0.0, math.nan], [0.0, 0.0]], front)
    with pytest.raises(ValueError, match=r"Expected `front` without NaN"):
        function(front, [[0.0, math.nan]])
    with pytest.raises(ValueError, match=r"at least one point, but got shape \(0,\)"):
        function(front, [])
    for wrong in ([0.0, 1.0], [[0.0, 1.0, 2.0]], np.zeros((1, 2, 2))):
        with pytest.raises(ValueError, match=r"shape \(n, 2\)"):
            function(wrong, front)


@pytest.mark.parametrize("function", [indicators.hypervolume, indicators.hypervolume_contributions])
def test_what_is_refused_of_references_and_directions(function):
    points = [[0.0, 1.0]]
    for wrong in ([], 1.0, [[1.0, 1.0]], [1.0, math.nan]):
        with pytest.raises(ValueError, match="one `reference` value for each objective"):
            function(points, wrong)
    with pytest.raises(ValueError, match="got 3 for points of shape"):
        function(points, [1.0, 1.0, 1.0])
    with pytest.raises(ValueError, match="without NaN"):
        function([[math.nan, 0.0]], [1.0, 1.0])
    for wrong in (["minimize"], "minimize", []):
        with pytest.raises(ValueError, match="a list of 2 directions"):
            function(points, [1.0, 1.0], wrong)
    with pytest.raises(ValueError, match="must be `minimize` or `maximize`, but got 'up'"):
        function(points, [1.0, 1.0], ["minimize", "up"])


def test_front_of_a_study():
    study = parzen.create_study(directions=["minimize", "maximize"])
    for x, y in ((0.0, 1.0), (1.0, 3.0), (2.0, 2.0)):
        study.add_trial(parzen.create_trial(values=[x, y]))
    front = [trial.values for trial in study.best_trials]
    assert indicators.hypervolume(front, [2.0, 0.0], study.directions) == 2 * 1 + 1 * 2
    assert indicators.igd_plus(front, [[0.0, 3.0]], study.directions) == 1.0


@pytest.mark.bench
@pytest.mark.parametrize("m", [1, 2, 3, 5])
def test_same_as_moocore(m):
    moocore = pytest.importorskip("moocore")
    rng = np.random.default_rng(m)
    points, front = rng.random((300, m)), rng.random((200, m))
    signs = np.resize([1.0, -1.0], m)
    names, maximise = ["minimize" if s > 0 else "maximize" for s in signs], (signs < 0).tolist()
    assert indicators.igd(points, front) == pytest.approx(moocore.igd(points, ref=front, maximise=maximise))
    found = indicators.igd_plus(points, front, names)
    assert found == pytest.approx(moocore.igd_plus(points, ref=front, maximise=maximise))
    found = indicators.additive_epsilon(points, front, names)
    assert found == pytest.approx(moocore.epsilon_additive(points, ref=front, maximise=maximise))
