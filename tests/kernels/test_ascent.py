"""The climb on l / g: never down, inside the range, the same on both tiers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixture_cases import random_mixture, space_of

from parzen.engine.kernels import ascent as slow
from parzen.engine.kernels import prepared
from parzen.engine.kernels.axes import axes_of
from parzen.engine.kernels.compiled import ascent as fast


def pair(d, n_good, n_bad, seed):
    names = ["float"] * d
    axes = axes_of(space_of(names))
    mixtures = random_mixture(names, n_good, seed), random_mixture(names, n_bad, seed + 1)
    return axes, *(prepared.prepare_mixture(mixture, axes) for mixture in mixtures)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 4), st.sampled_from([0, 1, 6]), st.sampled_from([0, 1, 40]), st.integers(0, 10**6))
def test_the_score_never_falls_and_tiers_agree(d, n_good, n_bad, seed):
    axes, good, bad = pair(d, n_good, n_bad, seed)
    start = np.random.default_rng(seed).uniform(axes.low, axes.high)
    ends = [kernels.ascend(good, bad, 0.9, start, axes.low, axes.high, 8) for kernels in (slow, fast)]
    np.testing.assert_allclose(*ends, atol=1e-6)
    before, after = (prepared.density(good, x[None]) - 0.9 * prepared.density(bad, x[None]) for x in (start, ends[1]))
    assert after[0] >= before[0] - 1e-9
    assert ((ends[1] >= axes.low) & (ends[1] <= axes.high)).all()


@pytest.mark.parametrize("kernels", [slow, fast], ids=["numpy", "numba"])
def test_many_steps_reach_the_peak(kernels):
    """One narrow kernel over a wide one: the peak is its mean."""
    axes, good, bad = pair(3, 1, 0, seed=5)
    sharp = good._replace(
        log_weight=np.array([0.0, -50.0]), offset=good.offset + np.array([0.0, -50.0]), precision=good.precision * 8
    )
    start = good.mu[:, 0] + 0.1
    end = kernels.ascend(sharp, bad, 1.0, start, axes.low, axes.high, 200)
    np.testing.assert_allclose(end, good.mu[:, 0], atol=0.05)


def test_no_step_is_no_move():
    axes, good, bad = pair(2, 3, 3, seed=1)
    for kernels in (slow, fast):
        np.testing.assert_array_equal(kernels.ascend(good, bad, 1.0, np.ones(2), axes.low, axes.high, 0), np.ones(2))
