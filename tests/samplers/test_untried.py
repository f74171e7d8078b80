"""Genetic samplers in spaces with grids and choices: no point twice while others turn up."""

from __future__ import annotations

import numpy as np
import pytest

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.history import Dimensions
from parzen.samplers import NSGAIIISampler, NSGAIISampler, SMSEMOASampler
from parzen.samplers.nsgaii import PolynomialMutation, UniformCrossover
from parzen.samplers.nsgaii.breeding import Operators
from parzen.samplers.nsgaii.untried import N_MORE, Tried, breed_untried, keys

HOW = Operators(UniformCrossover(), 0.9, 0.5, PolynomialMutation(), None)
SAMPLERS = [NSGAIISampler, NSGAIIISampler, SMSEMOASampler]
GRID = {
    "k": IntDistribution(0, 9),
    "s": FloatDistribution(0.0, 1.0, step=0.1),
    "c": CategoricalDistribution(tuple("abcdefgh")),
}


@pytest.fixture(autouse=True)
def quiet():
    parzen.logging.set_verbosity(parzen.logging.CRITICAL)


def study_of(make, storage=None):
    sampler = make(population_size=8, seed=3)
    return parzen.create_study(
        directions=["minimize"] * 2, sampler=sampler, storage=storage, study_name="grid", load_if_exists=True
    )


def objective(trial):
    k, s = trial.suggest_int("k", 0, 9), trial.suggest_float("s", 0.0, 1.0, step=0.1)
    c = trial.suggest_categorical("c", tuple("abcdefgh"))
    return k + s, 9 - k + s + "abcdefgh".index(c)


def points(study):
    return [tuple(sorted(trial.params.items())) for trial in study.trials]


@pytest.mark.parametrize("make", SAMPLERS)
def test_no_point_is_tried_twice(make) -> None:
    study = study_of(make)
    study.optimize(objective, n_trials=200)  # of 880
    assert len(set(points(study)[8:])) == 192
    assert not set(points(study)[8:]) & set(points(study)[:8])


@pytest.mark.parametrize("make", SAMPLERS)
def test_floats_beside_choices_do_not_come_back_together(make) -> None:
    study = parzen.create_study(directions=["minimize"] * 2, sampler=make(population_size=8, seed=3))
    study.optimize(lambda trial: (sum(objective(trial)), trial.suggest_float("x", 0.0, 1.0) ** 2), n_trials=400)
    assert len(set(points(study))) == 400


@pytest.mark.parametrize("make", SAMPLERS)
def test_points_of_a_batch_differ_from_each_other_and_from_trials(make) -> None:
    study = study_of(make)
    study.optimize(objective, n_trials=40)
    study.ask_batch(30, GRID)  # more than a generation
    assert len(set(points(study)[40:])) == 30
    assert not set(points(study)[:40]) & set(points(study)[40:])


@pytest.mark.parametrize("make", SAMPLERS)
def test_a_resumed_study_draws_what_it_would_have_drawn(make, tmp_path) -> None:
    whole = study_of(make)
    whole.optimize(objective, n_trials=60)
    storage = f"sqlite:///{tmp_path / 'grid.db'}"
    for n in (21, 4, 35):  # two stops within a generation
        study_of(make, storage).optimize(objective, n_trials=n)
    assert points(study_of(make, storage)) == points(whole)


@pytest.mark.parametrize("make", SAMPLERS)
def test_a_space_that_is_used_up_goes_round_again(make) -> None:
    study = study_of(make)
    study.optimize(lambda trial: (x := trial.suggest_int("x", 0, 11), -x), n_trials=60)
    assert {trial.params["x"] for trial in study.trials} == set(range(12))
    assert len(study.trials) == 60


ONE = {"k": IntDistribution(0, 99)}
FIVE = {f"k{i}": IntDistribution(0, 99) for i in range(5)}


def history_of(values, space=ONE):
    study = parzen.create_study()
    for value in values:
        params = dict.fromkeys(space, value)
        study.add_trial(parzen.trial.create_trial(params=params, distributions=space, value=0.0))
    return study.history


def test_only_trials_of_lower_numbers_count() -> None:
    tried = Tried(Dimensions.of(ONE)).update(history_of([7, 5, 7]))
    found = [tried.before(n, np.array([[7.0], [5.0], [6.0]])) for n in range(3)]
    assert found == [[False] * 3, [True, False, False], [True, True, False]]


def test_failed_trials_are_no_point() -> None:
    study = parzen.create_study()
    study.add_trial(parzen.trial.create_trial(params={"k": 3}, distributions=ONE, state=parzen.trial.TrialState.FAIL))
    assert Tried(Dimensions.of(ONE)).update(study.history).before(1, np.array([[3.0]])) == [False]


def test_repeated_children_make_room_for_the_next_new_ones() -> None:
    tried = Tried(Dimensions.of(ONE)).update(history_of([0, 1]))
    rounds = iter([[0.0, 5.0, 5.0], [1.0, 5.0, 6.0, 6.0], [8.0, 9.0]])

    def make(n, how):
        return np.resize(next(rounds), (n, 1))

    assert breed_untried(make, HOW, tried, 2, 3).tolist() == [[6.0], [5.0], [8.0]]


def test_zero_of_either_sign_is_the_same_point() -> None:
    assert len(set(keys(np.array([[0.0], [-0.0]])))) == 1


@pytest.mark.parametrize(
    ("given", "rates"), [(None, [0.4, 0.8, 1.0, 1.0]), (0.1, [0.2, 0.4, 0.8, 1.0]), (0.0, [0.0] * 4)]
)
def test_patience_has_an_end_and_mutates_more_with_each_round(given, rates) -> None:
    tried, made = Tried(Dimensions.of(FIVE)).update(history_of([4], FIVE)), []

    def make(n, how):
        made.append((n, how.mutation_prob))
        return np.full((n, 5), 4.0)

    how = HOW._replace(mutation_prob=given)
    assert breed_untried(make, how, tried, 1, 6).tolist() == [[4.0] * 5] * 6
    assert made == [(6, given), *((6 * N_MORE, rate) for rate in rates)]


def optimum(trial, has_x):
    y = trial.suggest_int("y", 0, 30)
    return abs(y - 7) + abs(trial.suggest_float("x", -1, 1) if has_x else 1.0)


@pytest.mark.parametrize("make", SAMPLERS)
def test_a_parameter_that_comes_later_leaves_no_point_out(make) -> None:
    study = parzen.create_study(sampler=make(population_size=10, seed=0))
    study.optimize(lambda trial: optimum(trial, has_x=False), n_trials=60)
    study.optimize(lambda trial: optimum(trial, has_x=True), n_trials=100)
    assert study.best_value < 0.2


@pytest.mark.parametrize("make", SAMPLERS)
def test_trials_that_were_pruned_early_leave_no_point_out(make) -> None:
    study = parzen.create_study(sampler=make(population_size=10, seed=0))

    def pruned_early(trial):
        trial.suggest_int("y", 0, 30)
        if trial.number % 4 == 0:
            raise parzen.TrialPruned
        return optimum(trial, has_x=True)

    study.optimize(pruned_early, n_trials=200)
    assert study.best_value < 0.2


@pytest.mark.parametrize("make", SAMPLERS)
def test_choices_that_change_leave_no_point_out(make) -> None:
    study = study_of(make)

    def change(trial):
        order = "abc" if trial.number < 40 else "cba"
        return trial.suggest_int("k", 0, 9), ord(trial.suggest_categorical("c", tuple(order)))

    study.optimize(change, n_trials=120)
    assert (0, "a") in {(trial.params["k"], trial.params["c"]) for trial in study.trials[50:]}


def branching(trial):
    """Give a value at one of 864 points in three branches."""
    branch = trial.suggest_categorical("branch", ["a", "b", "c"])
    sizes = {"i": 6, "j": 6, "k": 8}
    return "abc".index(branch) + sum(abs(trial.suggest_int(branch + j, 1, n) - n // 2) / n for j, n in sizes.items())


def layered(trial):
    """Give a value at one of 819 points, with one, two or three layers."""
    n = trial.suggest_int("n", 1, 3)
    return sum(abs(trial.suggest_int(f"units{i}", 0, 8) - 5) for i in range(n)) / n + abs(n - 2)


@pytest.mark.parametrize(("objective", "least"), [(branching, 0.55), (layered, 0.7)])
def test_points_of_branches_are_not_tried_twice(objective, least) -> None:
    """Beyond chance: 69 and 86 % are different over 4 seeds; before branches counted, 29 % were (Optuna 63 and 47)."""
    study = parzen.create_study(sampler=NSGAIISampler(seed=100))
    study.optimize(objective, n_trials=500)
    assert len(set(points(study))) > least * 500


def test_a_child_repeats_a_trial_whatever_the_parameters_of_other_branches_are() -> None:
    study = parzen.create_study(sampler=parzen.samplers.RandomSampler(seed=0))
    a, b, c = (IntDistribution(0, 9) for _ in range(3))
    for params in ({"a": 0, "b": 5}, {"a": 1, "c": 6}, {"a": 2}):
        space = {name: IntDistribution(0, 9) for name in params}
        study.add_trial(parzen.trial.create_trial(params=params, distributions=space, value=0.0))
    tried = Tried(Dimensions.of({"a": a, "b": b, "c": c})).update(study.history)
    children = np.array([[0.0, 5.0, 9.0], [0.0, 6.0, 6.0], [1.0, 5.0, 6.0], [1.0, 6.0, 5.0], [2.0, 0.0, 0.0]])
    assert tried.before(3, children) == [True, False, True, False, True]
    assert tried.before(2, children) == [True, False, True, False, False]  # the third is not known yet
