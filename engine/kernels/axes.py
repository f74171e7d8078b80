"""A search space as arrays, and the coordinates in which kernels work.

A coordinate is the model coordinate x of a continuous dimension (logarithm already applied) and of a fine grid, and the
**index** of the value on a short grid or among choices: their kernels are rows of a table.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import BoolArray, FloatArray, IntArray
from .mixture import SpaceArrays, snap, support, values_between

# Grids of at most this many values get their exact masses, tabulated. Beside a finer cell the kernel's mass is close to
# that of a normal whose variance is larger by that of a uniform of the cell's width (Sheppard's correction).
LONGEST_TABLE = 32


class Axes(NamedTuple):
    """The d dimensions of a search space, shape (d,) each unless said otherwise.

    Attributes
    ----------
    low, high, step, n_choices
        As in `mixture.Mixture`.
    lower, upper
        Ends of the support: half a cell beyond the outermost values of a grid.
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
    n_steps = values_between(space.low, space.high, space.step)
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
