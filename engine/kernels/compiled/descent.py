"""Numba tier of `kernels.descent`, in three parts between which a function is evaluated: begin, propose, judge."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ...arrays import BoolArray, FloatArray
from .. import jit
from ..descent import SHORTER, SHORTEST, SUFFICIENT

SHARE, IS_NEW, VALUE, DOWNHILL, EXPECTED = range(5)  # of `Search.numbers`


class Search(NamedTuple):
    """The state of a search in p dimensions.

    Attributes
    ----------
    x, gradient
        The best point, and the gradient there, shape (p,).
    tried, new_gradient
        The point to evaluate, and room for the gradient there, shape (p,).
    low, high
        Bounds, shape (p,).
    hessian
        The inverse Hessian, shape (p, p).
    step, moved, change, product
        Room, shape (p,).
    free
        Which coordinates lie at no bound that holds them, shape (p,).
    numbers
        Share of the step, whether the Hessian is the first one, the value at x, slopes; shape (5,).
    """

    x: FloatArray
    gradient: FloatArray
    tried: FloatArray
    new_gradient: FloatArray
    low: FloatArray
    high: FloatArray
    hessian: FloatArray
    step: FloatArray
    moved: FloatArray
    change: FloatArray
    product: FloatArray
    free: BoolArray
    numbers: FloatArray


@jit
def new_search(low: FloatArray, high: FloatArray) -> Search:
    """Make room for a search within bounds."""
    p = low.size
    room = np.zeros((8, p))
    return Search(
        room[0], room[1], room[2], room[3], low, high, np.zeros((p, p)),
        room[4], room[5], room[6], room[7], np.zeros(p, dtype=np.bool_), np.zeros(5),
    )  # fmt: skip


@jit
def begin(search: Search, value: float, first_curvature: float, longest: float) -> None:
    """Begin at `x`, where value and `gradient` are known."""
    search.hessian[:] = 0.0
    for j in range(search.x.size):
        search.hessian[j, j] = 1.0 / first_curvature
    search.numbers[SHARE], search.numbers[IS_NEW], search.numbers[VALUE] = 1.0, 1.0, value
    _set_step(search, longest)


@jit
def propose(search: Search) -> bool:
    """Write the next point to `tried`; return False if there is none."""
    numbers = search.numbers
    if not (numbers[DOWNHILL] < 0.0 and numbers[SHARE] >= SHORTEST):
        return False
    expected = 0.0
    for j in range(search.x.size):
        to = search.x[j] + numbers[SHARE] * search.step[j]
        search.tried[j] = min(max(to, search.low[j]), search.high[j])
        search.moved[j] = search.tried[j] - search.x[j]
        expected += search.moved[j] * search.gradient[j]
    numbers[EXPECTED] = expected
    return True


@jit
def judge(search: Search, value: float, longest: float, least_gain: float) -> None:
    """Go to `tried`, where value and `new_gradient` are known, if it is low enough; else make the step shorter."""
    numbers = search.numbers
    if not value <= numbers[VALUE] + SUFFICIENT * min(numbers[EXPECTED], 0.0):
        numbers[SHARE] *= SHORTER
        return
    for j in range(search.x.size):
        search.change[j] = search.new_gradient[j] - search.gradient[j]
    _update(search)
    gain = numbers[VALUE] - value
    search.x[:], search.gradient[:] = search.tried, search.new_gradient
    numbers[SHARE], numbers[IS_NEW], numbers[VALUE] = 1.0, 0.0, value
    _set_step(search, longest)
    if gain < least_gain:
        numbers[DOWNHILL] = 0.0


@jit
def _set_step(search: Search, longest: float) -> None:
    """Write the step of the free coordinates, and its slope."""
    g, hessian, step, free = search.gradient, search.hessian, search.step, search.free
    p = g.size
    _find_free(search.x, g, search.low, search.high, free)
    downhill, square = 0.0, 0.0
    for i in range(p):
        total = 0.0
        if free[i]:
            for j in range(p):
                if free[j]:
                    total -= hessian[i, j] * g[j]
            downhill += total * g[i]
            square += g[i] * g[i]
        step[i] = total
    furthest = 1e-300
    for i in range(p):
        if downhill > -1e-12 * square:
            step[i] = -g[i] if free[i] else 0.0
        furthest = max(furthest, abs(step[i]))
    shorter = min(1.0, longest / furthest)
    downhill = 0.0
    for i in range(p):
        step[i] *= shorter
        downhill += step[i] * g[i]
    search.numbers[DOWNHILL] = downhill


@jit
def _find_free(x: FloatArray, g: FloatArray, low: FloatArray, high: FloatArray, free: BoolArray) -> None:
    """Write which coordinates lie at no bound that holds them.

    Once a step, on bare arrays: handing the whole search to a function costs as much as a hundred multiplications,
    since each of its arrays is counted.
    """
    for j in range(x.size):
        free[j] = not ((x[j] <= low[j] and g[j] > 0.0) or (x[j] >= high[j] and g[j] < 0.0))


@jit
def _update(search: Search) -> None:
    """Update the inverse Hessian by the step that was made."""
    hessian, s, y, hy = search.hessian, search.moved, search.change, search.product
    p = s.size
    curvature, length, moved = 0.0, 0.0, 0.0
    for j in range(p):
        curvature += s[j] * y[j]
        length += y[j] * y[j]
        moved += s[j] * s[j]
    if not curvature > 1e-10 * math.sqrt(length * moved):
        return
    if search.numbers[IS_NEW] > 0.0:
        hessian[:] = 0.0
        for j in range(p):
            hessian[j, j] = curvature / length
    yhy = 0.0
    for i in range(p):
        total = 0.0
        for j in range(p):
            total += hessian[i, j] * y[j]
        hy[i] = total
        yhy += y[i] * total
    rho = 1.0 / curvature
    outer = rho + rho * rho * yhy
    for i in range(p):
        for j in range(p):
            hessian[i, j] += outer * s[i] * s[j] - rho * (hy[i] * s[j] + s[i] * hy[j])
