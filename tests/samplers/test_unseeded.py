"""A sampler without a seed draws other numbers for every study; one with a seed draws the same."""

from __future__ import annotations

import copy
import math
import pickle

import pytest
from contract.test_samplers import SAMPLERS

import parzen

N = 30


def points(sampler, **where):
    study = parzen.create_study(sampler=sampler, **where)
    study.optimize(lambda trial: wild(trial.suggest_float("x", 0, 1)) + trial.suggest_float("y", 0, 1), n_trials=N)
    return [tuple(trial.params.values()) for trial in study.trials]


CORNERS = {0.0, 1.0, (0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)}


def wild(x):
    return math.sin(1e4 * x)


def n_equal(a, b):
    return sum(x == y for x, y in zip(a, b, strict=True))


def are_alike(a, b):
    """Tell whether two studies went the same way; a model may propose the same corner of the space to both of them."""
    return sum(x == y and x not in CORNERS for x, y in zip(a, b, strict=True)) > N // 4


@pytest.mark.parametrize("name", SAMPLERS)
def test_studies_that_share_an_unseeded_sampler_differ(name, tmp_path):
    sampler = SAMPLERS[name].make(None)
    # The same name in three files: it is not the name that tells studies apart.
    found = [points(sampler, storage=f"sqlite:///{tmp_path}/{i}.db", study_name="s") for i in range(3)]
    assert not any(are_alike(a, b) for i, a in enumerate(found) for b in found[:i])


@pytest.mark.parametrize("name", SAMPLERS)
def test_studies_in_turn_differ(name):
    sampler = SAMPLERS[name].make(None)
    studies = [parzen.create_study(sampler=sampler) for _ in range(2)]
    found = []
    for _ in range(N):
        trials = [study.ask() for study in studies]
        x = [trial.suggest_float("x", 0, 1) for trial in trials]
        found.append(x)
        for study, trial, value in zip(studies, trials, x, strict=True):
            study.tell(trial, wild(value))
    assert not are_alike(*zip(*found, strict=True))


@pytest.mark.parametrize("name", SAMPLERS)
def test_batches_differ(name):
    sampler = SAMPLERS[name].make(None)
    space = {"x": parzen.distributions.FloatDistribution(0, 1)}
    drawn = [parzen.create_study(sampler=sampler).ask_batch(8, space)["x"].tolist() for _ in range(2)]
    assert not n_equal(*drawn)


def again(study):
    return pickle.loads(pickle.dumps(study))


@pytest.mark.parametrize("copied", [again, copy.deepcopy])
@pytest.mark.parametrize("name", SAMPLERS)
def test_a_copy_of_a_sampler_draws_other_numbers_once_it_is_reseeded(name, copied):
    study = parzen.create_study(sampler=SAMPLERS[name].make(None))
    others = [copied(study) for _ in range(2)]
    for other in others:
        other.sampler.reseed_rng()
    drawn = {one.ask().suggest_float("x", 0, 1) for one in (study, *others)}
    assert len(drawn) == 3


@pytest.mark.parametrize("name", SAMPLERS)
def test_copies_that_serve_one_study_draw_other_numbers_once_they_are_reseeded(name):
    """A process that was forked holds the same study object, in memory, as the one that it came from."""
    study = parzen.create_study(sampler=SAMPLERS[name].make(None))
    other = copy.deepcopy(study.sampler)
    assert study.sampler._streams.of(study).uniform(0, 0) == other._streams.of(study).uniform(0, 0)
    other.reseed_rng()
    assert study.sampler._streams.of(study).uniform(0, 0) != other._streams.of(study).uniform(0, 0)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_seeded_sampler_can_be_repeated(name):
    sampler = SAMPLERS[name].make(5)
    first = points(sampler)
    sampler.reseed_rng()
    assert points(sampler) == points(copy.deepcopy(sampler)) == points(SAMPLERS[name].make(5)) == first
