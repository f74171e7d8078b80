"""TPE's part in a trial that starts: a point of the joint density, or children of the trials below, in one call.

Both densities are fitted, candidates drawn and scored, and of the joint density the best one climbs. What is done is
written down in `samplers.tpe`, whose parts choose the same points. What is kept between calls lies in arrays by trial
number that the caller holds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...arrays import FloatArray, IntArray
from .. import exact, jit
from ..axes import Axes
from ..categorical import ChoiceTables
from ..mixture import Kept
from .densities import (
    Kernels,
    default_weights,
    fit_above,
    fit_below,
    improvement_weights,
    log_weights,
    smallest,
    tables,
    thinned,
    update,
)
from .local_search import climb_along
from .log_density import fill_log_density
from .mixture import _draw, _snap
from .philox import Stream, fill_integers, fill_uniform, stream_of, uniforms

FEW = 128  # kernels up to which their order does not matter


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
    best_above: IntArray,
    n_newest: int,
    limit: int,
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
    best_above, n_newest, limit
        Which of the trials above stay, and how many of the newest, if there are more than the limit: see `thinned`.
    ids, weights
        Those that stand for all trials above, and their weights, if the sorted columns are up to date; empty: they are
        found here, by `rules.default_weights`.
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
    below = fit_below(
        below_numbers,
        log_weights(weights_below, prior_weight if has_prior or n_below == 0 else -1.0),
        smallest(axes, n_below + has_prior, least_parts, most_parts),
        endpoints,
        tables(prior_weight / (n_below + 1) if has_own else smoothing, choices, axes),
        axes,
        kept,
    )
    n_above = n_ranked - n_below + running.size
    if ids.size == 0:
        ids = update(n, below_numbers, running, endpoints, axes, kept)
        if n_above > limit:
            ids, weights = thinned(ids, best_above, n_newest, limit, kept.depth)
        else:
            weights = default_weights(n_above)
    above = fit_above(
        ids,
        log_weights(weights, prior_weight if has_prior or n_above == 0 else -1.0),
        smallest(axes, n_above + has_prior, least_parts, most_parts),
        tables(prior_weight / (n_above + 1) if has_own else smoothing, choices, axes),
        axes,
        kept,
    )
    uniform = u[1:].reshape((n_candidates, 1 + d))
    z = _draw(below.log_weight, below.mu, below.sigma, below.row, below.table, axes, uniform, 1)
    log_below, log_above = np.empty(n_candidates), np.empty(n_candidates)
    fill_log_density(below.offset, below.mu, below.precision, below.row, below.table, z, log_below)
    fill_log_density(above.offset, above.mu, above.precision, above.row, above.table, z, log_above)
    point: FloatArray = z[first_largest(log_below - power * log_above)]
    if is_bold:
        climb_along(point, below, above, power, axes, n_steps)
    decode(point, axes, point)
    return point


@jit
def rate_children(
    key: npt.NDArray[np.uint64],
    number: int,
    n_candidates: int,
    caution: float,
    crossed: float,
    power: float,
    n: int,
    below_numbers: IntArray,
    n_above: int,
    running: IntArray,
    best_above: IntArray,
    n_newest: int,
    limit: int,
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
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Make children of the trials below, and score them by the densities of each dimension.

    Parameters
    ----------
    crossed
        See `inherited`.
    below_numbers
        Numbers of the trials below, at least one.
    n_above
        How many trials are above, more than `ids` where these stand for all.
    others
        As in `ask`.

    Returns
    -------
    z, x, scores
        Children (c, d) in kernel and in model coordinates, and scores (c,).
    """
    d, n_below, stream = axes.low.size, below_numbers.size, stream_of(key, 0, number)
    u = np.empty(1 + n_candidates * 2 * d)
    fill_uniform(stream, u)
    has_own = u[0] >= caution or smoothing < 0.0
    parent = inherited(stream, below_numbers, crossed, n_candidates, d)
    below = fit_below(
        below_numbers,
        log_weights(np.ones(n_below), prior_weight if has_prior else -1.0),
        smallest(axes, n_below + has_prior, least_parts, most_parts),
        endpoints,
        tables(prior_weight / (n_below + 1) if has_own else smoothing, choices, axes),
        axes,
        kept,
    )
    if ids.size == 0:
        ids = update(n, below_numbers, running, endpoints, axes, kept)
        if n_above > limit:
            ids, weights = thinned(ids, best_above, n_newest, limit, kept.depth)
        else:
            weights = default_weights(n_above)
    log_weight = log_weights(weights, prior_weight if has_prior or n_above == 0 else -1.0)
    above = fit_above(
        ids,
        log_weight,
        smallest(axes, n_above + has_prior, least_parts, most_parts),
        tables(prior_weight / (n_above + 1) if has_own else smoothing, choices, axes),
        axes,
        kept,
    )
    z = _draw(
        below.log_weight, below.mu, below.sigma, below.row, below.table, axes, u[1:].reshape((n_candidates, 2 * d)), d
    )
    x, scores = np.empty(z.shape), np.zeros(n_candidates)
    for c in range(n_candidates):
        for j in range(d):
            if parent[c, j] >= 0 and kept.z[j, parent[c, j]] == kept.z[j, parent[c, j]]:
                z[c, j] = kept.z[j, parent[c, j]]
        decode(z[c], axes, x[c])
    place = np.empty(kept.counts.size, np.int64)
    for c in range(ids.size):
        place[ids[c]] = c
    log_below, log_above, at = np.empty(n_candidates), np.empty(n_candidates), np.empty(n_candidates, np.int64)
    for j in range(d):
        different = _different(z[:, j], at)  # children share the coordinates of few parents
        size = len(different)
        offset, mu, precision = below.log_weight - below.norm[j], below.mu[j : j + 1], below.precision[j : j + 1]
        fill_log_density(offset, mu, precision, below.row[j : j + 1], below.table, different, log_below[:size])
        _log_marginal_of_many(j, ids, place, log_weight, above, axes, kept, different, log_above[:size])
        for c in range(n_candidates):
            scores[c] += log_below[at[c]] - power * log_above[at[c]]
    return z, x, scores


@jit
def inherited(stream: Stream, numbers: IntArray, crossed: float, n: int, d: int) -> IntArray:
    """Choose whose coordinates n children have (n, d): the number of one of the trials below, or -1 for none.

    See `recombination.sources`, whose share of children with two parents is `crossed`.
    """
    first, second, own = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    has_two, is_second, is_own, share = np.empty(n), np.empty(n * d), np.empty(n * d), np.empty(n)
    fill_integers(stream, numbers.size, first)
    fill_integers(stream, numbers.size, second)
    for part in (has_two, is_second, is_own, share):
        fill_uniform(stream, part)
    fill_integers(stream, d, own)
    parent = np.empty((n, d), np.int64)
    for c in range(n):
        least = float(d) ** -share[c]
        for j in range(d):
            whose = second[c] if is_second[c * d + j] < 0.5 and has_two[c] < crossed else first[c]
            parent[c, j] = -1 if is_own[c * d + j] < least or j == own[c] else numbers[whose]
    return parent


@jit
def _different(z: FloatArray, at: IntArray) -> FloatArray:
    """Return the k different ones of coordinates (n,), shape (k, 1); fill in at which place (n,) each of them is."""
    found, size = np.empty((z.size, 1)), 0
    for c in range(z.size):
        at[c] = 0
        while at[c] < size and found[at[c], 0] != z[c]:
            at[c] += 1
        if at[c] == size:
            found[size, 0] = z[c]
            size += 1
    return found[:size]


@jit
def _log_marginal_of_many(
    j: int,
    ids: IntArray,
    place: IntArray,
    log_weight: FloatArray,
    density: Kernels,
    axes: Axes,
    kept: Kept,
    z: FloatArray,
    out: FloatArray,
) -> None:
    """Fill `out` (n,) with the log-density of dimension j at z (n, 1), with neighbours side by side.

    Far blocks are then given up. `place` tells where a trial stands among `ids`.
    """
    k = log_weight.size
    offset, mu, precision = np.empty(k), np.empty((1, k)), np.empty((1, k))
    is_sorted = k > FEW and axes.n_values[j] == 0 and kept.n_listed[j] == ids.size
    for c in range(k):
        turn = place[kept.order[j, c]] if is_sorted and c < ids.size else c
        offset[c] = log_weight[turn] - density.norm[j, turn]
        mu[0, c], precision[0, c] = density.mu[j, turn], density.precision[j, turn]
    fill_log_density(offset, mu, precision, density.row[j : j + 1], density.table, z, out)


@jit
def first_largest(scores: FloatArray) -> int:
    """Return the first index of the largest score, or of the first NaN, as NumPy does."""
    best = 0
    for i in range(1, scores.size):
        if scores[best] == scores[best] and not scores[i] <= scores[best]:
            best = i
    return best


@exact
def decode(z: FloatArray, axes: Axes, x: FloatArray) -> None:
    """Fill in the model coordinates of a point (d,), on the grids where there are any; see `axes.decode`."""
    for j in range(z.size):
        x[j] = z[j]
        if axes.n_values[j] > 0 and axes.n_choices[j] == 0:
            x[j] = axes.points[axes.start[j] + np.int64(z[j])]
        elif axes.n_values[j] == 0 and axes.step[j] != 0.0:
            x[j] = _snap(z[j], axes.low[j], axes.step[j])
