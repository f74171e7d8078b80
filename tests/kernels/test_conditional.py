"""A mixture along its continuous dimensions equals the whole mixture at those points."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixture_cases import points, random_mixture

from parzen.engine.kernels.compiled import conditional as compiled
from parzen.engine.kernels.compiled.normal import BLOCK
from parzen.engine.kernels.conditional import condition, log_density_along, log_density_along_numpy
from parzen.engine.kernels.mixture import log_density_numpy

SPACES = [
    ["float"],
    ["float", "float"],
    ["choices", "float", "log_int"],
    ["float", "step", "float", "int", "one_choice"],
]
TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}


def case(names, n, seed):
    """A mixture, a point, the free dimensions, and points that differ from it in these only."""
    mixture = random_mixture(names, n, seed)
    rng = np.random.default_rng(seed)
    x = points(names, rng.random((1, len(names))))[0]
    free = np.array([j for j, name in enumerate(names) if name == "float"])
    moved = np.repeat(x[None], 5, axis=0)
    moved[:, free] = points(["float"] * len(free), rng.random((5, len(free))))
    return mixture, x, free, moved


@settings(deadline=None)
@given(st.sampled_from(SPACES), st.sampled_from([0, 1, 2, 9]), st.integers(0, 10**6))
def test_agrees_with_the_whole_mixture(names, n, seed):
    mixture, x, free, moved = case(names, n, seed)
    along = log_density_along(condition(mixture, x, free), moved[:, free])
    np.testing.assert_allclose(along, log_density_numpy(mixture, moved), **TOLERANCE)


@pytest.mark.parametrize("k", [0, 1, BLOCK - 2, BLOCK - 1, BLOCK, 2 * BLOCK + 5])
@pytest.mark.parametrize("names", SPACES)
def test_tiers_agree(names, k):
    mixture, x, free, moved = case(names, k, seed=k)
    conditional = condition(mixture, x, free)
    y = moved[:, free]
    slow, fast = log_density_along_numpy(conditional, y), compiled.log_density_along(conditional, y)
    np.testing.assert_allclose(fast, slow, **TOLERANCE)
