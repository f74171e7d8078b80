"""Which trials a Gaussian process learns from, and their losses on one scale.

All that is taken from a history depends on the trials that had finished at some moment, and not on when it is asked
for: a fit for the first n trials is the same in the process that made it then and in one that resumes the study.
"""

from __future__ import annotations

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.history import History
from ...engine.records import TrialState
from ..tpe.evidence import COMPLETE, PRUNED, gather
from ..tpe.fidelity import Fidelity

_FAIL = int(TrialState.FAIL)
LIMIT = 250  # trials that are modelled at most
N_BEST, N_NEWEST = LIMIT // 2, LIMIT // 4


def ended(history: History) -> tuple[IntArray, IntArray]:
    """Give the trials to learn from, complete and pruned ones, and those that failed, in the order of their ends."""
    finished = history.finished
    state = history.states[finished]
    return finished[(state == COMPLETE) | (state == PRUNED)], finished[state == _FAIL]


def losses(history: History, numbers: IntArray, rule: Fidelity, d: int) -> FloatArray:
    """Give the losses (n,) of trials on one scale; those of pruned ones by the rule, inf where it gives none."""
    found = history.losses(numbers)[:, 0]
    if (history.states[numbers] == COMPLETE).all():
        return found
    among: BoolArray = np.zeros(history.n, dtype=bool)
    among[numbers] = True
    known, evidence = gather(history, among)
    assessment = rule(evidence, d)
    by_number = np.full(history.n, np.inf)
    by_number[known[assessment.order]] = assessment.loss
    return np.where(history.states[numbers] == COMPLETE, found, by_number[numbers])


def chosen(losses: FloatArray) -> IntArray:
    """Choose at most `LIMIT` of n trials, oldest first: the best, the newest, and of the others some, evenly."""
    n = len(losses)
    if n <= LIMIT:
        return np.arange(n)
    is_chosen = np.zeros(n, dtype=bool)
    is_chosen[np.argpartition(losses, N_BEST)[:N_BEST]] = True
    is_chosen[-N_NEWEST:] = True
    rest = np.flatnonzero(~is_chosen)
    n_more = LIMIT - int(is_chosen.sum())
    is_chosen[rest[((np.arange(n_more) + 0.5) * len(rest) / n_more).astype(np.int64)]] = True
    return np.flatnonzero(is_chosen)
