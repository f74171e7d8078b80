"""From a history to the two densities: trials are split (evidence), and a mixture is fitted to each part (model)."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.distributions import Space
from ...engine.history import History
from ...engine.kernels.mixture import Mixture
from .constraints import Constraint, is_constrained
from .coreset import LIMIT, Coreset, stretch
from .estimator import Estimator
from .evidence import n_observed
from .fidelity_ranking import FidelityRanking
from .model import Model, Tier, tier_for
from .model_space import ModelSpace
from .observations import Observations
from .pareto_ranking import ParetoRanking
from .rules import (
    Gamma,
    default_gamma,
    default_weights,
    improvement_weights,
    multi_objective_gamma,
    uniform_weights,
    wide_gamma,
)
from .settings import Settings
from .spaces import Given, Spaces
from .split import Ranking, Split
from .used_up import UsedUp

MANY = 10  # dimensions


class Fitter:
    """Fits the densities of one study. What it keeps between asks can be rebuilt from the history.

    Parameters
    ----------
    history
        The study's trials.
    settings
        The rules.
    limit
        Number of observations above up to which all of them are modelled, and at most as many beyond: see `coreset`.
    """

    def __init__(self, history: History, settings: Settings, limit: int = LIMIT) -> None:
        self._history = history
        self.settings = settings
        self.limit = limit
        self._coreset = Coreset(limit)
        self._spaces = Spaces(history, settings)
        self._used_up = UsedUp(history)
        self._ranking: Ranking = (
            FidelityRanking(history, settings.fidelity) if len(history.directions) == 1 else ParetoRanking(history)
        )

    def fit(self, space: Space, given: Given, bold: bool) -> tuple[ModelSpace, Model]:
        """Fit the densities over the parameters of `space`, given values of others.

        Parameters
        ----------
        space
            Distributions by parameter name.
        given
            Distributions and internal values of other parameters.
        bold
            Weigh the trials below by how good they are, unless the settings have weights, and sharpen choices as
            observations add up; otherwise weigh alike, and keep choices smooth.

        Returns
        -------
        free_space, model
            Both of the d parameters of `space`, in its order.
        """
        history = self._history
        tier, free_space, observations = self.observe(space, given)
        estimator = Estimator(self.settings, observations.space, tier, bold)
        model = self._model(observations, self.split(observations), estimator)
        if is_constrained(history):
            model = model._replace(constraints=self._constraints(observations, estimator._replace(bold=False)))
        if not given:
            return free_space, model._replace(tried=self.tried(observations, np.empty(0)))
        internal = np.array([value for _, value in given.values()] + [np.nan] * len(space))
        z = observations.space.coordinates(internal[None])[:, 0]
        fixed = np.flatnonzero(~np.isnan(z))
        # The given parameters together weigh as one parameter. With full weight of each of them almost no observation
        # would be near, although most of them hardly matter for the branch.
        model = model.given(z, fixed, np.arange(len(given), len(z)), power=1.0 / max(len(fixed), 1))
        return free_space, model._replace(tried=self.tried(observations, z[: len(given)]))

    def observe(self, space: Space, given: Given) -> tuple[Tier, ModelSpace, Observations]:
        """Bring what is known of a space up to date; give whose kernels to use, the free parameters and all trials."""
        tier = tier_for(n_observed(self._history))
        free_space, observations = self._spaces.observe(space, given, tier)
        observations.update(self.settings.constant_liar)
        return tier, free_space, observations

    def tried(self, observations: Observations, given: FloatArray) -> Callable[[FloatArray], BoolArray] | None:
        """Make what tells which points (n, d) were tried beside the coordinates of the parameters that are given."""
        tried, used_up, space = observations.tried, self._used_up, observations.space
        if tried is None:
            return None
        used_up.update()
        if tried.is_empty and used_up.is_empty:
            return None

        def are_tried(points: FloatArray) -> BoolArray:
            z = np.column_stack([np.broadcast_to(given, (len(points), len(given))), points])
            found = tried.among(z)
            return (
                found if used_up.is_empty else found | used_up.among(space.dims, space.dims.from_model(space.model(z)))
            )

        return are_tried

    # --- evidence ----------------------------------------------------------------------------------------------------

    def split(self, observations: Observations) -> Split:
        return self._ranking.split(observations, lambda n: self.n_below(observations.space, n))

    def n_below(self, space: ModelSpace, n: int) -> int:
        """Give how many of `n` trials are below."""
        found = (self.settings.gamma or _default_gamma(space, len(self._history.directions)))(n)
        if (type(found) is not int and not isinstance(found, Integral)) or found < 0:
            raise ValueError(
                f"`gamma` must give a number of trials, an integer from 0, but gave {found!r} for {n} trials."
            )
        return found

    # --- model -------------------------------------------------------------------------------------------------------

    def _model(self, observations: Observations, split: Split, estimator: Estimator) -> Model:
        is_above = observations.above(split.below, split.modelled)
        n_above, total, numbers, weights = self.above(is_above, split)
        smallest = estimator.smallest(n_above)
        return Model(
            below=self._below(observations, split, estimator),
            above=estimator.fit(observations.observed_above(numbers, is_above), weights, smallest),
            axes=estimator.space.axes,
            lie_weight=-math.log(total + self.settings.prior_weight),
            smallest=smallest,
            choices=estimator.choices(n_above),
            parents=observations.z[:, split.below],
            tier=estimator.tier,
        )

    def above(self, is_above: BoolArray, split: Split) -> tuple[int, float, IntArray, FloatArray]:
        """Choose those of the trials above (capacity,) that are modelled: all of them, or those that stand for all.

        Returns
        -------
        n_above, total, numbers, weights
            How many trials are above and the sum of their weights; numbers (k,) and weights (k,) of those modelled.
        """
        numbers = np.flatnonzero(is_above)
        n_above, weights = len(numbers), split.weigh(numbers, self._weights(len(numbers)))
        total = float(weights.sum())
        if n_above > self.limit:
            positions, is_sample = self._coreset.choose(is_above, numbers, split.best_above)
            numbers, weights = numbers[positions], stretch(weights[positions], is_sample, total)
        return n_above, total, numbers, weights

    def _below(self, observations: Observations, split: Split, estimator: Estimator) -> Mixture:
        """Fit the density below, or give that of the last ask if the same trials were below with the same losses."""
        relative = split.weigh(split.below, uniform_weights(len(split.below)))
        key = split.below.tobytes(), split.loss.tobytes(), relative.tobytes()
        kept = observations.density_below.get(estimator.bold)
        if kept is None or kept[0] != key:
            numbers, weights = self._weigh_below(split, estimator.bold)
            density = estimator.fit(observations.observed(numbers), split.weigh(numbers, weights))
            kept = observations.density_below[estimator.bold] = key, density
        return kept[1]

    def _weigh_below(self, split: Split, bold: bool) -> tuple[IntArray, FloatArray]:
        """Weigh the trials below; return their numbers in some order, and the weights."""
        n = len(split.below)
        if self.settings.weights is not None:
            return np.sort(split.below), self._weights(n)
        return split.below, improvement_weights(split.loss[:n], split.loss[n:]) if bold else uniform_weights(n)

    def _weights(self, n: int) -> FloatArray:
        """Weigh `n` observations, oldest first; the first `n` weights of a user's function are checked and taken."""
        if self.settings.weights is None:
            return default_weights(n)
        weights = np.asarray(self.settings.weights(n), dtype=np.float64)
        weights = weights[:n] if weights.ndim == 1 else weights
        if weights.shape != (n,) or not np.isfinite(weights).all() or (weights < 0).any() or (n and not weights.any()):
            raise ValueError(
                f"`weights` must give {n} finite weights, none negative and not all zero, but gave {weights!r}."
            )
        return weights

    def _constraints(self, observations: Observations, estimator: Estimator) -> list[Constraint]:
        """Fit the densities of each constraint that some trials satisfy and some do not, to the newest of both."""

        def density(numbers: IntArray) -> Mixture:
            newest = numbers[-self.limit :]
            return estimator.fit(observations.observed(newest), uniform_weights(len(newest)))

        finished = np.flatnonzero(observations.above(np.empty(0, dtype=np.int64), np.empty(0, dtype=bool)))
        found = []
        for key in self._history.constraint_keys:
            values = self._history.constraint(key)[finished]
            satisfied, violated = finished[values <= 0], finished[values > 0]  # NaN, without a value, is neither
            if len(satisfied) and len(violated):
                share = len(satisfied) / (len(satisfied) + len(violated))
                found.append(Constraint(share, density(satisfied), density(violated)))
        return found


def _default_gamma(space: ModelSpace, n_objectives: int) -> Gamma:
    """Choose the split rule: on choices, short grids and in many dimensions a smaller share is better."""
    if n_objectives > 1:
        return multi_objective_gamma
    return wide_gamma if space.is_continuous and len(space.names) < MANY else default_gamma
