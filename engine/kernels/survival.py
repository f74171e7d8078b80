"""Environmental selection of SMS-EMOA, by rank and hypervolume: who survives; all objectives are minimised.

Source: Beume, Naujoks and Emmerich, "SMS-EMOA: Multiobjective selection based on dominated hypervolume", European
Journal of Operational Research 181(3), 2007.
"""

from __future__ import annotations

import functools
import sys
from typing import Any

import numpy as np

from ..arrays import FloatArray, IntArray
from .dominance import ranks
from .hypervolume import contributions

EXACT = 5  # objectives up to which hypervolume is measured exactly: with six that takes 10 ms, with eight 200
PLACES = 500  # in a point's box, by which what it adds is estimated: who leaves is then among the least 3 in 100
REFERENCE = 1.1  # in each objective, where the points of a front reach from 0 to 1


def order(values: FloatArray, violation: FloatArray | None = None, compiled: bool = False) -> IntArray:
    """Order points from best to worst: by rank, those of a rank by what they add to its hypervolume.

    The last one is who leaves (the paper's algorithm 2). A feasible point comes before all infeasible ones, of which
    one that violates less comes first. Of points that are alike the first given comes first; and so it does in ranks
    that are neither the first nor the last, where nobody looks at what the points add.

    Parameters
    ----------
    values
        Shape (n, m), without NaN; infinities are allowed.
    violation
        Shape (n,), without NaN: by how much each point violates its constraints in total; 0 or less is feasible.
        None: all are feasible.
    compiled
        Which tier to use; the number of points does not tell how often this is called.

    Returns
    -------
    indices
        Shape (n,).
    """
    if violation is None or (violation <= 0).all():
        return _by_values(values, compiled)
    feasible, others = np.flatnonzero(violation <= 0), np.flatnonzero(violation > 0)
    first = feasible[_by_values(values[feasible], compiled)]
    return np.concatenate([first, others[np.argsort(violation[others], kind="stable")]])


def _by_values(values: FloatArray, compiled: bool) -> IntArray:
    n, m = values.shape
    if m == 1 or n < 2:
        return np.argsort(values[:, 0], kind="stable")
    rank = _ranks(values, compiled)
    added = np.zeros(n)
    for r in {0, int(rank.max())}:
        front = np.flatnonzero(rank == r)
        if len(front) > 1:
            added[front] = shares(values[front], compiled)
    return np.lexsort((-added, rank))


def _ranks(values: FloatArray, compiled: bool) -> IntArray:
    if not compiled:
        return ranks(values)
    from .compiled import dominance

    return dominance.ranks(values, len(values))


def shares(front: FloatArray, compiled: bool = False) -> FloatArray:
    """Give what each point of a front adds to its hypervolume, in units of the front's ranges.

    Parameters
    ----------
    front
        Shape (n, m), m > 1: points of which none dominates another. An infinite value counts as the largest finite one
        of its objective, or as the smallest.
    compiled
        Which tier to use.

    Returns
    -------
    shares
        Shape (n,); 0 for a point that another one equals; an estimate for more than `EXACT` objectives.
    """
    tier: Any = sys.modules[__name__]
    if compiled:
        from .compiled import survival as tier
    points = tier.scaled(front)
    m = points.shape[1]
    if m == 2:
        found = tier.shares_of_two(points, REFERENCE)
    elif m > EXACT:
        found = tier.estimated(points, REFERENCE, places(m, PLACES))
    else:
        found = contributions(points, np.full(m, REFERENCE), compiled or None)
    return np.asarray(found)


def scaled(front: FloatArray) -> FloatArray:
    """Scale each objective to reach from 0 to 1; one in which all are equal is 0."""
    half = 0.5 * front  # so that no range overflows
    finite = np.isfinite(half)
    if not finite.all():
        low = np.where(finite, half, np.inf).min(axis=0)
        high = np.where(finite, half, -np.inf).max(axis=0)
        low, high = np.where(low <= high, low, 0.0), np.where(low <= high, high, 0.0)
        half = np.clip(half, low, high)
    low = half.min(axis=0)
    extent = half.max(axis=0) - low
    return np.asarray((half - low) / np.where(extent > 0, extent, 1.0))


def shares_of_two(points: FloatArray, reference: float) -> FloatArray:
    """Give the rectangle that each point (n, 2) of a front has for itself, up to its neighbours or the reference."""
    sequence = np.lexsort((-points[:, 1], points[:, 0]))
    x, y = points[sequence].T
    out = np.empty(len(x))
    out[sequence] = np.diff(x, append=reference) * -np.diff(y, prepend=reference)
    return out


def estimated(points: FloatArray, reference: float, u: FloatArray) -> FloatArray:
    """Estimate what each point adds, as HypE does (Bader and Zitzler, Evolutionary Computation 19(1), 2011).

    Parameters
    ----------
    points
        Shape (n, m), below the reference.
    reference
        In each objective.
    u
        Places in a point's box up to the reference, as shares of its extents, shape (k, m).

    Returns
    -------
    shares
        Shape (n,): the volume of each box, times the share of places that no other point dominates.
    """
    alone = np.empty(len(points))
    for i, point in enumerate(points):
        inside = point + u * (reference - point)
        others = np.delete(points, i, axis=0)
        alone[i] = 1 - (others <= inside[:, np.newaxis]).all(axis=2).any(axis=1).mean()
    return np.asarray(alone * (reference - points).prod(axis=1))


@functools.cache
def places(m: int, k: int) -> FloatArray:
    """Spread k places over the unit cube of m dimensions, shape (k, m): a Latin hypercube, the same one whoever asks.

    So the population is a matter of the trials alone, and the same for workers of different seeds. (An additive
    recurrence was less even: of its step in 20 dimensions one coordinate is nearly 3/5.)
    """
    u = np.random.Generator(np.random.Philox(0)).random((k, m))
    return np.asarray((u.argsort(axis=0) + 0.5) / k)
