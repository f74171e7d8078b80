"""Rank plot: the trials over pairs of parameters, coloured by the rank of their values."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..targets import Target
from .coloring import ranking, shares
from .parameters import Column, chosen, column, hover
from .picture import Panel, Picture, Points, Shading
from .reading import Values, values_of


def rank(
    study: Any,
    params: list[str] | None = None,
    *,
    target: Target | None = None,
    target_name: str = "Objective Value",
    order: str | None = None,
    n_params: int | None = None,
) -> Picture:
    """Plot the trials over each pair of parameters, coloured by the rank of their values, the least dark.

    Parameters
    ----------
    study
        The study.
    params
        The parameters; None: all.
    target
        Takes a trial and gives what to rank; None: its value. Several objectives need it.
    target_name
        What that is called in the plot.
    order
        None: parameters are sorted by name, or as `params` has them; ``"importance"``: the most important ones first.
    n_params
        How many parameters to show, the most important ones; None: all.

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
    title, every = f"Rank ({target_name})", values_of(study, target)
    params = None if params is None else list(dict.fromkeys(params))
    trials, names, said = chosen(study, every, params, target, order, n_params)
    if not names:
        return Picture(title)
    if params is not None and order is None:  # as they were given
        names = [name for name in params if name in names]
    shading, shaded = ranking(every.values, target_name), shares(every.values)
    shaded = shaded[np.isin(every.numbers, trials.numbers)]
    with trials.history.lock:
        columns = [column(trials.history, name, trials.numbers) for name in names]
    if len(names) <= 2:
        texts = hover(trials, target_name, columns)
        panel = _panel(columns[0], columns[-1], trials, shaded, shading, texts)
        return Picture(title, (panel,), note=said)
    panels = tuple(_panel(x, y, trials, shaded, shading) for y in columns for x in columns)
    return Picture(title, panels, len(names), square=True, note=said)


def _panel(x: Column, y: Column, trials: Values, shaded: Any, shading: Shading, texts: tuple[str, ...] = ()) -> Panel:
    both = x.present & y.present
    beside = tuple(text for text, has in zip(texts, both.tolist(), strict=True) if has) if texts else ()
    found = trials.numbers[both].astype(float)
    points = Points(x.values[both], y.values[both], "Trial", shaded[both], shading, numbers=found, texts=beside)
    return Panel(x.axis, y.axis, (points,))
