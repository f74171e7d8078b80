"""When a run of CMA-ES is over, and how the next one begins: IPOP and BIPOP.

IPOP: Auger and Hansen, A Restart CMA Evolution Strategy With Increasing Population Size, CEC 2005. BIPOP: Hansen,
Benchmarking a BI-Population CMA-ES on the BBOB-2009 Function Testbed, GECCO 2009.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from ...engine.arrays import FloatArray
from .gaussian import Normal

STRATEGIES = ("ipop", "bipop")
_LEAST_CHANGE = 1e-12  # of the objective, and of the first step size
_GREATEST_CHANGE = 1e4  # of the first step size
_CONDITION = 1e14  # of the covariance matrix


class Watch:
    """Tells when a run is over: the criteria of Hansen's tutorial, appendix B.3.

    Parameters
    ----------
    sigma
        The run's first step size.
    size
        Its population.
    n
        Its dimensions.
    """

    def __init__(self, sigma: float, size: int, n: int) -> None:
        self._sigma = sigma
        self._best: deque[float] = deque(maxlen=10 + -(-30 * n // size))

    def stagnates(self, losses: FloatArray) -> bool:
        """Tell whether a run finds nothing better any more.

        Parameters
        ----------
        losses
            What the newest population found, shape (k,).
        """
        self._best.append(float(losses.min()))
        found = np.array([*self._best, *losses.tolist()])
        finite = found[np.isfinite(found)]
        has_looked = len(self._best) == self._best.maxlen
        return bool(has_looked and finite.max(initial=-np.inf) - finite.min(initial=np.inf) < _LEAST_CHANGE)

    def is_at_its_end(self, normal: Normal) -> bool:
        """Tell whether a distribution has come to where numbers cannot describe it any more."""
        if not normal.n:
            return False
        least, widest = _LEAST_CHANGE * self._sigma, normal.deviations.max()
        has_settled = bool(widest < least and (normal.sigma * abs(normal.path_c) < least).all())
        longest, shortest = normal.lengths.max(), normal.lengths.min()
        return has_settled or bool(widest > _GREATEST_CHANGE * self._sigma or longest**2 > _CONDITION * shortest**2)


class Schedule:
    """Population sizes of the runs of a study.

    Parameters
    ----------
    strategy
        One of `STRATEGIES`.
    size
        Population of the first run.
    factor
        By which the population grows.
    """

    def __init__(self, strategy: str, size: int, factor: int) -> None:
        self._is_bipop = strategy == "bipop"
        self._first, self._factor = size, factor
        self._large = size
        self._spent = {True: 0, False: 0}  # evaluations of runs with a large, and with a small population
        self._is_large: bool | None = None  # the first run counts for neither

    def next(self, evaluations: int, rng: np.random.Generator) -> tuple[int, float]:
        """Give the population of the next run, and the factor of its first step size.

        Parameters
        ----------
        evaluations
            What the run before took.
        rng
            Whatever is random about it.
        """
        if self._is_large is not None:
            self._spent[self._is_large] += evaluations
        # Whoever has spent less is next: section 2 of the paper on BIPOP.
        self._is_large = not self._is_bipop or self._spent[True] <= self._spent[False]
        if self._is_large:
            self._large *= self._factor
            return self._large, 1.0
        u, v = rng.random(2)
        size = int(self._first * (0.5 * self._large / self._first) ** (u**2))
        return max(size, 2), float(10 ** (-2 * v))
