"""Learning curves: what each trial reported, by step."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.history import history_of
from ...engine.logging import get_logger
from ...engine.records import TrialState
from .picture import COLORS, GREY, Axis, Line, Panel, Picture
from .reading import MOST, note, thinned

_STATES = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING, TrialState.PAUSED)
_CURVES = 300  # of a study with more than `MOST` trials
_LISTED = 15  # curves up to which each is in the legend

_logger = get_logger(__name__)


def intermediate_values(study: Any) -> Picture:
    """Plot the values that each trial reported, by step; trials that failed are left out.

    Parameters
    ----------
    study
        The study.

    Returns
    -------
    figure
        A figure of plotly; of matplotlib's backend ``Axes``.

    Raises
    ------
    ImportError
        If plotly, or matplotlib, is not installed.
    """
    history = history_of(study)
    curves = []
    with history.lock:
        for number in history.numbers(_STATES):
            live = history.live.get(number)
            reported = history.reports.of(number) if live is None else dict(live.intermediate_values)
            if reported:
                curves.append((number, reported, bool(history.violation[number] > 0)))
    if not curves:
        _logger.warning("You need to set up the pruning feature to utilize `plot_intermediate_values()`.")
    total = len(curves)
    if total > MOST:
        last = np.array([reported[max(reported)] for _, reported, _ in curves]) * history.signs[0]
        curves = [curves[i] for i in thinned(last, _CURVES).tolist()]
    marks = tuple(
        Line(
            np.array(sorted(reported), dtype=float),
            np.array([reported[step] for step in sorted(reported)], dtype=float),
            f"Trial{number}",
            GREY if is_infeasible else COLORS[k % len(COLORS)],
            listed=len(curves) <= _LISTED,
            markers=True,
            opacity=0.9 if len(curves) <= _LISTED else 0.5,
        )
        for k, (number, reported, is_infeasible) in enumerate(curves)
    )
    said = note(len(curves), total, "curves")
    panel = Panel(Axis("Step"), Axis("Intermediate Value"), marks)
    return Picture("Intermediate Values Plot", (panel,), legend=1 < len(curves) <= _LISTED, note=said)
