"""Importances of parameters, as bars."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...engine.history import History, history_of
from ...engine.logging import get_logger
from ...engine.records import FrozenTrial
from ..targets import Target
from .parameters import shortened
from .picture import COLORS, Axis, Bars, Panel, Picture
from .reading import names_of_objectives, values_of

_logger = get_logger(__name__)


def param_importances(
    study: Any,
    evaluator: Any = None,
    params: list[str] | None = None,
    *,
    target: Target | None = None,
    target_name: str = "Objective Value",
) -> Picture:
    """Plot how much each parameter mattered, the most important one on top.

    Several objectives without a target have a bar each.

    Parameters
    ----------
    study
        The study.
    evaluator
        What measures importance; None: PED-ANOVA.
    params
        The parameters; None: all that every complete trial has.
    target
        Takes a trial and gives the value that importance is for; None: its value.
    target_name
        What that is called in the legend, where the study has no names for its objectives.

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
    history = history_of(study)
    several = target is None and len(history.directions) > 1
    objectives = range(len(history.directions)) if several else [None]
    names = [f"{target_name} {i}" for i in objectives] if several else [target_name]
    if target is None:
        names = names_of_objectives(study, names)
    marks: list[Bars] = []
    labels: dict[str, None] = {}
    if history.n_complete == 0:
        _logger.warning("Study instance does not contain completed trials.")
    elif params is None or params:
        from .. import importance

        for k, (name, i) in enumerate(zip(names, objectives, strict=True)):
            if not len(values_of(study, target, objective=i).finite().numbers):
                continue
            one = target if i is None else _objective(i)
            found = importance.get_param_importances(study, evaluator=evaluator, params=params, target=one)
            found = dict(reversed(found.items()))
            labels.update(dict.fromkeys(found))
            marks.append(_bars(history, name, found, list(labels), COLORS[k % len(COLORS)]))
    axis = Axis("Hyperparameter", "category", tuple(shortened(list(labels)))) if marks else Axis("Hyperparameter")
    panel = Panel(Axis("Hyperparameter Importance"), axis, tuple(marks))
    return Picture("Hyperparameter Importances", (panel,), legend=bool(marks))


def _objective(i: int) -> Callable[[FrozenTrial], float]:
    return lambda trial: float((trial.values or [])[i])


def _bars(history: History, name: str, found: dict[str, float], labels: list[str], color: str) -> Bars:
    length = np.array(list(found.values()), dtype=float)
    kinds = [type(history.latest(param)).__name__ for param in found]
    return Bars(
        np.array([labels.index(param) for param in found], dtype=float),
        np.zeros(len(length)),
        length,
        name,
        color,
        tuple("<0.01" if value < 0.01 else f"{value:.2f}" for value in length),
        tuple(f"{p} ({kind}): {value}" for (p, value), kind in zip(found.items(), kinds, strict=True)),
    )
