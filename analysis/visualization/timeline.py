"""Timeline: when each trial ran, and how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from ...engine.history import History, history_of
from ...engine.history.trial_columns import NO_TIME, microseconds
from ...engine.logging import get_logger
from ...engine.records import TrialState
from .picture import COLORS, Axis, Bars, Panel, Picture
from .reading import MOST, note, thinned

# Kinds in the order of the legend. Infeasible trials are complete ones.
_KINDS = {
    "COMPLETE": COLORS[0],
    "INFEASIBLE": "#BBBBBB",
    "PRUNED": COLORS[1],
    "FAIL": COLORS[5],
    "RUNNING": COLORS[2],
    "PAUSED": COLORS[3],
    "WAITING": COLORS[6],
}

_SECOND = 1_000_000  # microseconds

_logger = get_logger(__name__)


def timeline(study: Any, n_recent_trials: int | None = None) -> Picture:
    """Plot when each trial ran, in the colour of its state; one that waits is put at the end, a second long.

    Parameters
    ----------
    study
        The study.
    n_recent_trials
        How many trials to show, the last ones; None: all.

    Returns
    -------
    figure
        A figure of plotly; of matplotlib's backend ``Axes``.

    Raises
    ------
    ImportError
        If plotly, or matplotlib, is not installed.
    ValueError
        If `n_recent_trials` is not positive.
    """
    if n_recent_trials is not None and n_recent_trials <= 0:
        raise ValueError(f"n_recent_trials must be a positive integer or None, but got {n_recent_trials}.")
    history = history_of(study)
    with history.lock:
        numbers = np.arange(history.n)
        start, end = _times(history)
        state, infeasible = history.states.copy(), history.violation > 0
        loss = history.losses(numbers)[:, 0]
    rows = numbers[-n_recent_trials:] if n_recent_trials else numbers
    rows = rows[start[rows] != NO_TIME]
    if not len(rows):
        _logger.warning("Your study does not have any trials.")
    total = len(rows)
    rows = rows[thinned(loss[rows], MOST)]
    marks = []
    for name, color in _KINDS.items():
        wanted = state[rows] == TrialState["COMPLETE" if name == "INFEASIBLE" else name]
        if name in ("COMPLETE", "INFEASIBLE"):
            wanted &= infeasible[rows] == (name == "INFEASIBLE")
        if wanted.any():
            marks.append(_bars(history, rows[wanted], start, end, name, color))
    panel = Panel(Axis("Datetime", "time"), Axis("Trial"), tuple(marks))
    return Picture("Timeline Plot", (panel,), legend=bool(marks), note=note(len(rows), total))


def _times(history: History) -> tuple[Any, Any]:
    """Give when each trial started and ended, in microseconds, up to now where it runs; a second where it waits."""
    start, end = history.started.copy(), history.completed.copy()
    for number, record in history.live.items():
        start[number] = microseconds(record.datetime_start)
        end[number] = microseconds(datetime.now()) if record.datetime_start else NO_TIME
    waits = (history.states == TrialState.WAITING) & (start == NO_TIME)
    latest = int(end.max(initial=NO_TIME))
    start[waits] = microseconds(datetime.now()) if latest == NO_TIME else latest
    end[waits] = start[waits] + _SECOND
    return start, np.maximum(start, end)


def _bars(history: History, numbers: Any, start: Any, end: Any, name: str, color: str) -> Bars:
    values = history.values[numbers].tolist()
    texts = tuple(
        f"Trial #{number}\n{', '.join(f'{v:.6g}' for v in row if v == v) or 'no value'}\n{(until - since) / 1e6:.3g} s"
        for number, row, since, until in zip(
            numbers.tolist(), values, start[numbers].tolist(), end[numbers].tolist(), strict=True
        )
    )
    length = (end[numbers] - start[numbers]).astype(float)
    return Bars(numbers.astype(float), start[numbers].astype(float), length, name, color, texts=texts)
