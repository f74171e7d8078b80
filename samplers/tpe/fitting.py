"""From a history to the two densities: split, weigh, fit; what can be kept between asks is kept here."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.distributions import BaseDistribution, Space
from ...engine.history import History
from ...engine.kernels import COMPILED_FROM
from ...engine.kernels.prepared import Prepared
from ...engine.records import TrialState
from .constraints import Constraint, is_constrained
from .coreset import LIMIT, N_BEST, Coreset, stretch
from .estimator import log_weights
from .evidence import n_observed, resumed
from .fidelity import Fidelity, furthest_first
from .model import NUMPY, Model, compiled_tier
from .model_space import CategoricalDistance, ModelSpace
from .observations import Observations, SortedObservations
from .pareto import ParetoRanking
from .rules import (
    Bandwidth,
    Clip,
    Gamma,
    Weights,
    default_gamma,
    default_weights,
    gentle_clip,
    improvement_weights,
    multi_objective_gamma,
    neighbour_distance,
    neighbour_distance_with_endpoints,
    uniform_weights,
    wide_gamma,
)
from .split import Graded, Ranking

Given = Mapping[str, tuple[BaseDistribution, float]]

MANY = 10  # dimensions
_COMPLETE = int(TrialState.COMPLETE)
_KEPT_SPACES = 32  # of which observations are kept; a study of more branches sorts them again


@dataclass(frozen=True)
class Settings:
    """The rules by which densities are fitted; see `TPESampler`."""

    gamma: Gamma | None = None
    weights: Weights | None = None
    prior_weight: float = 1.0
    consider_prior: bool = True
    choice_smoothing: float | None = None
    bandwidth: Bandwidth = neighbour_distance
    clip: Clip = gentle_clip
    constant_liar: bool = True
    fidelity: Fidelity = furthest_first
    distances: Mapping[str, CategoricalDistance] = field(default_factory=dict)

    @property
    def keeps_neighbours(self) -> bool:
        """Whether the bandwidths are those that `SortedObservations` keeps up."""
        return self.bandwidth in (neighbour_distance, neighbour_distance_with_endpoints)


class Fitter:
    """Fits the densities of one study.

    Parameters
    ----------
    history
        The study's trials.
    settings
        The rules.
    """

    def __init__(self, history: History, settings: Settings) -> None:
        self._history = history
        self._settings = settings
        self._tier = NUMPY
        self._coreset = Coreset()
        self._joint: tuple[Any, dict[str, BaseDistribution]] = None, {}
        self._last: tuple[Any, Any, Any] = None, None, None  # a space, and what was found for it
        self._is_single = len(history.directions) == 1
        self._ranking: Ranking | ParetoRanking = Ranking(history) if self._is_single else ParetoRanking(history)
        self._graded = Graded(history, settings.fidelity)
        self._observations: OrderedDict[tuple[Any, ...], tuple[ModelSpace, Observations]] = OrderedDict()

    def fit(self, space: Space, given: Given, bold: bool) -> tuple[ModelSpace, Model]:
        """Fit l and g over the parameters of `space`, given values of others.

        Parameters
        ----------
        space
            Distributions by parameter name.
        given
            Distributions and internal values of other parameters.
        bold
            Weigh good trials by how good they are, unless the settings have weights, and sharpen choices as
            observations add up; otherwise weigh alike, and keep choices smooth.

        Returns
        -------
        model_space, model
            Both of the d parameters of `space`, in its order.
        """
        history = self._history
        self._tier = compiled_tier() if n_observed(history) >= COMPILED_FROM else NUMPY
        free_space, observations = self._observe(space, given)
        observations.update(self._settings.constant_liar)
        graded = self._grade(len(observations.space.names)) if self._is_single else None
        below, best_above = self._split(observations, graded)
        model = self._fit(observations, below, best_above, graded, bold)
        if is_constrained(history):
            model = model._replace(constraints=self._constraints(observations))
        if not given:
            return free_space, model._replace(seen=observations.seen if len(history.groups) == 1 else None)
        internal = np.array([value for _, value in given.values()] + [np.nan] * len(space))
        z = observations.space.coordinates(internal[:, None])[:, 0]
        fixed = np.flatnonzero(~np.isnan(z))
        # All that led to the branch counts as much as one parameter would: taken in full, most of it being beside the
        # point for the branch, it would leave no observation near enough to learn from.
        return free_space, model.given(z, fixed, np.arange(len(given), len(z)), power=1.0 / max(len(fixed), 1))

    def joint_space(self, all_names: bool) -> dict[str, BaseDistribution]:
        """Give the parameters that all trials have, or that any has; the same object as long as they do not change."""
        history = self._history
        if self._joint[0] != history.space_version:
            names = [name for group in history.groups for name in group] if all_names else history.common_names
            space = {name: history.latest(name) for name in names}
            self._joint = history.space_version, {name: d for name, d in space.items() if not d.single()}
        return self._joint[1]

    # --- which trials ------------------------------------------------------------------------------------------------

    def _observe(self, space: Space, given: Given) -> tuple[ModelSpace, Observations]:
        """Find or make the observations of a space."""
        if space is self._last[0] and self._last[1] is self._tier and not given:
            last: tuple[ModelSpace, Observations] = self._last[2]
            return last
        whole = {name: self._history.canonical(name, fixed) for name, (fixed, _) in given.items()}
        whole.update({name: self._history.canonical(name, distribution) for name, distribution in space.items()})
        key = (
            *((name, id(distribution)) for name, distribution in whole.items()),
            ("", 2 * len(given) + (self._tier is NUMPY)),
        )
        found = self._observations.get(key)
        if found is None:
            model_space = ModelSpace(whole, self._settings.distances)
            free_space = ModelSpace(space, self._settings.distances) if given else model_space
            found = self._observations[key] = (free_space, self._new_observations(model_space, list(space)))
            if len(self._observations) > _KEPT_SPACES:
                self._observations.popitem(last=False)
        self._observations.move_to_end(key)
        if not given:
            self._last = space, self._tier, found
        return found

    def _new_observations(self, space: ModelSpace, required: list[str]) -> Observations:
        if self._tier.neighbours and self._settings.keeps_neighbours:
            endpoints = self._settings.bandwidth is neighbour_distance_with_endpoints
            return SortedObservations(self._history, space, required, endpoints, self._tier.neighbours)
        return Observations(self._history, space, required)

    def _split(self, observations: Observations, graded: Graded | None) -> tuple[IntArray, IntArray]:
        """Give the numbers of the good trials and of the best of the bad ones, both from best to worst."""
        gamma = self._settings.gamma or self._gamma(observations.space)
        if isinstance(self._ranking, ParetoRanking):
            best = self._ranking.best(_n_below(gamma, n_observed(self._history)))
            return best[observations.has(best)], best[:0]
        if graded is not None:
            order = graded.numbers[observations.has(graded.numbers)]
            n_below = _n_below(gamma, len(order))
            return order[:n_below], order[n_below : n_below + N_BEST]
        n = self._ranking.update()
        n_below = _n_below(gamma, observations.n)
        if observations.n == n:
            order = self._ranking.order(n_below + N_BEST)
        else:
            order = self._ranking.order()
            order = order[observations.has(order)]
        return order[:n_below], order[n_below : n_below + N_BEST]

    def _grade(self, d: int) -> Graded | None:
        """Order trials of different lengths; None where the order is that of `Ranking`, which is kept up faster."""
        history = self._history
        paused = len(history.pauses) or resumed(history)
        if not paused and (self._settings.fidelity is furthest_first or not history.n_pruned):
            return None
        self._graded.update(d)
        return self._graded

    def _gamma(self, space: ModelSpace) -> Gamma:
        """Choose the split rule: on choices, short grids and in many dimensions a smaller share is better."""
        if not self._is_single:
            return multi_objective_gamma
        return wide_gamma if space.is_continuous and len(space.names) < MANY else default_gamma

    # --- weights -----------------------------------------------------------------------------------------------------

    def _weights(self, n: int) -> FloatArray:
        """Give the weights of `n` bad observations; those of a user's function are checked."""
        if self._settings.weights is None:
            return default_weights(n)
        weights = np.asarray(self._settings.weights(n), dtype=np.float64)
        if weights.shape != (n,) or not np.isfinite(weights).all() or (weights < 0).any() or (n and not weights.any()):
            raise ValueError(
                f"`weights` must give {n} finite weights, none negative and not all zero, but gave {weights!r}."
            )
        return weights

    def _constraints(self, observations: Observations) -> list[Constraint]:
        """Fit the densities of each constraint that some trials satisfy and some do not."""
        finished = np.flatnonzero(observations.bad(np.empty(0, dtype=np.int64)))
        found = []
        for key in self._history.constraint_keys:
            values = self._history.constraint(key)[finished]
            sides = finished[values <= 0], finished[values > 0]  # a trial that does not tell is on neither
            if all(map(len, sides)):
                share = len(sides[0]) / (len(sides[0]) + len(sides[1]))
                found.append(Constraint(share, *(self._recent(observations, side) for side in sides)))
        return found

    def _recent(self, observations: Observations, numbers: IntArray) -> Prepared:
        """Fit the newest of some trials, all alike."""
        numbers = numbers[-LIMIT:]
        smallest = self._settings.clip(observations.space.width, len(numbers) + self._settings.consider_prior)
        return self._mixture(observations, numbers, uniform_weights(len(numbers)), smallest, bold=False)

    def _weigh_good(
        self, below: IntArray, next_best: IntArray, graded: Graded | None, bold: bool
    ) -> tuple[IntArray, FloatArray]:
        """Weigh the good trials, given from best to worst; return their numbers in some order, and the weights."""
        if self._settings.weights is not None:
            below = np.sort(below)
            weights = self._weights(len(below))
        else:
            weights = self._improvement(below, next_best, graded) if bold else uniform_weights(len(below))
        return below, weights if graded is None else weights * graded.weight[below]

    def _improvement(self, below: IntArray, next_best: IntArray, graded: Graded | None) -> FloatArray:
        """Weigh good trials, from best to worst, by how good they are, as far as their values can be compared."""
        if graded is not None:
            return improvement_weights(graded.loss[below], graded.loss[next_best])
        if not self._is_single or not len(below) or not self._is_comparable(int(below[-1])):
            return uniform_weights(len(below))
        return improvement_weights(self._history.losses(below)[:, 0], self._history.losses(next_best)[:, 0])

    def _is_comparable(self, worst: int) -> bool:
        """Tell whether the worst good trial, and so all of them, is complete and feasible."""
        history = self._history
        return bool(history.states[worst] == _COMPLETE and not history.violation[worst] > 0)

    # --- densities ---------------------------------------------------------------------------------------------------

    def _fit(
        self, observations: Observations, below: IntArray, best_above: IntArray, graded: Graded | None, bold: bool
    ) -> Model:
        settings, space = self._settings, observations.space
        members = observations.bad(below, None if graded is None else graded.modelled())
        above = np.flatnonzero(members)
        weights, n_above = self._weights(len(above)), len(above)
        if graded is not None:
            weights = weights * graded.weight[above]
        log_total = math.log(weights.sum() + settings.prior_weight)
        if isinstance(observations, SortedObservations):
            observations.sort(members)
        if n_above > LIMIT:
            positions, is_sample = self._coreset.choose(members, above, best_above)
            weights = stretch(weights[positions], is_sample, float(weights.sum()))
            above = above[positions]
        smallest = settings.clip(space.width, n_above + settings.consider_prior)
        bad = self._mixture(observations, above, weights, smallest, bold, kept=True)
        good = self._good(observations, below, best_above[:1], graded, bold)
        choices, parents = self._choice_tables(space, n_above, bold), observations.z[:, below]
        return Model(good, bad, space.axes, -log_total, smallest, choices, parents, self._tier)

    def _good(
        self, observations: Observations, below: IntArray, next_best: IntArray, graded: Graded | None, bold: bool
    ) -> Prepared:
        """Fit l, or give the one of the last ask if the good trials, and the best of the bad, are still the same."""
        key = (below.tobytes(), next_best.tobytes(), graded and graded.made(below, next_best), self._tier is NUMPY)
        kept = observations.good.get(bold)
        if kept is None or kept[0] != key:
            smallest = self._settings.clip(observations.space.width, len(below) + self._settings.consider_prior)
            numbers, weights = self._weigh_good(below, next_best, graded, bold)
            kept = observations.good[bold] = key, self._mixture(observations, numbers, weights, smallest, bold)
        return kept[1]

    def _mixture(
        self,
        observations: Observations,
        numbers: IntArray,
        weights: FloatArray,
        smallest: FloatArray,
        bold: bool,
        kept: bool = False,
    ) -> Prepared:
        """Fit the mixture of some trials; `kept`: of all that are sorted, or of a part of them that stands for all."""
        settings, space = self._settings, observations.space
        prior = settings.prior_weight if settings.consider_prior or len(numbers) == 0 else None
        log_weight = log_weights(weights, prior)
        choices = self._choice_tables(space, len(numbers), bold)
        prepare: Callable[..., Prepared] = self._tier.prepared.prepare
        if kept and isinstance(observations, SortedObservations):
            columns = observations.neighbours
            found = numbers, observations.z, columns.distance, smallest, log_weight, space.axes, *choices
            return prepare(*found, columns.done, columns.norm)
        z = np.ascontiguousarray(observations.z[:, numbers])
        bandwidth = self._bandwidths(z, space)
        found = np.arange(len(numbers)), z, bandwidth, smallest, log_weight, space.axes, *choices
        return prepare(*found, np.full(z.shape, np.nan), np.empty_like(z))

    def _bandwidths(self, z: FloatArray, space: ModelSpace) -> FloatArray:
        """Apply the bandwidth rule to points z (d, k)."""
        rule = self._settings.bandwidth
        if self._tier.neighbours and self._settings.keeps_neighbours:
            endpoints = rule is neighbour_distance_with_endpoints
            return self._tier.neighbours.distances(z, space.axes, endpoints)  # type: ignore[no-any-return]
        return rule(space.model(z.T).T, space.axes.lower, space.axes.upper)

    def _choice_tables(self, space: ModelSpace, n: int, bold: bool) -> tuple[FloatArray, IntArray]:
        smoothing = self._settings.choice_smoothing
        if smoothing is None or bold:
            smoothing = self._settings.prior_weight / (n + 1)
        return space.choice_tables(smoothing)


def _n_below(gamma: Gamma, n: int) -> int:
    """Give the number of good trials among n."""
    found = gamma(n)
    if not isinstance(found, Integral) or found < 0:
        raise ValueError(f"`gamma` must give a number of trials, an integer from 0, but gave {found!r} for {n} trials.")
    return found
