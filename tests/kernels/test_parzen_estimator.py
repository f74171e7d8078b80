"""Building the Parzen estimator: bandwidths, weights, prior, categorical tables."""

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixture_cases import points, space_of

from parzen.engine.kernels.mixture import log_density, table_of
from parzen.samplers.tpe.estimator import build, clip_bandwidths, log_weights
from parzen.samplers.tpe.rules import (
    magic_clip,
    neighbour_distance,
    neighbour_distance_with_endpoints,
    no_clip,
    scott,
)

values = st.lists(st.floats(-1, 2.5, width=32), min_size=1, max_size=8)


@settings(deadline=None)
@given(values, st.booleans())
def test_neighbour_distance_agrees_with_the_slow_twin(observations, endpoints):
    rule = neighbour_distance_with_endpoints if endpoints else neighbour_distance
    ours = rule(np.array([observations]), np.array([-1.0]), np.array([2.5]))
    np.testing.assert_allclose(ours, [naive.neighbour_distance(observations, -1.0, 2.5, endpoints)], atol=1e-15)


@pytest.mark.parametrize("n", [1, 2, 30, 97, 98, 99, 300])
def test_magic_clip_bounds(n):
    width = np.array([4.0])
    sigma = clip_bandwidths(np.array([[0.0, 1e9]]), width, magic_clip(width, n + 1))
    np.testing.assert_allclose(sigma, [[4.0 / min(100, n + 2), 4.0]])
    np.testing.assert_allclose(clip_bandwidths(np.zeros((1, 1)), width, no_clip(width, n + 1)), [[1e-12]])


def test_a_missing_coordinate_has_the_kernel_of_the_prior():
    observations = points(["float", "choices", "int"], np.random.default_rng(0).random((5, 3)))
    observations[[1, 2, 3], [0, 1, 2]] = np.nan
    mixture = build(observations, np.ones(5), space_of(["float", "choices", "int"]))
    for i, j in [(1, 0), (2, 1), (3, 2)]:
        assert (mixture.mu[j, i], mixture.sigma[j, i]) == (mixture.mu[j, -1], mixture.sigma[j, -1])
    others = np.delete(observations[:, 0], 1)
    expected = neighbour_distance(others[None], np.array([-1.0]), np.array([2.5]))[0]
    np.testing.assert_allclose(np.delete(mixture.sigma[0, :-1], 1), np.maximum(expected, 3.5 / 7))


def test_no_observation_leaves_the_prior():
    for consider_prior in (True, False):
        mixture = build(np.empty((0, 2)), np.empty(0), space_of(["float", "choices"]), consider_prior=consider_prior)
        np.testing.assert_array_equal(mixture.log_weight, [0.0])
        np.testing.assert_allclose(mixture.mu, [[0.75], [-1.0]])
        np.testing.assert_allclose(mixture.sigma, [[3.5], [1.0]])


def test_the_prior_can_be_left_out():
    observations = points(["float", "choices"], np.random.default_rng(0).random((5, 2)))
    with_prior, without = (
        build(observations, np.arange(1.0, 6.0), space_of(["float", "choices"]), consider_prior=consider)
        for consider in (True, False)
    )
    np.testing.assert_allclose(np.exp(without.log_weight), np.arange(1.0, 6.0) / 15)
    np.testing.assert_allclose(np.exp(with_prior.log_weight), np.append(np.arange(1.0, 6.0), 1.0) / 16)
    np.testing.assert_array_equal(without.mu, observations.T)


def test_components_keep_the_order_of_the_observations():
    observations = points(["float", "int", "choices"], np.random.default_rng(0).random((9, 3)))
    mixture = build(observations, np.ones(9), space_of(["float", "int", "choices"]))
    np.testing.assert_array_equal(mixture.mu[:, :-1], observations.T)
    assert mixture.mu[2, -1] == -1


def test_a_bandwidth_rule_can_be_replaced():
    observations = points(["float", "int"], np.random.default_rng(0).random((9, 2)))
    mixture = build(observations, np.ones(9), space_of(["float", "int"]), bandwidth=scott)
    expected = observations.std(axis=0) * 9 ** (-1 / 6)
    np.testing.assert_allclose(mixture.sigma[:, :-1], np.tile(expected[:, None], 9))
    constant = build(observations, np.ones(9), space_of(["float", "int"]), bandwidth=lambda o, *_: np.ones_like(o))
    np.testing.assert_allclose(constant.sigma[0, :-1], 1.0)


def test_a_distance_between_choices_shapes_its_dimension_only():
    observations = np.array([[0.0, 0.0], [3.0, 3.0]])
    distance = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0)))
    mixture = build(observations, np.ones(2), space_of(["choices"] * 2), categorical_distance={1: distance})
    plain, shaped = (np.exp(table_of(mixture, j)[0]) for j in (0, 1))
    assert plain[1] == plain[3]
    assert shaped[0] > shaped[1] > shaped[2] > shaped[3]


def test_weights_without_mass_count_alike():
    np.testing.assert_allclose(log_weights(np.zeros(3), 0.0), np.log(np.full(4, 0.25)))
    np.testing.assert_allclose(log_weights(np.array([1.0, 3.0]), None), np.log([0.25, 0.75]))


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(0, 10**6))
def test_the_order_of_different_observations_does_not_matter(n, seed):
    rng = np.random.default_rng(seed)
    names = ["float", "choices"]
    observations, weights = points(names, rng.random((n, 2))), rng.random(n)
    order, x = rng.permutation(n), points(names, rng.random((5, 2)))
    densities = [log_density(build(observations[i], weights[i], space_of(names)), x) for i in (np.arange(n), order)]
    np.testing.assert_allclose(*densities, rtol=1e-10, atol=1e-12)
