"""Crowding distance, and the order that it makes among points of one rank (Deb et al. 2002, NSGA-II, section III-B)."""

from __future__ import annotations

import numpy as np

from ..arrays import FloatArray, IntArray
from . import fronts
from .dominance import ranks_until, refuse_nan

AT_ONCE = 1000  # points of two objectives up to which entering compiled code once is worth more than sorting well


@np.errstate(all="ignore")  # whatever the user's program asks of NumPy
def crowding(values: FloatArray, rank: IntArray) -> FloatArray:
    """Give the crowding distance of each point among those of its rank.

    Parameters
    ----------
    values
        Shape (n, m), without NaN; infinities are allowed.
    rank
        Shape (n,).

    Returns
    -------
    distance
        Shape (n,): for each objective the gap between both neighbours, as a share of the rank's range, summed;
        infinite for the outermost points of an objective. An objective in which all of a rank are equal adds nothing,
        and an infinite value counts as the largest finite one of all, or as the smallest, 0 included.
    """
    if fronts.is_compiled(len(values)):
        from .compiled import crowding as compiled

        return compiled.crowding(values, rank)
    return crowding_numpy(values, rank)


def crowding_numpy(values: FloatArray, rank: IntArray) -> FloatArray:
    """NumPy tier of `crowding`."""
    total = np.zeros(len(values))
    for column in _finite(0.5 * values).T:  # halved, so that no range overflows
        total += _gaps(column, rank)
    return total


def _finite(values: FloatArray) -> FloatArray:
    finite = np.isfinite(values)
    low, high = (
        np.where(finite, values, 0.0).min(axis=0, initial=0.0),
        np.where(finite, values, 0.0).max(axis=0, initial=0.0),
    )
    return np.clip(values, low, high)


def _gaps(column: FloatArray, rank: IntArray) -> FloatArray:
    """Give each point's share of the crowding distance in one objective (n,)."""
    sequence = np.lexsort((column, rank))
    x, r = column[sequence], rank[sequence]
    is_first = np.append(True, r[1:] != r[:-1])
    is_last = np.append(r[1:] != r[:-1], True)
    group = np.cumsum(is_first) - 1
    span = (x[is_last] - x[is_first])[group]
    before, after = np.append(x[:1], x[:-1]), np.append(x[1:], x[-1:])
    gap = np.where(is_first | is_last, np.inf, after - before)
    gaps = np.empty(len(x))
    gaps[sequence] = np.where(span > 0, gap / np.where(span > 0, span, 1.0), 0.0)
    return gaps


@np.errstate(all="ignore")
def order(values: FloatArray, enough: int | None = None, violation: FloatArray | None = None) -> IntArray:
    """Order points from best to worst: by non-dominated rank, then the less crowded first, then as given.

    Parameters
    ----------
    values, enough, violation
        See `dominance.ranks`; after the first `enough` points, the others come in any order.

    Returns
    -------
    indices
        Shape (n,).

    Raises
    ------
    ValueError
        If a value or a violation is NaN.
    """
    n, m = values.shape
    if m == 2 and n <= AT_ONCE and fronts.is_compiled(n) and (violation is None or (violation <= 0).all()):
        from .compiled import crowding as compiled

        refuse_nan(values)
        return compiled.order_of_two(values)
    enough = n if enough is None else max(enough, 1)
    rank = ranks_until(values, enough, violation)
    if 2 * enough > n or not np.isfinite(values).all():  # of an infinite value counts what others have
        return _ordered(values, rank)
    last = np.searchsorted(np.bincount(rank).cumsum(), enough)
    first, others = np.flatnonzero(rank <= last), np.flatnonzero(rank > last)
    return np.concatenate([first[_ordered(values[first], rank[first])], others])


def _ordered(values: FloatArray, rank: IntArray) -> IntArray:
    if fronts.is_compiled(len(values)):
        from .compiled import crowding as compiled

        return compiled.order(values, rank)
    return order_numpy(values, rank)


def order_numpy(values: FloatArray, rank: IntArray) -> IntArray:
    """NumPy tier of `order`, by ranks that are known."""
    return np.lexsort((-crowding_numpy(values, rank), rank))
