"""Empirical distribution functions: which share of trials is at most so good."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.logging import get_logger
from ..targets import Target
from .picture import COLORS, Axis, Line, Panel, Picture
from .reading import studies_of, values_of

_POSITIONS = 100

_logger = get_logger(__name__)


def edf(study: Any | Sequence[Any], *, target: Target | None = None, target_name: str = "Objective Value") -> Picture:
    """Plot which share of a study's complete trials has at most each value: studies side by side can be compared.

    Parameters
    ----------
    study
        One study, or several.
    target
        Takes a trial and gives what to plot; None: its value. Several objectives need it.
    target_name
        What that is called in the plot.

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
    reached = [np.sort(values_of(one, target).finite().values) for one in studies]
    together = np.concatenate([np.empty(0), *reached])
    marks: tuple[Line, ...] = ()
    if len(together):
        at = _spread(float(together.min()), float(together.max()))
        marks = tuple(
            Line(at, _share(values, at), one.study_name, COLORS[k % len(COLORS)], listed=len(studies) > 1)
            for k, (one, values) in enumerate(zip(studies, reached, strict=True))
        )
    elif studies:
        _logger.warning("There are no complete trials.")
    panel = Panel(Axis(target_name), Axis("Cumulative Probability", limits=(0.0, 1.0) if marks else None), marks)
    return Picture("Empirical Distribution Function Plot", (panel,), legend=len(marks) > 1)


def _spread(low: float, high: float) -> FloatArray:
    if math.isinf(high - low):
        return np.asarray(4.0 * np.linspace(low / 4.0, high / 4.0, _POSITIONS))
    return np.linspace(low, high, _POSITIONS)


def _share(values: Any, at: Any) -> Any:
    """Give the share of sorted values that is at most `at`; NaN of none."""
    return np.searchsorted(values, at, side="right") / len(values) if len(values) else np.full(len(at), np.nan)
