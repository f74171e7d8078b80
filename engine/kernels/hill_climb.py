"""Hill climb from a candidate on log below - power x log above, in continuous coordinates (NumPy tier).

Steps are taken along the gradient in units of the bandwidths below, longer after a success and shorter after a failure.
They are folded back at the borders: clipping would pile points up there.
"""

from __future__ import annotations

import numpy as np

from ..arrays import FloatArray
from .mixture import Mixture
from .truncnorm import SQRT_HALF

FIRST_STEP = 0.5  # bandwidths
LONGER, SHORTER = 1.5, 0.4
REACH = 4.0  # bandwidths: how far from the start the search may go
NEGLIGIBLE = 37.0
DIRECTIONS = 2.0**12  # steps per unit in which a direction is rounded, so that both tiers try the same points


def climb(
    below: Mixture, above: Mixture, power: float, start: FloatArray, low: FloatArray, high: FloatArray, n_steps: int
) -> FloatArray:
    """Return a point (d,) near `start` where the score is no smaller.

    Parameters
    ----------
    below, above
        Densities over d continuous dimensions.
    power
        What the log-density above is multiplied with.
    start
        (d,) where to begin.
    low, high
        (d,) ends of the range.
    n_steps
        Number of points tried.
    """
    scale = SQRT_HALF / (below.precision.sum(axis=1) / below.precision.shape[1])  # quicker than ``mean``
    low, high = np.maximum(low, start - REACH * scale), np.minimum(high, start + REACH * scale)
    best, step = start, FIRST_STEP
    score, gradient = _score(below, above, power, best)
    for _ in range(n_steps):
        direction = gradient * scale
        length = np.sqrt((direction * direction).sum())
        if not length > 0.0:
            break
        unit = np.rint(direction / length * DIRECTIONS) / DIRECTIONS
        tried = _fold(best + step * unit * scale, low, high)
        new_score, new_gradient = _score(below, above, power, tried)
        if new_score > score:
            best, score, gradient, step = tried, new_score, new_gradient, step * LONGER
        else:
            step *= SHORTER
    return best


def _score(below: Mixture, above: Mixture, power: float, x: FloatArray) -> tuple[float, FloatArray]:
    log_below, slope_below = _log_density(below, x)
    log_above, slope_above = _log_density(above, x)
    return log_below - power * log_above, slope_below - power * slope_above


def _log_density(mixture: Mixture, x: FloatArray) -> tuple[float, FloatArray]:
    """Return the log-density at x (d,) and its gradient (d,)."""
    z = (x[:, None] - mixture.mu) * mixture.precision
    exponent = mixture.offset - np.einsum("dk,dk->k", z, z)
    peak = exponent.max()
    share = np.exp(exponent - peak)
    total = share.sum()
    return float(peak + np.log(total)), (z * mixture.precision) @ (share * (-2.0 / total))


def _fold(y: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    y = high - np.abs(high - (low + np.abs(y - low)))
    return np.asarray(np.minimum(np.maximum(y, low), high))
