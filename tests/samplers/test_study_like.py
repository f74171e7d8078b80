"""Samplers driven by hand: with an object that can only list its trials, and for trials of any state."""

from __future__ import annotations

import pytest

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.history import history_of
from parzen.samplers import NSGAIISampler, RandomSampler, TPESampler
from parzen.search_space import IntersectionSearchSpace
from parzen.study import StudyDirection
from parzen.trial import TrialState, create_trial

MAKERS = [RandomSampler, TPESampler, lambda seed: TPESampler(seed=seed, multivariate=False), NSGAIISampler]
SPACE = {
    "x": FloatDistribution(0, 1),
    "n": IntDistribution(1, 9),
    "c": CategoricalDistribution(("a", "b")),
}


class Listing:
    """A study-like object with directions and trials, and nothing else."""

    def __init__(self, trials, directions=(StudyDirection.MINIMIZE,)):
        self.directions = list(directions)
        self._listed = trials

    def get_trials(self, deepcopy=True, states=None):
        return [trial for trial in self._listed if states is None or trial.state in states]


def trials(n, state=TrialState.COMPLETE):
    study = parzen.create_study(sampler=RandomSampler(seed=0))
    for i in range(n):
        value = float(i % 7) if state == TrialState.COMPLETE else None
        params = {"x": i / n, "n": 1 + i % 9, "c": "ab"[i % 2]}
        study.add_trial(create_trial(state=state, value=value, params=params, distributions=SPACE))
    return study.trials


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("n", [0, 1, 30])
def test_a_listing_of_trials_is_enough_of_a_study(make, n):
    sampler, study = make(seed=1), Listing(trials(n))
    trial = parzen.create_study().ask()._record
    space = sampler.infer_relative_search_space(study, trial)
    params = sampler.sample_relative(study, trial, space)
    assert params.keys() == space.keys()
    for name, distribution in SPACE.items():
        value = sampler.sample_independent(study, trial, name, distribution)
        assert distribution._contains(distribution.to_internal_repr(value))


def test_a_listing_of_some_trials_is_read_as_the_study_that_lost_the_others():
    listed = [trial for trial in trials(20) if trial.number % 3 == 1]
    history = history_of(Listing(listed, ["maximize"] and [StudyDirection.MAXIMIZE]))
    assert history.directions == [StudyDirection.MAXIMIZE]
    assert history.numbers((TrialState.COMPLETE,)) == [trial.number for trial in listed]
    assert history.best == max(listed, key=lambda trial: (trial.value, -trial.number)).number


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("state", [TrialState.FAIL, TrialState.PRUNED])
def test_a_study_without_complete_trials_gives_values(make, state):
    study = parzen.create_study(sampler=make(seed=1))
    study.add_trials(trials(30, state))
    trial = study.ask()
    for name, distribution in SPACE.items():
        value = study.sampler.sample_independent(study, trial._record, name, distribution)
        assert distribution._contains(distribution.to_internal_repr(value))


@pytest.mark.parametrize("make", MAKERS)
def test_a_name_that_the_trial_has_already_gets_a_value(make):
    study = parzen.create_study(sampler=make(seed=1))
    study.add_trials(trials(30))
    trial = study.ask(SPACE)
    for name, distribution in SPACE.items():
        value = study.sampler.sample_independent(study, trial._record, name, distribution)
        assert distribution._contains(distribution.to_internal_repr(value))
    wider = FloatDistribution(0, 2)
    assert 0 <= study.sampler.sample_independent(study, study.trials[0], "x", wider) <= 2


class Narrow(parzen.Study):
    def get_trials(self, deepcopy=True, states=None):
        found = super().get_trials(deepcopy, states)
        return [trial for trial in found if trial.params.get("x", 0) < 0.25]


class NarrowAsInOptuna(parzen.Study):
    """What plug-ins for Optuna override."""

    def _get_trials(self, deepcopy=True, states=None, use_cache=False):
        found = super()._get_trials(deepcopy, states, use_cache)
        return [trial for trial in found if trial.params.get("x", 0) < 0.25]


@pytest.mark.parametrize("narrow", [Narrow, NarrowAsInOptuna])
def test_get_trials_of_a_subclass_decides_what_a_sampler_sees(narrow):
    """All trials with a large x are hidden: TPE believes what it is shown, that the best x is near 0.2."""
    plain = parzen.create_study(study_name="s", direction="maximize")
    study = narrow("s", plain._storage, sampler=TPESampler(seed=0))
    distributions = {"x": FloatDistribution(0, 1)}
    for i in range(60):
        x = (i + 0.5) / 60
        study.add_trial(create_trial(value=x, params={"x": x}, distributions=distributions))
    asked = []
    for _ in range(20):
        asked.append(study.ask(distributions).params["x"])
    shown = sum(x < 0.5 for x in asked)
    plain.sampler = TPESampler(seed=0)
    told_all = sum(plain.ask(distributions).params["x"] < 0.5 for _ in range(20))
    assert shown >= 15 and told_all <= 5
    assert all(trial.params["x"] < 0.25 for trial in study.trials)


def test_an_intersection_is_of_one_study():
    storage = parzen.storages.InMemoryStorage()
    first, second = (parzen.create_study(storage=storage) for _ in range(2))
    space = IntersectionSearchSpace()
    first.add_trial(trials(1)[0])
    assert space.calculate(first) == dict(sorted(SPACE.items()))
    assert space.calculate(parzen.load_study(study_name=first.study_name, storage=storage)) == space.calculate(first)
    with pytest.raises(ValueError, match="multiple studies"):
        space.calculate(second)
