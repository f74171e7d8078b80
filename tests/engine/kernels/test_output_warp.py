"""Warps of losses: what does not matter to them, what they do with odd losses, and which is chosen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen.engine.arrays import FloatArray
from parzen.engine.kernels.output_warp import OFFSETS, most_likely, warped

losses = st.integers(0, 2**32 - 1).map(lambda seed: np.exp(np.random.default_rng(seed).standard_normal(1 + seed % 20)))
LINEAR = len(OFFSETS) - 1


def choice(values: FloatArray) -> int:
    """Choose a warp of losses that lie as far apart as losses can: each is covered by itself alone."""
    return most_likely(*warped(values), np.eye(len(values)))


@settings(deadline=None)
@given(losses)
def test_each_warp_is_standardised_and_keeps_the_order(values: FloatArray) -> None:
    z, log_jacobian = warped(values)
    assert z.shape == (len(values), len(OFFSETS)) and log_jacobian.shape == OFFSETS.shape
    np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=1e-10)
    if len(values) > 1:
        np.testing.assert_allclose(z.std(axis=0), 1.0, rtol=1e-10)
        assert (np.diff(z[np.argsort(values)], axis=0) > 0.0).all()
        np.testing.assert_allclose(z[:, LINEAR], (values - values.mean()) / values.std(), atol=2e-2 * values.max())


@settings(deadline=None)
@given(losses, st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_neither_shift_nor_scale_matters(values: FloatArray, shift: float, scale: float) -> None:
    (z, log_jacobian), (moved, other) = warped(values), warped(shift + scale * values)
    np.testing.assert_allclose(moved, z, atol=1e-5)
    if len(values) > 1:
        np.testing.assert_allclose(other - other[0], log_jacobian - log_jacobian[0], atol=1e-4)


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e200, 1e306])
def test_losses_of_any_size_are_warped_alike(scale: float) -> None:
    values = np.exp(np.random.default_rng(0).standard_normal(12))
    np.testing.assert_allclose(warped(values * scale)[0], warped(values)[0], rtol=1e-8)
    both = np.array([-1.7e308, 1.0, 1.7e308])
    assert np.isfinite(warped(both)[0]).all()


def test_the_jacobian_is_that_of_the_warp() -> None:
    """The product of the slopes dz / dy, by differences, up to the same constant for all warps."""
    values = np.exp(np.random.default_rng(1).standard_normal(9))
    z, log_jacobian = warped(values)
    t = (values - values.min()) / (np.median(values) - values.min())
    w = np.log(t[:, None] + OFFSETS)
    step = 1e-6
    slopes = (np.log(t[:, None] + step + OFFSETS) - w) / step / w.std(axis=0)
    expected = np.log(slopes).sum(axis=0)
    np.testing.assert_allclose(log_jacobian - log_jacobian[-1], expected - expected[-1], atol=2e-2)
    np.testing.assert_allclose(z, (w - w.mean(axis=0)) / w.std(axis=0), rtol=1e-9)


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_what_is_not_finite_counts_as_the_worst_loss(odd: float) -> None:
    found, _ = warped(np.array([3.0, odd, 1.0, 7.0, 2.0, odd]))
    np.testing.assert_array_equal(found, warped(np.array([3.0, 7.0, 1.0, 7.0, 2.0, 7.0]))[0])
    lowest, _ = warped(np.array([3.0, -np.inf, 1.0, odd]))
    np.testing.assert_array_equal(lowest, warped(np.array([3.0, 1.0, 1.0, 3.0]))[0])


@pytest.mark.parametrize("values", [[2.0] * 5, [0.0], [-3.0], [np.nan] * 4, [np.inf, np.nan], [-np.inf] * 3, [0.0] * 3])
def test_losses_that_are_all_alike_are_zeros(values: list[float]) -> None:
    z, log_jacobian = warped(np.array(values))
    np.testing.assert_allclose(z, 0.0, atol=1e-12)
    assert np.isfinite(log_jacobian).all()
    assert 0 <= most_likely(z, log_jacobian, np.eye(len(values))) < len(OFFSETS)


def test_where_more_than_half_are_the_best_the_others_still_count() -> None:
    z, log_jacobian = warped(np.array([1.0, 1.0, 1.0, 1.0, 3.0, 2.0]))
    assert np.isfinite(z).all() and np.isfinite(log_jacobian).all()
    assert (z[4] > z[5]).all() and (z[5] > z[0]).all()
    np.testing.assert_array_equal(z[:3], z[1:4])
    moved, _ = warped(np.array([51.0, 51.0, 51.0, 51.0, 53.0, 52.0]))
    np.testing.assert_allclose(moved, z, rtol=1e-9)


def test_the_likelihood_chooses_a_logarithm_for_losses_of_many_sizes_and_a_line_for_those_of_one() -> None:
    """40 samples of 60 losses. Of 300 such samples 299 of exp(2 N(0, 1)) had a warp with c <= 0.01, the other one 0.03;
    of N(0, 1) 211 had the line, 71 c = 3 and 18 c = 1. Fewer than 15 of 40 lines come by chance once in 10^5.
    """
    steep = [choice(np.exp(2.0 * np.random.default_rng(seed).standard_normal(60))) for seed in range(40)]
    assert OFFSETS[max(steep)] <= 0.1
    level = [choice(np.random.default_rng(seed).standard_normal(60)) for seed in range(40)]
    assert OFFSETS[min(level)] >= 0.3 and level.count(LINEAR) >= 15


def test_the_covariance_decides_as_well() -> None:
    """Losses along a line of points: what is smooth after the logarithm is taken for its exponential."""
    x = np.linspace(0.0, 1.0, 30)
    c = np.exp(-0.5 * ((x[:, None] - x) / 0.2) ** 2) + 1e-4 * np.eye(30)
    wave = np.sin(9.0 * x)
    assert OFFSETS[most_likely(*warped(np.exp(4.0 * wave)), np.linalg.inv(c))] <= 0.1
    assert OFFSETS[most_likely(*warped(wave), np.linalg.inv(c))] >= 1.0
