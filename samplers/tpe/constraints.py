"""Constraints as probabilities of their own, after Watanabe and Hutter, "c-TPE" (IJCAI 2023).

Beside the densities below and above, each constraint has a density of the trials that satisfy it and one of those that
violate it. Each such pair becomes a relative density ratio (eq. 4 there), bounded where a constraint is nearly always
satisfied, and a candidate's score is multiplied by all these ratios. Unlike in the paper, trials that violate a
constraint are also above, as in Optuna: with few trials that finds feasible ones sooner (docs/tpe.md).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.history import History
from ...engine.kernels.mixture import Mixture
from ...engine.records import TrialState


class Constraint(NamedTuple):
    """The densities of the trials that satisfy a constraint, a `share` of all, and of those that violate it."""

    share: float
    satisfied: Mixture
    violated: Mixture


def is_constrained(history: History) -> bool:
    """Tell whether of the complete trials of a study of one objective some violate a constraint and some do not."""
    if len(history.directions) > 1 or not history.constraint_keys:
        return False
    complete = history.states == int(TrialState.COMPLETE)
    violated = history.violation[complete] > 0
    return bool(violated.any() and not violated.all())


def log_relative_ratio(share: float, log_satisfied: FloatArray, log_violated: FloatArray) -> FloatArray:
    """Return log of l / (share l + (1 - share) g), shape (c,), given the logarithms of l and g (eq. 4)."""
    with np.errstate(over="ignore", divide="ignore"):
        return np.asarray(-np.logaddexp(np.log(share), np.log1p(-share) + log_violated - log_satisfied))
