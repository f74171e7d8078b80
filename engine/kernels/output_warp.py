"""Logarithmic warps of losses, chosen by their likelihood, so that a Gaussian process sees a well-scaled surface.

With t = (y - min y) / (median y - min y), the warped losses are log(t + c), standardised. A small c spreads the losses
near the best one, a large one is linear. As with the transformations of Box and Cox ("An analysis of transformations",
1964), the likelihood of the losses as they were told decides: that of the warped ones times the warp's Jacobian.
"""

from __future__ import annotations

import numpy as np

from ..arrays import FloatArray
from .gaussian_process import SCALE_PRIOR, Whitened, whitened

OFFSETS = np.array([0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 1000.0])
LEAST_DEVIATION = 1e-12  # of warped losses: less is the rounding of losses that are all alike


def warped(losses: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Warp losses (n,) in all ways.

    Losses that are not finite count as the worst finite one.

    Returns
    -------
    z, log_jacobian
        Shape (n, k), each column of mean 0 and deviation 1, and (k,): log of the product of dz / dy, up to a constant.
    """
    finite = losses[np.isfinite(losses)]
    worst = float(finite.max(initial=0.0 if not len(finite) else -np.inf))
    y = np.where(np.isfinite(losses), losses, np.where(losses == -np.inf, finite.min(initial=worst), worst))
    y = y / max(float(np.abs(y).max()), 1e-300)  # differences stay within what floats hold
    best = y.min()
    unit = float(np.median(y)) - best
    if unit <= 0.0:  # more than half of them are the best
        unit = float(y.max()) - best
    t = (y - best) / unit if unit > 0.0 else np.zeros_like(y)
    w = np.log(t[:, None] + OFFSETS)
    log_slope = -w.sum(axis=0)
    w -= w.mean(axis=0)
    deviation = np.sqrt((w * w).mean(axis=0))
    deviation[deviation <= LEAST_DEVIATION] = 1.0
    return w / deviation, log_slope - len(y) * np.log(deviation)


def most_likely(
    z: FloatArray,
    log_jacobian: FloatArray,
    half: FloatArray,
    whitened: Whitened = whitened,
) -> int:
    """Choose the warp, a column of z (n, k), that is the most likely under a covariance C, given L^-1 (n, n)."""
    _, _, q = whitened(half, z)
    return int(np.argmax(log_jacobian - (0.5 * len(z) + SCALE_PRIOR) * np.log(2.0 * SCALE_PRIOR + q)))
