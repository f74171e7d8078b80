"""Percentile and median pruning: stop a trial that is worse than most others were at the same step.

The rule is Google Vizier's median stopping rule (Golovin et al. 2017, section 3.2.2), generalised to percentiles, with
the best value so far in the place of the mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..engine.history import StudyLike
from ..engine.records import FrozenTrial
from .base import BasePruner, check_at_least


class PercentilePruner(BasePruner):
    """Keeps the trials whose best value so far lies in the best `percentile` per cent of finished trials at that step.

    Parameters
    ----------
    percentile
        Share of trials to keep, in [0, 100].
    n_startup_trials
        Number of complete trials before anything is pruned.
    n_warmup_steps
        Steps below which nothing is pruned.
    interval_steps
        Prune at steps that lie a multiple of this after `n_warmup_steps`; where a trial skips steps, at the first
        report of each interval.
    n_min_trials
        Number of complete trials that must have reported at the step.

    Raises
    ------
    ValueError
        If an argument lies outside its range.
    """

    def __init__(
        self,
        percentile: float,
        n_startup_trials: int = 5,
        n_warmup_steps: int = 0,
        interval_steps: int = 1,
        *,
        n_min_trials: int = 1,
    ) -> None:
        if not 0 <= percentile <= 100:
            raise ValueError(f"Percentile must be between 0 and 100 inclusive, but got {percentile}.")
        check_at_least(0, n_startup_trials=n_startup_trials, n_warmup_steps=n_warmup_steps)
        check_at_least(1, interval_steps=interval_steps, n_min_trials=n_min_trials)
        self._percentile = percentile
        self._n_startup_trials = n_startup_trials
        self._n_warmup_steps = n_warmup_steps
        self._interval_steps = interval_steps
        self._n_min_trials = n_min_trials

    def prune(self, study: StudyLike, trial: FrozenTrial) -> bool:
        if not trial.intermediate_values:
            return False
        history = study.history
        with history.lock:
            curve = history.curve(trial)
            if not curve.begins_interval(self._n_warmup_steps, self._interval_steps):
                return False
            if history.n_complete < max(self._n_startup_trials, 1):
                return False
            maximize = history.signs[0] < 0
            best = curve.highest if maximize else curve.lowest
            if best != best:  # nothing but NaN
                return True
            others = history.reports.ranked(curve.steps[-1])
            if not others or history.reports.n_complete(curve.steps[-1]) < self._n_min_trials:
                return False
            bar = _percentile(others, 100 - self._percentile if maximize else self._percentile)
        return best < bar if maximize else best > bar


def _percentile(ranked: Sequence[float], percentile: float) -> float:
    """Interpolate between the two nearest of some sorted numbers, from the nearer one, as `numpy.percentile` does.

    Next to an infinite number, or between two, that gives NaN, by which nothing is pruned.
    """
    position = percentile / 100 * (len(ranked) - 1)
    below = math.floor(position)
    weight = position - below
    low, high = ranked[below], ranked[min(below + 1, len(ranked) - 1)]
    return low + (high - low) * weight if weight < 0.5 else high - (high - low) * (1 - weight)


class MedianPruner(PercentilePruner):
    """Prunes a trial whose best value so far is worse than the median of complete trials at the same step.

    Parameters
    ----------
    n_startup_trials
        Number of complete trials before anything is pruned.
    n_warmup_steps
        Steps below which nothing is pruned.
    interval_steps
        Prune at steps that lie a multiple of this after `n_warmup_steps`.
    n_min_trials
        Number of complete trials that must have reported at the step.
    """

    def __init__(
        self, n_startup_trials: int = 5, n_warmup_steps: int = 0, interval_steps: int = 1, *, n_min_trials: int = 1
    ) -> None:
        super().__init__(50.0, n_startup_trials, n_warmup_steps, interval_steps, n_min_trials=n_min_trials)
