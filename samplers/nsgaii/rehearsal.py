"""Runs the compiled kernels of breeding once each, so that they are loaded; see `engine.kernels.loading`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...engine.kernels.compiled import offspring
from ...engine.kernels.cube import Scale


def rehearse() -> Iterator[None]:
    """Breed children in the types that `breeding` gives."""
    rng = np.random.default_rng(0)
    d, k, n = 3, 10, 4
    low, high, zeros = np.zeros(d), np.ones(d), np.zeros(d)
    flags = np.zeros(d, dtype=bool)
    scale = Scale(low, high, spacing=zeros, is_log=flags, lower=low, width=high - low)
    values, share, u = rng.random((d, k)), rng.random((d, k)), rng.random((n, 5 + 3 * d))
    offspring.litter(values, share, scale, np.arange(k), flags, np.full(d, 0.5), 0.9, -1.0, 10.0, u)
    yield
