"""NSGA-III: survivors over reference points, the scale that generations hand down, tournaments, arguments."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import parzen
from parzen.distributions import FloatDistribution
from parzen.engine.kernels import niching
from parzen.engine.kernels.dominance import ranks
from parzen.engine.kernels.hypervolume import hypervolume
from parzen.samplers import NSGAIIISampler, RandomSampler
from parzen.trial import create_trial

KEY = "NSGAIIISampler:generation"
SPACE = {f"x{i}": FloatDistribution(0, 1) for i in range(5)}


@pytest.fixture(autouse=True)
def quiet():
    parzen.logging.set_verbosity(parzen.logging.CRITICAL)


def study_of(n_objectives=3, **kwargs):
    arguments = {"population_size": 8, "seed": 1, **kwargs}
    return parzen.create_study(directions=["minimize"] * n_objectives, sampler=NSGAIIISampler(**arguments))


def dtlz2(trial, m=3):
    x = np.array([trial.suggest_float(name, 0, 1) for name in SPACE])
    far = 1 + ((x[m - 1 :] - 0.5) ** 2).sum()
    angles = x[: m - 1] * np.pi / 2
    values = []
    for i in range(m):
        value = far * np.prod(np.cos(angles[: m - 1 - i]))
        values.append(float(value * np.sin(angles[m - 1 - i]) if i else value))
    return values


def test_generations_are_noted_under_its_own_name():
    study = study_of(population_size=3)
    study.optimize(dtlz2, n_trials=7)
    assert [trial.system_attrs[KEY] for trial in study.trials] == [0, 0, 0, 1, 1, 1, 2]


def test_survivors_are_those_of_the_kernel_with_the_scale_of_the_generation_before():
    study = study_of()
    study.optimize(dtlz2, n_trials=25)
    sampler, history = study.sampler, study.history
    reference = niching.reference_points(3, 3)
    ideal, extremes, parents = np.full(3, np.inf), np.empty((0, 3)), []
    for generation in (1, 2, 3):
        pool = np.array([*range(8 * generation - 8, 8 * generation), *sorted(parents)])
        values = history.values[pool]
        u = sampler._streams.generator(generation, 1 << 33).random((8, 2))
        chosen, scale = niching.survivors(values, ranks(values, 8), 8, reference, ideal, extremes, u)
        parents, ideal, extremes = pool[chosen].tolist(), scale.ideal, scale.extremes
        assert [t.number for t in sampler.get_parent_population(study, generation)] == parents


def test_a_new_sampler_goes_on_with_the_same_scale():
    study = study_of()
    study.optimize(dtlz2, n_trials=30)
    copied = pickle.loads(pickle.dumps(study.sampler))
    numbers = [
        [[t.number for t in sampler.get_parent_population(study, g)] for g in range(5)]
        for sampler in (study.sampler, copied)
    ]
    assert numbers[0] == numbers[1]


def test_given_reference_points_draw_the_population():
    """Directions close to the first axis: the survivors' first objective is the largest of theirs more often."""
    near = np.array([[1.0, 0.05, 0.05], [1.0, 0.1, 0.0], [1.0, 0.0, 0.1]])
    shares = []
    for reference in (near, near[:, [1, 2, 0]]):
        study = study_of(population_size=12, reference_points=reference)
        study.optimize(dtlz2, n_trials=240)
        parents = study.sampler.get_parent_population(study, 19)
        shares.append(np.mean([np.argmax(t.values) == 0 for t in parents]))
    assert shares[0] > shares[1]


def test_equals_in_tournaments_but_for_constraints():
    study = study_of()
    for number in range(4):
        trial = create_trial(
            params={"x0": 0.5},
            distributions={"x0": SPACE["x0"]},
            values=[1.0, 2.0, 3.0],
            system_attrs={"constraints": [[-1.0], [3.0], [0.0], [2.0]][number]},
        )
        study.add_trial(trial)
    numbers = np.arange(4)
    assert study.sampler.grades(study.history, numbers).tolist() == [0, 2, 0, 1]
    free = study_of()
    free.optimize(dtlz2, n_trials=4)
    assert free.sampler.grades(free.history, numbers).tolist() == [0, 0, 0, 0]


def test_one_objective_and_infinite_values():
    study = study_of(n_objectives=1, population_size=4)
    study.optimize(lambda t: np.inf if t.number % 3 else t.suggest_float("x", 0, 1), n_trials=20)
    assert len(study.trials) == 20


@pytest.mark.parametrize("points", [np.ones(3), np.ones((2, 4)), np.zeros((1, 3)), -np.ones((1, 3)), np.ones((0, 3))])
def test_reference_points_that_do_not_fit(points):
    study = study_of(population_size=2, reference_points=points)
    with pytest.raises(ValueError, match="reference_points"):
        study.optimize(dtlz2, n_trials=3)


def test_arguments():
    with pytest.raises(ValueError, match="dividing_parameter"):
        NSGAIIISampler(dividing_parameter=0)
    with pytest.raises(ValueError, match="population_size"):
        NSGAIIISampler(population_size=1)


def volume(sampler):
    study = parzen.create_study(directions=["minimize"] * 3, sampler=sampler)
    study.optimize(dtlz2, n_trials=300)
    return hypervolume(study.history.values.copy(), np.full(3, 1.5))


@pytest.mark.slow
def test_it_beats_random_search_on_dtlz2():
    """Of 8 seeds each, every study beats every random one: were both alike, once in C(16, 8) = 12,870 times."""
    ours = [volume(NSGAIIISampler(population_size=20, seed=seed)) for seed in range(8)]
    random = [volume(RandomSampler(seed=seed)) for seed in range(8)]
    assert min(ours) > max(random)
