"""The parameters of a Gaussian process, fitted at fixed numbers of trials from starts that these trials alone decide.

Between two fits the parameters stay. At milestones, whenever the number of trials has grown by 1.3, a fit begins at two
points of the prior, with little and with much noise, and goes on from the better one. In between, whenever it has grown
by 1/12, a short fit begins at what the last milestone gave. So whoever has the first n trials finds the same
parameters. A fit counts from the time on when the number of trials has grown by another 1/16: until then it is worked
out beside the objective. For many trials at once that is too soon: between two batches a study grows by a whole one.
There a fit counts that the trials before the last batch decide, as if all batches had the same size, and some steps
from it follow in the ask, on what the last batch showed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.beside import Beside
from ...engine.kernels.covariance import Layout, Points
from ...engine.kernels.gaussian_process import NOISE_MEAN, length_mean
from ...engine.kernels.loading import after_asks
from ...engine.kernels.output_warp import most_likely
from .tier import Tier

FIRST = 4  # trials
GROWTH, REFIT, LEAST = 1.3, 12, 2
BEHIND = 16  # more than `REFIT`, so that one fit is worked out at a time
QUICK = 64  # trials to which a batch waits for a whole fit
MUCH_NOISE = -1.0
N_FIRST, N_THOROUGH, N_SHORT = 8, 22, 15  # evaluations: from each start, from the better one, and of a short fit
N_BATCH = 25  # evaluations in the ask for a batch: with 10 its points are worse (docs/default.md)
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


class Fit(NamedTuple):
    """A fit to the first `size` trials that begins at what the fit to the first `milestone` ones gave."""

    milestone: int
    size: int


class Schedule:
    """At which numbers of trials parameters are fitted, and from which number on a fit counts."""

    def __init__(self) -> None:
        self._growing = self._grow()
        self._fits: list[Fit] = []
        self._counts_from: list[int] = []

    @staticmethod
    def _grow() -> Iterator[Fit]:
        milestone = n = FIRST
        while True:
            yield Fit(milestone, n)
            n += max(LEAST, n // REFIT)
            if n >= GROWTH * milestone:
                milestone = n

    def at(self, n: int, at_once: int = 1) -> tuple[Fit, Fit]:
        """Give the fit that counts at `n` trials, and the last one to begin; the first few are fitted each time.

        Parameters
        ----------
        n
            How many trials there are.
        at_once
            For how many new ones the parameters are.
        """
        if n < FIRST:
            return Fit(n, n), Fit(n, n)
        while not self._fits or self._fits[-1].size <= n:
            fit = next(self._growing)
            self._fits.append(fit)
            self._counts_from.append(fit.size + fit.size // BEHIND)
        newest = self._last(n)
        if at_once == 1:
            return self._fits[bisect_right(self._counts_from, n) - 1], newest
        return self._last(max(n - at_once, min(n, QUICK))), newest

    def _last(self, n: int) -> Fit:
        """Give the last fit to at most `n` trials."""
        return self._fits[bisect_right(self._fits, n, key=lambda fit: fit.size) - 1]


# What a fit and the one to its milestone found.
Found = tuple[FloatArray, FloatArray]


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
        self._known: tuple[Fit, Found] | None = None
        self._begun: tuple[Fit, Beside[Found]] | None = None

    def theta(self, n: int, sample: Callable[[int], Sample], tier: Tier, at_once: int = 1) -> FloatArray:
        """Give the parameters for a study of `n` trials, shape (d + 1,), and let the next fit begin if it is time."""
        fit, newest = self._schedule.at(n, at_once)
        if self._known is None or self._known[0] != fit:
            begun = self._begun
            found = begun[1].result() if begun is not None and begun[0] == fit else self._work(fit, sample, tier)()
            self._known = fit, found
        if newest != fit and (self._begun is None or self._begun[0] != newest):
            work = self._work(newest, sample, tier)

            def later() -> Found:
                after_asks()
                return work()

            self._begun = newest, Beside(later)
        theta = self._known[1][1]
        return theta if at_once == 1 else self._fit(theta[None], sample(n), N_BATCH, tier)

    def once(self, sample: Sample, tier: Tier) -> FloatArray:
        """Fit to one sample, shape (d + 1,): now, and with nothing kept for later."""
        return self._thorough(sample, tier)

    def _work(self, fit: Fit, sample: Callable[[int], Sample], tier: Tier) -> Callable[[], Found]:
        """Give a fit as a function of nothing but arrays that are made now."""
        first: FloatArray | Sample
        if self._known is not None and self._known[0].milestone == fit.milestone:
            first = self._known[1][0]
        else:
            first = sample(fit.milestone)
        last = sample(fit.size) if fit.size != fit.milestone else None

        @np.errstate(all="ignore")  # not that of the thread which asks
        def work() -> Found:
            start = self._thorough(first, tier) if isinstance(first, Sample) else first
            return start, start if last is None else self._fit(start[None], last, N_SHORT, tier)

        return work

    def _thorough(self, sample: Sample, tier: Tier) -> FloatArray:
        lengths = np.full(self._layout.d, length_mean(self._layout.d))
        starts = np.array([np.append(lengths, noise) for noise in (NOISE_MEAN, MUCH_NOISE)])
        better = self._fit(starts, sample, N_FIRST, tier)
        return self._fit(better[None], sample, N_THOROUGH, tier)

    def _fit(self, starts: FloatArray, sample: Sample, n_evaluations: int, tier: Tier) -> FloatArray:
        if not len(sample.z):  # of what was not known yet when there were so many trials
            return np.asarray(np.rint(starts[0] * THETA_GRID) / THETA_GRID)
        z = self._most_likely(starts[0], sample, tier)
        found, value = tier.fit(starts, sample.points, self._layout, z, n_evaluations)
        best = found[int(np.argmin(value))]
        return np.asarray(np.rint(best * THETA_GRID) / THETA_GRID)

    def _most_likely(self, theta: FloatArray, sample: Sample, tier: Tier) -> FloatArray:
        """Choose the most likely warp under some parameters."""
        if sample.z.shape[1] == 1:
            return sample.z[:, 0]
        covariance = tier.cross(sample.points, sample.points, self._layout, np.exp(theta[:-1]))
        half = tier.factored(covariance, float(np.exp(theta[-1]))).half
        return np.asarray(sample.z[:, most_likely(sample.z, sample.log_jacobian, half, tier.whitened)])
