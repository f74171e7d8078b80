"""The Numba tier against the NumPy tier and the slow twin, called directly whatever the size."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen.engine.kernels import truncnorm
from parzen.engine.kernels.compiled import normal


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


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(-45, 45), st.floats(1e-3, 60))
def test_scalar_quantile(u, a, width):
    """To 1e-7 deviations; in the tail the distribution is 1 / a wide."""
    expected = truncnorm.ppf(u, a, a + width)
    np.testing.assert_allclose(normal.ppf(u, a, a + width), expected, atol=1e-6)


def test_jit_on_and_off_agree():
    """The same loops, run as Python in another process."""
    program = """
import sys
sys.path[:0] = {path!r}
from mixture_cases import DIMENSIONS, fitted, points, random_mixture, space_of
import numpy as np
from parzen.engine.kernels.axes import axes_of, encode
from parzen.engine.kernels.compiled import mixture as kernels
names = list(DIMENSIONS)
axes = axes_of(space_of(names))
mixture = fitted(random_mixture(names, 9, seed=5), axes, kernels)
rng = np.random.default_rng(1)
print(*kernels.log_density(mixture, encode(axes, points(names, rng.random((2, len(names)))))))
print(*kernels.draw(mixture, axes, rng.random((2, 1 + len(names)))).ravel())
"""
    outputs = []
    for disabled in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", program.format(path=[str(Path(__file__).parent), str(Path(__file__).parents[2])])],
            env={**os.environ, "NUMBA_DISABLE_JIT": disabled},
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.append(np.array(done.stdout.split(), dtype=float))
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-9)
