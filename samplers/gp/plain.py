"""A Gaussian process on the losses of some trials as they are, neither warped nor ranked, for bounds in their units."""

from __future__ import annotations

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.distributions import Space
from ...engine.history import History
from ...engine.kernels.covariance import Points
from ...engine.kernels.gaussian_process import Posterior
from . import evidence
from .candidates import MOST_CENTRES, around, uniform
from .coordinates import Coordinates, Gates
from .fitting import Fits, Sample
from .tier import current

N_UNIFORM, N_AROUND, N_SEARCHES = 2048, 512, 4


class PlainModel:
    """The losses of some trials, and what is believed of them anywhere.

    Parameters
    ----------
    history
        The study's trials.
    numbers
        Which of them to learn from, shape (n,); n > 0, with finite losses.
    space
        The parameters, at least one.

    Attributes
    ----------
    numbers : ndarray
        Those that have the parameters, in today's choices, shape (k,).
    losses : ndarray
        Their losses, shape (k,).
    """

    def __init__(self, history: History, numbers: IntArray, space: Space) -> None:
        self._coordinates = Coordinates(space)
        u, known = self._coordinates.read(history, numbers)
        known &= ~np.isnan(u).all(axis=1)
        self._u, self.numbers = u[known], numbers[known]
        self.losses = history.losses(self.numbers)[:, 0]
        self._is_conditional: BoolArray = np.asarray(np.isnan(self._u).any(axis=0))
        self._gates = Gates(self._coordinates, self._u, self._is_conditional)
        self._shift = float(self.losses.mean())
        self._unit = float(self.losses.std()) or float(np.finfo(np.float64).tiny)  # equal losses leave nothing to gain
        self._tier = current()
        self._fit()

    def _fit(self) -> None:
        layout = self._coordinates.layout(self._is_conditional)
        points, z = self._points(self._u, ~np.isnan(self._u)), (self.losses - self._shift) / self._unit
        theta = Fits(layout).once(Sample.plain(points, z), self._tier)
        covariance = self._tier.cross(points, points, layout, np.exp(theta[:-1]))
        factor = self._tier.factored(covariance, float(np.exp(theta[-1])))
        self._posterior = Posterior.of(theta, points, layout, factor, z, self._tier.whitened)

    @property
    def d(self) -> int:
        """Number of parameters."""
        return self._coordinates.d

    @property
    def noise(self) -> float:
        """Variance of the noise of a loss, in squares of its unit."""
        return self._unit**2 * self._posterior.scale * self._posterior.eta

    def at(self, history: History, number: int) -> FloatArray:
        """Give the coordinates of a trial, shape (1, d)."""
        return self._coordinates.read(history, np.array([number]))[0]

    def predict(self, u: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give means and deviations (m,) of the losses without noise, at coordinates (m, d), NaN for what is absent."""
        mean, sd = self._posterior.predict(self._cross(self._points(u, ~np.isnan(u))), self._tier.explained)
        return self._shift + self._unit * mean, self._unit * sd

    def covariance(self, u: FloatArray, v: FloatArray) -> float:
        """Give the covariance of the losses without noise at two points (1, d)."""
        first, second = self._points(u, ~np.isnan(u)), self._points(v, ~np.isnan(v))
        model = self._posterior
        prior = float(self._tier.cross(first, second, model.layout, model.lengths)[0, 0])
        explained = (model.factor.half @ self._cross(first)[0]) @ (model.factor.half @ self._cross(second)[0])
        return float(self._unit**2 * model.scale * (prior - explained))

    def least(self, width: float, rng: np.random.Generator) -> float:
        """Find the lowest bound that the space has, of means less `width` deviations; it is searched, not proved."""
        best = self._u[np.argsort(self.losses, kind="stable")[:MOST_CENTRES]]
        filled = np.where(np.isnan(best), uniform(self._coordinates, len(best), rng), np.clip(best, 0.0, None))
        numbers = self._coordinates.numbers
        filled[:, numbers] = np.minimum(filled[:, numbers], 1.0)
        u = np.concatenate(
            [uniform(self._coordinates, N_UNIFORM, rng), around(filled, self._coordinates, N_AROUND, rng)]
        )
        lowest = np.inf
        for _ in range(N_SEARCHES):
            u = self._coordinates.settled(u)
            bound = self._bound(u, width)
            lowest = min(lowest, float(bound.min()))
            u = around(u[np.argsort(bound, kind="stable")[:MOST_CENTRES]], self._coordinates, N_AROUND, rng)
        return lowest

    def _bound(self, u: FloatArray, width: float) -> FloatArray:
        mean, sd = self.predict(np.where(self._gates.active(u), u, np.nan))
        return mean - width * sd

    def believed(self, width: float) -> float:
        """Give the lowest bound that the trials have, of means and `width` deviations."""
        mean, sd = self.predict(self._u)
        return float((mean + width * sd).min())

    def _cross(self, points: Points) -> FloatArray:
        found: FloatArray = self._tier.cross(points, self._posterior.points, self._posterior.layout,
                                             self._posterior.lengths)  # fmt: skip
        return found

    def _points(self, u: FloatArray, active: BoolArray) -> Points:
        return self._coordinates.points(u, active, self._is_conditional)


def modelled(history: History, numbers: IntArray, share: float = 1.0, fewest: int = 1) -> IntArray:
    """Choose which of some trials to learn from: the best share of those with finite losses, in order, at most 150."""
    losses = history.losses(numbers)[:, 0]
    finite = np.flatnonzero(np.isfinite(losses))
    n = min(len(finite), max(fewest, int(share * len(finite))))
    best = np.sort(finite[np.argsort(losses[finite], kind="stable")[:n]])
    return numbers[best[evidence.chosen(losses[best], evidence.FITTED)]]
