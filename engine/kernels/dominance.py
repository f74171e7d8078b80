"""Pareto dominance; all objectives are minimised. Equal points do not dominate each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from . import COMPILED_FROM

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_SAMPLE, _PIVOTS = (
    1000,
    16,
)  # points among which a few that dominate many are looked for, and how many


def non_dominated(values: Array) -> BoolArray:
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
    _refuse_nan(values)
    left = np.arange(len(values))
    while len(left) > 2 * _SAMPLE:
        beaten = _beaten(values[left])
        if beaten is None:
            break
        left = left[~beaten]
    mask = np.zeros(len(values), dtype=bool)
    mask[left] = ranks(values[left], enough=1) == 0
    return mask


def _beaten(values: Array) -> BoolArray | None:
    """Tell which of many points are dominated by one of a few that are good in all objectives; None: not many are."""
    from .compiled import dominance

    sample = values[:: len(values) // _SAMPLE]
    places = np.argsort(np.argsort(sample, axis=0), axis=0)
    pivots = sample[np.argsort(places.sum(axis=1))[:_PIVOTS]]
    return dominance.beaten(values, pivots) if dominance.beaten(sample, pivots).mean() > 0.3 else None


def ranks(values: Array, enough: int | None = None) -> IntArray:
    """Return the non-dominated rank of each point: 0 on the front, 1 on the front of the others, and so on.

    Parameters
    ----------
    values
        Shape (n, m), without NaN; infinities are allowed. Equal points share a rank.
    enough
        Stop after the front with which this many points are ranked (at least one front); all others get the next
        rank. None: rank all.

    Returns
    -------
    ranks
        Shape (n,).

    Raises
    ------
    ValueError
        If a value is NaN.
    """
    _refuse_nan(values)
    n, m = values.shape
    out = np.zeros(n, dtype=np.int64)
    if n == 0 or m == 0:
        return out
    enough = n if enough is None else max(enough, 1)
    order = np.argsort(values[:, 0])
    first = values[order, 0]
    if not (first[1:] == first[:-1]).any():
        out[order] = _ranks(values[order], np.ones(n, dtype=np.int64), enough)
        return out
    # Equal points are neighbours in lexicographic order; one of them stands for all.
    order = np.lexsort(values.T[::-1])
    points = values[order]
    is_first = np.ones(n, dtype=bool)
    is_first[1:] = (points[1:] != points[:-1]).any(axis=1)
    group = np.cumsum(is_first) - 1
    out[order] = _ranks(points[is_first], np.bincount(group), enough)[group]
    return out


def _refuse_nan(values: Array) -> None:
    if np.isnan(values).any():
        raise ValueError("Points to be ranked must not hold NaN: leave those out that have no value.")


def _ranks(points: Array, counts: IntArray, enough: int) -> IntArray:
    """Rank different points in lexicographic order, of which there are `counts` each."""
    if len(points) >= COMPILED_FROM:
        from .compiled import dominance

        return dominance.ranks(points, counts, enough)
    return ranks_numpy(points, counts, enough)


def ranks_numpy(points: Array, counts: IntArray, enough: int) -> IntArray:
    """NumPy tier of `ranks`: peel off front after front."""
    n = len(points)
    dominates = (points[:, np.newaxis] <= points).all(axis=2) & ~np.eye(n, dtype=bool)
    out = np.zeros(n, dtype=np.int64)
    left = np.ones(n, dtype=bool)
    while left.any() and enough > 0:
        on_front = left & ~dominates[left].any(axis=0)
        enough -= int(counts[on_front].sum())
        left &= ~on_front
        out[left] += 1
    return out
