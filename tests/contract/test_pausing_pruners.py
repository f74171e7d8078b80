"""What every pruner must do that pauses trials and promotes them. A new one joins by one line in `PAUSING`."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contract import pausing
from contract.pausing import PAUSING, Job, curves, jobs, losses, train, work
from contract.rooms import concrete

import parzen
from parzen.pruners import PromotingPruner
from parzen.trial import FrozenTrial, Trial, TrialState

PAUSED, COMPLETE, PRUNED, FAIL = TrialState.PAUSED, TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL
CASES = [(name, m) for name, make in PAUSING.items() for m in ((1, 2) if make().multi_objective else (1,))]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def case(request: pytest.FixtureRequest) -> tuple[str, int]:
    return request.param


@pytest.fixture
def new_study(case: tuple[str, int]) -> Callable[..., parzen.Study]:
    name, n_objectives = case
    return lambda **kwargs: pausing.study_of(PAUSING[name](), n_objectives, **kwargs)


def crowd(study: parzen.Study, n_asks: int, n_workers: int, seed: int = 0) -> list[Job]:
    """What workers do that begin one after the other and end in any order."""
    rng, running, done = random.Random(seed), [], []
    for _ in range(n_asks):
        running.append(study.ask())
        assert max(Counter(trial.number for trial in running).values()) == 1
        if len(running) == n_workers:
            done.append(work(study, running.pop(rng.randrange(n_workers))))
    return done + [work(study, trial) for trial in running]


def reports(trial: FrozenTrial) -> dict[int, list[float]]:
    return {step: list(values) for step, values in trial.intermediate_vectors.items()}


def forked_at(trial: FrozenTrial) -> int:
    return trial.system_attrs.get("parzen:forked_at", 0)


def replaced(study: parzen.Study) -> set[int]:
    """Give the trials whose places children have."""
    attrs = [trial.system_attrs for trial in study.trials]
    return {own["parzen:replaces"] for own in attrs if "parzen:replaces" in own}


def test_every_public_pruner_that_promotes_is_in_the_list() -> None:
    assert concrete(parzen.pruners, PromotingPruner) <= {type(make()) for make in PAUSING.values()}


@pytest.mark.parametrize("name", [name for name, make in PAUSING.items() if not make().multi_objective])
def test_several_objectives_are_refused_before_anything_is_compared(name: str) -> None:
    trial = pausing.study_of(PAUSING[name](), 2).ask()
    trial.report([0.5, 0.5], 1)
    for asked in (trial.should_pause, trial.should_prune):
        with pytest.raises(NotImplementedError, match="pruner that compares 2"):
            asked()


def test_trials_pause_at_their_rungs_and_are_complete_at_the_last_one(new_study: Callable) -> None:
    study = new_study()
    for _ in range(60):
        trial = study.ask()
        levels = study.pruner.levels(trial.number)
        assert trial.resume_step in (0, *levels[:-1])
        assert trial.next_rung == min(level for level in levels if level > trial.resume_step)
        for step in range(trial.resume_step + 1, trial.next_rung + 1):
            rung = trial.next_rung
            trial.report(losses(trial, step), step)
            assert trial.should_pause() == (step == rung != levels[-1])
        trial.set_user_attr("checkpoint", step)
        study.tell(trial, *((losses(trial, step),) if step == levels[-1] else (None, PAUSED)))
    kept = [trial for trial in study.trials if trial.number not in replaced(study)]
    assert {trial.state for trial in kept} == {PAUSED, COMPLETE}


@pytest.mark.parametrize("n_workers", [1, 4])
def test_a_paused_trial_is_resumed_once_and_nothing_is_trained_twice_or_lost(
    new_study: Callable, n_workers: int
) -> None:
    study = new_study()
    done = crowd(study, 60, n_workers)
    assert max(Counter(job[:2] for job in done).values()) == 1
    assert sum(before > 0 for _, before, _ in done) >= 10
    assert {trial.number for trial in study.trials} == {number for number, _, _ in done}
    trained = [trial.last_step - forked_at(trial) for trial in study.trials]
    assert sum(level - before for _, before, level in done) == sum(trained)
    for trial in study.trials:
        is_complete = trial.last_step == study.pruner.levels(trial.number)[-1]
        assert trial.state == (PRUNED if trial.number in replaced(study) else COMPLETE if is_complete else PAUSED)
        steps = range(forked_at(trial) + 1, trial.last_step + 1)
        assert reports(trial) == {step: curves(trial.params["x"], step, len(study.directions)) for step in steps}
        assert trial.user_attrs == {"checkpoint": trial.last_step}


def test_the_best_go_on_first(new_study: Callable) -> None:
    resumed = 0
    for seed in range(5):
        study = new_study(seed=seed)
        for _ in range(13):  # one bracket of the synchronous ones
            waiting = study.get_trials(states=[PAUSED])
            trial = study.ask()
            step = trial.resume_step
            if step and trial.resume_from == trial.number:
                own = reports(study.trials[trial.number])[step]
                others = [reports(other)[step] for other in waiting if other.last_step == step]
                assert not any(beats(other, own) for other in others)
                resumed += 1
            work(study, trial)
    assert resumed >= 15


def beats(a: list[float], b: list[float]) -> bool:
    return a != b and all(x <= y for x, y in zip(a, b, strict=True))


@pytest.mark.slow
def test_a_pickled_study_and_a_new_process_go_on_alike(
    case: tuple[str, int], new_study: Callable, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    study = new_study(storage=url)
    done = jobs(study, 20) + jobs(pickle.loads(pickle.dumps(study)), 20)
    command = [sys.executable, pausing.__file__, url, case[0], "20"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    done += [tuple(map(int, line.split())) for line in output.splitlines()]
    assert done + jobs(study, 10) == jobs(new_study(), 70)


def test_a_seed_repeats_and_another_one_differs(new_study: Callable) -> None:
    def run(seed: int) -> list[Any]:
        study = new_study(seed=seed)
        return [crowd(study, 40, 3), [trial.params for trial in study.trials]]

    assert run(1) == run(1)
    assert run(1)[0] != run(2)[0]


def test_directions_mirror_each_other(case: tuple[str, int], new_study: Callable) -> None:
    name, m = case
    sampler = parzen.samplers.RandomSampler(0)
    study = parzen.create_study(directions=["maximize"] * m, pruner=PAUSING[name](), sampler=sampler)
    for job in jobs(new_study(), 60):
        trial = study.ask()
        assert (trial.number, trial.resume_step, trial.next_rung) == job
        for step in range(job[1] + 1, job[2] + 1):
            turned = [-loss for loss in curves(trial.suggest_float("x", 0, 1), step, m)]
            trial.report(turned if m > 1 else turned[0], step)
        study.tell(trial, *((None, PAUSED) if trial.should_pause() else (turned,)))


def test_optimize_pauses_and_resumes_as_a_loop_of_ones_own(new_study: Callable) -> None:
    seen: list[Job] = []

    def objective(trial: Trial) -> Any:
        seen.append(train(trial))
        if trial.should_pause():
            raise parzen.TrialPaused
        return losses(trial, seen[-1][2])

    new_study().optimize(objective, n_trials=60)
    assert seen == jobs(new_study(), 60)


def test_a_loop_that_never_pauses_stops_trials_instead(new_study: Callable) -> None:
    study = new_study()

    def objective(trial: Trial) -> Any:
        assert trial.resume_step == 0
        for step in range(1, study.pruner.levels(trial.number)[-1] + 1):
            trial.report(losses(trial, step), step)
            if trial.should_prune():
                raise parzen.TrialPruned
        return losses(trial, step)

    study.optimize(objective, n_trials=30)
    assert [trial.number for trial in study.trials] == list(range(30))
    assert {trial.state for trial in study.trials} == {COMPLETE, PRUNED}
    for trial in study.trials:
        levels = study.pruner.levels(trial.number)
        assert trial.last_step in (levels[-1:] if trial.state == COMPLETE else levels[:-1])


def test_trials_that_fail_hold_nobody_up(new_study: Callable) -> None:
    study, resumed = new_study(), 0
    for i in range(60):
        trial = study.ask()
        resumed += trial.resume_step > 0
        if i % 4 == 3:
            study.tell(trial, state=FAIL)
        else:
            work(study, trial)
    assert resumed >= 10
    assert Counter(trial.state for trial in study.trials)[FAIL] == 15


def test_a_trial_whose_worker_has_to_go_between_two_rungs_is_resumed_there(new_study: Callable) -> None:
    study = new_study()
    trial = study.ask()
    while trial.next_rung - trial.resume_step < 2 or not trial.resume_step:
        work(study, trial)
        trial = study.ask()
    step = trial.resume_step + 1
    trial.report(losses(trial, step), step)
    trial.set_user_attr("checkpoint", step)
    study.tell(trial, state=PAUSED)
    assert (trial.number, step, trial.next_rung) in jobs(study, 20)
