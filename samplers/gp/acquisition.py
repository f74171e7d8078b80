"""What a candidate is worth: the log expected improvement, and the log probability that it is feasible."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...engine.arrays import BoolArray, FloatArray
from ...engine.kernels.ascent import IMPROVEMENT, PROBABILITY, Rules, Stack
from ...engine.kernels.covariance import Points, squared_distances
from ...engine.kernels.gaussian_process import Posterior
from ...engine.kernels.improvement import log_expected_improvement, log_probability_below
from .tier import Tier

LEAST_NOISE = 1e-5  # share of the variance that counts as none


@dataclass(frozen=True)
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
    """

    tier: Tier
    objective: Posterior
    best: float
    constraints: tuple[tuple[Posterior, float], ...] = ()

    @property
    def noise(self) -> float:
        """Standard deviation of an observation, so far as it counts."""
        return float(np.sqrt(self.objective.scale * max(self.objective.eta - LEAST_NOISE, 0.0)))

    def values(self, points: Points) -> FloatArray:
        """Rate m points, shape (m,)."""
        matern = self.tier.matern
        value, _, _ = log_expected_improvement(*self.objective.predict(points, matern), self.best, self.noise)
        for model, zero in self.constraints:
            value = value + log_probability_below(*model.predict(points, matern), zero)[0]
        return np.asarray(value)

    def ascend(self, points: Points, moves: BoolArray, rules: Rules) -> FloatArray:
        """Climb from k points along the slope by the numbers that move (k, p); return all numbers, shape (k, p)."""
        parts = [
            squared_distances(self._still(points), self._still(model.points), model.layout, model.lengths)
            for model in self._models
        ]
        numbers, _ = self.tier.ascend(self._stack, points.numbers, np.concatenate(parts, axis=1), moves, rules)
        return np.asarray(numbers)

    @property
    def _models(self) -> list[Posterior]:
        return [self.objective, *(model for model, _ in self.constraints)]

    @staticmethod
    def _still(points: Points) -> Points:
        """Give the points without what their numbers say."""
        return Points(np.zeros_like(points.numbers), points.choices)

    @cached_property
    def _stack(self) -> Stack:
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
