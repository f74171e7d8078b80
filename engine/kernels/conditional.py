"""A mixture along some of its numeric dimensions, all other coordinates fixed: what a local search moves in.

With the other coordinates fixed, every kernel is a constant plus a quadratic form in the remaining ones, so a value
costs one multiply-add a (candidate, component, dimension) and nothing else has to be computed again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from . import COMPILE_ABOVE, announce_compilation
from .mixture import SQRT_HALF, Mixture, log_kernels

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Conditional(NamedTuple):
    """Log-kernels ``offset - sum((y - mu)^2 precision^2)`` of k components over m dimensions.

    Attributes
    ----------
    offset
        (k,) log weight, normalisers, and the kernels of the fixed coordinates.
    mu
        (m, k) means.
    precision
        (m, k) sqrt(1/2) / standard deviation.
    """

    offset: Array
    mu: Array
    precision: Array


def condition(mixture: Mixture, x: Array, dims: IntArray) -> Conditional:
    """Fix all coordinates but some.

    Parameters
    ----------
    mixture
        k components over d dimensions.
    x
        (d,) a point of the support.
    dims
        (m,) indices of the dimensions to stay free: continuous ones, or grids so fine beside the bandwidths that the
        mass of a cell is its width times the density in its middle.
    """
    mu, precision = mixture.mu[dims], SQRT_HALF / mixture.sigma[dims]
    with np.errstate(divide="ignore", invalid="ignore"):
        at_x = log_kernels(mixture, x[None, :])[0]
    return Conditional(at_x + (((x[dims, None] - mu) * precision) ** 2).sum(axis=0), mu, precision)


def log_density_along(conditional: Conditional, y: Array) -> Array:
    """Return the log-density (n,) of the mixture at the fixed coordinates and y (n, m), inside the support."""
    if y.shape[0] * conditional.mu.size > COMPILE_ABOVE:
        announce_compilation()
        from .compiled import conditional as compiled

        return compiled.log_density_along(conditional, y)
    return log_density_along_numpy(conditional, y)


def log_density_along_numpy(conditional: Conditional, y: Array) -> Array:
    """NumPy tier of `log_density_along`; takes O(n m k) memory."""
    z = y[:, :, None] - conditional.mu
    z *= conditional.precision
    exponent: Array = np.einsum("nmk,nmk->nk", z, z)
    np.subtract(conditional.offset, exponent, out=exponent)
    peak = np.maximum(exponent.max(axis=1), -1e300)
    exponent -= peak[:, None]
    np.exp(exponent, out=exponent)
    with np.errstate(divide="ignore"):
        return np.asarray(peak + np.log(exponent.sum(axis=1)))
