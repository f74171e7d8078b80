"""Wilcoxon pruning: stop a trial that a signed-rank test finds worse than the best one, instance by instance.

The test is that of Wilcoxon, "Individual Comparisons by Ranking Methods", Biometrics Bulletin 1(6), 1945. A step stands
for an instance, such as a fold of a cross-validation, that trials may take in any order.
"""

from __future__ import annotations

import math
import warnings
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..engine.arrays import FloatArray, IntArray
from ..engine.history import History, Remembered
from ..engine.records import FrozenTrial
from .base import BasePruner, check_at_least

_EXACT, _EXACT_WITH_TIES = 50, 13  # numbers of differences


class Best(NamedTuple):
    """What the best trial reported.

    Attributes
    ----------
    number
        Number of the trial.
    steps, values
        Its reports by ascending step, shape (k,) each.
    """

    number: int
    steps: IntArray
    values: FloatArray


class WilcoxonPruner(BasePruner):
    """Prunes a trial that is worse than the best one at the instances that both have evaluated.

    Parameters
    ----------
    p_threshold
        Prunes if the p-value of the test is below; in [0, 1]. It is made after every report, so more often than once.
    n_startup_steps
        Number of instances in common before anything is pruned; at least two are needed anyway.

    Raises
    ------
    ValueError
        If an argument lies outside its range.

    Notes
    -----
    Report each instance's value with the instance as `step`, best in shuffled order. A trial that reported NaN or an
    infinity is not pruned, with a warning; nor is one whose mean is better than that of the best trial. Steps that the
    best trial did not report are left out, with a warning.
    """

    def __init__(self, *, p_threshold: float = 0.1, n_startup_steps: int = 2) -> None:
        check_at_least(0, n_startup_steps=n_startup_steps)
        if not 0.0 <= p_threshold <= 1.0:
            raise ValueError(f"`p_threshold` must lie in [0, 1], but got {p_threshold}.")
        self._p_threshold = p_threshold
        self._n_startup_steps = n_startup_steps
        self._best: Remembered[Best] = Remembered()

    def prune(self, study: Any, trial: FrozenTrial) -> bool:
        if not trial.intermediate_values:
            return False
        history = study.history
        with history.lock:
            curve = history.curve(trial)
            own = Best(trial.number, np.array(curve.steps), np.array(curve.values))
            best = self._best_of(history)
        if not _can_be_tested(own) or best is None or not _can_be_tested(best):
            return False
        return self._is_worse(own, best, history.signs[0])

    def _is_worse(self, own: Best, best: Best, sign: float) -> bool:
        _, mine, others = np.intersect1d(own.steps, best.steps, assume_unique=True, return_indices=True)
        if len(mine) < len(own.steps):
            warnings.warn(
                "WilcoxonPruner leaves out steps that the best trial did not report: let all trials report the same.",
                stacklevel=4,
            )
        if len(mine) < max(2, self._n_startup_steps):
            return False
        # What a short trial had may be worse at the instances in common, and better over all.
        if sign * float(own.values.mean()) <= sign * float(best.values.mean()):
            return False
        return p_value(sign * (own.values[mine] - best.values[others])) < self._p_threshold

    def _best_of(self, history: History) -> Best | None:
        """Give the best trial's reports, None if there is no complete trial."""
        known = self._best.get(history)
        if history.best is None or (known is not None and known.number == history.best):
            return known
        reported = sorted(history.reports.of(history.best).items())
        steps, values = np.array([step for step, _ in reported]), np.array([value for _, value in reported])
        known = self._best[history] = Best(history.best, steps, values)
        return known


def _can_be_tested(trial: Best) -> bool:
    """Tell whether there are reports, all of them finite; warn if not."""
    if len(trial.values) and np.isfinite(trial.values).all():
        return True
    found = "NaN or infinite values" if len(trial.values) else "nothing"
    warnings.warn(
        f"Trial {trial.number} reported {found}, so WilcoxonPruner prunes nothing by it: it expects finite values. A "
        "trial that is added by `Study.add_trial` needs its `intermediate_values`.",
        stacklevel=4,
    )
    return False


def p_value(differences: FloatArray) -> float:
    """Give the p-value of the signed-rank test against differences that tend to be positive.

    Parameters
    ----------
    differences
        Finite numbers, shape (n,). Of zeros one half counts as positive ("zsplit").

    Notes
    -----
    As in SciPy 1.15 and newer, it is exact up to 50 differences, or up to 13 if there are zeros or equal ones, and from
    the normal approximation otherwise. SciPy is not used: its exact test of 13 equal differences takes two seconds.
    """
    _, groups, counts = np.unique(np.abs(differences), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[groups]
    has_ties = len(counts) < len(differences) or not differences.all()
    if len(differences) <= (_EXACT_WITH_TIES if has_ties else _EXACT):
        weights = np.sort(2 * ranks[differences != 0]).astype(np.int64)  # ranks are multiples of 1/2
        return float(_tail(tuple(weights.tolist()))[round(2 * ranks[differences > 0].sum())])
    # The sum of sign_i r_i has variance sum(r_i^2), ties and zeros included.
    z = float((np.sign(differences) * ranks).sum()) / math.sqrt(float((ranks**2).sum()))
    return math.erfc(z / math.sqrt(2)) / 2


@lru_cache(maxsize=256)
def _tail(weights: tuple[int, ...]) -> FloatArray:
    """Give the probability that a random part of some weights sums up to at least 0, 1, ..., sum(weights)."""
    counts = np.ones(1)  # of the parts by their sum: integers below 2^53
    for weight in weights:
        counts = np.concatenate([counts, np.zeros(weight)]) + np.concatenate([np.zeros(weight), counts])
    return np.asarray(np.cumsum(counts[::-1])[::-1] / 2.0 ** len(weights))
