"""Constraints as probabilities of their own, after Watanabe and Hutter, "c-TPE" (IJCAI 2023).

Beside the densities of good and bad trials there are, for each constraint, those of the trials that satisfy it and of
those that do not. Each pair becomes a relative density ratio (eq. 4 there), bounded where a constraint is nearly always
satisfied, and a candidate's score is multiplied by all of them. Unlike there, trials that violate a constraint count
among the bad ones in l / g, too, as in Optuna: with few trials that finds feasible ones sooner (docs/tpe.md).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.history import History
from ...engine.kernels.prepared import Prepared
from ...engine.records import TrialState


class Constraint(NamedTuple):
    """The densities of the trials that satisfy a constraint, a `share` of all, and of those that violate it."""

    share: float
    satisfied: Prepared
    violated: Prepared


def is_constrained(history: History) -> bool:
    """Tell whether some finished trial of a study of one objective violates a constraint, and some does not."""
    if len(history.directions) > 1 or not history.constraint_keys:
        return False
    complete = history.states == int(TrialState.COMPLETE)
    violated = history.violation[complete] > 0
    return bool(violated.any() and not violated.all())


def log_relative_ratio(share: float, log_l: FloatArray, log_g: FloatArray) -> FloatArray:
    """Return log of l / (share l + (1 - share) g), shape (c,), given both log-densities (eq. 4)."""
    with np.errstate(over="ignore", divide="ignore"):
        return np.asarray(-np.logaddexp(np.log(share), np.log1p(-share) + log_g - log_l))
