"""The Parzen estimator: bandwidths, weights, the prior, categorical kernels."""

from __future__ import annotations

import naive
import naive_mixture
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.kernels.axes import axes_of, encode
from parzen.engine.kernels.mixture import Mixture, Observed
from parzen.samplers import TPESampler
from parzen.samplers.tpe.estimator import Estimator, log_weights
from parzen.samplers.tpe.model import NUMPY, Tier, compiled_tier
from parzen.samplers.tpe.model_space import ModelSpace
from parzen.samplers.tpe.rules import (
    gentle_clip,
    magic_clip,
    neighbour_distance,
    neighbour_distance_with_endpoints,
    no_clip,
    scott,
)

SPACE = {
    "x": FloatDistribution(-1.0, 2.5),
    "c": CategoricalDistribution(tuple("abcd")),
    "n": IntDistribution(-3, 40),
    "log_n": IntDistribution(1, 60, log=True),
    "q": FloatDistribution(0.0, 2.0, step=0.25),
}
values = st.lists(st.floats(-1, 2.5, width=32), min_size=1, max_size=8)


def space_of(names: str) -> ModelSpace:
    space = ModelSpace({name: SPACE[name] for name in names.split()}, {})
    space.axes = axes_of(space.arrays, longest_table=10**6)  # nothing is approximated
    return space


def points(space: ModelSpace, n: int, seed: int = 0) -> np.ndarray:
    """Random points (n, d) in model coordinates."""
    rng = np.random.default_rng(seed)
    columns = [d.to_model(d.from_model(rng.uniform(*d.support, n))) for d in space.dims.distributions]
    return np.stack(columns, axis=1)


def estimate(
    space: ModelSpace,
    x: np.ndarray,
    weights: np.ndarray | None = None,
    tier: Tier = NUMPY,
    bold: bool = True,
    **arguments: object,
) -> Mixture:
    """Fit observations (n, d) in model coordinates as `TPESampler(**arguments)` does."""
    found = TPESampler(**arguments)._settings
    rule, axes = found.bandwidth, space.axes
    bandwidth = rule(x.T, axes.lower, axes.upper)
    z = np.ascontiguousarray(encode(axes, x).T)
    observed = Observed.of(z, bandwidth)
    return Estimator(found, space, tier, bold).fit(observed, np.ones(len(x)) if weights is None else weights)


@settings(deadline=None)
@given(values, st.booleans())
def test_neighbour_distance_agrees_with_the_slow_twin(observations, endpoints) -> None:
    rule = neighbour_distance_with_endpoints if endpoints else neighbour_distance
    ours = rule(np.array([observations]), np.array([-1.0]), np.array([2.5]))
    np.testing.assert_allclose(ours, [naive.neighbour_distance(observations, -1.0, 2.5, endpoints)], atol=1e-15)


@pytest.mark.parametrize("tier", ["numpy", "numba"])
@pytest.mark.parametrize("n", [0, 1, 2, 7])
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**6), endpoints=st.booleans(), magic=st.booleans(), prior=st.booleans())
def test_the_density_is_that_of_the_slow_twin(tier, n, seed, endpoints, magic, prior) -> None:
    """With observations that lack parameters, and those that are equal."""
    rng = np.random.default_rng(seed)
    space = space_of("x c n log_n q")
    x = points(space, n, seed)
    x = np.where(rng.random(x.shape) < 0.2, np.nan, x)
    weights = rng.uniform(0.1, 1.0, n)
    kernels = {"numpy": NUMPY, "numba": compiled_tier()}[tier]
    mixture = estimate(space, x, weights, kernels, prior_weight=0.7, consider_prior=prior, consider_endpoints=endpoints,
                       consider_magic_clip=magic)  # fmt: skip
    exact = naive_mixture.build(x, weights, space.arrays, 0.7, prior, endpoints, magic)
    where = points(space, 4, seed + 1)
    z = space.coordinates(space.dims.from_model(where))
    found = kernels.mixture.log_density(mixture, np.ascontiguousarray(z.T))
    np.testing.assert_allclose(found, naive_mixture.log_density(exact, where), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("n", [1, 2, 30, 97, 98, 99, 300])
def test_bounds_of_the_clips(n: int) -> None:
    width = np.array([4.0])
    np.testing.assert_allclose(magic_clip(width, n + 1), 4.0 / min(100, n + 2))
    np.testing.assert_allclose(gentle_clip(width, n + 1), 4.0 / min(100, max(10, n + 2)))
    np.testing.assert_allclose(no_clip(width, n + 1), 1e-12)


def test_a_missing_coordinate_has_the_kernel_of_the_prior() -> None:
    space = space_of("x c n")
    x = points(space, 5)
    x[[1, 2, 3], [0, 1, 2]] = np.nan
    mixture = estimate(space, x, consider_magic_clip=True)
    assert (mixture.mu[0, 1], mixture.sigma[0, 1]) == (mixture.mu[0, -1], mixture.sigma[0, -1]) == (0.75, 3.5)
    for i, j in [(2, 1), (3, 2)]:
        rows = (mixture.table[mixture.row[j, k] :][: space.axes.n_values[j]] for k in (i, -1))
        np.testing.assert_array_equal(*rows)
    others = np.delete(x[:, 0], 1)
    expected = neighbour_distance(others[None], np.array([-1.0]), np.array([2.5]))[0]
    np.testing.assert_allclose(np.delete(mixture.sigma[0, :-1], 1), np.maximum(expected, 3.5 / 7))


def test_no_observation_leaves_the_prior() -> None:
    space = space_of("x c")
    for consider_prior in (True, False):
        mixture = estimate(space, np.empty((0, 2)), consider_prior=consider_prior)
        np.testing.assert_array_equal(mixture.log_weight, [0.0])
        np.testing.assert_allclose((mixture.mu[0], mixture.sigma[0]), [[0.75], [3.5]])
        np.testing.assert_allclose(mixture.table[mixture.row[1, 0] :][:4], np.log(0.25))


def test_the_prior_can_be_left_out() -> None:
    space = space_of("x c")
    x = points(space, 5)
    with_prior, without = (
        estimate(space, x, np.arange(1.0, 6.0), consider_prior=consider) for consider in (True, False)
    )
    np.testing.assert_allclose(np.exp(without.log_weight), np.arange(1.0, 6.0) / 15)
    np.testing.assert_allclose(np.exp(with_prior.log_weight), np.append(np.arange(1.0, 6.0), 1.0) / 16)
    np.testing.assert_array_equal(without.mu[0], x[:, 0])
    np.testing.assert_array_equal(with_prior.mu[0], [*x[:, 0], 0.75])


def test_a_bandwidth_rule_can_be_replaced() -> None:
    space = ModelSpace({"x": SPACE["x"], "wide": IntDistribution(0, 500)}, {})
    x = points(space, 9)
    mixture = estimate(space, x, bandwidth=scott, clip=no_clip)
    np.testing.assert_allclose(mixture.sigma[:, :-1], np.tile(x.std(axis=0)[:, None] * 9 ** (-1 / 6), 9))
    constant = estimate(space, x, bandwidth=lambda o, *_: np.ones_like(o), clip=no_clip)
    np.testing.assert_allclose(constant.sigma[:, :-1], 1.0)


def test_a_distance_between_choices_shapes_its_dimension_only() -> None:
    space = ModelSpace({"a": SPACE["c"], "b": SPACE["c"]}, {"b": lambda a, b: abs(ord(a) - ord(b))})
    mixture = estimate(space, np.array([[0.0, 0.0], [3.0, 3.0]]))
    plain, shaped = (np.exp(mixture.table[mixture.row[j, 0] :][:4]) for j in (0, 1))
    assert plain[1] == plain[3]
    assert shaped[0] > shaped[1] > shaped[2] > shaped[3]


@pytest.mark.parametrize(("bold", "own"), [(True, 1 + 1 / 3), (False, 1.5)])
def test_bold_trials_sharpen_choices(bold: bool, own: float) -> None:
    """The kernel of one of two observations is its one-hot vector plus 1 / (n + 1), or plus 1/2."""
    mixture = estimate(space_of("c"), np.array([[0.0], [3.0]]), bold=bold)
    row = np.exp(mixture.table[mixture.row[0, 0] :][:4])
    np.testing.assert_allclose(row, np.array([own, own - 1, own - 1, own - 1]) / (4 * own - 3))


def test_weights_without_mass_count_alike() -> None:
    np.testing.assert_allclose(log_weights(np.zeros(3), 0.0), np.log(np.full(4, 0.25)))
    np.testing.assert_allclose(log_weights(np.array([1.0, 3.0]), None), np.log([0.25, 0.75]))


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(0, 10**6))
def test_the_order_of_different_observations_does_not_matter(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    space = space_of("x c")
    x, weights, order = points(space, n, seed), rng.random(n), rng.permutation(n)
    z = points(space, 5, seed + 1)
    densities = [NUMPY.mixture.log_density(estimate(space, x[i], weights[i]), z) for i in (np.arange(n), order)]
    np.testing.assert_allclose(*densities, rtol=1e-10, atol=1e-12)
