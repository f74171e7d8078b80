"""What every ranking of trials gives: the best of them, below, and what the others, above, need."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.history import History
from .evidence import COMPLETE, last_reports, stopped
from .observations import Observations

_ALIKE: FloatArray = np.empty(0)
_ALL: BoolArray = np.empty(0, dtype=bool)


class Split(NamedTuple):
    """Trials divided into the b best, below, and the others, above.

    Attributes
    ----------
    below
        (b,) trial numbers, from best to worst.
    best_above
        Numbers of the best trials above, from best to worst: at most `N_BEST`, none where `loss` has no scale.
    loss
        Losses on one scale of the trials below, from best to worst, and of the best one above if there is one; NaN
        where losses cannot be compared.
    weight
        (n,) by trial number, what a trial weighs in its density; empty where all weigh alike.
    modelled
        (n,) by trial number, whether a trial has a place in a density; empty where all have one.
    """

    below: IntArray
    best_above: IntArray
    loss: FloatArray
    weight: FloatArray = _ALIKE
    modelled: BoolArray = _ALL

    def weigh(self, numbers: IntArray, weights: FloatArray) -> FloatArray:
        """Multiply the weights (k,) of observations by those of the trials."""
        return weights * self.weight[numbers] if len(self.weight) else weights


class Ranking(Protocol):
    """Orders the finished trials of one study."""

    def split(self, observations: Observations, gamma: Callable[[int], int]) -> Split:
        """Split the trials that have the parameters of some observations; `gamma` gives the number of those below."""


def by_outcome(history: History) -> tuple[IntArray, IntArray, IntArray]:
    """Give the numbers of the complete, of the stopped (pruned or paused), and of the infeasible trials."""
    complete, short, infeasible = history.states == COMPLETE, stopped(history), history.violation > 0
    return (
        np.flatnonzero(complete & ~infeasible),
        np.flatnonzero(short & ~infeasible),
        np.flatnonzero((complete | short) & infeasible),
    )


def by_last_report(history: History, numbers: IntArray) -> IntArray:
    """Order stopped trials: those that got further come first, of equal ones the lower last report."""
    step, loss = last_reports(history, history.signs[0] if len(history.signs) == 1 else 1.0)
    return np.lexsort([loss[numbers], -step[numbers]])
