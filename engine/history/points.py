"""Trials as points: what a history holds of d parameters as an array (n, d), and the way back to values.

Who models or breeds trials, or weighs parameters, reads trials here. What changed in the course of a study is decided
here, once:

- A parameter that a trial did not suggest is absent: NaN.
- A choice counts by its value: it is an index among today's choices, and absent where it is none of them.
- A value outside of today's range is absent, too: at the nearest end nobody has looked. Only `read` gives it.
- A value beside today's grid counts where it lies; to be handed on, it moves to the next point (`settled`).

The coordinates are those of the table in `engine.distributions`. Arrays are kept parameter by parameter in memory, as a
history keeps them. A row depends on its trial alone: who keeps points between asks reads only the trials that are new.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..arrays import BoolArray, FloatArray, IntArray
from ..distributions import BaseDistribution, CategoricalDistribution, IntDistribution, NumericDistribution, Space
from ..kernels import cube
from .trial_columns import TrialColumns


@dataclass(frozen=True, eq=False)
class Dimensions:
    """The d parameters of a space as arrays, and how values become points of them.

    Attributes
    ----------
    names : list[str]
        Their names, in the order of the columns.
    distributions : list[BaseDistribution]
        Their distributions.
    n_choices : ndarray
        Number of choices, shape (d,); 0 of a number.
    scale : Scale
        Ranges, grids and logarithms, shape (d,) each; of choices the indices are the values.
    """

    names: list[str]
    distributions: list[BaseDistribution]
    n_choices: IntArray
    scale: cube.Scale

    @classmethod
    def of(cls, space: Space) -> Dimensions:
        """Describe a space."""
        distributions = list(space.values())
        n_choices = np.array([_n_choices(d) for d in distributions], dtype=np.int64)
        bounds = np.array([_bounds(d) for d in distributions], dtype=np.float64).reshape(-1, 2)
        support = np.array([d.support for d in distributions], dtype=np.float64).reshape(-1, 2)
        grid = np.array([d.grid for d in distributions], dtype=np.float64)
        scale = cube.Scale(
            low=bounds[:, 0].copy(),
            high=bounds[:, 1].copy(),
            spacing=np.where(n_choices > 0, 1.0, np.abs(grid)),
            is_log=np.array([getattr(d, "log", False) for d in distributions], dtype=np.bool_),
            lower=support[:, 0].copy(),
            width=np.maximum(np.ptp(support, axis=1), np.finfo(np.float64).tiny),  # 0 of a single value
        )
        return cls(list(space), distributions, n_choices, scale)

    @cached_property
    def is_choice(self) -> BoolArray:
        """Which parameters are categorical, shape (d,)."""
        return np.asarray(self.n_choices > 0)

    @cached_property
    def categorical(self) -> dict[int, CategoricalDistribution]:
        """The categorical parameters, by index."""
        pairs = enumerate(self.distributions)
        return {j: distribution for j, distribution in pairs if isinstance(distribution, CategoricalDistribution)}

    @cached_property
    def _vast(self) -> dict[int, IntDistribution]:
        """The integers that reach beyond what floats can count, by index."""
        pairs = enumerate(self.distributions)
        return {j: d for j, d in pairs if isinstance(d, IntDistribution) and not d.is_exact}

    @cached_property
    def discrete(self) -> list[int]:
        """Indices of the parameters that have a grid, or choices."""
        return np.flatnonzero(self.scale.spacing).tolist()  # type: ignore[no-any-return]

    # --- trials ------------------------------------------------------------------------------------------------------

    def read(self, history: TrialColumns, numbers: IntArray) -> FloatArray:
        """Read internal values.

        Parameters
        ----------
        history
            The study's trials; its lock is held.
        numbers
            Trial numbers, shape (n,).

        Returns
        -------
        internal
            Shape (n, d); NaN where a trial did not suggest a parameter, or a choice that is none of today's. Numbers
            may lie outside of today's ranges.
        """
        found = history.params(self.names, numbers)
        for j, choices in self.categorical.items():
            if history.has_other_choices(self.names[j], choices):
                found[j] = _by_value(found[j], history.by_distribution(self.names[j], numbers), choices)
        return np.transpose(found)

    def settled(self, internal: FloatArray) -> FloatArray:
        """Move internal values (n, d) to the next points of today's grids; NaN for those outside of today's ranges."""
        return self._counted(cube.settle(internal, self.scale))

    def has_other_choices(self, history: TrialColumns) -> bool:
        """Tell whether trials suggested a categorical parameter from other choices."""
        if not self.categorical:
            return False
        return any(history.has_other_choices(self.names[j], choices) for j, choices in self.categorical.items())

    # --- coordinates -------------------------------------------------------------------------------------------------

    def to_model(self, internal: FloatArray) -> FloatArray:
        """Turn internal values (n, d) into model coordinates; NaN for those outside of today's ranges."""
        return cube.to_model(internal, self.scale)

    def from_model(self, model: FloatArray) -> FloatArray:
        """Turn model coordinates (n, d) into internal values that the space has."""
        return self._counted(cube.from_model(model, self.scale))

    def to_unit(self, internal: FloatArray, share: FloatArray | None = None) -> FloatArray:
        """Turn internal values into points of the unit cube.

        Parameters
        ----------
        internal
            Shape (n, d).
        share
            How far through its cell each discrete value is put, in [0, 1), shape (n, d): a point drawn from there is
            the same value. None: in its place, which is the middle of its cell on a linear scale.

        Returns
        -------
        points
            Shape (n, d); NaN for values outside of today's ranges.
        """
        return cube.to_unit(internal, self.scale, share)

    def from_unit(self, points: FloatArray) -> FloatArray:
        """Turn points of the unit cube (n, d) into internal values that the space has."""
        return self._counted(cube.from_unit(points, self.scale))

    def one_hot(self, internal: FloatArray) -> FloatArray:
        """Give a column for each choice of each categorical parameter.

        Parameters
        ----------
        internal
            Shape (n, d).

        Returns
        -------
        columns
            Shape (n, total number of choices): 1 for the choice that a point has, 0 for the others; NaN where it has
            none.
        """
        indices = np.repeat(internal[:, self.is_choice], self.n_choices[self.is_choice], axis=1)
        choices = [np.arange(n) for n in self.n_choices[self.is_choice].tolist()]
        columns = np.concatenate([np.empty(0), *choices])
        return np.where(np.isnan(indices), np.nan, indices == columns)

    def _counted(self, internal: FloatArray) -> FloatArray:
        """Move values (n, d) to their grids by integers where these reach beyond 2^53: floats cannot count so far."""
        for j, distribution in self._vast.items():
            internal[:, j] = distribution.nearest(internal[:, j])
        return internal

    # --- values ------------------------------------------------------------------------------------------------------

    def external(self, point: list[float]) -> dict[str, Any]:
        """Turn the d internal values of one point into a user's values by name, without what is NaN."""
        if math.isnan(sum(point)):
            triples = zip(self.names, self.distributions, point, strict=True)
            return {name: distribution.to_external_repr(x) for name, distribution, x in triples if x == x}
        params: dict[str, Any] = dict(zip(self.names, point, strict=True))
        for j in self.discrete:  # of the others it is the internal value
            params[self.names[j]] = self.distributions[j].to_external_repr(point[j])
        return params


def _by_value(
    indices: FloatArray, suggested: list[tuple[BaseDistribution, IntArray]], choices: CategoricalDistribution
) -> FloatArray:
    """Turn indices (n,) of choices, given with the positions at which they count, into indices of other choices."""
    found = np.full(len(indices), np.nan)
    for own, positions in suggested:
        if isinstance(own, CategoricalDistribution):
            table = np.array(own.indices_in(choices), dtype=np.float64)
            found[positions] = table[indices[positions].astype(np.int64)]
    return found


def _n_choices(distribution: BaseDistribution) -> int:
    return len(distribution.choices) if isinstance(distribution, CategoricalDistribution) else 0


def _bounds(distribution: BaseDistribution) -> tuple[float, float]:
    """Give the least and the greatest internal value."""
    if isinstance(distribution, NumericDistribution):
        return distribution.low, distribution.high
    return distribution.ends
