"""Minimises k functions at once within bounds: BFGS on the coordinates that are free, with backtracking.

The functions are evaluated together, so that one call of NumPy serves all of them. A coordinate that lies at a bound
and would leave it stays there for the step (Bertsekas, "Projected Newton methods", 1982). Few evaluations are meant:
there is no test of convergence but for a step that gains nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..arrays import FloatArray, IntArray

SUFFICIENT = 1e-4  # share of the expected decrease that a step must bring (Armijo)
SHORTER = 0.3
SHORTEST = 1e-4  # steps, as shares of the whole one, below which a function is given up
Evaluate = Callable[[FloatArray, IntArray], tuple[FloatArray, FloatArray]]


class Rules(NamedTuple):
    """How to minimise.

    Attributes
    ----------
    n_evaluations
        Most evaluations of each function.
    first_curvature
        What the second derivatives are assumed to be at first.
    longest
        How far a coordinate moves at most in one step.
    least_gain
        A step that gains less ends the search.
    """

    n_evaluations: int
    first_curvature: float
    longest: float
    least_gain: float


def minimise(
    evaluate: Evaluate,
    start: FloatArray,
    low: FloatArray | float,
    high: FloatArray | float,
    rules: Rules,
) -> tuple[FloatArray, FloatArray]:
    """Minimise from several starts.

    Parameters
    ----------
    evaluate
        Takes points (m, p) and which of the k functions they belong to (m,); gives values (m,) and gradients (m, p).
    start
        Shape (k, p), within the bounds.
    low, high
        Bounds.
    rules
        How.

    Returns
    -------
    x, f
        The best points found, (k, p), and their values (k,).
    """
    k, p = start.shape
    x, active = start.copy(), np.arange(k)
    f, g = evaluate(x, active)
    inverse_hessian = np.tile(np.eye(p) / rules.first_curvature, (k, 1, 1))
    is_new = np.ones(k, dtype=bool)
    share = np.ones(k)
    step = _steps(x, g, inverse_hessian, low, high, rules.longest)
    for _ in range(rules.n_evaluations - 1):
        active = active[(np.einsum("ij,ij->i", step[active], g[active]) < 0.0) & (share[active] >= SHORTEST)]
        if not len(active):
            break
        tried = np.minimum(np.maximum(x[active] + share[active, None] * step[active], low), high)
        value, gradient = evaluate(tried, active)
        moved = tried - x[active]
        expected = np.einsum("ij,ij->i", moved, g[active])
        fits = value <= f[active] + SUFFICIENT * np.minimum(expected, 0.0)
        share[active[~fits]] *= SHORTER
        better = active[fits]
        if len(better):
            s, change = moved[fits], gradient[fits] - g[better]
            gain = f[better] - value[fits]
            inverse_hessian[better] = _updated(inverse_hessian[better], s, change, is_new[better])
            x[better], f[better], g[better] = tried[fits], value[fits], gradient[fits]
            is_new[better], share[better] = False, 1.0
            step[better] = _steps(x[better], g[better], inverse_hessian[better], low, high, rules.longest)
            step[better[gain < rules.least_gain]] = 0.0
    return x, f


def _steps(
    x: FloatArray,
    g: FloatArray,
    inverse_hessian: FloatArray,
    low: FloatArray | float,
    high: FloatArray | float,
    longest: float,
) -> FloatArray:
    """Give the quasi-Newton steps (k, p) of the free coordinates; that of steepest descent where one would ascend."""
    free = ~(((x <= low) & (g > 0.0)) | ((x >= high) & (g < 0.0)))
    slope = np.where(free, g, 0.0)
    step = np.where(free, -np.einsum("kij,kj->ki", inverse_hessian, slope), 0.0)
    ascends = np.einsum("ki,ki->k", step, slope) > -1e-12 * np.einsum("ki,ki->k", slope, slope)
    step[ascends] = -slope[ascends]
    furthest = np.abs(step).max(axis=1, initial=1e-300, keepdims=True)
    return np.asarray(step * np.minimum(1.0, longest / furthest))


def _updated(inverse_hessian: FloatArray, s: FloatArray, y: FloatArray, is_new: FloatArray) -> FloatArray:
    """Update inverse Hessians (k, p, p) by steps s and changes of gradients y, (k, p) each.

    Nocedal and Wright, "Numerical optimization" (2006), eq. 6.17; the first is scaled by eq. 6.20. Where the curvature
    along the step is not positive, it stays.
    """
    curvature = np.einsum("ki,ki->k", s, y)
    length = np.einsum("ki,ki->k", y, y)
    fits = curvature > 1e-10 * np.sqrt(length * np.einsum("ki,ki->k", s, s))
    rho = np.where(fits, 1.0 / np.where(fits, curvature, 1.0), 0.0)
    scaled = is_new & fits
    if scaled.any():
        p = s.shape[1]
        inverse_hessian[scaled] = (curvature[scaled] / length[scaled])[:, None, None] * np.eye(p)
    hy = np.einsum("kij,kj->ki", inverse_hessian, y)
    yhy = np.einsum("ki,ki->k", y, hy)
    cross = hy[:, :, None] * s[:, None, :]
    update = ((rho + rho * rho * yhy)[:, None, None] * s[:, :, None] * s[:, None, :]) - rho[:, None, None] * (
        cross + cross.transpose(0, 2, 1)
    )
    return np.asarray(inverse_hessian + update)
