"""NSGA-II, NSGA-III and SMS-EMOA where a study was changed, copied, interrupted, or is used in an odd way."""

from __future__ import annotations

import math
import sys
import threading
import time

import numpy as np
import pytest

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers import NSGAIIISampler, NSGAIISampler, SMSEMOASampler, TPESampler, nsgaii
from parzen.trial import TrialState, create_trial

SAMPLERS = [NSGAIISampler, NSGAIIISampler, SMSEMOASampler]
GENERATIONAL = [NSGAIISampler, NSGAIIISampler]
SPACE = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}


@pytest.fixture(autouse=True)
def quiet():
    parzen.logging.set_verbosity(parzen.logging.CRITICAL)


def study_of(make, storage=None, name=None, **arguments):
    sampler = make(**{"population_size": 6, "seed": 0, **arguments})
    return parzen.create_study(
        directions=["minimize"] * 2, sampler=sampler, storage=storage, study_name=name, load_if_exists=True
    )


def two(trial):
    x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
    return x, (1 - x) ** 2 + y


# --- grids and ranges that change ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", SAMPLERS)
@pytest.mark.parametrize("own", [False, True])
def test_values_of_another_grid_move_to_the_next_point_of_todays(make, own):
    arguments = {"crossover": nsgaii.BLXAlphaCrossover()} if own else {}
    study = study_of(make, mutation_prob=0.0, **arguments)
    for i in range(40):
        step, width = (1, 0.25) if i < 20 else (3, 0.1)
        trial = study.ask()
        k = trial.suggest_int("k", 0, 12, step=step)
        s = trial.suggest_float("s", 0.0, 1.0, step=width)
        assert k % step == 0
        assert abs(s / width - round(s / width)) < 1e-9
        study.tell(trial, [k, s])
    batch = study.ask_batch(10, {"k": IntDistribution(0, 12, step=4), "s": FloatDistribution(0.0, 1.0, step=0.5)})
    assert set(batch["k"].tolist()) <= {0, 4, 8, 12}
    assert set(batch["s"].tolist()) <= {0.0, 0.5, 1.0}


@pytest.mark.parametrize("make", SAMPLERS)
@pytest.mark.parametrize("own", [False, True])
def test_choices_that_no_trial_had_yet_are_compared_by_value(make, own):
    arguments = {"crossover": nsgaii.BLXAlphaCrossover()} if own else {}
    study = study_of(make, mutation_prob=0.0, **arguments)
    space = {"c": CategoricalDistribution(("a", "b", "c")), "x": FloatDistribution(0, 1)}
    study.add_trials(
        [create_trial(values=[1, i], params={"c": "c", "x": i / 9}, distributions=space) for i in range(10)]
    )
    new = CategoricalDistribution(("new", "other", "newer", "c"))
    batch = study.ask_batch(10, {"c": new, "x": FloatDistribution(0, 1)})
    assert set(batch["c"].tolist()) == {3}


@pytest.mark.parametrize("make", SAMPLERS)
def test_the_end_of_a_logarithmic_range_is_within_it(make):
    """NumPy's logarithm of 1.05 differs from the mathematical library's in the last bit on some machines."""
    space = {"x": FloatDistribution(1.05, 10, log=True), "y": FloatDistribution(0, 1)}
    study = study_of(make, mutation_prob=0.0)
    study.add_trials(
        [create_trial(values=[1, i], params={"x": 1.05, "y": i / 9}, distributions=space) for i in range(10)]
    )
    assert {study.ask(space).params["x"] for _ in range(5)} == {1.05}


# --- studies that lack what a generation is bred from ----------------------------------------------------------------


@pytest.mark.parametrize("make", GENERATIONAL)
def test_a_study_of_later_generations_alone_starts_at_random(make):
    source = study_of(make)
    source.optimize(two, n_trials=15)
    study = study_of(make)
    study.add_trial(source.trials[12])
    study.optimize(two, n_trials=20)
    assert len(study.ask_batch(3, SPACE)) == 3
    assert [trial.state for trial in study.trials[:21]] == [TrialState.COMPLETE] * 21


@pytest.mark.parametrize("make", GENERATIONAL)
def test_the_first_generation_may_be_deleted(make):
    study = study_of(make, population_size=2)
    study.optimize(two, n_trials=3)
    study.delete_trial(0)
    study.delete_trial(1)
    study.optimize(two, n_trials=5)
    assert study.trials[-1].state == TrialState.COMPLETE


@pytest.mark.parametrize("generation", [-3, 10**9])
def test_a_generation_that_no_trial_can_have_is_brought_into_range(generation):
    study = study_of(NSGAIISampler)
    attrs = {"NSGAIISampler:generation": generation}
    study.add_trial(create_trial(values=[0, 1], params={"x": 0, "y": 0}, distributions=SPACE, system_attrs=attrs))
    study.optimize(two, n_trials=10)
    assert study.trials[-1].state == TrialState.COMPLETE


def first_four(study, population):
    assert all(trial.state == TrialState.COMPLETE for trial in population)
    return population[:4]


@pytest.mark.parametrize("make", GENERATIONAL)
def test_a_chosen_parent_may_be_deleted(make):
    study = study_of(make, elite_population_selection_strategy=first_four)
    study.optimize(two, n_trials=14)
    chosen = [trial.number for trial in study.sampler.get_parent_population(study, 2)]
    study.delete_trial(chosen[0])
    study.optimize(two, n_trials=1)
    assert [trial.number for trial in study.sampler.get_parent_population(study, 2)] == chosen[1:]
    for number in chosen[1:]:
        study.delete_trial(number)
    study.optimize(two, n_trials=1)
    again = [trial.number for trial in study.sampler.get_parent_population(study, 2)]
    assert again and not set(again) & set(chosen)


@pytest.mark.parametrize("n_others", [0, 5])
def test_a_copied_study_has_the_parents_of_its_original(tmp_path, n_others):
    here, there = (f"sqlite:///{tmp_path / name}.db" for name in ("here", "there"))
    study = study_of(NSGAIISampler, here, "a", elite_population_selection_strategy=first_four)
    study.optimize(two, n_trials=14)
    parzen.create_study(storage=there, directions=["minimize"] * 2).optimize(two, n_trials=n_others)
    parzen.copy_study(from_study_name="a", from_storage=here, to_storage=there, to_study_name="b")
    copy = study_of(NSGAIISampler, there, "b", elite_population_selection_strategy=first_four)
    for generation in (1, 2):
        parents = [s.sampler.get_parent_population(s, generation) for s in (study, copy)]
        assert [trial.number for trial in parents[0]] == [trial.number for trial in parents[1]]
    copy.optimize(two, n_trials=2)


@pytest.mark.parametrize("make", SAMPLERS)
def test_a_study_with_added_trials_is_resumed_alike(make, tmp_path):
    old = parzen.create_study(directions=["minimize"] * 2)
    old.optimize(two, n_trials=12)

    def run(is_reopened):
        storage = f"sqlite:///{tmp_path / str(is_reopened)}.db"
        study = study_of(make, storage, "s")
        study.optimize(two, n_trials=8)
        study.add_trials(old.trials[::-1])
        if is_reopened:
            study = study_of(make, storage, "s")
        study.optimize(two, n_trials=20)
        return [trial.params for trial in study.trials[20:]]

    assert run(False) == run(True)


class Stopped(parzen.samplers.BaseGASampler):
    """Breeds from pruned trials, and counts how often it is asked which."""

    def __init__(self):
        super().__init__(population_size=2)
        self.n_asked = 0

    def select_parent(self, study, generation):
        self.n_asked += 1
        return [trial for trial in study.trials if trial.state == TrialState.PRUNED]

    def infer_relative_search_space(self, study, trial):
        return {}

    def sample_relative(self, study, trial, search_space):
        return {}

    def sample_independent(self, study, trial, name, distribution):
        return 0.5


def test_pruned_parents_are_kept_for_all_processes(tmp_path):
    storage = f"sqlite:///{tmp_path}/pruned.db"
    study = parzen.create_study(study_name="s", storage=storage, sampler=Stopped())
    for i in range(6):
        study.tell(study.ask(), *([i] if i % 2 else [None, TrialState.PRUNED]))
    chosen = [trial.number for trial in study.sampler.get_parent_population(study, 1)]
    study.tell(study.ask(), state=TrialState.PRUNED)
    again = parzen.load_study(study_name="s", storage=storage, sampler=Stopped())
    assert [trial.number for trial in again.sampler.get_parent_population(again, 1)] == chosen == [0, 2, 4]
    assert again.sampler.n_asked == 0


def test_threads_ask_a_strategy_once_a_generation():
    asked = []

    def slowly(study, population):
        asked.append(threading.get_ident())
        time.sleep(0.01)
        return population[:4]

    study = study_of(NSGAIISampler, population_size=10, elite_population_selection_strategy=slowly)
    study.optimize(two, n_trials=60, n_jobs=4)
    newest = max(trial.system_attrs["NSGAIISampler:generation"] for trial in study.trials)
    assert len(asked) == newest


# --- values beyond what floats are made for --------------------------------------------------------------------------


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("make", [*SAMPLERS, TPESampler])
def test_fronts_wider_than_the_largest_float(make):
    largest = sys.float_info.max
    study = (
        study_of(make) if make in SAMPLERS else parzen.create_study(directions=["minimize"] * 2, sampler=make(seed=0))
    )
    study.optimize(lambda trial: (largest * (x := trial.suggest_float("x", -1, 1)), -largest * x), n_trials=40)
    assert len(study.best_trials) == 40


@pytest.mark.parametrize("make", [NSGAIISampler, NSGAIIISampler, TPESampler])
def test_constraints_that_are_no_number_are_refused(make):
    with pytest.warns(FutureWarning):
        sampler = make(seed=0, constraints_func=lambda trial: (1.0, math.nan))
    study = parzen.create_study(directions=["minimize"] * 2, sampler=sampler)
    with pytest.raises(ValueError, match="constraint '1' must not be NaN"):
        study.optimize(two, n_trials=1)


def test_a_stored_constraint_that_is_no_number_is_violated():
    study = study_of(NSGAIISampler)
    for listed in ([math.nan, 5.0], [math.nan], [0.0]):
        attrs = {"constraints": listed}
        study.add_trial(create_trial(values=[0, 0], params={"x": 0, "y": 0}, distributions=SPACE, system_attrs=attrs))
    assert [trial.number for trial in study.best_trials] == [2]


# --- users' parts that go wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [5.0, "far", None])
def test_what_a_child_strategy_makes_outside_of_the_range_is_drawn_instead(value):
    study = study_of(NSGAIISampler, population_size=4, child_generation_strategy=lambda *_: {"x": value})
    study.optimize(two, n_trials=8)
    assert all(0 <= trial.params["x"] <= 1 for trial in study.trials)
    batch = study.ask_batch(5, SPACE)  # y, which is never made, as well
    for name in SPACE:
        assert ((batch[name] >= 0) & (batch[name] <= 1)).all()


@pytest.mark.parametrize(
    ("strategies", "error", "message"),
    [
        ({"child_generation_strategy": lambda *_: None}, TypeError, "expected a dict"),
        ({"elite_population_selection_strategy": lambda *_: None}, ValueError, "expected a list of at least one"),
        ({"elite_population_selection_strategy": lambda *_: [1]}, ValueError, "expected a list of at least one"),
    ],
)
def test_strategies_that_give_something_else(strategies, error, message):
    study = study_of(NSGAIISampler, population_size=2, **strategies)
    with pytest.raises(error, match=message):
        study.optimize(two, n_trials=3)


@pytest.mark.parametrize("make", SAMPLERS)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"population_size": 2.5}, "must be an integer greater than or equal to 2, but got 2.5"),
        ({"population_size": "10"}, "must be an integer"),
        ({"population_size": None}, "but got None"),
        ({"crossover": nsgaii.SBXCrossover}, "such as SBXCrossover()"),
        ({"mutation": nsgaii.PolynomialMutation}, "such as PolynomialMutation()"),
        ({"seed": -1}, "`seed` must be a non-negative integer, or None for any, but got -1"),
    ],
)
def test_what_is_refused_when_a_sampler_is_made(make, arguments, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        make(**arguments)


def test_the_size_of_a_population_may_be_set_but_not_to_nothing():
    sampler = NSGAIISampler()
    sampler.population_size = 7
    with pytest.raises(ValueError, match="got 0"):
        sampler.population_size = 0
    assert sampler.population_size == 7


def test_reference_points_are_checked_at_the_first_trial():
    for points in (np.eye(3), [[1.0, math.inf]], [[0.0, 0.0]]):
        study = parzen.create_study(directions=["minimize"] * 2, sampler=NSGAIIISampler(reference_points=points))
        with pytest.raises(ValueError, match="`reference_points` must be of shape"):
            study.ask()
