"""The two densities of TPE and what the sampler asks of them; the same on both tiers of kernels."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.kernels import constant_liar, hill_climb, loading, mixture
from ...engine.kernels.axes import Axes, along
from ...engine.kernels.categorical import ChoiceTables
from ...engine.kernels.mixture import Mixture, Observed
from .constraints import Constraint, log_relative_ratio

REHEARSAL = f"{__package__}.rehearsal"
WANTED_FROM = 20  # observations from which a study counts as one that may grow, and compiled kernels are made ready


class Tier(NamedTuple):
    """The modules whose kernels a study uses: NumPy's until Numba's are ready."""

    mixture: Any
    constant_liar: Any
    hill_climb: Any
    neighbours: Any = None  # of the compiled tier alone, as are the next ones
    telling: Any = None
    asking: Any = None


NUMPY = Tier(mixture, constant_liar, hill_climb)


def tier_for(n: int) -> Tier:
    """Give the kernels for `n` observations: Numba's, as soon as they are ready; they are quicker at any size."""
    is_ready = loading.is_ready(REHEARSAL) or (n >= WANTED_FROM and loading.want(REHEARSAL))
    return compiled_tier() if is_ready else NUMPY


@functools.cache
def compiled_tier() -> Tier:
    """Import the Numba kernels."""
    from ...engine.kernels.compiled import asking, constant_liar, hill_climb, mixture, neighbours, telling

    return Tier(mixture, constant_liar, hill_climb, neighbours, telling, asking)


class Model(NamedTuple):
    """The densities of the trials below and of those above, over d dimensions.

    Attributes
    ----------
    below, above
        The densities.
    axes
        The d dimensions.
    lie_weight
        Log weight of one more observation above.
    smallest
        (d,) smallest bandwidths above.
    choices
        The kernels above of the categorical dimensions.
    parents
        Coordinates of the trials below, (d, n_below); NaN where one lacks a parameter.
    tier
        Whose kernels to use.
    constraints
        The densities of each constraint.
    tried
        Tells which of some points, shape (n, d), were tried; None where candidates do not come back to them.
    """

    below: Mixture
    above: Mixture
    axes: Axes
    lie_weight: float
    smallest: FloatArray
    choices: ChoiceTables
    parents: FloatArray
    tier: Tier
    constraints: Sequence[Constraint] = ()
    tried: Callable[[FloatArray], BoolArray] | None = None

    def given(self, z: FloatArray, fixed: IntArray, free: IntArray, power: float = 1.0) -> Model:
        """Fix the coordinates `fixed` at those of z (d,); keep those of `free`. See `mixture.condition`."""

        def conditioned(density: Mixture) -> Mixture:
            found: Mixture = self.tier.mixture.condition(density, z, fixed, free, power)
            return found

        return self._replace(
            below=conditioned(self.below),
            above=conditioned(self.above),
            axes=along(self.axes, free),
            smallest=self.smallest[free],
            choices=self.choices.along(free),
            parents=self.parents[free],
            constraints=[
                Constraint(share, conditioned(satisfied), conditioned(violated))
                for share, satisfied, violated in self.constraints
            ],
        )

    def draw(self, u: FloatArray) -> FloatArray:
        """Map uniforms (n, 1 + d) to points (n, d) from the density below."""
        z: FloatArray = self.tier.mixture.draw(self.below, self.axes, u)
        return z

    def draw_marginals(self, u: FloatArray) -> FloatArray:
        """Map uniforms (n, 2 d) to points (n, d) from the density below, each dimension by itself."""
        z: FloatArray = self.tier.mixture.draw_marginals(self.below, self.axes, u)
        return z

    def log_densities(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the log-densities (n,) below and above at points z (n, d)."""
        log_density = self.tier.mixture.log_density
        return log_density(self.below, z), log_density(self.above, z)

    def log_marginals(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return each dimension's own log-densities (n, d) below and above at points z (n, d)."""
        log_marginals = self.tier.mixture.log_marginals
        return log_marginals(self.below, z), log_marginals(self.above, z)

    def log_feasibility(self, z: FloatArray) -> FloatArray:
        """Score points z (n, d) by how far constraints speak for them; 0 without constraints."""
        log_density = self.tier.mixture.log_density
        score = np.zeros(len(z))
        for share, satisfied, violated in self.constraints:
            score += log_relative_ratio(share, log_density(satisfied, z), log_density(violated, z))
        return score

    def lies(self, z: FloatArray) -> Mixture:
        """Give the kernels that points z (n, d) would have above if they were told: one component each."""
        columns = np.ascontiguousarray(z.T)
        observed = Observed.of(columns, np.zeros_like(columns))
        log_weight = np.full(len(z), self.lie_weight)
        lies: Mixture = self.tier.mixture.fit(observed, log_weight, self.smallest, self.choices, self.axes)
        return lies
