"""Slice plot: the objective over each parameter by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ..targets import Target
from .coloring import coloring
from .parameters import Column, chosen, column
from .picture import GREY, Axis, Panel, Picture, Points, Shading
from .reading import MOST, Values, padded, values_of

_TITLE = "Slice Plot"
_IN_A_ROW = 4


def slices(
    study: Any,
    params: list[str] | None = None,
    *,
    target: Target | None = None,
    target_name: str = "Objective Value",
    order: str | None = None,
    n_params: int | None = None,
    color: str = "trial",
) -> Picture:
    """Plot the objective over each parameter.

    Parameters
    ----------
    study
        The study.
    params
        The parameters; None: all.
    target
        Takes a trial and gives what to plot; None: its value. Several objectives need it.
    target_name
        What that is called in the plot.
    order
        None: parameters are sorted by name; ``"importance"``: the most important ones come first.
    n_params
        How many parameters to show, the most important ones; None: all.
    color
        ``"trial"``, the trial's number; ``"rank"`` or ``"value"`` of the objective.

    Returns
    -------
    figure
        A figure of plotly; of matplotlib's backend ``Axes``, or an array of them of shape (d,) for d > 1 parameters.

    Raises
    ------
    ImportError
        If plotly, or matplotlib, is not installed.
    ValueError
        If a parameter is unknown, or there are several objectives and no target.
    """
    trials, names, said = chosen(study, values_of(study, target).finite(), params, target, order, n_params, MOST)
    if not names:
        return Picture(_TITLE)
    shaded, shading = coloring(color, trials, target_name, ("trial", "rank", "value"))
    with trials.history.lock:
        columns = [column(trials.history, name, trials.numbers, quoted=True, as_choices=True) for name in names]
    limits = padded(float(trials.values.min()), float(trials.values.max()))
    panels = tuple(_panel(one, Axis(target_name, limits=limits), trials, shaded, shading) for one in columns)
    return Picture(_TITLE, panels, min(len(panels), _IN_A_ROW), note=said)


def _panel(x: Column, y: Axis, trials: Values, shaded: FloatArray, shading: Shading) -> Panel:
    rows = np.flatnonzero(x.present & trials.feasible)
    if x.axis.scale == "category":
        rows = rows[np.argsort(x.values[rows], kind="stable")]
    first = _points(x, trials, rows, shaded[rows], shading, "Feasible Trial")
    rows = np.flatnonzero(x.present & ~trials.feasible)
    if not len(rows):
        return Panel(x.axis, y, (first,))
    infeasible = replace(_points(x, trials, rows, shaded[rows], shading, "Infeasible Trial"), color=GREY, shading=None)
    return Panel(x.axis, y, (first, infeasible))


def _points(x: Column, trials: Values, rows: IntArray, shaded: FloatArray, shading: Shading, name: str) -> Points:
    found = trials.numbers[rows].astype(float)
    return Points(x.values[rows], trials.values[rows], name, shaded, shading, numbers=found)
