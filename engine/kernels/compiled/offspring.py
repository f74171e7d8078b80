"""Numba tier of `kernels.offspring`: the children of a generation, one after the other."""

from __future__ import annotations

import numpy as np

from ...arrays import BoolArray, FloatArray, IntArray
from .. import jit
from ..cube import Scale
from ..offspring import MUTANTS, inherited


@jit
def offspring(
    points: FloatArray,
    grades: IntArray,
    is_choice: BoolArray,
    swap: FloatArray,
    crossover_prob: float,
    mutation_prob: float,
    eta: float,
    u: FloatArray,
) -> tuple[FloatArray, IntArray]:
    """Make children (n, d) of points (d, k), and tell whose their coordinates are; see the NumPy tier."""
    d, k = points.shape
    n = u.shape[0]
    children, source = np.empty((n, d)), np.empty((n, d), np.int64)
    for i in range(n):
        x, y = int(u[i, 0] * k), int(u[i, 1] * k)
        first = y if grades[y] < grades[x] else x
        x, y = int(u[i, 2] * (k - 1)), int(u[i, 3] * (k - 1))
        x += x >= first
        y += y >= first
        second = y if grades[y] < grades[x] else x
        is_crossed = u[i, 4] < crossover_prob
        n_there, like_first, like_second, least = 0, True, True, -1
        for j in range(d):
            own, other = points[j, first], points[j, second]
            owner, another = first, second
            if np.isnan(own):
                own, owner = other, second
            if np.isnan(other):
                other, another = own, owner
            if is_crossed and u[i, 5 + j] < swap[j]:
                children[i, j], source[i, j] = other, another
            else:
                children[i, j], source[i, j] = own, owner
            if np.isnan(own):
                source[i, j] = -1
                continue
            n_there += 1
            like_first = like_first and children[i, j] == own
            like_second = like_second and children[i, j] == other
            if least < 0 or u[i, 5 + d + j] < u[i, 5 + d + least]:
                least = j
        if n_there == 0:
            continue
        probability = 1.0 / n_there if mutation_prob < 0 else mutation_prob
        if mutation_prob < 0 and (like_first or like_second):  # not again what its parent was
            probability = max(probability, np.nextafter(u[i, 5 + d + least], 2.0))
        for j in range(d):
            if source[i, j] >= 0 and u[i, 5 + d + j] < probability:
                source[i, j] = -1
                v, z = u[i, 5 + 2 * d + j], children[i, j]
                if is_choice[j]:
                    children[i, j] = v
                elif v < 0.5:
                    step = 1 - (2 * v + (1 - 2 * v) * (1 - z) ** (eta + 1)) ** (1 / (eta + 1))
                    children[i, j] = np.rint(min(max(z - step, 0.0), 1.0) * MUTANTS) / MUTANTS
                else:
                    step = 1 - (2 - 2 * v + (2 * v - 1) * z ** (eta + 1)) ** (1 / (eta + 1))
                    children[i, j] = np.rint(min(max(z + step, 0.0), 1.0) * MUTANTS) / MUTANTS
    return children, source


def litter(
    values: FloatArray,
    share: FloatArray,
    scale: Scale,
    grades: IntArray,
    is_choice: BoolArray,
    swap: FloatArray,
    crossover_prob: float,
    mutation_prob: float,
    eta: float,
    u: FloatArray,
) -> FloatArray:
    """Make children (d, n) of values (d, k); see the NumPy tier."""
    points = _to_unit(values, share, *scale)
    return inherited(values, scale, *offspring(points, grades, is_choice, swap, crossover_prob, mutation_prob, eta, u))


@jit
def _to_unit(
    values: FloatArray,
    share: FloatArray,
    low: FloatArray,
    high: FloatArray,
    spacing: FloatArray,
    is_log: BoolArray,
    lower: FloatArray,
    width: FloatArray,
) -> FloatArray:
    """Turn values into points (d, k) of the unit cube; NaN outside of the ranges."""
    d, k = values.shape
    points = np.empty((d, k))
    for j in range(d):
        half = spacing[j] / 2
        for i in range(k):
            x = values[j, i]
            if half > 0:
                left, right = x - half, x + half
                if is_log[j]:
                    left, right = np.log(left), np.log(right)
                x = left + share[j, i] * (right - left)
            elif is_log[j]:
                x = np.log(x)
            x = (x - lower[j]) / width[j]
            x = 0.0 if x < 0.0 else 1.0 if x > 1.0 else x
            points[j, i] = x if low[j] <= values[j, i] <= high[j] else np.nan
    return points
