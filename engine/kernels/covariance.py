"""The Matern-5/2 covariance of points whose coordinates are numbers and choices, and its slopes.

    k(r) = (1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r)       (Rasmussen and Williams, "Gaussian processes for machine
    r^2 = sum_j (delta_j / l_j)^2                           learning", 2006, eq. 4.17 with nu = 5/2)

delta is the difference of two numbers, and 1 for different choices. A parameter that not all points have is a number in
two columns of one length, see `Layout`.

Shapes: n points are (n, p) numbers and (n, q) choices; there are d lengths.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import FloatArray, IntArray
from .matrices import product


class Points(NamedTuple):
    """Points: numbers (n, p) and indices of choices (n, q)."""

    numbers: FloatArray
    choices: IntArray

    def take(self, rows: IntArray) -> Points:
        """Keep some points."""
        return Points(self.numbers[rows], self.choices[rows])

    @staticmethod
    def joined(*parts: Points) -> Points:
        """Put points one below the other."""
        return Points(
            np.concatenate([part.numbers for part in parts]), np.concatenate([part.choices for part in parts])
        )


class Layout(NamedTuple):
    """Which length each column has: indices into d lengths, of numbers (p,) and of choices (q,)."""

    of_numbers: IntArray
    of_choices: IntArray

    @property
    def d(self) -> int:
        """Number of lengths."""
        return int(max(self.of_numbers.max(initial=-1), self.of_choices.max(initial=-1))) + 1


def squared_distances(a: Points, b: Points, layout: Layout, lengths: FloatArray) -> FloatArray:
    """Return r^2 between points a (n) and b (m), shape (n, m)."""
    scale = lengths[layout.of_numbers]
    x, y = a.numbers / scale, b.numbers / scale
    found = product(x, y.T)
    found *= -2.0
    found += (x * x).sum(axis=1)[:, None]
    found += (y * y).sum(axis=1)
    for column, length in enumerate(lengths[layout.of_choices].tolist()):
        found += (a.choices[:, column, None] != b.choices[:, column]) * length**-2
    return np.maximum(found, 0.0, out=found)  # a difference of squares may miss 0 by a rounding


def cross(a: Points, b: Points, layout: Layout, lengths: FloatArray) -> FloatArray:
    """Return the covariances between points a (n) and b (m), shape (n, m)."""
    return matern(squared_distances(a, b, layout, lengths))


def matern(squared: FloatArray) -> FloatArray:
    """Return k at r^2."""
    s = np.sqrt(5.0 * squared)
    return np.asarray((1.0 + s + s * s / 3.0) * np.exp(-s))


def matern_and_slope(squared: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return k at r^2, and its derivative by r^2, which is finite at 0: -5/6 (1 + sqrt(5) r) exp(-sqrt(5) r)."""
    s = np.sqrt(5.0 * squared)
    decay = np.exp(-s)
    linear = (1.0 + s) * decay
    return linear + s * s / 3.0 * decay, -5.0 / 6.0 * linear


def by_log_lengths(weight: FloatArray, points: Points, layout: Layout, lengths: FloatArray) -> FloatArray:
    """Contract the derivative of r^2 by the logarithm of each length with symmetric weights.

    Parameters
    ----------
    weight
        Shape (n, n), symmetric.
    points
        The n points.

    Returns
    -------
    sums
        Shape (d,): of weight times d r^2 / d log l_j = -2 (delta_j / l_j)^2.
    """
    sums = np.zeros(len(lengths))
    x, row_sums = points.numbers, weight.sum(axis=1)
    spread = 2.0 * (row_sums @ (x * x) - (x * product(weight, x)).sum(axis=0))
    np.add.at(sums, layout.of_numbers, spread)
    total = row_sums.sum()
    for column, j in enumerate(layout.of_choices.tolist()):
        choice = points.choices[:, column]
        order = np.argsort(choice, kind="stable")
        begins = np.flatnonzero(np.diff(choice[order], prepend=-1))
        blocks = np.add.reduceat(weight[:, order], begins, axis=1)  # sums over the points of one choice
        same = blocks[order, np.repeat(np.arange(len(begins)), np.diff(begins, append=len(order)))].sum()
        sums[j] += total - same
    return np.asarray(-2.0 * sums / lengths**2)
