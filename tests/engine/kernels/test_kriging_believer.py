"""Batches of a Gaussian process: both tiers choose alike, each time as a posterior made anew would say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parzen.engine.kernels import kriging_believer
from parzen.engine.kernels.compiled import kriging_believer as compiled
from parzen.engine.kernels.improvement import log_expected_improvement

BEST, SCALE = -0.5, 1.7


def candidates(m: int, seed: int):
    rng = np.random.default_rng(seed)
    x = rng.random((m, 2))
    covariance = np.exp(-0.5 * ((x[:, None] - x) ** 2).sum(axis=2) / 0.3**2)
    return rng.normal(size=m), covariance, 0.1 * rng.normal(size=m), rng.random(m) < 0.8


def conditioned(covariance, chosen: list[int], eta: float):
    """Give the variances given observations with noise at some of the points, by one solution."""
    own = covariance[np.ix_(chosen, chosen)] + eta * np.eye(len(chosen))
    return np.diagonal(covariance - covariance[:, chosen] @ np.linalg.solve(own, covariance[chosen]))


@pytest.mark.parametrize("tier", [kriging_believer, compiled])
@pytest.mark.parametrize(("eta", "noise"), [(1e-3, 0.0), (0.2, 0.4)])
def test_each_choice_is_the_best_given_those_before(tier, eta: float, noise: float) -> None:
    mean, covariance, more, allowed = candidates(60, 1)
    found = tier.believe(mean, covariance, more, allowed, 25, (SCALE, eta, BEST, noise))
    left = allowed.copy()
    for i, k in enumerate(found.tolist()):
        variance = conditioned(covariance, found[:i].tolist(), eta)
        value = log_expected_improvement(mean, np.sqrt(SCALE * variance), BEST, noise)[0] + more
        assert left[k] and value[k] >= value[left].max() - 1e-6
        left[k] = False


@given(m=st.integers(1, 40), seed=st.integers(0, 2**20), noise=st.sampled_from([0.0, 0.3]), data=st.data())
def test_both_tiers_choose_alike(m: int, seed: int, noise: float, data) -> None:
    mean, covariance, more, allowed = candidates(m, seed)
    n = data.draw(st.integers(0, int(allowed.sum())))
    given_ = mean, covariance, more, allowed, n, (SCALE, 0.01, BEST, noise)
    np.testing.assert_array_equal(compiled.believe(*given_), kriging_believer.believe(*given_))
