"""What programs written for Optuna do with it: the idioms of its guides, and their edges, on three kinds of storage."""

from __future__ import annotations

import copy
import io
import json
import logging
import math
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from differential import compare, differ, error_of, finished_study, scenarios, study_of

pytestmark = pytest.mark.bench

Scenario = Callable[[Any, Any], Any]
ON_STORAGES: dict[str, Scenario] = {}


def on_storages(scenario: Scenario) -> Scenario:
    """Run a function of a library and an empty storage of it on each kind of storage."""
    ON_STORAGES[scenario.__name__] = scenario
    return scenario


def storage_of(o: Any, kind: str, folder: Path) -> Any:
    folder = folder / o.__name__
    folder.mkdir(exist_ok=True)
    if kind == "memory":
        return o.storages.InMemoryStorage()
    if kind == "sqlite":
        return f"sqlite:///{folder}/study.db"
    return o.storages.JournalStorage(o.storages.journal.JournalFileBackend(f"{folder}/study.log"))


def study_on(o: Any, storage: Any, n_objectives: int = 1, name: str = "s", **kwargs: Any) -> Any:
    return study_of(o, n_objectives, storage=storage, study_name=name, **kwargs)


def states_of(study: Any) -> list[Any]:
    return [(t.number, t.state, t.values) for t in study.trials]


# --- the loop --------------------------------------------------------------------------------------------------------


def quadratic(trial: Any) -> float:
    x = trial.suggest_int("x", 3, 3)
    trial.set_user_attr("square", x**2)
    return float(trial.number * x)


@on_storages
def a_run_that_is_resumed(o, storage):
    study_on(o, storage).optimize(quadratic, n_trials=3)
    study = study_on(o, storage, load_if_exists=True)
    study.optimize(quadratic, n_trials=2)
    return study.trials, study.best_trial, study.best_params, study.best_value


@on_storages
def attributes_of_a_study(o, storage):
    study = study_on(o, storage)
    for key, value in {"a": 1, "b": [1, {"c": None}], "d": "ü", "e": 1.5, "f": True, "g": math.inf}.items():
        study.set_user_attr(key, value)
    loaded = o.load_study(study_name="s", storage=storage)
    return study.user_attrs, loaded.user_attrs, error_of(lambda: setattr(study, "user_attrs", {}))


@on_storages
def attributes_that_json_changes(o, storage):
    study = study_on(o, storage)
    trial = study.ask()
    study.set_user_attr("t", [1, 2])
    trial.set_user_attr("d", {"1": 2})
    trial.set_user_attr("n", None)
    study.tell(trial, 1.0)
    loaded = o.load_study(study_name="s", storage=storage)
    return loaded.user_attrs, loaded.trials[0].user_attrs, trial.user_attrs


@on_storages
def an_early_stop_by_callback(o, storage):
    seen = []

    def callback(study, trial):
        seen.append((trial.number, trial.state, trial.value, trial.params, study.best_value, len(study.trials)))
        if trial.number >= 2:
            study.stop()

    study = study_on(o, storage)
    study.optimize(quadratic, n_trials=10, callbacks=[callback])
    return seen, states_of(study)


@on_storages
def a_callback_that_writes(o, storage):
    def callback(study, trial):
        study.set_user_attr(f"seen {trial.number}", trial.value)
        if trial.number == 0:
            study.enqueue_trial({"x": 3, "y": 5})
        return error_of(lambda: trial.set_user_attr("late", 1))

    study = study_on(o, storage)
    study.optimize(
        lambda t: t.suggest_int("x", 0, 9) * 0 + t.suggest_int("y", 0, 9) * 0, n_trials=2, callbacks=[callback]
    )
    return study.user_attrs, study.trials[1].params, [t.user_attrs for t in study.trials]


@pytest.mark.parametrize("states", [None, ("COMPLETE",), ("PRUNED", "FAIL"), ("COMPLETE", "PRUNED"), ()], ids=str)
@pytest.mark.parametrize("n", [0, 1, 3])
def test_max_trials_callback(n, states):
    def scenario(o):
        kwargs = {} if states is None else {"states": tuple(o.trial.TrialState[s] for s in states)}
        study = study_of(o)

        def objective(trial):
            if trial.number % 3 == 1:
                raise o.TrialPruned
            if trial.number % 3 == 2:
                raise ValueError
            return 0.0

        study.optimize(objective, n_trials=9, catch=ValueError, callbacks=[o.study.MaxTrialsCallback(n, **kwargs)])
        return states_of(study)

    compare(scenario)


OPTIMIZE = {
    "nothing": {"n_trials": 0},
    "negative": {"n_trials": -1},
    "fraction": {"n_trials": 2.0},
    "word": {"n_trials": "2"},
    "numpy": {"n_trials": np.int64(2)},
    "no_time": {"n_trials": 3, "timeout": 0},
    "negative_time": {"n_trials": 3, "timeout": -1},
    "catch_tuple": {"n_trials": 3, "catch": (ValueError, KeyError)},
    "catch_list": {"n_trials": 3, "catch": [KeyError]},
    "catch_class": {"n_trials": 3, "catch": KeyError},
    "catch_other": {"n_trials": 3, "catch": (ValueError,)},
    "catch_all": {"n_trials": 3, "catch": Exception},
    "callbacks_tuple": {"n_trials": 3, "catch": KeyError, "callbacks": (lambda s, t: None,)},
    "callbacks_empty": {"n_trials": 3, "catch": KeyError, "callbacks": []},
    "gc": {"n_trials": 3, "catch": KeyError, "gc_after_trial": True},
    "zero_jobs": {"n_trials": 3, "catch": KeyError, "n_jobs": 0},
    "minus_two_jobs": {"n_trials": 3, "catch": KeyError, "n_jobs": -2},
    "all_jobs": {"n_trials": 3, "catch": KeyError, "n_jobs": -1},
}


@pytest.mark.parametrize("name", OPTIMIZE)
def test_arguments_of_optimize(name):
    def scenario(o):
        study = study_of(o)

        def objective(trial):
            if trial.number == 1:
                raise KeyError("one")
            return 1.0

        return error_of(lambda: study.optimize(objective, **OPTIMIZE[name])), sorted(states_of(study), key=str)

    compare(scenario)


@pytest.mark.parametrize("wrong", [None, 1, "f", [lambda t: 1.0]], ids=str)
def test_no_objective(wrong):
    def scenario(o):
        study = study_of(o)
        return error_of(lambda: study.optimize(wrong, n_trials=1)), states_of(study)

    compare(scenario)


@on_storages
def ask_and_tell_by_number(o, storage):
    study = study_on(o, storage)
    numbers = [study.ask().number for _ in range(3)]
    told = [study.tell(number, float(number)).value for number in reversed(numbers)]
    return numbers, told, study.best_trial.number, [t.duration is not None for t in study.trials]


@pytest.mark.parametrize("state", ["RUNNING", "WAITING", "COMPLETE", "PRUNED", "FAIL"])
@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("values", [None, 2.0, [1.0, 2.0], "word", math.nan], ids=str)
@pytest.mark.parametrize("new", [None, "COMPLETE", "FAIL"])
def test_tell_a_trial_of_each_state(state, skip, values, new):
    def scenario(o):
        study = study_of(o)
        state_of = o.trial.TrialState
        study.add_trial(o.create_trial(state=state_of[state], value=1.0 if state == "COMPLETE" else None))
        done = error_of(lambda: study.tell(0, values, new and state_of[new], skip_if_finished=skip))
        return done, states_of(study)

    compare(scenario)


@on_storages
def a_retry_of_what_failed(o, storage):
    """The guide's idiom: enqueue the parameters of failed trials again, with a note."""
    study = study_on(o, storage)

    def objective(trial):
        x = trial.suggest_int("x", 2, 2)
        if trial.number < 2:
            raise ValueError
        return x

    study.optimize(objective, n_trials=2, catch=ValueError)
    for trial in study.get_trials(states=(o.trial.TrialState.FAIL,)):
        study.enqueue_trial(trial.params, user_attrs={"retry_of": trial.number})
    study.optimize(objective, n_trials=2)
    return study.trials


@on_storages
def retried_by_callback(o, storage):
    study = study_on(o, storage)
    callback = o.storages.RetryHeartbeatStaleTrialCallback(max_retry=2, inherit_intermediate_values=True)
    kind = o.storages.RetryHeartbeatStaleTrialCallback
    out = []
    for i in range(4):
        trial = study.ask()
        trial.suggest_int("x", 1, 1)
        trial.report(1.0, i)
        study.tell(trial, state=o.trial.TrialState.FAIL)
        frozen = study.trials[trial.number]
        out.append((kind.retried_trial_number(frozen), list(kind.retry_history(frozen))))
        callback(study, frozen)
    return out, study.trials


# --- several objectives ----------------------------------------------------------------------------------------------

FRONTS = {
    "ties": ([(1, 1), (1, 1), (0, 2), (2, 0)], ("minimize", "minimize")),
    "one_better": ([(1, 1), (0, 1), (1, 0)], ("minimize", "minimize")),
    "mixed": ([(1, 1), (0, 1), (1, 0), (3, 3)], ("minimize", "maximize")),
    "infinite": ([(math.inf, 0), (-math.inf, 5), (1, -math.inf), (math.inf, math.inf)], ("minimize", "minimize")),
    "infinite_max": ([(math.inf, 0), (-math.inf, 5), (1, -math.inf), (math.inf, math.inf)], ("maximize", "maximize")),
    "three": ([(1, 2, 3), (3, 2, 1), (2, 2, 2), (3, 3, 3), (1, 2, 3)], ("minimize", "maximize", "minimize")),
    "one": ([(1,), (0,), (0,), (2,)], ("minimize",)),
    "none": ([], ("minimize", "minimize")),
}


@pytest.mark.parametrize("name", FRONTS)
def test_best_trials(name):
    values, directions = FRONTS[name]

    def scenario(o):
        study = o.create_study(directions=list(directions))
        for told in values:
            study.tell(study.ask(), list(map(float, told)))
        study.tell(study.ask(), state=o.trial.TrialState.FAIL)
        study.ask()
        return sorted(t.number for t in study.best_trials)

    compare(scenario)


@on_storages
def several_objectives(o, storage):
    study = o.create_study(storage=storage, study_name="s", directions=["minimize", "maximize"])
    study.optimize(lambda t: (t.number, -t.number), n_trials=3)
    loaded = o.load_study(study_name="s", storage=storage)
    names = ("best_trial", "best_value", "best_params", "direction")
    errors = [error_of(lambda name=name: getattr(loaded, name)) for name in names]
    return loaded.directions, states_of(loaded), [t.number for t in loaded.best_trials], errors


def pruning_of_several_objectives(o):
    study = study_of(o, 2)
    trial = study.ask()
    return error_of(lambda: trial.report(1.0, 0)), error_of(trial.should_prune)


def values_that_are_too_many(o):
    study = study_of(o, 2)
    study.optimize(
        lambda t: [(1.0, 2.0), (1.0,), 1.0, (1.0, 2.0, 3.0), (1.0, None), (1.0, math.nan)][t.number], n_trials=6
    )
    return states_of(study)


# --- copies, additions, listings -------------------------------------------------------------------------------------


@on_storages
def a_copy_of_a_study(o, storage):
    study = o.create_study(storage=storage, study_name="s", directions=["minimize", "maximize"])
    study.set_user_attr("k", {"a": 1})
    study.set_metric_names(["loss", "accuracy"])
    study.optimize(lambda t: (t.suggest_int("x", 1, 1), 2.0), n_trials=2)
    study.enqueue_trial({"x": 1})
    o.copy_study(from_study_name="s", from_storage=storage, to_storage=storage, to_study_name="t")
    other = o.load_study(study_name="t", storage=storage)
    return (
        other.trials, other.user_attrs, other.directions, other.metric_names, sorted(o.get_all_study_names(storage)),
        error_of(lambda: o.copy_study(from_study_name="s", from_storage=storage, to_storage=storage)),
        error_of(lambda: o.copy_study(from_study_name="no", from_storage=storage, to_storage=storage)),
    )  # fmt: skip


@on_storages
def trials_of_another_study(o, storage):
    source = finished_study(o, storage=storage, study_name="a")
    target = o.create_study(storage=storage, study_name="b")
    target.add_trials(source.get_trials(states=(o.trial.TrialState.COMPLETE, o.trial.TrialState.PRUNED)))
    return target.trials, target.best_trial.number


@on_storages
def trials_by_hand(o, storage):
    d = o.distributions
    study = study_on(o, storage)
    made = [
        o.create_trial(params={"x": 2.0}, distributions={"x": d.FloatDistribution(0, 10)}, value=4.0),
        o.create_trial(params={"c": "b"}, distributions={"c": d.CategoricalDistribution(["a", "b"])}, value=1.0),
        o.create_trial(state=o.trial.TrialState.PRUNED, intermediate_values={0: 1.0, 1: math.nan}),
        o.create_trial(state=o.trial.TrialState.FAIL, user_attrs={"why": ["x"]}),
        o.create_trial(state=o.trial.TrialState.WAITING, params={}, distributions={}),
        o.create_trial(state=o.trial.TrialState.PRUNED, value=3.0, system_attrs={"s": 1}),
    ]
    for trial in made:
        study.add_trial(trial)
    return study.trials, study.best_params, [t.number for t in made]


@on_storages
def summaries_of_studies(o, storage):
    study_on(o, storage, name="a").optimize(quadratic, n_trials=2)
    study_on(o, storage, 2, "b").optimize(lambda t: (1.0, 2.0), n_trials=1)
    study_on(o, storage, name="c").enqueue_trial({"x": 1})
    shown = []
    for with_best in (True, False):
        for s in o.get_all_study_summaries(storage=storage, include_best_trial=with_best):
            best = s.best_trial.number if s.best_trial else None
            shown.append((s.study_name, s.directions, best, s.user_attrs, s.n_trials, s.datetime_start))
    a, b, c = o.get_all_study_summaries(storage=storage)
    return (
        shown,
        a == copy.copy(a),
        a != b,
        a < b,
        sorted([c, a, b]) == [a, b, c],
        sorted(o.get_all_study_names(storage)),
    )


@on_storages
def studies_that_are_deleted(o, storage):
    study = study_on(o, storage)
    study.optimize(quadratic, n_trials=1)
    o.delete_study(study_name="s", storage=storage)
    return (
        o.get_all_study_names(storage), error_of(lambda: o.load_study(study_name="s", storage=storage)),
        error_of(lambda: o.delete_study(study_name="s", storage=storage)), study_on(o, storage).trials,
    )  # fmt: skip


@on_storages
def names_of_studies(o, storage):
    out = []
    for name in ("", " ", "a b", "ü漢", "x" * 300, "a/b", "'\"%?;--", "\n"):
        out.append(error_of(lambda name=name: study_on(o, storage, name=name).study_name))
        out.append(error_of(lambda name=name: study_on(o, storage, name=name).study_name))
        out.append(error_of(lambda name=name: o.load_study(study_name=name, storage=storage).study_name))
    return out


@on_storages
def queue_of_a_study(o, storage):
    study = study_on(o, storage)
    study.enqueue_trial({"x": 5, "c": "b"}, user_attrs={"why": "guess"})
    study.enqueue_trial({"x": 5, "c": "b"}, skip_if_exists=True)
    study.enqueue_trial({"x": 99})
    study.enqueue_trial({"c": None})
    before = study.trials

    def objective(trial):
        x = trial.suggest_int("x", 0, 10) if trial.number < 2 else 0
        trial.suggest_categorical("c", ["a", "b", None])
        return x

    study.optimize(objective, n_trials=3)
    trials = [t for t in study.trials if t.number != 1]  # whose choice is sampled
    return before, trials, study.trials[1].params["x"]


@on_storages
def reports_of_a_trial(o, storage):
    study = study_on(o, storage)
    trial = study.ask()
    for step, value in ((0, 1.0), (3, math.nan), (1, math.inf), (3, 2.0), (2, np.float32(0.5)), (4, True), (5, 10**20)):
        trial.report(value, step)
    pruned = study.tell(trial, state=o.trial.TrialState.PRUNED)
    return pruned, study.trials


@on_storages
def params_of_all_kinds(o, storage):
    study = study_on(o, storage)
    trial = study.ask()
    found = [
        trial.suggest_float("f", 0.5, 0.5), trial.suggest_float("l", 1e-5, 1e-5, log=True),
        trial.suggest_float("s", 0, 0.3, step=0.4), trial.suggest_int("i", 7, 7),
        trial.suggest_int("j", 4, 4, log=True),
        trial.suggest_int("k", 1, 3, step=5), trial.suggest_categorical("c", [None]),
        trial.suggest_categorical("b", [True]), trial.suggest_categorical("t", [1.5]), trial.suggest_int("o", 7, 7),
    ]  # fmt: skip
    study.tell(trial, 0)
    loaded = o.load_study(study_name="s", storage=storage)
    return found, loaded.trials, loaded.best_params, list(loaded.best_params)


@on_storages
def constraints_of_trials(o, storage):
    study = study_on(o, storage)
    for value, violation in ((1.0, 1.0), (2.0, 0.0), (0.0, math.inf), (3.0, -1.0)):
        trial = study.ask()
        trial.set_constraint("c", violation)
        trial.set_constraint("d", -1)
        study.tell(trial, value)
    return study.best_trial.number, [t.constraints for t in study.trials], study.trials


@on_storages
def what_a_storage_cannot_hold(o, storage):
    study = study_on(o, storage)
    trial = study.ask()
    out = []
    for value in (object(), {1, 2}, b"x", 1j):
        if isinstance(storage, o.storages.InMemoryStorage):
            continue
        out.append(error_of(lambda value=value: trial.set_user_attr("k", value)))
        out.append(error_of(lambda value=value: study.set_user_attr("k", value)))
    return out, trial.user_attrs, study.user_attrs


@on_storages
def pickles(o, storage):
    study = study_on(o, storage)
    study.optimize(quadratic, n_trials=2)
    trial = study.ask()
    if isinstance(storage, str):
        other = pickle.loads(pickle.dumps(study))
        other.tell(trial.number, 5.0)
        return states_of(study), states_of(other)
    return pickle.loads(pickle.dumps(study.trials)) == study.trials


@on_storages
def names_of_metrics(o, storage):
    study = study_on(o, storage, 2)
    study.set_metric_names(["a", "b"])
    return (
        o.load_study(study_name="s", storage=storage).metric_names, error_of(lambda: study.set_metric_names(["a"])),
        error_of(lambda: study.set_metric_names([])), study.metric_names,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["memory", "sqlite", "journal"])
@pytest.mark.parametrize("name", ON_STORAGES)
def test_on_storages(name, kind, tmp_path):
    compare(lambda o: ON_STORAGES[name](o, storage_of(o, kind, tmp_path)))


# --- states and directions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING"])
def test_state(name):
    def scenario(o):
        state = o.trial.TrialState[name]
        return (
            int(state), repr(state), str(state), f"{state}", state == state.value, state.is_finished(), state.name,
            json.dumps({"s": state}), hash(state) == hash(int(state)), pickle.loads(pickle.dumps(state)) is state,
            o.trial.TrialState(int(state)) is state, copy.deepcopy(state) is state, sorted([state, 0])[0] == 0,
        )  # fmt: skip

    compare(scenario)


@pytest.mark.parametrize("name", ["NOT_SET", "MINIMIZE", "MAXIMIZE"])
def test_direction(name):
    def scenario(o):
        direction = o.study.StudyDirection[name]
        return (
            int(direction), repr(direction), direction.name, direction == direction.value, direction == name.lower(),
            json.dumps([direction]), o.study.StudyDirection(int(direction)) is direction,
        )  # fmt: skip

    compare(scenario)


def no_such_state(o):
    return [error_of(lambda: o.trial.TrialState["DONE"]), error_of(lambda: o.trial.TrialState(17)),
            error_of(lambda: o.study.StudyDirection["UP"])]  # fmt: skip


# --- what constructors refuse ----------------------------------------------------------------------------------------

CONSTRUCTORS = {
    "MedianPruner": ({"n_startup_trials": [-1, 0, 5, 1.5, "1", None], "n_warmup_steps": [-1, 0, 1.5, "1"],
                      "interval_steps": [-1, 0, 1, 0.5, "1"], "n_min_trials": [-1, 0, 1, 1.5, "1"]}, {}),
    "PercentilePruner": ({"percentile": [-1, 0, 50, 100, 101, math.nan, math.inf, "25", None]}, {}),
    "SuccessiveHalvingPruner": ({"min_resource": ["auto", "other", 0, 1, -1, 1.5, "1", None],
                                 "reduction_factor": [0, 1, 2, 2.5, -1, "4"], "bootstrap_count": [-1, 0, 1, 1.5, "1"],
                                 "min_early_stopping_rate": [-1, 0, 1, 0.5]}, {}),
    "HyperbandPruner": ({"min_resource": [1, 2, 1.5], "max_resource": ["auto", "other", 10, None, 1.5],
                         "reduction_factor": [2, 2.5, 4], "bootstrap_count": [0, 1]}, {}),
    "ThresholdPruner": ({"lower": [None, 0, 1.5, "1", "x", math.nan, math.inf], "upper": [None, 0, "1", "x", math.nan],
                         "n_warmup_steps": [-1, 0, 1], "interval_steps": [-1, 0, 1]}, {"upper": 5}),
    "PatientPruner": ({"patience": [-1, 0, 1, 1.5, "1"], "min_delta": [-1, 0, 1, "1"]},
                      {"wrapped_pruner": None, "patience": 1}),
    "WilcoxonPruner": ({"p_threshold": [-0.1, 0, 0.5, 1, 1.1, math.nan, "0.1"],
                        "n_startup_steps": [-1, 0, 1, 1.5]}, {}),
}  # fmt: skip
REFUSALS = [(name, key, value, fixed) for name, (options, fixed) in CONSTRUCTORS.items()
            for key, values in options.items() for value in values]  # fmt: skip


@pytest.mark.parametrize(("name", "key", "value", "fixed"), REFUSALS, ids=[f"{n}-{k}-{v}" for n, k, v, _ in REFUSALS])
def test_constructor(name, key, value, fixed):
    compare(lambda o: type(getattr(o.pruners, name)(**{**fixed, key: value})).__name__)


SAMPLERS = {
    "RandomSampler": {"seed": [None, 0, 2**32 - 1, 1.5, "1"]},
    "TPESampler": {"seed": [None, 1], "n_startup_trials": [0, 10], "n_ei_candidates": [1, 24], "multivariate": [True],
                   "group": [True], "constant_liar": [True], "prior_weight": [0.5], "consider_magic_clip": [False],
                   "consider_endpoints": [True], "gamma": [lambda n: 1], "weights": [lambda n: np.ones(n)]},
    "NSGAIISampler": {"population_size": [0, 1, 2, 50, 1.5], "mutation_prob": [None, -0.1, 0, 1, 1.1],
                      "crossover_prob": [-0.1, 0, 1, 1.1], "swapping_prob": [-0.1, 0, 1, 1.1], "seed": [1],
                      "crossover": ["uniform", None]},
    "NSGAIIISampler": {"population_size": [0, 1, 2], "mutation_prob": [-0.1, 1.1], "crossover_prob": [-1, 2],
                       "dividing_parameter": [1, 3]},
}  # fmt: skip
SAMPLED = [
    (name, key, value) for name, options in SAMPLERS.items() for key, values in options.items() for value in values
]


@pytest.mark.parametrize(
    ("name", "key", "value"), SAMPLED, ids=[f"{n}-{k}-{v}".partition(" at ")[0] for n, k, v in SAMPLED]
)
def test_sampler(name, key, value):
    def scenario(o):
        sampler = getattr(o.samplers, name)(**{key: value})
        study = study_of(o, 2 if name.startswith("NSGA") else 1, sampler=sampler)
        study.optimize(lambda t: [t.suggest_float("x", 0, 1)] * len(study.directions), n_trials=2)
        return str(sampler), len(study.trials)

    parts = ("gamma", "weights", "prior_weight", "consider_magic_clip", "consider_endpoints")
    compare(scenario, "Optuna is about to drop these, parzen keeps them" if key in parts else "")


# --- a race to the log -----------------------------------------------------------------------------------------------


def said(o: Any, act: Callable[[], Any]) -> list[str]:
    """Give what a library says at level INFO, without times and addresses."""
    seen = io.StringIO()
    handler = logging.StreamHandler(seen)
    logger = logging.getLogger(o.__name__)
    before = o.logging.get_verbosity()
    o.logging.disable_default_handler()
    o.logging.set_verbosity(o.logging.INFO)
    logger.addHandler(handler)
    try:
        act()
    finally:
        logger.removeHandler(handler)
        o.logging.set_verbosity(before)
        o.logging.enable_default_handler()
    return [line for line in seen.getvalue().splitlines() if re.match("Trial|A new study created in", line)]


def _objective_that_ends(o: Any, how: str) -> Callable[[Any], Any]:
    def objective(trial: Any) -> Any:
        trial.suggest_int("x", 1, 1)
        trial.report(0.5, 0)
        if how == "prune":
            raise o.TrialPruned
        if how == "raise":
            raise ValueError("oh")
        return {"value": 1.5, "int": 3, "nan": math.nan, "none": None, "word": "x", "two": [1.0, 2.0], "inf": math.inf}[
            how
        ]

    return objective


@pytest.mark.parametrize("n_objectives", [1, 2])
@pytest.mark.parametrize("how", ["value", "int", "nan", "none", "word", "two", "inf", "prune", "raise"])
def test_log_of_a_trial(how, n_objectives):
    if how == "prune" and n_objectives == 2:
        pytest.skip("neither library prunes there")

    def scenario(o):
        study = study_of(o, n_objectives, study_name="s")
        objective = _objective_that_ends(o, how)
        if n_objectives == 2:
            objective = lambda t: _objective_that_ends(o, how)(o.trial.FixedTrial({"x": 1}))  # noqa: E731
        lines = said(o, lambda: study.optimize(objective, n_trials=2, catch=ValueError))
        return [line.replace("..", ".") for line in lines]  # Optuna ends a sentence twice

    compare(scenario)


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_log_of_the_best(direction):
    def scenario(o):
        study = study_of(o, study_name="s", sampler=o.samplers.RandomSampler(seed=0))
        study = o.create_study(direction=direction, study_name="s")
        return said(o, lambda: study.optimize(lambda t: [2.0, 1.0, 3.0, 1.0, 3.0][t.number], n_trials=5))

    compare(scenario)


@pytest.mark.parametrize("kind", ["memory", "sqlite", "journal"])
def test_log_of_a_new_study(kind, tmp_path):
    def scenario(o):
        storage = storage_of(o, kind, tmp_path)
        return said(o, lambda: o.create_study(study_name="s", storage=storage))

    compare(scenario)


# --- distributions, spaces, and small things -------------------------------------------------------------------------


def distributions_compare(o):
    d = o.distributions
    made = [
        d.FloatDistribution(0, 1), d.FloatDistribution(0.0, 1.0), d.FloatDistribution(0, 1, step=0.5),
        d.FloatDistribution(1, 2, log=True), d.IntDistribution(0, 1), d.IntDistribution(0, 1, step=1),
        d.CategoricalDistribution([0, 1]), d.CategoricalDistribution((0, 1)), d.CategoricalDistribution([0.0, 1.0]),
        d.CategoricalDistribution(["0", "1"]), d.CategoricalDistribution([False, True]),
    ]  # fmt: skip
    return [[a == b for b in made] for a in made], [a == 1 for a in made], len(set(made[:6]))


def distribution_attributes(o):
    d = o.distributions
    made = [d.FloatDistribution(0, 1), d.IntDistribution(1, 9, log=True), d.CategoricalDistribution(["a", None])]
    return [x._asdict() for x in made], made[0].low, made[0].high, made[0].step, made[1].step, made[2].choices


def round_trips(o):
    d = o.distributions
    out = []
    for made, values in (
        (d.FloatDistribution(0, 1, step=0.1), [0, 0.1, 0.30000000000000004, 1.0]),
        (d.IntDistribution(0, 100, step=7), [0, 7, 98]),
        (d.CategoricalDistribution(["a", 1, None, 2.5, False]), ["a", 1, None, 2.5, False]),
        (d.FloatDistribution(1e-8, 1, log=True), [1e-8, 0.5]),
    ):
        for value in values:
            internal = made.to_internal_repr(value)
            out.append((float(internal), made.to_external_repr(internal), made._contains(internal)))
    return out


def what_a_fixed_trial_does(o):
    trial = o.trial.FixedTrial({"x": 0.5, "c": "b", "n": 3}, number=7)
    found = [trial.suggest_float("x", 0, 1), trial.suggest_categorical("c", ["a", "b"]), trial.suggest_int("n", 0, 5)]
    trial.report(1.0, 0)
    trial.set_user_attr("k", 1)
    return found, trial.number, trial.params, trial.distributions, trial.user_attrs, trial.should_prune()


def defaults(o):
    return (
        o.logging.get_verbosity(), o.logging.INFO, o.logging.WARN, o.logging.FATAL,
        o.TrialPruned is o.exceptions.TrialPruned,
        o.create_study is o.study.create_study, o.Study is o.study.Study, o.Trial is o.trial.Trial,
        str(o.samplers.TPESampler()), type(o.create_study().pruner).__name__,
    )  # fmt: skip


def spaces_of_branches(o):
    study = study_of(o)

    def objective(trial):
        kind = trial.suggest_categorical("kind", ["a", "b"])
        return trial.suggest_float("x" if kind == "a" else "y", 0, 1) + trial.suggest_int("n", 1, 5)

    study.optimize(objective, n_trials=20)
    return list(o.search_space.intersection_search_space(study.trials).items())


def trials_sort(o):
    trials = finished_study(o).trials
    return [t.number for t in sorted(trials, reverse=True)], trials[0] < trials[1], max(trials).number


def a_trial_is_changed_only_in_the_copy(o):
    study = finished_study(o)
    trial = study.trials[0]
    trial.state, trial.value = o.trial.TrialState.FAIL, 17.0
    trial.params["x"], trial.number = 99, 5
    trial.set_user_attr("k", 1)
    trial.intermediate_values[3] = 1.0
    return trial, study.trials[0]


def frozen_trial_validates(o):
    trial = finished_study(o).trials[0]
    trial.values = None
    return error_of(trial._validate), error_of(lambda: study_of(o).add_trial(trial))


def a_study_that_hides_trials(o):
    """What integrations override, to show samplers and users some trials alone."""

    class Late(o.study.Study):
        def _get_trials(self, deepcopy=True, states=None, use_cache=False):
            found = super()._get_trials(deepcopy=deepcopy, states=states, use_cache=use_cache)
            return [trial for trial in found if trial.number >= 3]

    shown = finished_study(o, study_name="s")
    study = Late("s", shown._storage, sampler=o.samplers.TPESampler(seed=0))
    with_cache = study._get_trials(deepcopy=False, use_cache=True)
    return study.trials, study.get_trials(states=(o.trial.TrialState.FAIL,)), with_cache, shown._get_trials()


@pytest.mark.parametrize("url", ["sqlite:///{}/study.db", "sqlite:///:memory:", "sqlite://"])
def test_engine(url, tmp_path):
    def scenario(o):
        (tmp_path / o.__name__).mkdir(exist_ok=True)
        storage = o.storages.RDBStorage(
            url.format(tmp_path / o.__name__), engine_kwargs={"connect_args": {"timeout": 9}}
        )
        study = o.create_study(storage=storage)
        study.optimize(lambda t: 2.5, n_trials=2)
        with storage.engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT number, state FROM trials ORDER BY number").fetchall()
            values = connection.exec_driver_sql("SELECT value FROM trial_values").fetchall()
        found = list(map(tuple, rows)), list(map(tuple, values)), storage.engine.dialect.name, len(study.trials)
        storage.engine.dispose()
        return found

    compare(scenario)


def records_show_what_they_hold(o):
    storage = o.storages.InMemoryStorage()
    study = finished_study(o, storage=storage, study_name="s")
    (summary,), (frozen,) = o.get_all_study_summaries(storage), storage.get_all_studies()
    trial = study.trials[0]
    made = [summary, frozen, trial, *trial.distributions.values()]
    return (
        [copy.copy(one) == one and copy.copy(one) is not one and copy.deepcopy(one) == one for one in made],
        [pickle.loads(pickle.dumps(one)) == one for one in made],
        [set(vars(one)) for one in made[:2]], copy.copy(trial).params is trial.params,
        re.sub(r"datetime\.datetime\([^)]*\)", "TIME", repr(trial)), [str(d) for d in trial.distributions.values()],
    )  # fmt: skip


@pytest.mark.parametrize("scenario", scenarios(globals()), ids=lambda f: f.__name__)
def test_scenario(scenario):
    compare(scenario)


# --- where parzen differs, and why -----------------------------------------------------------------------------------


def _values_of_an_added_int(o):
    study = study_of(o)
    study.add_trial(o.create_trial(value=1))
    return study.trials[0].values


def _refused(**kwargs):
    """Give the error of `optimize` and the number of trials that were spent before."""

    def scenario(o):
        study = study_of(o)
        return error_of(lambda: study.optimize(lambda t: 1.0, n_trials=1, **kwargs)), len(study.trials)

    return scenario


def _hyperband(**kwargs):
    return lambda o: o.pruners.HyperbandPruner(**kwargs)


def _best_of_equal_ones(o):
    study = study_of(o)
    for number in [study.ask().number for _ in range(3)][::-1]:
        study.tell(number, 1.0)
    return study.best_trial.number


def _sampled_together(o):
    """Give what a trial samples that was started before the trial of which the sampler knows the parameter ended."""

    class Middle(o.samplers.RandomSampler):
        def infer_relative_search_space(self, study, trial):
            return o.search_space.intersection_search_space(study.get_trials(deepcopy=False))

        def sample_relative(self, study, trial, search_space):
            return {name: 5 for name in search_space}

    study = o.create_study(sampler=Middle())
    first, second = study.ask(), study.ask()
    first.suggest_int("x", 0, 10)
    study.tell(first, 1.0)
    return second.relative_params


DIFFERENCES = {
    # The lowest number, whichever worker was faster; there the one that was told first.
    "best_of_equal_ones": (_best_of_equal_ones, 0),
    # A trial is sampled when it starts; there when its first parameter is suggested.
    "sampled_together": (_sampled_together, {}),
    # As a database gives it back; Optuna's memory keeps the int.
    "added_int": (_values_of_an_added_int, [1.0]),
    # A wrong argument is found before a trial is spent.
    "callbacks_function": (_refused(callbacks=lambda s, t: None), (TypeError, 0)),
    # There the constructor takes it, and the first report, or no report ever, fails.
    "hyperband_min": (_hyperband(min_resource=0), ValueError),
    "hyperband_min_auto": (_hyperband(min_resource="auto"), TypeError),
    "hyperband_max": (_hyperband(max_resource=0), ValueError),
    "hyperband_factor": (_hyperband(reduction_factor=1), ValueError),
    "hyperband_bootstrap": (_hyperband(bootstrap_count=-1), ValueError),
    # Nothing that samples, or stores: an AttributeError there, late or at once, and an error of SQLAlchemy's.
    "sampler_by_name": (lambda o: o.create_study(sampler="tpe"), TypeError),
    "storage_by_number": (lambda o: o.create_study(storage=17), TypeError),
    "storage_of_nobody": (lambda o: o.create_study(storage="nothing://x"), ValueError),
    # In the words of Python 3.10; a mere "1" there since 3.11.
    "direction_as_text": (lambda o: str(o.study.StudyDirection.MINIMIZE), "StudyDirection.MINIMIZE"),
    # TypeError there.
    "population_of_text": (lambda o: o.samplers.NSGAIISampler(population_size="5"), ValueError),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENCES)
def test_difference(name):
    differ(*DIFFERENCES[name])
