"""TPE's joint choice of one objective: `tell` takes in the trials that finished, `ask` gives a point.

In one call the trials are split, both densities fitted, candidates drawn and scored, and the best one climbs. The parts
are those of `mixture`, `hill_climb` and `neighbours`, and what is done with them is written down in `samplers.tpe`.
What is kept between calls lies in arrays by trial number that the caller holds.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...arrays import BoolArray, FloatArray, IntArray
from .. import exact, jit
from ..axes import Axes
from ..categorical import ChoiceTables
from ..hill_climb import REACH
from ..mixture import MOST_FEW, Kept, Mixture, Observed
from ..truncnorm import SQRT_HALF
from .hill_climb import _climb
from .mixture import _choose_rows, _draw, _grid_rows, _log_density, _snap, fit, kernel
from .neighbours import _distances_of_few, change
from .normal import log_block
from .philox import uniforms

LANES = 8
SMALLEST_BANDWIDTH = 1e-12  # see `rules.RangeClip`
COMPLETE = 1  # the state, as a history keeps it


class Kernels(NamedTuple):
    """What a `Mixture` has that it takes to evaluate it."""

    offset: FloatArray
    mu: FloatArray
    precision: FloatArray
    row: IntArray
    table: FloatArray


@jit
def tell(
    internal: FloatArray,
    model: FloatArray,
    states: npt.NDArray[np.int8],
    values: FloatArray,
    sign: float,
    numbers: IntArray,
    low: FloatArray,
    high: FloatArray,
    axes: Axes,
    n_given: int,
    n_ranked: int,
    kept: Kept,
) -> int:
    """Take in k trials that finished; return the number of those that are ranked now, `n_ranked` before.

    Parameters
    ----------
    states, values, sign
        (n,) states and (n, 1) values by trial number, and what turns values into losses: complete trials count.
    others
        As in `place`.
    """
    has_all = place(internal, model, numbers, low, high, axes, n_given, kept.z)
    for k in range(numbers.size):
        i = numbers[k]
        kept.counts[i] = has_all[k] and states[i] == COMPLETE
        if kept.counts[i]:
            _rank(sign * values[i, 0], i, n_ranked, kept.losses, kept.ranked)
            n_ranked += 1
    return n_ranked


@jit
def _rank(loss: float, number: int, n: int, losses: FloatArray, ranked: IntArray) -> None:
    """Insert a trial into n that are sorted by loss and, where losses are equal, by number."""
    at = n
    while at > 0 and (losses[at - 1] > loss or (losses[at - 1] == loss and ranked[at - 1] > number)):
        losses[at], ranked[at] = losses[at - 1], ranked[at - 1]
        at -= 1
    losses[at], ranked[at] = loss, number


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
def ask(
    key: npt.NDArray[np.uint64],
    number: int,
    n_candidates: int,
    caution: float,
    power: float,
    n_steps: int,
    n: int,
    n_below: int,
    n_ranked: int,
    running: IntArray,
    ids: IntArray,
    weights: FloatArray,
    prior_weight: float,
    has_prior: bool,
    smoothing: float,
    least_parts: int,
    most_parts: int,
    endpoints: bool,
    choices: ChoiceTables,
    axes: Axes,
    kept: Kept,
) -> FloatArray:
    """Choose the point (d,) of a trial, in model coordinates.

    Parameters
    ----------
    key, number
        Whose uniforms are drawn: see `philox.uniforms`.
    n_candidates, caution
        As in `TPESampler`.
    power
        What the log-density above is multiplied with.
    n_steps
        Number of steps of the climb of a bold trial.
    n
        Number of trials.
    n_below, n_ranked
        How many trials are below, at most `MOST_FEW`, and how many complete ones count.
    running
        Numbers of the trials that run and count as above.
    ids, weights
        Those that stand for all trials above, and their weights, if the sorted columns are up to date; empty: all are
        modelled by `rules.default_weights`.
    prior_weight, has_prior
        Weight of the prior, and whether it is there beside observations.
    smoothing
        What a categorical kernel gives to every choice in cautious trials; negative: what it does in bold ones.
    least_parts, most_parts
        See `rules.RangeClip`.
    endpoints
        See `neighbours`.
    choices
        The kernels of the categorical dimensions for any leak, without distances.
    axes
        The d dimensions.
    kept
        What is kept between calls.
    """
    d = axes.low.size
    u = uniforms(key, 0, number, 1 + n_candidates * (1 + d))
    is_bold = u[0] >= caution
    below_numbers = kept.ranked[:n_below]
    losses, worst = kept.losses[:n_below], min(n_below, n_ranked - 1)
    weights_below = improvement_weights(losses, kept.losses[worst]) if is_bold else np.ones(n_below)
    has_own = is_bold or smoothing < 0.0
    below = _fit_below(
        below_numbers,
        log_weights(weights_below, prior_weight if has_prior or n_below == 0 else -1.0),
        smallest(axes, n_below + has_prior, least_parts, most_parts),
        endpoints,
        _tables(prior_weight / (n_below + 1) if has_own else smoothing, choices, axes),
        axes,
        kept,
    )
    n_above = n_ranked - n_below + running.size
    if ids.size == 0:
        ids = _update(n, below_numbers, running, endpoints, axes, kept)
        weights = default_weights(n_above)
    above = _fit_above(
        ids,
        log_weights(weights, prior_weight if has_prior or n_above == 0 else -1.0),
        smallest(axes, n_above + has_prior, least_parts, most_parts),
        _tables(prior_weight / (n_above + 1) if has_own else smoothing, choices, axes),
        axes,
        kept,
    )
    uniform = u[1:].reshape((n_candidates, 1 + d))
    z = _draw(below.log_weight, below.mu, below.sigma, below.row, below.table, axes, uniform, 1)
    log_below, log_above = np.empty(n_candidates), np.empty(n_candidates)
    _log_density(below.offset, below.mu, below.precision, below.row, below.table, z, log_below)
    _log_density(above.offset, above.mu, above.precision, above.row, above.table, z, log_above)
    point = z[first_largest(log_below - power * log_above)]
    if is_bold:
        _climb_along(point, below, above, power, axes, n_steps)
    return _decoded(point, axes)


@jit
def smallest(axes: Axes, n: int, least_parts: int, most_parts: int) -> FloatArray:
    """Return the smallest bandwidths (d,) among n components; see `rules.RangeClip`."""
    found = np.empty(axes.low.size)
    for j in range(found.size):
        width = axes.upper[j] - axes.lower[j]
        found[j] = max(width / min(most_parts, max(least_parts, 1 + n)), SMALLEST_BANDWIDTH)
    return found


@jit
def improvement_weights(losses: FloatArray, bar: float) -> FloatArray:
    """Return `rules.improvement_weights` of the trials below, given the loss of the best one above."""
    n = losses.size
    weights = np.ones(n)
    if n == 0:
        return weights
    best, worst = losses[0], losses[n - 1]
    if not (math.isfinite(best) and math.isfinite(worst) and math.isfinite(bar) and best < bar):
        return weights
    largest = max(abs(best), abs(worst), abs(bar))
    unit = largest if largest > 1e150 or largest < 1e-150 else 1.0
    total = 0.0
    for c in range(n):
        weights[c] = (bar / unit - losses[c] / unit) / (bar / unit - best / unit)
        total += weights[c]
    for c in range(n):
        weights[c] *= n / total
    return weights


@jit
def _fit_below(
    numbers: IntArray,
    log_weight: FloatArray,
    smallest: FloatArray,
    endpoints: bool,
    choices: ChoiceTables,
    axes: Axes,
    kept: Kept,
) -> Mixture:
    """Fit the density of few trials, with bandwidths among themselves, and keep what is known of their kernels."""
    d, k = kept.z.shape[0], numbers.size
    z, distance, known = np.empty((d, k)), np.full((d, k), np.nan), np.full((3, d, k), np.nan)
    for c in range(k):
        at = 0
        while at < MOST_FEW and kept.few[at] != numbers[c]:
            at += 1
        for j in range(d):
            z[j, c] = kept.z[j, numbers[c]]
            if at < MOST_FEW:
                for part in range(3):
                    known[part, j, c] = kept.known_few[part, j, at]
    _distances_of_few(z, axes, endpoints, distance)
    mixture = fit(Observed(np.arange(k), z, distance, known), log_weight, smallest, choices, axes)
    for c in range(k):
        kept.few[c] = numbers[c]
        for j in range(d):
            for part in range(3):
                kept.known_few[part, j, c] = known[part, j, c]
    kept.few[k:] = -1
    return mixture


@jit
def _fit_above(
    ids: IntArray, log_weight: FloatArray, smallest: FloatArray, choices: ChoiceTables, axes: Axes, kept: Kept
) -> Kernels:
    """Fit the density above: `mixture.fit` without what is not needed to evaluate it."""
    d, k, n = axes.low.size, log_weight.size, ids.size
    mu, precision, row = np.zeros((d, k)), np.zeros((d, k)), np.full((d, k), -1)
    offset: FloatArray = log_weight.copy()
    n_grids = 0
    for j in range(d):
        if axes.n_choices[j] == 0:
            n_grids += axes.n_values[j]
    table = np.empty(choices.log_probability.size + n_grids * k)
    used = choices.log_probability.size
    for c in range(used):
        table[c] = choices.log_probability[c]
    for j in range(d):
        z, distance, known = kept.z[j], kept.distance[j], kept.known[:, j]
        if axes.n_choices[j] > 0:
            _choose_rows(ids, z, choices.first[j], choices.stride[j], choices.prior[j], row[j])
            continue
        if axes.n_values[j] > 0:
            used = _grid_rows(ids, z, distance, smallest[j], axes, j, row[j], table, used)
            continue
        lower, upper, cell = axes.lower[j], axes.upper[j], (axes.spread[j], axes.step[j])
        width, middle = upper - lower, 0.5 * (lower + upper)
        for c in range(k):
            i = ids[min(c, n - 1)] if n else 0
            is_missing = c >= n or z[i] != z[i]
            mean = middle if is_missing else z[i]
            deviation = width if is_missing else max(min(distance[i], width), smallest[j])
            if c >= n:
                scale, norm = kernel(mean, deviation, *cell, lower, upper)
            else:
                if known[0, i] != deviation:
                    known[1, i], known[2, i] = kernel(mean, deviation, *cell, lower, upper)
                    known[0, i] = deviation
                scale, norm = known[1, i], known[2, i]
            mu[j, c], precision[j, c] = mean, scale
            offset[c] -= norm
    return Kernels(offset, mu, precision, row, table[:used])


@jit
def _tables(smoothing: float, choices: ChoiceTables, axes: Axes) -> ChoiceTables:
    """Return the kernels of the choices for another smoothing; see `ChoiceTables.of`."""
    leak, rows = smoothing / (1.0 + smoothing), choices.log_probability.copy()
    for j in range(axes.n_choices.size):
        size = axes.n_choices[j]
        if size > 0:
            total = 1.0 + (size - 1) * leak
            for c in range(2 * size - 1):
                rows[choices.first[j] - size + 1 + c] = math.log(leak / total)
            rows[choices.first[j]] = -math.log(total)
    return ChoiceTables(rows, choices.first, choices.stride, choices.prior)


@jit
def log_weights(weights: FloatArray, prior_weight: float) -> FloatArray:
    """Return log mixture weights; see `estimator.log_weights`. A negative weight of the prior: there is none."""
    n = weights.size
    log_weight = np.empty(n + (prior_weight >= 0.0))
    total = max(prior_weight, 0.0)
    for c in range(n):
        total += weights[c]
    log_weight[:n] = weights
    if log_weight.size > n:
        log_weight[n] = prior_weight
    for c in range(log_weight.size):
        log_weight[c] = log_weight[c] / total if total > 0.0 else 1.0 / log_weight.size
    zero = log_weight <= 0.0
    log_block(log_weight, np.empty(log_weight.size))
    for c in range(log_weight.size):
        if zero[c]:
            log_weight[c] = -np.inf
    return log_weight


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
def first_largest(scores: FloatArray) -> int:
    """Return the first index of the largest score, or of the first NaN, as NumPy does."""
    best = 0
    for i in range(1, scores.size):
        if scores[best] == scores[best] and not scores[i] <= scores[best]:
            best = i
    return best


@jit
def _climb_along(point: FloatArray, below: Mixture, above: Mixture, power: float, axes: Axes, n_steps: int) -> None:
    """Let a point (d,) climb in its continuous coordinates, given the others; see `local_search.climb`."""
    free = np.flatnonzero(axes.n_values == 0)
    if free.size == 0:
        return
    start, low, high = np.empty(free.size), np.empty(free.size), np.empty(free.size)
    for f in range(free.size):
        start[f] = point[free[f]]
    scale = _scale(below.precision, free)
    _reach(start, scale, free, axes.low, axes.high, low, high)
    kernels_below = _given(point, below.offset, below.mu, below.precision, below.row, below.table, free)
    kernels_above = _given(point, above.offset, above.mu, above.precision, above.row, above.table, free)
    summit = _climb(*kernels_below, *kernels_above, power, start, scale, low, high, n_steps)
    for f in range(free.size):
        point[free[f]] = summit[f]


@exact
def _scale(precision: FloatArray, free: IntArray) -> FloatArray:
    """Return the units of steps in the free dimensions; see `hill_climb.climb`."""
    k = precision.shape[1]
    scale = np.empty(free.size)
    for f in range(free.size):
        scale[f] = SQRT_HALF / (_sum(precision[free[f]]) / k)
    return scale


@exact
def _sum(x: FloatArray) -> float:
    """Add up at most 128 numbers in the order in which NumPy does: eight sums side by side, then what is left over."""
    whole = x.size - x.size % LANES if x.size >= LANES else 0
    total = 0.0
    if whole:
        sums = x[:LANES].copy()
        for start in range(LANES, whole, LANES):
            for lane in range(LANES):
                sums[lane] += x[start + lane]
        left = (sums[0] + sums[1]) + (sums[2] + sums[3])
        total = left + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
    for c in range(whole, x.size):
        total += x[c]
    return total


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
        reach = REACH * scale[f]
        low[f], high[f] = max(lowest[free[f]], start[f] - reach), min(highest[free[f]], start[f] + reach)


@jit
def _given(
    point: FloatArray,
    offset: FloatArray,
    mu: FloatArray,
    precision: FloatArray,
    row: IntArray,
    table: FloatArray,
    free: IntArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return offsets (k,), means and precisions (f, k) over the free dimensions, given the others."""
    d, k = mu.shape
    if free.size == d:
        return offset, mu, precision
    rest: FloatArray = offset.copy()
    means, precisions = np.empty((free.size, k)), np.empty((free.size, k))
    f = 0
    for j in range(d):
        if f < free.size and free[f] == j:
            for c in range(k):
                means[f, c], precisions[f, c] = mu[j, c], precision[j, c]
            f += 1
        else:
            column = np.int64(point[j])
            for c in range(k):
                rest[c] += table[row[j, c] + column]
    return rest, means, precisions


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
