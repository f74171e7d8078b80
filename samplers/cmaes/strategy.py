"""One run of CMA-ES, on arrays alone: ask for a population of points, tell the points from best to worst.

Points have n coordinates that are numbers, and D that are choices. What is a point of a study is the affair of `frame`,
which trials are a population that of `course`.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from .choices import Choices
from .gaussian import Normal, orthogonal, rates
from .margin import corrected


class Points(NamedTuple):
    """k points: numbers, shape (k, n), and indices of choices, shape (k, D)."""

    numbers: FloatArray
    chosen: IntArray

    def take(self, rows: IntArray) -> Points:
        """Give some of them, in that order."""
        return Points(self.numbers[rows], self.chosen[rows])


class Box(Protocol):
    """The ranges of the numbers, and those that have a grid."""

    @property
    def widest(self) -> FloatArray:
        """How large a standard deviation may become, shape (n,)."""

    @property
    def discrete(self) -> IntArray:
        """Indices of those on a grid, shape (m,)."""

    def centred(self, x: FloatArray) -> FloatArray:
        """Move coordinates on a grid, shape (k, n), to the middle of their cells."""

    def cells(self, mean: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Give image, sign, and ends of the cell of a mean (n,), shape (m,) each; see `samplers.cmaes.frame`."""


class Strategy:
    """Draws populations, and learns from them.

    Parameters
    ----------
    normal
        The distribution of the numbers.
    choices
        The distributions of the choices.
    box
        The ranges of the numbers; None where there are none.
    with_margin
        Whether the numbers on grids keep a margin.
    """

    def __init__(self, normal: Normal, choices: Choices, box: Box | None = None, with_margin: bool = False) -> None:
        self.normal = normal
        self.choices = choices
        self._box = box
        self._has_margin = with_margin

    def ask(self, rng: np.random.Generator, k: int) -> Points:
        """Draw a population of k points."""
        z = orthogonal(rng.standard_normal((k, self.normal.n)))
        d = len(self.choices.n_choices)
        if not d:
            return Points(self.normal.points(z), np.empty((k, 0), dtype=np.int64))
        # A Latin hypercube: choices come up as often as is likely, as directions do.
        strata = rng.permuted(np.tile(np.arange(k), (d, 1)), axis=1).T.reshape(k, d)
        return Points(self.normal.points(z), self.choices.draw((strata + rng.random((k, d))) / k))

    def tell(self, points: Points, is_own: BoolArray | None = None) -> None:
        """Learn from a population of at least two points.

        Parameters
        ----------
        points
            Best first.
        is_own
            Which of them were drawn from this very state, shape (k,); None: all.
        """
        k = len(points.chosen)
        if self.normal.n:
            own = np.ones(k, dtype=np.bool_) if is_own is None else is_own
            numbers = points.numbers
            if self._box is not None and not self.normal.is_free.all():
                # Where in its cell a point lies nobody selected: without this the mean would wander there, and cross
                # an end by chance. This is integer centring, as in CatCMA with margin.
                numbers = np.where(self.normal.is_free, numbers, self._box.centred(numbers))
            self.normal.tell(self.normal.clipped(numbers, own))
            if self._box is not None:
                self.normal.limit(self._box.widest)
                if self._has_margin and len(self._box.discrete):
                    self._keep_margin(self._box, k)
        if len(self.choices.n_choices):
            self.choices.tell(points.chosen, np.maximum(rates(max(self.normal.n, 1), k).weights, 0.0))

    def _keep_margin(self, box: Box, k: int) -> None:
        normal, at = self.normal, box.discrete
        image, sign, lower, upper = box.cells(normal.mean)
        deviation = normal.deviations[at]
        alpha = 1 / (normal.n * k)  # Hamano et al., section 5.1
        moved, scaled = corrected(image, deviation, lower, upper, alpha)
        normal.mean[at] += sign * (moved - image)
        normal.scales[at] *= scaled / deviation
        normal.is_free[at] = 2 * scaled > np.minimum(upper, 1.0) - np.maximum(lower, 0.0)
