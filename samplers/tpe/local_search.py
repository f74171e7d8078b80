"""A local search on the acquisition from the best candidate, in the continuous dimensions and on fine grids.

In more than a few dimensions the best of two dozen candidates from the density below is far from a maximum of the
acquisition. A few steps along its gradient close part of that gap for less than the candidates cost. Choices and values
of short grids stay as they were drawn: climbing there made the search greedy, and did worse on mixed spaces
(docs/tpe.md).
"""

from __future__ import annotations

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.kernels.axes import decode
from .model import Model

N_STEPS = 3


def climb(model: Model, start: FloatArray, power: float) -> FloatArray:
    """Search near a candidate for a larger log below - power x log above.

    Parameters
    ----------
    model
        The densities over d dimensions.
    start
        The candidate, shape (d,), in kernel coordinates.
    power
        What the log-density above is multiplied with.

    Returns
    -------
    point
        Shape (d,), inside the support and on its grids.
    """
    n_tabulated = np.count_nonzero(model.axes.n_values)
    if n_tabulated == 0:
        return _climb(model, start, power)
    if n_tabulated == len(start):
        return start
    continuous = model.axes.n_values == 0
    free = np.flatnonzero(continuous)
    point: FloatArray = start.copy()
    point[free] = _climb(model.given(start, np.flatnonzero(~continuous), free), start[free], power)
    return point


def _climb(model: Model, start: FloatArray, power: float) -> FloatArray:
    axes = model.axes
    ends = axes.low, axes.high
    best: FloatArray = model.tier.hill_climb.climb(model.below, model.above, power, start, *ends, N_STEPS)
    return decode(axes, best[None])[0] if np.count_nonzero(axes.step) else best
