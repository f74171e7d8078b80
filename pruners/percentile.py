"""Percentile and median pruning: stop a trial that is worse than most others were at the same step.

The rule is Google Vizier's median stopping rule (Golovin et al. 2017, section 3.2.2), generalised to percentiles, with
the best value so far in the place of the mean.
"""

from __future__ import annotations

import math

import numpy as np

from ..engine.distributions import FloatArray
from ..engine.frozen import FrozenTrial
from ..engine.history import History
from ..engine.protocols import StudyLike
from ..engine.records import StudyDirection, TrialState
from .base import BasePruner


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
        for name, value, lowest in (
            ("n_startup_trials", n_startup_trials, 0),
            ("n_warmup_steps", n_warmup_steps, 0),
            ("interval_steps", interval_steps, 1),
            ("n_min_trials", n_min_trials, 1),
        ):
            if value < lowest:
                raise ValueError(f"`{name}` must be at least {lowest}, but got {name}={value}.")
        self._percentile = percentile
        self._n_startup_trials = n_startup_trials
        self._n_warmup_steps = n_warmup_steps
        self._interval_steps = interval_steps
        self._n_min_trials = n_min_trials

    def prune(self, study: StudyLike, trial: FrozenTrial) -> bool:
        step = trial.last_step
        if step is None or not self._is_due(trial.intermediate_values, step):
            return False
        maximize = study.directions[0] == StudyDirection.MAXIMIZE
        history = study.history
        with history.lock:
            if history.n_complete < self._n_startup_trials:
                return False
            others = self._others(history, step)
        best = _best(trial.intermediate_values, maximize)
        if math.isnan(best):
            return True
        if len(others) < self._n_min_trials:
            return False
        bar = _percentile(others, 100 - self._percentile if maximize else self._percentile)
        return bool(best < bar if maximize else best > bar)

    def _is_due(self, reported: dict[int, float], step: int) -> bool:
        """Tell whether `step` is the first report within its interval, past the warm-up."""
        if step < self._n_warmup_steps:
            return False
        start = step - (step - self._n_warmup_steps) % self._interval_steps
        return not any(start <= earlier < step for earlier in reported)

    def _others(self, history: History, step: int) -> FloatArray:
        """Give what complete trials reported at the step, without NaN."""
        numbers, values = history.reports.at(step)
        kept = (history.states[numbers] == TrialState.COMPLETE) & ~np.isnan(values)
        return np.asarray(values[kept])


def _percentile(values: FloatArray, percentile: float) -> float:
    """Interpolate between the two nearest order statistics, as `numpy.percentile` does, infinite ones included."""
    position = percentile / 100 * (len(values) - 1)
    below = math.floor(position)
    above = min(below + 1, len(values) - 1)
    low, high = np.partition(values, (below, above))[[below, above]].tolist()
    weight = position - below
    if weight == 0 or low == high:
        return float(low)
    return float(low + weight * (high - low)) if math.isfinite(high - low) else float(high if weight > 0.5 else low)


def _best(reported: dict[int, float], maximize: bool) -> float:
    """Give the best report so far, NaN if there are only NaNs."""
    values = [value for value in reported.values() if not math.isnan(value)]
    if not values:
        return math.nan
    return max(values) if maximize else min(values)


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
