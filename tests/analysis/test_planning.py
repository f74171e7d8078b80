"""Plans of a budget."""

import json
import math

import pytest

import parzen
from parzen.engine.brackets import Bracket, hyperband_table
from parzen.planning import plan_optimization
from parzen.pruners import HyperbandPruner, SuccessiveHalvingPruner
from parzen.samplers import AutoSampler, RandomSampler


@pytest.mark.parametrize(
    ("n", "strategy"),
    [(0, "random"), (19, "random"), (20, "tpe"), (49, "tpe"), (50, "tpe_multivariate"), (199, "tpe_multivariate"),
     (200, "hyperband"), (5000, "hyperband")],
)  # fmt: skip
def test_strategies(n, strategy):
    plan = plan_optimization(n * 0.5, 0.5, 10**9)
    assert (plan["max_trials"], plan["strategy"]) == (n, strategy)
    assert plan["recommendation"]
    assert plan["estimated_hours"] == pytest.approx(n * 0.5)
    assert plan.study_arguments().keys() == {"sampler"}
    assert (plan.pruner, plan.trials_with_pruner, plan.full_trainings) == (None, None, None)


def test_it_is_a_mapping():
    plan = plan_optimization(100, 1, math.inf, 4, 81)
    found = dict(plan)
    assert len(found) == len(plan)
    assert all(getattr(plan, key) == value for key, value in found.items())
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert not any(key.startswith("_") for key in found)
    with pytest.raises(KeyError):
        plan["_steps"]
    assert plan["recommendation"] in str(plan)
    assert plan["sampler"] in str(plan)
    assert plan["pruner"] in str(plan)


def test_workers_and_rounding():
    assert plan_optimization(0.3, 0.1, 10)["max_trials"] == 3
    plan = plan_optimization(10, 1, 10**6, n_workers=4)
    assert (plan["max_trials"], plan["estimated_hours"], plan["gpu_hours"]) == (10, 3.0, 10.0)


def test_rank():
    plan = plan_optimization(9, 1, 99)
    assert plan["expected_rank"] == pytest.approx(10.0)
    assert plan["expected_quantile"] == pytest.approx(10.0 / 99.0)
    assert plan_optimization(9, 1, math.inf)["expected_rank"] is None
    assert plan_optimization(9, 1, math.inf)["expected_quantile"] == pytest.approx(0.1)
    everything = plan_optimization(100, 1, 50)
    assert everything["expected_rank"] == 1.0
    assert "all 50 configurations" in everything["recommendation"]
    assert plan_optimization(0.5, 1, 50)["expected_quantile"] == 1.0
    assert "does not pay one" in plan_optimization(0.5, 1, 50)["recommendation"]


def test_what_a_pruner_makes_of_it():
    """Hyperband's brackets as its table prints them; a trial that goes on continues, so rungs cost their difference."""
    plan = plan_optimization(1000, 1, math.inf, steps_per_trial=81)
    steps = 0
    for bracket in hyperband_table(1, 81, 3):
        before = 0
        for size, resource in zip(*bracket, strict=True):
            steps += size * (resource - before)
            before = resource
    started = 81 + 27 + 9 + 6 + 5
    assert plan.trials_with_pruner == int(1000 * 81 * started / steps)
    assert plan.full_trainings == round(plan.trials_with_pruner * (1 + 1 + 1 + 2 + 5) / started)
    assert isinstance(plan.study_arguments()["pruner"], HyperbandPruner)
    short = plan_optimization(60, 1, math.inf, steps_per_trial=27)
    assert hyperband_table(1, 27, 3)[0] == Bracket((27, 9, 3, 1), (1, 3, 9, 27))
    assert short.trials_with_pruner == int(60 * 27 * 27 / (27 + 9 * 2 + 3 * 6 + 18))
    assert isinstance(short.study_arguments()["pruner"], SuccessiveHalvingPruner)
    assert plan_optimization(300, 1, math.inf, steps_per_trial=2).study_arguments().keys() == {"sampler"}


def test_a_study_runs_by_it():
    plan = plan_optimization(30, 1, math.inf, steps_per_trial=9)
    study = parzen.create_study(**plan.study_arguments() | {"sampler": RandomSampler(seed=1)})

    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        for step in range(1, 10):
            trial.report(x + 1 / step, step)
            if trial.should_prune():
                raise parzen.TrialPruned
        return x

    study.optimize(objective, n_trials=plan.trials_with_pruner)
    steps = sum(len(trial.intermediate_values) for trial in study.trials)
    assert 0.5 < steps / (30 * 9) < 1.5
    assert type(plan.study_arguments()["sampler"]) is AutoSampler


def test_quick_trials():
    plan = plan_optimization(1, 1e-6, math.inf)
    assert plan["sampler"] == "AutoSampler(share=0.0)"
    assert parzen.create_study(**plan.study_arguments()).sampler._share == 0.0


@pytest.mark.parametrize(
    ("arguments", "name"),
    [((-1, 1, 5), "gpu_hours_budget"), ((math.nan, 1, 5), "gpu_hours_budget"), ((math.inf, 1, 5), "gpu_hours_budget"),
     (("x", 1, 5), "gpu_hours_budget"), ((1, 0, 5), "single_trial_hours"), ((1, math.inf, 5), "single_trial_hours"),
     ((1, 1, 0), "search_space_size"), ((1, 1, math.nan), "search_space_size"), ((1, 1, 5, 0), "n_workers"),
     ((1, 1, 5, 1.5), "n_workers"), ((1, 1, 5, 1, 0), "steps_per_trial")],
)  # fmt: skip
def test_refused(arguments, name):
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        plan_optimization(*arguments)


@pytest.mark.parametrize(("budget", "hours"), [(1e300, 1e-300), (1e6, 1e-7)])
def test_a_budget_in_another_unit(budget, hours):
    with pytest.raises(ValueError, match="another unit"):
        plan_optimization(budget, hours, math.inf)


def test_the_reason_names_samplers():
    reasons = [plan_optimization(n, 1, math.inf).reason for n in (10, 30, 100, 300)]
    assert all(f"in place of {name}" in reason for name, reason in zip(
        ("a random search", "plain TPE", "multivariate TPE", "the random search"), reasons, strict=True
    ))  # fmt: skip
