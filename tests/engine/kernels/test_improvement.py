"""The logarithm of the expected improvement, over all sizes that floats have."""

from __future__ import annotations

import math

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.special import log_ndtr

from parzen.engine.kernels import improvement
from parzen.engine.kernels.compiled import ascent as fast

HUGE = np.concatenate([-np.geomspace(1e100, 1e-100, 4001), [0.0], np.geomspace(1e-100, 1e100, 4001)])
NEAR_FAR = -improvement.FAR * (1.0 + np.array([-1e-2, -1e-6, -1e-15, 0.0, 1e-15, 1e-6, 1e-2]))


def test_it_is_finite_and_monotone_from_one_end_of_floats_to_the_other() -> None:
    value, by_value, density = improvement.log_h(HUGE)
    assert np.isfinite(value).all() and np.isfinite(by_value).all() and np.isfinite(density).all()
    assert (np.diff(value) >= -4e-12).all()
    assert (by_value > 0.0).all() and (density >= 0.0).all()
    dense = np.linspace(-130.0, 40.0, 20001)  # here each step is larger than all roundings
    assert (np.diff(improvement.log_h(dense)[0]) > 0.0).all()


@settings(deadline=None)
@given(st.floats(-200.0, 60.0))
def test_it_agrees_with_quadrature(u: float) -> None:
    expected = naive.log_h(u)
    assert improvement.log_h(np.array([u]))[0][0] == pytest.approx(expected, rel=1e-14, abs=4e-12)


@pytest.mark.parametrize(
    "u", [0.0, -0.0, 5e-324, -5e-324, 1e-9, -1e-9, -1e-3, 39.9, 40.0, 40.1, 1e3, 1e100, -1e3, -1e6, -1e100, *NEAR_FAR]
)
def test_it_is_right_where_the_formula_changes(u: float) -> None:
    """Value, Phi / h and phi / h: around 0, around `FAR`, where the exponential is cut off, and far out."""
    value, by_value, density = (float(it[0]) for it in improvement.log_h(np.array([u])))
    expected = naive.log_h(u)
    assert value == pytest.approx(expected, rel=1e-14, abs=4e-12)
    cumulative = math.exp(float(log_ndtr(u)) - expected) if u > -1e3 else -u
    assert by_value == pytest.approx(cumulative, rel=1e-9 if u > -1e3 else 1e-5)
    if abs(u) < 1e3:
        assert density == pytest.approx(math.exp(-u * u / 2 - math.log(2 * math.pi) / 2 - expected), rel=1e-9)
    assert by_value * u + density == pytest.approx(1.0, abs=1e-9 * max(1.0, u * u))  # h = u Phi + phi


@pytest.mark.parametrize("u", [-6.0, -2.0, -0.3, 0.0, 0.4, 3.0, 12.0])
@pytest.mark.parametrize("sd", [1e-3, 0.7, 40.0])
def test_the_expected_improvement_is_an_integral(u: float, sd: float) -> None:
    best = 0.25
    mean = best - u * sd

    def improves(t: float) -> float:  # t deviations below `best`
        return t * math.exp(-((t - u) ** 2) / 2) / math.sqrt(2 * math.pi)

    integral, _ = integrate.quad(improves, 0.0, max(u, 0.0) + 12.0, epsabs=0.0, epsrel=1e-12, points=[max(u, 0.5)])
    value, _, _ = improvement.log_expected_improvement(np.array([mean]), np.array([sd]), best, 0.0)
    assert value[0] == pytest.approx(math.log(sd * integral), abs=1e-9)


def test_noise_that_vanishes_is_none_and_noise_devalues_what_is_known() -> None:
    mean, sd = np.array([0.0, 0.3, 2.0]), np.array([0.5, 1e-3, 0.1])
    plain = improvement.log_expected_improvement(mean, sd, 0.2, 0.0)
    for noise in (1e-9, 1e-12, 1e-300):
        almost = improvement.log_expected_improvement(mean, sd, 0.2, noise)
        for one, other in zip(almost, plain, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5 if noise == 1e-9 else 1e-8)
    for noise in (1e-3, 0.2, 30.0):  # eq. 10 as it stands there
        expected = plain[0] + np.log(1.0 - noise / np.sqrt(noise**2 + sd**2))
        found, _, by_sd = improvement.log_expected_improvement(mean, sd, 0.2, noise)
        np.testing.assert_allclose(found, expected, atol=1e-6 if noise == 30.0 else 1e-10)
        assert (found < plain[0]).all() and (by_sd > plain[2]).all()
    same = improvement.log_expected_improvement(np.zeros(20), np.geomspace(1e-6, 1e6, 20), 0.0, 0.1)[0]
    assert (np.diff(same) > 0.0).all()
    tiny = improvement.log_expected_improvement(np.zeros(1), np.array([1e-9]), 0.0, 1e3)[0]  # the difference is 5e-25
    assert tiny[0] == pytest.approx(math.log(1e-9) - math.log(math.sqrt(2 * math.pi)) + math.log(0.5e-24), rel=1e-12)


def test_probabilities_over_all_sizes() -> None:
    zeros = np.zeros_like(HUGE)
    value, by_mean, by_sd = improvement.log_probability_below(-HUGE, zeros + 1.0, 0.0)
    np.testing.assert_allclose(value, log_ndtr(HUGE), rtol=1e-13, atol=1e-15)
    assert (np.diff(value) >= -1e-15).all() and (value <= 0.0).all()
    for slope in (by_mean, by_sd):
        assert np.isfinite(slope).all()
    assert (by_mean <= 0.0).all() and (by_mean[HUGE < -1.0] < 0.0).all()
    np.testing.assert_allclose(by_sd, by_mean * HUGE, rtol=1e-14)
    for scale in (1e-100, 1e100):  # the unit does not matter
        found, _, _ = improvement.log_probability_below(np.array([3.0, -3.0]) * scale, np.full(2, scale), scale)
        np.testing.assert_allclose(found, log_ndtr([-2.0, 4.0]), rtol=1e-12)


@settings(deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(-8.0, 3.0), st.sampled_from([0.0, 1e-4, 0.5]))
def test_compiled_values_and_slopes_agree(u: float, log_sd: float, noise: float) -> None:
    sd = math.exp(log_sd)
    mean = np.array([0.3 - u * sd])
    expected = improvement.log_expected_improvement(mean, np.array([sd]), 0.3, noise)
    for one, other in zip(fast.improvement(mean[0], sd, 0.3, noise), expected, strict=True):
        assert one == pytest.approx(float(other[0]), rel=1e-10, abs=1e-11)
    expected = improvement.log_probability_below(mean, np.array([sd]), 0.3)
    for one, other in zip(fast._below(mean[0], sd, 0.3), expected, strict=True):
        assert one == pytest.approx(float(other[0]), rel=1e-10, abs=1e-14)
