"""The replaceable rules of TPE, each a small function: pass another one to `TPESampler`, or write your own.

=============  ========================================================  =======================================
argument       signature                                                 here
=============  ========================================================  =======================================
`gamma`        ``n_finished -> n_below``                                 `wide_gamma`, `default_gamma`, ...
`weights`      ``n -> (n,) weights, oldest first``                       `default_weights`, `uniform_weights`
`bandwidth`    ``(x (d, n), lower (d,), upper (d,)) -> sigma (d, n)``    `neighbour_distance`, `scott`, ...
`clip`         ``(width (d,), n_components) -> smallest sigma (d,)``     `magic_clip`, `no_clip`
`acquisition`  ``(log_below (c,), log_above (c,)) -> scores (c,)``       `log_ratio`, `LogRatio`
=============  ========================================================  =======================================

The rules behind `fidelity`, which ranks trials that were stopped early, are in `fidelity`.

What each of them does to the search: Watanabe, "Tree-Structured Parzen Estimator", arXiv:2304.11127 (2023).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ...engine.arrays import FloatArray

Gamma = Callable[[int], int]
Weights = Callable[[int], FloatArray]
Bandwidth = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
Clip = Callable[[FloatArray, int], FloatArray]
Acquisition = Callable[[FloatArray, FloatArray], FloatArray]

SMALLEST_BANDWIDTH = 1e-12


# --- how many trials are below ---------------------------------------------------------------------------------------


def default_gamma(n: int) -> int:
    """Give the number of trials below: a tenth, at most 25."""
    return min(math.ceil(0.1 * n), 25)


def hyperopt_default_gamma(n: int) -> int:
    """Give Hyperopt's number of trials below: a quarter of the square root, at most 25."""
    return min(math.ceil(0.25 * math.sqrt(n)), 25)


def multi_objective_gamma(n: int) -> int:
    """Give the number of trials below with several objectives: a tenth, at most 50, as they spread along a front."""
    return min(math.ceil(0.1 * n), 50)


class LinearGamma:
    """A share of the finished trials, at most `cap`."""

    def __init__(self, share: float, cap: int = 25) -> None:
        self.share, self.cap = share, cap

    def __call__(self, n: int) -> int:
        return min(math.ceil(self.share * n), self.cap)


wide_gamma = LinearGamma(0.15)


# --- what an observation weighs --------------------------------------------------------------------------------------


def default_weights(n: int) -> FloatArray:
    """Give the weights of `n` observations, oldest first: 1 for the newest 25, falling linearly to 1/n before them."""
    weights = np.ones(n)
    if n > 26:
        weights[: n - 25] = np.arange(n - 25) * ((1.0 - 1.0 / n) / (n - 26)) + 1.0 / n
    elif n == 26:
        weights[0] = 1.0 / n
    return weights


def uniform_weights(n: int) -> FloatArray:
    """Let all observations weigh alike."""
    return np.ones(n)


def improvement_weights(below: FloatArray, best_above: FloatArray) -> FloatArray:
    """Weigh the trials below by their expected improvement (Watanabe 2023, section 3.2), of mean 1.

    Parameters
    ----------
    below
        Losses of the trials below, ascending, shape (n,).
    best_above
        Loss of the best trial above, shape (1,), or (0,) without one: then the worst below takes its place.

    Returns
    -------
    weights
        Shape (n,): the distance below `best_above`; ones where it is not finite or nowhere positive.
    """
    if len(below) == 0:
        return below
    best, worst = float(below[0]), float(below[-1])
    bar = float(best_above[0]) if len(best_above) else worst
    if not (math.isfinite(best) and math.isfinite(worst) and math.isfinite(bar) and best < bar):
        return np.ones(len(below))
    largest = max(abs(best), abs(worst), abs(bar))
    if largest > 1e150 or largest < 1e-150:  # near the ends of what floats hold
        below, bar, best = below / largest, bar / largest, best / largest
    improvement: FloatArray = (bar - below) / (bar - best)
    improvement *= len(below) / improvement.sum()
    return improvement


# --- how wide a kernel is --------------------------------------------------------------------------------------------


def neighbour_distance(x: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Return the distance to the farther neighbour, dimension by dimension (Bergstra et al. 2011, section 4).

    Parameters
    ----------
    x
        (d, n) observations in model coordinates; NaN where one lacks the parameter.
    lower, upper
        (d,) ends of the support: the neighbours of a single observation.

    Returns
    -------
    sigma
        (d, n). The outermost observations have their inner neighbour only.
    """
    return _neighbour_distance(x, lower, upper, endpoints=False)


def neighbour_distance_with_endpoints(x: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """`neighbour_distance` with the ends of the support as the outermost observations' outer neighbours."""
    return _neighbour_distance(x, lower, upper, endpoints=True)


def scott(x: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Return Scott's rule, standard deviation x n^(-1 / (d + 4)), one bandwidth a dimension; shapes as above.

    Source: Scott, *Multivariate Density Estimation* (1992), section 6.3. The ends of the support play no part.
    """
    d, n = x.shape
    known = ~np.isnan(x)
    deviation = np.array([x[j, known[j]].std() if known[j].any() else 0.0 for j in range(d)])
    return np.repeat(deviation[:, None] * max(n, 1) ** (-1.0 / (d + 4)), n, axis=1)


class RangeClip:
    """Keep bandwidths above a part of the range: one of as many as there are components, and one more.

    Parameters
    ----------
    least, most
        How many parts there are at least and at most.
    """

    def __init__(self, least: int, most: int = 100) -> None:
        self.least, self.most = least, most

    def __call__(self, width: FloatArray, n_components: int) -> FloatArray:
        n_parts = min(self.most, max(self.least, 1 + n_components))
        return np.asarray(np.maximum(width / n_parts, SMALLEST_BANDWIDTH))


magic_clip = RangeClip(1)  # as Hyperopt and Optuna do: 1 / min(100, 1 + n)
gentle_clip = RangeClip(10)  # never above a tenth of the range: few trials below are told apart from the start


def no_clip(width: FloatArray, n_components: int) -> FloatArray:
    """Let bandwidths fall to 1e-12."""
    return np.full_like(width, SMALLEST_BANDWIDTH)


def _neighbour_distance(x: FloatArray, lower: FloatArray, upper: FloatArray, endpoints: bool) -> FloatArray:
    missing = np.isnan(x)
    if not missing.any():
        return _sorted_distances(x, lower, upper, endpoints)
    sigma = np.full(x.shape, np.nan)
    for j in range(len(x)):
        here = ~missing[j]
        sigma[j, here] = _sorted_distances(x[j : j + 1, here], lower[j : j + 1], upper[j : j + 1], endpoints)[0]
    return sigma


def _sorted_distances(x: FloatArray, lower: FloatArray, upper: FloatArray, endpoints: bool) -> FloatArray:
    n = x.shape[1]
    order = np.argsort(x, axis=1, kind="stable")
    rows = np.arange(len(lower))[:, None]
    padded = np.empty((len(lower), n + 2))
    padded[:, 0], padded[:, -1] = lower, upper
    padded[:, 1:-1] = x[rows, order]
    gaps = padded[:, 1:] - padded[:, :-1]
    if n >= 2 and not endpoints:
        gaps[:, 0] = gaps[:, -1] = 0.0
    sigma = np.empty((len(lower), n))
    sigma[rows, order] = np.maximum(gaps[:, :-1], gaps[:, 1:])
    return sigma


# --- what makes a candidate a good one -------------------------------------------------------------------------------


class LogRatio:
    """Score by log below - power x log above; at power 1 this orders candidates as expected improvement does.

    Source: Bergstra et al. 2011, eq. 5. With a power below 1 the trials above count less, and the search stays nearer
    to the trials below. The sampler climbs on a score that has a `power`; by any other it only ranks the candidates.
    """

    def __init__(self, power: float = 1.0) -> None:
        self.power = power

    def __call__(self, log_below: FloatArray, log_above: FloatArray) -> FloatArray:
        return log_below - self.power * log_above


log_ratio = LogRatio()
