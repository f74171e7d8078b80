"""Pareto dominance; all objectives are minimised. Equal points do not dominate each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from . import COMPILED_FROM

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def non_dominated(values: Array) -> npt.NDArray[np.bool_]:
    """Tell which points no other point dominates.

    Parameters
    ----------
    values
        Shape (n, m), without NaN.

    Returns
    -------
    mask
        Shape (n,).
    """
    return np.asarray(ranks(values, enough=1) == 0)


def ranks(values: Array, enough: int | None = None) -> IntArray:
    """Return the non-dominated rank of each point: 0 on the front, 1 on the front of the others, and so on.

    Parameters
    ----------
    values
        Shape (n, m), without NaN; infinities are allowed.
    enough
        Stop after the front with which this many points are ranked; the others get the next rank. None: rank all.

    Returns
    -------
    ranks
        Shape (n,).

    Raises
    ------
    ValueError
        If a value is NaN.
    """
    if np.isnan(values).any():
        raise ValueError("Points to be ranked must not hold NaN: leave those out that have no value.")
    n, m = values.shape
    out = np.zeros(n, dtype=np.int64)
    if n == 0 or m == 0:
        return out
    order = _lexicographic(values)
    points = np.ascontiguousarray(values[order])
    # Equal points are neighbours in lexicographic order; one of them stands for all.
    is_first = np.ones(n, dtype=bool)
    is_first[1:] = (points[1:] != points[:-1]).any(axis=1)
    enough = n if enough is None else max(enough, 1)
    if is_first.all():
        out[order] = _ranks(points, np.ones(n, dtype=np.int64), enough)
    else:
        group = np.cumsum(is_first) - 1
        out[order] = _ranks(points[is_first], np.bincount(group), enough)[group]
    return out


def _lexicographic(values: Array) -> IntArray:
    """Sort by the first objective, then by the second, and so on; the first alone takes a third of the time."""
    order = np.argsort(values[:, 0])
    first = values[order, 0]
    return np.lexsort(values.T[::-1]) if (first[1:] == first[:-1]).any() else order


def _ranks(points: Array, counts: IntArray, enough: int) -> IntArray:
    """Rank different points in lexicographic order, of which there are `counts` each."""
    if len(points) >= COMPILED_FROM:
        from .compiled import dominance

        return dominance.ranks(points, counts, enough)
    return ranks_numpy(points, counts, enough)


def ranks_numpy(points: Array, counts: IntArray, enough: int) -> IntArray:
    """NumPy tier of `ranks`: peel off front after front."""
    out = np.zeros(len(points), dtype=np.int64)
    left = np.arange(len(points))
    rank = 0
    while left.size and enough > 0:
        on_front = _front(points[left])
        enough -= int(counts[left[on_front]].sum())
        left = left[~on_front]
        rank += 1
        out[left] = rank
    return out


def _front(points: Array) -> npt.NDArray[np.bool_]:
    """Tell which of different points in lexicographic order are on the front: a point is dominated by earlier ones."""
    mask = np.zeros(len(points), dtype=bool)
    for i in range(len(points)):
        mask[i] = not (points[:i][mask[:i]] <= points[i]).all(axis=1).any()
    return mask
