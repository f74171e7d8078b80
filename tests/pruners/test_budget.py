from __future__ import annotations

import math

import pytest

import parzen
from parzen.engine.brackets import Schedule, hyperband_table
from parzen.pruners import BudgetPruner
from parzen.samplers import DEHBSampler, RandomSampler
from parzen.trial import FrozenTrial, Trial, TrialState


def run(trial: Trial, last: int, every: int = 1, value: float = 0.0) -> float:
    """Report up to step `last`, every so many steps."""
    for step in range(every, last + 1, every):
        trial.report(value, step)
        if trial.should_prune():
            raise parzen.TrialPruned
    return value


def study_of(pruner: BudgetPruner) -> parzen.Study:
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    return parzen.create_study(pruner=pruner, sampler=RandomSampler(0))


def test_each_trial_stops_at_its_budget_and_runs_through_at_the_full_one() -> None:
    study = study_of(BudgetPruner(1, 9))
    study.optimize(lambda trial: run(trial, 12), n_trials=50)
    schedule = Schedule(hyperband_table(1, 9, 3))
    for trial in study.trials:
        budget = schedule.budget(trial.number)
        assert trial.state == (TrialState.COMPLETE if budget == 9 else TrialState.PRUNED)
        assert trial.last_step == (12 if budget == 9 else budget)


def test_budgets_are_those_of_the_sampler() -> None:
    pruner, sampler = BudgetPruner(2, 50, 4), DEHBSampler(2, 50, 4)
    study = study_of(pruner)
    study.optimize(lambda trial: run(trial, 50), n_trials=60)
    assert [trial.last_step for trial in study.trials] == [sampler.budget(number) for number in range(60)]


def test_sparse_reports_stop_at_the_first_one_past_the_budget() -> None:
    study = study_of(BudgetPruner(1, 9))
    study.optimize(lambda trial: run(trial, 9, every=2), n_trials=13)
    assert [trial.last_step for trial in study.trials] == [2] * 9 + [4] * 3 + [8]  # budgets 1, 3 and 9


def test_one_budget_prunes_nothing() -> None:
    study = study_of(BudgetPruner(4, 4))
    study.optimize(lambda trial: run(trial, 10), n_trials=5)
    assert all(trial.state == TrialState.COMPLETE for trial in study.trials)


@pytest.mark.parametrize("number", [0, 12])  # of the smallest budget, and of the full one
def test_nan_is_pruned(number: int) -> None:
    pruner = BudgetPruner(9, 81)
    record = FrozenTrial(number, TrialState.RUNNING, None, None, None, {}, {}, {}, {}, {}, 0)
    assert not pruner.prune(None, record)  # without reports
    record.intermediate_values.update({1: math.nan, 2: 0.5})
    assert not pruner.prune(None, record)
    record.intermediate_values.update({3: math.nan})  # before any budget
    assert pruner.prune(None, record)


def test_the_maximum_must_be_given() -> None:
    with pytest.raises(ValueError, match="`max_resource` must be an integer, but got None"):
        BudgetPruner()
