"""Candidates between the good trials: each takes its coordinates from two of them, and some from the density l.

With several objectives the good trials lie along a front: no dimension by itself tells where on it a candidate is, so a
point whose coordinates are all drawn apart lies between the front's ends and far from both. A joint density has the
opposite fault: in many dimensions nearly every candidate changes all coordinates of a good trial at once. Recombining
and redrawing a part, as genetic algorithms do, keeps what a good trial has, and l / g tells which child to try.
"""

from __future__ import annotations

import numpy as np

from ...engine.arrays import FloatArray

CROSSED = 0.9  # share of the children that have two parents, as in NSGA-II


def recombined(parents: FloatArray, drawn: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Make children of the good trials.

    Parameters
    ----------
    parents
        The good trials, shape (d, k), k > 0; NaN where one lacks a coordinate.
    drawn
        Points drawn from l, dimension by dimension, shape (n, d).
    rng
        Random numbers.

    Returns
    -------
    children
        Shape (n, d). Each has its coordinates from either of two parents, and at least one from `drawn`: any of them
        with a probability of 1 / d to 1, a child's own, uniform on the logarithmic scale.
    """
    n, d = drawn.shape
    first, second = rng.integers(parents.shape[1], size=(2, n))
    is_crossed = rng.random((n, 1)) < CROSSED
    children = np.where(is_crossed & (rng.random((n, d)) < 0.5), parents.T[second], parents.T[first])
    is_drawn = rng.random((n, d)) < float(d) ** -rng.random((n, 1))
    is_drawn[np.arange(n), rng.integers(d, size=n)] = True
    return np.where(is_drawn | np.isnan(children), drawn, children)
