"""Synchronous Hyperband."""

from __future__ import annotations

import math
import pickle
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promoting import halving_jobs, jobs, study_of, train

from parzen.engine.brackets import hyperband_table
from parzen.pruners import ASHAPruner, SyncHyperbandPruner
from parzen.trial import TrialState

PAUSED = TrialState.PAUSED


def scrambled(number: int, step: int) -> float:
    return round(math.sin(1e4 * (number + 1) * (step + 1)), 2)  # with ties


def test_table_1_of_the_paper_at_work() -> None:
    # Li et al. (2018), Table 1: R = 81, eta = 3; after the last bracket it starts again.
    pruner = SyncHyperbandPruner(81)
    done = jobs(study_of(pruner), scrambled, 187 + 10)
    expected, first = [], 0
    for bracket in hyperband_table(1, 81, 3):
        expected += halving_jobs(bracket.sizes, bracket.resources, scrambled, first)
        first += bracket.sizes[0]
    assert len(expected) == 187
    assert done == expected + [(first + i, 0, 1) for i in range(10)]
    table = {b.sizes[0]: b.resources[0] for b in hyperband_table(1, 81, 3)}
    assert table == {81: 1, 27: 3, 9: 9, 6: 27, 5: 81}


@given(low=st.integers(1, 4), high=st.integers(4, 30), eta=st.integers(2, 4))
@settings(max_examples=30, deadline=None)
def test_one_bracket_is_successive_halving(low: int, high: int, eta: int) -> None:
    bracket = hyperband_table(low, high, eta)[0]
    expected = halving_jobs(bracket.sizes, bracket.resources, scrambled)
    pruner = SyncHyperbandPruner(high, low, eta, n_brackets=1)
    assert jobs(study_of(pruner), scrambled, len(expected)) == expected


def test_several_objectives_that_agree_are_one() -> None:
    single = jobs(study_of(SyncHyperbandPruner(27)), scrambled, 90)
    double = jobs(study_of(SyncHyperbandPruner(27), m=2), lambda *a: [scrambled(*a)] * 2, 90)
    assert single == double


@pytest.mark.parametrize("n_workers", [2, 5, 30])
def test_workers_promote_what_one_worker_would(n_workers: int) -> None:
    # Whatever order trials come in, the rungs of each bracket hold the same trials in the end.
    rng, study, running = random.Random(n_workers), study_of(SyncHyperbandPruner(9)), []
    for _ in range(400):
        while len(running) < n_workers:
            running.append(study.ask())
        train(study, running.pop(rng.randrange(n_workers)), scrambled)
    steps = {trial.number: trial.last_step for trial in study.trials if trial.state in (PAUSED, TrialState.COMPLETE)}
    whole = range(2 * (9 + 3 + 3))  # of the first two iterations
    alone = study_of(SyncHyperbandPruner(9))
    jobs(alone, scrambled, 400)
    assert [steps[number] for number in whole] == [alone.trials[number].last_step for number in whole]


def test_nobody_waits_for_a_rung() -> None:
    study = study_of(SyncHyperbandPruner(9))
    asked = [study.ask() for _ in range(12)]
    assert [trial.next_rung for trial in asked] == [1] * 9 + [3] * 3
    assert study.ask().next_rung == 9  # the third bracket
    for trial in asked[:8]:
        train(study, trial, scrambled)
    assert study.ask().resume_step == 0
    train(study, asked[8], scrambled)
    assert study.ask().resume_step == 1


@pytest.mark.parametrize("state", [TrialState.FAIL, TrialState.PRUNED])
def test_a_rung_does_not_wait_for_trials_that_ended(state: TrialState) -> None:
    study = study_of(SyncHyperbandPruner(9))
    for number in range(9):
        trial = study.ask()
        if number < 7:
            study.tell(trial, state=state)
        else:
            train(study, trial, scrambled)
    resumed = [study.ask() for _ in range(3)]
    assert sorted(trial.number for trial in resumed)[:2] == [7, 8]
    assert sorted(trial.resume_step for trial in resumed) == [0, 1, 1]


def test_a_bracket_in_which_all_fail_is_over() -> None:
    study = study_of(SyncHyperbandPruner(9))
    for _ in range(9):
        study.tell(study.ask(), state=TrialState.FAIL)
    assert study.ask().next_rung == 3


def test_a_promoted_trial_that_comes_back_is_resumed_again() -> None:
    study = study_of(SyncHyperbandPruner(9))
    jobs(study, scrambled, 9)
    trial = study.ask()
    assert trial.resume_step == 1
    trial.report(0.5, 2)
    study.tell(trial, state=PAUSED)  # its worker has to go
    numbers = []
    for _ in range(3):
        again = study.ask()
        numbers.append(again.number)
        if again.number == trial.number:
            assert again.resume_step == 2
    assert trial.number in numbers


@pytest.mark.parametrize("n", [20, 100, 300])
def test_a_new_process_goes_on_alike(n: int, tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    study = study_of(SyncHyperbandPruner(27), storage=url, study_name="s")
    jobs(study, scrambled, n)
    expected = study.pruner.promote(study)
    assert pickle.loads(pickle.dumps(study.pruner)).promote(study) == expected
    import parzen

    other = parzen.load_study(study_name="s", storage=parzen.storages.SQLiteStorage(url))
    assert SyncHyperbandPruner(27).promote(other) == expected


def test_trials_that_another_pruner_took_further_become_complete() -> None:
    study = study_of(ASHAPruner(81, reduction_factor=3))
    jobs(study, scrambled, 60)
    study.pruner = SyncHyperbandPruner(9)
    jobs(study, scrambled, 60)
    assert sum(trial.state == TrialState.COMPLETE for trial in study.trials[:30]) >= 5


def test_an_old_loop_stops_trials() -> None:
    import parzen

    def objective(trial: parzen.Trial) -> float:
        for step in range(1, 10):
            trial.report(trial.number + 1 / step, step)
            if trial.should_prune():
                raise parzen.TrialPruned
        return 0.0

    study = study_of(SyncHyperbandPruner(9))
    study.optimize(objective, n_trials=13)
    steps = [trial.last_step for trial in study.trials]
    assert steps == [9] + [1] * 8 + [9] + [3] * 2 + [9]  # in each bracket the first one is the best


@pytest.mark.parametrize(
    ("arguments", "name"), [((9, 10), "max_resource"), ((9, 1, 1), "reduction_factor"), ((9, 1, 3, 4), "n_brackets")]
)
def test_wrong_arguments(arguments: tuple[Any, ...], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        SyncHyperbandPruner(*arguments)
