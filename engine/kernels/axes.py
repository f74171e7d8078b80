"""A search space as arrays, and the coordinates in which kernels work.

A coordinate is the model coordinate x of a continuous dimension (logarithm already applied) and of a fine grid, and the
**index** of the value on a short grid or among choices: their kernels are rows of a table.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import BoolArray, FloatArray, IntArray

# Grids of at most this many values get their exact masses, tabulated. Beside a finer cell the kernel's mass is close to
# that of a normal whose variance is larger by that of a uniform of the cell's width (Sheppard's correction).
LONGEST_TABLE = 32


class SpaceArrays(NamedTuple):
    """A search space in model coordinates (log already applied), shape (d,) each.

    Attributes
    ----------
    low, high
        Ends of the range; the lowest and highest value of a grid.
    step
        0: continuous. Positive: a grid of that step in x. Negative: a grid of step |step| in exp(x), as for integers
        on a log scale.
    n_choices
        Number of choices; 0: numeric. The other columns of choices are not used (give 0, n_choices - 1, 1 or all 0).
    """

    low: FloatArray
    high: FloatArray
    step: FloatArray
    n_choices: IntArray


class Axes(NamedTuple):
    """The d dimensions of a search space, shape (d,) each unless said otherwise.

    Attributes
    ----------
    low, high, step, n_choices
        As in `SpaceArrays`.
    lower, upper
        Ends of the support: half a cell beyond the outermost values of a grid, [low - step/2, high + step/2] or
        [log(e^low - |step|/2), log(e^high + |step|/2)].
    n_values
        Length of a table's row: number of choices or of grid values; 0 where the coordinate is continuous.
    spread
        Variance that a fine grid adds to a kernel's: step^2 / 12. -1: the grid lies in exp(x), where cells differ.
    points
        (p,) model coordinates of the tabulated grids' values, one grid after the other, each followed by a NaN.
    edges
        (p,) ends of their cells, n_values + 1 a grid.
    start
        First entry of a dimension in `points` and `edges`.
    """

    low: FloatArray
    high: FloatArray
    step: FloatArray
    n_choices: IntArray
    lower: FloatArray
    upper: FloatArray
    n_values: IntArray
    spread: FloatArray
    points: FloatArray
    edges: FloatArray
    start: IntArray


def axes_of(space: SpaceArrays, longest_table: int = LONGEST_TABLE) -> Axes:
    """Lay out a space; grids of more than `longest_table` values are taken as continuous."""
    lower, upper = support(space.low, space.high, space.step)
    n_steps = _values_between(space.low, space.high, space.step)
    numeric = space.n_choices == 0
    is_point = numeric & ~(upper > lower)
    tabulated = numeric & (space.step != 0.0) & (n_steps < longest_table) & ~is_point
    fine = numeric & (space.step != 0.0) & ~tabulated
    n_values = np.where(numeric, 0, space.n_choices)
    n_values[tabulated] = np.rint(n_steps[tabulated]).astype(np.int64) + 1
    n_values[is_point] = 1
    spread = np.where(fine, np.where(space.step > 0.0, space.step**2 / 12.0, -1.0), 0.0)
    points, edges, start = _grids(space, n_values, tabulated | is_point)
    return Axes(*space, lower, upper, n_values, spread, points, edges, start)


def _grids(space: SpaceArrays, n_values: IntArray, tabulated: BoolArray) -> tuple[FloatArray, FloatArray, IntArray]:
    points, edges, start, size = [np.empty(0)], [np.empty(0)], np.zeros(len(n_values), np.int64), 0
    for j in np.flatnonzero(tabulated):
        step, count = space.step[j], int(n_values[j])
        on_log_scale, width = step < 0.0, abs(step)
        first = np.exp(space.low[j]) if on_log_scale else space.low[j]
        values = first + width * np.arange(count)
        cells = first + width * (np.arange(count + 1) - 0.5)
        points.append(np.append(np.log(values) if on_log_scale else values, np.nan))
        edges.append(np.log(cells) if on_log_scale else cells)
        start[j], size = size, size + count + 1
    return np.concatenate(points), np.concatenate(edges), start


def along(axes: Axes, dims: IntArray) -> Axes:
    """Keep some of the dimensions."""
    arrays = {name: getattr(axes, name)[dims] for name in axes._fields if name not in ("points", "edges")}
    return axes._replace(**arrays)


def encode(axes: Axes, x: FloatArray) -> FloatArray:
    """Turn model coordinates (n, d) into kernel coordinates: values of tabulated grids become their indices."""
    grid = (axes.n_values > 0) & (axes.n_choices == 0)
    if not grid.any():
        return x
    out: FloatArray = x.copy()
    for j in np.flatnonzero(grid):
        points = axes.points[axes.start[j] : axes.start[j] + axes.n_values[j]]
        middles = 0.5 * (points[1:] + points[:-1])
        out[:, j] = np.where(np.isnan(x[:, j]), np.nan, np.searchsorted(middles, x[:, j]))
    return out


def decode(axes: Axes, z: FloatArray) -> FloatArray:
    """Turn kernel coordinates (n, d) into model coordinates, on the grids where there are any."""
    fine = np.where(axes.n_values == 0, axes.step, 0.0)
    out = snap(z, axes.low, fine) if fine.any() else z.copy()
    for j in np.flatnonzero((axes.n_values > 0) & (axes.n_choices == 0)):
        known = ~np.isnan(z[:, j])
        out[known, j] = axes.points[axes.start[j] + z[known, j].astype(np.int64)]
    return np.asarray(out)


class Cells:
    """Numbers that tell points apart: on a fine grid those of its cells.

    Two ways to a value of a fine grid may differ in the last digit of its coordinate.
    """

    def __init__(self, axes: Axes) -> None:
        self._fine = np.flatnonzero((axes.n_values == 0) & (axes.step != 0.0))
        self._is_log, self._width = axes.step[self._fine] < 0.0, np.abs(axes.step[self._fine])
        self._origin = _exp_where(self._is_log, axes.low[self._fine])

    def of(self, z: FloatArray) -> FloatArray:
        """Turn kernel coordinates (n, d) into such numbers."""
        if not len(self._fine):
            return z
        out: FloatArray = z.copy()
        values = _exp_where(self._is_log, z[:, self._fine])
        out[:, self._fine] = np.rint((values - self._origin) / self._width) + 0.0  # no -0
        return out


def support(low: FloatArray, high: FloatArray, step: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the ends (d,) of the truncation interval: on a grid half a step beyond the outermost values."""
    if not step.any():
        return low, high
    on_log_scale = step < 0.0
    half = 0.5 * np.abs(step)
    lower = _exp_where(on_log_scale, low) - half
    upper = _exp_where(on_log_scale, high) + half
    return _log_where(on_log_scale, lower), _log_where(on_log_scale, upper)


def snap(x: FloatArray, low: FloatArray, step: FloatArray) -> FloatArray:
    """Return x with its stepped dimensions moved to the nearest grid value; shapes (n, d), (d,), (d,)."""
    size = np.where(step == 0.0, 1.0, np.abs(step))
    on_log_scale = step < 0.0
    origin = _exp_where(on_log_scale, low)
    value = origin + size * np.rint((_exp_where(on_log_scale, x) - origin) / size)
    return np.where(step == 0.0, x, _log_where(on_log_scale, value))


def _values_between(low: FloatArray, high: FloatArray, step: FloatArray) -> FloatArray:
    """Return the number of grid steps from low to high (d,), infinite without a grid, 0 for a single point."""
    on_log_scale = step < 0.0
    width = _exp_where(on_log_scale, high) - _exp_where(on_log_scale, low)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(width > 0.0, width / np.abs(step), 0.0)


def _exp_where(condition: BoolArray, x: FloatArray) -> FloatArray:
    """Return exp(x) where the condition holds, elsewhere x, whose exponential might overflow."""
    return np.where(condition, np.exp(np.where(condition, x, 0.0)), x) if condition.any() else x


def _log_where(condition: BoolArray, x: FloatArray) -> FloatArray:
    """Return log(x) where the condition holds, elsewhere x."""
    return np.where(condition, np.log(np.where(condition, x, 1.0)), x) if condition.any() else x
