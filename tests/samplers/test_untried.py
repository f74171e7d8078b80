"""Genetic samplers in spaces with grids and choices: no point twice while others turn up."""

from __future__ import annotations

import numpy as np
import pytest

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers import NSGAIIISampler, NSGAIISampler, SMSEMOASampler
from parzen.samplers.nsgaii import PolynomialMutation, UniformCrossover
from parzen.samplers.nsgaii.breeding import Box, Operators
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


@pytest.mark.parametrize("make", SAMPLERS)
def test_choices_that_changed_are_known_by_what_they_are(make) -> None:
    study = study_of(make)

    def change(trial):
        order = "abcdefgh" if trial.number < 40 else "hgfedcba"
        return trial.suggest_int("k", 0, 99), ord(trial.suggest_categorical("c", tuple(order)))

    study.optimize(change, n_trials=120)
    found = points(study)
    late = found[50:]  # all that were bred for the new choices
    assert len(set(late)) == len(late)
    assert not set(late) & set(found[:50])


def test_a_range_that_moves_does_not_make_points_new() -> None:
    box = Box.of({"k": IntDistribution(0, 5)})
    tried = Tried(box)
    assert tried.serves(Box.of({"k": IntDistribution(-3, 9, step=3)}))
    assert not tried.serves(Box.of({"j": IntDistribution(0, 5)}))
    assert not Tried(Box.of({"c": CategoricalDistribution((1, 2))})).serves(
        Box.of({"c": CategoricalDistribution((2, 1))})
    )


ONE = {"k": IntDistribution(0, 99)}
FIVE = {f"k{i}": IntDistribution(0, 99) for i in range(5)}


def history_of(values, space=ONE):
    study = parzen.create_study()
    for value in values:
        params = dict.fromkeys(space, value)
        study.add_trial(parzen.trial.create_trial(params=params, distributions=space, value=0.0))
    return study.history


def test_only_trials_of_lower_numbers_count() -> None:
    tried = Tried(Box.of(ONE)).update(history_of([7, 5, 7]))
    found = [tried.before(n, np.array([[7.0, 5.0, 6.0]])) for n in range(3)]
    assert found == [[False] * 3, [True, False, False], [True, True, False]]


def branching(*points):
    """Tried points of parameters a and b, None where a trial did not have one."""
    study = parzen.create_study()
    for point in points:
        params = {name: value for name, value in zip("ab", point, strict=True) if value is not None}
        space = dict.fromkeys(params, IntDistribution(0, 9))
        study.add_trial(parzen.trial.create_trial(params=params, distributions=space, value=0.0))
    return Tried(Box.of(dict.fromkeys("ab", IntDistribution(0, 9)))).update(study.history)


def test_what_a_trial_did_not_ask_for_makes_no_difference() -> None:
    tried = branching((1, None), (2, 5), (None, 7))
    children = np.array([[1, 5], [1, np.nan], [3, 7], [2, 6], [2, 5], [2, np.nan], [4, 4]], dtype=float).T
    assert tried.before(9, children) == [True, True, True, False, True, False, False]


def test_a_point_where_some_trial_went_on_is_not_at_its_end() -> None:
    """As when an objective asks for a parameter more than it did yesterday."""
    tried = branching((1, None), (2, None), (1, 3))
    children = np.array([[1.0, 4.0], [2.0, 4.0], [1.0, 3.0]]).T
    assert tried.before(9, children) == [False, True, True]
    assert tried.before(2, children) == [True, True, True]


def test_trials_without_parameters_are_no_point() -> None:
    assert branching((None, None), (1, 2)).before(9, np.array([[3.0], [4.0]])) == [False]


def test_failed_trials_are_no_point() -> None:
    study = parzen.create_study()
    study.add_trial(parzen.trial.create_trial(params={"k": 3}, distributions=ONE, state=parzen.trial.TrialState.FAIL))
    assert Tried(Box.of(ONE)).update(study.history).before(1, np.array([[3.0]])) == [False]


@pytest.mark.parametrize("make", SAMPLERS)
def test_branches_do_not_come_back_either(make) -> None:
    """Of 100 trials in two branches of 300 points few are alike: those of which a child lacks what is asked for."""
    study = study_of(make)

    def branch(trial):
        c = trial.suggest_categorical("c", ("a", "b"))
        x = trial.suggest_int(f"x{c}", 0, 299)
        return x, abs(x - 50)

    study.optimize(branch, n_trials=100)
    assert len(set(points(study))) >= 95


def test_repeated_children_make_room_for_the_next_new_ones() -> None:
    tried = Tried(Box.of(ONE)).update(history_of([0, 1]))
    rounds = iter([[0.0, 5.0, 5.0], [1.0, 5.0, 6.0, 6.0], [8.0, 9.0]])

    def make(n, how):
        return np.array([np.resize(next(rounds), n)])

    assert breed_untried(make, HOW, tried, 2, 3).tolist() == [[6.0, 5.0, 8.0]]


def test_zero_of_either_sign_is_the_same_point() -> None:
    assert len(set(keys(np.array([[0.0, -0.0]])))) == 1


@pytest.mark.parametrize(
    ("given", "rates"), [(None, [0.4, 0.8, 1.0, 1.0]), (0.1, [0.2, 0.4, 0.8, 1.0]), (0.0, [0.0] * 4)]
)
def test_patience_has_an_end_and_mutates_more_with_each_round(given, rates) -> None:
    tried, made = Tried(Box.of(FIVE)).update(history_of([4], FIVE)), []

    def make(n, how):
        made.append((n, how.mutation_prob))
        return np.full((5, n), 4.0)

    how = HOW._replace(mutation_prob=given)
    assert breed_untried(make, how, tried, 1, 6).tolist() == [[4.0] * 6] * 5
    assert made == [(6, given), *((6 * N_MORE, rate) for rate in rates)]
