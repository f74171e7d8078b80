"""Which kernels a Gaussian process runs on: NumPy's, until Numba's are ready. Both propose the same points."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from ...engine.kernels import ascent, covariance, gaussian_process, loading

REHEARSAL = f"{__package__}.rehearsal"


class Tier(NamedTuple):
    """Kernels.

    Attributes
    ----------
    matern
        As `covariance.matern`.
    factored
        As `gaussian_process.factored`.
    fit
        As `gaussian_process.fit`.
    ascend
        As `ascent.ascend`.
    """

    matern: Callable[..., Any]
    factored: Callable[..., Any]
    fit: Callable[..., Any]
    ascend: Callable[..., Any]


NUMPY = Tier(covariance.matern, gaussian_process.factored, gaussian_process.fit, ascent.ascend)


def current() -> Tier:
    """Give the kernels that are ready now."""
    return compiled() if loading.is_ready(REHEARSAL) or loading.want(REHEARSAL) else NUMPY


@functools.cache
def compiled() -> Tier:
    """Import the Numba kernels."""
    from ...engine.kernels.compiled import ascent as fast_ascent
    from ...engine.kernels.compiled import gaussian_process as fast

    return Tier(fast.matern_of, fast.factored, fast.fit, fast_ascent.ascend)
