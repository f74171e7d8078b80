"""Optimization history: what each trial reached, and the best so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.history import history_of
from ...engine.logging import get_logger
from ..targets import Target
from .picture import COLORS, GREY, Axis, Band, Line, Mark, Panel, Picture, Points
from .reading import MOST, Values, note, studies_of, thinned, values_of

_INFEASIBLE = "Infeasible Trial"
_POINTS, _BEST, _BAND = COLORS[0], COLORS[5], COLORS[1]
_STUDIES = (COLORS[0], COLORS[2], COLORS[3], COLORS[4], COLORS[6], COLORS[1], COLORS[5])

_logger = get_logger(__name__)


def optimization_history(
    study: Any | Sequence[Any],
    *,
    target: Target | None = None,
    target_name: str = "Objective Value",
    error_bar: bool = False,
) -> Picture:
    """Plot the value of each complete trial, and the best so far.

    Parameters
    ----------
    study
        One study, or several.
    target
        Takes a trial and gives what to plot, or None; None: its value. Several objectives need it. A target has no best
        so far.
    target_name
        What that is called in the plot.
    error_bar
        Whether several studies are shown as one: the mean of their feasible trials of each number, and the standard
        deviation.

    Returns
    -------
    figure
        A figure of plotly; of matplotlib's backend ``Axes``.

    Raises
    ------
    ImportError
        If plotly, or matplotlib, is not installed.
    ValueError
        If there are several objectives and no target.
    """
    studies = studies_of(study)
    if not studies:
        _logger.warning("There are no studies.")
    found = [values_of(one, target, absent=math.nan) for one in studies]
    if not any(len(trials.numbers) for trials in found):
        if studies:
            _logger.warning("There are no complete trials.")
        found = []
    marks: list[Mark] = []
    said = ""
    if error_bar and found:
        marks = _together(found, target, target_name)
    else:
        for k, (one, trials) in enumerate(zip(studies, found, strict=False)):
            of = f" of {one.study_name}" if len(found) > 1 else ""
            colors = (_POINTS, _BEST) if len(found) == 1 else (_STUDIES[k % len(_STUDIES)],) * 2
            more, note_here = _alone(trials, history_of(one).n, target, target_name, of, colors)
            marks += [replace(mark, listed=mark.listed and (k == 0 or mark.name != _INFEASIBLE)) for mark in more]
            said = said or note_here
    panel = Panel(Axis("Trial"), Axis(target_name), tuple(marks))
    return Picture("Optimization History Plot", (panel,), legend=bool(marks), note=said)


def _alone(
    trials: Values, n: int, target: Target | None, target_name: str, of: str, colors: tuple[str, ...]
) -> tuple[list[Points | Line], str]:
    rows = thinned(trials.losses, MOST)
    shown, x = trials[rows], trials.numbers[rows].astype(float)
    good = shown.feasible
    marks: list[Points | Line] = [
        Points(x[good], shown.values[good], f"{target_name}{of}", colors[0], listed=True, small=len(x) > MOST // 4)
    ]
    if target is None:
        at, best = _best(trials, n)
        marks.append(Line(at, best, f"Best Value{of}", colors[-1], listed=True))
    marks.append(Points(x[~good], shown.values[~good], _INFEASIBLE, GREY, listed=bool((~good).any())))
    return marks, note(len(rows), len(trials.numbers))


def _best(trials: Values, n: int) -> tuple[FloatArray, FloatArray]:
    """Give the best value up to each of n trials; of many trials where it changes alone, with its steps kept."""
    losses = np.full(n if len(trials.numbers) else 0, np.inf)
    has = np.zeros(len(losses), dtype=bool)
    kept = trials.numbers[trials.feasible]
    losses[kept] = trials.losses[trials.feasible]
    has[kept] = True
    best = np.minimum.accumulate(np.where(np.isnan(losses), np.inf, losses))
    value = np.where(np.logical_or.accumulate(has), best if trials.low_is_good else -best, np.nan)
    at = np.arange(len(losses))
    if len(at) > MOST:
        change = np.flatnonzero(np.diff(best) != 0)
        at = np.unique(np.r_[0, change, change + 1, len(at) - 1])
    return at.astype(float), value[at]


def _together(found: Sequence[Values], target: Target | None, target_name: str) -> list[Mark]:
    """Show several studies as one: means and standard deviations over those that have a trial of each number."""
    if any(not trials.feasible.all() for trials in found):
        _logger.warning("Your studies contain infeasible trials: means and error bars are those of feasible trials.")
    found = [trials[trials.feasible] for trials in found]
    n = 1 + max((int(trials.numbers.max()) for trials in found if len(trials.numbers)), default=-1)
    values, best = np.full((len(found), n), np.nan), np.full((len(found), n), np.nan)
    for k, trials in enumerate(found):
        if len(trials.numbers):
            values[k, trials.numbers] = trials.values
            line = np.minimum.accumulate(trials.losses)
            best[k, trials.numbers] = line if trials.low_is_good else -line
    at = np.flatnonzero(~np.isnan(values).all(axis=0))
    mean, spread = _moments(values[:, at])
    rows = thinned(mean, MOST)
    x = at[rows].astype(float)
    marks: list[Mark] = [Points(x, mean[rows], target_name, _POINTS, errors=spread[rows], listed=True)]
    if target is None:
        mean, spread = _moments(best[:, at])
        mean, spread = mean[rows], spread[rows]
        marks.append(Line(x, mean, "Best Value", _BEST, listed=True))
        marks.append(Band(x, mean - spread, mean + spread, _BAND))
    return marks


def _moments(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give mean and standard deviation over the rows that are known, of columns that have one at least."""
    count: IntArray = (~np.isnan(values)).sum(axis=0)
    with np.errstate(invalid="ignore"):
        mean = np.nansum(values, axis=0) / count
        return mean, np.sqrt(np.nansum((values - mean) ** 2, axis=0) / count)
