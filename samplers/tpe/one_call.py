"""A trial's point by one compiled call, where nothing special is asked for.

`fitting`, `model` and `sampler` say what is computed, and do it for batches, branches, constraints, rules of one's own
and spaces whose points may come back. Here the same is done for one trial of the joint density: what is known stays in
arrays between asks (`Kept`), and a kernel does the rest. It chooses the same point to the bit.
"""

from __future__ import annotations

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from .constraints import is_constrained
from .fitting import Fitter, Prepared
from .local_search import N_STEPS
from .observations import SortedObservations
from .rules import LogRatio
from .split import Split

_NO_NUMBERS: IntArray = np.empty(0, dtype=np.int64)
_NO_WEIGHTS: FloatArray = np.empty(0)


def choose(fitter: Fitter, prepared: Prepared, rng: np.random.Generator) -> FloatArray | None:
    """Choose a point (d,), in model coordinates; None, and no random number taken, where the parts are needed.

    Parameters
    ----------
    fitter
        What fits the densities of the study.
    prepared
        What it prepared, without parameters that are given.
    rng
        Random numbers.
    """
    settings, history = fitter.settings, fitter.history
    _, observations, split, estimator = prepared
    acquisition = settings.acquisition
    if not isinstance(observations, SortedObservations) or observations.tried is not None or is_constrained(history):
        return None
    if type(acquisition) is not LogRatio or settings.distances:
        return None
    numbers, weights, n_above = _above(fitter, observations, split)
    below, space, smoothing = (
        fitter.below(observations, split, estimator),
        estimator.space,
        estimator.smoothing(n_above),
    )
    point: FloatArray = estimator.tier.joint.choose(
        rng.random((settings.n_candidates, 1 + len(space.names))),
        history.n,
        acquisition.power,
        N_STEPS if estimator.bold else 0,
        split.below,
        np.array(observations.running, dtype=np.int64) if observations.running else _NO_NUMBERS,
        numbers,
        weights,
        estimator.prior_weight(n_above),
        estimator.smallest(n_above),
        smoothing / (1.0 + smoothing),
        observations.endpoints,
        below.density,
        below.scale,
        space.choice_tables(1.0),
        space.axes,
        observations.kept,
    )
    return point


def _above(fitter: Fitter, observations: SortedObservations, split: Split) -> tuple[IntArray, FloatArray, int]:
    """Give the numbers of the trials above and their weights, and how many all are.

    Nothing is given, and left to the kernel, where all of them are modelled by `default_weights`.
    """
    n_above = observations.n - len(split.below) + len(observations.running)
    is_default = fitter.settings.weights is None and not len(split.weight) and n_above <= fitter.limit
    if is_default and observations.is_sorted:
        return _NO_NUMBERS, _NO_WEIGHTS, n_above
    is_above, numbers, weights, n_above, _ = fitter.above(observations, split)
    observations.sort(is_above)
    return (_NO_NUMBERS, _NO_WEIGHTS, n_above) if is_default else (numbers, weights, n_above)
