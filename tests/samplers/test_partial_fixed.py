"""Fixed parameters over all kinds of samplers and all ways to ask."""

from __future__ import annotations

import numpy as np
import pytest

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers import (
    AutoSampler,
    BaseSampler,
    BruteForceSampler,
    GPSampler,
    GridSampler,
    NSGAIISampler,
    PartialFixedSampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)

SPACE = {"x": FloatDistribution(0, 1), "n": IntDistribution(0, 9), "c": CategoricalDistribution(("a", "b", "z"))}
FIXED = {"x": 0.25, "c": "z", "never": 7}


class Theirs(BaseSampler):
    """A sampler with Optuna's methods alone."""

    def infer_relative_search_space(self, study, trial):
        return {"x": SPACE["x"], "n": SPACE["n"]}

    def sample_relative(self, study, trial, search_space):
        return {name: 4 for name in search_space}

    def sample_independent(self, study, trial, param_name, param_distribution):
        return param_distribution.to_external_repr(param_distribution.from_unit(0.0))


BASES = {
    "random": lambda: RandomSampler(1),
    "tpe": lambda: TPESampler(seed=1),
    "tpe-univariate": lambda: TPESampler(seed=1, multivariate=False),
    "auto": lambda: AutoSampler(seed=1),
    "gp": lambda: GPSampler(seed=1),
    "nsgaii": lambda: NSGAIISampler(population_size=5, seed=1),
    "qmc": lambda: QMCSampler(seed=1),
    "theirs": Theirs,
    "twice": lambda: PartialFixedSampler({"x": 0.75, "other": 1}, TPESampler(seed=1)),
}


@pytest.fixture(autouse=True)
def quiet():
    parzen.logging.set_verbosity(parzen.logging.ERROR)


def objective(trial):
    return (
        trial.suggest_float("x", 0, 1)
        + trial.suggest_int("n", 0, 9)
        + len(trial.suggest_categorical("c", ["a", "b", "z"]))
    )


@pytest.mark.parametrize("base", BASES.values(), ids=BASES)
def test_values_are_fixed_however_a_trial_is_asked_for(base):
    study = parzen.create_study(sampler=PartialFixedSampler(FIXED, base()))
    study.optimize(objective, n_trials=18)
    study.tell(study.ask(SPACE), 1.0)
    batch = study.ask_batch(5, SPACE)
    study.tell_batch(batch, np.zeros(5))
    assert all(trial.params["x"] == 0.25 and trial.params["c"] == "z" for trial in study.trials)
    assert batch["x"].tolist() == [0.25] * 5
    assert "x" not in study.sampler.infer_relative_search_space(study, study.ask()._record)


def test_the_others_are_sampled_as_without_them():
    with_fixed = parzen.create_study(sampler=PartialFixedSampler({"never": 1}, TPESampler(seed=3)))
    without = parzen.create_study(sampler=TPESampler(seed=3))
    for study in (with_fixed, without):
        study.optimize(objective, n_trials=25)
    assert [t.params for t in with_fixed.trials] == [t.params for t in without.trials]


def test_conditional_parameters_can_be_fixed():
    def branches(trial):
        if trial.suggest_categorical("kind", ["a", "b"]) == "a":
            return trial.suggest_float("u", 0, 1)
        return trial.suggest_float("v", 0, 1)

    study = parzen.create_study(sampler=PartialFixedSampler({"v": 0.5}, TPESampler(seed=1)))
    study.optimize(branches, n_trials=30)
    assert {trial.params["v"] for trial in study.trials if "v" in trial.params} == {0.5}
    assert len({trial.params["u"] for trial in study.trials if "u" in trial.params}) > 5


@pytest.mark.parametrize("base", [lambda: GridSampler({"n": range(10), "c": ["a", "b"]}), BruteForceSampler])
def test_a_search_of_all_tries_each_of_the_others_once(base):
    def discrete(trial):
        return trial.suggest_int("n", 0, 9) + len(trial.suggest_categorical("c", ["a", "b"]))

    study = parzen.create_study(sampler=PartialFixedSampler({"c": "b"}, base()))
    study.optimize(discrete)
    assert sorted(trial.params["n"] for trial in study.trials) == list(range(10))
    assert {trial.params["c"] for trial in study.trials} == {"b"}


def test_enqueued_values_come_first():
    study = parzen.create_study(sampler=PartialFixedSampler({"x": 0.25}, RandomSampler(1)))
    study.enqueue_trial({"x": 0.5})
    study.optimize(objective, n_trials=2)
    assert [trial.params["x"] for trial in study.trials] == [0.5, 0.25]


@pytest.mark.parametrize("value", [3.0, 0.3])
def test_a_value_out_of_range_is_used_and_told(value):
    study = parzen.create_study(sampler=PartialFixedSampler({"x": value}, RandomSampler(1)))
    with pytest.warns(UserWarning, match=f"Fixed parameter 'x' with value {value} is out of range"):
        assert study.ask().suggest_float("x", 0, 1, step=0.25) == value


@pytest.mark.parametrize("value", ["k", float("nan")])
def test_a_value_that_is_none_is_refused(value):
    study = parzen.create_study(sampler=PartialFixedSampler({"x": value}, RandomSampler(1)))
    with pytest.raises(ValueError, match=str(value)):
        study.ask().suggest_float("x", 0, 1)


def test_arguments_of_other_types_are_refused():
    with pytest.raises(TypeError, match="`base_sampler` must be a sampler"):
        PartialFixedSampler({"x": 1}, RandomSampler)
    with pytest.raises(TypeError, match="`fixed_params` must give"):
        PartialFixedSampler([1], RandomSampler())


def test_reseeding_reaches_the_base():
    sampler = PartialFixedSampler({}, RandomSampler())
    before = sampler._streams.uniform(0, 0)
    sampler.reseed_rng()
    assert sampler._streams.uniform(0, 0) != before


@pytest.mark.parametrize("base", [lambda: GridSampler({"n": range(3), "c": ["a", "b"]}), BruteForceSampler])
def test_ask_and_tell_until_the_base_is_exhausted(base):
    def discrete(trial):
        return trial.suggest_int("n", 0, 2) + len(trial.suggest_categorical("c", ["a", "b"]))

    sampler = PartialFixedSampler({"other": 1}, PartialFixedSampler({"c": "b"}, base()))
    study = parzen.create_study(sampler=sampler)
    while not sampler.is_exhausted(study):
        trial = study.ask()
        study.tell(trial, discrete(trial))
    assert sorted(trial.params["n"] for trial in study.trials) == [0, 1, 2]


@pytest.mark.parametrize("base", [Theirs, RandomSampler])
def test_a_base_without_an_end_is_never_exhausted(base):
    sampler = PartialFixedSampler({"x": 0.5}, base())
    assert sampler.is_exhausted(parzen.create_study(sampler=sampler)) is False
