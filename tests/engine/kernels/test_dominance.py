"""Non-dominated ranks: both tiers against the slow twin."""

import subprocess
import sys

import naive_pareto as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from parzen.engine.kernels import dominance, fronts

COORDINATES = st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 1.0, 2.0, np.inf])  # few, for ties and repetitions
SHAPES = st.tuples(st.integers(0, 12), st.integers(1, 5))
POINTS = SHAPES.flatmap(lambda shape: arrays(float, shape, elements=COORDINATES | st.floats(-2, 2)))


@pytest.fixture(params=["numpy", "compiled"], scope="module")
def tier(request):
    """Use one tier whatever the size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fronts, "is_compiled", lambda n: request.param == "compiled")
        yield request.param


@pytest.fixture
def always_compiled(monkeypatch):
    """Use the compiled tier whatever the size, and whatever `tier` an earlier test had."""
    monkeypatch.setattr(fronts, "is_compiled", lambda n: True)


def random_points(n, m, seed, levels=None):
    points = np.random.default_rng(seed).random((n, m))
    return points if levels is None else np.floor(points * levels)


@settings(deadline=None, max_examples=100)
@given(points=POINTS)
def test_ranks(tier, points):
    found = dominance.ranks(points)
    assert found.dtype == np.int64
    assert found.tolist() == naive.ranks(points.tolist())
    np.testing.assert_array_equal(dominance.non_dominated(points), found == 0)


@settings(deadline=None, max_examples=100)
@given(points=POINTS, enough=st.integers(-1, 14))
def test_ranking_stops_when_enough_are_ranked(tier, points, enough):
    expected = naive.ranks_until(points.tolist(), min(max(enough, 1), len(points)))
    assert dominance.ranks(points, enough).tolist() == expected


@settings(deadline=None, max_examples=100)
@given(points=POINTS, enough=st.none() | st.integers(-1, 14), data=st.data())
def test_feasible_points_come_first_then_those_that_violate_less(tier, points, enough, data):
    violations = st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0, np.inf])
    violation = data.draw(arrays(float, len(points), elements=violations))
    exact = naive.constrained_ranks(points.tolist(), violation.tolist())
    expected = exact if enough is None else naive.until(exact, min(max(enough, 1), len(points)))
    assert dominance.ranks(points, enough, violation).tolist() == expected


def test_without_violations_constraints_change_nothing(tier):
    points = random_points(200, 3, seed=5)
    np.testing.assert_array_equal(dominance.ranks(points, None, np.full(200, -1.0)), dominance.ranks(points))
    infeasible = dominance.ranks(points, None, np.arange(1.0, 201.0))
    np.testing.assert_array_equal(infeasible, np.arange(200))


@pytest.mark.parametrize("m", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("levels", [None, 7, 60])
def test_larger_sizes(tier, m, levels):
    points = random_points(150, m, seed=m, levels=levels)
    exact = naive.ranks(points.tolist())
    assert dominance.ranks(points).tolist() == exact
    for enough in (1, 20, 75, 150):
        assert dominance.ranks(points, enough).tolist() == naive.until(exact, enough)


@pytest.mark.parametrize("m", [2, 3, 5])
@pytest.mark.usefixtures("always_compiled")
def test_copies(m):
    """Each point a hundred times, in any turn."""
    points = random_points(40, m, seed=m, levels=5)
    which = np.random.default_rng(m).permutation(np.repeat(np.arange(40), 100))
    np.testing.assert_array_equal(dominance.ranks(points[which]), np.array(naive.ranks(points.tolist()))[which])


@pytest.mark.parametrize("m", [3, 4])
@pytest.mark.parametrize("levels", [None, 12])
@pytest.mark.usefixtures("always_compiled")
def test_sets_of_earlier_points_span_blocks(m, levels):
    """More points than a block of the bit sets holds: against a front-by-front peeling with arrays."""
    points = random_points(2500, m, seed=m, levels=levels)
    expected = dominance.ranks_numpy(points, len(points))
    np.testing.assert_array_equal(dominance.ranks(points), expected)


@pytest.mark.parametrize("noise", [0.0, 0.05])
@pytest.mark.usefixtures("always_compiled")
def test_objectives_in_conflict(noise):
    """Staircases of many steps, into the midst of which points are put until the sweep is given up."""
    points = random_points(1500, 3, seed=3)
    points[:, 2] = noise * points[:, 2] - points[:, 1]
    points[::50] = points[0]
    for enough in (1, 700, 1500):
        expected = dominance._cut(dominance.ranks_numpy(points, enough), enough)
        np.testing.assert_array_equal(dominance.ranks(points, enough), expected)


@pytest.mark.parametrize("m", [1, 2, 3, 4, 5])
def test_known_answers(tier, m):
    chain = np.repeat(np.random.default_rng(0).permutation(300).astype(float)[:, np.newaxis], m, axis=1)
    np.testing.assert_array_equal(dominance.ranks(chain), chain[:, 0])
    np.testing.assert_array_equal(dominance.ranks(np.zeros((300, m))), 0)
    assert dominance.ranks(np.empty((0, m))).shape == (0,)
    assert dominance.non_dominated(np.empty((0, m))).shape == (0,)
    assert dominance.ranks(np.ones((1, m))).tolist() == [0]
    if m > 1:
        front = np.column_stack([chain[:, 0], -chain[:, 0], *[np.zeros(300)] * (m - 2)])
        np.testing.assert_array_equal(dominance.ranks(front), 0)
        assert dominance.non_dominated(front).all()


@pytest.mark.parametrize("m", [1, 2, 3, 4])
@pytest.mark.usefixtures("always_compiled")
def test_front_of_many(m):
    """Points beaten by a few good ones are left out first; so are none that the ranks would keep."""
    for points in (random_points(5000, m, m), random_points(5000, m, m, levels=9), -(random_points(5000, m, m) ** 20)):
        points[:3] = points[3]
        points[10, 0] = -np.inf
        points[11] = np.inf
        np.testing.assert_array_equal(dominance.non_dominated(points), dominance.ranks(points) == 0)


@pytest.mark.parametrize("function", [dominance.ranks, dominance.non_dominated])
def test_nan_is_refused(function):
    with pytest.raises(ValueError, match="must not hold NaN"):
        function(np.array([[0.0, np.nan], [1.0, 1.0]]))
    with pytest.raises(ValueError, match="must not hold NaN"):
        dominance.ranks(np.ones((2, 2)), None, np.array([1.0, np.nan]))


def test_arguments_stay_as_they_are(tier):
    points = random_points(200, 3, seed=1)
    before = points.copy()
    points.flags.writeable = False
    dominance.ranks(points)
    dominance.ranks(points[::2, ::-1], 5)
    dominance.non_dominated(np.asfortranarray(points))
    np.testing.assert_array_equal(points, before)


def test_importing_loads_numpy_alone():
    program = """
import sys, numpy as np
from parzen.engine.kernels import dominance, hypervolume
dominance.ranks(np.eye(3)), hypervolume.subset(np.eye(3), np.full(3, 2.0), 2)
assert "numba" not in sys.modules and "scipy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.bench
@pytest.mark.parametrize("m", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("levels", [None, 20])
def test_same_as_moocore(m, levels):
    moocore = pytest.importorskip("moocore")
    points = random_points(3000, m, seed=m, levels=levels)
    np.testing.assert_array_equal(dominance.ranks(points), moocore.pareto_rank(points))
    np.testing.assert_array_equal(dominance.non_dominated(points), moocore.is_nondominated(points, keep_weakly=True))
