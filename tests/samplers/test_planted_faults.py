"""What faults planted at random were not noticed by, until these: a condition, a scale, a mapping of choices."""

from __future__ import annotations

import math

import numpy as np
import pytest

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.history import Dimensions
from parzen.samplers import NSGAIISampler, TPESampler, dehb, nsgaii
from parzen.samplers.dehb import NOBODY
from parzen.samplers.nsgaii import breeding
from parzen.samplers.tpe import fitting
from parzen.samplers.tpe.constraints import is_constrained
from parzen.samplers.tpe.model_space import ModelSpace
from parzen.samplers.tpe.rules import default_gamma, multi_objective_gamma, wide_gamma
from parzen.samplers.tpe.split import by_outcome
from parzen.trial import TrialState, create_trial

FLOATS = {f"x{i}": FloatDistribution(0, 1) for i in range(fitting.MANY)}


@pytest.mark.parametrize(
    ("space", "n_objectives", "expected"),
    [
        (dict(list(FLOATS.items())[:1]), 1, wide_gamma),
        (dict(list(FLOATS.items())[: fitting.MANY - 1]), 1, wide_gamma),
        (FLOATS, 1, default_gamma),
        ({"x": FloatDistribution(0, 1), "c": CategoricalDistribution((1, 2))}, 1, default_gamma),
        ({"x": FloatDistribution(0, 1), "n": IntDistribution(0, 9)}, 1, default_gamma),
        (dict(list(FLOATS.items())[:1]), 2, multi_objective_gamma),
    ],
)
def test_the_default_share_of_trials_below(space, n_objectives, expected):
    """A wide share in few continuous dimensions alone."""
    assert fitting._default_gamma(ModelSpace(space, {}), n_objectives) is expected


def test_dehb_reads_choices_that_changed_by_value():
    """Members that chose "a" lie in the cell where "a" stands now, and hand "a" down."""
    study = parzen.create_study()
    before, after = (CategoricalDistribution(choices) for choices in (("a", "b", "c"), ("c", "b", "a")))
    for i in range(10):
        study.add_trial(create_trial(params={"c": "ab"[i % 2]}, distributions={"c": before}, value=float(i)))
    study.add_trial(create_trial(params={"c": "c"}, distributions={"c": after}, value=0.0))
    dims = Dimensions.of({"c": after})
    members = [*range(10), 10, NOBODY]
    internal = dehb._read(dims, study.history, members)[:, 0]
    np.testing.assert_array_equal(internal, [2.0, 1.0] * 5 + [0.0, np.nan])
    points = dehb._points(dims, study.history, members[:-1], np.random.default_rng(0))[:, 0]
    np.testing.assert_array_equal(np.floor(points * 3), internal[:-1])


class Averaging(nsgaii.BaseCrossover):
    """A user's crossover, which keeps what it was given."""

    n_parents = 2

    def __init__(self):
        self.seen = []

    def crossover(self, parents_params, rng, study, search_space_bounds):
        self.seen.append((parents_params.copy(), search_space_bounds.copy()))
        return parents_params.mean(axis=0)


def test_a_crossover_gets_model_coordinates_and_its_child_is_what_it_gave():
    """On a log scale, and in a range that is far from the unit interval."""
    crossover = Averaging()
    sampler = NSGAIISampler(population_size=4, crossover=crossover, crossover_prob=1.0, mutation_prob=0.0, seed=0)
    study = parzen.create_study(sampler=sampler)
    space = {"lr": FloatDistribution(1e-4, 1e2, log=True), "x": FloatDistribution(-30, -10)}
    values = [(1e-3, -12.0), (1e-1, -20.0), (1e1, -28.0), (1.0, -15.0)]
    for i in range(4):
        params = dict(zip(space, values[i], strict=True))
        attrs = {sampler._generation_key: 0}
        study.add_trial(create_trial(params=params, distributions=space, value=float(i), system_attrs=attrs))
    children = [study.ask(space).params for _ in range(4)]
    parents = {(math.log(lr), x) for lr, x in values}
    bounds = np.array([[math.log(1e-4), math.log(1e2)], [-30, -10]])
    made = []
    for given, limits in crossover.seen:
        np.testing.assert_allclose(limits, bounds)
        for parent in given:
            assert min(abs(parent[0] - p[0]) + abs(parent[1] - p[1]) for p in parents) < 1e-9
        made.append(given.mean(axis=0))
    for child in children:
        point = np.array([math.log(child["lr"]), child["x"]])
        assert min(np.abs(point - mean).max() for mean in made) < 1e-9


def test_densities_of_constraints_are_cautious_in_bold_trials_too() -> None:
    """Their choices stay smooth: what satisfied a constraint says little of choices that were hardly tried."""
    study = parzen.create_study()
    space = {"c": CategoricalDistribution(("a", "b", "c"))}
    for i in range(40):
        trial = create_trial(
            params={"c": "abc"[i % 3]}, distributions=space, value=float(i), constraints={"k": i % 4 - 1.0}
        )
        study.add_trial(trial)
    fitter = fitting.Fitter(study.history, TPESampler()._settings)
    bold, cautious = (fitter.fit(space, {}, bold)[1] for bold in (True, False))

    def table(mixture) -> list[float]:
        return mixture.table.tolist()

    assert table(bold.below) != table(cautious.below)
    assert len(bold.constraints) == len(cautious.constraints) == 1
    for made in (*bold.constraints, *cautious.constraints):
        assert table(made.satisfied) == table(made.violated) == table(cautious.below)


class Mean(nsgaii.BaseCrossover):
    n_parents = 3

    def crossover(self, parents_params, rng, study, search_space_bounds):
        assert len(parents_params) == 3
        return parents_params.mean(axis=0)


def test_fewer_parents_than_a_crossover_needs_serve_in_turn() -> None:
    """An elite of two as three parents: one of them twice."""
    sampler = NSGAIISampler(
        seed=0, population_size=3, crossover=Mean(), crossover_prob=1.0, mutation_prob=0.0,
        elite_population_selection_strategy=lambda study, population: population[:2],
    )  # fmt: skip
    study = parzen.create_study(sampler=sampler)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=4)
    first, second = (study.trials[number].params["x"] for number in (0, 1))
    child = study.trials[3].params["x"]
    assert min(abs(child - (2 * first + second) / 3), abs(child - (first + 2 * second) / 3)) < 1e-12


class Both(nsgaii.UniformCrossover):
    """Overrides what is asked for one child; what is asked for many is inherited."""

    def crossover(self, parents_params, rng, study, search_space_bounds):
        return parents_params[0]


def test_of_two_ways_to_cross_the_one_that_was_overridden_last_counts() -> None:
    assert breeding.first_defined(Both(), "children", "crossover") == "crossover"
    assert breeding.first_defined(nsgaii.UniformCrossover(), "children", "crossover") == "children"
    assert breeding.first_defined(object(), "children", "crossover") == "crossover"


@pytest.mark.parametrize(
    ("violations", "expected"), [([], False), ([-1.0, 0.0], False), ([1.0, 2.0], False), ([-1.0, 1.0], True)]
)
def test_a_study_is_constrained_where_some_trials_are_feasible_and_some_are_not(violations, expected) -> None:
    study = parzen.create_study()
    for violation in violations:
        study.add_trial(create_trial(value=0.0, constraints={"c": violation}))
    assert is_constrained(study.history) is expected


def test_outcomes_do_not_overlap() -> None:
    study = parzen.create_study()
    for constraint in (0.0, 1.0):
        study.add_trial(create_trial(value=0.0, constraints={"c": constraint}))
        for state in (TrialState.PRUNED, TrialState.FAIL):
            study.add_trial(create_trial(state=state, constraints={"c": constraint}))
    study.ask()
    complete, stopped, infeasible = (numbers.tolist() for numbers in by_outcome(study.history))
    assert (complete, stopped, infeasible) == ([0], [1], [3, 4])
