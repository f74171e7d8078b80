"""Hypervolume history: what the front dominates, trial by trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.history import history_of
from ...engine.kernels.dominance import non_dominated
from ...engine.kernels.hypervolume import hypervolume
from ...engine.logging import get_logger
from ...engine.records import TrialState
from .picture import COLORS, Axis, Line, Panel, Picture
from .reading import MOST, note

_logger = get_logger(__name__)


@np.errstate(all="ignore")  # whatever the user's program asks of NumPy
def hypervolume_history(study: Any, reference_point: Sequence[float]) -> Picture:
    """Plot the hypervolume of the feasible complete trials so far, up to a reference point.

    Parameters
    ----------
    study
        A study of several objectives.
    reference_point
        A value for each objective, worse than all that matter.

    Returns
    -------
    figure
        A figure of plotly; of matplotlib's backend ``Axes``.

    Raises
    ------
    ImportError
        If plotly, or matplotlib, is not installed.
    ValueError
        If the study has one objective, or the reference point not a number for each.
    """
    history = history_of(study)
    m = len(history.directions)
    if m < 2:
        raise ValueError(
            "Study must be multi-objective. For single-objective optimization, please use plot_optimization_history "
            "instead."
        )
    if np.shape(reference_point) != (m,):
        raise ValueError(
            "The dimension of the reference point must be the same as the number of objectives: expected "
            f"{m} numbers, but got {reference_point!r}."
        )
    reference = np.asarray(reference_point, dtype=float) * history.signs
    with history.lock:
        numbers = np.flatnonzero(history.states == TrialState.COMPLETE)
        losses, good = history.losses(numbers), ~(history.violation[numbers] > 0)
    if not good.any():
        _logger.warning(f"Your study does not have any {'feasible' if len(numbers) else 'completed'} trials.")
    rows = np.arange(len(numbers))
    if len(rows) > MOST:
        rows = np.linspace(0, len(numbers) - 1, MOST).astype(int)
    volumes = _volumes(losses, good, reference, rows)
    line = Line(numbers[rows].astype(float), volumes, "Hypervolume", COLORS[0], markers=len(rows) <= MOST // 4)
    said = note(len(rows), len(numbers))
    return Picture("Hypervolume History Plot", (Panel(Axis("Trial"), Axis("Hypervolume"), (line,)),), note=said)


def _volumes(losses: FloatArray, good: Any, reference: FloatArray, rows: Any) -> FloatArray:
    """Measure after each of some rows what all before it dominate; only points that join the front change it."""
    counts = good & (losses < reference).all(axis=1)
    front, volume, found, start = losses[:0], 0.0, [], 0
    for row in rows.tolist():
        new = losses[start : row + 1][counts[start : row + 1]]
        start = row + 1
        joins = [not (front <= point).all(axis=1).any() for point in new] if len(front) else [True] * len(new)
        if any(joins):
            front = np.concatenate([front, new[joins]])
            front = front[non_dominated(front)]
            volume = hypervolume(front, reference)
        found.append(volume)
    return np.array(found)
