"""Suggesting, reporting, telling and creating trials, on Optuna and on parzen: the same results, exceptions and warnings."""

from __future__ import annotations

import math

import numpy as np
import pytest
from differential import error_of, optuna, run, stands_for

import parzen

pytestmark = pytest.mark.bench


def compare(scenario, warnings_differ=""):
    theirs, ours = run(scenario, optuna), run(scenario, parzen)
    assert stands_for(ours.error, theirs.error), f"expected {theirs.error} ({theirs.text}), got {ours.error} ({ours.text})"
    assert ours.result == theirs.result
    if not warnings_differ:
        assert ours.warned == theirs.warned


def study_of(o, n_objectives=1, **kwargs):
    return o.create_study(
        directions=["minimize"] * n_objectives, sampler=o.samplers.RandomSampler(seed=0), **kwargs
    )


# --- tell ------------------------------------------------------------------------------------------------------------

VALUES = {
    "none": None,
    "float": 1.5,
    "int": 2,
    "bool": True,
    "str": "1.5",
    "word": "abc",
    "nan": math.nan,
    "inf": math.inf,
    "minus_inf": -math.inf,
    "numpy_float": np.float32(0.5),
    "numpy_int": np.int64(3),
    "array_0d": np.array(2.0),
    "array_1": np.array([2.0]),
    "array_2": np.array([1.0, 2.0]),
    "list_0": [],
    "list_1": [1.0],
    "list_2": [1.0, 2.0],
    "list_3": [1.0, 2.0, 3.0],
    "tuple_2": (1, 2.0),
    "list_nan": [1.0, math.nan],
    "list_none": [1.0, None],
    "list_str": ["1.0", "2"],
    "nested": [[1.0], [2.0]],
    "set": {1.0},
    "dict": {"a": 1.0},
    "range": range(2),
    "bytes": b"1",
    "complex": 1j,
    "object": object,
}
STATES = [None, "COMPLETE", "PRUNED", "FAIL", "RUNNING", "WAITING"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("n_objectives", [1, 2])
@pytest.mark.parametrize("name", VALUES)
def test_tell(name, n_objectives, state):
    def scenario(o):
        study = study_of(o, n_objectives)
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        study.tell(trial, VALUES[name], None if state is None else o.trial.TrialState[state])
        told = study.trials[0]
        return told.state, told.values, type(told.values)

    compare(scenario)


@pytest.mark.parametrize("state", [None, "COMPLETE", "PRUNED", "FAIL"])
@pytest.mark.parametrize("reports", [[], [(0, 1.0)], [(5, 1.0), (2, 3.0)], [(0, math.nan)], [(0, 1.0), (1, math.inf)]])
def test_tell_after_reports(reports, state):
    def scenario(o):
        study = study_of(o)
        trial = study.ask()
        for step, value in reports:
            trial.report(value, step)
        return study.tell(trial, state=None if state is None else o.trial.TrialState[state])

    compare(scenario)


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("state", ["COMPLETE", "PRUNED", "FAIL"])
def test_tell_twice(state, skip):
    def scenario(o):
        study = study_of(o)
        trial = study.ask()
        state_of = o.trial.TrialState[state]
        study.tell(trial, 1.0 if state == "COMPLETE" else None, state_of)
        again = study.tell(trial.number, 2.0, skip_if_finished=skip)
        return again, study.trials

    compare(scenario)


@pytest.mark.parametrize("which", [0, 1, -1, True, 0.0, "0", None, np.int64(0)], ids=repr)
def test_tell_by_number(which):
    def scenario(o):
        study = study_of(o)
        study.ask()
        return study.tell(which, 1.0)

    compare(scenario)


def tell_waiting(o):
    study = study_of(o)
    study.enqueue_trial({"x": 1})
    return study.tell(0, 1.0)


def tell_waiting_skip(o):
    study = study_of(o)
    study.enqueue_trial({"x": 1})
    return study.tell(0, 1.0, skip_if_finished=True)


def tell_returns_the_trial(o):
    study = study_of(o)
    trial = study.ask()
    trial.suggest_int("x", 3, 3)
    trial.set_user_attr("a", [1])
    return study.tell(trial, 1)


def tell_frozen_trial(o):
    study = study_of(o)
    study.ask()
    return study.tell(study.trials[0], 1.0)


def tell_trial_of_another_study(o):
    storage = o.storages.InMemoryStorage()
    a, b = (o.create_study(storage=storage, study_name=name) for name in "ab")
    b.ask()
    trial = a.ask()
    a.tell(trial, 1.0)
    return a.trials, b.trials


def tell_negative_zero(o):
    study = study_of(o)
    return str(study.tell(study.ask(), -0.0).value)


def told_trial_cannot_change(o):
    study = study_of(o)
    trial = study.ask()
    study.tell(trial, 1.0)
    return [
        error_of(lambda: trial.suggest_float("x", 0, 1)),
        error_of(lambda: trial.report(1.0, 1)),
        error_of(lambda: trial.set_user_attr("a", 1)),
        error_of(lambda: trial.set_constraint("c", 1.0)),
    ]


# --- suggest ---------------------------------------------------------------------------------------------------------

FIRST = {
    "float": lambda t: t.suggest_float("x", 0.0, 1.0),
    "float_wide": lambda t: t.suggest_float("x", -5.0, 5.0),
    "float_log": lambda t: t.suggest_float("x", 0.1, 1.0, log=True),
    "float_step": lambda t: t.suggest_float("x", 0.0, 1.0, step=0.25),
    "float_single": lambda t: t.suggest_float("x", 2.0, 2.0),
    "int": lambda t: t.suggest_int("x", 0, 10),
    "int_single": lambda t: t.suggest_int("x", 7, 7),
    "int_step": lambda t: t.suggest_int("x", 0, 10, step=5),
    "int_log": lambda t: t.suggest_int("x", 1, 10, log=True),
    "cat": lambda t: t.suggest_categorical("x", ["a", "b"]),
    "cat_reversed": lambda t: t.suggest_categorical("x", ["b", "a"]),
    "cat_number": lambda t: t.suggest_categorical("x", [0, 1]),
    "cat_bool": lambda t: t.suggest_categorical("x", [False, True]),
}


@pytest.mark.parametrize("second", FIRST)
@pytest.mark.parametrize("first", FIRST)
def test_suggest_again_within_a_trial(first, second):
    def scenario(o):
        trial = study_of(o).ask()
        a = FIRST[first](trial)
        b = FIRST[second](trial)
        return a == b, a is b, trial.distributions

    compare(scenario)


@pytest.mark.parametrize("second", FIRST)
@pytest.mark.parametrize("first", FIRST)
def test_suggest_again_in_another_trial(first, second):
    def scenario(o):
        study = study_of(o)
        FIRST[first](study.ask())
        trial = study.ask()
        value = FIRST[second](trial)
        return type(value), trial.distributions

    compare(scenario)


SUGGESTIONS = {
    "float_ints": lambda t: t.suggest_float("x", 0, 1),
    "float_reversed": lambda t: t.suggest_float("x", 1, 0),
    "float_nan": lambda t: t.suggest_float("x", math.nan, 1),
    "float_inf": lambda t: t.suggest_float("x", 0, math.inf),
    "float_str": lambda t: t.suggest_float("x", "0", 1),
    "float_log_zero": lambda t: t.suggest_float("x", 0, 1, log=True),
    "float_log_step": lambda t: t.suggest_float("x", 1, 2, log=True, step=0.5),
    "float_step_zero": lambda t: t.suggest_float("x", 0, 1, step=0),
    "float_step_negative": lambda t: t.suggest_float("x", 0, 1, step=-0.1),
    "float_step_odd": lambda t: t.suggest_float("x", 0.0, 1.0, step=0.4),
    "float_step_larger": lambda t: t.suggest_float("x", 0.0, 1.0, step=3.0),
    "float_step_decimal": lambda t: t.suggest_float("x", 0.0, 0.9, step=0.3),
    "float_step_int": lambda t: t.suggest_float("x", 0, 10, step=2),
    "int_reversed": lambda t: t.suggest_int("x", 3, 1),
    "int_floats": lambda t: t.suggest_int("x", 0.0, 3.0),
    "int_fractions": lambda t: t.suggest_int("x", 0.5, 3.7),
    "int_str": lambda t: t.suggest_int("x", "0", 3),
    "int_step_zero": lambda t: t.suggest_int("x", 0, 3, step=0),
    "int_step_odd": lambda t: t.suggest_int("x", 0, 10, step=3),
    "int_step_larger": lambda t: t.suggest_int("x", 0, 10, step=30),
    "int_log_zero": lambda t: t.suggest_int("x", 0, 10, log=True),
    "int_log_step": lambda t: t.suggest_int("x", 1, 10, log=True, step=2),
    "int_large": lambda t: t.suggest_int("x", 2**40, 2**40 + 1),
    "cat_empty": lambda t: t.suggest_categorical("x", []),
    "cat_single": lambda t: t.suggest_categorical("x", [None]),
    "cat_tuple_choice": lambda t: t.suggest_categorical("x", [(1, 2)]),
    "cat_list_choice": lambda t: t.suggest_categorical("x", [[1, 2], [1, 2]]),
    "cat_str": lambda t: t.suggest_categorical("x", "a"),
    "cat_range": lambda t: t.suggest_categorical("x", range(5, 6)),
    "cat_none": lambda t: t.suggest_categorical("x", None),
    "cat_set": lambda t: t.suggest_categorical("x", {1}),
    "cat_generator": lambda t: t.suggest_categorical("x", (i for i in range(1))),
    "cat_nan": lambda t: t.suggest_categorical("x", [math.nan]),
    "cat_array": lambda t: t.suggest_categorical("x", np.array([1.5])),
    "uniform": lambda t: t.suggest_uniform("x", 0, 0),
    "loguniform": lambda t: t.suggest_loguniform("x", 1, 1),
    "discrete_uniform": lambda t: t.suggest_discrete_uniform("x", 0, 1, 2),
    "float_positional_step": lambda t: t.suggest_float("x", 0, 1, 0.5),
    "int_positional_step": lambda t: t.suggest_int("x", 0, 1, 1),
    "numpy_ends": lambda t: t.suggest_float("x", np.float64(1), np.float32(1)),
    "numpy_int_ends": lambda t: t.suggest_int("x", np.int64(1), np.int32(1)),
    "float_log_numpy_bool": lambda t: t.suggest_float("x", 1, 1, log=np.bool_(True)),
    "name_int": lambda t: t.suggest_float(1, 0, 0),
}


@pytest.mark.parametrize("name", SUGGESTIONS)
@pytest.mark.parametrize("kind", ["trial", "fixed", "frozen"])
def test_suggest(kind, name):
    def scenario(o):
        if kind == "trial":
            trial = study_of(o).ask()
        elif kind == "fixed":
            trial = o.trial.FixedTrial({"x": 0.25})
        else:
            trial = o.trial.create_trial(
                value=1.0, params={"x": 0.25}, distributions={"x": o.distributions.FloatDistribution(0, 1)}
            )
        value = SUGGESTIONS[name](trial)
        found = value if kind != "trial" or trial.distributions["x"].single() else type(value)
        return found, trial.distributions, trial.params.keys()

    compare(scenario)


def suggest_twice_same(o):
    trial = study_of(o).ask()
    a = trial.suggest_float("x", 0, 1)
    return trial.suggest_float("x", 0, 1) == a, trial.params == {"x": a}


def equal_choices_of_different_types(o):
    study = study_of(o)
    study.enqueue_trial({"x": True})
    study.enqueue_trial({"x": 1})
    study.enqueue_trial({"x": 1.0})
    out = []
    for _ in range(3):
        trial = study.ask()
        value = trial.suggest_categorical("x", (1, True))
        out.append((value, trial.params, study.tell(trial, 1.0).params))
    return out, study.trials


def unhashable_choices(o):
    study = study_of(o)
    study.enqueue_trial({"x": [3]})
    study.enqueue_trial({"x": [4]})
    a = study.ask().suggest_categorical("x", [[1, 2], [3], {"a": 1}])
    b = error_of(lambda: study.ask().suggest_categorical("x", [[1, 2], [3], {"a": 1}]))
    return a, b


def attributes_of_a_trial(o):
    study = study_of(o)
    trial = study.ask()
    trial.suggest_float("x", 1, 1)
    trial.set_user_attr("a", {"b": 1})
    trial.params["y"] = 1
    trial.user_attrs["z"] = 1
    trial.distributions["y"] = 1
    return (
        trial.number, trial.params, trial.distributions, trial.user_attrs, trial.datetime_start, trial.constraints,
        trial.relative_params,
    )  # fmt: skip


def trial_of_a_running_one(o):
    study = study_of(o)
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    same = o.trial.Trial(study, trial._trial_id)
    same.suggest_int("y", 2, 2)
    return same.params == {**trial.params, "y": 2}, same.number, study.tell(same, 1.0).state


def trial_of_a_finished_one(o):
    study = study_of(o)
    trial = study.ask()
    study.tell(trial, 1.0)
    return error_of(lambda: o.trial.Trial(study, trial._trial_id).suggest_float("x", 0, 1))


def trial_of_no_id(o):
    return o.trial.Trial(study_of(o), 17)


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


# --- create_trial, FrozenTrial, FixedTrial -----------------------------------------------------------------------------

CREATED = {
    "empty": lambda o: o.create_trial(),
    "value": lambda o: o.create_trial(value=1.0),
    "values": lambda o: o.create_trial(values=[1.0, 2.0]),
    "both": lambda o: o.create_trial(value=1.0, values=[1.0]),
    "value_str": lambda o: o.create_trial(value="1"),
    "value_nan": lambda o: o.create_trial(value=math.nan),
    "value_inf": lambda o: o.create_trial(value=math.inf),
    "value_int": lambda o: o.create_trial(value=1),
    "values_empty": lambda o: o.create_trial(values=[]),
    "fail_value": lambda o: o.create_trial(state=o.trial.TrialState.FAIL, value=1.0),
    "fail": lambda o: o.create_trial(state=o.trial.TrialState.FAIL),
    "pruned": lambda o: o.create_trial(state=o.trial.TrialState.PRUNED),
    "pruned_value": lambda o: o.create_trial(state=o.trial.TrialState.PRUNED, value=1.0),
    "pruned_nan": lambda o: o.create_trial(state=o.trial.TrialState.PRUNED, value=math.nan),
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
        value=1.0, params={"x": "1"}, distributions={"x": o.distributions.FloatDistribution(0, 3)}
    ),
    "old_distribution": lambda o: o.create_trial(
        value=1.0, params={"x": 1}, distributions={"x": o.distributions.UniformDistribution(0, 3)}
    ),
    "everything": lambda o: o.create_trial(
        value=1.0, params={"x": 1.0}, distributions={"x": o.distributions.FloatDistribution(0, 3)},
        user_attrs={"a": 1}, system_attrs={"b": 2}, intermediate_values={3: 1.0}, constraints={"c": 1},
    ),
    "constraint_nan": lambda o: o.create_trial(value=1.0, constraints={"c": math.nan}),
    "constraint_str": lambda o: o.create_trial(value=1.0, constraints={"c": "a"}),
    "step_str": lambda o: o.create_trial(value=1.0, intermediate_values={"a": 1.0}),
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


SCENARIOS = [
    value for value in list(globals().values())
    if getattr(value, "__module__", None) == __name__ and value.__code__.co_varnames[:1] == ("o",)
    and value.__code__.co_argcount == 1 and value.__name__ != "<lambda>"
]  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda f: f.__name__)
def test_scenario(scenario):
    compare(scenario)
