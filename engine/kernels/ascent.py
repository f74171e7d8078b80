"""Climbs on an acquisition made of Gaussian processes, from several points at once along its slope (NumPy tier).

The acquisition is a sum of logarithms, one for each model: of the expected improvement, or of the probability that a
quantity is at most so large. Only some of a point's numbers move; they lie in [0, 1].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import BoolArray, FloatArray, IntArray
from .covariance import matern_and_slope
from .descent import Rules, minimise
from .gaussian_process import LEAST_VARIANCE
from .improvement import log_expected_improvement, log_probability_below
from .matrices import product

IMPROVEMENT, PROBABILITY = 0, 1


class Stack(NamedTuple):
    """M models of N observations in all, one after the other.

    Attributes
    ----------
    kinds
        `IMPROVEMENT` or `PROBABILITY`, shape (M,).
    begins
        Where the observations of each model begin, and the end, shape (M + 1,).
    numbers
        The observations' numbers, shape (p, N).
    precision
        l^-2 of each number, shape (M, p).
    alpha
        Shape (N,).
    half
        L^-1 of each model, row by row, shape (sum of n^2,).
    half_transposed
        The same, column by column.
    constants
        Mean, scale, what is to be improved on or not to be exceeded, and deviation of the noise, shape (M, 4).
    """

    kinds: IntArray
    begins: IntArray
    numbers: FloatArray
    precision: FloatArray
    alpha: FloatArray
    half: FloatArray
    half_transposed: FloatArray
    constants: FloatArray


def ascend(
    stack: Stack, start: FloatArray, apart: FloatArray, moves: BoolArray, rules: Rules
) -> tuple[FloatArray, FloatArray]:
    """Climb from k points.

    Parameters
    ----------
    stack
        The models.
    start
        Numbers of the points, shape (k, p).
    apart
        The part of r^2 that the choices make, from each point to each observation, shape (k, N).
    moves
        Which numbers move, shape (k, p).
    rules
        How to climb.

    Returns
    -------
    numbers, heights
        Shapes (k, p) and (k,): of the highest points found.
    """

    def evaluate(x: FloatArray, which: IntArray) -> tuple[FloatArray, FloatArray]:
        value, gradient = value_and_gradient(stack, x, apart[which])
        return -value, np.where(moves[which], -gradient, 0.0)

    found, value = minimise(evaluate, start, 0.0, 1.0, rules)
    return found, -value


def value_and_gradient(stack: Stack, x: FloatArray, apart: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the acquisition (k,) at numbers x (k, p), and its gradient (k, p); `apart` as in `ascend`."""
    value, gradient = np.zeros(len(x)), np.zeros_like(x)
    place = 0
    for m, kind in enumerate(stack.kinds.tolist()):
        part = slice(stack.begins[m], stack.begins[m + 1])
        n = int(stack.begins[m + 1] - stack.begins[m])
        half = stack.half[place : place + n * n].reshape(n, n)
        place += n * n
        mean, scale, best, noise = stack.constants[m].tolist()
        difference = x[:, :, None] - stack.numbers[:, part]
        squared = apart[:, part] + np.einsum("kpn,kpn,p->kn", difference, difference, stack.precision[m])
        cross, slope = matern_and_slope(squared)
        whitened = product(cross, half.T)  # 1 - k' C^-1 k by its square: C^-1 itself would lose twice the digits
        solved = product(whitened, half)
        sd = np.sqrt(scale * np.maximum(1.0 - np.einsum("kn,kn->k", whitened, whitened), LEAST_VARIANCE))
        at = mean + cross @ stack.alpha[part]
        if kind == IMPROVEMENT:
            found, by_mean, by_sd = log_expected_improvement(at, sd, best, noise)
        else:
            found, by_mean, by_sd = log_probability_below(at, sd, best)
        # d sd = d var / (2 sd), and d var = -2 scale k' C^-1 dk; r^2 changes by 2 (x - y) / l^2
        weight = (by_mean[:, None] * stack.alpha[part] - (by_sd * scale / sd)[:, None] * solved) * slope
        value += found
        gradient += 2.0 * np.einsum("kn,kpn,p->kp", weight, difference, stack.precision[m])
    return value, gradient
