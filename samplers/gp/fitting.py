"""The parameters of a Gaussian process, fitted at fixed numbers of trials from starts that these trials alone decide.

Between two fits the parameters stay. At milestones, whenever the number of trials has grown by 1.3, a fit begins at two
points of the prior, with little and with much noise, and goes on from the better one. In between, whenever it has grown by 1/12, a short fit begins at
what the last milestone gave. So whoever has the first n trials finds the same parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.kernels.covariance import Layout, Points
from ...engine.kernels.gaussian_process import NOISE_MEAN, length_mean
from ...engine.kernels.output_warp import most_likely, warped
from .tier import Tier

FIRST = 4  # trials
GROWTH, REFIT, LEAST = 1.3, 12, 2
MUCH_NOISE = -1.0
N_FIRST, N_THOROUGH, N_SHORT = 8, 22, 15  # evaluations: from each start, from the better one, and of a short fit
THETA_GRID = 2.0**12  # parameters are rounded to such a part, so that NumPy's and Numba's, of other last digits, agree
Sample = Callable[[int], tuple[Points, FloatArray]]  # points and losses of the first n trials


class Schedule:
    """At which numbers of trials parameters are fitted."""

    def __init__(self) -> None:
        self._points = self._grow()
        self._known = [next(self._points)]

    @staticmethod
    def _grow() -> Iterator[tuple[int, int]]:
        milestone = n = FIRST
        while True:
            yield milestone, n
            n += max(LEAST, n // REFIT)
            if n >= GROWTH * milestone:
                milestone = n

    def at(self, n: int) -> tuple[int, int]:
        """Give the last milestone and the last fit at `n` trials or before."""
        while self._known[-1][1] <= n:
            self._known.append(next(self._points))
        sizes = [size for _, size in self._known]
        return self._known[int(np.searchsorted(sizes, n, side="right")) - 1]


class Fits:
    """The fitted parameters of one quantity, such as the objective, kept from fit to fit.

    Parameters
    ----------
    layout
        The lengths.
    """

    def __init__(self, layout: Layout, warps: bool = True) -> None:
        self._layout = layout
        self._warps = warps
        self._schedule = Schedule()
        self._milestone: tuple[int, FloatArray] | None = None
        self._last: tuple[int, FloatArray] | None = None

    def theta(self, n: int, sample: Sample, tier: Tier) -> FloatArray:
        """Give the parameters for a study of `n` trials, shape (d + 1,)."""
        self._tier = tier
        milestone, size = self._schedule.at(n)
        if self._milestone is None or self._milestone[0] != milestone:
            self._milestone = milestone, self._thorough(*sample(milestone))
        if self._last is None or self._last[0] != size:
            start = self._milestone[1]
            found = start if size == milestone else self._fit(start[None], *sample(size), N_SHORT)
            self._last = size, found
        return self._last[1]

    def _thorough(self, points: Points, losses: FloatArray) -> FloatArray:
        lengths = np.full(self._layout.d, length_mean(self._layout.d))
        starts = np.array([np.append(lengths, noise) for noise in (NOISE_MEAN, MUCH_NOISE)])
        better = self._fit(starts, points, losses, N_FIRST)
        return self._fit(better[None], points, losses, N_THOROUGH)

    def _fit(self, starts: FloatArray, points: Points, losses: FloatArray, n_evaluations: int) -> FloatArray:
        z = self._observations(starts[0], points, losses)

        found, value = self._tier.fit(starts, points, self._layout, z, n_evaluations)
        best = found[int(np.argmin(value))]
        return np.asarray(np.rint(best * THETA_GRID) / THETA_GRID)

    def _observations(self, theta: FloatArray, points: Points, losses: FloatArray) -> FloatArray:
        if not self._warps:
            return losses
        z, log_jacobian = warped(losses)
        covariance = self._tier.cross(points, points, self._layout, np.exp(theta[:-1]))
        inverse = self._tier.factored(covariance, float(np.exp(theta[-1]))).inverse
        return np.asarray(z[:, most_likely(z, log_jacobian, inverse, self._tier.whitened)])
