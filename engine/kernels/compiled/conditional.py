"""Numba tier of `kernels.conditional.log_density_along`: the blocks of `compiled.mixture`, quadratic forms only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import jit
from ..conditional import Conditional
from .mixture import CONTINUOUS, accumulate, exponents
from .normal import BLOCK

Array = npt.NDArray[np.float64]


def log_density_along(conditional: Conditional, y: Array) -> Array:
    """Return the log-density (n,) at y (n, m); see `kernels.conditional.log_density_along`."""
    arrays = (np.ascontiguousarray(array) for array in (*conditional, y))
    peak, total = _log_density_along(*arrays)
    with np.errstate(divide="ignore"):
        return np.asarray(peak + np.log(total))


@jit
def _log_density_along(offset: Array, mu: Array, precision: Array, y: Array) -> tuple[Array, Array]:
    n, m = y.shape
    k = offset.size
    peak, total = np.full(n, -1e300), np.zeros(n)
    padded, exponent, buffer, work = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK), np.empty((4, BLOCK))
    kind, no_rows, no_table = np.full(m, CONTINUOUS), np.zeros(m, np.int64), np.empty((0, BLOCK))
    scale = np.empty((m, BLOCK))
    for start in range(0, k, BLOCK):
        stop = min(start + BLOCK, k)
        padded[:] = -np.inf  # the padding of the last block has no weight
        padded[: stop - start] = offset[start:stop]
        scale[:, : stop - start] = precision[:, start:stop]
        for i in range(n):
            exponents(exponent, padded, scale, no_table, mu, start, stop, kind, y[i], no_rows)
            accumulate(exponent, buffer, work, peak, total, i)
    return peak, total
