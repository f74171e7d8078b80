"""Reports, constraints, and trials that are records: the same results, exceptions and warnings on both libraries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from differential import compare, differ, error_of, scenarios, study_of

pytestmark = pytest.mark.bench


# --- report, prune, constraints --------------------------------------------------------------------------------------

REPORTS = {
    "int": (1, 1),
    "numpy": (np.float32(0.5), np.int64(3)),
    "str": ("1.5", 0),
    "str_step": (1.0, "2"),
    "word": ("abc", 0),
    "word_step": (1.0, "abc"),
    "none": (None, 0),
    "none_step": (1.0, None),
    "nan": (math.nan, 0),
    "inf": (math.inf, 0),
    "negative": (1.0, -1),
    "float_step": (1.0, 2.7),
    "list": ([1.0], 0),
    "array": (np.array([1.0]), 0),
    "bool": (True, True),
    "nan_step": (1.0, math.nan),
    "inf_step": (1.0, math.inf),
}


@pytest.mark.parametrize("n_objectives", [1, 2])
@pytest.mark.parametrize("name", REPORTS)
def test_report(name, n_objectives):
    if n_objectives > 1 and name in ("list", "array"):
        pytest.skip("a report of several objectives is parzen's own")

    def scenario(o):
        study = study_of(o, n_objectives)
        study.ask().report(*REPORTS[name])
        return study.trials[0].intermediate_values

    compare(scenario)


def report_twice(o):
    study = study_of(o)
    trial = study.ask()
    trial.report(1.0, 3)
    trial.report(2.0, 3)
    trial.report(5.0, 1)
    return study.trials[0]


def should_prune_of_two_objectives(o):
    return study_of(o, 2).ask().should_prune()


def should_prune_without_reports(o):
    return study_of(o, pruner=o.pruners.MedianPruner()).ask().should_prune()


CONSTRAINTS = {
    "int": 1, "bool": True, "numpy": np.float32(1), "str": "1", "word": "a", "none": None, "nan": math.nan,
    "inf": math.inf, "list": [1.0],
}  # fmt: skip


@pytest.mark.parametrize("kind", ["trial", "fixed", "frozen"])
@pytest.mark.parametrize("name", CONSTRAINTS)
def test_set_constraint(name, kind):
    def scenario(o):
        study = study_of(o)
        trial = {
            "trial": study.ask, "fixed": lambda: o.trial.FixedTrial({}), "frozen": lambda: o.create_trial(value=1.0),
        }[kind]()  # fmt: skip
        trial.set_constraint("c", CONSTRAINTS[name])
        trial.set_constraint("c", 5.0)
        if kind == "trial":
            study.tell(trial, 1.0)
            return trial.constraints, study.trials
        return trial.constraints

    compare(scenario)


# --- create_trial, FrozenTrial, FixedTrial ---------------------------------------------------------------------------

CREATED = {
    "empty": lambda o: o.create_trial(),
    "value": lambda o: o.create_trial(value=1.0),
    "values": lambda o: o.create_trial(values=[1.0, 2.0]),
    "both": lambda o: o.create_trial(value=1.0, values=[1.0]),
    "value_str": lambda o: o.create_trial(value="1"),
    "value_nan": lambda o: o.create_trial(value=math.nan),
    "value_inf": lambda o: o.create_trial(value=math.inf),
    "values_empty": lambda o: o.create_trial(values=[]),
    "fail_value": lambda o: o.create_trial(state=o.trial.TrialState.FAIL, value=1.0),
    "fail": lambda o: o.create_trial(state=o.trial.TrialState.FAIL),
    "pruned": lambda o: o.create_trial(state=o.trial.TrialState.PRUNED),
    "pruned_value": lambda o: o.create_trial(state=o.trial.TrialState.PRUNED, value=1.0),
    "running": lambda o: o.create_trial(state=o.trial.TrialState.RUNNING),
    "running_value": lambda o: o.create_trial(state=o.trial.TrialState.RUNNING, value=1.0),
    "waiting": lambda o: o.create_trial(state=o.trial.TrialState.WAITING),
    "no_distribution": lambda o: o.create_trial(value=1.0, params={"x": 1}),
    "no_param": lambda o: o.create_trial(value=1.0, distributions={"x": o.distributions.IntDistribution(0, 1)}),
    "out_of_range": lambda o: o.create_trial(
        value=1.0, params={"x": 2}, distributions={"x": o.distributions.IntDistribution(0, 1)}
    ),
    "off_grid": lambda o: o.create_trial(
        value=1.0, params={"x": 0.3}, distributions={"x": o.distributions.FloatDistribution(0, 1, step=0.5)}
    ),
    "not_a_choice": lambda o: o.create_trial(
        value=1.0, params={"x": "c"}, distributions={"x": o.distributions.CategoricalDistribution(["a"])}
    ),
    "float_for_int": lambda o: o.create_trial(
        value=1.0, params={"x": 1.5}, distributions={"x": o.distributions.IntDistribution(0, 3)}
    ),
    "str_for_float": lambda o: o.create_trial(
        value=1.0, params={"x": "a"}, distributions={"x": o.distributions.FloatDistribution(0, 3)}
    ),
    "old_distribution": lambda o: o.create_trial(
        value=1.0, params={"x": 1.0}, distributions={"x": o.distributions.UniformDistribution(0, 3)}
    ),
    "everything": lambda o: o.create_trial(
        value=1.0, params={"x": 1.0}, distributions={"x": o.distributions.FloatDistribution(0, 3)},
        user_attrs={"a": 1}, system_attrs={"b": 2}, intermediate_values={3: 1.0}, constraints={"c": 1},
    ),
    "constraint_nan": lambda o: o.create_trial(value=1.0, constraints={"c": math.nan}),
    "constraint_str": lambda o: o.create_trial(value=1.0, constraints={"c": "a"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CREATED)
def test_create_trial(name):
    compare(CREATED[name])


@pytest.mark.parametrize("name", CREATED)
@pytest.mark.parametrize("n_objectives", [1, 2])
def test_add_trial(name, n_objectives):
    def scenario(o):
        study = study_of(o, n_objectives)
        study.add_trial(CREATED[name](o))
        return study.trials

    compare(scenario)


def frozen_trials_compare(o):
    a, b = o.create_trial(value=1.0), o.create_trial(value=1.0)
    b.number = 3
    return a == a, a == b, a < b, a <= b, b > a, error_of(lambda: a < 1), a == 1, error_of(lambda: hash(a)) is not None


def frozen_trial_value(o):
    trial = o.create_trial(values=[1.0, 2.0])
    first = error_of(lambda: trial.value)
    trial.value = 3.0
    single = (trial.value, trial.values)
    trial.values = (1, 2)
    pair = trial.values
    trial.value = None
    return first, single, pair, trial.values, trial.value


def frozen_trial_value_of_two(o):
    trial = o.create_trial(values=[1.0, 2.0])
    trial.value = 1.0


def frozen_trial_is_settable(o):
    trial = o.create_trial(value=1.0)
    trial.params = {"x": 1}
    trial.distributions = {"x": o.distributions.IntDistribution(0, 1)}
    trial.user_attrs, trial.system_attrs, trial.number = {"a": 1}, {"b": 1}, 5
    trial.datetime_start = None
    trial.report(1.0, 1)
    trial.set_user_attr("c", 2)
    return trial.params, trial.user_attrs, trial.system_attrs, trial.number, trial.should_prune(), trial.duration


def frozen_trial_by_position(o):
    state = o.trial.TrialState
    trial = o.trial.FrozenTrial(0, state.COMPLETE, 1.0, None, None, {}, {}, {}, {}, {1: 2.0}, 0)
    return trial, error_of(
        lambda: o.trial.FrozenTrial(0, state.COMPLETE, 1.0, None, None, {}, {}, {}, {}, {}, 0, values=[1.0])
    )


def frozen_suggest_missing(o):
    return o.create_trial(value=1.0).suggest_float("x", 0, 1)


def frozen_suggest_wrong_kind(o):
    trial = o.create_trial(value=1.0, params={"x": 1}, distributions={"x": o.distributions.IntDistribution(0, 5)})
    return trial.suggest_float("x", 0, 5)


def frozen_suggest_out_of_range(o):
    trial = o.create_trial(value=1.0, params={"x": 1}, distributions={"x": o.distributions.IntDistribution(0, 5)})
    return trial.suggest_int("x", 3, 5), trial.distributions


def fixed_trial(o):
    trial = o.trial.FixedTrial({"x": 1, "c": "a", "f": 0.5, "unused": 3}, number=7)
    suggested = trial.suggest_int("x", 0, 3), trial.suggest_categorical("c", "ab"), trial.suggest_float("f", 0, 1)
    trial.report(1.0, 1)
    trial.set_user_attr("a", 1)
    return (
        suggested, trial.params, trial.distributions, trial.number, trial.should_prune(), trial.user_attrs,
        trial.system_attrs, trial.datetime_start, trial.constraints,
    )  # fmt: skip


def fixed_trial_missing(o):
    return o.trial.FixedTrial({}).suggest_float("x", 0, 1)


def fixed_trial_wrong_choice(o):
    return o.trial.FixedTrial({"x": "c"}).suggest_categorical("x", ["a"])


def fixed_trial_out_of_range(o):
    return o.trial.FixedTrial({"x": 5}).suggest_int("x", 0, 1)


def fixed_trial_twice(o):
    trial = o.trial.FixedTrial({"x": 1})
    return trial.suggest_int("x", 0, 1), trial.suggest_int("x", 0, 2), trial.distributions


@pytest.mark.parametrize("scenario", scenarios(globals()), ids=lambda f: f.__name__)
def test_scenario(scenario):
    compare(scenario)


# --- where parzen differs, and why -----------------------------------------------------------------------------------


def added(**kwargs):
    def scenario(o):
        study = study_of(o)
        distributions = {name: o.distributions.FloatDistribution(0, 3) for name in kwargs.get("params", ())}
        study.add_trial(o.create_trial(**{"value": 1.0, **kwargs}, distributions=distributions))
        return study.trials[0].values, study.trials[0].params

    return scenario


def _created_pruned_with_nan(o):
    return o.create_trial(state=o.trial.TrialState.PRUNED, value=math.nan)


DIFFERENCES = {
    # Values and parameters come back in their type at once, as they do there after a database.
    "int_value": (added(value=1), ([1.0], {})),
    "int_param": (added(params={"x": 1}), ([1.0], {"x": 1.0})),
    "str_param": (added(params={"x": "1"}), ([1.0], {"x": 1.0})),
    # A value is a number; Optuna's database refuses NaN, its memory does not.
    "pruned_nan": (_created_pruned_with_nan, ValueError),
    # Steps are integers from 0, as in `report`.
    "step_str": (added(intermediate_values={"a": 1.0}), ValueError),
    "step_negative": (added(intermediate_values={-1: 1.0}), ValueError),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENCES)
def test_difference(name):
    differ(*DIFFERENCES[name])
