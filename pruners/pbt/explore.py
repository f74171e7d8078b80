"""How the parameters of a child come from those of its parent: `Perturb`, or what a user puts in its place.

Source: Jaderberg et al., "Population Based Training of Neural Networks", 2017, arXiv 1711.09846, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.arguments import Described
from ...engine.distributions import BaseDistribution, CategoricalDistribution, NumericDistribution, Space
from ...engine.history import History
from ...engine.records import FrozenTrial


@dataclass(frozen=True, eq=False)
class Member:
    """The member from which a child is forked.

    Attributes
    ----------
    record : FrozenTrial
        Its trial: parameters, distributions, reports.
    step : int
        The step of the checkpoint that the child loads.
    history : History
        The study's trials; its lock is held.
    """

    record: FrozenTrial
    step: int
    history: History

    @property
    def params(self) -> dict[str, Any]:
        """Its parameters, external values by name."""
        return self.record.params

    @property
    def distributions(self) -> Space:
        """The distributions of its parameters, by name."""
        return self.record.distributions


# From a member, and a generator that belongs to the child: the child's parameters, external values by name. Numbers
# outside of their ranges or beside their grids are moved to the next value that there is.
Explorer = Callable[[Member, np.random.Generator], Mapping[str, Any]]


class Perturb(Described):
    """Multiplies each number by a factor drawn from a few, or draws it anew.

    A choice stays, or is drawn anew. An integer, or a number on a grid, moves by one step at least. Where a range on a
    linear scale has negative values, the distance from its lower end is multiplied: nothing is special about 0 there.

    Parameters
    ----------
    resample_probability
        How often a parameter is drawn anew from its range.
    factors
        The factors, one of which is drawn for each parameter.

    Raises
    ------
    ValueError
        If an argument lies outside its range.
    """

    def __init__(self, resample_probability: float = 0.25, factors: Sequence[float] = (0.8, 1.2)) -> None:
        if not 0 <= resample_probability <= 1:
            raise ValueError(f"`resample_probability` must lie in [0, 1], but got {resample_probability!r}.")
        if not len(factors) or not all(0 < factor < math.inf for factor in factors):
            raise ValueError(f"Expected perturbation factors that are positive and finite, but got {factors!r}.")
        self._resample_probability = resample_probability
        self._factors = tuple(factors)

    def __call__(self, member: Member, rng: np.random.Generator) -> dict[str, Any]:
        found = {}
        for name, distribution in member.distributions.items():
            u = rng.random(3).tolist()  # as many for each, so that no parameter depends on what the others are
            internal = distribution.to_internal_repr(member.params[name])
            found[name] = distribution.to_external_repr(self.explored(distribution, internal, u))
        return found

    def explored(self, distribution: BaseDistribution, internal: float, u: Sequence[float]) -> float:
        """Explore one parameter.

        Parameters
        ----------
        distribution, internal
            Its distribution and its internal value.
        u
            Three uniform numbers.

        Returns
        -------
        internal
            A value of the distribution.
        """
        if distribution.single():
            return internal
        if u[0] < self._resample_probability:
            drawn = distribution.from_unit(u[1])
            return drawn if math.isfinite(drawn) else internal  # a range without end has no uniform draws
        if not isinstance(distribution, NumericDistribution):
            return internal
        factor = self._factors[int(u[2] * len(self._factors))]
        origin = min(float(distribution.low), 0.0)
        moved = settled(distribution, origin + (internal - origin) * factor)
        if moved == internal and factor != 1.0 and distribution.step is not None:
            moved = settled(distribution, internal + math.copysign(distribution.step, factor - 1.0))
        return moved


def settled(distribution: BaseDistribution, internal: float) -> float:
    """Give the value of a distribution that is nearest to an internal value; ``ValueError`` for what is no choice."""
    if distribution._contains(internal):
        return internal
    if isinstance(distribution, NumericDistribution):
        inside = min(max(internal, float(distribution.low)), float(distribution.high))
        return distribution.from_model_value(float(distribution.to_model(np.float64(inside))))  # type: ignore[arg-type]
    raise ValueError(f"Expected the index of one of the choices of {distribution!r}, but got {internal}.")


def child_params(member: Member, explored: Mapping[str, Any]) -> dict[str, Any]:
    """Check what an explorer gave, and give the child's parameters: each of them a value of its distribution.

    A name that the parent did not suggest is passed on: the child may come to suggest it.
    """
    if not isinstance(explored, Mapping):
        raise TypeError(f"`explore` must give the child's parameters by name, but gave {explored!r}.")
    found = dict(explored)
    for name, value in explored.items():
        distribution = member.distributions.get(name)
        if distribution is None or value is member.params[name]:
            continue
        if isinstance(distribution, CategoricalDistribution):
            distribution.to_internal_repr(value)  # raises unless it is one of the choices
        else:
            internal = distribution.to_internal_repr(value)
            found[name] = distribution.to_external_repr(settled(distribution, internal))
    return found
