"""Choosing among candidates: points that were not tried yet, and different ones for a batch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray

N_PATIENT = 4  # draws of candidates after which a point is tried again
LARGEST_POOL = 384  # candidates of a batch, or 3 for every two of its points


def pool_size(n: int, n_candidates: int) -> int:
    """Give the number of candidates for a batch of `n` points, where a single one has `n_candidates`."""
    return max(min(n * n_candidates, LARGEST_POOL), 3 * n // 2)


def untried(
    propose: Callable[[int], FloatArray], n: int, tried: Callable[[FloatArray], BoolArray] | None, least: int = 1
) -> FloatArray:
    """Propose candidates and leave out points that were tried, as long as enough others turn up.

    Parameters
    ----------
    propose
        Draws candidates, shape (n, d).
    n
        How many candidates.
    tried
        Tells which of some points were tried; None: candidates do not repeat them.
    least
        How many different points are enough.
    """
    candidates = propose(n)
    if tried is None:
        return candidates
    new = candidates[~tried(candidates)]
    for _ in range(N_PATIENT):
        if _has_different(new, least):
            return new
        more = propose(4 * n)
        new = np.concatenate([new, more[~tried(more)]])
    return new if _has_different(new, least) else candidates


def _has_different(points: FloatArray, n: int) -> bool:
    """Tell whether at least `n` points are different."""
    return len(points) >= n and (n == 1 or len({point.tobytes() for point in points}) >= n)


def first_equal(points: FloatArray) -> IntArray:
    """Give for each point (n, d) the index of the first one that equals it."""
    first: dict[bytes, int] = {}
    return np.array([first.setdefault(point.tobytes(), i) for i, point in enumerate(points)], dtype=np.int64)


def best_distinct(points: FloatArray, scores: FloatArray, n: int) -> IntArray:
    """Give the indices of the `n` best of different points, and of repeated ones where there are no others."""
    order = np.argsort(-scores, kind="stable")
    if n == 1:
        return order[:1]
    is_first = first_equal(points[order]) == np.arange(len(order))
    return np.concatenate([order[is_first], order[~is_first]])[:n]
