"""Hypervolume and the greedy choice of a subset: both tiers against the slow twins.

On small integers all sums are exact, so that ties are ties in every tier.
"""

import math

import naive_pareto as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from parzen.engine.kernels import fronts
from parzen.engine.kernels import hypervolume as kernels

SHAPES = st.tuples(st.integers(0, 7), st.integers(1, 4))
POINTS = SHAPES.flatmap(lambda shape: arrays(float, shape, elements=st.integers(-1, 4)))
TIED = st.tuples(st.integers(1, 40), st.integers(2, 6)).flatmap(  # more points, few values: ties and repetitions
    lambda shape: arrays(float, shape, elements=st.integers(0, 3 if shape[1] > 3 else 6))
)


@pytest.fixture(params=["python", "compiled"], scope="module")
def tier(request):
    """Use one tier whatever the size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fronts, "is_compiled", lambda n: request.param == "compiled")
        yield request.param


def front(n, m, seed=0, power=2.0):
    """Points on a bulging front."""
    x = np.abs(np.random.default_rng(seed).normal(size=(n, m)))
    return 1 - x / (x**power).sum(axis=1, keepdims=True) ** (1 / power)


@settings(deadline=None, max_examples=150)
@given(points=POINTS, reference=st.integers(0, 5))
def test_volume_of_integers_is_exact(tier, points, reference):
    reference = np.full(points.shape[1], float(reference))
    found = kernels.hypervolume(points, reference)
    assert isinstance(found, float)
    assert found == naive.hypervolume(points.tolist(), reference.tolist())


@pytest.mark.parametrize(("n", "m"), [(30, 1), (30, 2), (15, 3), (9, 4), (6, 5), (5, 6)])
def test_volume(tier, n, m):
    points, reference = np.random.default_rng(n).normal(size=(n, m)), np.full(m, 0.8)
    expected = naive.hypervolume(points.tolist(), reference.tolist())
    assert kernels.hypervolume(points, reference) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("m", [3, 4, 5])
def test_tiers_measure_the_same(monkeypatch, m):
    points, reference = np.vstack([front(40, m), np.random.default_rng(m).random((20, m))]), np.linspace(1.0, 1.3, m)
    slow = kernels.hypervolume(points, reference)
    monkeypatch.setattr(fronts, "is_compiled", lambda n: True)
    assert kernels.hypervolume(points, reference) == pytest.approx(slow, rel=1e-12)


@pytest.mark.parametrize("m", [1, 2, 3, 4, 5])
def test_known_volumes(tier, m):
    reference = np.ones(m)
    assert kernels.hypervolume(np.empty((0, m)), reference) == 0.0
    assert kernels.hypervolume(np.zeros((1, m)), reference) == 1.0
    assert kernels.hypervolume(np.zeros((150, m)), reference) == 1.0
    assert kernels.hypervolume(np.ones((150, m)), reference) == 0.0  # on the border
    corners = 0.75 * np.eye(m)  # together they leave out what is below 3/4 in all objectives
    expected = 1 - 0.75**m
    assert kernels.hypervolume(corners, reference) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("m", [1, 2, 3, 4])
def test_volume_far_from_one(tier, m):
    """Units that are powers of two change nothing but the exponent; products neither overflow nor vanish on the way."""
    points, reference = front(20, m), np.full(m, 1.5)
    expected = kernels.hypervolume(points, reference)
    unit = np.ldexp(1.0, np.resize([600, -600], m))
    assert kernels.hypervolume(points * unit, reference * unit) == math.ldexp(expected, 600 * (m % 2))
    assert kernels.hypervolume(points * 2.0**900, reference * 2.0**900) == (
        math.inf if m > 1 else math.ldexp(expected, 900)
    )


@pytest.mark.parametrize("m", [1, 2, 3, 4])
def test_infinite_volumes(tier, m):
    points, reference = front(10, m), np.full(m, 2.0)
    volume = kernels.hypervolume(points, reference)
    worse = np.vstack([points, np.full(m, np.inf), np.r_[np.inf, np.full(m - 1, -np.inf)]])
    assert kernels.hypervolume(worse, reference) == volume
    assert kernels.hypervolume(np.vstack([points, np.r_[-np.inf, np.zeros(m - 1)]]), reference) == math.inf
    assert kernels.hypervolume(points, np.r_[np.inf, np.full(m - 1, 2.0)]) == math.inf
    assert kernels.hypervolume(np.full((3, m), np.inf), np.full(m, np.inf)) == 0.0
    assert kernels.hypervolume(np.full((3, m), -1e308), np.full(m, 1e308)) == math.inf


@settings(deadline=None, max_examples=150)
@given(points=POINTS, reference=st.integers(0, 5))
def test_contributions_of_integers_are_exact(tier, points, reference):
    reference = np.full(points.shape[1], float(reference))
    found = kernels.contributions(points, reference)
    assert found.shape == (len(points),)
    assert found.tolist() == naive.contributions(points.tolist(), reference.tolist())


@settings(deadline=None, max_examples=300)
@given(points=TIED)
def test_tiers_measure_tied_integers_the_same(points):
    """Against the tier in Python, which the tests above hold to the slow twin: that one would take too long here."""
    reference = np.full(points.shape[1], 7.0)
    for measure in (kernels.hypervolume, kernels.contributions):
        slow, fast = (measure(points, reference, compiled=compiled) for compiled in (False, True))
        np.testing.assert_array_equal(slow, fast)


@pytest.mark.parametrize("m", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("power", [0.5, 2.0])
def test_contributions_are_what_is_lost(tier, m, power):
    n = 20 if tier == "python" else 120 if m < 4 else 40
    points, reference = np.vstack([front(n, m, power=power), np.random.default_rng(m).random((20, m))]), np.full(m, 1.1)
    points[3:5] = points[5]
    whole = kernels.hypervolume(points, reference)
    rest = [kernels.hypervolume(np.delete(points, i, axis=0), reference) for i in range(len(points))]
    np.testing.assert_allclose(kernels.contributions(points, reference), whole - np.array(rest), atol=1e-13)


@pytest.mark.parametrize("m", [1, 2, 3, 4])
def test_contributions_far_from_one(tier, m):
    points, reference = front(20, m), np.full(m, 1.5)
    expected = kernels.contributions(points, reference)
    unit = np.ldexp(1.0, np.resize([600, -600], m))
    found = kernels.contributions(points * unit, reference * unit)
    np.testing.assert_array_equal(found, np.ldexp(expected, 600 * (m % 2)))
    endless = np.vstack([points, np.r_[-np.inf, np.zeros(m - 1)], np.full(m, np.inf)])
    found = kernels.contributions(endless, reference)
    assert np.isfinite(found).all() and found[-2] > 0 and found[-1] == 0
    for compiled in (False, True):
        assert kernels.contributions(np.empty((0, m)), reference, compiled).shape == (0,)
        assert kernels.hypervolume(np.empty((0, m)), reference, compiled) == 0.0


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("m", [4, 5, 6])
def test_order_of_objectives_does_not_matter(m, power):
    """Each is the one along which is sliced, with ties; on a size where the fronts of slices are long."""
    points = np.round(front(150, m, seed=m, power=power), 2)
    expected = kernels.hypervolume(points, np.full(m, 1.1))
    for j in range(1, m):
        assert kernels.hypervolume(np.roll(points, j, axis=1), np.full(m, 1.1)) == pytest.approx(expected, rel=1e-12)


@settings(deadline=None, max_examples=150)
@given(points=POINTS, reference=st.integers(0, 5), k=st.integers(0, 8))
def test_subset_of_integers_is_exact(tier, points, reference, k):
    reference = np.full(points.shape[1], float(reference))
    found = kernels.subset(points, reference, k)
    assert found.dtype == np.int64
    assert found.tolist() == naive.subset(points.tolist(), reference.tolist(), k)


@pytest.mark.parametrize(("n", "k", "m"), [(25, 12, 2), (14, 7, 3), (9, 5, 4), (7, 4, 5)])
def test_subset(tier, n, k, m):
    points, reference = front(n, m, seed=n), np.full(m, 1.1)
    assert kernels.subset(points, reference, k).tolist() == naive.subset(points.tolist(), reference.tolist(), k)


@pytest.mark.parametrize("m", [2, 3, 4, 5])
@pytest.mark.parametrize("power", [0.5, 1.0, 3.0])
def test_tiers_choose_the_same(m, power):
    points, reference = front(60, m, seed=m, power=power), np.full(m, 1.1)
    slow, fast = (kernels.subset(points, reference, 40, compiled=compiled) for compiled in (False, True))
    np.testing.assert_array_equal(slow, fast)


@pytest.mark.parametrize("m", [2, 3, 4])
def test_tiers_choose_the_same_of_what_adds_alike(m):
    """On grids, whose points add alike but for rounding; the tiers sum in different orders."""
    for seed in range(300):
        rng = np.random.default_rng([m, seed])
        n, levels = rng.integers(3, 40), rng.integers(2, 12)
        points = rng.integers(0, levels, (n, m)) / levels * rng.uniform(0.1, 9.0) + rng.normal()
        reference = points.max(axis=0) + 0.1 * np.ptp(points, axis=0) + 1e-9
        slow, fast = (kernels.subset(points, reference, n // 2 + 1, compiled) for compiled in (False, True))
        assert slow.tolist() == fast.tolist()


@pytest.mark.parametrize("m", [2, 3])
def test_each_choice_adds_the_most(m):
    """On a size of real use, where the slow twin would take hours: by `hypervolume`, which is tested above."""
    points, reference = front(200, m), np.full(m, 1.1)
    chosen = kernels.subset(points, reference, 30)
    for c in (0, 1, 7, 29):
        volumes = [kernels.hypervolume(points[[*chosen[:c], i]], reference) for i in range(len(points))]
        assert volumes[chosen[c]] == pytest.approx(max(volumes), rel=1e-13)


def test_boxes_shared_with_many(tier):
    """A wide, flat point shares a box of its own with each of a ridge: more than there is room for at first."""
    x = np.arange(1.0, 41.0)
    points = -np.vstack([[41.0, 41.0, 0.5], np.column_stack([x, x[::-1], np.full(40, 1000.0)])])
    reference = np.zeros(3)
    chosen = kernels.subset(points, reference, 41)
    assert chosen[-1] == 0
    added = np.diff([kernels.hypervolume(points[chosen[:c]], reference) for c in range(42)])
    assert (np.diff(added) <= 0).all()
    assert added[-1] == 0.5 * (41 * 41 - 40 * 41 / 2)


@pytest.mark.parametrize("m", [1, 2, 3, 4])
def test_what_adds_nothing_comes_last(tier, m):
    points = np.vstack([np.ones((2, m)), front(6, m), np.full(m, 9.0), front(6, m), np.full(m, np.inf)])
    chosen = kernels.subset(points, np.ones(m), len(points)).tolist()
    adding = 1 if m == 1 else 6
    assert set(chosen[:adding]) <= set(range(2, 8))
    assert chosen[adding:] == sorted(chosen[adding:])
    assert sorted(chosen) == list(range(len(points)))


@pytest.mark.parametrize("m", [1, 2, 3, 4])
def test_infinities_in_a_subset(tier, m):
    points = np.vstack([np.full(m, np.inf), front(5, m), np.full(m, -np.inf), np.r_[np.inf, np.full(m - 1, -np.inf)]])
    chosen = kernels.subset(points, np.ones(m), len(points)).tolist()
    assert chosen == [6, 0, 1, 2, 3, 4, 5, 7]  # one dominates all
    for reference in (np.full(m, np.inf), np.full(m, -np.inf)):
        assert sorted(kernels.subset(points, reference, len(points)).tolist()) == list(range(len(points)))
    assert kernels.subset(np.full((3, m), -1e308), np.full(m, 1e308), 2).tolist() == [0, 1]


def test_no_points():
    assert kernels.subset(np.empty((0, 3)), np.ones(3), 5).shape == (0,)
    assert kernels.subset(np.empty((0, 3)), np.ones(3), 5, compiled=True).shape == (0,)
    assert kernels.subset(np.zeros((4, 3)), np.ones(3), 0, compiled=True).shape == (0,)


def test_the_tier_is_that_of_the_size_unless_it_is_given(monkeypatch):
    asked = []
    monkeypatch.setattr(fronts, "is_compiled", asked.append)
    points, reference = front(5, 3), np.ones(3)
    measures = (
        lambda compiled: kernels.hypervolume(points, reference, compiled),
        lambda compiled: kernels.contributions(points, reference, compiled),
        lambda compiled: kernels.subset(points, reference, 2, compiled),
    )
    for measure in measures:
        measure(True), measure(False)
    assert asked == []
    for measure in measures:
        measure(None)
    assert set(asked) == {5}


@pytest.mark.parametrize("where", ["points", "reference"])
def test_nan_is_refused(where):
    points, reference = np.zeros((2, 2)), np.ones(2)
    (points if where == "points" else reference)[..., 0] = np.nan
    with pytest.raises(ValueError, match="must not hold NaN"):
        kernels.hypervolume(points, reference)
    with pytest.raises(ValueError, match="must not hold NaN"):
        kernels.subset(points, reference, 1)
    with pytest.raises(ValueError, match="must not hold NaN"):
        kernels.contributions(points, reference)
    for measure in (kernels.hypervolume, kernels.contributions):
        with pytest.raises(ValueError, match="must not hold NaN"):
            measure(points, reference, compiled=True)


@pytest.mark.bench
@pytest.mark.parametrize(("n", "m"), [(1000, 2), (1000, 3), (200, 4), (120, 5), (100, 6)])
def test_same_as_moocore(n, m):
    moocore = pytest.importorskip("moocore")
    points, reference = np.vstack([front(n, m), np.random.default_rng(n).random((n, m))]), np.full(m, 1.1)
    expected = moocore.hypervolume(points, ref=reference)
    assert kernels.hypervolume(points, reference) == pytest.approx(expected, rel=1e-12)


@pytest.mark.bench
@pytest.mark.parametrize(("n", "m"), [(1000, 2), (1000, 3), (100, 4)])
def test_same_contributions_as_moocore(n, m):
    moocore = pytest.importorskip("moocore")
    points, reference = front(n, m), np.full(m, 1.1)
    expected = moocore.hv_contributions(points, ref=reference)
    np.testing.assert_allclose(kernels.contributions(points, reference), expected, rtol=1e-7, atol=1e-13)
