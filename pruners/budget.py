"""Fixed budgets: each trial stops at the budget that a table of Hyperband's brackets gives to its number.

The counterpart of `parzen.samplers.DEHBSampler`, which gives all trials their budgets beforehand (Awad, Mallik and
Hutter, IJCAI 2021, section 4.1): nothing that other trials reported counts.
"""

from __future__ import annotations

import math
from typing import Any

from ..engine.brackets import Schedule, hyperband_table
from ..engine.records import FrozenTrial
from .base import BasePruner


class BudgetPruner(BasePruner):
    """Prunes a trial when the step that it reports reaches its budget, and never at the full budget.

    Parameters
    ----------
    min_resource
        The smallest budget; see `engine.brackets.hyperband_table`.
    max_resource
        The full budget, which must be given.
    reduction_factor
        Ratio of one budget to the next lower one.

    Raises
    ------
    ValueError
        If an argument is no integer or lies outside its range.

    Notes
    -----
    Budgets are steps, counted from 1: a trial of budget 3 that reports after each epoch stops after the third. A trial
    whose last report is NaN is pruned whatever its budget. Give the sampler the same three arguments.

    Examples
    --------
    >>> import parzen
    >>> sampler, pruner = parzen.samplers.DEHBSampler(1, 81), parzen.pruners.BudgetPruner(1, 81)
    >>> study = parzen.create_study(sampler=sampler, pruner=pruner)
    """

    def __init__(self, min_resource: int = 1, max_resource: int | None = None, reduction_factor: int = 3) -> None:
        self._schedule = Schedule(hyperband_table(min_resource, max_resource, reduction_factor))
        self._full = self._schedule.brackets[0].resources[-1]

    def prune(self, study: Any, trial: FrozenTrial) -> bool:
        step = trial.last_step
        if step is None:
            return False
        if math.isnan(trial.intermediate_values[step]):
            return True
        budget = self._schedule.budget(trial.number)
        return budget < self._full and step >= budget
