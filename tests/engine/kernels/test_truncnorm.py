"""The truncated normal against quadrature and SciPy, and its tails."""

import math

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_ndtr, ndtr, ndtri

from parzen.engine.kernels import truncnorm

ends = st.tuples(st.floats(-45, 45), st.floats(1e-9, 60)).map(lambda pair: (pair[0], pair[0] + pair[1]))
probabilities = st.floats(0, 1 - 2**-53)


@settings(deadline=None)
@given(st.lists(ends, min_size=1, max_size=5))
def test_log_mass_agrees_with_quadrature(intervals):
    a, b = np.array(intervals).T
    expected = [naive.log_mass(*interval) for interval in intervals]
    np.testing.assert_allclose(truncnorm.log_mass(a, b), expected, rtol=1e-13, atol=2e-12)


@pytest.mark.parametrize("a", [-1000.0, -38.0, -30.0, -8.3, -1.0, 0.0, 0.5, 8.3, 30.0, 38.0, 1000.0])
def test_log_mass_of_half_lines_is_the_log_cdf(a):
    np.testing.assert_allclose(truncnorm.log_mass(a, np.inf), log_ndtr(-a), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(truncnorm.log_mass(-np.inf, a), log_ndtr(a), rtol=1e-13, atol=1e-15)


def test_log_mass_of_degenerate_intervals():
    infinities = np.array([-np.inf, np.inf])
    assert truncnorm.log_mass(-np.inf, np.inf) == 0.0
    np.testing.assert_array_equal(truncnorm.log_mass(infinities, infinities), [-np.inf, -np.inf])
    points = np.array([-40.0, -1.0, 0.0, 3.0, 40.0])
    np.testing.assert_array_equal(truncnorm.log_mass(points, points), np.full(5, -np.inf))
    assert truncnorm.log_mass(np.empty((0, 3)), np.empty((0, 3))).shape == (0, 3)


def test_log_mass_is_symmetric_and_additive():
    a, m, b = np.array([[-35.0, -33.0, -32.5], [-2.0, 0.1, 5.0], [31.0, 31.01, 40.0]]).T
    np.testing.assert_allclose(truncnorm.log_mass(a, b), truncnorm.log_mass(-b, -a), rtol=1e-14)
    parts = np.logaddexp(truncnorm.log_mass(a, m), truncnorm.log_mass(m, b))
    np.testing.assert_allclose(parts, truncnorm.log_mass(a, b), rtol=1e-13)


def test_the_narrow_and_the_wide_form_meet():
    """Just below and just above the width at which quadrature takes over."""
    for a in (-0.5, 0.0, 0.7, 5.0, 30.0):
        width = truncnorm.NARROW / max(1.0, a)
        below, above = (truncnorm.log_mass(a, a + width * factor) for factor in (0.9, 1.3))
        assert below == pytest.approx(naive.log_mass(a, a + 0.9 * width), rel=1e-13, abs=1e-13)
        assert above == pytest.approx(naive.log_mass(a, a + 1.3 * width), rel=1e-13, abs=1e-13)


@settings(deadline=None)
@given(st.lists(st.tuples(probabilities, ends), min_size=1, max_size=5))
def test_ppf_inverts_the_cdf(cases):
    u = np.array([case[0] for case in cases])
    a, b = np.array([case[1] for case in cases]).T
    x = truncnorm.ppf(u, a, b)
    assert ((a <= x) & (x <= b)).all()
    step = 1e-14 * np.maximum(1.0, np.abs(x))  # the allowed error of x
    for value, lo, hi, low, high in zip(u, a, b, np.maximum(x - step, a), np.minimum(x + step, b), strict=True):
        total = naive.log_mass(lo, hi)
        assert math.exp(naive.log_mass(lo, low) - total) <= value + 1e-11
        assert math.exp(naive.log_mass(lo, high) - total) >= value - 1e-11


@pytest.mark.parametrize("a", [-1000.0, -60.0, -30.0, -3.0, 0.0, 3.0, 30.0, 60.0, 1000.0])
def test_ppf_of_a_half_line_agrees_with_scipy(a):
    u = np.array([1e-12, 0.1, 0.5, 0.9, 0.999])
    expected = [-naive.truncated_normal_ppf(v, -np.inf, -a) for v in 1 - u] if a > 0 else None
    x = truncnorm.ppf(u, a, np.inf)
    if expected is None:
        expected = ndtri(ndtr(a) + u * ndtr(-a))
        np.testing.assert_allclose(x, expected, rtol=1e-9, atol=1e-9)
    else:
        np.testing.assert_allclose(x, expected, rtol=1e-9 / a)


def test_ppf_ends_and_degenerate_supports():
    a, b = np.array([-2.0, 30.0, -50.0, 0.0, 5.0]), np.array([1.0, 31.0, -40.0, 0.0, 5.0])
    np.testing.assert_allclose(truncnorm.ppf(0.0, a, b), a, rtol=1e-13)
    np.testing.assert_allclose(truncnorm.ppf(1.0, a, b), b, rtol=1e-13)
    np.testing.assert_array_equal(truncnorm.ppf(0.3, a[3:], b[3:]), a[3:])
    assert truncnorm.ppf(0.5, -np.inf, np.inf) == pytest.approx(0.0, abs=4e-15)
    assert truncnorm.ppf(0.0, -1e13, 1e13) == -1e13
    assert truncnorm.ppf(0.0, -np.inf, 0.0) == -np.inf


@settings(deadline=None)
@given(st.lists(probabilities, min_size=2, max_size=20), ends)
def test_ppf_is_monotone(u, interval):
    u = np.sort(u)
    x = truncnorm.ppf(u, *interval)
    assert (np.diff(x) >= -1e-14 * np.maximum(1, np.abs(x[1:]))).all()
