"""A search space as TPE models it: names and distributions outside, arrays of coordinates inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.distributions import BaseDistribution, CategoricalDistribution, Space
from ...engine.history import Dimensions
from ...engine.kernels.axes import SpaceArrays, axes_of, decode, encode
from ...engine.kernels.categorical import ChoiceTables

_KEPT_TABLES = 64  # by smoothing
CategoricalDistance = Callable[[Any, Any], float]


class ModelSpace:
    """The d parameters of a space.

    Parameters
    ----------
    space
        Distributions by parameter name.
    distances
        Functions of two choices by parameter name.

    Attributes
    ----------
    dims : Dimensions
        The parameters, and how trials become points of them.
    names : list[str]
        Parameter names.
    arrays : SpaceArrays
        The space in model coordinates.
    axes : Axes
        The space in kernel coordinates.
    width : ndarray
        (d,) widths of the support.
    is_continuous : bool
        Whether no parameter is a choice or on a short grid.
    distances : dict[int, ndarray]
        Distance matrices between choices, by dimension.
    """

    def __init__(self, space: Space, distances: Mapping[str, CategoricalDistance]) -> None:
        self.dims = Dimensions.of(space)
        self.names = self.dims.names
        self.arrays = space_arrays(space)
        self.axes = axes_of(self.arrays)
        self.width = self.axes.upper - self.axes.lower
        self._is_stepped = bool(self.arrays.step.any())
        self.is_continuous = not self.axes.n_values.any()
        self._logs = np.flatnonzero(self.dims.scale.is_log)
        self._tables: dict[float, ChoiceTables] = {}
        self.distances = {
            j: _matrix(distribution, distances[name])
            for j, (name, distribution) in enumerate(space.items())
            if name in distances and isinstance(distribution, CategoricalDistribution)
        }

    def coordinates(self, internal: FloatArray) -> FloatArray:
        """Turn internal values (n, d) into kernel coordinates (d, n); NaN for those outside of today's ranges."""
        x = self.dims.to_model(internal)
        return np.transpose(encode(self.axes, x) if self._is_stepped else x)

    def on_model_scale(self, internal: FloatArray) -> FloatArray:
        """Take the logarithms of internal values (d, n) where the scale is one."""
        if not len(self._logs):
            return internal
        model: FloatArray = internal.copy()
        with np.errstate(invalid="ignore", divide="ignore"):  # a range may have been moved from below 0
            model[self._logs] = np.log(internal[self._logs])
        return model

    def choice_tables(self, smoothing: float) -> ChoiceTables:
        """Give the kernels of the categorical parameters: an observation's one-hot vector plus the smoothing."""
        found = self._tables.get(smoothing)
        if found is None:
            if len(self._tables) >= _KEPT_TABLES:
                self._tables.clear()
            leak = smoothing / (1.0 + smoothing)
            found = self._tables[smoothing] = ChoiceTables.of(self.arrays.n_choices, leak, self.distances)
        return found

    @cached_property
    def any_tables(self) -> ChoiceTables:
        """The kernels of the categorical parameters for some smoothing, for a kernel that sets another."""
        return self.choice_tables(1.0)

    @cached_property
    def _bent(self) -> list[tuple[str, BaseDistribution]]:
        """The parameters whose internal values are not their model coordinates."""
        scale, pairs = self.dims.scale, zip(self.names, self.dims.distributions, strict=True)
        return [pair for pair, bent in zip(pairs, scale.is_log | (scale.spacing > 0.0), strict=True) if bent]

    def internal(self, x: FloatArray) -> dict[str, float]:
        """Turn the model coordinates (d,) of one point of the space into internal values by name."""
        found = dict(zip(self.names, x.tolist(), strict=True))
        for name, distribution in self._bent:
            found[name] = distribution.from_model_value(found[name])
        return found

    def model(self, z: FloatArray) -> FloatArray:
        """Turn kernel coordinates (n, d) into model coordinates."""
        return decode(self.axes, z) if self._is_stepped else z


def space_arrays(space: Space) -> SpaceArrays:
    """Describe a space of d parameters as arrays of shape (d,) in model coordinates."""
    ends = np.array([distribution.ends for distribution in space.values()]).reshape(-1, 2)
    step = np.array([distribution.grid for distribution in space.values()], dtype=np.float64)
    n_choices = [len(d.choices) if isinstance(d, CategoricalDistribution) else 0 for d in space.values()]
    return SpaceArrays(ends[:, 0].copy(), ends[:, 1].copy(), step, np.array(n_choices, dtype=np.int64))


def _matrix(distribution: CategoricalDistribution, distance: CategoricalDistance) -> FloatArray:
    """Tabulate a user's distance between choices (C, C)."""
    choices = distribution.choices
    matrix = np.array([[float(distance(a, b)) for b in choices] for a in choices])
    if not np.isfinite(matrix).all() or (matrix < 0).any() or matrix.diagonal().any():
        raise ValueError(
            f"`categorical_distance_func` must give finite distances, none negative and 0 between a choice and "
            f"itself, but for {choices} it gave {matrix.tolist()}."
        )
    return matrix
