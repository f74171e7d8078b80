"""The unit cube: values of d parameters as shares of their ranges, and back.

Shapes: n values of each parameter are (n, d), kept parameter by parameter in memory, as a history keeps them. NaN stays
NaN, and a value outside of its range becomes NaN in all that is made of values.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np

from ..arrays import BoolArray, FloatArray


class Scale(NamedTuple):
    """How the values of d parameters lie in their ranges, shape (d,) each.

    Attributes
    ----------
    low, high
        Least and greatest value.
    spacing
        Distance of neighbouring values of a grid, 1 of choices; 0 where there is no grid.
    is_log
        Whether equal ratios are equal distances.
    lower, width
        Where the support begins and its width, in model coordinates: half a cell of a grid beyond `low` and `high`.
    """

    low: FloatArray
    high: FloatArray
    spacing: FloatArray
    is_log: BoolArray
    lower: FloatArray
    width: FloatArray


def within(values: FloatArray, scale: Scale) -> FloatArray:
    """Give the values (n, d) that lie in their ranges; NaN for the others."""
    fits = values >= scale.low
    fits &= values <= scale.high
    return values if np.count_nonzero(fits) == fits.size else np.where(fits, values, np.nan)


def to_model(values: FloatArray, scale: Scale, share: FloatArray | None = None) -> FloatArray:
    """Turn values into model coordinates.

    Parameters
    ----------
    values
        Shape (n, d).
    scale
        The d ranges.
    share
        How far through its cell of the grid each value is put, in [0, 1), shape (n, d). None: where it is.

    Returns
    -------
    model
        Shape (n, d).
    """
    values = within(values, scale)
    if share is None or not scale.spacing.any():
        return _logarithms(values, scale)
    half = scale.spacing / 2
    lower, upper = _logarithms(values - half, scale), _logarithms(values + half, scale)
    return np.asarray(lower + share * (upper - lower))


def from_model(model: FloatArray, scale: Scale) -> FloatArray:
    """Turn model coordinates (n, d) into the nearest values in the ranges and on the grids; undo `to_model`."""
    return _nearest(_exponentials(model, scale), scale)


def to_unit(values: FloatArray, scale: Scale, share: FloatArray | None = None) -> FloatArray:
    """Turn values (n, d) into points of the unit cube; `share` as in `to_model`."""
    points = (to_model(values, scale, share) - scale.lower) / scale.width
    return _between(points, 0.0, 1.0)  # a logarithm may miss the end of its range by a rounding


def beyond_unit(values: FloatArray, scale: Scale) -> FloatArray:
    """Turn values (n, d) into points as `to_unit` does; those outside of their ranges lie outside of the cube."""
    return np.asarray((_logarithms(values, scale) - scale.lower) / scale.width)


def from_unit(points: FloatArray, scale: Scale) -> FloatArray:
    """Turn points of the unit cube (n, d) into the nearest values in the ranges and on the grids; undo `to_unit`."""
    return from_model(scale.lower + points * scale.width, scale)


def near_unit(points: FloatArray, scale: Scale) -> FloatArray:
    """Turn points of the unit cube (n, d) into values in the ranges; those of a grid may lie beside it."""
    return _between(_exponentials(scale.lower + points * scale.width, scale), scale.low, scale.high)


def settle(values: FloatArray, scale: Scale) -> FloatArray:
    """Move values (n, d) to the next points of their grids."""
    return _nearest(within(values, scale), scale)


def _nearest(values: FloatArray, scale: Scale) -> FloatArray:
    is_grid = scale.spacing > 0
    if is_grid.any():
        low, spacing = scale.low[is_grid], scale.spacing[is_grid]
        settled: FloatArray = values.copy(order="K")
        settled[:, is_grid] = low + np.round((values[:, is_grid] - low) / spacing) * spacing
        values = settled
    return _between(values, scale.low, scale.high)


def _between(values: FloatArray, low: FloatArray | float, high: FloatArray | float) -> FloatArray:
    return cast(FloatArray, np.minimum(np.maximum(values, low), high))


def _logarithms(values: FloatArray, scale: Scale) -> FloatArray:
    if not scale.is_log.any():
        return values
    model: FloatArray = values.copy(order="K")
    model[:, scale.is_log] = np.log(values[:, scale.is_log])
    return model


def _exponentials(model: FloatArray, scale: Scale) -> FloatArray:
    if not scale.is_log.any():
        return model
    values: FloatArray = model.copy(order="K")
    values[:, scale.is_log] = np.exp(model[:, scale.is_log])
    return values
