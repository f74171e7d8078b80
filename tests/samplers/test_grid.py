"""Grid search: each point once, whoever asks and whatever dies; what is wrong with a grid is said at once."""

from __future__ import annotations

import itertools
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers import GridSampler, RandomSampler
from parzen.trial import TrialState

GRID = {"x": [0.5, 1.5, 2.0], "n": [1, 3], "c": ["a", None]}
SPACE = {"x": FloatDistribution(0, 2), "n": IntDistribution(1, 3), "c": CategoricalDistribution(("a", "b", None))}
POINTS = sorted(itertools.product(*GRID.values()), key=str)


@pytest.fixture(autouse=True)
def quiet():
    parzen.logging.set_verbosity(parzen.logging.ERROR)


def objective(trial):
    return (
        trial.suggest_float("x", 0, 2)
        + trial.suggest_int("n", 1, 3)
        + (trial.suggest_categorical("c", ["a", "b", None]) == "a")
    )


def points(trials):
    return sorted((tuple(trial.params[name] for name in GRID) for trial in trials), key=str)


def study_of(grid=None, **arguments):
    return parzen.create_study(sampler=GridSampler(GRID if grid is None else grid, **arguments))


def test_optimize_tries_each_point_once_and_stops():
    study = study_of(seed=1)
    study.optimize(objective)
    assert points(study.trials) == POINTS
    assert study.sampler.is_exhausted(study)


def test_whoever_goes_on_gets_one_more_trial():
    study = study_of()
    study.optimize(objective)
    study.optimize(objective, n_trials=5)
    assert len(study.trials) == len(POINTS) + 1


def test_ask_and_tell_until_it_is_exhausted():
    study = study_of()
    while not study.sampler.is_exhausted(study):
        study.tell(study.ask(SPACE), 1.0)
    assert points(study.trials) == POINTS


def test_batches_until_it_is_exhausted():
    study = study_of()
    while not study.sampler.is_exhausted(study):
        study.tell_batch(study.ask_batch(4, SPACE), np.zeros(4))
    assert points(study.trials) == POINTS


@pytest.mark.parametrize("n_jobs", [2, 8, 20])
def test_threads_share_the_points(n_jobs):
    study = study_of()
    study.optimize(objective, n_jobs=n_jobs)
    assert points(study.trials) == POINTS


@pytest.mark.slow
def test_workers_of_a_pool_share_the_points():
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(2) as pool:
        study = study_of()
        study.optimize(objective, executor=pool)
    assert points(study.trials) == POINTS


def test_studies_of_one_file_share_the_points(tmp_path):
    """As processes do: each has a sampler of its own, without a seed, and a connection of its own."""
    url = f"sqlite:///{tmp_path}/s.db"
    parzen.create_study(study_name="s", storage=url)
    studies = [parzen.load_study(study_name="s", storage=url, sampler=GridSampler(GRID)) for _ in range(4)]
    together = threading.Barrier(4)

    def work(study):
        def waiting(trial):
            if trial.number < 4:  # all come before the first has tried all points: who comes later tries one more
                together.wait(60)
            return objective(trial)

        study.optimize(waiting)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, studies))
    assert points(studies[0].trials) == POINTS


def test_points_that_are_tried_are_not_given_twice():
    study = study_of()
    trials = [study.ask(SPACE) for _ in POINTS]
    assert study.sampler.is_exhausted(study)
    assert points(trials) == POINTS


def test_the_point_of_a_dead_worker_comes_back():
    study = study_of()
    trials = [study.ask(SPACE) for _ in POINTS]
    study._storage.set_trial_state_values(trials[5]._trial_id, TrialState.FAIL)  # as for a heartbeat that failed
    assert not study.sampler.is_exhausted(study)
    assert study.ask(SPACE).params == trials[5].params
    assert study.sampler.is_exhausted(study)


def test_without_a_heartbeat_a_point_that_was_being_tried_before_comes_last(tmp_path):
    url = f"sqlite:///{tmp_path}/s.db"
    before = parzen.create_study(study_name="s", storage=url, sampler=GridSampler(GRID, seed=1))
    dead = [before.ask(SPACE) for _ in range(3)]
    time.sleep(1.1)
    study = parzen.load_study(study_name="s", storage=url, sampler=GridSampler(GRID, seed=1))
    study.optimize(objective)
    ended = [trial for trial in study.trials if trial.state == TrialState.COMPLETE]
    assert points(ended) == POINTS
    assert points(ended[-3:]) == points(dead)


@pytest.mark.parametrize("retries", [0, 2])
def test_failed_points_count_unless_they_are_to_be_tried_again(retries):
    study = study_of(retries=retries)

    def fails(trial):
        value = objective(trial)
        if trial.params["n"] == 3:
            raise ValueError
        return value

    study.optimize(fails, catch=ValueError)
    assert len(study.trials) == len(POINTS) + retries * len(POINTS) // 2
    assert set(points(study.trials)) == set(POINTS)


def test_pruned_points_count():
    study = study_of()

    def pruned(trial):
        objective(trial)
        raise parzen.TrialPruned

    study.optimize(pruned)
    assert points(study.trials) == POINTS


def test_enqueued_trials_and_those_of_other_samplers_take_no_point():
    study = study_of()
    study.enqueue_trial({"x": 0.5, "n": 1, "c": "a"})
    study.enqueue_trial({"x": 0.5})
    study.optimize(objective)
    assert points(study.trials[2:]) == POINTS
    study.sampler = RandomSampler(1)
    study.optimize(objective, n_trials=5)
    study.sampler = GridSampler({"x": [1.0, 1.25]})
    study.optimize(lambda trial: trial.suggest_float("x", 0, 2))
    assert sorted(trial.params["x"] for trial in study.trials[-2:]) == [1.0, 1.25]


def test_a_retried_trial_holds_its_point():
    study = study_of()
    trial = study.ask(SPACE)
    parzen.storages.RetryHeartbeatStaleTrialCallback()(study, study.trials[0])
    study.optimize(objective)
    assert points(study.trials[1:]) == POINTS
    assert study.trials[1].params == trial.params


@given(st.integers(1, 6), st.integers(1, 5), st.lists(st.sampled_from("akftb"), max_size=40), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_whatever_happens_each_point_is_told_once(n, m, events, seed):
    """Asks, ends, failures, deaths and batches in any order; then all that is left."""
    space = {"a": IntDistribution(1, n), "b": IntDistribution(1, m)}
    study = study_of({"a": list(range(1, n + 1)), "b": list(range(1, m + 1))}, seed=seed)
    running = []

    def take():
        if not study.sampler.is_exhausted(study):
            running.append(study.ask(space))

    for event in events:
        if event == "a" or not running:
            take()
        elif event == "k":
            study._storage.set_trial_state_values(running.pop()._trial_id, TrialState.FAIL)
            study.look_again()
        elif event == "f":
            study.tell(running.pop(0), state=TrialState.FAIL)
        elif event == "t":
            study.tell(running.pop(0), 1.0)
        elif not study.sampler.is_exhausted(study):
            running.extend(study.ask_batch(1, space).trials)
    for trial in running:
        study.tell(trial, 1.0)
    while not study.sampler.is_exhausted(study):
        study.tell(study.ask(space), 1.0)
    dead = [t for t in study.trials if t.state == TrialState.FAIL and "parzen:told" not in t.system_attrs]
    told = [(t.params["a"], t.params["b"]) for t in study.trials if t not in dead]
    assert sorted(told) == sorted(itertools.product(range(1, n + 1), range(1, m + 1)))


def test_a_huge_grid_costs_no_memory():
    # 10^12 points: what is held grows with the trials alone.
    grid = {f"x{i}": list(range(1000)) for i in range(4)}
    study = study_of(grid, seed=1)
    space = {name: IntDistribution(0, 999) for name in grid}
    study.tell(study.ask(space), 1.0)
    tracemalloc.start()
    for _ in range(100):
        study.tell(study.ask(space), 1.0)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 2**20
    assert len({tuple(trial.params.values()) for trial in study.trials}) == 101


# --- grids -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grid", "error", "says"),
    [
        ({"x": [1.0, float("nan")]}, ValueError, "`nan` is invalid value"),
        ({"x": []}, ValueError, "no values"),
        ({"x": "abc"}, ValueError, r"try \['abc'\]"),
        ({"x": 3}, TypeError, r"try \[3\]"),
        ({3: [1]}, TypeError, "Names of parameters are strings"),
        ([1], TypeError, "`search_space` must give"),
    ],
)
def test_a_grid_that_is_none_is_refused(grid, error, says):
    with pytest.raises(error, match=says):
        GridSampler(grid)


def test_a_value_that_is_given_twice_counts_once():
    with pytest.warns(UserWarning, match="has the value 1 twice"):
        study = study_of({"x": [1, 1, True, 1.0, 2]})
    assert study.sampler._axes == {"x": [1, True, 1.0, 2]}


def test_values_of_other_types_are_told():
    with pytest.warns(UserWarning, match="not supported by `GridSampler`"):
        GridSampler({"x": [object()]})


def test_numbers_among_strings_are_told(capsys):
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    GridSampler({"x": [1, "a"]})
    assert "numbers and strings" in capsys.readouterr().err


def test_values_of_numpy_are_taken():
    study = study_of({"x": np.linspace(0, 1, 3), "n": np.arange(2)})
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1) + trial.suggest_int("n", 0, 1))
    assert sorted(tuple(t.params.values()) for t in study.trials) == [(x, n) for x in (0.0, 0.5, 1.0) for n in (0, 1)]


def test_a_value_out_of_range_is_used_and_told():
    study = study_of({"x": [5.0]})
    with pytest.warns(UserWarning, match="The value `5.0` is out of range of the parameter `x`"):
        assert study.ask().suggest_float("x", 0, 1) == 5.0


def test_a_parameter_that_is_not_in_the_grid_is_refused():
    with pytest.raises(ValueError, match="The parameter name, z, is not found in the given grid"):
        study_of().ask().suggest_float("z", 0, 1)
