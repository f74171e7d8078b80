"""Contour plot: the objective over pairs of parameters, interpolated between the trials by a membrane."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.logging import get_logger
from ..targets import Target
from .coloring import coloring
from .parameters import Column, chosen, column
from .picture import GREY, Axis, Heat, Mark, Panel, Picture, Points, Shading
from .reading import Values, values_of

_LINES = 48  # of a grid along an axis, beyond which they do not follow the trials
_TITLE = "Contour Plot"

_logger = get_logger(__name__)


def contour(
    study: Any,
    params: list[str] | None = None,
    *,
    target: Target | None = None,
    target_name: str = "Objective Value",
    order: str | None = None,
    n_params: int | None = None,
    color: str = "value",
) -> Picture:
    """Plot the objective over each pair of parameters.

    Between the trials, whose places are marked, the surface is that of a membrane which they hold (Laplace's equation);
    along an axis of categories it is not interpolated. Up to 46 different values of a parameter the grid has a line
    for each of them, and of several trials at one place the last one counts, as in Optuna; beyond, 48 lines are spread
    evenly and hold the mean of the trials at each.

    Parameters
    ----------
    study
        The study.
    params
        The parameters, at least two; None: all.
    target
        Takes a trial and gives what to plot; None: its value. Several objectives need it, and less is taken as better.
    target_name
        What that is called in the plot.
    order
        None: parameters are sorted by name; ``"importance"``: the most important ones come first.
    n_params
        How many parameters to show, the most important ones; None: all.
    color
        ``"value"``, or ``"rank"`` to spread the colours evenly over the trials.

    Returns
    -------
    figure
        A figure of plotly; of matplotlib's backend ``Axes``, or an array of them of shape (d, d) for d > 2 parameters.

    Raises
    ------
    ImportError
        If plotly, or matplotlib, is not installed.
    ValueError
        If a parameter is unknown, or there are several objectives and no target.
    """
    trials, names, said = chosen(study, values_of(study, target).finite(), params, target, order, n_params)
    if len(names) < 2:
        if names:
            _logger.warning("The length of params must be greater than 1.")
        return Picture(_TITLE)
    values, shading = coloring(color, trials, target_name)
    with trials.history.lock:
        columns = [column(trials.history, name, trials.numbers) for name in names]
    if len(names) == 2:
        return Picture(_TITLE, (_panel(columns[0], columns[1], trials, values, shading),), note=said)
    return Picture(_TITLE, _matrix(columns, trials, values, shading), len(names), square=True, note=said)


def _matrix(columns: Sequence[Column], trials: Values, values: FloatArray, shading: Shading) -> tuple[Panel, ...]:
    """Give d * d panels, row by row; each pair is computed once, and those on the diagonal are empty."""
    d = len(columns)
    panels = {(i, i): Panel(columns[i].axis, columns[i].axis, ()) for i in range(d)}
    for i, j in combinations(range(d), 2):
        panels[i, j] = panel = _panel(columns[j], columns[i], trials, values, shading)
        panels[j, i] = Panel(panel.y, panel.x, tuple(map(_transposed, panel.marks)))
    return tuple(panels[i, j] for i in range(d) for j in range(d))


def _transposed(mark: Mark) -> Mark:
    if isinstance(mark, Heat):
        return Heat(mark.y, mark.x, mark.z.T, mark.shading)
    assert isinstance(mark, Points)
    return Points(mark.y, mark.x, mark.name, mark.color, numbers=mark.numbers, small=mark.small)


def _panel(x: Column, y: Column, trials: Values, values: FloatArray, shading: Shading) -> Panel:
    both = x.present & y.present
    marks: list[Mark] = []
    grids = _lines(x.axis, x.values[both]), _lines(y.axis, y.values[both])
    if min(len(np.unique(x.values[both])), len(np.unique(y.values[both]))) < 2:
        if not both.any():
            warnings.warn(
                f"Contour plot will not be displayed because `{y.axis.title}` and `{x.axis.title}` cannot co-exist in "
                "`trial.params`.",
                stacklevel=5,
            )
        else:
            _logger.warning(f"Param {x.axis.title} or {y.axis.title} unique value length is less than 2.")
    else:
        z = _surface(x, y, both, values, *grids)
        marks.append(Heat(*grids, z, shading))
    for rows, name, ink in ((trials.feasible, "Feasible Trial", "black"), (~trials.feasible, "Infeasible Trial", GREY)):
        rows = rows & both
        found = trials.numbers[rows].astype(float)
        marks.append(Points(x.values[rows], y.values[rows], name, ink, numbers=found, small=True))
    return Panel(x.axis, y.axis, tuple(marks))


def _lines(axis: Axis, values: FloatArray) -> FloatArray:
    """Place the lines of a grid: at the values that occur and the ends of the axis, or evenly if these are too many."""
    if axis.scale == "category":
        return np.arange(len(axis.labels), dtype=float)
    low, high = axis.limits or (0.0, 1.0)
    found: FloatArray = np.union1d(values, [low, high])
    if len(found) <= _LINES:
        return found
    return np.geomspace(low, high, _LINES) if axis.scale == "log" else np.linspace(low, high, _LINES)


def _position(axis: Axis, values: FloatArray) -> FloatArray:
    return np.log10(values) if axis.scale == "log" else values


def _surface(
    x: Column, y: Column, both: BoolArray, values: FloatArray, x_lines: FloatArray, y_lines: FloatArray
) -> FloatArray:
    """Give the membrane's height on a grid, shape (number of y lines, number of x lines)."""
    at_x, at_y = _position(x.axis, x_lines), _position(y.axis, y_lines)
    column = _nearest(at_x, _position(x.axis, x.values[both]))
    row = _nearest(at_y, _position(y.axis, y.values[both]))
    known = np.full((len(at_y), len(at_x)), np.nan)
    if _LINES in (len(at_x), len(at_y)):
        total, count = np.zeros(known.shape), np.zeros(known.shape)
        np.add.at(total, (row, column), values[both])
        np.add.at(count, (row, column), 1.0)
        np.divide(total, count, out=known, where=count > 0)
    else:
        known[row, column] = values[both]  # of several the last
    return membrane(known, None if x.axis.scale == "category" else at_x, None if y.axis.scale == "category" else at_y)


def _nearest(lines: FloatArray, values: FloatArray) -> IntArray:
    right = np.clip(np.searchsorted(lines, values), 1, len(lines) - 1)
    return np.where(values - lines[right - 1] < lines[right] - values, right - 1, right)


def membrane(known: FloatArray, x: FloatArray | None, y: FloatArray | None) -> FloatArray:
    """Fill the gaps of a grid with the solution of Laplace's equation, free at the edges.

    Parameters
    ----------
    known
        Shape (ny, nx), NaN in the gaps.
    x, y
        Positions of the columns and rows; None where they are categories, between which nothing is interpolated.

    Returns
    -------
    filled
        What is known stays; a gap that no known cell can be reached from stays NaN.
    """
    from scipy.sparse import coo_matrix, csr_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import spsolve

    cells = np.arange(known.size).reshape(known.shape)
    first, second, strength = [np.empty(0, int)], [np.empty(0, int)], [np.empty(0)]
    for positions, a, b in ((x, cells[:, :-1], cells[:, 1:]), (y, cells.T[:, :-1], cells.T[:, 1:])):
        if positions is not None and a.size:
            gaps = np.diff(positions) / (positions[-1] - positions[0])
            first.append(a.ravel())
            second.append(b.ravel())
            strength.append(np.broadcast_to(1.0 / np.maximum(gaps, 1e-9), a.shape).ravel())
    i, j, w = map(np.concatenate, (first, second, strength))
    links = coo_matrix((np.tile(w, 2), (np.r_[i, j], np.r_[j, i])), shape=(known.size, known.size)).tocsr()
    flat = known.ravel().copy()
    is_known = ~np.isnan(flat)
    _, part = connected_components(links, directed=False)
    free = np.flatnonzero(~is_known & np.isin(part, part[is_known]))
    if len(free):
        degree = np.asarray(links.sum(axis=1)).ravel()
        among = links[free][:, free]
        laplacian = csr_matrix((degree[free], (range(len(free)), range(len(free)))), shape=among.shape) - among
        held = links[free][:, np.flatnonzero(is_known)] @ flat[is_known]
        low, high = flat[is_known].min(), flat[is_known].max()
        flat[free] = np.clip(spsolve(laplacian.tocsc(), held), low, high)
    filled: FloatArray = flat.reshape(known.shape)
    return filled
