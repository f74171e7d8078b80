"""Parallel coordinates: a line a trial, through its value and its parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.distributions import CategoricalDistribution
from ...engine.history import History, history_of
from ...engine.kernels.dominance import ranks
from ...engine.records import TrialState
from ..targets import Target
from .coloring import coloring
from .parameters import Column, chosen, column
from .picture import Axis, Ladder, Panel, Picture, Shading, Threads, cut, shares_between
from .reading import MOST, Values, values_of

_TITLE = "Parallel Coordinate Plot"
_STEPS = 5  # labels on an axis of numbers
_MOST_LABELS = 20  # of categories
_MOST_WHOLE = 1000  # width of an axis of whole numbers up to which its labels are whole
_LETTERS = 80  # of all labels that stand side by side
_ABSENT = -0.1  # height at which a line passes an axis for which its trial has no value


def parallel_coordinate(
    study: Any,
    params: list[str] | None = None,
    *,
    target: Target | None = None,
    target_name: str = "Objective Value",
    order: str | None = None,
    n_params: int | None = None,
    color: str = "value",
) -> Picture:
    """Plot each trial as a line through its value and its parameters; it passes below those that it has not.

    Infeasible trials are dotted. Several objectives without a target have an axis each; then lines are shaded by the
    rank of their front.

    Parameters
    ----------
    study
        The study.
    params
        The parameters; None: all.
    target
        Takes a trial and gives what to plot; None: its value, or all of them.
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
        A figure of plotly; of matplotlib's backend ``Axes``.

    Raises
    ------
    ImportError
        If plotly, or matplotlib, is not installed.
    ValueError
        If a parameter is unknown.
    """
    several = target is None and len(history_of(study).directions) > 1
    every = (_of_all_objectives(study) if several else values_of(study, target)).finite()
    trials, names, said = chosen(study, every, params, target, order, n_params, MOST)
    if not names:
        return Picture(_TITLE)
    with trials.history.lock:
        columns = [_column(trials.history, name, trials.numbers) for name in names]
        reached = trials.history.values[trials.numbers] if several else trials.values[:, np.newaxis]
    titles = [f"Objective {i}" for i in range(reached.shape[1])] if several else [target_name]
    columns = [Column(Axis(title), reached[:, i]) for i, title in enumerate(titles)] + columns
    values, shading = coloring(color, trials, target_name)
    if several:
        values, shading = trials.values, Shading.of("Pareto Rank", trials.values)
    heights = np.column_stack([_heights(one) for one in columns])
    letters = max(_LETTERS // len(columns), 6)
    threads = Threads(tuple(_ladder(one, letters) for one in columns), heights, values, ~trials.feasible, shading)
    panel = Panel(Axis("", limits=(-0.2, len(columns) - 0.8)), Axis("", limits=(_ABSENT - 0.05, 1.08)), (threads,))
    return Picture(_TITLE, (panel,), legend=bool(threads.dotted.any()), note=said)


def _of_all_objectives(study: Any) -> Values:
    """Read the fronts to which the complete trials of several objectives belong, NaN if a value is not finite."""
    history = history_of(study)
    with history.lock:
        numbers = np.flatnonzero(history.states == TrialState.COMPLETE)
        losses = history.losses(numbers)
        front, fine = np.full(len(numbers), np.nan), np.isfinite(losses).all(axis=1)
        front[fine] = ranks(losses[fine])
        return Values(history, numbers, front, ~(history.violation[numbers] > 0), True)


def _column(history: History, name: str, numbers: IntArray) -> Column:
    """Read a parameter; choices that are numbers stand in ascending order, as far from each other as others do."""
    one = column(history, name, numbers)
    if one.axis.scale == "category" or not isinstance(history.latest(name), CategoricalDistribution):
        return one
    values, present = one.values.copy(), one.present
    choices, values[present] = np.unique(one.values[present], return_inverse=True)
    return Column(Axis(name, "category", tuple(f"{choice:.6g}" for choice in choices.tolist())), values)


def _position(one: Column) -> FloatArray:
    return np.log10(one.values) if one.axis.scale == "log" else one.values


def _ends(one: Column) -> tuple[float, float]:
    if one.axis.scale == "category":
        return 0.0, len(one.axis.labels) - 1.0
    found = _position(one)
    found = found[np.isfinite(found)]
    return (float(found.min()), float(found.max())) if len(found) else (0.0, 0.0)


def _heights(one: Column) -> FloatArray:
    """Give heights between 0 and 1, in the middle if all values are the same; lower ones where there is no value."""
    low, high = _ends(one)
    heights = shares_between(_position(one), low, high) if high > low else np.full(len(one.values), 0.5)
    return np.where(one.present, heights, _ABSENT)


def _ladder(one: Column, letters: int) -> Ladder:
    found = _ladder_of_values(one, letters)
    if one.present.all():
        return found
    return Ladder(found.title, (_ABSENT, *found.heights), ("(absent)", *found.labels))


def _ladder_of_values(one: Column, letters: int) -> Ladder:
    low, high = _ends(one)
    if one.axis.scale == "category":
        labels = [cut(label, letters) for label in one.axis.labels]
        shown = np.unique(np.linspace(0, len(labels) - 1, min(len(labels), _MOST_LABELS)).round().astype(int)).tolist()
        at = tuple(i / high if high else 0.5 for i in shown)
        return Ladder(one.axis.title, at, tuple(labels[i] for i in shown))
    if high == low:
        return Ladder(one.axis.title, (0.5,), (_written(low, one),))
    at = tuple(i / (_STEPS - 1) for i in range(_STEPS))
    known = one.values[one.present]
    if one.axis.scale == "linear" and high - low < _MOST_WHOLE and (known == np.round(known)).all():
        whole = dict.fromkeys(round(low + share * (high - low)) for share in at)
        at = tuple((value - low) / (high - low) for value in whole)
    return Ladder(one.axis.title, at, tuple(_written(low + share * (high - low), one) for share in at))


def _written(position: float, one: Column) -> str:
    value = math.pow(10.0, position) if one.axis.scale == "log" else position
    return f"{value:.3g}"
