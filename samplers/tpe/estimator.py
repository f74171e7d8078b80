"""The Parzen estimator of TPE: observations and weights in, a `Mixture` out.

A kernel of its own around each observation, of a bandwidth by some rule, and one wide prior component; see `rules`.
With `rules.neighbour_distance`, `rules.magic_clip` and ``choice_smoothing=None`` it is the estimator of Optuna 5.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.kernels.categorical import log_rows
from ...engine.kernels.mixture import Mixture, SpaceArrays, support
from .rules import SMALLEST_BANDWIDTH, Bandwidth, Clip, magic_clip, neighbour_distance


def build(
    observations: FloatArray,
    weights: FloatArray,
    space: SpaceArrays,
    *,
    prior_weight: float = 1.0,
    bandwidth: Bandwidth = neighbour_distance,
    clip: Clip = magic_clip,
    consider_prior: bool = True,
    choice_smoothing: float | None = None,
    categorical_distance: Mapping[int, FloatArray] | None = None,
) -> Mixture:
    """Return the Parzen estimator of weighted observations.

    Parameters
    ----------
    observations
        (n, d) points in model coordinates; a categorical coordinate is the choice index. n may be 0. NaN where an
        observation lacks a parameter: its kernel there is the prior's.
    weights
        (n,) weights >= 0 beside the prior's, not normalised.
    space
        The d dimensions.
    prior_weight
        Weight of the prior component.
    bandwidth
        Rule for the numeric kernels' widths.
    clip
        Rule for the smallest width; the largest is the support's.
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
    mu = np.empty((len(lower), n + prior))
    mu[:, :n] = observations.T
    mu[:, n:] = np.nan
    sigma = np.ones_like(mu)
    if n:
        smallest = clip(upper - lower, n + prior)
        sigma[:, :n] = clip_bandwidths(bandwidth(mu[:, :n], lower, upper), upper - lower, smallest)
    _fill_in_the_prior(mu, sigma, lower, upper, numeric)
    smoothing = prior_weight / (n + 1) if choice_smoothing is None else choice_smoothing
    table, start = categorical_tables(space.n_choices, smoothing, categorical_distance or {})
    log_weight = log_weights(weights, prior_weight if prior else None)
    return Mixture(log_weight, mu, sigma, space.low, space.high, space.step, space.n_choices, table, start)


def clip_bandwidths(sigma: FloatArray, width: FloatArray, smallest: FloatArray) -> FloatArray:
    """Return sigma (d, n) clipped to [smallest, width], both (d,)."""
    return np.maximum(np.minimum(sigma, width[:, None]), smallest[:, None])


def log_weights(weights: FloatArray, prior_weight: float | None) -> FloatArray:
    """Return log mixture weights: the observations' and then the prior's (None: no prior), normalised to sum to one.

    With no positive weight at all the components weigh alike.
    """
    raw = np.empty(len(weights) + (prior_weight is not None))
    raw[: len(weights)] = weights
    if prior_weight is not None:
        raw[-1] = prior_weight
    total = raw.sum()
    if not total > 0.0:
        raw, total = np.ones_like(raw), float(raw.size)
    raw /= total
    with np.errstate(divide="ignore"):
        return np.log(raw, out=raw)


def categorical_tables(
    n_choices: IntArray, smoothing: float, distances: Mapping[int, FloatArray]
) -> tuple[FloatArray, IntArray]:
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


def _fill_in_the_prior(
    mu: FloatArray, sigma: FloatArray, lower: FloatArray, upper: FloatArray, numeric: BoolArray
) -> None:
    """Give the prior's kernel to the missing coordinates: a normal of the support's width, or all choices alike."""
    sigma[~numeric] = 1.0
    missing = np.isnan(mu)
    middle = np.where(numeric, 0.5 * (lower + upper), -1.0)
    width = np.where(numeric, np.maximum(upper - lower, SMALLEST_BANDWIDTH), 1.0)
    mu[:] = np.where(missing, middle[:, None], mu)
    sigma[:] = np.where(missing, width[:, None], sigma)
