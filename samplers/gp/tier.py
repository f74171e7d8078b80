"""Which kernels a Gaussian process runs on: NumPy's, until Numba's are ready. Both propose the same points."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from ...engine.kernels import ascent, covariance, gaussian_process, kriging_believer, loading

REHEARSAL = f"{__package__}.rehearsal"


class Tier(NamedTuple):
    """Kernels by their names in `covariance`, `gaussian_process`, `ascent` and `kriging_believer`."""

    cross: Callable[..., Any]
    factored: Callable[..., Any]
    explained: Callable[..., Any]
    whitened: Callable[..., Any]
    fit: Callable[..., Any]
    ascend: Callable[..., Any]
    believe: Callable[..., Any]


NUMPY = Tier(
    covariance.cross,
    gaussian_process.factored,
    gaussian_process.explained,
    gaussian_process.whitened,
    gaussian_process.fit,
    ascent.ascend,
    kriging_believer.believe,
)


def current() -> Tier:
    """Give the kernels that are ready now."""
    return compiled() if loading.is_ready(REHEARSAL) or loading.want(REHEARSAL) else NUMPY


@functools.cache
def compiled() -> Tier:
    """Import the Numba kernels."""
    from ...engine.kernels.compiled import ascent as climbing
    from ...engine.kernels.compiled import gaussian_process as fast
    from ...engine.kernels.compiled import kriging_believer as believing

    return Tier(fast.cross, fast.factored, fast.explained, fast.whitened, fast.fit, climbing.ascend, believing.believe)
