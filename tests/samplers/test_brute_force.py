"""Exhaustive search: each leaf of the tree of choices once, whatever its shape, whoever asks and whatever dies."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers import BruteForceSampler
from parzen.samplers.tree import Lot, Node
from parzen.trial import TrialState

SPACE = {"a": IntDistribution(2, 6, step=2), "b": FloatDistribution(0, 1, step=0.5), "c": CategoricalDistribution("xy")}
POINTS = sorted(itertools.product([2, 4, 6], [0.0, 0.5, 1.0], "xy"))


@pytest.fixture(autouse=True)
def quiet():
    parzen.logging.set_verbosity(parzen.logging.ERROR)


def plain(trial):
    return (
        trial.suggest_int("a", 2, 6, step=2)
        + trial.suggest_float("b", 0, 1, step=0.5)
        + len(trial.suggest_categorical("c", "xy"))
    )


def branches(trial):
    kind = trial.suggest_categorical("kind", ["p", "q", "r"])
    if kind == "p":
        return trial.suggest_int("i", 0, 2)
    if kind == "q":
        return trial.suggest_int("one", 4, 4) + trial.suggest_int("j", 1, 8, log=True)
    n = trial.suggest_int("n", 1, 3)
    return sum(trial.suggest_int(f"m{k}", 0, 1) for k in range(n))


N_BRANCHES = 3 + 8 + 2 + 4 + 8


def points(trials):
    return Counter(tuple(sorted(trial.params.items(), key=str)) for trial in trials)


def are_all_once(study, n):
    found = points(study.trials)
    return len(found) == n and set(found.values()) == {1}


def study_of(**arguments):
    return parzen.create_study(sampler=BruteForceSampler(**arguments))


@pytest.mark.parametrize(("objective", "n"), [(plain, 18), (branches, N_BRANCHES), (lambda trial: 1.0, 1)])
@pytest.mark.parametrize("avoids", [False, True])
def test_optimize_tries_each_leaf_once_and_stops(objective, n, avoids):
    study = study_of(seed=1, avoid_premature_stop=avoids)
    study.optimize(objective)
    assert are_all_once(study, n)
    assert study.sampler.is_exhausted(study)
    study.optimize(objective, n_trials=3)
    assert len(study.trials) == n + 1


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_threads_try_each_leaf_once(n_jobs):
    study = study_of(seed=1)

    def slow(trial):
        time.sleep(0.002)
        return branches(trial)

    while not study.sampler.is_exhausted(study):
        study.optimize(slow, n_jobs=n_jobs)
    assert are_all_once(study, N_BRANCHES)


def test_studies_of_one_file_share_the_leaves(tmp_path):
    url = f"sqlite:///{tmp_path}/s.db"
    parzen.create_study(study_name="s", storage=url)
    studies = [parzen.load_study(study_name="s", storage=url, sampler=BruteForceSampler()) for _ in range(4)]
    together = threading.Barrier(4)

    def waiting(trial):
        if trial.number < 4:  # all come before the first has tried all leaves: who comes later tries one more
            together.wait(60)
        return branches(trial)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda study: study.optimize(waiting), studies))
    if not studies[0].sampler.is_exhausted(studies[0]):
        studies[0].optimize(branches)
    assert are_all_once(studies[0], N_BRANCHES)


def test_ask_and_tell_until_it_is_exhausted():
    study = study_of(seed=2)
    while not study.sampler.is_exhausted(study):
        trial = study.ask()
        study.tell(trial, branches(trial))
    assert are_all_once(study, N_BRANCHES)


@pytest.mark.parametrize("n", [1, 5, 18])
def test_batches_until_it_is_exhausted(n):
    study = study_of(seed=2)
    while not study.sampler.is_exhausted(study):
        batch = study.ask_batch(min(n, 18 - len(study.trials)), SPACE)
        study.tell_batch(batch, np.zeros(len(batch)))
    assert sorted(tuple(trial.params.values()) for trial in study.trials) == POINTS


def test_trials_at_once_go_different_ways_from_the_first_on():
    study = study_of(seed=3)
    trials = [study.ask() for _ in range(18)]
    for trial in trials:
        plain(trial)
    assert sorted(tuple(trial.params.values()) for trial in trials) == POINTS


def test_the_leaf_of_a_dead_worker_comes_back():
    study = study_of(seed=1)
    trials = [study.ask(SPACE) for _ in range(18)]
    study._storage.set_trial_state_values(trials[7]._trial_id, TrialState.FAIL)  # as for a heartbeat that failed
    for trial in trials[:7] + trials[8:]:
        study.tell(trial, 1.0)
    assert not study.sampler.is_exhausted(study)
    study.optimize(plain)
    assert len(study.trials) == 19
    assert study.trials[18].params == trials[7].params


@pytest.mark.parametrize("retries", [0, 2])
def test_failed_leaves_count_unless_they_are_to_be_tried_again(retries):
    study = study_of(retries=retries)

    def fails(trial):
        x = trial.suggest_int("x", 0, 3)
        if x % 2:
            raise ValueError
        return x

    study.optimize(fails, catch=ValueError)
    assert Counter(trial.params["x"] for trial in study.trials) == {0: 1, 2: 1, 1: 1 + retries, 3: 1 + retries}


def test_trials_that_end_early_count():
    study = study_of(seed=1)

    def early(trial):
        x = trial.suggest_int("x", 0, 2)
        if x == 1:
            raise parzen.TrialPruned
        return trial.suggest_int("y", 0, 1)

    study.optimize(early)
    assert are_all_once(study, 5)


def test_enqueued_points_are_not_tried_again():
    study = study_of(seed=1)
    study.enqueue_trial({"a": 4, "b": 0.5, "c": "y"})
    study.enqueue_trial({"a": 2})
    study.optimize(plain)
    assert are_all_once(study, 18)


def test_ranges_may_move_and_choices_change():
    study = study_of(seed=1)
    study.optimize(lambda trial: trial.suggest_int("x", 0, 3) + len(trial.suggest_categorical("c", ["a", "b"])))
    study.optimize(lambda trial: trial.suggest_int("x", 2, 5) + len(trial.suggest_categorical("c", ["b", "c"])))
    told = Counter(tuple(trial.params.values()) for trial in study.trials[8:])
    assert {point for point in told if point[0] >= 2} >= set(itertools.product([4, 5], "bc"))
    assert len(study.trials) <= 8 + 8 + 2


def test_another_parameter_after_the_same_values_is_refused():
    study = study_of(seed=1)
    study.optimize(lambda trial: trial.suggest_int("x", 0, 0) + trial.suggest_int("y", 0, 3), n_trials=1)
    with pytest.raises(ValueError, match=r"param_name mismatch: after .* suggests 'z', but an earlier one 'y'"):
        study.optimize(lambda trial: trial.suggest_int("x", 0, 0) + trial.suggest_int("z", 0, 3), n_trials=1)


def test_what_has_no_end_is_refused():
    with pytest.raises(ValueError, match=r"FloatDistribution\.step must be given for BruteForceSampler"):
        study_of().ask().suggest_float("x", 0, 1)


@given(st.lists(st.sampled_from("akft"), max_size=30), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_whatever_happens_each_leaf_is_told_once(events, seed):
    """Asks, ends, failures and deaths in any order; then all that is left."""
    study = study_of(seed=seed, avoid_premature_stop=False)
    running = []
    for event in events:
        if event == "a" or not running:
            if not study.sampler.is_exhausted(study):
                running.append(study.ask(SPACE))
        elif event == "k":
            study._storage.set_trial_state_values(running.pop()._trial_id, TrialState.FAIL)
            study.look_again()
        elif event == "f":
            study.tell(running.pop(0), state=TrialState.FAIL)
        else:
            study.tell(running.pop(0), 1.0)
    for trial in running:
        study.tell(trial, 1.0)
    while not study.sampler.is_exhausted(study):
        study.tell(study.ask(SPACE), 1.0)
    dead = [t for t in study.trials if t.state == TrialState.FAIL and "parzen:told" not in t.system_attrs]
    assert sorted(tuple(t.params.values()) for t in study.trials if t not in dead) == POINTS


# --- the tree --------------------------------------------------------------------------------------------------------


@given(st.integers(1, 30), st.randoms(use_true_random=False))
def test_a_lot_holds_what_was_not_removed(n, random):
    lot, left = Lot(n), set(range(n))
    while left:
        assert {lot.draw(place) for place in range(lot.n_left)} == left
        assert {number for number in range(-1, n + 1) if number in lot} == left
        number = lot.draw(random.randrange(lot.n_left))
        lot.remove(number)
        left.remove(number)
    assert sorted(lot.removed()) == list(range(n))


def test_what_is_done_is_dropped():
    root = Node()
    root.expand("x", IntDistribution(0, 1))
    for x in range(2):
        node = root.child(x)
        node.expand("y", IntDistribution(0, 9))
        assert root.n_leaves == (11 if x == 0 else 10)
        for y in range(10):
            node.child(y).done()
        assert root.child(x) is None
    assert root.n_leaves == 0
    assert root.children == {}
