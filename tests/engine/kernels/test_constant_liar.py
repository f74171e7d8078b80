"""A diverse batch: a constant liar over a pool of candidates."""

import numpy as np
import pytest
from mixture_cases import fitted, points, random_mixture, space_of

from parzen.engine.kernels import constant_liar as slow
from parzen.engine.kernels import mixture
from parzen.engine.kernels.axes import axes_of, encode
from parzen.engine.kernels.compiled import constant_liar as fast

NAMES = ["float", "step", "choices"]


def case(n, seed, weight=-3.0):
    """Candidates, their densities, and their kernels as lies."""
    axes = axes_of(space_of(NAMES))
    x = points(NAMES, np.random.default_rng(seed).random((n, len(NAMES))))
    below, above = (fitted(random_mixture(NAMES, 8, seed + i), axes) for i in (1, 2))
    exact = random_mixture(NAMES, 8, seed)
    exact = exact._replace(log_weight=np.full(n, weight), x=x.T.copy(), sigma=np.full((len(NAMES), n), 0.3))
    z = encode(axes, x)
    lies = fitted(exact, axes)
    return mixture.log_density(below, z), mixture.log_density(above, z), lies, z, np.arange(n)


@pytest.mark.parametrize("n", [1, 5, 30])
def test_tiers_agree_and_the_first_is_the_best(n):
    log_below, log_above, lies, z, twin = case(30, seed=n)
    chosen = [kernels.choose_batch(log_below, log_above, lies, z, twin, n) for kernels in (slow, fast)]
    np.testing.assert_array_equal(*chosen)
    assert chosen[0][0] == np.argmax(log_below - log_above)
    assert len(set(chosen[0])) == n


def test_without_weight_a_lie_changes_nothing():
    log_below, log_above, lies, z, twin = case(30, seed=3, weight=-1e6)
    for kernels in (slow, fast):
        chosen = kernels.choose_batch(log_below, log_above, lies, z, twin, 10)
        np.testing.assert_array_equal(chosen, np.argsort(-(log_below - log_above), kind="stable")[:10])


def test_equal_points_come_last():
    log_below, log_above, lies, z, twin = case(12, seed=4)
    twin[6:] = twin[:6]  # as if the second half repeated the first
    for kernels in (slow, fast):
        chosen = kernels.choose_batch(log_below, log_above, lies, z, twin, 12)
        assert set(twin[chosen[:6]]) == set(range(6))
        assert sorted(chosen) == list(range(12))
