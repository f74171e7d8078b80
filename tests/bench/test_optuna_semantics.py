"""Studies, their best trials and their queue: the same results, exceptions and warnings on Optuna and on parzen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from differential import compare, differ, error_of, finished_study, scenarios, study_of

pytestmark = pytest.mark.bench


# --- making studies --------------------------------------------------------------------------------------------------

DIRECTIONS = [
    {}, {"direction": "minimize"}, {"direction": "maximize"}, {"direction": "Minimize"}, {"direction": None},
    {"direction": ""}, {"direction": ["minimize"]}, {"directions": ["minimize"]},
    {"directions": ["minimize", "maximize"]}, {"directions": []}, {"directions": "minimize"}, {"directions": ["up"]},
    {"directions": ("maximize",) * 3}, {"direction": "minimize", "directions": ["minimize"]}, {"directions": [None]},
]  # fmt: skip


@pytest.mark.parametrize("kwargs", DIRECTIONS, ids=str)
def test_directions(kwargs):
    compare(lambda o: o.create_study(**kwargs).directions)


@pytest.mark.parametrize("name", ["MINIMIZE", "MAXIMIZE", "NOT_SET"])
def test_directions_as_enum(name):
    compare(lambda o: o.create_study(direction=o.study.StudyDirection[name]).direction)
    compare(lambda o: o.create_study(directions=[o.study.StudyDirection[name]] * 2).directions)


def direction_of_two(o):
    return study_of(o, 2).direction


def study_by_position(o):
    return o.create_study("sqlite://")


def duplicated_study(o):
    storage = o.storages.InMemoryStorage()
    o.create_study(storage=storage, study_name="a")
    o.create_study(storage=storage, study_name="a")


def loaded_if_exists(o):
    storage = o.storages.InMemoryStorage()
    o.create_study(storage=storage, study_name="a", direction="maximize")
    return o.create_study(storage=storage, study_name="a", load_if_exists=True, direction="minimize").direction


def load_if_exists_without_name(o):
    return o.create_study(load_if_exists=True).study_name.startswith("no-name-")


def load_missing(o):
    o.load_study(study_name="a", storage=o.storages.InMemoryStorage())


def load_without_name(o):
    storage = o.storages.InMemoryStorage()
    out = [error_of(lambda: o.load_study(study_name=None, storage=storage))]
    o.create_study(storage=storage, study_name="a")
    out.append(o.load_study(study_name=None, storage=storage).study_name)
    o.create_study(storage=storage, study_name="b")
    return [*out, error_of(lambda: o.load_study(study_name=None, storage=storage))]


def load_by_constructor(o):
    storage = o.storages.InMemoryStorage()
    o.create_study(storage=storage, study_name="a")
    return o.study.Study("a", storage).study_name, error_of(lambda: o.study.Study("b", storage))


def load_defaults(o):
    study = o.create_study()
    return isinstance(study.sampler, o.samplers.TPESampler), type(study.pruner).__name__


def delete(o):
    storage = o.storages.InMemoryStorage()
    finished_study(o, storage=storage, study_name="a")
    o.delete_study(study_name="a", storage=storage)
    return o.get_all_study_names(storage), error_of(lambda: o.delete_study(study_name="a", storage=storage))


def copied(o):
    a, b = o.storages.InMemoryStorage(), o.storages.InMemoryStorage()
    study = finished_study(o, "maximize", storage=a, study_name="a")
    study.set_user_attr("k", [1])
    study.enqueue_trial({"x": 1})
    study.ask()
    study.ask().suggest_int("x", 5, 5)
    o.copy_study(from_study_name="a", from_storage=a, to_storage=b)
    o.copy_study(from_study_name="a", from_storage=a, to_storage=a, to_study_name="c")
    copy = o.load_study(study_name="a", storage=b)
    return (
        copy.trials, copy.user_attrs, copy.directions, o.get_all_study_names(a),
        error_of(lambda: o.copy_study(from_study_name="a", from_storage=a, to_storage=b)),
        error_of(lambda: o.copy_study(from_study_name="z", from_storage=a, to_storage=b)),
    )  # fmt: skip


@pytest.mark.parametrize("include_best_trial", [True, False])
def test_summaries(include_best_trial):
    def scenario(o):
        storage = o.storages.InMemoryStorage()
        finished_study(o, "maximize", storage=storage, study_name="a").set_user_attr("k", 1)
        o.create_study(storage=storage, study_name="b", directions=["minimize", "maximize"])
        study = o.create_study(storage=storage, study_name="c")
        study.enqueue_trial({"x": 1})
        a, b, c = o.get_all_study_summaries(storage, include_best_trial)
        return [
            (s.study_name, s.directions, s.best_trial, s.user_attrs, s.n_trials, s.datetime_start,
             error_of(lambda s=s: s.direction)) for s in (a, b, c)
        ] + [a < b, a <= b, b > a, a == a, a == b, error_of(lambda: a < 1)]  # fmt: skip

    compare(scenario)


def summary_by_hand(o):
    minimize, maximize = o.study.StudyDirection.MINIMIZE, o.study.StudyDirection.MAXIMIZE
    make = o.study.StudySummary
    return (
        make("a", minimize, None, {}, 0, None, 3).directions,
        make("a", None, None, {}, 0, None, 3, directions=[minimize, maximize]).directions,
        error_of(lambda: make("a", None, None, {}, 0, None, 3)),
        make("a", minimize, None, {}, 0, None, 3, directions=[maximize]).direction,
    )


def study_attributes(o):
    study = study_of(o)
    study.set_user_attr("a", {"b": [1]})
    study.user_attrs["a"]["b"].append(2)
    study.set_user_attr("c", 1)
    study.set_user_attr("c", 2)
    return study.user_attrs, error_of(lambda: setattr(study, "user_attrs", 1))


def _metric_names(o):
    study = study_of(o, 2)
    before = study.metric_names
    study.set_metric_names(["a", "b"])
    return before, study.metric_names, error_of(lambda: study.set_metric_names(["a"]))


# --- the best --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_best(direction):
    def scenario(o):
        study = finished_study(o, direction)
        return study.best_trial, study.best_params, study.best_value, study.best_trials

    compare(scenario)


def best_of_nothing(o):
    study = study_of(o)
    study.tell(study.ask(), state=o.trial.TrialState.FAIL)
    names = ("best_trial", "best_params", "best_value", "best_trials")
    return [error_of(lambda name=name: getattr(study, name)) for name in names]


def best_of_two_objectives(o):
    study = study_of(o, 2)
    study.tell(study.ask(), [1.0, 2.0])
    return [error_of(lambda name=name: getattr(study, name)) for name in ("best_trial", "best_params", "best_value")]


def best_of_ties_and_infinities(o):
    study = study_of(o)
    for value in (math.inf, 2.0, 1.0, 1.0, -math.inf, -math.inf):
        study.tell(study.ask(), value)
    return study.best_trial.number, study.best_value


def best_under_constraints(o):
    study = study_of(o)
    out = []
    for value, constraint in ((0.0, 1.0), (5.0, 0.0), (3.0, None), (1.0, 0.1), (4.0, -1.0)):
        trial = study.ask()
        if constraint is not None:
            trial.set_constraint("c", constraint)
        study.tell(trial, value)
        out.append(error_of(lambda: study.best_trial.number))
    return out


def front_under_constraints(o):
    study = o.create_study(directions=["minimize", "maximize"])
    rng = np.random.default_rng(0)
    for i in range(40):
        trial = study.ask()
        if i % 3:
            trial.set_constraint("c", float(rng.normal()))
        study.tell(trial, rng.integers(0, 5, 2).tolist())
    return sorted(t.number for t in study.best_trials)


def best_is_a_copy(o):
    study = finished_study(o)
    study.best_trial.params["x"] = "changed"
    study.best_trials[0].params["x"] = "changed"
    study.trials[0].user_attrs["z"] = 1
    return study.best_params, study.best_trials, study.trials


@pytest.mark.parametrize("states", [None, (), ("COMPLETE",), ("FAIL", "PRUNED"), ("WAITING", "RUNNING")])
def test_get_trials(states):
    def scenario(o):
        study = finished_study(o)
        study.enqueue_trial({"x": 1})
        study.ask()
        study.enqueue_trial({"x": 1})
        chosen = states if states is None else tuple(o.trial.TrialState[s] for s in states)
        return study.get_trials(states=chosen), study.get_trials(deepcopy=False, states=chosen)

    compare(scenario)


# --- the queue -------------------------------------------------------------------------------------------------------

ENQUEUED = {
    "in_range": {"x": 3, "c": "a"},
    "out_of_range": {"x": 99},
    "wrong_choice": {"c": "z"},
    "nan": {"f": math.nan},
    "word": {"f": "abc"},
    "none": {"f": None},
    "off_grid": {"s": 0.3},
    "log_zero": {"l": 0.0},
    "unknown": {"zzz": 1},
    "empty": {},
    "not_a_dict": [("x", 1)],
}


@pytest.mark.parametrize("name", ENQUEUED)
def test_enqueue(name):
    def scenario(o):
        study = study_of(o)
        study.enqueue_trial(ENQUEUED[name], user_attrs={"a": 1})
        waiting = study.trials
        trial = study.ask()
        space = {
            "x": lambda: trial.suggest_int("x", 0, 10), "f": lambda: trial.suggest_float("f", 0, 1),
            "c": lambda: trial.suggest_categorical("c", ["a", "b"]),
            "s": lambda: trial.suggest_float("s", 0, 1, step=0.5),
            "l": lambda: trial.suggest_float("l", 0.1, 1, log=True),
        }  # fmt: skip
        values = [space[key]() for key in ENQUEUED[name] if key in space]
        return waiting, values, trial.params, trial.user_attrs, study.trials

    compare(scenario)


def queue_order(o):
    study = study_of(o)
    study.ask()
    for x in (3, 1, 2):
        study.enqueue_trial({"x": x})
    return [(t.number, t.suggest_int("x", 0, 5)) for t in (study.ask() for _ in range(3))] + [study.ask().number]


def skip_if_exists(o):
    study = study_of(o)
    study.enqueue_trial({"x": 1, "y": math.nan})
    study.enqueue_trial({"y": math.nan, "x": 1}, skip_if_exists=True)
    study.enqueue_trial({"x": 1}, skip_if_exists=True)
    study.enqueue_trial({"x": [1, 2]}, skip_if_exists=True)
    study.enqueue_trial({"x": [1, 2]}, skip_if_exists=True)
    trial = study.ask({"a": o.distributions.IntDistribution(4, 4)})
    trial = study.ask({"a": o.distributions.IntDistribution(4, 4)})
    study.tell(trial, 1.0)
    study.enqueue_trial({"x": 1, "a": 4}, skip_if_exists=True)
    study.enqueue_trial({"a": 4}, skip_if_exists=True)
    return [t.system_attrs for t in study.trials]


def skip_if_exists_with_sampled_rest(o):
    study = study_of(o)
    study.enqueue_trial({"x": 1})
    study.optimize(lambda t: t.suggest_int("x", 0, 5) + t.suggest_int("y", 3, 3), n_trials=1)
    for params in ({"x": 1}, {"x": 1, "y": 3}):
        study.enqueue_trial(params, skip_if_exists=True)
    return len(study.trials)


def skip_if_exists_of_close_numbers(o):
    study = study_of(o)
    for x in (1000.0, 1000.0001, 1000.1, 0.1 + 0.2, 0.3, 1):
        study.enqueue_trial({"x": x}, skip_if_exists=True)
    return len(study.trials)


def skip_if_exists_failed(o):
    study = study_of(o)
    trial = study.ask({"a": o.distributions.IntDistribution(4, 4)})
    study.tell(trial, state=o.trial.TrialState.FAIL)
    study.enqueue_trial({"a": 4}, skip_if_exists=True)
    return len(study.trials)


def add_trials(o):
    study, other = study_of(o), finished_study(o)
    study.add_trials(other.trials)
    study.add_trials([])
    return study.trials, error_of(lambda: study.add_trials([1])), error_of(lambda: study.add_trials(1))


def add_trial_of_two_values(o):
    study_of(o).add_trial(o.create_trial(values=[1.0, 2.0]))


def add_trial_of_another_range(o):
    study = study_of(o)
    study.ask().suggest_int("x", 0, 1)
    trial = o.create_trial(value=1.0, params={"x": 5}, distributions={"x": o.distributions.IntDistribution(0, 9)})
    return error_of(lambda: study.add_trial(trial)), len(study.trials)


def add_running_and_waiting(o):
    study = study_of(o)
    for state in ("RUNNING", "WAITING", "FAIL", "PRUNED"):
        study.add_trial(o.create_trial(state=o.trial.TrialState[state]))
    number = study.ask().number
    return number, study.tell(0, 1.0).state, [t.state for t in study.trials]


# --- ask -------------------------------------------------------------------------------------------------------------


def ask_fixed(o):
    d = o.distributions
    trial = study_of(o).ask(
        {"x": d.FloatDistribution(1, 1), "n": d.IntDistribution(3, 3), "c": d.CategoricalDistribution(["a"])}
    )
    return trial.params, trial.distributions, trial.suggest_float("x", 1, 1)


def ask_fixed_old_distributions(o):
    d = o.distributions
    trial = study_of(o).ask({"x": d.UniformDistribution(1, 1), "n": d.IntUniformDistribution(3, 3)})
    return trial.params, trial.distributions


def ask_fixed_enqueued(o):
    study = study_of(o)
    study.enqueue_trial({"x": 0.25})
    return study.ask({"x": o.distributions.FloatDistribution(0, 1)}).params


def ask_fixed_wrong(o):
    return study_of(o).ask({"x": 1})


def ask_by_keyword(o):
    return study_of(o).ask(fixed_distributions={"x": o.distributions.FloatDistribution(1, 1)}).params


def test_metric_names():
    compare(_metric_names, warnings_differ="no experiment here")


@pytest.mark.parametrize("scenario", scenarios(globals()), ids=lambda f: f.__name__)
def test_scenario(scenario):
    compare(scenario)


# --- where parzen differs, and why -----------------------------------------------------------------------------------


def suggested_after_enqueue(params):
    def scenario(o):
        study = study_of(o)
        study.enqueue_trial(params)
        trial = study.ask()
        values = trial.suggest_float("f", 0, 1), trial.suggest_int("x", 0, 10)
        return values, trial.params

    return scenario


def enqueued_twice(first, second):
    def scenario(o):
        study = study_of(o)
        study.enqueue_trial(first)
        study.enqueue_trial(second, skip_if_exists=True)
        return len(study.trials)

    return scenario


def _added_of_another_kind(o):
    study = study_of(o)
    study.ask().suggest_int("x", 0, 1)
    study.add_trial(
        o.create_trial(value=1.0, params={"x": 0.5}, distributions={"x": o.distributions.FloatDistribution(0, 1)})
    )


DIFFERENCES = {
    # An AttributeError there.
    "direction_as_number": (lambda o: o.create_study(direction=1), ValueError),
    # Enqueued values come back in the parameter's type, as they are stored.
    "int_for_float": (suggested_after_enqueue({"f": 1, "x": 3}), ((1.0, 3), {"f": 1.0, "x": 3})),
    "str_for_float": (suggested_after_enqueue({"f": "0.5", "x": 3}), ((0.5, 3), {"f": 0.5, "x": 3})),
    "float_for_int": (suggested_after_enqueue({"f": 1.0, "x": 2.0}), ((1.0, 2), {"f": 1.0, "x": 2})),
    "fraction_for_int": (suggested_after_enqueue({"f": 1.0, "x": 2.7}), ((1.0, 2), {"f": 1.0, "x": 2})),
    "bool_for_int": (suggested_after_enqueue({"f": 1.0, "x": True}), ((1.0, 1), {"f": 1.0, "x": 1})),
    "numpy": (suggested_after_enqueue({"f": np.float32(0.5), "x": np.int64(2)}), ((0.5, 2), {"f": 0.5, "x": 2})),
    # 1 is 1.0; there it is not.
    "same_number": (enqueued_twice({"x": 1}, {"x": 1.0}), 1),
    # Optuna's database refuses this, its memory does not.
    "added_of_another_kind": (_added_of_another_kind, ValueError),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_difference(name):
    differ(*DIFFERENCES[name])
