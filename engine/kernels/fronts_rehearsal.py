"""Runs the compiled kernels that rank points and measure volumes once each, so that they are loaded; see `loading`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import COMPILED_FROM
from .compiled import contributions, crowding, dominance, first_fronts, hypervolume, subset, survival
from .survival import PLACES, REFERENCE, places


def rehearse() -> Iterator[None]:
    """Rank, order and measure points in two to five objectives."""
    rng = np.random.default_rng(0)
    for m in (2, 3, 4, 5):
        points, reference = rng.random((COMPILED_FROM, m)), np.ones(m)
        rank = dominance.ranks(points, len(points))
        dominance.ranks(np.floor(points * 2), len(points))  # ties
        dominance.beaten(points, points[:4])
        yield
        crowding.crowding(points, rank)
        crowding.order(points, rank)
        yield
        hypervolume.volume_below(points, reference)
        hypervolume.volume(1.0 - points)
        yield
        contributions.contributions_below(points, reference)
        contributions.contributions(1.0 - points)
        yield
        first_fronts.first_fronts(points, 10)
        subset.subset(first_fronts.extents(points, 1.1), 10)
        scaled = survival.scaled(points)
        if m == 2:
            crowding.order_of_two(points)
            survival.shares_of_two(scaled, REFERENCE)
        elif m > 3:
            survival.estimated(scaled, REFERENCE, places(m, PLACES))
        yield
