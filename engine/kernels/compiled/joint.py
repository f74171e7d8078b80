"""One trial's point by one call: the density above is fitted, candidates are drawn, scored, and the best one climbs.

The parts are those of `mixture`, `hill_climb` and `neighbours`; nothing is computed here that they do not define. What
is kept between calls lies in arrays by trial number that the caller holds.
"""

from __future__ import annotations

import math

import numpy as np

from ...arrays import BoolArray, FloatArray, IntArray
from .. import exact, jit
from ..axes import Axes
from ..categorical import ChoiceTables
from ..hill_climb import REACH
from ..mixture import Kept, Mixture, Observed
from .hill_climb import _climb
from .mixture import _draw, _log_density, _snap, fit
from .neighbours import _distances_of_few, change


@jit
def place(
    internal: FloatArray,
    model: FloatArray,
    numbers: IntArray,
    low: FloatArray,
    high: FloatArray,
    axes: Axes,
    n_given: int,
    z: FloatArray,
) -> BoolArray:
    """Write the coordinates of some trials into z (d, n); tell which of them (k,) have all that they need to count.

    Parameters
    ----------
    internal, model
        (d, k) internal values, NaN where there are none, and the same on the scale of the model.
    numbers
        (k,) trial numbers.
    low, high
        (d,) ends of the ranges in internal values: outside of them there is no coordinate.
    axes
        The d dimensions.
    n_given
        How many dimensions, the first ones, a trial may lack and count nevertheless.
    z
        Coordinates by trial number.
    """
    has_all = np.ones(numbers.size, np.bool_)
    for j in range(z.shape[0]):
        points = axes.points[axes.start[j] : axes.start[j] + axes.n_values[j]]
        is_grid = axes.n_values[j] > 0 and axes.n_choices[j] == 0
        for k in range(numbers.size):
            value = np.nan
            if internal[j, k] >= low[j] and internal[j, k] <= high[j]:
                value = float(_nearest(model[j, k], points)) if is_grid else model[j, k]
            z[j, numbers[k]] = value
            if j >= n_given and internal[j, k] != internal[j, k]:
                has_all[k] = False
    return has_all


@exact
def _nearest(x: float, points: FloatArray) -> int:
    """Return the index of the grid's value that is nearest; see `axes.encode`."""
    index = 0
    while index + 1 < points.size and 0.5 * (points[index + 1] + points[index]) < x:
        index += 1
    return index


@jit
def fit_few(
    numbers: IntArray,
    weights: FloatArray,
    prior_weight: float,
    smallest: FloatArray,
    endpoints: bool,
    choices: ChoiceTables,
    axes: Axes,
    z: FloatArray,
) -> Mixture:
    """Fit the density of few of the trials with coordinates z (d, n), with bandwidths among themselves."""
    d, k = z.shape[0], numbers.size
    some, distance, unknown = np.empty((d, k)), np.full((d, k), np.nan), np.full((d, k), np.nan)
    for j in range(d):
        for c in range(k):
            some[j, c] = z[j, numbers[c]]
    _distances_of_few(some, axes, endpoints, distance)
    observed = Observed(np.arange(k), some, distance, unknown, np.empty((d, k)))
    return fit(observed, log_weights(weights, prior_weight), smallest, choices, axes)


@jit
def log_weights(weights: FloatArray, prior_weight: float) -> FloatArray:
    """Return log mixture weights; see `estimator.log_weights`. A negative weight of the prior: there is none."""
    n = weights.size
    log_weight = np.empty(n + (prior_weight >= 0.0))
    total = max(prior_weight, 0.0)
    for c in range(n):
        total += weights[c]
    for c in range(log_weight.size):
        weight = weights[c] if c < n else prior_weight
        log_weight[c] = math.log(weight / total) if total > 0.0 else -math.log(log_weight.size)
    return log_weight


@jit
def choose(
    u: FloatArray,
    n: int,
    power: float,
    n_steps: int,
    below_numbers: IntArray,
    running: IntArray,
    ids: IntArray,
    weights: FloatArray,
    prior_weight: float,
    smallest: FloatArray,
    leak: float,
    endpoints: bool,
    below: Mixture,
    scale: FloatArray,
    choices: ChoiceTables,
    axes: Axes,
    kept: Kept,
) -> FloatArray:
    """Choose a point (d,), in model coordinates.

    Parameters
    ----------
    u
        (c, 1 + d) uniforms for c candidates.
    n
        Number of trials.
    power
        What the log-density above is multiplied with.
    n_steps
        Number of steps of the climb; 0: there is none.
    below_numbers, running
        Numbers of the trials below, and of those that run and count as above.
    ids, weights
        The observations above and their weights, if the sorted columns are up to date; empty: all trials that count
        and are not below, by `rules.default_weights`.
    prior_weight
        Weight of the prior; negative: there is none.
    smallest
        (d,) smallest bandwidths above.
    leak
        Relative probability of other choices under a kernel above.
    endpoints
        See `neighbours`.
    below
        The density below.
    scale
        (d,) units of the climb's steps.
    choices
        The kernels of the categorical dimensions for some leak, without distances.
    axes
        The d dimensions.
    kept
        What is kept between calls.
    """
    if ids.size == 0:
        ids = _update(n, below_numbers, running, endpoints, axes, kept)
        weights = default_weights(ids.size)
    observed = Observed(ids, kept.z, kept.distance, kept.precision, kept.norm)
    tables = ChoiceTables(_banded(leak, choices, axes), choices.first, choices.stride, choices.prior)
    above = fit(observed, log_weights(weights, prior_weight), smallest, tables, axes)
    z = _draw(below.log_weight, below.mu, below.sigma, below.row, below.table, axes, u, 1)
    log_below, log_above = np.empty(len(z)), np.empty(len(z))
    _log_density(below.offset, below.mu, below.precision, below.row, below.table, z, log_below)
    _log_density(above.offset, above.mu, above.precision, above.row, above.table, z, log_above)
    point = z[first_largest(log_below - power * log_above)]
    if n_steps > 0:
        _climb_along(point, below, above, power, scale, axes, n_steps)
    return _decoded(point, axes)


@jit
def _update(n: int, below_numbers: IntArray, running: IntArray, endpoints: bool, axes: Axes, kept: Kept) -> IntArray:
    """Bring the sorted columns up to date; return the numbers above."""
    is_above = kept.counts.copy()
    for i in below_numbers:
        is_above[i] = False
    for i in running:
        is_above[i] = True
    ids, size, changed, n_changed = np.empty(n, np.int64), 0, np.empty(n, np.int64), 0
    for i in range(n):
        if is_above[i] != kept.members[i]:
            kept.members[i] = is_above[i]
            changed[n_changed] = i
            n_changed += 1
        if is_above[i]:
            ids[size] = i
            size += 1
    change(changed[:n_changed], kept.members, kept.z, axes, endpoints, kept.order, kept.n_listed, kept.distance)
    return ids[:size]


@jit
def default_weights(n: int) -> FloatArray:
    """Return `rules.default_weights`."""
    weights = np.ones(n)
    for c in range(n - 25):
        weights[c] = c * ((1.0 - 1.0 / n) / max(n - 26, 1)) + 1.0 / n
    return weights


@jit
def _banded(leak: float, choices: ChoiceTables, axes: Axes) -> FloatArray:
    """Return the rows of log probabilities for a leak; see `ChoiceTables.of`."""
    rows: FloatArray = choices.log_probability.copy()
    for j in range(axes.n_choices.size):
        size = axes.n_choices[j]
        if size > 0:
            total = 1.0 + (size - 1) * leak
            for c in range(2 * size - 1):
                rows[choices.first[j] - size + 1 + c] = math.log(leak / total)
            rows[choices.first[j]] = -math.log(total)
    return rows


@jit
def first_largest(scores: FloatArray) -> int:
    """Return the first index of the largest score, or of the first NaN, as NumPy does."""
    best = 0
    for i in range(1, scores.size):
        if scores[best] == scores[best] and not scores[i] <= scores[best]:
            best = i
    return best


@jit
def _climb_along(
    point: FloatArray, below: Mixture, above: Mixture, power: float, scale: FloatArray, axes: Axes, n_steps: int
) -> None:
    """Let a point (d,) climb in its continuous coordinates, given the others; see `local_search.climb`."""
    free = np.flatnonzero(axes.n_values == 0)
    if free.size == 0:
        return
    start, low, high = np.empty(free.size), np.empty(free.size), np.empty(free.size)
    for f in range(free.size):
        start[f] = point[free[f]]
    _reach(start, scale, free, axes.low, axes.high, low, high)
    kernels_below = _given(point, below, free)
    kernels_above = _given(point, above, free)
    summit = _climb(*kernels_below, *kernels_above, power, start, scale[free], low, high, n_steps)
    for f in range(free.size):
        point[free[f]] = summit[f]


@exact
def _reach(
    start: FloatArray,
    scale: FloatArray,
    free: IntArray,
    lowest: FloatArray,
    highest: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> None:
    """Fill in the ends of the box in which the climb stays."""
    for f in range(free.size):
        reach = REACH * scale[free[f]]
        low[f], high[f] = max(lowest[free[f]], start[f] - reach), min(highest[free[f]], start[f] + reach)


@jit
def _given(point: FloatArray, mixture: Mixture, free: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return offsets (k,), means and precisions (f, k) over the free dimensions, given the others."""
    d, k = mixture.mu.shape
    if free.size == d:
        return mixture.offset, mixture.mu, mixture.precision
    offset: FloatArray = mixture.offset.copy()
    mu, precision = np.empty((free.size, k)), np.empty((free.size, k))
    f = 0
    for j in range(d):
        if f < free.size and free[f] == j:
            for c in range(k):
                mu[f, c], precision[f, c] = mixture.mu[j, c], mixture.precision[j, c]
            f += 1
        else:
            column = np.int64(point[j])
            for c in range(k):
                offset[c] += mixture.table[mixture.row[j, c] + column]
    return offset, mu, precision


@exact
def _decoded(z: FloatArray, axes: Axes) -> FloatArray:
    """Return the model coordinates of a point (d,), on the grids where there are any; see `axes.decode`."""
    x = np.empty(z.size)
    for j in range(z.size):
        x[j] = z[j]
        if axes.n_values[j] > 0 and axes.n_choices[j] == 0:
            x[j] = axes.points[axes.start[j] + np.int64(z[j])]
        elif axes.n_values[j] == 0 and axes.step[j] != 0.0:
            x[j] = _snap(z[j], axes.low[j], axes.step[j])
    return x
