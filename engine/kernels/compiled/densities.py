"""The densities below and above, fitted to what is `Kept` between asks: the rules of `samplers.tpe` as loops."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...arrays import FloatArray, IntArray
from .. import jit
from ..axes import Axes
from ..categorical import ChoiceTables
from ..mixture import MOST_FEW, Kept, Mixture, Observed
from .mixture import _choose_rows, _grid_rows, center, fit
from .neighbours import change, distances_of_few
from .normal import log_block
from .normalisers import normalise

SMALLEST_BANDWIDTH = 1e-12  # see `rules.RangeClip`
N_FULL = 25  # newest trials that weigh 1 each; see `rules.default_weights`
LANES = 8


class Kernels(NamedTuple):
    """What a `Mixture` has that it takes to evaluate it."""

    norm: FloatArray
    offset: FloatArray
    mu: FloatArray
    precision: FloatArray
    row: IntArray
    table: FloatArray


@jit
def fit_below(
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
    z, distance, known = np.empty((d, k)), np.full((d, k), np.nan), np.full((3, d, k + 1), np.nan)
    for c in range(k):
        at = 0
        while at < MOST_FEW and kept.few[at] != numbers[c]:
            at += 1
        for j in range(d):
            z[j, c] = kept.z[j, numbers[c]]
            if at < MOST_FEW:
                for part in range(3):
                    known[part, j, c] = kept.known_few[part, j, at]
    for part in range(3):
        for j in range(d):
            known[part, j, k] = kept.known_few[part, j, MOST_FEW]
    distances_of_few(z, axes, endpoints, distance)
    mixture = fit(Observed(np.arange(k), z, distance, known), log_weight, smallest, choices, axes)
    for c in range(k):
        kept.few[c] = numbers[c]
        for j in range(d):
            for part in range(3):
                kept.known_few[part, j, c] = known[part, j, c]
    kept.few[k:] = -1
    for part in range(3):
        for j in range(d):
            kept.known_few[part, j, MOST_FEW] = known[part, j, k]
    return mixture


@jit
def fit_above(
    ids: IntArray, log_weight: FloatArray, smallest: FloatArray, choices: ChoiceTables, axes: Axes, kept: Kept
) -> Kernels:
    """Fit the density above: `mixture.fit` without what is not needed to evaluate it."""
    d, k = axes.low.size, log_weight.size
    mu, precision, norms, row = np.zeros((d, k)), np.zeros((d, k)), np.zeros((d, k)), np.full((d, k), -1)
    offset, sigma = log_weight.copy(), np.empty((d, k))
    n_grids = 0
    for j in range(d):
        if axes.n_choices[j] == 0:
            n_grids += axes.n_values[j]
    table = np.empty(choices.log_probability.size + n_grids * k)
    used = choices.log_probability.size
    for c in range(used):
        table[c] = choices.log_probability[c]
    for j in range(d):
        z, distance = kept.z[j], kept.distance[j]
        if axes.n_choices[j] > 0:
            _choose_rows(ids, z, choices.first[j], choices.stride[j], choices.prior[j], row[j])
            continue
        if axes.n_values[j] > 0:
            used = _grid_rows(ids, z, distance, smallest[j], axes, j, row[j], table, used)
            continue
        center(ids, z, distance, smallest[j], axes.lower[j], axes.upper[j], mu[j], sigma[j])
    normalise(ids, mu, sigma, axes, kept.known, precision, norms, offset)
    return Kernels(norms, offset, mu, precision, row, table[:used])


@jit
def update(n: int, below_numbers: IntArray, running: IntArray, endpoints: bool, axes: Axes, kept: Kept) -> IntArray:
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
def thinned(
    ids: IntArray, best: IntArray, n_newest: int, limit: int, depth: npt.NDArray[np.int8]
) -> tuple[IntArray, FloatArray]:
    """Choose some of many trials above, more than `limit`, and weigh them; see `samplers.tpe.coreset`.

    The `best` and the newest stay, the others stand for those that are left out.
    """
    n, level = ids.size, max(0, int(math.log2(ids.size / limit)))
    is_exact, n_exact = np.zeros(depth.size, np.bool_), 0
    for some in (best, ids[n - n_newest :]):
        for i in some:
            n_exact += not is_exact[i]
            is_exact[i] = True
    reaching, n_sample = np.zeros(64, np.int64), 0
    for i in ids:
        if depth[i] >= level and not is_exact[i]:
            reaching[depth[i]] += 1
            n_sample += 1
    while n_sample > limit - n_exact:
        n_sample -= reaching[level]
        level += 1
    chosen, weights, size = np.empty(n_exact + n_sample, np.int64), np.empty(n_exact + n_sample), 0
    exact = left = 0.0
    for c in range(n):
        if depth[ids[c]] >= level or is_exact[ids[c]]:
            chosen[size], weights[size] = ids[c], default_weight(c, n)
            if is_exact[ids[c]]:
                exact += weights[size]
            else:
                left += weights[size]
            size += 1
    scale = (total_weight(n) - exact) / left if left > 0.0 else 1.0
    for c in range(size):
        if not is_exact[chosen[c]]:
            weights[c] *= scale
    return chosen, weights


@jit
def total_weight(n: int) -> float:
    """Return the sum of `default_weights`, those of the old trials added up side by side."""
    total, n_old = np.zeros(LANES), max(n - N_FULL, 0)
    whole = n_old - n_old % LANES
    for start in range(0, whole, LANES):
        for lane in range(LANES):
            total[lane] += old_weight(start + lane, n)
    for c in range(whole, n_old):
        total[0] += old_weight(c, n)
    return float(total.sum()) + min(n, N_FULL)


@jit
def tables(smoothing: float, choices: ChoiceTables, axes: Axes) -> ChoiceTables:
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
def smallest(axes: Axes, n: int, least_parts: int, most_parts: int) -> FloatArray:
    """Return the smallest bandwidths (d,) among n components; see `rules.RangeClip`."""
    found = np.empty(axes.low.size)
    for j in range(found.size):
        width = axes.upper[j] - axes.lower[j]
        found[j] = max(width / min(most_parts, max(least_parts, 1 + n)), SMALLEST_BANDWIDTH)
    return found


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
def default_weights(n: int) -> FloatArray:
    """Return `rules.default_weights`."""
    weights = np.empty(n)
    for c in range(n):
        weights[c] = default_weight(c, n)
    return weights


@jit
def default_weight(c: int, n: int) -> float:
    """Return one of `default_weights`."""
    return 1.0 if c >= n - N_FULL else old_weight(c, n)


@jit
def old_weight(c: int, n: int) -> float:
    """Return the weight of one of the trials before the newest `N_FULL`."""
    return c * ((1.0 - 1.0 / n) / max(n - N_FULL - 1, 1)) + 1.0 / n


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
