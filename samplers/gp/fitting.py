"""The parameters of a Gaussian process, fitted at fixed numbers of trials from starts that these trials alone decide.

Between two fits the parameters stay. At milestones, whenever the number of trials has grown by 1.3, a fit begins at two
points of the prior, with little and with much noise, and goes on from the better one. In between, whenever it has grown
by 1/12, a short fit begins at what the last milestone gave. So whoever has the first n trials finds the same
parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.kernels.covariance import Layout, Points
from ...engine.kernels.gaussian_process import NOISE_MEAN, length_mean
from ...engine.kernels.output_warp import most_likely
from .tier import Tier

FIRST = 4  # trials
GROWTH, REFIT, LEAST = 1.3, 12, 2
MUCH_NOISE = -1.0
N_FIRST, N_THOROUGH, N_SHORT = 8, 22, 15  # evaluations: from each start, from the better one, and of a short fit
THETA_GRID = 2.0**12  # parameters are rounded to such a part, so that NumPy's and Numba's, of other last digits, agree


class Sample(NamedTuple):
    """The n points of a fit, their observations in k warps (n, k), and the logarithms of the warps' Jacobians (k,)."""

    points: Points
    z: FloatArray
    log_jacobian: FloatArray

    @classmethod
    def plain(cls, points: Points, z: FloatArray) -> Sample:
        """Make a sample of observations (n,) as they are."""
        return cls(points, z[:, None], np.zeros(1))


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
        """Give the last milestone and the last fit at `n` trials or before; the first few are fitted each time."""
        if n < FIRST:
            return n, n
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

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._schedule = Schedule()
        self._milestone: tuple[int, FloatArray] | None = None
        self._last: tuple[int, FloatArray] | None = None

    def theta(self, n: int, sample: Callable[[int], Sample], tier: Tier) -> FloatArray:
        """Give the parameters for a study of `n` trials, shape (d + 1,)."""
        self._tier = tier
        milestone, size = self._schedule.at(n)
        if self._milestone is None or self._milestone[0] != milestone:
            self._milestone = milestone, self._thorough(sample(milestone))
        if self._last is None or self._last[0] != size:
            start = self._milestone[1]
            found = start if size == milestone else self._fit(start[None], sample(size), N_SHORT)
            self._last = size, found
        return self._last[1]

    def _thorough(self, sample: Sample) -> FloatArray:
        lengths = np.full(self._layout.d, length_mean(self._layout.d))
        starts = np.array([np.append(lengths, noise) for noise in (NOISE_MEAN, MUCH_NOISE)])
        better = self._fit(starts, sample, N_FIRST)
        return self._fit(better[None], sample, N_THOROUGH)

    def _fit(self, starts: FloatArray, sample: Sample, n_evaluations: int) -> FloatArray:
        if not len(sample.z):  # of what was not known yet when there were so many trials
            return np.asarray(np.rint(starts[0] * THETA_GRID) / THETA_GRID)
        z = self._most_likely(starts[0], sample)
        found, value = self._tier.fit(starts, sample.points, self._layout, z, n_evaluations)
        best = found[int(np.argmin(value))]
        return np.asarray(np.rint(best * THETA_GRID) / THETA_GRID)

    def _most_likely(self, theta: FloatArray, sample: Sample) -> FloatArray:
        """Choose the most likely warp under some parameters."""
        if sample.z.shape[1] == 1:
            return sample.z[:, 0]
        covariance = self._tier.cross(sample.points, sample.points, self._layout, np.exp(theta[:-1]))
        half = self._tier.factored(covariance, float(np.exp(theta[-1]))).half
        return np.asarray(sample.z[:, most_likely(sample.z, sample.log_jacobian, half, self._tier.whitened)])
