"""Numba tier of `kernels.ascent`: all climbs in one call, one after the other."""

from __future__ import annotations

import math

import numpy as np

from ...arrays import BoolArray, FloatArray, IntArray
from .. import jit
from ..ascent import IMPROVEMENT, Stack
from ..descent import Rules
from ..gaussian_process import LEAST_VARIANCE
from ..improvement import FAR
from ..truncnorm import LOG_SQRT_2PI, SQRT_2PI
from .descent import VALUE, begin, judge, new_search, propose
from .gaussian_process import matern_block, times_lower, times_upper
from .normal import log_tail, mills_ratio


def ascend(
    stack: Stack, start: FloatArray, apart: FloatArray, moves: BoolArray, rules: Rules
) -> tuple[FloatArray, FloatArray]:
    """Climb from k points at once; see `kernels.ascent.ascend`."""
    return _ascend(*stack, start, apart, moves, *rules)  # type: ignore[no-any-return]


@jit
def _ascend(
    kinds: IntArray,
    begins: IntArray,
    numbers: FloatArray,
    precision: FloatArray,
    alpha: FloatArray,
    half: FloatArray,
    half_transposed: FloatArray,
    constants: FloatArray,
    start: FloatArray,
    apart: FloatArray,
    moves: BoolArray,
    n_evaluations: int,
    first_curvature: float,
    longest: float,
    least_gain: float,
) -> tuple[FloatArray, FloatArray]:
    k, p = start.shape
    best, height = start.copy(), np.empty(k)
    n_most = 0
    for m in range(kinds.size):
        n_most = max(n_most, begins[m + 1] - begins[m])
    work = np.empty((6, n_most))
    models = (kinds, begins, numbers, precision, alpha, half, half_transposed, constants)
    search = new_search(np.zeros(p), np.ones(p))
    for c in range(k):
        search.x[:] = start[c]
        value = _descent_value(models, search.x, apart[c], moves[c], work, search.gradient)
        begin(search, value, first_curvature, longest)
        for _ in range(n_evaluations - 1):
            if not propose(search):
                break
            value = _descent_value(models, search.tried, apart[c], moves[c], work, search.new_gradient)
            judge(search, value, longest, least_gain)
        best[c], height[c] = search.x, -search.numbers[VALUE]
    return best, height


@jit
def _descent_value(
    models: tuple[IntArray, IntArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray],
    x: FloatArray,
    apart: FloatArray,
    moves: BoolArray,
    work: FloatArray,
    gradient: FloatArray,
) -> float:
    """Return minus the acquisition at x (p,), and write its gradient by the numbers that move."""
    kinds, begins, numbers, precision, alpha, half, half_transposed, constants = models
    gradient[:] = 0.0
    found, place = 0.0, 0
    for m in range(kinds.size):
        a, b = begins[m], begins[m + 1]
        n = b - a
        squared, value, slope, scratch = work[0, :n], work[1, :n], work[2, :n], work[3, :n]
        whitened, solved = work[4, :n], work[5, :n]
        squared[:] = apart[a:b]
        for j in range(x.size):
            column, here, share = numbers[j, a:b], x[j], precision[m, j]
            for i in range(n):
                squared[i] += (here - column[i]) * (here - column[i]) * share
        matern_block(squared, value, slope, scratch)
        times_lower(half_transposed[place : place + n * n].reshape((n, n)), value, whitened)
        times_upper(half[place : place + n * n].reshape((n, n)), whitened, solved)
        place += n * n
        mean, scale, best, noise = constants[m, 0], constants[m, 1], constants[m, 2], constants[m, 3]
        explained, weights = 0.0, alpha[a:b]
        for i in range(n):
            explained += whitened[i] * whitened[i]
            mean += value[i] * weights[i]
        sd = math.sqrt(scale * max(1.0 - explained, LEAST_VARIANCE))
        if kinds[m] == IMPROVEMENT:
            log_value, by_mean, by_sd = improvement(mean, sd, best, noise)
        else:
            log_value, by_mean, by_sd = _below(mean, sd, best)
        found -= log_value
        of_variance = -by_sd * scale / sd
        total = 0.0
        for i in range(n):
            slope[i] *= by_mean * weights[i] + of_variance * solved[i]
            total += slope[i]
        for j in range(x.size):
            if moves[j]:
                column, pulled = numbers[j, a:b], 0.0
                for i in range(n):
                    pulled += slope[i] * column[i]
                gradient[j] -= 2.0 * (total * x[j] - pulled) * precision[m, j]
    return found


@jit
def improvement(mean: float, sd: float, best: float, noise: float) -> tuple[float, float, float]:
    """See `improvement.log_expected_improvement`."""
    u = (best - mean) / sd
    if u < 0.0:
        z = -u
        mills = mills_ratio(z)
        w = 1.0 / max(z, FAR) ** 2
        rest = 1.0 - z * mills if z < FAR else w * (1.0 - w * (3.0 - w * (15.0 - 105.0 * w)))
        value, cumulative, density = -0.5 * z * z - LOG_SQRT_2PI + math.log(rest), mills / rest, 1.0 / rest
    else:
        phi = math.exp(-0.5 * min(u, 40.0) ** 2) / SQRT_2PI
        whole = 1.0 - phi * mills_ratio(u)
        h = phi + u * whole
        value, cumulative, density = math.log(h), whole / h, phi / h
    value += math.log(sd)
    by_sd = density / sd
    if noise > 0.0:
        w = math.hypot(sd, noise)
        value += 2.0 * math.log(sd) - math.log(w) - math.log(w + noise)
        by_sd += 2.0 / sd - sd / (w * w) - sd / (w * (w + noise))
    return value, -cumulative / sd, by_sd


@jit
def _below(mean: float, sd: float, zero: float) -> tuple[float, float, float]:
    """See `improvement.log_probability_below`."""
    u = (zero - mean) / sd
    smaller = log_tail(abs(u))
    if u < 0.0:
        value, ratio = smaller, 1.0 / mills_ratio(-u)
    else:
        value = math.log1p(-math.exp(smaller))
        ratio = math.exp(-0.5 * min(u, 40.0) ** 2 - LOG_SQRT_2PI) / -math.expm1(smaller)
    return value, -ratio / sd, -ratio * u / sd
