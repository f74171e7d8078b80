"""The Parzen estimator of TPE: observations and weights in, a `Mixture` out.

The defaults are those of Optuna 5 (after Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NIPS 2011):
bandwidths from the neighbours' distances, a clip that keeps them from collapsing, and one wide prior component. Each is
a small function of its own, so that one can be replaced; see Watanabe, "Tree-Structured Parzen Estimator",
arXiv:2304.11127 (2023), for what each of them does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ..engine.kernels.categorical import log_rows
from ..engine.kernels.mixture import Mixture, support

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SMALLEST_BANDWIDTH = 1e-12


class SpaceArrays(NamedTuple):
    """The search space in model coordinates (log already applied), shape (d,) each; meanings as in `Mixture`.

    - float: `low`, `high`, step 0 (log: the logarithms of both ends);
    - float with a step, integer: lowest and highest grid value, the step;
    - integer on a log scale: log(low), log(high), and **minus** the step: the grid lies in exp(x);
    - categorical: `n_choices` > 0, the other columns unused (give 0, n_choices - 1, 1 or all 0).
    """

    low: Array
    high: Array
    step: Array
    n_choices: IntArray


class BandwidthRule(Protocol):
    """How wide the kernels around the observations are."""

    def __call__(self, observations: Array, lower: Array, upper: Array, endpoints: bool, /) -> Array:
        """Return bandwidths (d, n) for observations (d, n) on supports [lower, upper] (d,); clipped afterwards."""


def neighbour_distance(observations: Array, lower: Array, upper: Array, endpoints: bool, /) -> Array:
    """Return the distance to the farther neighbour, dimension by dimension (Bergstra et al. 2011, section 4).

    The ends of the support are the outermost observations' outer neighbours if there is only one observation or
    `endpoints` is set; otherwise these have their inner neighbour only. Shapes as in `BandwidthRule`.
    """
    n = observations.shape[1]
    order = np.argsort(observations, axis=1, kind="stable")
    rows = np.arange(len(lower))[:, None]
    padded = np.empty((len(lower), n + 2))
    padded[:, 0], padded[:, -1] = lower, upper
    padded[:, 1:-1] = observations[rows, order]
    gaps = padded[:, 1:] - padded[:, :-1]
    if n >= 2 and not endpoints:
        gaps[:, 0] = gaps[:, -1] = 0.0
    sigma = np.empty((len(lower), n))
    sigma[rows, order] = np.maximum(gaps[:, :-1], gaps[:, 1:])
    return sigma


def scott(observations: Array, lower: Array, upper: Array, endpoints: bool, /) -> Array:
    """Return Scott's rule, standard deviation x n^(-1 / (d + 4)), one bandwidth a dimension.

    Source: Scott, *Multivariate Density Estimation* (1992), section 6.3. The ends of the support play no part.
    """
    d, n = observations.shape
    deviation = observations.std(axis=1) if n else np.zeros(d)
    return np.repeat(deviation[:, None] * max(n, 1) ** (-1.0 / (d + 4)), n, axis=1)


def clip_bandwidths(sigma: Array, width: Array, n_components: int, magic_clip: bool) -> Array:
    """Return sigma (d, n) clipped to [width / min(100, 1 + n_components), width].

    Without `magic_clip` the lower bound is 1e-12.
    """
    smallest = width / min(100, 1 + n_components) if magic_clip else np.zeros_like(width)
    smallest = np.maximum(smallest, SMALLEST_BANDWIDTH)
    return np.maximum(np.minimum(sigma, width[:, None]), smallest[:, None])


def build(
    observations: Array,
    weights: Array,
    space: SpaceArrays,
    *,
    prior_weight: float = 1.0,
    bandwidth: BandwidthRule = neighbour_distance,
    magic_clip: bool = True,
    endpoints: bool = False,
    consider_prior: bool = True,
    choice_smoothing: float | None = None,
    categorical_distance: Mapping[int, Array] | None = None,
) -> Mixture:
    """Return the Parzen estimator of weighted observations.

    Parameters
    ----------
    observations
        (n, d) points in model coordinates; a categorical coordinate is the choice index. n may be 0.
    weights
        (n,) weights >= 0 beside the prior's, not normalised.
    space
        The d dimensions.
    prior_weight
        Weight of the prior component.
    bandwidth
        Rule for the numeric kernels' widths.
    magic_clip
        Keep bandwidths from falling below 1 / min(100, n + 2) of the support's width.
    endpoints
        Count the ends of the support as neighbours of the outermost observations.
    consider_prior
        Add the prior component: uniform over choices, a normal of the support's width in its middle. With no
        observation it is there anyway.
    choice_smoothing
        What a categorical kernel gives to every choice, where its own choice gets 1 more; None: prior_weight / (n + 1),
        the rule of Hyperopt and Optuna.
    categorical_distance
        Distance matrices (n_choices, n_choices) for some of the categorical dimensions, by index; see
        `categorical.log_rows`.

    Returns
    -------
    A `Mixture` of the n observations in the given order, then the prior.
    """
    n = len(weights)
    prior = consider_prior or n == 0
    numeric = space.n_choices == 0
    lower, upper = support(space.low, space.high, space.step)
    width = upper - lower
    mu, sigma = _components(observations, 0.5 * (lower + upper), width, numeric, prior)
    if n:
        sigma[:, :n] = clip_bandwidths(bandwidth(mu[:, :n], lower, upper, endpoints), width, n + prior, magic_clip)
    if not numeric.all():
        sigma[~numeric] = 1.0
    smoothing = prior_weight / (n + 1) if choice_smoothing is None else choice_smoothing
    table, start = categorical_tables(space.n_choices, smoothing, categorical_distance or {})
    log_weight = log_weights(weights, prior_weight if prior else None)
    return Mixture(log_weight, mu, sigma, space.low, space.high, space.step, space.n_choices, table, start)


def log_weights(weights: Array, prior_weight: float | None) -> Array:
    """Return log mixture weights: the observations' and then the prior's (None: no prior), normalised to sum to one.

    With no positive weight at all the components weigh alike.
    """
    raw = np.asarray(weights, dtype=np.float64) if prior_weight is None else np.append(weights, prior_weight)
    total = raw.sum()
    if not total > 0.0:
        raw, total = np.ones_like(raw), float(raw.size)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(raw / total))


def categorical_tables(n_choices: IntArray, smoothing: float, distances: Mapping[int, Array]) -> tuple[Array, IntArray]:
    """Return the flat log-probability tables of the categorical dimensions and their offsets (d,).

    Before normalisation an observation's kernel is its one-hot vector plus the smoothing; the ratio of the two is the
    leak.
    """
    categorical = np.flatnonzero(n_choices)
    start = np.zeros(len(n_choices), dtype=np.int64)
    if not categorical.size:
        return np.empty(0), start
    leak = smoothing / (1.0 + smoothing)
    tables = [log_rows(int(n_choices[j]), leak, distances.get(int(j))).ravel() for j in categorical]
    start[categorical] = np.cumsum([0] + [len(table) for table in tables[:-1]])
    return np.concatenate(tables), start


def _components(
    observations: Array, middle: Array, width: Array, numeric: npt.NDArray[np.bool_], prior: bool
) -> tuple[Array, Array]:
    """Return means and bandwidths (d, n + prior), the prior's filled in, the observations' bandwidths still to come."""
    n, d = observations.shape
    mu, sigma = np.empty((d, n + prior)), np.empty((d, n + prior))
    mu[:, :n] = observations.T
    if prior:
        mu[:, n] = np.where(numeric, middle, -1.0)
        sigma[:, n] = np.maximum(width, SMALLEST_BANDWIDTH)
    return mu, sigma
