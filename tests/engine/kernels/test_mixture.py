"""Mixtures on both tiers: against the slow twin, exact cdfs and each other, and in the degenerate cases."""

import itertools

import naive_mixture
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixture_cases import (
    ALL_EXACT,
    DIMENSIONS,
    fitted,
    mixtures,
    observed_of,
    points,
    random_mixture,
    space_of,
    tables_of,
)
from scipy import integrate, stats

from parzen.engine.kernels import mixture as slow
from parzen.engine.kernels.axes import SpaceArrays, axes_of, decode, encode
from parzen.engine.kernels.compiled import mixture as fast
from parzen.engine.kernels.compiled.normal import BLOCK
from parzen.engine.kernels.truncnorm import QUANTILE_GRID

TOLERANCE = {"rtol": 1e-10, "atol": 1e-10}
TIERS = pytest.mark.parametrize("kernels", [slow, fast], ids=["numpy", "numba"])


def axes_and(names, n, seed, longest_table=ALL_EXACT):
    axes = axes_of(space_of(names), longest_table)
    x = points(names, np.random.default_rng(seed).random((n, len(names))))
    return axes, x, encode(axes, x)


def kernels_around(means, sigma, space):
    """A slow mixture of kernels of one bandwidth, all of one weight."""
    x = np.array(means, dtype=float).T
    log_weight = np.full(x.shape[1], -np.log(x.shape[1]))
    return naive_mixture.Mixture(log_weight, x, np.full(x.shape, float(sigma)), space, {})


def one_float(low, high):
    return SpaceArrays(np.array([low]), np.array([high]), np.zeros(1), np.zeros(1, dtype=np.int64))


# --- against the slow twin -------------------------------------------------------------------------------------------


@TIERS
@settings(deadline=None, max_examples=40)
@given(mixtures, st.sampled_from([0, 1, 4]), st.integers(0, 10**6))
def test_log_density_agrees_with_the_slow_twin(kernels, named, n, seed):
    names, mixture = named
    axes, x, z = axes_and(names, n, seed)
    found = kernels.log_density(fitted(mixture, axes, kernels), z)
    np.testing.assert_allclose(found, naive_mixture.log_density(mixture, x), **TOLERANCE)


@TIERS
@settings(deadline=None, max_examples=20)
@given(mixtures, st.integers(0, 10**6))
def test_log_marginals_agree_with_the_slow_twin(kernels, named, seed):
    names, mixture = named
    axes, x, z = axes_and(names, 3, seed)
    found = kernels.log_marginals(fitted(mixture, axes, kernels), z)
    for j in range(len(names)):
        space = SpaceArrays(*(column[j : j + 1] for column in mixture.space))
        tables = {0: mixture.tables[j]} if j in mixture.tables else {}
        one = mixture._replace(x=mixture.x[[j]], sigma=mixture.sigma[[j]], space=space, tables=tables)
        np.testing.assert_allclose(found[:, j], naive_mixture.log_density(one, x[:, [j]]), **TOLERANCE)


@TIERS
@settings(deadline=None, max_examples=40)
@given(mixtures, st.sampled_from([0, 1, 5]), st.integers(0, 10**6))
def test_draws_agree_with_the_slow_twin(kernels, named, n, seed):
    names, mixture = named
    axes = axes_of(mixture.space, ALL_EXACT)
    u = np.random.default_rng(seed).random((n, 1 + len(names)))
    found = decode(axes, kernels.draw(fitted(mixture, axes, kernels), axes, u))
    grid = (axes.upper - axes.lower).max() / QUANTILE_GRID  # to which quantiles are rounded; deviations are no wider
    np.testing.assert_allclose(found, naive_mixture.draw(mixture, u), rtol=1e-7, atol=1e-7 + grid)


@settings(deadline=None, max_examples=50)
@given(mixtures, st.integers(0, 10**6))
def test_draws_agree_and_lie_on_the_grids(named, seed):
    names, exact = named
    axes = axes_of(space_of(names))
    mixture = fitted(exact, axes)
    rng = np.random.default_rng(seed)
    for draw, columns in (("draw", 1 + len(names)), ("draw_marginals", 2 * len(names))):
        u = rng.random((6, columns))
        a, b = (getattr(kernels, draw)(mixture, axes, u) for kernels in (slow, fast))
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)  # the same, but for logarithms of grid points
        assert np.isfinite(slow.log_density(mixture, a)).all()
        x = decode(axes, a)
        np.testing.assert_allclose(decode(axes, encode(axes, x)), x, atol=1e-9)
        numeric = axes.n_choices == 0
        assert (x >= axes.low - 1e-9)[:, numeric].all()
        assert (x <= axes.high + 1e-9)[:, numeric].all()
        for j in np.flatnonzero(axes.n_choices):
            assert set(x[:, j]) <= set(range(axes.n_choices[j]))


@TIERS
@settings(deadline=None, max_examples=50)
@given(mixtures, st.integers(0, 10**6))
def test_conditioning_is_the_joint_density_along_the_others(kernels, named, seed):
    names, exact = named
    axes, _, z = axes_and(names, 4, seed)
    mixture = fitted(exact, axes)
    fixed = np.flatnonzero(np.random.default_rng(seed).random(len(names)) < 0.5)
    free = np.setdiff1d(np.arange(len(names)), fixed)
    if not (fixed.size and free.size):
        return
    along = kernels.condition(mixture, z[0], fixed, free)
    moved = z.copy()
    moved[:, fixed] = z[0, fixed]
    np.testing.assert_allclose(
        kernels.log_density(along, np.ascontiguousarray(moved[:, free])),
        kernels.log_density(mixture, moved),
        **TOLERANCE,
    )


# --- fitting ---------------------------------------------------------------------------------------------------------


@TIERS
def test_bandwidths_are_clipped_and_the_prior_may_come_last(kernels):
    axes = axes_of(one_float(-1.0, 3.0))
    exact = kernels_around([[0.0], [0.5], [1.0]], 1.0, one_float(-1.0, 3.0))
    observed = observed_of(exact, axes)._replace(bandwidth=np.array([[0.0, 0.7, 1e9]]))
    mixture = kernels.fit(observed, np.log(np.full(4, 0.25)), np.array([0.1]), tables_of(exact), axes)
    np.testing.assert_allclose(mixture.sigma, [[0.1, 0.7, 4.0, 4.0]])
    np.testing.assert_allclose(mixture.mu, [[0.0, 0.5, 1.0, 1.0]])


def test_a_second_fit_takes_normalisers_from_the_first():
    axes, _, z = axes_and(["float", "float"], 6, 0)
    z, ids = np.ascontiguousarray(z.T), np.array([0, 2, 5])
    known = np.full((3, *z.shape), np.nan)
    norm = known[2]
    none = tables_of(random_mixture(["float", "float"], 0, 0))

    def call(ids, bandwidth):
        observed = slow.Observed(ids, z, np.full(z.shape, bandwidth), known)
        return fast.fit(observed, np.zeros(len(ids)), np.full(2, 0.1), none, axes)

    first = call(ids, 0.5)
    assert np.isnan(norm[:, 1]).all()
    norm[0, 2] = 77.0  # were it computed again, this would go
    again = call(np.arange(6), 0.5)
    assert again.norm[0, 2] == 77.0
    np.testing.assert_array_equal(again.norm[1, ids], first.norm[1])
    assert call(ids, 0.6).norm[0, 1] != 77.0


@pytest.mark.parametrize("k", [0, BLOCK - 2, BLOCK - 1, BLOCK, 3 * BLOCK + 17])
def test_tiers_agree_around_the_block_size(k):
    names = [*DIMENSIONS, *["float"] * 12]
    axes, _, z = axes_and(names, 3, 1)
    mixture = fitted(random_mixture(names, k, seed=k), axes)
    np.testing.assert_allclose(fast.log_density(mixture, z), slow.log_density(mixture, z), **TOLERANCE)
    np.testing.assert_allclose(fast.log_marginals(mixture, z), slow.log_marginals(mixture, z), **TOLERANCE)


@pytest.mark.parametrize("order", [1, -1])
def test_far_blocks_are_skipped_without_harm(order):
    """Components thousands of deviations away, before and after the near ones."""
    means = np.sort(np.random.default_rng(0).random(5 * BLOCK))[::order]
    mixture = fitted(kernels_around(means[:, None], 1e-4, space_of(["float"])))
    z = np.array([[0.001], [0.5], [0.999], [2.5]])
    np.testing.assert_allclose(fast.log_density(mixture, z), slow.log_density(mixture, z), **TOLERANCE)


# --- what a density must be ------------------------------------------------------------------------------------------


@TIERS
@pytest.mark.parametrize("names", [("int", "choices"), ("log_int",), ("step", "one_int", "one_choice")], ids="-".join)
@pytest.mark.parametrize("n", [0, 1, 6])
def test_probabilities_of_a_discrete_space_sum_to_one(kernels, names, n):
    axes = axes_of(space_of(names), ALL_EXACT)
    everything = np.array(list(itertools.product(*(np.arange(float(size)) for size in axes.n_values))))
    mixture = fitted(random_mixture(names, n, seed=n), axes, kernels)
    assert np.exp(kernels.log_density(mixture, everything)).sum() == pytest.approx(1.0, abs=1e-12)


@TIERS
@pytest.mark.parametrize("n", [0, 1, 6])
def test_density_of_a_float_integrates_to_one(kernels, n):
    low, high, *_ = DIMENSIONS["float"]
    nodes, weights = np.polynomial.legendre.leggauss(400)
    x = low + (high - low) * (nodes + 1) / 2
    density = np.exp(kernels.log_density(fitted(random_mixture(["float"], n, seed=n), kernels=kernels), x[:, None]))
    assert weights @ density * (high - low) / 2 == pytest.approx(1.0, abs=1e-10)


@TIERS
def test_draws_follow_the_exact_cdf(kernels):
    """K-S on 20,000 seeded draws; for a right sampler and a random seed it would fail once in 10,000 runs."""
    exact = random_mixture(["float"], 5, seed=3)
    axes = axes_of(exact.space)
    x = kernels.draw(fitted(exact, axes), axes, np.random.default_rng(8).random((20_000, 2)))[:, 0]
    ends = [naive_mixture.kernel(exact, 0, c) for c in range(6)]

    def cdf(value):
        parts = [stats.truncnorm.cdf(value, (a - m) / s, (b - m) / s, m, s) for m, s, a, b in ends]
        return np.exp(exact.log_weight) @ np.array(parts)

    assert stats.kstest(x, cdf).pvalue > 1e-4


@TIERS
@pytest.mark.parametrize("name", ["int", "log_int", "choices", "step"])
def test_discrete_draws_follow_the_probabilities(kernels, name):
    """Chi-square on 20,000 seeded draws; false alarm rate 1e-4 a case (cells expected below 5 times are merged)."""
    axes = axes_of(space_of([name]), ALL_EXACT)
    mixture = fitted(random_mixture([name], 5, seed=4), axes)
    grid = np.arange(float(axes.n_values[0]))
    z = kernels.draw(mixture, axes, np.random.default_rng(9).random((20_000, 2)))[:, 0]
    observed = np.array([(z == value).sum() for value in grid])
    expected = 20_000 * np.exp(kernels.log_density(mixture, grid[:, None]))
    rare = expected < 5
    merged = [np.append(counts[~rare], counts[rare].sum()) for counts in (observed, expected)]
    kept = merged[1] > 0
    assert observed.sum() == 20_000
    assert stats.chisquare(merged[0][kept], merged[1][kept], sum_check=False).pvalue > 1e-4


@pytest.mark.parametrize("sigmas", [1, 10, 30, 100])
def test_a_kernel_far_outside_the_support_keeps_its_shape(sigmas):
    """Support [sigmas, sigmas + 1] standard deviations away: compare with quadrature of exp(-(z^2 - s^2) / 2)."""
    exact = kernels_around([[0.0]], 1.0, one_float(float(sigmas), sigmas + 1.0))
    axes = axes_of(exact.space)
    mixture = fitted(exact, axes)
    x = np.linspace(sigmas, sigmas + 1.0, 2001)
    log_shape = (sigmas - x) * (sigmas + x) / 2
    integral = integrate.trapezoid(np.exp(log_shape), x)
    np.testing.assert_allclose(
        slow.log_density(mixture, x[:, None]), log_shape - np.log(integral), atol=3e-4, rtol=1e-9
    )
    few = x[::500, None]
    np.testing.assert_allclose(slow.log_density(mixture, few), naive_mixture.log_density(exact, few), rtol=1e-10)
    drawn = slow.draw(mixture, axes, np.column_stack([np.zeros(99), np.linspace(0.01, 0.99, 99)]))
    assert ((drawn >= sigmas) & (drawn <= sigmas + 1)).all()
    assert (np.diff(drawn[:, 0]) > 0).all()


@TIERS
def test_a_tiny_bandwidth_returns_the_observation(kernels):
    exact = kernels_around([[0.3]], 1e-12, one_float(0.0, 1.0))
    axes = axes_of(exact.space)
    drawn = kernels.draw(fitted(exact, axes), axes, np.random.default_rng(0).random((50, 2)))
    np.testing.assert_allclose(drawn, 0.3, atol=1e-11)


@TIERS
def test_a_point_returns_itself_and_adds_nothing(kernels):
    both, one = space_of(["point", "float"]), space_of(["float"])
    axes = axes_of(both)
    mixture = fitted(kernels_around([[0.7, 0.1], [0.7, 2.0]], 0.5, both), axes, kernels)
    alone = fitted(kernels_around([[0.1], [2.0]], 0.5, one), kernels=kernels)
    z = np.array([[0.0, -0.5], [0.0, 1.0]])
    np.testing.assert_allclose(kernels.log_density(mixture, z), kernels.log_density(alone, z[:, 1:].copy()))
    drawn = decode(axes, kernels.draw(mixture, axes, np.random.default_rng(0).random((9, 3))))
    np.testing.assert_array_equal(drawn[:, 0], 0.7)


@TIERS
def test_zero_weights_are_never_drawn_and_no_weight_has_no_density(kernels):
    exact = random_mixture(["choices"], 3, seed=1, prior_weight=0.0)
    axes = axes_of(exact.space)
    assert exact.log_weight[-1] == -np.inf
    mixture = fitted(exact, axes, kernels)
    z = kernels.draw(mixture, axes, np.column_stack([np.linspace(0, 1 - 2**-53, 100), np.full(100, 0.5)]))
    assert set(z[:, 0]) == set(exact.x[0, :-1])
    unseen = sorted(set(range(4)) - set(exact.x[0, :-1]))
    np.testing.assert_array_equal(kernels.log_density(mixture, np.array(unseen, dtype=float)[:, None]), -np.inf)


@TIERS
@pytest.mark.filterwarnings("error")
def test_what_has_no_weight_has_none_whatever_is_given(kernels):
    names = ["float", "choices"]
    axes, _, z = axes_and(names, 3, 0)
    exact = naive_mixture.build(points(names, np.random.default_rng(1).random((2, 2))), [0.0, 1.0], space_of(names))
    mixture = fitted(exact, axes)
    along = kernels.condition(mixture, z[0], np.array([1]), np.array([0]))
    np.testing.assert_array_equal(np.isneginf(along.log_weight), np.isneginf(mixture.log_weight))
    assert np.isneginf(along.log_weight).sum() == 1
    assert not np.isnan(along.log_weight).any()


# --- approximations and coordinates ----------------------------------------------------------------------------------


@TIERS
@pytest.mark.parametrize(("name", "tolerance"), [("big_grid", 0.02), ("log_int", 0.4)])
def test_a_fine_grid_is_nearly_its_exact_masses(kernels, name, tolerance):
    """Sheppard's correction: the log ratio of two cells' masses, bandwidths being at least a fiftieth of the range."""
    high, step = (100.0, 1.0) if name == "big_grid" else (np.log(300.0), -1.0)
    space = SpaceArrays(np.zeros(1), np.array([high]), np.array([step]), np.zeros(1, np.int64))
    values = np.arange(101.0) if step > 0 else np.log(np.arange(1.0, 301.0))
    exact = kernels_around(np.append(values[[3, 10, 40, 41, 77]], np.nan)[:, None], high / 50, space)
    axes = axes_of(space)
    assert axes.n_values[0] == 0
    smooth = kernels.log_density(fitted(exact, axes, kernels), values[:, None])
    cells = kernels.log_density(fitted(exact, kernels=kernels), np.arange(float(len(values)))[:, None])
    width = np.log(np.exp(values) + 0.5) - np.log(np.exp(values) - 0.5) if step < 0 else np.ones(101)
    assert np.abs(smooth + np.log(width) - cells).max() < tolerance


def test_encode_leaves_gaps_and_decode_keeps_them():
    axes = axes_of(space_of(["step", "float"]))
    x = np.array([[np.nan, 1.0], [0.5, np.nan]])
    np.testing.assert_array_equal(encode(axes, x), [[np.nan, 1.0], [2.0, np.nan]])
    np.testing.assert_array_equal(decode(axes, encode(axes, x)), x)
