"""Frames, distributions, search spaces, third-party samplers and pruners, pickles and logging, on both libraries."""

from __future__ import annotations

import io
import logging
import math
import pickle
import re
import subprocess
import sys

import pytest
from differential import compare, differ, error_of, finished_study, optuna, scenarios, study_of

import parzen

pytestmark = pytest.mark.bench


# --- frames ----------------------------------------------------------------------------------------------------------

ATTRS = {
    "default": {},
    "multi_index": {"multi_index": True},
    "few": {"attrs": ("number", "value", "state")},
    "params": {"attrs": ("params",)},
    "params_multi": {"attrs": ("params",), "multi_index": True},
    "values": {"attrs": ("values",)},
    "everything": {
        "attrs": ("number", "value", "datetime_start", "params", "user_attrs", "system_attrs", "intermediate_values",
                  "distributions", "last_step", "duration", "state")
    },
    "unknown": {"attrs": ("nonsense",)},
    "private": {"attrs": ("_trial_id", "number")},
    "list": {"attrs": ["number", "value"]},
}  # fmt: skip


def described(frame):
    """Give columns, dtypes and values of a frame; times only by their type."""
    shown = {}
    for name in frame.columns:
        column = frame[name]
        timed = column.dtype.kind in "mM"
        shown[name] = (column.dtype.kind, [type(v).__name__ for v in column] if timed else column.tolist())
    return type(frame.columns).__name__, list(frame.columns), shown, list(frame.index)


@pytest.mark.parametrize("name", ATTRS)
@pytest.mark.parametrize("kind", ["finished", "empty", "running", "two", "named", "two_named"])
def test_trials_dataframe(kind, name):
    def scenario(o):
        study = {
            "finished": finished_study, "empty": study_of, "running": finished_study, "named": finished_study,
            "two": lambda o: study_of(o, 2), "two_named": lambda o: study_of(o, 2),
        }[kind](o)  # fmt: skip
        if kind == "running":
            study.ask()
            study.enqueue_trial({"x": 1})
        if "two" in kind:
            study.tell(study.ask({"z": o.distributions.IntDistribution(1, 1)}), [1.0, math.inf])
            study.tell(study.ask(), state=o.trial.TrialState.FAIL)
        if "named" in kind:
            study.set_metric_names(["loss", "time"][: len(study.directions)])
        return described(study.trials_dataframe(**ATTRS[name]))

    compare(scenario, warnings_differ="" if "named" not in kind else "metric names are no experiment here")


# --- distributions ---------------------------------------------------------------------------------------------------

BUILT = {
    "float": lambda d: d.FloatDistribution(0, 1),
    "float_log": lambda d: d.FloatDistribution(0.1, 1, log=True),
    "float_step": lambda d: d.FloatDistribution(0, 1, step=0.3),
    "float_single_step": lambda d: d.FloatDistribution(0, 1, step=2),
    "float_single": lambda d: d.FloatDistribution(2, 2),
    "float_inf": lambda d: d.FloatDistribution(0, math.inf),
    "int": lambda d: d.IntDistribution(0, 10),
    "int_log": lambda d: d.IntDistribution(1, 10, True),
    "int_step": lambda d: d.IntDistribution(0, 10, step=4),
    "int_floats": lambda d: d.IntDistribution(0.5, 10.7, step=1.9),
    "cat": lambda d: d.CategoricalDistribution(["a", None, 1, 2.5, True]),
    "cat_nan": lambda d: d.CategoricalDistribution((math.nan, 1.0)),
    "cat_one": lambda d: d.CategoricalDistribution("z"),
    "uniform": lambda d: d.UniformDistribution(0, 1),
    "loguniform": lambda d: d.LogUniformDistribution(0.1, 1),
    "discrete": lambda d: d.DiscreteUniformDistribution(0, 1, 0.25),
    "discrete_q": lambda d: d.DiscreteUniformDistribution(0, 1, 0.3),
    "int_uniform": lambda d: d.IntUniformDistribution(0, 5, 2),
    "int_loguniform": lambda d: d.IntLogUniformDistribution(1, 5),
    "int_loguniform_step": lambda d: d.IntLogUniformDistribution(1, 5, 2),
}
VALUES = [0, 1, 0.0, 0.3, 0.6000000001, 2, 5, -1, "a", None, False, math.nan, math.inf, "0.5", 2.5, 99, [1], 10.0]


@pytest.mark.parametrize("name", BUILT)
def test_distribution(name):
    def scenario(o):
        d = o.distributions
        built = BUILT[name](d)
        text = d.distribution_to_json(built)
        again = d.json_to_distribution(text)
        same = name == "cat_nan" or hash(built) == hash(again)  # Optuna's hash takes two NaNs for different ones
        return text, repr(built), str(built), built.single(), built == BUILT[name](d), built == again, same

    compare(scenario)


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("name", BUILT)
def test_representations(name, value):
    if value == math.inf and name.startswith("int"):
        return  # see `DIFFERENCES`

    def scenario(o):
        built = BUILT[name](o.distributions)

        def convert():
            internal = built.to_internal_repr(value)
            return float(internal), built._contains(internal)

        return error_of(convert)

    compare(scenario)


@pytest.mark.parametrize("other", BUILT)
@pytest.mark.parametrize("name", BUILT)
def test_compatibility(name, other):
    def scenario(o):
        a, b = BUILT[name](o.distributions), BUILT[other](o.distributions)
        return a == b, error_of(lambda: o.distributions.check_distribution_compatibility(a, b))

    compare(scenario)


JSON = [
    '{"name": "FloatDistribution", "attributes": {"low": 0, "high": 1}}',
    '{"name": "FloatDistribution", "attributes": {"low": 0}}',
    '{"name": "NoDistribution", "attributes": {}}',
    '{"type": "float", "low": 0, "high": 1}',
    '{"type": "float", "low": 0.1, "high": 1, "log": true}',
    '{"type": "int", "low": 0, "high": 10, "step": 2}',
    '{"type": "categorical", "choices": ["a", "b"]}',
    '{"type": "no"}',
    "nonsense",
    '{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}',
    '{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 4}}',
    '{"name": "CategoricalDistribution", "attributes": {"choices": [1, true, NaN]}}',
]


@pytest.mark.parametrize("text", JSON)
def test_json(text):
    compare(lambda o: o.distributions.json_to_distribution(text))


# --- search spaces ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("include_pruned", [False, True])
@pytest.mark.parametrize("of_trials", [False, True])
def test_intersection(of_trials, include_pruned):
    def scenario(o):
        study = finished_study(o)
        study.ask().suggest_int("x", 0, 5)
        if of_trials:
            return o.search_space.intersection_search_space(study.trials, include_pruned)
        search_space = o.search_space.IntersectionSearchSpace(include_pruned)
        first = search_space.calculate(study)
        study.optimize(lambda t: t.suggest_int("x", 0, 6), n_trials=1)
        return first, search_space.calculate(study, use_cache=True)

    compare(scenario)


def intersection_of_nothing(o):
    return (
        o.search_space.intersection_search_space([]),
        o.search_space.IntersectionSearchSpace().calculate(study_of(o)),
        o.search_space.intersection_search_space([o.create_trial(value=1.0)]),
    )


def intersection_with_waiting(o):
    study = finished_study(o)
    study.enqueue_trial({"x": 1})
    return o.search_space.intersection_search_space(study.trials)


# --- a sampler and a pruner written for Optuna's interface -----------------------------------------------------------


def middle_sampler(o, log):
    """Make a sampler of the interface's methods: what is sampled together in the middle, the rest at the low end."""

    class Middle(o.samplers.BaseSampler):
        def infer_relative_search_space(self, study, trial):
            log.append(("infer", trial.number, trial.state))
            return o.search_space.intersection_search_space(study.get_trials(deepcopy=False))

        def sample_relative(self, study, trial, search_space):
            log.append(("relative", trial.number, sorted(search_space)))
            return {name: (d.low + d.high) // 2 for name, d in search_space.items() if name != "skipped"}

        def sample_independent(self, study, trial, param_name, param_distribution):
            log.append(("independent", trial.number, param_name, dict(trial.params)))
            return param_distribution.low

        def before_trial(self, study, trial):
            log.append(("before", trial.number))

        def after_trial(self, study, trial, state, values):
            log.append(("after", trial.number, state, values, trial.state, trial.values))

    return Middle()


def sampler_for_optuna(o):
    log = []
    study = o.create_study(sampler=middle_sampler(o, log))

    def objective(trial):
        x = trial.suggest_int("x", 0, 10)
        y = trial.suggest_int("y", 2, 6)
        trial.suggest_int("skipped", 0, 3)
        if trial.number == 2:
            trial.suggest_int("x", 0, 9)
            raise o.TrialPruned
        return x + y

    study.optimize(objective, n_trials=4)
    return log, study.trials, study.best_params


def sampler_with_a_changed_range(o):
    study = o.create_study(sampler=middle_sampler(o, []))
    study.tell(study.ask({"x": o.distributions.IntDistribution(0, 100)}), 1.0)
    trial = study.ask()
    return trial.relative_params, trial.suggest_int("x", 0, 5)


def sampler_of_an_unknown_name(o):
    class Odd(type(middle_sampler(o, []))):
        def sample_relative(self, study, trial, search_space):
            return {"x": 3}

    return o.create_study(sampler=Odd()).ask().suggest_int("x", 0, 5)


def sampler_out_of_range(o):
    class Odd(type(middle_sampler(o, []))):
        def sample_independent(self, study, trial, param_name, param_distribution):
            return 77

    return o.create_study(sampler=Odd()).ask().suggest_int("x", 0, 5)


def sampler_that_fails_after_trial(o):
    class Odd(type(middle_sampler(o, []))):
        def after_trial(self, study, trial, state, values):
            raise ZeroDivisionError

    study = o.create_study(sampler=Odd())
    return error_of(lambda: study.optimize(lambda t: 1.0, n_trials=1)), study.trials


def sampler_incomplete(o):
    class Odd(o.samplers.BaseSampler):
        pass

    return Odd()


def pruner_for_optuna(o):
    class EveryOther(o.pruners.BasePruner):
        def prune(self, study, trial):
            return trial.number % 2 == 1 and trial.last_step >= 2 and len(study.get_trials(deepcopy=False)) > 1

    study = study_of(o, pruner=EveryOther())

    def objective(trial):
        for step in range(4):
            trial.report(step, step)
            if trial.should_prune():
                raise o.TrialPruned
        return 0.0

    study.optimize(objective, n_trials=4)
    return study.trials


def sampler_can_be_replaced(o):
    study = study_of(o)
    study.sampler = middle_sampler(o, [])
    study.pruner = o.pruners.NopPruner()
    return study.ask().suggest_int("x", 3, 9)


# --- pickles ---------------------------------------------------------------------------------------------------------


def pickled_study(o):
    study = finished_study(o)
    other = pickle.loads(pickle.dumps(study))
    other.ask()
    return study.trials, other.trials, other.best_value, other.directions


def pickled_frozen_trial(o):
    trial = finished_study(o).trials[0]
    return pickle.loads(pickle.dumps(trial)) == trial


def pickled_distributions(o):
    built = [BUILT[name](o.distributions) for name in ("float", "int_step", "cat", "uniform")]
    return pickle.loads(pickle.dumps(built)) == built


def pickled_trial(o):
    study = study_of(o)
    trial = pickle.loads(pickle.dumps(study.ask()))
    return trial.suggest_float("x", 1, 1), trial.number


def pickled_exception(o):
    return str(pickle.loads(pickle.dumps(o.TrialPruned("why"))))


# --- exceptions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in vars(optuna.exceptions) if not n.startswith("_")])
def test_exceptions(name):
    compare(lambda o: [cls.__name__ for cls in getattr(o.exceptions, name).__mro__])


# --- logging ---------------------------------------------------------------------------------------------------------

SWITCHES = """
import importlib, logging, sys
log = importlib.import_module(sys.argv[1]).logging
logging.getLogger().addHandler(logging.StreamHandler(sys.stdout))
logger = log.get_logger(sys.argv[1] + ".test")
for switch in (
    lambda: None, lambda: log.set_verbosity(log.DEBUG), lambda: log.set_verbosity(log.ERROR),
    lambda: log.set_verbosity(log.INFO), log.disable_default_handler, log.enable_propagation,
    log.enable_default_handler, log.enable_default_handler, log.disable_propagation, log.disable_default_handler,
):
    switch()
    for stream in (sys.stdout, sys.stderr):
        print("level", log.get_verbosity(), file=stream, flush=True)
    logger.debug("fine")
    logger.info("plain")
    logger.warning("bad")
"""


def test_logging():
    """Compare what reaches standard error and the root logger after each switch, without the times."""

    def written(name):
        # With no handler at all Optuna's warnings still reach the last resort of `logging`; ours is silent then.
        done = subprocess.run([sys.executable, "-c", SWITCHES, name], capture_output=True, text=True, check=True)
        return done.stdout, re.sub(r"\d{4}-[^]]*", "TIME", done.stderr).replace("\nbad\n", "\n")

    assert written("parzen") == written("optuna")


def test_messages_of_the_loop():
    """What a run says: one line a trial with its number, value, parameters and the best, in Optuna's words."""

    def messages(o):
        seen = io.StringIO()
        handler = logging.StreamHandler(seen)
        logger = logging.getLogger(o.__name__)
        o.logging.disable_default_handler()
        before = o.logging.get_verbosity()
        o.logging.set_verbosity(o.logging.INFO)
        logger.addHandler(handler)
        finished_study(o)
        logger.removeHandler(handler)
        o.logging.set_verbosity(before)
        o.logging.enable_default_handler()
        return [line for line in seen.getvalue().splitlines() if line.startswith(("Trial", "A new"))]

    theirs, ours = messages(optuna), messages(parzen)
    assert ours[1:] == theirs[1:]
    assert ours[0].startswith("A new study created in memory with name: no-name-")


# --- where parzen differs, and why -----------------------------------------------------------------------------------


def _frame_without_params(o):
    study = study_of(o)
    study.tell(study.ask(), 1.0)
    return described(study.trials_dataframe(attrs=("params",)))


DIFFERENCES = {
    # pandas' TypeError there, for a frame without columns.
    "frame_of_nothing": (lambda o: described(finished_study(o).trials_dataframe(attrs=())), ("Index", [], {}, [])),
    "_frame_without_params": (_frame_without_params, ("Index", [], {}, [])),
    # A KeyError for the missing "type" there.
    "json_without_type": (lambda o: o.distributions.json_to_distribution('{"low": 0}'), ValueError),
    # Inf there, though no storage can hold an infinite integer.
    "value_of_infinity": (lambda o: o.distributions.IntDistribution(0, 9).to_internal_repr(math.inf), ValueError),
    # An OverflowError there.
    "infinite_int": (lambda o: o.distributions.IntDistribution(0, math.inf), ValueError),
    # Choices that are equal but of different types stay apart.
    "equal_choices": (lambda o: float(o.distributions.CategoricalDistribution([1, True]).to_internal_repr(True)), 1.0),
    # Equal distributions have equal hashes.
    "hash_of_nan": (
        lambda o: len({o.distributions.CategoricalDistribution([float("nan")]) for _ in range(2)}), 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENCES)
def test_difference(name):
    differ(*DIFFERENCES[name])


@pytest.mark.parametrize("scenario", scenarios(globals()), ids=lambda f: f.__name__)
def test_scenario(scenario):
    compare(scenario)
