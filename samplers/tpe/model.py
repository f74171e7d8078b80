"""The two mixtures of TPE and what the sampler asks of them; the same on both tiers of kernels."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.kernels import announce_compilation, apart, ascent, prepared
from ...engine.kernels.axes import Axes
from ...engine.kernels.prepared import Prepared
from .constraints import Constraint, log_relative_ratio


class Tier(NamedTuple):
    """The modules whose kernels a study uses: NumPy's while it is small, Numba's from `COMPILED_FROM` trials on."""

    prepared: Any
    apart: Any
    ascent: Any
    neighbours: Any = None  # of the compiled tier alone


NUMPY = Tier(prepared, apart, ascent)


@functools.cache
def compiled_tier() -> Tier:
    """Import the Numba kernels."""
    announce_compilation()
    from ...engine.kernels.compiled import apart, ascent, neighbours, prepared

    return Tier(prepared, apart, ascent, neighbours)


class Model(NamedTuple):
    """The densities of the good and of the bad trials over d dimensions.

    Attributes
    ----------
    good, bad
        l and g.
    axes
        The d dimensions.
    lie_weight
        Log weight of one more observation in g.
    smallest
        (d,) smallest bandwidths of g.
    choices
        Log-probability rows of the categorical dimensions, and where each dimension's begin (d,).
    tier
        Whose kernels to use.
    parents
        Coordinates of the good trials, (d, n_good); NaN where one lacks a parameter.
    constraints
        The densities of each constraint.
    seen
        The points that were tried, where candidates may come back and there are no other dimensions; None elsewhere.
    """

    good: Prepared
    bad: Prepared
    axes: Axes
    lie_weight: float
    smallest: FloatArray
    choices: tuple[FloatArray, IntArray]
    parents: FloatArray
    tier: Tier
    constraints: list[Constraint] = []  # noqa: RUF012 - never changed
    seen: set[bytes] | None = None

    def given(self, z: FloatArray, fixed: IntArray, free: IntArray, power: float = 1.0) -> Model:
        """Fix the coordinates `fixed` at those of z (d,); keep those of `free`. See `prepared.condition`."""
        condition = self.tier.prepared.condition
        good, bad = (condition(mixture, z, fixed, free, power) for mixture in (self.good, self.bad))
        constraints = [
            Constraint(
                c.share, condition(c.satisfied, z, fixed, free, power), condition(c.violated, z, fixed, free, power)
            )
            for c in self.constraints
        ]
        choices = self.choices[0], self.choices[1][free]
        return self._replace(
            good=good, bad=bad, axes=axes_along(self.axes, free), smallest=self.smallest[free], choices=choices,
            parents=self.parents[free], constraints=constraints,
        )  # fmt: skip

    def log_feasibility(self, z: FloatArray) -> FloatArray:
        """Score points z (c, d) by how far constraints speak for them; 0 without constraints."""
        density = self.tier.prepared.density
        score = np.zeros(len(z))
        for share, satisfied, violated in self.constraints:
            score += log_relative_ratio(share, density(satisfied, z), density(violated, z))
        return score

    def lies(self, z: FloatArray) -> Prepared:
        """Give the kernels that points z (c, d) would have in g if they were told: one component each."""
        columns = np.ascontiguousarray(z.T)
        blank = np.full(columns.shape, np.nan)
        log_weight = np.full(len(z), self.lie_weight)
        lies: Prepared = self.tier.prepared.prepare(
            np.arange(len(z)), columns, np.zeros_like(columns), self.smallest, log_weight, self.axes, *self.choices,
            blank, blank.copy(),
        )  # fmt: skip
        return lies


def axes_along(axes: Axes, dims: IntArray) -> Axes:
    """Keep some of the dimensions."""
    arrays = {name: getattr(axes, name)[dims] for name in axes._fields if name not in ("points", "edges")}
    return axes._replace(**arrays)
