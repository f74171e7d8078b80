"""Population based bandits: a child's parameters maximise an upper bound of what the next interval would gain.

Source: Parker-Holder et al., "Provably Efficient Online Hyperparameter Optimization with Population-Based Bandits",
NeurIPS 2020, arXiv 2002.02518: Algorithm 1, and the time-varying kernel of section 4.
"""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...engine.arguments import Described
from ...engine.arrays import FloatArray
from ...engine.distributions import NumericDistribution
from ...engine.history import RUNGS_BEHIND, Completion, Dimensions, History
from ...engine.records import PARENT
from .explore import Member, Perturb

_LENGTHS = (0.1, 0.2, 0.4, 0.8)  # in a cube of side 1
_FORGETTING = (0.02, 0.1, 0.3)  # epsilon of the kernel: how much of what was learnt an interval makes void
_NOISES = (0.05, 0.3, 1.0)  # variance, where gains have variance 1
_LEAST = 4  # observations to model
_OUTLYING = 3.0


class _Model(NamedTuple):
    """A Gaussian process of points x and times t: covariance (1 - epsilon)^(|t - t'| / 2) exp(-|x - x'|^2 / 2 l^2)."""

    length: float
    forgetting: float
    noise: float

    def covariance(self, x: FloatArray, t: FloatArray, x2: FloatArray, t2: FloatArray) -> FloatArray:
        """Give the covariances (n, m) of points (n, d) at times (n,) with points (m, d) at times (m,)."""
        squared = ((x[:, None, :] - x2[None, :, :]) ** 2).sum(axis=2)
        apart = np.abs(t[:, None] - t2[None, :])
        found: FloatArray = (1.0 - self.forgetting) ** (apart / 2) * np.exp(-0.5 * squared / self.length**2)
        return found

    def factor(self, x: FloatArray, t: FloatArray) -> FloatArray:
        """Give the Cholesky factor of the covariance of noisy observations."""
        covariance = self.covariance(x, t, x, t) + self.noise * np.eye(len(x))
        return np.linalg.cholesky(covariance).astype(np.float64, copy=False)

    def log_likelihood(self, x: FloatArray, t: FloatArray, y: FloatArray) -> float:
        """Give the log of the density of observations (n,), but for a constant."""
        factor = self.factor(x, t)
        z = np.linalg.solve(factor, y)
        return float(-0.5 * z @ z - np.log(np.diag(factor)).sum())


class TimeVaryingBandit(Described):
    """PB2: models what an interval gains by parameters and time, and gives a child the most promising parameters.

    Numbers are modelled; choices are drawn as `Perturb` does. Until there are a few gains to learn from, and where no
    parameter is a number, all is done as by `Perturb`.

    Parameters
    ----------
    n_recent
        Number of intervals of members to learn from, the last ones.
    kappa
        How many standard deviations are added to the mean: the more, the more is explored.
    n_candidates
        Number of points of which the best is taken.

    Raises
    ------
    ValueError
        If it is to explore in a study of several objectives.

    Notes
    -----
    The gain of an interval is how much less the loss was after it; gains are compared with those of the same interval.
    Members at work count as observed with what is expected of them, so children that are forked at once differ.
    """

    def __init__(self, n_recent: int = 100, kappa: float = 1.0, n_candidates: int = 256) -> None:
        self._n_recent = n_recent
        self._kappa = kappa
        self._n_candidates = n_candidates
        self._otherwise = Perturb()

    def __call__(self, member: Member, rng: np.random.Generator) -> dict[str, Any]:
        history = member.history
        if len(history.signs) > 1:
            raise ValueError(
                f"TimeVaryingBandit models one objective, but the study has {len(history.signs)}: leave `explore` out."
            )
        params = self._otherwise(member, rng)
        numeric = {
            name: distribution
            for name, distribution in member.distributions.items()
            if isinstance(distribution, NumericDistribution) and not distribution.single()
        }
        if not numeric:
            return params
        dimensions = Dimensions.of(numeric)
        x, t, gain = self._observed(history, dimensions)
        if len(gain) < _LEAST:
            return params
        own = dimensions.to_unit(dimensions.read(history, np.array([member.record.number])))[0]
        now = float(history.rungs.reached(member.record.number))
        best = self._best(x, t, gain, self._pending(history, dimensions), own, now, rng)
        return {**params, **dimensions.external(dimensions.from_unit(best[None, :])[0].tolist())}

    def _observed(self, history: History, dimensions: Dimensions) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Give the last intervals as points (n, d) in the unit cube, times (n,) and gains (n,)."""
        log = list(history.rungs.since(max(len(history.rungs) - self._n_recent, 0)))
        numbers, rungs, gains = _gains(history, log)
        if not len(gains):
            return np.empty((0, len(dimensions.names))), rungs, gains
        x = dimensions.to_unit(dimensions.read(history, numbers))
        known = ~np.isnan(x).any(axis=1)
        return x[known], rungs[known], standardised(gains[known], rungs[known])

    @staticmethod
    def _pending(history: History, dimensions: Dimensions) -> FloatArray:
        """Give the points (m, d) of the members at work."""
        x = dimensions.to_unit(dimensions.read(history, np.array(sorted(history.live), dtype=np.int64)))
        found: FloatArray = x[~np.isnan(x).any(axis=1)]
        return found

    def _best(
        self,
        x: FloatArray,
        t: FloatArray,
        gain: FloatArray,
        pending: FloatArray,
        own: FloatArray,
        now: float,
        rng: np.random.Generator,
    ) -> FloatArray:
        """Give the point (d,) of the highest upper bound, of points drawn anywhere and around the parent's."""
        model = max(
            (_Model(*values) for values in product(_LENGTHS, _FORGETTING, _NOISES)),
            key=lambda model: model.log_likelihood(x, t, gain),
        )
        near = np.where(np.isnan(own), 0.5, own) + 0.1 * rng.standard_normal((self._n_candidates // 4, len(own)))
        points = np.concatenate(
            [rng.random((self._n_candidates - len(near), len(own))), np.clip(near, 0.0, 1.0 - 1e-9)]
        )
        at = np.full(len(points), now)
        factor, cross = model.factor(x, t), model.covariance(x, t, points, at)
        mean = np.linalg.solve(factor, cross).T @ np.linalg.solve(factor, gain)
        both, when = np.concatenate([x, pending]), np.concatenate([t, np.full(len(pending), now)])
        half = np.linalg.solve(model.factor(both, when), model.covariance(both, when, points, at))
        deviation = np.sqrt(np.maximum(1.0 - (half**2).sum(axis=0), 0.0))
        found: FloatArray = points[int(np.argmax(mean + self._kappa * deviation))]
        return found


def _gains(history: History, log: list[Completion]) -> tuple[npt.NDArray[np.int64], FloatArray, FloatArray]:
    """Give whose interval it was, at which rung it ended, and what it gained, shape (n,) each; -inf where it broke."""
    sign = history.signs[0]
    loss = {(number, rung): sign * values[0] for number, rung, values in log}
    found = []
    for number, rung, _ in log:
        attrs = history.system_attrs(number)
        before = attrs[PARENT] if rung and attrs.get(RUNGS_BEHIND) == rung else number
        if (before, rung - 1) in loss:
            gain = loss[before, rung - 1] - loss[number, rung]
            found.append((number, float(rung), gain if np.isfinite(gain) else -np.inf))
    numbers, rungs, gains = (np.array(column) for column in zip(*found, strict=True)) if found else ([],) * 3
    return np.asarray(numbers, dtype=np.int64), np.asarray(rungs, dtype=np.float64), np.asarray(gains, dtype=np.float64)


def standardised(gains: FloatArray, rungs: FloatArray) -> FloatArray:
    """Compare gains (n,) with others of the same rung (n,): median 0 and a spread of about 1, cut at 3 either way."""
    found = np.empty(len(gains))
    for rung in np.unique(rungs):
        here = rungs == rung
        finite = gains[here][np.isfinite(gains[here])]
        middle = float(np.median(finite)) if len(finite) else 0.0
        spread = 1.4826 * float(np.median(np.abs(finite - middle))) if len(finite) else 0.0
        found[here] = (gains[here] - middle) / (spread or max(float(np.abs(finite - middle).max(initial=0.0)), 1e-12))
    return np.clip(found, -_OUTLYING, _OUTLYING)
