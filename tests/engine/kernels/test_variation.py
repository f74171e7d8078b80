"""Crossover and mutation: slow twins, bounds, and what the papers say of the distributions."""

from __future__ import annotations

import math

import naive_points
import naive_variation as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.history import Dimensions
from parzen.engine.kernels import offspring, variation
from parzen.engine.kernels.compiled import offspring as compiled
from parzen.engine.kernels.offspring import MUTANTS

etas = st.sampled_from([0.0, 2.0, 20.0])


@st.composite
def families(draw, k=2):
    """Draw parents (n, k, d) in a box, some of them equal or at its ends, the box, and a generator."""
    n, d = draw(st.integers(0, 4)), draw(st.integers(1, 4))
    low = np.array(draw(st.lists(st.sampled_from([-3.0, 0.0, 1e6]), min_size=d, max_size=d)))
    high = low + np.array(draw(st.lists(st.sampled_from([0.0, 1e-9, 1.0, 50.0]), min_size=d, max_size=d)))
    shares = st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0])
    share = np.array(draw(st.lists(shares, min_size=n * k * d, max_size=n * k * d))).reshape(n, k, d)
    parents = np.clip(low + share * (high - low), low, high)
    return parents, low, high, np.random.default_rng(draw(st.integers(0, 99)))


def box_shape(parents):
    return parents.shape[0], parents.shape[2]


def close(found, expected, parents):
    expected = np.array(expected, dtype=float).reshape(box_shape(parents))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * (1 + np.abs(parents).max(initial=0)))


@settings(deadline=None)
@given(families(), st.sampled_from([0.0, 0.3, 1.0]))
def test_uniform(case, swap):
    parents, _, _, rng = case
    u = rng.random(box_shape(parents))
    expected = [naive.uniform(p, q, swap, r) for (p, q), r in zip(parents, u, strict=True)]
    close(variation.uniform(parents, swap, u), expected, parents)


@settings(deadline=None)
@given(families(), st.sampled_from([0.0, 0.5]))
def test_blx(case, alpha):
    parents, _, _, rng = case
    u = rng.random(box_shape(parents))
    close(variation.blx(parents, alpha, u), [naive.blx(*f, alpha, r) for f, r in zip(parents, u, strict=True)], parents)


@settings(deadline=None)
@given(families(), etas)
def test_sbx(case, eta):
    parents, low, high, rng = case
    u = rng.random(box_shape(parents))
    lower, upper = variation.sbx(parents, low, high, eta, u)
    twins = [naive.sbx(p, q, low, high, eta, r) for (p, q), r in zip(parents, u, strict=True)]
    close(lower, [twin[0] for twin in twins], parents)
    close(upper, [twin[1] for twin in twins], parents)
    slack = 1e-9 * (high - low)
    for children in (lower, upper):
        assert (children >= low - slack).all() and (children <= high + slack).all()


@settings(deadline=None)
@given(families(), etas)
def test_vsbx(case, eta):
    parents, _, _, rng = case
    u = rng.random(box_shape(parents))
    first, second = variation.vsbx(parents, eta, u)
    twins = [naive.vsbx(p, q, eta, r) for (p, q), r in zip(parents, u, strict=True)]
    np.testing.assert_allclose(first, np.array([t[0] for t in twins]).reshape(first.shape), rtol=1e-9)
    np.testing.assert_allclose(second, np.array([t[1] for t in twins]).reshape(first.shape), rtol=1e-9)


@settings(deadline=None)
@given(st.integers(2, 4).flatmap(families), st.sampled_from([1.0, 2.0]))
def test_spx(case, epsilon):
    parents, _, _, rng = case
    u = rng.random((len(parents), parents.shape[1] - 1))
    close(
        variation.spx(parents, epsilon, u),
        [naive.spx(f.tolist(), epsilon, r) for f, r in zip(parents, u, strict=True)],
        parents,
    )


@settings(deadline=None)
@given(families(k=3))
def test_undx(case):
    parents, _, _, rng = case
    z = rng.standard_normal((len(parents), 1 + parents.shape[2]))
    twins = [naive.undx(*f.tolist(), 0.5, 0.2, r.tolist()) for f, r in zip(parents, z, strict=True)]
    close(variation.undx(parents, 0.5, 0.2, z), twins, parents)


@settings(deadline=None)
@given(families(k=1), etas)
def test_polynomial(case, eta):
    parents, low, high, rng = case
    x, u = parents[:, 0], rng.random(box_shape(parents))
    found = variation.polynomial(x, low, high, eta, u)
    twins = [
        [naive.polynomial(*one, eta, r) for *one, r in zip(row, low, high, us, strict=True)]
        for row, us in zip(x, u, strict=True)
    ]
    close(found, twins, parents)
    assert ((found >= low) & (found <= high)).all()


@settings(deadline=None)
@given(families(), st.sampled_from([0.0, 2.0, 1e3]))
def test_bounce_leaves_what_is_inside_and_brings_back_the_rest(case, far):
    parents, low, high, rng = case
    children = parents[:, 1] + far * rng.uniform(-1, 1, box_shape(parents))
    found = variation.bounce(children, parents[:, 0], low, high, rng.random(children.shape))
    inside = (children >= low) & (children <= high)
    np.testing.assert_array_equal(found[inside], children[inside])
    assert ((found >= low) & (found <= high)).all()
    below = children < low
    assert (found[below] <= np.maximum(parents[:, 0][below], np.broadcast_to(low, below.shape)[below])).all()


@given(st.lists(st.integers(0, 4), min_size=2, max_size=9), st.integers(0, 9), st.integers(0, 99))
def test_tournament(grades, n, seed):
    u = np.random.default_rng(seed).random((n, min(len(grades), 3), 2))
    found = variation.tournament(np.array(grades), u)
    assert found.tolist() == [naive.tournament(grades, row) for row in u.tolist()]
    assert all(len(set(row)) == len(row) for row in found.tolist())


@st.composite
def generations(draw):
    d, k, n = draw(st.integers(1, 4)), draw(st.integers(2, 6)), draw(st.integers(0, 6))
    coordinates = st.sampled_from([0.0, 0.25, 0.7, 1.0, math.nan])
    points = np.array(draw(st.lists(coordinates, min_size=d * k, max_size=d * k))).reshape(d, k)
    grades = np.array(draw(st.lists(st.integers(0, 3), min_size=k, max_size=k)))
    is_choice = np.array(draw(st.lists(st.booleans(), min_size=d, max_size=d)))
    u = np.random.default_rng(draw(st.integers(0, 99))).random((n, 5 + 3 * d))
    probability = draw(st.sampled_from([-1.0, 0.0, 0.4, 1.0]))
    return (
        points,
        grades,
        is_choice,
        np.where(is_choice, 0.5, 0.3),
        draw(st.sampled_from([0.0, 0.6, 1.0])),
        (probability),
        10.0,
        u,
    )


@settings(deadline=None)
@given(generations())
def test_offspring(case):
    points, grades, is_choice, swap, crossover_prob, probability, eta, u = case
    expected = [naive.child(points, grades, is_choice, swap, crossover_prob, probability, eta, row) for row in u]
    for tier in (offspring, compiled):
        children, source = tier.offspring(*case)
        assert source.tolist() == [child[1] for child in expected]
        twins = np.array([child[0] for child in expected]).reshape(children.shape)
        np.testing.assert_allclose(children, twins, atol=0.51 / MUTANTS)  # they lie on a grid, the twins do not


# One of each kind: what a child is made of depends on its range, its grid and its scale.
RANGES = [
    FloatDistribution(-3.0, 1e6),
    FloatDistribution(1e-3, 1e2, log=True),
    FloatDistribution(0.0, 0.9, step=0.3),
    IntDistribution(1, 300, log=True),
    CategoricalDistribution("abc"),
]


@settings(deadline=None)
@given(generations(), st.data())
def test_litter(case, data):
    """Children of values are those in the unit cube, scaled; what did not mutate is a parent's to the last bit."""
    d, k = case[0].shape
    ranges = data.draw(st.lists(st.sampled_from(RANGES), min_size=d, max_size=d))
    dims = Dimensions.of({str(j): distribution for j, distribution in enumerate(ranges)})
    values, share = dims.from_unit(case[0].T).T, np.random.default_rng(k).random((d, k))
    values[data.draw(st.integers(0, d - 1)), data.draw(st.integers(0, k - 1))] = 2e6  # outside of its range since
    points = np.array(
        [[naive_points.to_unit(ranges[j], values[j, i], share[j, i]) for i in range(k)] for j in range(d)]
    )
    expected, whose = offspring.offspring(points, *case[1:])
    for tier in (offspring, compiled):
        children = tier.litter(values, share, dims.scale, *case[1:])
        for j, i in np.ndindex(*children.shape):
            made = children[j, i]
            if whose[i, j] >= 0:
                assert made == values[j, whose[i, j]]
            elif math.isnan(expected[i, j]):
                assert math.isnan(made)
            else:
                assert dims.scale.low[j] <= made <= dims.scale.high[j]
                nearest = ranges[j].from_unit(expected[i, j])
                assert abs(made - nearest) <= dims.scale.spacing[j] * 0.500001 + 1e-9 * abs(nearest) + 1e-6


# Below, 20,000 children; a mean lies within 5 standard errors of what is expected but for 6e-7 of all seeds.
N = 20_000


def many(*parents):
    return np.broadcast_to(np.array(parents), (N, len(parents), len(parents[0])))


def assert_mean(x, expected):
    assert abs(x.mean() - expected) < 5 * x.std() / math.sqrt(len(x))


def test_sbx_keeps_the_mean_of_the_parents_and_the_spread_of_the_paper():
    rng, eta = np.random.default_rng(0), 2.0
    lower, upper = variation.sbx(many([0.4], [0.6]), np.array([-1e9]), np.array([1e9]), eta, rng.random((N, 1)))
    np.testing.assert_allclose(lower + upper, 1.0)
    beta = (upper - lower)[:, 0] / 0.2
    assert_mean((beta <= 1).astype(float), 0.5)
    assert_mean((beta <= 0.5).astype(float), 0.5 * 0.5 ** (eta + 1))
    assert_mean((beta > 2).astype(float), 0.5 * 2.0 ** -(eta + 1))


@pytest.mark.parametrize("shift", [0.0, 10.0])
def test_vsbx_by_the_weights_of_its_parents(shift):
    beta, a, b = 2.0, 0.4 + shift, 0.6 + shift  # u = 1/8 or 7/8, eta = 1: (1 / 2u)^(1/2) = 2
    first, second = variation.vsbx(many([a], [b])[:2], 1.0, np.array([[1 / 8], [7 / 8]]))
    np.testing.assert_allclose(first[0], ((1 + beta) * a + (1 - beta) * b) / 2)
    np.testing.assert_allclose(first[1], ((3 - beta) * a - (1 - beta) * b) / 2)
    np.testing.assert_allclose(second[0], ((1 - beta) * a + (1 + beta) * b) / 2)
    np.testing.assert_allclose(second[1], (-(1 - beta) * a + (3 - beta) * b) / 2)


def test_vsbx_is_symmetric_around_each_parent():
    rng = np.random.default_rng(1)
    first, second = variation.vsbx(many([0.4], [0.6]), 2.0, rng.random((N, 1)))
    assert_mean((first[:, 0] < 0.4).astype(float), 0.5)
    assert_mean((second[:, 0] < 0.6).astype(float), 0.5)
    np.testing.assert_allclose(first + second, 1.0)


def test_spx_is_uniform_on_the_simplex():
    rng = np.random.default_rng(2)
    children = variation.spx(many([0.0, 0.0], [1.0, 0.0], [0.0, 1.0]), 1.0, rng.random((N, 2)))
    assert (children >= -1e-12).all() and (children.sum(axis=1) <= 1 + 1e-12).all()
    assert_mean(children[:, 0], 1 / 3)
    assert_mean((children.sum(axis=1) < 0.5).astype(float), 0.25)
    assert_mean((children[:, 0] < 0.5).astype(float), 0.75)


def test_undx_has_the_variances_of_the_paper():
    rng = np.random.default_rng(3)
    # The parents' line is the first axis, its length 2; the third parent lies 3 away from it.
    parents = many([0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [5.0, 3.0, 0.0])
    children = variation.undx(parents, 0.5, 0.1, rng.standard_normal((N, 4)))
    assert_mean(children[:, 0], 1.0)
    np.testing.assert_allclose(children.std(axis=0), [1.0, 0.3, 0.3], rtol=0.03)  # 6 standard errors


def test_polynomial_mutation_has_the_distribution_of_the_paper():
    rng, eta = np.random.default_rng(4), 20.0
    mutants = variation.polynomial(np.full(N, 0.5), np.float64(-1e6), np.float64(1e6), eta, rng.random(N))
    delta = (mutants - 0.5) / 2e6
    assert_mean((delta < 0).astype(float), 0.5)
    assert_mean((np.abs(delta) > 0.05).astype(float), 0.95 ** (eta + 1))


@pytest.mark.parametrize("eta", [0.0, 20.0, 1e4])
def test_extreme_uniforms_stay_inside(eta):
    u = np.array([[0.0, 0.5, np.nextafter(1.0, 0.0)]])
    parents = np.array([[[0.0, 0.3, 1.0], [1.0, 0.7, 0.2]]])
    low, high = np.zeros(3), np.ones(3)
    for children in (
        *variation.sbx(parents, low, high, eta, u),
        variation.polynomial(parents[:, 0], low, high, eta, u),
    ):
        assert ((children >= -1e-12) & (children <= 1 + 1e-12)).all()
    for children in variation.vsbx(parents, eta, u):
        assert not np.isnan(children).any()
