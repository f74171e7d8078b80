"""The Pareto front among all trials, in two or three objectives."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.history import History, history_of
from ...engine.kernels.dominance import non_dominated
from ...engine.logging import get_logger
from ...engine.records import FrozenTrial, TrialState
from .parameters import column
from .picture import COLORS, GREY, Axis, Panel, Picture, Points, Shading
from .reading import MOST, names_of_objectives, note

Targets = Callable[[FrozenTrial], Sequence[float]]

_logger = get_logger(__name__)


@np.errstate(all="ignore")  # whatever the user's program asks of NumPy
def pareto_front(
    study: Any,
    *,
    target_names: list[str] | None = None,
    include_dominated_trials: bool = True,
    constraints_func: Callable[[FrozenTrial], Sequence[float]] | None = None,
    targets: Targets | None = None,
) -> Picture:
    """Plot the complete trials in the space of two or three objectives, those that no other one dominates in red.

    Parameters
    ----------
    study
        A study of several objectives.
    target_names
        What the objectives are called in the plot; None: their names in the study, if it has them.
    include_dominated_trials
        Whether feasible trials that are not on the front are shown.
    constraints_func
        Gives the constraint values of a trial, none above 0 if it is feasible; deprecated: a study knows those that its
        trials set.
    targets
        Takes a trial and gives the two or three values to be shown; None: the values of its objectives.

    Returns
    -------
    figure
        A figure of plotly; of matplotlib's backend ``Axes``.

    Raises
    ------
    ImportError
        If plotly, or matplotlib, is not installed.
    ValueError
        If there are not two or three values, or as many names.
    """
    history = history_of(study)
    m = len(history.directions)
    if targets is None and m not in (2, 3):
        raise ValueError(
            "`plot_pareto_front` function only supports 2 or 3 objective studies when using `targets` is `None`. "
            f"The study has {m}. Please use `targets` to say which 2 or 3 values are to be shown."
        )
    if constraints_func is not None:
        warnings.warn(
            "`constraints_func` is deprecated: set constraints by `trial.set_constraint`.", FutureWarning, stacklevel=4
        )
    with history.lock:
        numbers = np.flatnonzero(history.states == TrialState.COMPLETE)
        feasible, constrained = _feasible(history, numbers, constraints_func)
        losses = history.losses(numbers)
        points = history.values[numbers] if targets is None else _targeted(history, numbers, targets)
    if not feasible.any():
        which = "completed and feasible" if len(numbers) else "completed"
        _logger.warning(f"Your study does not have any {which} trials.")
    best = feasible.copy()
    best[feasible] = non_dominated(losses[feasible])
    width = m if targets is None else points.shape[1] if len(numbers) else len(target_names or ()) or 2
    names = target_names
    if names is None:
        names = names_of_objectives(study, [f"Objective {i}" for i in range(width)])
    if len(names) != width:
        raise ValueError(f"The length of `target_names` is supposed to be {width}, but got {len(names)}.")
    groups = [("Infeasible Trial", ~feasible)] if constrained else []
    groups += [("Feasible Trial" if constrained else "Trial", feasible & ~best & bool(include_dominated_trials))]
    rows, total = _thinned([*(rows for _, rows in groups), best])
    called = [*(name for name, _ in groups), "Best Trial"]
    marks = tuple(
        _points(history, numbers, points, names, name, chosen) for name, chosen in zip(called, rows, strict=True)
    )
    axes = [Axis(name) for name in names]
    panel = Panel(axes[0], axes[1], marks, axes[2] if len(axes) > 2 else None)
    said = note(sum(map(len, rows)), total)
    return Picture("Pareto-front Plot", (panel,), legend=True, note=said)


def _feasible(
    history: History, numbers: IntArray, constraints_func: Callable[[FrozenTrial], Sequence[float]] | None
) -> tuple[BoolArray, bool]:
    """Tell of each trial whether it is feasible, and whether there are constraints at all."""
    if constraints_func is None:
        violation = history.violation[numbers]
        return ~(violation > 0), bool((~np.isnan(violation)).any())
    found = [all(c <= 0 for c in constraints_func(history.copy_record(n))) for n in numbers.tolist()]
    return np.array(found, dtype=bool), True


def _targeted(history: History, numbers: IntArray, targets: Targets) -> FloatArray:
    found: list[list[float]] = []
    for number in numbers.tolist():
        values = targets(history.copy_record(number))
        if not isinstance(values, Sequence) or len(values) not in (2, 3):
            raise ValueError(
                f"`targets` must give a sequence of 2 or 3 numbers, but gave {values!r} for trial {number}."
            )
        if found and len(values) != len(found[0]):
            raise ValueError(
                "`targets` must give equally many numbers for all trials, but gave 2 for some, 3 for others."
            )
        found.append([float(value) for value in values])
    return np.array(found).reshape(len(found), -1)


def _thinned(groups: list[BoolArray]) -> tuple[list[IntArray], int]:
    """Choose the rows to be shown of each group, of the last one, the front, as many as there is room for."""
    rows = [np.flatnonzero(group) for group in groups]
    total = sum(map(len, rows))
    if total <= MOST:
        return rows, total
    front = _every(rows[-1], MOST)
    room = MOST - len(front)
    others = sum(map(len, rows[:-1]))
    return [*(_every(r, room * len(r) // max(others, 1)) for r in rows[:-1]), front], total


def _every(rows: IntArray, most: int) -> IntArray:
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(int)]


def _points(
    history: History, numbers: IntArray, points: FloatArray, names: list[str], name: str, rows: IntArray
) -> Points:
    chosen, at = numbers[rows], points[rows].reshape(len(rows), len(names))
    with history.lock:
        columns = [column(history, param, chosen, as_choices=True) for param in history.param_names]
    present = [one.present for one in columns]
    texts = tuple(
        "\n".join(
            [
                f"Trial #{number}",
                *(f"{target}: {value:.6g}" for target, value in zip(names, at[k].tolist(), strict=True)),
                *(f"{one.axis.title}: {one.text(k)}" for one, has in zip(columns, present, strict=True) if has[k]),
            ]
        )
        for k, number in enumerate(chosen.tolist())
    )
    found = chosen.astype(float)
    best = name == "Best Trial"
    return Points(
        at[:, 0],
        at[:, 1],
        name,
        GREY if name == "Infeasible Trial" else COLORS[5] if best else found,
        None if name == "Infeasible Trial" or best else Shading.of("Trial", found, low_is_dark=False),
        at[:, 2] if len(names) > 2 else None,
        numbers=found,
        texts=texts,
        listed=True,
    )
