"""The climb on the ratio of two densities: never down, inside the range, the same on both tiers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixture_cases import fitted, random_mixture, space_of

from parzen.engine.kernels import hill_climb as slow
from parzen.engine.kernels import mixture
from parzen.engine.kernels.axes import axes_of
from parzen.engine.kernels.compiled import hill_climb as fast


def pair(d, n_below, n_above, seed):
    names = ["float"] * d
    axes = axes_of(space_of(names))
    slow_ones = random_mixture(names, n_below, seed), random_mixture(names, n_above, seed + 1)
    return axes, *(fitted(slow_one, axes) for slow_one in slow_ones)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 4), st.sampled_from([0, 1, 6]), st.sampled_from([0, 1, 40]), st.integers(0, 10**6))
def test_the_score_never_falls_and_tiers_agree(d, n_below, n_above, seed):
    axes, below, above = pair(d, n_below, n_above, seed)
    start = np.random.default_rng(seed).uniform(axes.low, axes.high)
    ends = [kernels.climb(below, above, 0.9, start, axes.low, axes.high, 8) for kernels in (slow, fast)]
    np.testing.assert_allclose(*ends, atol=1e-6)
    before, after = (
        mixture.log_density(below, x[None]) - 0.9 * mixture.log_density(above, x[None]) for x in (start, ends[1])
    )
    assert after[0] >= before[0] - 1e-9
    assert ((ends[1] >= axes.low) & (ends[1] <= axes.high)).all()


@pytest.mark.parametrize("kernels", [slow, fast], ids=["numpy", "numba"])
def test_many_steps_reach_the_peak(kernels):
    """One narrow kernel over a wide one: the peak is its mean."""
    axes, below, above = pair(3, 1, 0, seed=5)
    sharp = below._replace(
        log_weight=np.array([0.0, -50.0]), offset=below.offset + np.array([0.0, -50.0]), precision=below.precision * 8
    )
    start = below.mu[:, 0] + 0.1
    end = kernels.climb(sharp, above, 1.0, start, axes.low, axes.high, 200)
    np.testing.assert_allclose(end, below.mu[:, 0], atol=0.05)


def test_no_step_is_no_move():
    axes, below, above = pair(2, 3, 3, seed=1)
    for kernels in (slow, fast):
        np.testing.assert_array_equal(kernels.climb(below, above, 1.0, np.ones(2), axes.low, axes.high, 0), np.ones(2))
