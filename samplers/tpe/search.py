"""A local search on the acquisition from the best candidate, in the continuous dimensions and on fine grids.

Candidates are drawn from l, so in more than a few dimensions the best of two dozen is far from a maximum of the
acquisition. A few steps along its gradient close part of that gap for less than the candidates cost. Choices and values
of short grids stay as they were drawn: climbing there makes the search greedy, and it did worse on mixed spaces
(docs/tpe.md).
"""

from __future__ import annotations

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.kernels.axes import decode
from .model import Model

N_STEPS = 3


def climb(model: Model, start: FloatArray, power: float) -> FloatArray:
    """Search near a candidate for a larger log l - power x log g.

    Parameters
    ----------
    model
        The densities l and g over d dimensions.
    start
        The candidate, shape (d,), in kernel coordinates.
    power
        What log g is multiplied with.

    Returns
    -------
    point
        Shape (d,), inside the support and on its grids.
    """
    continuous = model.axes.n_values == 0
    if continuous.all():
        return _ascend(model, start, power)
    if not continuous.any():
        return start
    free = np.flatnonzero(continuous)
    point: FloatArray = start.copy()
    point[free] = _ascend(model.given(start, np.flatnonzero(~continuous), free), start[free], power)
    return point


def _ascend(model: Model, start: FloatArray, power: float) -> FloatArray:
    axes = model.axes
    best: FloatArray = model.tier.ascent.ascend(model.good, model.bad, power, start, axes.low, axes.high, N_STEPS)
    return decode(axes, best[None])[0] if axes.step.any() else best
