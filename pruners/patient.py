"""Patience: let another pruner stop a trial only after it has not improved for a while.

By itself, without another pruner, this is early stopping (Prechelt, "Early Stopping - But When?", 1998, section 2.3).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.records import FrozenTrial
from .base import BasePruner, check_at_least


class PatientPruner(BasePruner):
    """Prunes if the best of the last ``patience + 1`` values is worse, by more than `min_delta`, than the best before.

    Parameters
    ----------
    wrapped_pruner
        Asked whether to prune once patience has run out; None prunes then.
    patience
        Number of further reports that a trial may go without an improvement.
    min_delta
        By how much the values before must be better.

    Raises
    ------
    ValueError
        If `patience` or `min_delta` is negative.

    Notes
    -----
    Reports are taken in the order of their steps; NaN is left out. Nothing is pruned as long as there are no numbers
    before or within the last reports.
    """

    def __init__(self, wrapped_pruner: BasePruner | None, patience: int, min_delta: float = 0.0) -> None:
        check_at_least(0, patience=patience, min_delta=min_delta)
        self._wrapped_pruner = wrapped_pruner
        self._patience = patience
        self._min_delta = min_delta

    def prune(self, study: Any, trial: FrozenTrial) -> bool:
        if len(trial.intermediate_values) <= self._patience + 1 or not self._is_stuck(study, trial):
            return False
        return self._wrapped_pruner is None or self._wrapped_pruner.prune(study, trial)

    def _is_stuck(self, study: Any, trial: FrozenTrial) -> bool:
        history = study.history
        with history.lock:
            losses = history.signs[0] * np.array(history.curve(trial).values)
        # `fmin` leaves NaN out, and gives it if there is nothing else: then the comparison is false.
        before = np.fmin.reduce(losses[: -self._patience - 1])
        lately = np.fmin.reduce(losses[-self._patience - 1 :])
        return bool(before + self._min_delta < lately)
