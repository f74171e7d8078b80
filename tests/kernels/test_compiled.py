"""The Numba tier against the NumPy tier and the slow twin, called directly whatever the size."""

import os
import subprocess
import sys
from pathlib import Path

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixture_cases import DIMENSIONS, mixtures, points, random_mixture

from parzen.engine.kernels import truncnorm
from parzen.engine.kernels.compiled import mixture as compiled
from parzen.engine.kernels.compiled import normal
from parzen.engine.kernels.mixture import log_density_numpy

TOLERANCE = {"rtol": 1e-10, "atol": 1e-10}


@settings(deadline=None)
@given(mixtures, st.sampled_from([0, 1, 5]), st.integers(0, 10**6))
def test_tiers_agree(named, n, seed):
    names, mixture = named
    x = points(names, np.random.default_rng(seed).random((n, len(names))))
    np.testing.assert_allclose(compiled.log_density(mixture, x), log_density_numpy(mixture, x), **TOLERANCE)


@pytest.mark.parametrize("k", [normal.BLOCK - 2, normal.BLOCK - 1, normal.BLOCK, 3 * normal.BLOCK + 17])
def test_tiers_agree_around_the_block_size(k):
    names = [*DIMENSIONS, *["float"] * 12]
    mixture = random_mixture(names, k, seed=k)
    x = points(names, np.random.default_rng(1).random((3, len(names))))
    np.testing.assert_allclose(compiled.log_density(mixture, x), log_density_numpy(mixture, x), **TOLERANCE)


@pytest.mark.parametrize("order", [1, -1])
def test_far_blocks_are_skipped_without_harm(order):
    """Components thousands of sigmas away, before and after the near ones."""
    mu = np.sort(np.random.default_rng(0).random(5 * normal.BLOCK))[::order]
    mixture = random_mixture(["float"], mu.size - 1, seed=0)._replace(mu=mu[None], sigma=np.full((1, mu.size), 1e-4))
    x = np.array([[0.001], [0.5], [0.999], [2.5]])
    np.testing.assert_allclose(compiled.log_density(mixture, x), log_density_numpy(mixture, x), **TOLERANCE)


def test_kernels_off_the_support_take_the_careful_path():
    mixture = random_mixture(["float", "int"], 6, seed=2)
    mixture = mixture._replace(mu=mixture.mu + np.array([[20.0], [90.0]]), sigma=mixture.sigma / 3)
    x = points(["float", "int"], np.random.default_rng(1).random((4, 2)))
    np.testing.assert_allclose(compiled.log_density(mixture, x), log_density_numpy(mixture, x), **TOLERANCE)
    np.testing.assert_allclose(compiled.log_density(mixture, x), naive.log_density(mixture, x), **TOLERANCE)


def test_no_component_reaches():
    mixture = random_mixture(["choices"], 1, seed=1, prior_weight=0.0)
    x = np.arange(4.0)[:, None]
    np.testing.assert_array_equal(np.isfinite(compiled.log_density(mixture, x)), x[:, 0] == mixture.mu[0, 0])


def test_exp_block():
    x = np.concatenate([np.linspace(-699, 0, 9999), [0.0, -0.5 * np.log(2), -1e-300, -1e9, -np.inf]])
    out = x.copy()
    normal.exp_block(out, np.empty(x.size))
    np.testing.assert_allclose(out, np.exp(np.maximum(x, -700)), rtol=1e-15)
    assert out[9999] == 1.0


@settings(deadline=None)
@given(st.floats(-45, 45), st.floats(0, 60))
def test_scalar_log_mass(a, width):
    expected = truncnorm.log_mass(a, a + width)
    np.testing.assert_allclose(normal.log_mass(a, a + width), expected, rtol=1e-13, atol=1e-12)


def test_jit_on_and_off_agree():
    """The same loops, run as Python in another process."""
    program = """
import sys
from pathlib import Path
sys.path[:0] = {path!r}
from mixture_cases import DIMENSIONS, points, random_mixture
import numpy as np
from parzen.engine.kernels.compiled import mixture
names = list(DIMENSIONS)
x = points(names, np.random.default_rng(1).random((2, len(names))))
print(*mixture.log_density(random_mixture(names, 9, seed=5), x))
"""
    outputs = []
    for disabled in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", program.format(path=[str(Path(__file__).parent)])],
            env={**os.environ, "NUMBA_DISABLE_JIT": disabled},
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.append(np.array(done.stdout.split(), dtype=float))
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-12)
