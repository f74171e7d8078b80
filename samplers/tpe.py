"""The tree-structured Parzen estimator (Bergstra et al. 2011), multivariate by default (Falkner et al. 2018).

Finished trials are split into the best few, "below", and the rest, "above". A mixture density is fitted to each, l and
g; of some candidates drawn from l, the one with the largest l / g is taken: the expected improvement grows with that
ratio (Bergstra et al. 2011, eq. 5). Three things differ from Optuna 5's default (docs/tpe.md has the measurements): the
good trials are weighted by how good they are (Watanabe 2023), the chosen candidate climbs on l / g in its continuous
dimensions before it is taken, and categorical kernels stay smooth.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..engine import space as spaces
from ..engine.distributions import BaseDistribution, CategoricalDistribution, FloatArray
from ..engine.frozen import CONSTRAINTS, FrozenTrial
from ..engine.history import History
from ..engine.kernels.mixture import Mixture, draw, log_density, snap, support, values_between
from ..engine.records import TrialState
from .base import Columns, Sampler, Space
from .parzen_estimator import SpaceArrays, build
from .tpe_search import climb
from .tpe_split import losses, rank

Gamma = Callable[[int], int]
Weights = Callable[[int], FloatArray]
IntArray = npt.NDArray[np.int64]


# What a categorical kernel gives to every choice, where its own gets 1 more. Optuna's 1 / (n + 1) falls with the number
# of observations, and then a study keeps the first good choice that it met (docs/tpe.md).
CHOICE_SMOOTHING = 0.5
FINEST_GRID = 1000  # steps
LARGEST_LOG_INTEGER = math.log(2.0**40)


def default_gamma(n: int) -> int:
    """Give the number of trials below: a tenth, at most 25."""
    return min(math.ceil(0.1 * n), 25)


def hyperopt_default_gamma(n: int) -> int:
    """Give Hyperopt's number of trials below: a quarter of the square root, at most 25."""
    return min(math.ceil(0.25 * math.sqrt(n)), 25)


def default_weights(n: int) -> FloatArray:
    """Give the weights of `n` observations, oldest first: 1 for the newest 25, falling linearly to 1/n before them."""
    if n <= 25:
        return np.ones(n)
    return np.concatenate([np.linspace(1.0 / n, 1.0, num=n - 25), np.ones(25)])


def improvement_weights(below: FloatArray, next_best: FloatArray) -> FloatArray:
    """Weigh good trials by their expected improvement (Watanabe 2023, section 3.2), of mean 1.

    Parameters
    ----------
    below
        Losses of the trials below, shape (n,).
    next_best
        Loss of the best trial above, shape (1,), or (0,) without one: then the worst below takes its place.

    Returns
    -------
    weights
        Shape (n,): the distance below `next_best`; ones where it is not finite or nowhere positive.
    """
    if len(below) == 0:
        return below
    bar = next_best[0] if len(next_best) else below.max()
    if not (np.isfinite(below).all() and np.isfinite(bar) and (below < bar).any()):
        return np.ones(len(below))
    largest = max(np.abs(below).max(), abs(bar))  # divided by first: losses may be near the ends of what floats hold
    improvement = np.maximum(bar / largest - below / largest, 0.0)
    improvement /= improvement.max()
    return np.asarray(improvement * (len(below) / improvement.sum()))


class Observations(NamedTuple):
    """Observed points of a space, oldest first, in model coordinates: those below and those above the split."""

    below: FloatArray  # (n_below, d)
    weights: FloatArray  # (n_below,)
    above: FloatArray  # (n_above, d)


class TPESampler(Sampler):
    """Samples where good trials are dense and bad ones are not.

    Parameters
    ----------
    consider_prior
        Add the uniform prior as a component of both mixtures.
    prior_weight
        Weight of the prior, where an observation has 1. If given, categorical kernels are smoothed by
        ``prior_weight / (n + 1)``, as in Optuna, and not by `CHOICE_SMOOTHING`.
    consider_magic_clip
        Keep bandwidths above 1 / min(100, n + 2) of the range.
    consider_endpoints
        Let the ends of the range count as neighbours of the outermost observations.
    n_startup_trials
        Number of finished trials up to which sampling is random.
    n_ei_candidates
        Number of candidates drawn from l.
    gamma
        Number of trials below, given the number of finished ones.
    weights
        Weights of observations, oldest first, given their number. None: `default_weights` for the trials above and
        `improvement_weights` for those below, where there is a single objective.
    seed
        A non-negative integer for a study that can be repeated.
    multivariate
        Model all parameters jointly; None: where there is a single objective.
    group
        Split a conditional space into groups of parameters that appear together, each modelled jointly.
    warn_independent_sampling
        Accepted for compatibility.
    constant_liar
        Count running trials among the bad ones, so that parallel workers keep apart.
    constraints_func
        Deprecated: use `Trial.set_constraint`. Gives a finished trial's constraint values.

    Raises
    ------
    ValueError
        If `group` is asked for without `multivariate`, or there is no candidate.
    """

    def __init__(
        self,
        *,
        consider_prior: bool | None = None,
        prior_weight: float | None = None,
        consider_magic_clip: bool | None = None,
        consider_endpoints: bool | None = None,
        n_startup_trials: int = 10,
        n_ei_candidates: int = 24,
        gamma: Gamma | None = None,
        weights: Weights | None = None,
        seed: int | None = None,
        multivariate: bool | None = None,
        group: bool = False,
        warn_independent_sampling: bool | None = None,
        constant_liar: bool = True,
        constraints_func: Callable[[FrozenTrial], Sequence[float]] | None = None,
    ) -> None:
        super().__init__(seed)
        if group and multivariate is False:
            raise ValueError("`group` can only be enabled when `multivariate` is: leave one of the two out.")
        if prior_weight is not None and not 0 < prior_weight < math.inf:
            raise ValueError(f"`prior_weight` must be positive and finite, but got {prior_weight}.")
        if n_ei_candidates < 1:
            raise ValueError(f"`n_ei_candidates` must be at least 1, but got {n_ei_candidates}.")
        if constraints_func is not None:
            warnings.warn(
                "`constraints_func` is deprecated; call `Trial.set_constraint` in the objective instead.",
                FutureWarning,
                stacklevel=2,
            )
        self._prior: dict[str, Any] = {
            "consider_prior": consider_prior is not False,
            "prior_weight": 1.0 if prior_weight is None else prior_weight,
            "magic_clip": consider_magic_clip is not False,
            "endpoints": bool(consider_endpoints),
            "choice_smoothing": CHOICE_SMOOTHING if prior_weight is None else None,
        }
        self._n_startup_trials = n_startup_trials
        self._n_ei_candidates = n_ei_candidates
        self._gamma = gamma or default_gamma
        self._has_own_weights = weights is not None
        self._weights_of = weights or default_weights
        self._multivariate = multivariate
        self._group = group
        self._constant_liar = constant_liar
        self._constraints_func = constraints_func

    @staticmethod
    def hyperopt_parameters() -> dict[str, Any]:
        """Give the arguments with which TPE behaves as in Hyperopt."""
        return {
            "consider_prior": True,
            "prior_weight": 1.0,
            "consider_magic_clip": True,
            "consider_endpoints": False,
            "n_startup_trials": 20,
            "n_ei_candidates": 24,
            "gamma": hyperopt_default_gamma,
            "weights": default_weights,
        }

    # --- what is sampled together ------------------------------------------------------------------------------------

    def joint_space(self, history: History) -> dict[str, BaseDistribution]:
        is_joint = self._multivariate if self._multivariate is not None else len(history.directions) == 1
        if not is_joint or self._is_starting(history):
            return {}
        joint = {}
        for group in self._groups(history):
            joint.update(group)
        return {name: distribution for name, distribution in joint.items() if not distribution.single()}

    def _groups(self, history: History) -> list[spaces.Space]:
        return spaces.groups(history.spaces()) if self._group else [history.intersection()]

    def _is_starting(self, history: History) -> bool:
        return history.n_complete + history.n_pruned < self._n_startup_trials

    # --- sampling ----------------------------------------------------------------------------------------------------

    def sample(self, space: Space, history: History, rng: np.random.Generator, n: int = 1) -> Columns:
        if self._is_starting(history):
            return {name: rng.uniform(*distribution.support, size=n) for name, distribution in space.items()}
        if not self._group:
            return self._sample_jointly(space, history, rng, n)
        columns: dict[str, FloatArray] = {}
        rest = dict(space)
        for group in self._groups(history):
            part = {name: rest.pop(name) for name in group if name in rest}
            columns.update(self._sample_jointly(part, history, rng, n) if part else {})
        columns.update(self._sample_jointly(rest, history, rng, n) if rest else {})
        return columns

    def _sample_jointly(self, space: Space, history: History, rng: np.random.Generator, n: int) -> Columns:
        grids = space_arrays(space)
        arrays = smoothed(grids)
        observed = self.observe(space, history)
        good = build(observed.below, observed.weights, arrays, **self._prior)
        bad = build(observed.above, self._weights(len(observed.above)), arrays, **self._prior)
        candidates = snap(
            self.propose(good, rng, n * self._n_ei_candidates), grids.low, grids.step
        )  # (n * candidates, d)
        chosen = _choose(candidates, log_density(good, candidates) - log_density(bad, candidates), n)
        if n == 1:  # the points of a batch stay where they were drawn, apart
            chosen[0] = climb(good, bad, chosen[0], rng, self._n_ei_candidates)
        return {name: chosen[:, j] for j, name in enumerate(space)}

    def observe(self, space: Space, history: History) -> Observations:
        """Split the trials that have every parameter of `space` into those below and those above.

        Parameters
        ----------
        space
            Distributions by parameter name, d of them.
        history
            The study's trials.
        """
        order = rank(history)
        n_below = self._gamma(len(order))
        below, above = np.sort(order[:n_below]), order[n_below:]
        if self._constant_liar:
            above = np.concatenate([above, np.flatnonzero(history.states == TrialState.RUNNING)])
        columns = [distribution.to_model(history.param(name)) for name, distribution in space.items()]
        points = np.column_stack(columns)  # (n_trials, d)
        known = np.asarray(~np.isnan(points).any(axis=1))  # those that have every parameter
        weights = self._weights_below(history, below, order[n_below : n_below + 1])
        above = np.sort(above[known[above]])
        return Observations(points[below[known[below]]], weights[known[below]], points[above])

    def _weights(self, n: int) -> FloatArray:
        """Give the weights of `n` observations, checked: they may come from a user's function."""
        weights = np.asarray(self._weights_of(n), dtype=np.float64)
        if weights.shape != (n,) or not np.isfinite(weights).all() or (weights < 0).any() or (n and not weights.any()):
            raise ValueError(
                f"`weights` must give {n} finite weights, none negative and not all zero, but gave {weights!r}."
            )
        return weights

    def _weights_below(self, history: History, below: IntArray, next_best: IntArray) -> FloatArray:
        """Weigh the good trials by how much they improve on the best of the bad ones, or as the user said."""
        comparable = (history.states[below] == TrialState.COMPLETE) & ~(history.violation[below] > 0)
        if self._has_own_weights or len(history.directions) > 1 or not comparable.all():
            return self._weights(len(below))
        return improvement_weights(losses(history, below)[:, 0], losses(history, next_best)[:, 0])

    def propose(self, good: Mixture, rng: np.random.Generator, n: int) -> FloatArray:
        """Draw `n` candidates, shape (n, d), from the density of the good trials."""
        return draw(good, rng.random((n, 1 + len(good.low))))

    # --- constraints -------------------------------------------------------------------------------------------------

    def after_trial(self, study: Any, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        if self._constraints_func is not None and state in (TrialState.COMPLETE, TrialState.PRUNED):
            constraints = [float(value) for value in self._constraints_func(trial)]
            study._storage.set_trial_system_attr(trial._trial_id, CONSTRAINTS, constraints)


def space_arrays(space: Space) -> SpaceArrays:
    """Describe a space of d parameters as arrays of shape (d,) in model coordinates."""
    ends = np.array([distribution.ends for distribution in space.values()])  # (d, 2)
    step = np.array([distribution.grid for distribution in space.values()])
    n_choices = [len(d.choices) if isinstance(d, CategoricalDistribution) else 0 for d in space.values()]
    return SpaceArrays(ends[:, 0], ends[:, 1], step, np.array(n_choices, dtype=np.int64))


def smoothed(space: SpaceArrays) -> SpaceArrays:
    """Take the finest grids as continuous.

    Beside a cell that is a thousandth of the range every bandwidth is wide, so its mass is its width times the density,
    and the width cancels in l / g. On a log scale the cells are narrow at the upper end only, so the limit is where
    floats no longer tell them apart.
    """
    fine = (values_between(space.low, space.high, space.step) > FINEST_GRID) & (space.step > 0)
    fine |= (space.step < 0) & (space.high > LARGEST_LOG_INTEGER)
    lower, upper = support(space.low, space.high, space.step)
    low, high = np.where(fine, lower, space.low), np.where(fine, upper, space.high)
    return SpaceArrays(low, high, np.where(fine, 0.0, space.step), space.n_choices)


def _choose(candidates: FloatArray, scores: FloatArray, n: int) -> FloatArray:
    """Take the best candidate of each of `n` equal blocks, other than the points taken before where there is one."""
    blocks = np.argsort(-scores.reshape(n, -1), axis=1, kind="stable")
    if n == 1:
        return candidates[blocks[:, 0]]
    taken: set[bytes] = set()
    chosen = []
    for order in blocks + np.arange(n)[:, None] * blocks.shape[1]:
        best = next((k for k in order if candidates[k].tobytes() not in taken), order[0])
        taken.add(candidates[best].tobytes())
        chosen.append(best)
    return candidates[chosen]
