"""Reference points, scaling and niches of NSGA-III: against slow twins and known answers."""

import math

import naive_pareto as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen.engine.kernels import niching
from parzen.engine.kernels.dominance import ranks

seeds = st.integers(0, 2**32 - 1)


def unlimited(m):
    """No earlier generation."""
    return np.full(m, np.inf), np.empty((0, m))


@pytest.mark.parametrize(("m", "divisions"), [(1, 3), (2, 1), (2, 7), (3, 4), (4, 3), (5, 2)])
def test_reference_points_are_all_shares(m, divisions):
    found = niching.reference_points(m, divisions)
    assert found.tolist() == naive.reference_points(m, divisions)
    assert len(found) == math.comb(divisions + m - 1, m - 1)


def test_the_inner_layer_is_half_as_large():
    """The sizes are those of table I in Deb and Jain (2014)."""
    assert [len(niching.reference_points(3, 12)), len(niching.reference_points(5, 6))] == [91, 210]
    assert [len(niching.reference_points(m, p, q)) for m, p, q in ((8, 3, 2), (10, 3, 2), (15, 2, 1))] == [
        156,
        275,
        135,
    ]
    points = niching.reference_points(3, 2, 1)
    np.testing.assert_allclose(points.sum(axis=1), 1.0)
    np.testing.assert_allclose(points[6:], 1 / 6 + np.eye(3)[::-1] / 2)


@pytest.mark.parametrize("wrong", [(0, 1, 0), (2, 0, 0), (2, 1, -1)])
def test_there_is_an_objective_and_a_division(wrong):
    with pytest.raises(ValueError, match="at least one"):
        niching.reference_points(*wrong)


@pytest.mark.parametrize("m", [1, 2, 3, 5])
def test_a_plane_is_scaled_to_the_simplex(m):
    """Points on a plane of known intercepts, its corners among them."""
    units, start = np.arange(1.0, m + 1), np.linspace(-3, 5, m)
    values = niching.reference_points(m, 4) * units + start
    by = niching.scale(values, *unlimited(m))
    np.testing.assert_allclose(by.ideal, start if m > 1 else start + 1)
    np.testing.assert_allclose(by.length, units)
    if m > 1:
        np.testing.assert_allclose(by.extremes, start + np.diag(units), atol=1e-12)


def test_earlier_generations_count():
    by = niching.scale(np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([0.0, 0.0]), np.array([[4.0, 0.0], [0.0, 4.0]]))
    assert by.ideal.tolist() == [0, 0] and by.extremes.tolist() == [[4, 0], [0, 4]] and by.length.tolist() == [4, 4]


@pytest.mark.parametrize(
    "values",
    [
        [[1.0, 2.0, 3.0]],  # one point
        [[1.0, 2.0, 3.0]] * 4,  # repetitions
        [[0.0, 1.0, 5.0], [1.0, 0.0, 5.0]],  # equal in one objective
        [[0.0, 0.0, 1.0], [3.0, 4.0, 0.5]],  # fewer than objectives
        [[0.0, np.inf, 1.0], [-np.inf, 4.0, 0.5], [1.0, 1.0, np.inf]],
        [[np.inf] * 3, [-np.inf] * 3],
        [[1e308, -1e308, 0.0], [-1e300, 1e300, 1.0]],
    ],
)
def test_degenerate_fronts(values):
    values = np.array(values)
    with np.errstate(over="ignore", invalid="ignore"):
        by = niching.scale(values, *unlimited(3))
        assert (by.length > 0).all() and not np.isnan(by.length).any()
        niche, distance = niching.associate(values, niching.reference_points(3, 3), by)
    assert niche.min() >= 0 and not np.isnan(distance).any()


def test_where_there_is_no_plane_the_largest_values_count():
    values = np.array([[0.0, 1.0, 5.0], [2.0, 0.0, 5.0]])
    assert niching.scale(values, *unlimited(3)).length.tolist() == [2, 1, 1]


@settings(deadline=None, max_examples=100)
@given(seed=seeds, n=st.integers(1, 20), m=st.integers(1, 4), divisions=st.integers(1, 5))
def test_association(seed, n, m, divisions):
    values, lines = np.random.default_rng(seed).random((n, m)), niching.reference_points(m, divisions)
    by = niching.Scale(np.zeros(m), np.eye(m), np.ones(m))
    niche, distance = niching.associate(values, lines, by)
    expected = [naive.nearest_line(point, lines.tolist())[1] for point in values.tolist()]
    np.testing.assert_allclose(distance, expected, atol=1e-12)
    assert ((niche >= 0) & (niche < len(lines))).all()


def test_points_on_lines_are_associated_with_them():
    lines = niching.reference_points(3, 6)
    by = niching.Scale(np.array([1.0, -2.0, 0.0]), np.eye(3), np.array([1.0, 10.0, 0.1]))
    niche, distance = niching.associate(2.5 * lines * by.length + by.ideal, lines, by)
    assert niche.tolist() == list(range(len(lines)))
    np.testing.assert_allclose(distance, 0.0, atol=1e-12)


@settings(deadline=None, max_examples=200)
@given(seed=seeds, n=st.integers(0, 15), h=st.integers(1, 6), data=st.data())
def test_filling(seed, n, h, data):
    rng, k = np.random.default_rng(seed), data.draw(st.integers(0, n))
    niche, distance = rng.integers(0, h, n), rng.integers(0, 4, n).astype(float)  # with ties
    counts, u = rng.integers(0, 3, h), rng.random((k, 2))
    before = counts.copy()
    found = niching.fill(niche, distance, counts, k, u)
    assert found.dtype == np.int64
    assert found.tolist() == naive.fill(niche.tolist(), distance.tolist(), counts.tolist(), k, u.tolist())
    np.testing.assert_array_equal(counts, before)


def test_each_niche_gets_its_nearest_point():
    niche, distance = np.repeat(np.arange(5), 3), np.tile([0.3, 0.1, 0.2], 5)
    chosen = niching.fill(niche, distance, np.zeros(5, np.int64), 5, np.random.default_rng(0).random((5, 2)))
    assert sorted(chosen.tolist()) == [1, 4, 7, 10, 13]


@settings(deadline=None, max_examples=100)
@given(seed=seeds, n=st.integers(1, 30), m=st.integers(1, 4), data=st.data())
def test_survivors(seed, n, m, data):
    """Better ranks survive whole; nobody survives twice."""
    rng, size = np.random.default_rng(seed), data.draw(st.integers(1, n))
    values = rng.integers(0, 6, (n, m)).astype(float)
    rank = ranks(values)
    chosen, by = niching.survivors(
        values, rank, size, niching.reference_points(m, 3), *unlimited(m), rng.random((size, 2))
    )
    assert len(chosen) == len(set(chosen.tolist())) == size
    assert rank[chosen].tolist() == sorted(rank.tolist())[:size]
    assert by.ideal.tolist() == values[rank <= rank[chosen[-1]]].min(axis=0).tolist()


def test_survivors_spread():
    """From a crowd in one corner of the front and one point near each reference point, the latter are chosen."""
    spread = niching.reference_points(3, 4)
    crowd = np.array([0.9, 0.05, 0.05]) + np.random.default_rng(0).uniform(-0.01, 0.01, (50, 3))
    values = np.vstack([crowd * 1.001, spread])
    u = np.random.default_rng(1).random((15, 2))
    chosen, _ = niching.survivors(values, np.zeros(65, np.int64), 15, spread, *unlimited(3), u)
    assert sorted(chosen.tolist()) == list(range(50, 65))
