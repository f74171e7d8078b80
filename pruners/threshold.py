"""Threshold pruning: stop a trial whose last report is outside given bounds, such as a loss that diverged."""

from __future__ import annotations

import math
from typing import Any

from ..engine.history import StudyLike
from ..engine.records import FrozenTrial
from .base import BasePruner, check_at_least


class ThresholdPruner(BasePruner):
    """Prunes a trial whose value at the largest step lies below `lower` or above `upper`, or is NaN.

    Parameters
    ----------
    lower, upper
        The bounds; None for none. Values equal to a bound are kept.
    n_warmup_steps
        Steps below which nothing is pruned.
    interval_steps
        Prune at steps that lie a multiple of this after `n_warmup_steps`; where a trial skips steps, at the first
        report of each interval.

    Raises
    ------
    TypeError
        If there is neither bound, or one is no number.
    ValueError
        If `lower` exceeds `upper`, or a number of steps lies outside its range.
    """

    def __init__(
        self,
        lower: float | None = None,
        upper: float | None = None,
        n_warmup_steps: int = 0,
        interval_steps: int = 1,
    ) -> None:
        if lower is None and upper is None:
            raise TypeError("Expected a bound, but got neither: give `lower`, `upper` or both.")
        self._lower = -math.inf if lower is None else _number("lower", lower)
        self._upper = math.inf if upper is None else _number("upper", upper)
        if self._lower > self._upper:
            raise ValueError(f"`lower` must not exceed `upper`, but got lower={lower} and upper={upper}.")
        check_at_least(0, n_warmup_steps=n_warmup_steps)
        check_at_least(1, interval_steps=interval_steps)
        self._n_warmup_steps = n_warmup_steps
        self._interval_steps = interval_steps

    def prune(self, study: StudyLike, trial: FrozenTrial) -> bool:
        if not trial.intermediate_values:
            return False
        history = study.history
        with history.lock:
            curve = history.curve(trial)
            if not curve.begins_interval(self._n_warmup_steps, self._interval_steps):
                return False
        value = curve.values[-1]
        return value < self._lower or value > self._upper or value != value


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"`{name}` must be a float, but got {value!r} ({type(value).__name__}).") from error
