"""Which trials a Gaussian process learns from, and their losses on one scale.

All that is taken from a history depends on the trials that had finished at some moment, and not on when it is asked
for: a fit for the first n trials is the same in the process that made it then and in one that resumes the study.
"""

from __future__ import annotations

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.history import History
from ...engine.records import TrialState
from ..tpe.evidence import COMPLETE, gather
from ..tpe.fidelity import Fidelity

_FAIL = int(TrialState.FAIL)
LIMIT = 250  # trials that are modelled at most
FEWER = 150  # of those that did not fail, beside the newest of those that did, where failures are modelled


def ended(history: History) -> tuple[IntArray, BoolArray]:
    """Give the trials that ended, in the order of their ends (n,), and which of them failed (n,).

    By the times of their ends: a process that reads a stored study gets to know them by their numbers.
    """
    finished = history.finished
    finished = finished[np.lexsort([finished, history.completed[finished]])]
    return finished, history.states[finished] == _FAIL


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


def rank_sums(losses: FloatArray) -> FloatArray:
    """Give the sum over m objectives of the ranks of each trial, shape (n,), given losses (n, m)."""
    return np.asarray(
        np.argsort(np.argsort(losses, axis=0, kind="stable"), axis=0, kind="stable").sum(axis=1), dtype=np.float64
    )


def chosen(losses: FloatArray, limit: int = LIMIT) -> IntArray:
    """Choose at most `limit` of n trials, oldest first: the best, the newest, and of the others some, evenly."""
    n = len(losses)
    if n <= limit:
        return np.arange(n)
    is_chosen = np.zeros(n, dtype=bool)
    is_chosen[np.argpartition(losses, limit // 2)[: limit // 2]] = True
    is_chosen[-(limit // 4) :] = True
    rest = np.flatnonzero(~is_chosen)
    n_more = limit - int(is_chosen.sum())
    is_chosen[rest[((np.arange(n_more) + 0.5) * len(rest) / n_more).astype(np.int64)]] = True
    return np.flatnonzero(is_chosen)


def squashed(values: FloatArray) -> tuple[FloatArray, float]:
    """Bring constraint values (n,) to a scale on which those near 0 count; give what 0 becomes, too.

    sign(c) log(1 + |c| / median |c|), standardised. Values that are not finite count as the largest ones.
    """
    size = np.abs(values)
    unit = float(np.median(size[np.isfinite(size)])) if np.isfinite(size).any() else 1.0
    found = np.sign(values) * np.log1p(np.minimum(size / (unit or 1.0), 1e6))
    return standardised(np.where(np.isnan(found), np.nanmax(np.append(found, 1.0)), found))


def standardised(values: FloatArray) -> tuple[FloatArray, float]:
    """Shift and scale values (n,) to mean 0 and deviation 1; give what 0 becomes, too."""
    mean, deviation = float(values.mean()), float(values.std()) or 1.0
    return (values - mean) / deviation, -mean / deviation
