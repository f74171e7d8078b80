"""Pareto dominance; all objectives are minimised. Equal points do not dominate each other."""

from __future__ import annotations

import numpy as np

from ..arrays import BoolArray, FloatArray, IntArray
from . import fronts

_SAMPLE, _PIVOTS = 1000, 16  # points among which a few that dominate many are looked for, and how many


def non_dominated(values: FloatArray) -> BoolArray:
    """Tell which points no other point dominates.

    Parameters
    ----------
    values
        Shape (n, m), without NaN; infinities are allowed.

    Returns
    -------
    mask
        Shape (n,).

    Raises
    ------
    ValueError
        If a value is NaN.
    """
    refuse_nan(values)
    left = np.arange(len(values))
    while len(left) > 2 * _SAMPLE and fronts.is_compiled(len(left)):
        beaten = _beaten(values[left])
        if beaten is None:
            break
        left = left[~beaten]
    mask = np.zeros(len(values), dtype=bool)
    mask[left] = ranks(values[left], enough=1) == 0
    return mask


def _beaten(values: FloatArray) -> BoolArray | None:
    """Tell which of many points are dominated by one of a few that are good in all objectives; None: not many are."""
    from .compiled import dominance

    sample = values[:: len(values) // _SAMPLE]
    places = np.argsort(np.argsort(sample, axis=0), axis=0)
    pivots = sample[np.argsort(places.sum(axis=1))[:_PIVOTS]]
    return dominance.beaten(values, pivots) if dominance.beaten(sample, pivots).mean() > 0.3 else None


def ranks(values: FloatArray, enough: int | None = None, violation: FloatArray | None = None) -> IntArray:
    """Return the non-dominated rank of each point: 0 on the front, 1 on the front of the others, and so on.

    With constraints, as in "constrained-domination" (Deb et al., "A fast and elitist multiobjective genetic algorithm:
    NSGA-II", IEEE Trans. Evol. Comput. 6(2), 2002, section VI): a feasible point dominates all infeasible ones, and of
    these, whatever their values, the one that violates less dominates the other.

    Parameters
    ----------
    values
        Shape (n, m), without NaN; infinities are allowed. Equal points share a rank.
    enough
        Stop after the front with which this many points are ranked (at least one front); all others get the next
        rank. None: rank all.
    violation
        Shape (n,), without NaN: by how much each point violates its constraints in total; 0 or less is feasible.
        None: all are feasible. Infeasible points of equal violation share a rank.

    Returns
    -------
    ranks
        Shape (n,).

    Raises
    ------
    ValueError
        If a value or a violation is NaN.
    """
    n = len(values)
    enough = n if enough is None else max(enough, 1)
    found = ranks_until(values, enough, violation)
    return found if enough >= n else _cut(found, enough)


def ranks_until(values: FloatArray, enough: int, violation: FloatArray | None = None) -> IntArray:
    """Rank as `ranks` does, but those after the front that reaches `enough` may get any higher ranks."""
    refuse_nan(values)
    n, m = values.shape
    if violation is not None and not (violation <= 0).all():
        return _constrained_ranks(values, violation, enough)
    if n == 0 or m == 0:
        return np.zeros(n, dtype=np.int64)
    if not fronts.is_compiled(n):
        return ranks_numpy(values, enough)
    from .compiled import dominance

    return dominance.ranks(values, enough)


def _constrained_ranks(values: FloatArray, violation: FloatArray, enough: int) -> IntArray:
    """Rank the feasible points by their values, then the others by their violation."""
    refuse_nan(violation)
    out, is_feasible = np.empty(len(values), dtype=np.int64), violation <= 0
    feasible = out[is_feasible] = ranks_until(values[is_feasible], enough)
    out[~is_feasible] = np.unique(violation[~is_feasible], return_inverse=True)[1] + feasible.max(initial=-1) + 1
    return out


def _cut(ranks: IntArray, enough: int) -> IntArray:
    """Give all points beyond the front that reaches `enough` the next rank."""
    last = int(np.searchsorted(np.bincount(ranks).cumsum(), enough))
    return np.minimum(ranks, last + 1)


def refuse_nan(values: FloatArray) -> None:
    """Raise ``ValueError`` if points to be ranked hold NaN."""
    if np.isnan(values).any():
        raise ValueError("Points to be ranked must not hold NaN: leave those out that have no value.")


def ranks_numpy(values: FloatArray, enough: int) -> IntArray:
    """NumPy tier of `ranks`: peel off front after front."""
    no_worse = (values[:, np.newaxis] <= values).all(axis=2)
    dominates = no_worse & ~no_worse.T
    out = np.zeros(len(values), dtype=np.int64)
    left = np.ones(len(values), dtype=bool)
    while left.any() and enough > 0:
        on_front = left & ~dominates[left].any(axis=0)
        enough -= int(on_front.sum())
        left &= ~on_front
        out[left] += 1
    return out
