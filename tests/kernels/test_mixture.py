"""Log-density and draws of mixtures: against the slow twin, against exact cdfs, and in the degenerate cases."""

import itertools

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixture_cases import DIMENSIONS, mixtures, points, random_mixture, space_of
from scipy import integrate, stats

from parzen.engine.kernels.mixture import Mixture, draw, log_density
from parzen.samplers.tpe.estimator import build

TOLERANCE = {"rtol": 1e-10, "atol": 1e-10}


def one_normal(mu, sigma, low, high, step=0.0):
    """A mixture of one truncated normal in one dimension."""
    columns = (np.array([value], dtype=float) for value in (low, high, step))
    none = np.zeros(1, dtype=np.int64)
    return Mixture(np.zeros(1), np.array([[mu]]), np.array([[sigma]]), *columns, none, np.empty(0), none)


@settings(deadline=None, max_examples=40)
@given(mixtures, st.sampled_from([0, 1, 5]), st.integers(0, 10**6))
def test_log_density_agrees_with_the_slow_twin(named, n, seed):
    names, mixture = named
    x = points(names, np.random.default_rng(seed).random((n, len(names))))
    np.testing.assert_allclose(log_density(mixture, x), naive.log_density(mixture, x), **TOLERANCE)


@settings(deadline=None, max_examples=40)
@given(mixtures, st.sampled_from([0, 1, 5]), st.integers(0, 10**6))
def test_draws_agree_with_the_slow_twin(named, n, seed):
    names, mixture = named
    u = np.random.default_rng(seed).random((n, 1 + len(names)))
    np.testing.assert_allclose(draw(mixture, u), naive.draw(mixture, u), rtol=1e-7, atol=1e-7)


@settings(deadline=None)
@given(mixtures, st.integers(0, 10**6))
def test_draws_stay_in_the_space_and_have_positive_density(named, seed):
    names, mixture = named
    x = draw(mixture, np.random.default_rng(seed).random((20, 1 + len(names))))
    assert np.isfinite(log_density(mixture, x)).all()
    for j in np.flatnonzero(mixture.n_choices == 0):
        assert (mixture.low[j] <= x[:, j]).all()
        assert (x[:, j] <= mixture.high[j]).all()
        if mixture.step[j]:
            value, origin = (np.exp(v) if mixture.step[j] < 0 else v for v in (x[:, j], mixture.low[j]))
            cells = (value - origin) / abs(mixture.step[j])
            np.testing.assert_allclose(cells, np.rint(cells), atol=1e-9)
    for j in np.flatnonzero(mixture.n_choices):
        assert set(x[:, j]) <= set(range(mixture.n_choices[j]))


@pytest.mark.parametrize("names", [("int", "choices"), ("log_int",), ("step", "one_int", "one_choice")], ids="-".join)
@pytest.mark.parametrize("n", [0, 1, 6])
def test_probabilities_of_a_discrete_space_sum_to_one(names, n):
    grids = [np.unique(points([name], np.linspace(0, 1 - 1e-12, 5000)[:, None])) for name in names]
    everything = np.array(list(itertools.product(*grids)))
    mixture = random_mixture(names, n, seed=n)
    assert np.exp(log_density(mixture, everything)).sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("n", [0, 1, 6])
def test_density_of_a_float_integrates_to_one(n):
    low, high, *_ = DIMENSIONS["float"]
    nodes, weights = np.polynomial.legendre.leggauss(400)
    x = low + (high - low) * (nodes + 1) / 2
    density = np.exp(log_density(random_mixture(["float"], n, seed=n), x[:, None]))
    assert weights @ density * (high - low) / 2 == pytest.approx(1.0, abs=1e-10)


def test_draws_follow_the_exact_cdf():
    """K-S on 20,000 seeded draws; for a right sampler and a random seed it would fail once in 10,000 runs."""
    mixture = random_mixture(["float"], 5, seed=3)
    x = draw(mixture, np.random.default_rng(8).random((20_000, 2)))[:, 0]
    sigma, mu, weight = mixture.sigma[0], mixture.mu[0], np.exp(mixture.log_weight)
    ends = [(end - mu) / sigma for end in (mixture.low[0], mixture.high[0])]

    def cdf(value):
        return stats.truncnorm.cdf((np.atleast_1d(value)[:, None] - mu) / sigma, *ends) @ weight

    assert stats.kstest(x, cdf).pvalue > 1e-4


@pytest.mark.parametrize("name", ["int", "log_int", "choices", "step"])
def test_discrete_draws_follow_the_probabilities(name):
    """Chi-square on 20,000 seeded draws; false alarm rate 1e-4 a case (cells expected below 5 times are merged)."""
    mixture = random_mixture([name], 5, seed=4)
    grid = np.unique(points([name], np.linspace(0, 1 - 1e-12, 5000)[:, None]))
    x = draw(mixture, np.random.default_rng(9).random((20_000, 2)))[:, 0]
    observed = np.array([np.isclose(x, value).sum() for value in grid])
    expected = 20_000 * np.exp(log_density(mixture, grid[:, None]))
    rare = expected < 5
    merged = [np.append(counts[~rare], counts[rare].sum()) for counts in (observed, expected)]
    kept = merged[1] > 0
    assert observed.sum() == 20_000
    assert stats.chisquare(merged[0][kept], merged[1][kept], sum_check=False).pvalue > 1e-4


@pytest.mark.parametrize("sigmas", [1, 10, 30, 100])
def test_a_kernel_far_outside_the_support_keeps_its_shape(sigmas):
    """Support [sigmas, sigmas + 1] standard deviations away: compare with quadrature of exp(-(z^2 - s^2) / 2)."""
    mixture = one_normal(0.0, 1.0, float(sigmas), sigmas + 1.0)
    x = np.linspace(sigmas, sigmas + 1.0, 2001)
    log_shape = (sigmas - x) * (sigmas + x) / 2
    integral = integrate.trapezoid(np.exp(log_shape), x)
    np.testing.assert_allclose(log_density(mixture, x[:, None]), log_shape - np.log(integral), atol=3e-4, rtol=1e-9)
    few = x[::500, None]
    np.testing.assert_allclose(log_density(mixture, few), naive.log_density(mixture, few), rtol=1e-10)
    drawn = draw(mixture, np.column_stack([np.zeros(99), np.linspace(0.01, 0.99, 99)]))
    assert ((drawn >= sigmas) & (drawn <= sigmas + 1)).all()
    assert (np.diff(drawn[:, 0]) > 0).all()


def test_a_tiny_bandwidth_returns_the_observation():
    mixture = one_normal(0.3, 1e-12, 0.0, 1.0)
    drawn = draw(mixture, np.random.default_rng(0).random((50, 2)))
    np.testing.assert_allclose(drawn, 0.3, atol=1e-11)


def test_a_point_returns_itself_and_adds_nothing():
    observations = np.array([[0.7, 0.1], [0.7, 2.0]])
    both = build(observations, np.ones(2), space_of(["point", "float"]))
    one = build(observations[:, 1:], np.ones(2), space_of(["float"]))
    x = np.array([[0.7, -0.5], [0.7, 1.0]])
    np.testing.assert_allclose(log_density(both, x), log_density(one, x[:, 1:]))
    np.testing.assert_array_equal(draw(both, np.random.default_rng(0).random((9, 3)))[:, 0], 0.7)


def test_zero_weights_are_never_drawn_and_no_weight_has_no_density():
    mixture = random_mixture(["choices"], 3, seed=1, prior_weight=0.0)
    assert mixture.log_weight[-1] == -np.inf
    x = draw(mixture, np.column_stack([np.linspace(0, 1 - 2**-53, 100), np.full(100, 0.5)]))
    assert set(x[:, 0]) == set(mixture.mu[0, :-1])
    unseen = sorted(set(range(4)) - set(mixture.mu[0, :-1]))
    np.testing.assert_array_equal(log_density(mixture, np.array(unseen, dtype=float)[:, None]), -np.inf)
