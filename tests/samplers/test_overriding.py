"""What a user overrides is asked: methods of a subclass of ours, or put on one object, whichever way a trial starts."""

from __future__ import annotations

import pytest

import parzen
from parzen.distributions import FloatDistribution
from parzen.engine.hooks import is_ours
from parzen.samplers import BaseSampler, DEHBSampler, NSGAIIISampler, NSGAIISampler, RandomSampler, TPESampler

OURS = [RandomSampler, TPESampler, NSGAIISampler, NSGAIIISampler, lambda seed: DEHBSampler(1, 9, seed=seed)]
SPACE = {"x": FloatDistribution(0, 1)}


def by_suggestions(study):
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    return [trial]


def by_fixed_distributions(study):
    return [study.ask(SPACE)]


def by_batch(study):
    return study.ask_batch(3, SPACE).trials


WAYS = [by_suggestions, by_fixed_distributions, by_batch]


def told(sampler):
    """Make a study whose first 15 trials, so more than any sampler's start, suggested x."""
    study = parzen.create_study(sampler=sampler)
    for i in range(15):
        study.add_trial(parzen.create_trial(params={"x": i / 15}, distributions=SPACE, value=float(i)))
    return study


def subclass(make, **methods):
    """Make a sampler of a subclass with other methods."""
    sampler = make(seed=1)
    sampler.__class__ = type("Mine", (type(sampler),), methods)
    return sampler


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", OURS)
def test_sample_independent_of_a_subclass_is_asked(make, way):
    asked = []

    def sample_independent(self, study, trial, name, distribution):
        asked.append((trial.number, name))
        return 0.125

    no_space = {"infer_relative_search_space": lambda self, study, trial: {}}
    study = told(subclass(make, sample_independent=sample_independent, **no_space))
    trials = way(study)
    assert [trial.params for trial in trials] == [{"x": 0.125}] * len(trials)
    assert asked == [(trial.number, "x") for trial in trials]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", OURS)
def test_sample_relative_and_its_space_of_a_subclass_are_asked(make, way):
    def sample_relative(self, study, trial, search_space):
        assert search_space == SPACE
        assert trial._trial_id >= 0  # a trial that is stored: the sampler may write on it
        return {"x": 0.25}

    space = {"infer_relative_search_space": lambda self, study, trial: dict(SPACE)}
    study = told(subclass(make, sample_relative=sample_relative, **space))
    assert [trial.params for trial in way(study)] == [{"x": 0.25}] * (3 if way is by_batch else 1)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", OURS)
def test_before_trial_of_a_subclass_is_asked(make, way):
    numbers = []
    study = told(subclass(make, before_trial=lambda self, study, trial: numbers.append(trial.number)))
    assert [trial.number for trial in way(study)] == numbers


@pytest.mark.parametrize("way", WAYS)
def test_a_method_put_on_one_object_is_asked(way):
    sampler = RandomSampler(seed=0)
    sampler.sample_independent = lambda study, trial, name, distribution: 0.5
    assert {trial.params["x"] for trial in way(parzen.create_study(sampler=sampler))} == {0.5}


def test_what_is_ours():
    class Mine(TPESampler):
        def sample(self, space, history, rng, n=1):
            return super().sample(space, history, rng, n)

        def reseed_rng(self):
            """Do nothing."""

    assert is_ours(Mine(), "sample_independent", "sample_relative")
    assert not is_ours(Mine(), "sample_independent", "reseed_rng")
    assert not is_ours(TPESampler(), "sample_everything")


class Foreign(BaseSampler):
    """A sampler that knows Optuna's methods alone, and counts how often it is reseeded."""

    def __init__(self):
        self.reseeded = 0

    def infer_relative_search_space(self, study, trial):
        return {}

    def sample_relative(self, study, trial, search_space):
        return {}

    def sample_independent(self, study, trial, param_name, param_distribution):
        return 0.5

    def reseed_rng(self):
        self.reseeded += 1


@pytest.mark.parametrize(("n_jobs", "expected"), [(1, 0), (2, 6), (-1, 6)])
def test_a_foreign_sampler_is_reseeded_for_each_trial_of_several_jobs(n_jobs, expected):
    study = parzen.create_study(sampler=Foreign())
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=6, n_jobs=n_jobs)
    assert study.sampler.reseeded == expected


def test_ours_keep_seed_and_number_with_several_jobs():
    """The trials of several threads are those of one, as long as a sampler looks at nothing but the number."""

    def params(n_jobs):
        study = parzen.create_study(sampler=RandomSampler(seed=3))
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=20, n_jobs=n_jobs)
        return [trial.params["x"] for trial in study.trials]

    assert params(1) == params(4)
