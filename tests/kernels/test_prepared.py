"""Prepared mixtures: both tiers against the exact mixture, and against each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixture_cases import DIMENSIONS, mixtures, names_of_spaces, points, random_mixture, space_of

from parzen.engine.kernels import prepared as slow
from parzen.engine.kernels.axes import axes_of, decode, encode
from parzen.engine.kernels.compiled import prepared as fast
from parzen.engine.kernels.compiled.normal import BLOCK
from parzen.engine.kernels.mixture import log_density
from parzen.samplers.tpe.estimator import build, categorical_tables

TOLERANCE = {"rtol": 1e-10, "atol": 1e-10}
ALL_EXACT = 10**6  # every grid is tabulated, so that nothing is approximated
TIERS = pytest.mark.parametrize("kernels", [slow, fast], ids=["numpy", "numba"])


def axes_and(names, n, seed, longest_table=ALL_EXACT):
    axes = axes_of(space_of(names), longest_table)
    x = points(names, np.random.default_rng(seed).random((n, len(names))))
    return axes, x, encode(axes, x)


@TIERS
@settings(deadline=None, max_examples=50)
@given(mixtures, st.integers(0, 10**6))
def test_density_is_that_of_the_exact_mixture(kernels, named, seed):
    names, mixture = named
    axes, x, z = axes_and(names, 5, seed)
    np.testing.assert_allclose(
        kernels.density(slow.prepare_mixture(mixture, axes), z), log_density(mixture, x), **TOLERANCE
    )


@TIERS
@settings(deadline=None, max_examples=50)
@given(names_of_spaces, st.sampled_from([0, 1, 2, 9]), st.integers(0, 10**6), st.booleans())
def test_prepare_is_build_and_prepare_mixture(kernels, names, n, seed, with_missing):
    rng = np.random.default_rng(seed)
    axes, observations, z = axes_and(names, n, seed)
    if with_missing:
        observations = np.where(rng.random(observations.shape) < 0.3, np.nan, observations)
        z = np.where(np.isnan(observations), np.nan, z)
    mixture = build(observations, np.ones(n), space_of(names))
    table, start = categorical_tables(axes.n_choices, 1.0 / (n + 1), {})
    bandwidth, blank = mixture.sigma[:, :n], np.full((len(names), n), np.nan)
    mine = kernels.prepare(
        np.arange(n), np.ascontiguousarray(z.T), bandwidth, np.zeros(len(names)), mixture.log_weight, axes, table,
        start, blank, blank.copy(),
    )  # fmt: skip
    x = points(names, rng.random((4, len(names))))
    np.testing.assert_allclose(kernels.density(mine, encode(axes, x)), log_density(mixture, x), **TOLERANCE)


def test_a_second_call_takes_normalisers_from_the_first():
    axes, _, z = axes_and(["float", "float"], 6, 0)
    z, ids = np.ascontiguousarray(z.T), np.array([0, 2, 5])
    done, cache, empty = np.full(z.shape, np.nan), np.full(z.shape, np.nan), np.zeros(2, np.int64)

    def call(ids, bandwidth):
        log_weight = np.zeros(len(ids))
        return fast.prepare(ids, z, bandwidth, np.full(2, 0.1), log_weight, axes, np.empty(0), empty, done, cache)

    first = call(ids, np.full(z.shape, 0.5))
    assert np.isnan(cache[:, 1]).all()
    cache[0, 2] = 77.0  # were it computed again, this would go
    again = call(np.arange(6), np.full(z.shape, 0.5))
    assert again.norm[0, 2] == 77.0
    np.testing.assert_array_equal(again.norm[1, ids], first.norm[1])
    assert call(ids, np.full(z.shape, 0.6)).norm[0, 1] != 77.0


@pytest.mark.parametrize("k", [0, BLOCK - 2, BLOCK - 1, BLOCK, 3 * BLOCK + 17])
def test_tiers_agree_around_the_block_size(k):
    names = [*DIMENSIONS, *["float"] * 12]
    axes, _, z = axes_and(names, 3, 1)
    mixture = slow.prepare_mixture(random_mixture(names, k, seed=k), axes)
    np.testing.assert_allclose(fast.density(mixture, z), slow.density(mixture, z), **TOLERANCE)
    np.testing.assert_allclose(fast.densities(mixture, z), slow.densities(mixture, z), **TOLERANCE)


@pytest.mark.parametrize("order", [1, -1])
def test_far_blocks_are_skipped_without_harm(order):
    """Components thousands of deviations away, before and after the near ones."""
    mu = np.sort(np.random.default_rng(0).random(5 * BLOCK))[::order]
    exact = random_mixture(["float"], mu.size - 1, seed=0)._replace(mu=mu[None], sigma=np.full((1, mu.size), 1e-4))
    mixture = slow.prepare_mixture(exact, axes_of(space_of(["float"])))
    x = np.array([[0.001], [0.5], [0.999], [2.5]])
    np.testing.assert_allclose(fast.density(mixture, x), slow.density(mixture, x), **TOLERANCE)


def test_no_component_reaches():
    exact = random_mixture(["choices"], 1, seed=1, prior_weight=0.0)
    mixture = slow.prepare_mixture(exact, axes_of(space_of(["choices"])))
    z = np.arange(4.0)[:, None]
    for kernels in (slow, fast):
        np.testing.assert_array_equal(np.isfinite(kernels.density(mixture, z)), z[:, 0] == exact.mu[0, 0])


@settings(deadline=None, max_examples=50)
@given(mixtures, st.integers(0, 10**6))
def test_draws_agree_and_lie_on_the_grids(named, seed):
    names, exact = named
    axes = axes_of(space_of(names))
    mixture = slow.prepare_mixture(exact, axes)
    rng = np.random.default_rng(seed)
    for draw, columns in (("draw", 1 + len(names)), ("draws", 2 * len(names))):
        u = rng.random((6, columns))
        a, b = (getattr(kernels, draw)(mixture, axes, u) for kernels in (slow, fast))
        np.testing.assert_allclose(a, b, atol=1e-5)  # the compiled quantile is good to 1e-7 deviations
        x = decode(axes, a)
        np.testing.assert_allclose(decode(axes, encode(axes, x)), x, atol=1e-9)
        numeric = axes.n_choices == 0
        assert (x >= axes.low - 1e-9)[:, numeric].all()
        assert (x <= axes.high + 1e-9)[:, numeric].all()


@TIERS
@settings(deadline=None, max_examples=50)
@given(mixtures, st.integers(0, 10**6))
def test_conditioning_is_the_joint_density_along_the_others(kernels, named, seed):
    names, exact = named
    axes, _, z = axes_and(names, 4, seed)
    mixture = slow.prepare_mixture(exact, axes)
    fixed = np.flatnonzero(np.random.default_rng(seed).random(len(names)) < 0.5)
    free = np.setdiff1d(np.arange(len(names)), fixed)
    if not (fixed.size and free.size):
        return
    along = kernels.condition(mixture, z[0], fixed, free)
    moved = z.copy()
    moved[:, fixed] = z[0, fixed]
    np.testing.assert_allclose(
        kernels.density(along, np.ascontiguousarray(moved[:, free])), kernels.density(mixture, moved), **TOLERANCE
    )


@TIERS
@pytest.mark.filterwarnings("error")
def test_what_has_no_weight_has_none_whatever_is_given(kernels):
    names = ["float", "choices"]
    axes, _, z = axes_and(names, 3, 0)
    exact = build(points(names, np.random.default_rng(1).random((2, 2))), np.array([0.0, 1.0]), space_of(names))
    mixture = slow.prepare_mixture(exact, axes)
    along = kernels.condition(mixture, z[0], np.array([1]), np.array([0]))
    np.testing.assert_array_equal(np.isneginf(along.log_weight), np.isneginf(mixture.log_weight))
    assert np.isneginf(along.log_weight).sum() == 1
    assert not np.isnan(along.log_weight).any()


@pytest.mark.parametrize(("name", "tolerance"), [("big_grid", 0.02), ("log_int", 0.4)])
def test_a_fine_grid_is_nearly_its_exact_masses(name, tolerance):
    """Sheppard's correction: the log ratio of two cells' masses, bandwidths being at least a fiftieth of the range."""
    from parzen.engine.kernels.mixture import SpaceArrays

    high, step = (100.0, 1.0) if name == "big_grid" else (np.log(300.0), -1.0)
    space = SpaceArrays(np.zeros(1), np.array([high]), np.array([step]), np.zeros(1, np.int64))
    values = np.arange(101.0) if step > 0 else np.log(np.arange(1.0, 301.0))
    observations = values[[3, 10, 40, 41, 77]][:, None]
    exact = build(observations, np.ones(5), space, bandwidth=lambda x, *_: np.full_like(x, high / 50))
    axes = axes_of(space)
    assert axes.n_values[0] == 0
    smooth = slow.density(slow.prepare_mixture(exact, axes), values[:, None])
    cells = log_density(exact, values[:, None])
    width = np.log(np.exp(values) + 0.5) - np.log(np.exp(values) - 0.5) if step < 0 else np.ones(101)
    assert np.abs(smooth + np.log(width) - cells).max() < tolerance


def test_encode_leaves_gaps_and_decode_keeps_them():
    axes = axes_of(space_of(["step", "float"]))
    x = np.array([[np.nan, 1.0], [0.5, np.nan]])
    np.testing.assert_array_equal(encode(axes, x), [[np.nan, 1.0], [2.0, np.nan]])
    np.testing.assert_array_equal(decode(axes, encode(axes, x)), x)
