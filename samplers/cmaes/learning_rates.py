"""Learning rates that follow the signal-to-noise ratio (Nomura, Akimoto and Ono, GECCO 2023, arXiv:2304.03473).

With rates that fall where updates are mostly noise, CMA-ES with its default population gets along with objectives of
many optima and with noise, for which it would otherwise need a larger population.
"""

from __future__ import annotations

import math

import numpy as np

from ...engine.arrays import FloatArray
from .gaussian import Normal

_ALPHA, _BETA_MEAN, _BETA_COVARIANCE, _GAMMA = 1.4, 0.1, 0.03, 0.1  # as in the paper's experiments


class _Rate:
    """A learning rate, and what its updates were like."""

    def __init__(self, beta: float) -> None:
        self.value = 1.0
        self._beta = beta
        self._mean: FloatArray | float = 0.0
        self._square = 0.0

    def follow(self, update: FloatArray) -> None:
        """Take in an update in coordinates where the distribution is the standard normal one."""
        beta = self._beta
        self._mean = (1 - beta) * self._mean + beta * update
        self._square = (1 - beta) * self._square + beta * float((update**2).sum())
        signal = float((np.asarray(self._mean) ** 2).sum())
        noise = self._square - signal
        ratio = (signal - beta / (2 - beta) * self._square) / noise if noise > 0 else math.inf
        trend = min(max(ratio / (_ALPHA * self.value) - 1, -1.0), 1.0)
        self.value = min(self.value * math.exp(min(_GAMMA * self.value, beta) * trend), 1.0)


class AdaptingNormal(Normal):
    """A normal distribution that takes a share of each update, and adapts it; the parameters are those of `Normal`."""

    def __init__(self, mean: FloatArray, sigma: float, covariance: FloatArray | None = None) -> None:
        super().__init__(mean, sigma, covariance)
        self._of_mean, self._of_covariance = _Rate(_BETA_MEAN), _Rate(_BETA_COVARIANCE)

    def tell(self, points: FloatArray) -> None:
        mean, before, inverse = self.mean, self.sigma**2 * self.covariance, self._inverse_root / self.sigma
        super().tell(points)
        moved = self.mean - mean
        changed = self.sigma**2 * self.covariance - before
        self._of_covariance.follow((inverse @ changed @ inverse.T).ravel() / math.sqrt(2))
        old_rate = self._of_mean.value
        self._of_mean.follow(inverse @ (moved / self.scales))
        self.mean = mean + self._of_mean.value * moved
        after = before + self._of_covariance.value * changed
        self._set(after / self.sigma**2)
        volume = float(np.exp(np.log(self.lengths).mean()))
        self._set(self.covariance / volume**2)  # of determinant 1
        sigma = self.sigma * volume
        # With a smaller rate of the mean a larger step size is best: the paper's step-size correction.
        self.sigma = sigma * old_rate / self._of_mean.value
