"""Functions, classes and objects as choices of a study in memory."""

from __future__ import annotations

import copy
import math
import multiprocessing
import pickle

import numpy as np
import pytest

import parzen
from parzen.samplers import DEHBSampler, NSGAIISampler, RandomSampler, TPESampler
from parzen.trial import FixedTrial

pytestmark = pytest.mark.filterwarnings("ignore:Choices should be None")


class Layer:
    """Something to train, equal to nothing but itself, that shows its size alone."""

    def __init__(self, size):
        self.size = size
        self.weights = None

    def __repr__(self):
        return f"Layer({self.size})"


class Estimator:
    """Something to fit, equal to all of its parameters, and hashable."""

    def __init__(self, c):
        self.c = c
        self.fitted = None

    def __eq__(self, other):
        return isinstance(other, Estimator) and self.c == other.c

    def __hash__(self):
        return hash(self.c)

    def __repr__(self):
        return "Estimator()"


class Silent:
    """Something that shows its address."""

    def __init__(self, size):
        self.size = size


def square(x):
    return x * x


def identity(x):
    return x


SAMPLERS = {
    "random": RandomSampler,
    "tpe": lambda seed: TPESampler(seed=seed),
    "tpe-univariate": lambda seed: TPESampler(multivariate=False, seed=seed),
    "nsgaii": lambda seed: NSGAIISampler(population_size=8, seed=seed),
    "dehb": lambda seed: DEHBSampler(1, 9, seed=seed),
}


@pytest.mark.parametrize("make", [Layer, Estimator, Silent])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_trial_gets_an_object_of_its_own_call(sampler, make):
    study = parzen.create_study(sampler=SAMPLERS[sampler](0))
    given = []
    for number in range(40):
        mine = [make(size) for size in (1, 2, 3)]
        trial = study.ask()
        found = trial.suggest_categorical("part", mine)
        assert any(found is one for one in mine) and "used" not in vars(found)
        assert trial.params["part"] is found
        found.used = number
        given.append(found)
        study.tell(trial, mine.index(found))
    assert [trial.params["part"] for trial in study.trials] == given
    assert [trial.params["part"].used for trial in study.trials] == list(range(40))
    assert all(trial.params["part"] in trial.distributions["part"].choices for trial in study.trials)
    assert len(study.history.spaces()) == 1  # all trials are of one domain, from which samplers learn


@pytest.mark.parametrize("ask", ["ask", "ask_batch"])
def test_objects_that_are_suggested_together_are_of_the_call(ask):
    study = parzen.create_study(sampler=TPESampler(seed=0))
    for _ in range(15):
        mine = [Layer(1), Layer(2)]
        space = {"part": parzen.distributions.CategoricalDistribution(mine)}
        trials = [study.ask(space)] if ask == "ask" else study.ask_batch(3, space).trials
        for trial in trials:
            assert any(trial.params["part"] is one for one in mine)
            study.tell(trial, trial.params["part"].size)


def test_samplers_learn_from_objects_of_other_calls():
    study = parzen.create_study(sampler=TPESampler(seed=0))
    study.optimize(lambda trial: trial.suggest_categorical("part", [Layer(i) for i in range(8)]).size, n_trials=80)
    assert sum(trial.params["part"].size == 0 for trial in study.trials[-40:]) > 15


@pytest.mark.parametrize("choices", [[Layer(1), Layer(2)], [Silent(1), Silent(2)], [square, math.exp], [Layer, int]])
def test_the_best_parameters_are_tried_again(choices):
    study = parzen.create_study(sampler=RandomSampler(seed=0))
    study.optimize(lambda trial: float(trial.suggest_categorical("part", choices) is choices[0]), n_trials=10)
    study.enqueue_trial(study.best_params, skip_if_exists=True)
    assert len(study.trials) == 10
    study.enqueue_trial(study.best_params)
    assert study.ask().suggest_categorical("part", choices) is choices[1]
    assert FixedTrial(study.best_params).suggest_categorical("part", choices) is choices[1]
    assert study.best_trial.suggest_categorical("part", choices) is choices[1]


def test_a_record_suggests_an_object_of_the_call():
    study = parzen.create_study(sampler=RandomSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_categorical("part", [Layer(1), Layer(2)]).size, n_trials=10)
    mine = [Layer(2), Layer(1)]
    for trial in (study.best_trial, FixedTrial(study.best_params)):
        if isinstance(trial, FixedTrial):
            assert trial.suggest_categorical("part", mine) is mine[1]
        else:
            assert trial.suggest_categorical("part", mine[::-1]) is mine[1]


def test_arrays_are_copied():
    arrays = [np.zeros(2), np.ones(2)]
    study = parzen.create_study(sampler=RandomSampler(seed=0))
    for _ in range(6):
        trial = study.ask()
        trial.suggest_categorical("w", arrays)[:] = 9.0
        study.tell(trial, 1.0)
    study.trials[0].params["w"][:] = 9.0
    assert all(trial.params["w"].max() <= 1.0 for trial in study.trials)
    assert arrays[0].max() == 0.0 and study.trials == study.trials


def test_a_choice_that_the_user_changes_himself_is_another_one():
    choices = [[1], [2]]
    study = parzen.create_study(sampler=RandomSampler(seed=0))
    study.tell(study.ask({"h": parzen.distributions.CategoricalDistribution(choices)}), 1.0)
    choices[0].append(9)
    choices[1].append(9)
    assert study.ask().suggest_categorical("h", choices) in ([1, 9], [2, 9])
    assert study.trials[0].params["h"] in ([1], [2])


FUNCTIONS = [square, math.exp, Layer, int, None]


def call(trial):
    part = trial.suggest_categorical("part", FUNCTIONS)
    return 0.0 if part is None else float(FUNCTIONS.index(part))


def run_elsewhere(study):
    study.optimize(call, n_trials=3)
    return study.trials


@pytest.mark.parametrize("pickler", ["pickle", "cloudpickle"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_study_of_functions_and_classes_is_pickled(sampler, pickler):
    dumps = pytest.importorskip(pickler).dumps
    study = parzen.create_study(sampler=SAMPLERS[sampler](0))
    study.optimize(call, n_trials=20)
    running = study.ask()
    running.suggest_categorical("part", FUNCTIONS)
    for one in (study.trials, study.best_trial, study.best_params, study.get_trials(deepcopy=False)):
        assert pickle.loads(dumps(one)) == one
    again = pickle.loads(dumps(study))
    assert again.trials == study.trials == copy.deepcopy(study).trials
    again.optimize(call, n_trials=3)
    assert len(again.history.spaces()) == 1


def test_a_study_of_functions_goes_to_another_process():
    study = parzen.create_study(sampler=TPESampler(seed=0))
    study.optimize(call, n_trials=12)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        trials = pool.apply(run_elsewhere, (study,))
    assert trials[:12] == study.trials and len(trials) == 15


def test_joblib_takes_a_study_along():
    joblib = pytest.importorskip("joblib")
    study = parzen.create_study(sampler=TPESampler(seed=0))
    study.optimize(call, n_trials=12)
    (trials,) = joblib.Parallel(n_jobs=2, backend="threading")([joblib.delayed(run_elsewhere)(copy.deepcopy(study))])
    assert trials[:12] == study.trials
    assert joblib.hash(study.trials[0].params) == joblib.hash(study.trials[0].params)


def test_attributes_that_cannot_be_copied_are_given_as_they_are():
    import threading

    lock = threading.Lock()
    trial = parzen.create_study().ask()
    trial.set_user_attr("lock", lock)
    trial.set_user_attr("model", [Layer(1)])
    assert trial.user_attrs["lock"] is lock and trial.user_attrs["model"][0].size == 1
    assert trial.study.trials[0].user_attrs["lock"] is lock
