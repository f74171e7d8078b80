"""What a candidate is worth: the log expected improvement, and the log probability that it is feasible."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.kernels.ascent import IMPROVEMENT, PROBABILITY, Stack
from ...engine.kernels.covariance import Points, squared_distances
from ...engine.kernels.descent import Rules
from ...engine.kernels.dominance import non_dominated
from ...engine.kernels.expected_hypervolume import log_expected_hypervolume_improvement
from ...engine.kernels.gaussian_process import Posterior
from ...engine.kernels.improvement import log_expected_improvement, log_probability_below
from ...engine.kernels.matrices import product
from .tier import Tier

LEAST_NOISE = 1e-5  # share of the variance that counts as none
IMPOSSIBLE = -1e300  # stands for -inf, so that what a prior rules out comes last in a batch


@dataclass
class Acquisition:
    """Log expected improvement times probability of feasibility.

    Attributes
    ----------
    tier
        The kernels.
    objective
        The model of the objective.
    best
        What is to be improved on, as the model sees it.
    constraints
        Models of what must not be positive, with the value that 0 has for each.
    cost
        The model of the logarithm of a trial's cost, with what a unit of it takes off.
    """

    tier: Tier
    objective: Posterior
    best: float
    constraints: tuple[tuple[Posterior, float], ...] = ()
    cost: tuple[Posterior, float] | None = None
    _stacked: Stack | None = field(default=None, init=False)

    has_slopes = True

    @property
    def noise(self) -> float:
        """Standard deviation of an observation, so far as it counts."""
        return float(np.sqrt(self.objective.scale * max(self.objective.eta - LEAST_NOISE, 0.0)))

    def values(self, points: Points, more: FloatArray | float = 0.0, most: int | None = None) -> FloatArray:
        """Rate m points.

        Parameters
        ----------
        points
            The points.
        more
            What is added to each, shape (m,).
        most
            How many to rate exactly: those with the largest upper bounds, which cost O(n) a point instead of O(n^2).

        Returns
        -------
        values
            Shape (m,); -inf of those that were not rated.
        """
        crosses = [self._cross(model, points) for model in self._models]
        more = more - self._price(points)
        if most is None or len(points.numbers) <= most:
            return self._rated(crosses) + more
        bound = self._bound(crosses) + more
        some = np.sort(np.argpartition(-bound, most)[:most])
        found = np.full(len(bound), -np.inf)
        found[some] = self._rated([cross[some] for cross in crosses])
        return found + more

    def bounds(self, points: Points, more: FloatArray | float = 0.0) -> FloatArray:
        """Bound what m points are worth from above, shape (m,); see `values`."""
        return self._bound([self._cross(model, points) for model in self._models]) + more - self._price(points)

    def _bound(self, crosses: list[FloatArray]) -> FloatArray:
        found = log_expected_improvement(*self.objective.bound(crosses[0]), self.best, self.noise)[0]
        for (model, zero), cross in zip(self.constraints, crosses[1:], strict=True):
            mean, sd = model.bound(cross)  # a mean that is feasible may be certain: there the bound is 1
            found += np.where(mean > zero, log_probability_below(mean, sd, zero)[0], 0.0)
        return found

    def _price(self, points: Points) -> FloatArray | float:
        """Give what the costs take off, shape (m,)."""
        return 0.0 if self.cost is None else self.cost[1] * self.cost[0].mean_at(self._cross(self.cost[0], points))

    def _rated(self, crosses: list[FloatArray]) -> FloatArray:
        predicted = self.objective.predict(crosses[0], self.tier.explained)
        value, _, _ = log_expected_improvement(*predicted, self.best, self.noise)
        for (model, zero), cross in zip(self.constraints, crosses[1:], strict=True):
            predicted = model.predict(cross, self.tier.explained)
            value = value + log_probability_below(*predicted, zero)[0]
        return np.asarray(value)

    def _cross(self, model: Posterior, points: Points) -> FloatArray:
        found: FloatArray = self.tier.cross(points, model.points, model.layout, model.lengths)
        return found

    def pick(self, points: Points, more: FloatArray | float, allowed: BoolArray, n: int) -> IntArray:
        """Pick `n` of m points one after the other, each as if the ones before had shown what is predicted there.

        Parameters
        ----------
        points
            The points.
        more
            What is added to each, shape (m,).
        allowed
            Which of them may be picked, shape (m,).
        n
            How many to pick; fewer if fewer are allowed.

        Returns
        -------
        picked
            Their indices, the first one first.
        """
        model = self.objective
        cross = self._cross(model, points)
        more = np.zeros(len(cross)) + more - self._price(points)
        for one, zero in self.constraints:
            more += log_probability_below(*one.predict(self._cross(one, points)), zero)[0]
        whitened = product(model.factor.half, cross.T)
        covariance = self.tier.cross(points, points, model.layout, model.lengths) - product(whitened.T, whitened)
        n, more = min(n, int(np.count_nonzero(allowed))), np.maximum(more, IMPOSSIBLE)
        constants = (model.scale, model.eta, self.best, self.noise)
        found: IntArray = self.tier.believe(model.mean_at(cross), covariance, more, allowed, n, constants)
        return found

    def ascend(self, points: Points, moves: BoolArray, rules: Rules) -> FloatArray:
        """Climb from k points along the slope by the numbers that move (k, p); return all numbers, shape (k, p)."""
        numbers, _ = self.tier.ascend(self.stack, points.numbers, self._apart(points), moves, rules)
        return np.asarray(numbers)

    def _apart(self, points: Points) -> FloatArray:
        """Give the part of r^2 that the choices make, from k points to the observations of all models (k, N)."""
        parts = [
            squared_distances(self._still(points), self._still(model.points), model.layout, model.lengths)
            for model in self._models
        ]
        return np.concatenate(parts, axis=1)

    @property
    def _models(self) -> list[Posterior]:
        return [self.objective, *(model for model, _ in self.constraints)]

    @staticmethod
    def _still(points: Points) -> Points:
        """Give the points without what their numbers say."""
        return Points(np.zeros_like(points.numbers), points.choices)

    @property
    def stack(self) -> Stack:
        """The models as the climbs read them."""
        if self._stacked is None:  # no cached property: before Python 3.12 it would let threads wait for each other
            self._stacked = self._made()
        return self._stacked

    def _made(self) -> Stack:
        models = self._models
        limits = [(self.best, self.noise), *((zero, 0.0) for _, zero in self.constraints)]
        return Stack(
            kinds=np.array([IMPROVEMENT] + [PROBABILITY] * len(self.constraints), dtype=np.int64),
            begins=np.cumsum([0] + [len(model.alpha) for model in models]),
            numbers=np.ascontiguousarray(np.concatenate([model.points.numbers for model in models]).T),
            precision=np.array([model.lengths[model.layout.of_numbers] ** -2.0 for model in models]),
            alpha=np.concatenate([model.alpha for model in models]),
            half=np.concatenate([model.factor.half.ravel() for model in models]),
            half_transposed=np.concatenate([model.factor.half.T.ravel() for model in models]),
            constants=np.array(
                [[m.mean, m.scale, *limit] for m, limit in zip(models, limits, strict=True)], dtype=np.float64
            ),
        )


@dataclass(frozen=True)
class FrontAcquisition:
    """Log expected hypervolume improvement of several objectives times probability of feasibility.

    Attributes
    ----------
    tier
        The kernels.
    objectives
        The models of the objectives.
    front
        What is to be improved on, as the models see it, shape (k, m).
    reference
        What bounds the hypervolume, shape (m,).
    constraints
        As in `Acquisition`.
    """

    tier: Tier
    objectives: tuple[Posterior, ...]
    front: FloatArray
    reference: FloatArray
    constraints: tuple[tuple[Posterior, float], ...] = ()

    has_slopes = False

    @classmethod
    def of(
        cls,
        tier: Tier,
        objectives: tuple[Posterior, ...],
        feasible: FloatArray,
        seen: FloatArray,
        constraints: tuple[tuple[Posterior, float], ...],
    ) -> FrontAcquisition:
        """Take the front of the feasible trials' values (k, m) among those of all (n, m).

        The reference lies a tenth of the front's extent beyond its worst values.
        """
        values = feasible if len(feasible) else seen.max(axis=0, keepdims=True)
        front = values[non_dominated(values)]
        reference = front.max(axis=0) + 0.1 * np.maximum(np.ptp(front, axis=0), 0.1)
        return cls(tier, objectives, front, reference, constraints)

    def values(self, points: Points, more: FloatArray | float = 0.0, most: int | None = None) -> FloatArray:
        """Rate m points, all of them exactly; see `Acquisition.values`."""
        mean, sd, feasible = self._predict(points)
        found = log_expected_hypervolume_improvement(mean, sd, self.front, self.reference)
        return np.asarray(found + feasible + more)

    bounds = values

    def pick(self, points: Points, more: FloatArray | float, allowed: BoolArray, n: int) -> IntArray:
        """Pick `n` of m points one after the other; what is predicted at one joins the front for the next ones."""
        mean, sd, feasible = self._predict(points)
        left, front, picked = allowed.copy(), self.front, []
        for _ in range(min(n, int(np.count_nonzero(allowed)))):
            value = log_expected_hypervolume_improvement(mean, sd, front, self.reference) + feasible + more
            best = int(np.argmax(np.where(left, value, -np.inf)))
            left[best] = False
            picked.append(best)
            front = np.concatenate([front, mean[best : best + 1]])
            front = front[non_dominated(front)]
        return np.array(picked, dtype=np.int64)

    def ascend(self, points: Points, moves: BoolArray, rules: Rules) -> FloatArray:
        """Stay: there are no slopes."""
        return points.numbers

    def _predict(self, points: Points) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Predict means and deviations (n, m), and log probabilities of feasibility (n,)."""
        predicted = [self._one(model, points) for model in self.objectives]
        feasible = np.zeros(len(points.numbers))
        for model, zero in self.constraints:
            feasible += log_probability_below(*self._one(model, points), zero)[0]
        return (
            np.stack([mean for mean, _ in predicted], axis=1),
            np.stack([sd for _, sd in predicted], axis=1),
            feasible,
        )

    def _one(self, model: Posterior, points: Points) -> tuple[FloatArray, FloatArray]:
        return model.predict(self.tier.cross(points, model.points, model.layout, model.lengths), self.tier.explained)
