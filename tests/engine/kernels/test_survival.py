"""Who leaves a population: the order of SMS-EMOA."""

from __future__ import annotations

import math

import naive_pareto as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen.engine.kernels.compiled import survival as compiled_tier
from parzen.engine.kernels.survival import REFERENCE, estimated, order, places, scaled, shares

coordinates = st.integers(-3, 3).map(float)
odd = st.sampled_from([-math.inf, -1e308, -1.0, -0.5, 0.0, 5e-324, 1e-300, 0.1, 1e308, math.inf])
points = st.integers(1, 4).flatmap(
    lambda m: st.lists(st.lists(coordinates, min_size=m, max_size=m), min_size=1, max_size=7)
)


@pytest.mark.parametrize("compiled", [False, True])
@given(listed=points, data=st.data())
@settings(deadline=None)
def test_the_order_is_the_slow_twins(compiled: bool, listed: list[list[float]], data: st.DataObject) -> None:
    violation = data.draw(st.lists(st.sampled_from([0.0, 0.0, 0.5, 2.0]), min_size=len(listed), max_size=len(listed)))
    keys = naive.survival(listed, violation, REFERENCE)
    found = order(np.array(listed), np.array(violation), compiled).tolist()
    assert sorted(found) == list(range(len(listed)))
    assert [keys[i] for i in found] == sorted(keys)


@given(listed=points)
@settings(deadline=None)
def test_without_constraints_all_are_feasible(listed: list[list[float]]) -> None:
    values = np.array(listed)
    assert order(values).tolist() == order(values, np.zeros(len(values))).tolist()


@pytest.mark.parametrize("compiled", [False, True])
def test_of_points_that_are_alike_the_last_given_leaves(compiled: bool) -> None:
    values = np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [1.0, 2.0]])
    assert order(values, None, compiled).tolist() == [1, 0, 2, 3]
    assert order(values[:, :1], None, compiled).tolist() == [0, 2, 3, 1]
    assert order(values, np.array([1.0, 2.0, 1.0, 1.0]), compiled).tolist() == [0, 2, 3, 1]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("m", [2, 3])
def test_units_of_the_objectives_do_not_matter(m: int, compiled: bool) -> None:
    front = np.random.default_rng(m).random((20, m))
    front /= front.sum(axis=1, keepdims=True)
    scales = np.array([1e-200, 1e308, 3.0])[:m]
    np.testing.assert_allclose(shares(front * scales - scales / 3, compiled), shares(front), rtol=1e-9)


@given(listed=st.lists(st.tuples(*2 * [odd]), min_size=1, max_size=9))
@settings(deadline=None)
def test_the_tiers_agree_in_two_objectives(listed: list[tuple[float, float]]) -> None:
    values = np.array(listed)
    front = values[np.array(naive.ranks(listed)) == 0]
    np.testing.assert_array_equal(compiled_tier.scaled(values), scaled(values))
    found = shares(front, compiled=True)
    np.testing.assert_array_equal(found, shares(front))
    assert (found >= 0).all()


@pytest.mark.parametrize("m", [3, 4])
def test_the_tiers_agree_in_more(m: int) -> None:
    front = np.abs(np.random.default_rng(m).normal(size=(30, m)))
    front /= np.linalg.norm(front, axis=1, keepdims=True)
    np.testing.assert_allclose(shares(front, compiled=True), shares(front), rtol=1e-9)


@given(st.integers(1, 7), st.integers(1, 6), st.integers(0, 99))
@settings(deadline=None)
def test_the_tiers_estimate_alike(n: int, m: int, seed: int) -> None:
    points, u = np.random.default_rng(seed).integers(0, 3, (n, m)) / 2, places(m, 40)
    np.testing.assert_allclose(compiled_tier.estimated(points, 1.1, u), estimated(points, 1.1, u), rtol=1e-12)


@pytest.mark.parametrize("m", [2, 3, 5])
def test_an_estimate_is_near_to_what_a_point_adds(m: int) -> None:
    """Of 20,000 places spread evenly; random ones would have standard errors of at most 0.0036 of the box."""
    points = np.abs(np.random.default_rng(m).normal(size=(12 if m < 5 else 7, m)))  # the slow twin's cells are n^m
    points = scaled(points / np.linalg.norm(points, axis=1, keepdims=True))
    exact = naive.contributions(points.tolist(), [REFERENCE] * m)
    boxes = (REFERENCE - points).prod(axis=1)
    np.testing.assert_allclose(
        compiled_tier.estimated(points, REFERENCE, places(m, 20_000)) / boxes, exact / boxes, atol=0.01
    )


def test_places_are_a_latin_hypercube_and_the_same_ones_whoever_asks() -> None:
    for m in (6, 20):
        np.testing.assert_allclose(np.sort(places(m, 500), axis=0), np.tile((np.arange(500) + 0.5)[:, None] / 500, m))
        np.testing.assert_array_equal(places(m, 500), places.__wrapped__(m, 500))


@pytest.mark.parametrize("compiled", [False, True])
def test_with_many_objectives_a_point_that_another_one_equals_adds_nothing(compiled: bool) -> None:
    front = np.eye(8)[[0, 1, 2, 3, 4, 5, 6, 7, 3]]
    assert order(front, None, compiled)[-2:].tolist() == [3, 8]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("m", [1, 2, 3, 7])
def test_infinite_values(m: int, compiled: bool) -> None:
    rng = np.random.default_rng(m)
    for _ in range(20):
        values = rng.choice([-math.inf, -1e308, 0.0, 1.0, 1e308, math.inf], (12, m))
        found = order(values, None, compiled)
        assert sorted(found.tolist()) == list(range(12))
        rank = np.array(naive.ranks(values.tolist()))[found]
        assert (np.diff(rank) >= 0).all()


def test_a_point_alone_and_none() -> None:
    assert order(np.array([[1.0, 2.0]])).tolist() == [0]
    assert order(np.empty((0, 2))).tolist() == []
    assert order(np.array([[1.0, 2.0]]), np.array([1.0])).tolist() == [0]
