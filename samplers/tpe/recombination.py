"""Children of the trials below as candidates: coordinates of two of them, some drawn anew from the density below.

With several objectives the trials below lie along a front. A candidate whose coordinates are drawn each by itself mixes
both ends of the front, and lies far from it. A joint density has the opposite fault: in many dimensions nearly every
candidate changes all coordinates of a trial at once. Recombining two trials and redrawing a part, as genetic algorithms
do, keeps most coordinates of a good trial, and the ratio of the densities tells which child to try.
"""

from __future__ import annotations

import numpy as np

from ...engine.arrays import FloatArray, IntArray

CROSSED = 0.9  # share of the children that have two parents, as in NSGA-II


def recombined(parents: FloatArray, drawn: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Make children of the trials below.

    Parameters
    ----------
    parents
        The trials below, shape (d, k), k > 0; NaN where one lacks a coordinate.
    drawn
        Points drawn from the density below, dimension by dimension, shape (n, d).
    rng
        Random numbers.

    Returns
    -------
    children
        Shape (n, d). Each has its coordinates from either of two parents, and at least one from `drawn`. A child takes
        each coordinate from `drawn` with a probability of its own, uniform from 1 / d to 1 on the logarithmic scale.
    """
    n, d = drawn.shape
    chosen = sources(parents.shape[1], n, d, rng)
    children = parents[np.arange(d), chosen]
    return np.where((chosen < 0) | np.isnan(children), drawn, children)


def sources(n_parents: int, n: int, d: int, rng: np.random.Generator) -> IntArray:
    """Choose where each coordinate of `n` children comes from: the index of a parent, or -1 for `drawn`."""
    first, second = rng.integers(n_parents, size=(2, n))
    is_crossed = rng.random((n, 1)) < CROSSED
    chosen: IntArray = np.where(is_crossed & (rng.random((n, d)) < 0.5), second[:, None], first[:, None])
    is_drawn = rng.random((n, d)) < float(d) ** -rng.random((n, 1))
    is_drawn[np.arange(n), rng.integers(d, size=n)] = True
    chosen[is_drawn] = -1
    return chosen
