"""The order of trials from best to worst, by which TPE splits them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..engine.distributions import FloatArray
from ..engine.history import History
from ..engine.kernels.dominance import non_dominated
from ..engine.records import StudyDirection, TrialState

IntArray = npt.NDArray[np.int64]


def rank(history: History) -> IntArray:
    """Order the complete and pruned trials from best to worst.

    Feasible complete trials come first, by value; then feasible pruned ones, those that got further before, and of
    equal steps by their last report; then those that violate constraints, by how much.

    Returns
    -------
    numbers
        Trial numbers, shape (n_complete + n_pruned,).
    """
    states = history.states
    infeasible = history.violation > 0
    complete = np.flatnonzero((states == TrialState.COMPLETE) & ~infeasible)
    pruned = np.flatnonzero((states == TrialState.PRUNED) & ~infeasible)
    rest = np.flatnonzero(((states == TrialState.COMPLETE) | (states == TrialState.PRUNED)) & infeasible)
    return np.concatenate(
        [
            complete[_by_values(losses(history, complete))],
            pruned[_by_last_report(history, pruned)],
            rest[np.argsort(history.violation[rest], kind="stable")],
        ]
    )


def losses(history: History, numbers: IntArray) -> FloatArray:
    """Give objective values, turned so that less is better, of some trials: shape (k, m)."""
    signs = np.array([-1.0 if d == StudyDirection.MAXIMIZE else 1.0 for d in history.directions])
    return np.asarray(history.values[numbers] * signs)


def _by_values(losses: FloatArray) -> IntArray:
    """Order points by value, or with several objectives front by front."""
    if losses.shape[1] == 1:
        return np.argsort(losses[:, 0], kind="stable")
    left = np.arange(len(losses))
    fronts = []
    while len(left):
        front = non_dominated(losses[left])
        fronts.append(left[front])
        left = left[~front]
    return np.concatenate(fronts) if fronts else left


def _by_last_report(history: History, numbers: IntArray) -> IntArray:
    maximize = len(history.directions) == 1 and history.directions[0] == StudyDirection.MAXIMIZE
    value = history.last_value[numbers] * (-1.0 if maximize else 1.0)
    return np.lexsort([np.where(np.isnan(value), np.inf, value), -history.last_step[numbers]])
