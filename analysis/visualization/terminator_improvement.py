"""What a terminator sees: the improvement that may still be had, trial by trial, and the error it is compared with."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.history import history_of
from ...engine.records import TrialState
from .picture import COLORS, Axis, Line, Panel, Picture
from .reading import MOST, note, padded

_EVALUATIONS = 100  # of a study with more than `MOST` trials


def terminator_improvement(
    study: Any,
    plot_error: bool = False,
    improvement_evaluator: Any = None,
    error_evaluator: Any = None,
    min_n_trials: int = 20,
) -> Picture:
    """Plot the improvement that an evaluator expects after each complete trial.

    Parameters
    ----------
    study
        A study of one objective.
    plot_error
        Whether the error of the best value is plotted, too.
    improvement_evaluator
        What estimates the improvement; None: the regret bound.
    error_evaluator
        What estimates the error; None: cross-validation scores that were reported, or 0 beside
        `BestValueStagnationEvaluator`.
    min_n_trials
        Values before so many trials are pale, as a terminator would wait.

    Returns
    -------
    figure
        A figure of plotly; of matplotlib's backend ``Axes``.

    Raises
    ------
    ImportError
        If plotly, or matplotlib, is not installed.
    ValueError
        If the study has several objectives.
    """
    history = history_of(study)
    if len(history.directions) > 1:
        raise ValueError(
            "This function does not support multi-objective optimization study. Give one of one objective."
        )
    improvement_evaluator, error_evaluator = _evaluators(improvement_evaluator, error_evaluator, plot_error)
    with history.lock:
        n = history.n
        is_complete = history.states == TrialState.COMPLETE
        trials = history.records((TrialState.COMPLETE,), copy=False)
    n_before = np.cumsum(is_complete)
    at = np.flatnonzero(n_before > 0)
    if n > MOST:
        at = np.unique(at[np.linspace(0, len(at) - 1, min(len(at), _EVALUATIONS)).astype(int)])
    direction = history.directions[0]
    known: dict[int, list[float]] = {}
    for k in n_before[at].tolist():  # trials that did not complete leave everything as it was
        if k not in known:
            known[k] = [float(improvement_evaluator.evaluate(trials[:k], direction))]
            known[k] += [float(error_evaluator.evaluate(trials[:k], direction))] if plot_error else []
    rows = np.array([known[k] for k in n_before[at].tolist()]).reshape(len(at), 2 if plot_error else 1)
    marks = _marks(at.astype(float), rows, min_n_trials) if len(at) else ()
    limits = padded(float(np.nanmin(rows)), float(np.nanmax(rows))) if np.isfinite(rows).any() else None
    panel = Panel(Axis("Trial"), Axis("Terminator Improvement", limits=limits), marks)
    return Picture(
        "Terminator Improvement Plot", (panel,), legend=bool(marks), note=note(len(at), n) if n > MOST else ""
    )


def _marks(x: Any, rows: Any, min_n_trials: int) -> tuple[Line, ...]:
    early, late = x <= min_n_trials, x >= min_n_trials
    few = len(x) <= MOST
    name, color = "Terminator Improvement", COLORS[0]
    marks = [Line(x[early], rows[early, 0], name, color, listed=not late.any(), markers=few, opacity=0.35)]
    marks.append(Line(x[late], rows[late, 0], name, color, listed=bool(late.any()), markers=few))
    if rows.shape[1] > 1:
        marks.append(Line(x, rows[:, 1], "Error", COLORS[5], listed=True, markers=few))
    return tuple(marks)


def _evaluators(improvement: Any, error: Any, plot_error: bool) -> tuple[Any, Any]:
    if improvement is not None and (error is not None or not plot_error):
        return improvement, error
    from ..stopping import terminator

    improvement = improvement or terminator.RegretBoundEvaluator()
    if error is None and isinstance(improvement, terminator.BestValueStagnationEvaluator):
        error = terminator.StaticErrorEvaluator(constant=0.0)
    return improvement, error or terminator.CrossValidationErrorEvaluator()
