"""A local search on log l - log g from the best candidate, in the continuous dimensions and on fine grids.

Candidates are drawn from l, so in more than a few dimensions the best of two dozen is far from a maximum of the
acquisition. A few rounds of random steps, of the size of l's own bandwidths and smaller where they find nothing, close
much of that gap for the price of a few more candidates. Choices and values of coarse grids stay as they were drawn:
climbing there makes the search greedy, and it did worse on mixed spaces (docs/tpe.md).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..engine.distributions import FloatArray
from ..engine.kernels.conditional import condition, log_density_along
from ..engine.kernels.mixture import Mixture, snap, values_between

N_ROUNDS = 6
FIRST_STEP = 0.5  # of l's median bandwidth
SHRINK = 0.6  # of the step after a round without success
FINE = 16  # grid values from which a grid is searched like a continuous range
MOVED = 0.5  # share of the dimensions that one step moves


def climb(good: Mixture, bad: Mixture, start: FloatArray, rng: np.random.Generator, n: int) -> FloatArray:
    """Search near a candidate for a larger l / g.

    Parameters
    ----------
    good, bad
        The mixtures l and g over d dimensions.
    start
        The candidate, shape (d,), in model coordinates.
    rng
        Where the steps come from.
    n
        Number of points tried in a round.

    Returns
    -------
    point
        Shape (d,), inside the support and on its grids, no worse than `start` in the continuous dimensions.
    """
    free = np.flatnonzero(_is_fine(good))
    if not free.size:
        return start
    low, high = good.low[free], good.high[free]
    l_along, g_along = condition(good, start, free), condition(bad, start, free)
    step = FIRST_STEP * np.median(good.sigma[free], axis=1)  # (m,)
    best = start[free]
    for _ in range(N_ROUNDS):
        moves = rng.standard_normal((n, free.size)) * (rng.random((n, free.size)) < MOVED)
        moves[0] = 0.0  # the best so far is scored with its rivals
        tried = _reflect(best + step * moves, low, high)
        scores = log_density_along(l_along, tried) - log_density_along(g_along, tried)
        k = int(np.argmax(scores))
        if scores[k] > scores[0]:
            best = tried[k]
        else:
            step = step * SHRINK
    point: FloatArray = start.copy()
    point[free] = snap(best, low, good.step[free])
    return point


def _is_fine(mixture: Mixture) -> npt.NDArray[np.bool_]:
    """Tell which dimensions (d,) are continuous, or so finely gridded that the search may take them as continuous."""
    cells = values_between(mixture.low, mixture.high, mixture.step)
    return np.asarray((mixture.n_choices == 0) & (cells >= FINE))


def _reflect(y: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Fold points (n, m) back into [low, high] (m,): clipping would pile them up on the border."""
    y = high - np.abs(high - (low + np.abs(y - low)))
    return np.asarray(np.minimum(np.maximum(y, low), high))
