"""Distributions and trials of parzen's as Optuna's; the other way `modern` and `FrozenTrial.adopted` do it."""

from __future__ import annotations

from functools import lru_cache

import optuna

from ...engine.distributions import (
    BaseDistribution,
    CategoricalChoiceType,
    CategoricalDistribution,
    IntDistribution,
    NumericDistribution,
)
from ...engine.records import FrozenTrial, TrialState

_STATES = {
    state: optuna.trial.TrialState.PRUNED if state == TrialState.PAUSED else optuna.trial.TrialState(int(state))
    for state in TrialState
}


def to_optuna(distribution: BaseDistribution) -> optuna.distributions.BaseDistribution:
    """Give Optuna's distribution for one of ours; the same object for equal ones, but where choices are objects."""
    if not isinstance(distribution, CategoricalDistribution):
        return _of_numbers(distribution)
    if distribution.has_objects:
        return optuna.distributions.CategoricalDistribution(distribution.choices)
    return _of_choices(*distribution.choices)


@lru_cache(maxsize=1024, typed=True)  # 1 equals True, but is another choice
def _of_choices(*choices: CategoricalChoiceType) -> optuna.distributions.CategoricalDistribution:
    return optuna.distributions.CategoricalDistribution(choices)


@lru_cache(maxsize=1024)
def _of_numbers(distribution: BaseDistribution) -> optuna.distributions.BaseDistribution:
    if not isinstance(distribution, NumericDistribution):
        raise TypeError(f"Optuna knows floats, integers and choices, but got {distribution!r}.")
    is_integer = isinstance(distribution, IntDistribution)
    kind = optuna.distributions.IntDistribution if is_integer else optuna.distributions.FloatDistribution
    return kind(distribution.low, distribution.high, log=distribution.log, step=distribution.step)


def to_optuna_trial(record: FrozenTrial) -> optuna.trial.FrozenTrial:
    """Give a record as one of Optuna's, as it stands now; a paused trial is a pruned one there."""
    return optuna.trial.FrozenTrial(
        number=record.number,
        state=_STATES[record.state],
        value=None,
        values=record.values,
        datetime_start=record.datetime_start,
        datetime_complete=record.datetime_complete,
        params=dict(record.params),
        distributions={name: to_optuna(distribution) for name, distribution in record.distributions.items()},
        user_attrs=dict(record.user_attrs),
        system_attrs=dict(record.system_attrs),
        intermediate_values=dict(record.intermediate_values),
        trial_id=record._trial_id,
    )
