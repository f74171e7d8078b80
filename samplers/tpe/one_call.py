"""A trial's point by one compiled call, where nothing special is asked for.

`fitting`, `model` and `sampler` say what is computed, and do it for batches, branches, constraints, trials that were
stopped early, rules of one's own and spaces whose points may come back. Here the same is done for one trial of a joint
density, or one of several objectives: what is known stays in arrays between asks (`Kept`), a trial that was told is one
compiled call, and a point another. It is the same point to the bit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...engine.arrays import FloatArray, IntArray
from ...engine.distributions import Space
from ...engine.kernels.mixture import MOST_FEW
from .coreset import N_BEST, N_NEWEST
from .fitting import Fitter
from .local_search import N_STEPS
from .observations import SortedObservations
from .recombination import CROSSED
from .split import Split

_NO_NUMBERS: IntArray = np.empty(0, dtype=np.int64)
_NO_WEIGHTS: FloatArray = np.empty(0)


def choose(fitter: Fitter, space: Space, key: npt.NDArray[np.uint64], number: int, n: int) -> dict[str, float] | None:
    """Choose the values of a trial by the joint densities; None where the parts are needed.

    Parameters
    ----------
    fitter
        What fits the densities of the study, by settings of which `Settings.is_plain` holds.
    space
        Distributions by parameter name.
    key, number
        Whose random numbers to use.
    n
        Number of trials in the study.

    Returns
    -------
    internal
        Internal values by name.
    """
    settings = fitter.settings
    tier, model_space, observations = fitter.observe(space, {})
    if not isinstance(observations, SortedObservations) or observations.n_ranked < 0:
        return None
    n_ranked = observations.n_ranked
    n_below = fitter.n_below(model_space, n_ranked)
    if n_below > min(n_ranked, MOST_FEW):
        return None
    n_above = n_ranked - n_below + len(observations.running)
    numbers, weights, best_above = _NO_NUMBERS, _NO_WEIGHTS, _NO_NUMBERS
    if n_above > fitter.limit:
        best_above = observations.kept.ranked[n_below : min(n_below + N_BEST, n_ranked)]
    if not observations.is_sorted:
        numbers, weights = _modelled(fitter, observations, observations.kept.ranked[:n_below], best_above)
    point = tier.asking.ask(
        key,
        number,
        settings.n_candidates,
        settings.caution,
        settings.acquisition.power,  # type: ignore[attr-defined]
        N_STEPS,
        n,
        n_below,
        n_ranked,
        _running(observations),
        best_above,
        N_NEWEST,
        fitter.limit,
        numbers,
        weights,
        settings.prior_weight,
        settings.consider_prior,
        -1.0 if settings.choice_smoothing is None else settings.choice_smoothing,
        settings.clip.least,  # type: ignore[attr-defined]
        settings.clip.most,  # type: ignore[attr-defined]
        observations.endpoints,
        model_space.any_tables,
        model_space.axes,
        observations.kept,
    )
    return model_space.internal(point)


@np.errstate(all="ignore")  # whatever the user's program asks of NumPy
def choose_child(
    fitter: Fitter, space: Space, key: npt.NDArray[np.uint64], number: int, n: int
) -> dict[str, float] | None:
    """Choose the values of a trial among children of the trials below; None where the parts are needed.

    Parameters and returned values are those of `choose`.
    """
    settings = fitter.settings
    tier, model_space, observations = fitter.observe(space, {})
    if not isinstance(observations, SortedObservations):
        return None
    split = fitter.split(observations)
    below = split.below
    if not 0 < len(below) <= MOST_FEW:
        return None
    n_above = observations.n - len(below) + len(observations.running)
    numbers, weights = _NO_NUMBERS, _NO_WEIGHTS
    if not observations.is_sorted:
        numbers, weights = _modelled(fitter, observations, below, split.best_above)
    z, x, scores = tier.asking.rate_children(
        key,
        number,
        settings.n_candidates,
        settings.caution,
        CROSSED,
        settings.acquisition.power,  # type: ignore[attr-defined]
        n,
        below,
        n_above,
        _running(observations),
        split.best_above,
        N_NEWEST,
        fitter.limit,
        numbers,
        weights,
        settings.prior_weight,
        settings.consider_prior,
        -1.0 if settings.choice_smoothing is None else settings.choice_smoothing,
        settings.clip.least,  # type: ignore[attr-defined]
        settings.clip.most,  # type: ignore[attr-defined]
        observations.endpoints,
        model_space.any_tables,
        model_space.axes,
        observations.kept,
    )
    tried = fitter.tried(observations, _NO_WEIGHTS)
    for best in np.argsort(-scores, kind="stable").tolist():
        if tried is None or not tried(z[best : best + 1])[0]:
            return model_space.internal(x[best])
    return None


def _running(observations: SortedObservations) -> IntArray:
    return np.array(observations.running, dtype=np.int64) if observations.running else _NO_NUMBERS


@np.errstate(all="ignore")
def _modelled(
    fitter: Fitter, observations: SortedObservations, below: IntArray, best_above: IntArray
) -> tuple[IntArray, FloatArray]:
    """Bring the sorted columns up to date; give numbers and weights of those above that are modelled."""
    is_above = observations.above(below, np.empty(0, dtype=bool))
    observations.sort(is_above)
    _, _, numbers, weights = fitter.above(is_above, Split(below, best_above, _NO_WEIGHTS))
    return numbers, weights
