"""ASHA with promotions."""

from __future__ import annotations

import math
import pickle
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promoting import asha_jobs, jobs, study_of, train

import parzen
from parzen.engine.history import Completion
from parzen.engine.kernels import crowding
from parzen.engine.study.telling import pause_again
from parzen.pruners import ASHAPruner, MedianPruner
from parzen.pruners.rung import ParetoRung, Rung
from parzen.trial import TrialState

PAUSED = TrialState.PAUSED


def scrambled(number: int, step: int) -> float:
    """A loss without any order: curves cross all the time."""
    return math.sin(1e4 * (number + 1) * (step + 1))


# --- the algorithm ---------------------------------------------------------------------------------------------------


def test_the_example_of_the_paper() -> None:
    # Nine configurations, eta = 3, rungs 1, 3 and 9: 1, 6 and 8 are promoted to rung 1 and 8 to rung 2, each as soon as
    # it can be. Configurations count from 1 in the paper and trials from 0 here.
    low = {1: 0.1, 6: 0.2, 8: 0.3}
    high = {1: 0.5, 6: 0.4, 8: 0.3}

    def curve(number: int, step: int) -> float:
        return low.get(number + 1, 1.0 + number) if step == 1 else high[number + 1]

    study = study_of(ASHAPruner(9, reduction_factor=3))
    order = [(number + 1, step) for number, _, step in jobs(study, curve, 13)]
    first = [(i, 1) for i in range(1, 10)]
    assert order == [*first[:3], (1, 3), *first[3:6], (6, 3), *first[6:], (8, 3), (8, 9)]
    assert study.best_trial.number + 1 == 8


@given(
    low=st.integers(1, 3), high=st.integers(3, 40), eta=st.integers(2, 4), seed=st.integers(0, 9), n=st.integers(1, 60)
)
@settings(max_examples=40, deadline=None)
def test_it_does_what_algorithm_2_says(low: int, high: int, eta: int, seed: int, n: int) -> None:
    pruner = ASHAPruner(high, low, eta)

    def curve(number: int, step: int) -> float:
        return round(scrambled(number + 100 * seed, step), 1)  # with ties

    expected = asha_jobs(pruner.levels(0), eta, curve, n)
    assert jobs(study_of(pruner), curve, n) == expected


def test_the_rate_leaves_out_low_rungs() -> None:
    assert ASHAPruner(81, reduction_factor=3).levels(5) == (1, 3, 9, 27, 81)
    assert ASHAPruner(81, reduction_factor=3, min_early_stopping_rate=2).levels(5) == (9, 27, 81)
    assert ASHAPruner(100, 2, 4).levels(0) == (2, 8, 32, 100)
    assert ASHAPruner(7, 7).levels(0) == (7,)


def test_directions_mirror_each_other() -> None:
    minimized = jobs(study_of(ASHAPruner(27, reduction_factor=3)), scrambled, 60)
    study = parzen.create_study(direction="maximize", pruner=ASHAPruner(27, reduction_factor=3))
    assert jobs(study, lambda number, step: -scrambled(number, step), 60) == minimized


def test_several_objectives_that_agree_are_one() -> None:
    def twice(number: int, step: int) -> list[float]:
        return [scrambled(number, step)] * 2

    pruner = ASHAPruner(27, reduction_factor=3)
    assert jobs(study_of(pruner, m=2), twice, 60) == jobs(study_of(pruner), scrambled, 60)


def test_the_front_is_promoted_before_what_it_dominates() -> None:
    points = [[0.0, 3.0], [3.0, 0.0], [1.0, 1.0], [4.0, 4.0], [2.0, 2.0], [5.0, 5.0]]
    study = study_of(ASHAPruner(4, reduction_factor=2), m=2)
    done = jobs(study, lambda number, step: points[number], 9)
    promoted = [number for number, before, _ in done if before == 1]
    assert set(promoted) <= {0, 1, 2}
    assert study.trials[promoted[0]].intermediate_vectors[2] == points[promoted[0]]


@pytest.mark.parametrize("m", [1, 2])
def test_nan_is_the_worst_and_nothing_breaks(m: int) -> None:
    def odd(number: int, step: int) -> Any:
        value = [math.nan, math.inf, -math.inf, 0.0, 1.0][number % 5]
        return value if m == 1 else [value, 1.0]

    study = study_of(ASHAPruner(9, reduction_factor=3), m=m)
    for _ in range(40):
        trial = study.ask()
        for step in range(trial.resume_step + 1, trial.next_rung + 1):
            trial.report(odd(trial.number, step), step)
        study.tell(trial, state=PAUSED if trial.should_pause() else TrialState.PRUNED)
    promoted = {trial.number % 5 for trial in study.trials if trial.last_step > 1}
    assert 2 in promoted
    assert promoted.isdisjoint({0, 1})


# --- pausing ---------------------------------------------------------------------------------------------------------


def test_a_resumed_trial_has_what_it_had() -> None:
    study = study_of(ASHAPruner(9, reduction_factor=3))
    for _ in range(3):
        trial = study.ask()
        x = trial.suggest_float("x", 0, 1)
        assert (trial.resume_step, trial.next_rung) == (0, 1)
        trial.report(trial.number, 1)
        trial.set_user_attr("checkpoint", f"{trial.number}.pt")
        assert trial.should_pause()
        study.tell(trial, state=PAUSED)
    first = study.trials[0]
    assert (first.state, first.value) == (PAUSED, 0.0)
    again = study.ask()
    assert (again.number, again.resume_step, again.next_rung) == (0, 1, 3)
    assert again.user_attrs == {"checkpoint": "0.pt"}
    assert again.params == first.params
    assert again.suggest_float("x", 0, 1) == first.params["x"] != x
    assert study.trials[0].state == TrialState.RUNNING
    assert study.trials[0].value is None


def test_sparse_steps_complete_every_rung_passed() -> None:
    study = study_of(ASHAPruner(81, reduction_factor=3))
    trial = study.ask()
    trial.report(0.5, 10)
    assert trial.should_pause()
    assert trial.next_rung == 27
    assert trial.should_pause()  # until it reports again, though the rungs are noted already
    completions = list(study.history.rungs.since(0))
    assert completions == [Completion(0, rung, (0.5,)) for rung in range(3)]


def test_a_trial_paused_before_its_first_rung_goes_on_first() -> None:
    study = study_of(ASHAPruner(9, 3, 3))
    trial = study.ask()
    trial.report(0.5, 1)
    assert not trial.should_pause()
    study.tell(trial, state=PAUSED)
    again = study.ask()
    assert (again.number, again.resume_step, again.next_rung) == (0, 1, 3)


def test_enqueued_trials_come_first() -> None:
    study = study_of(ASHAPruner(3, reduction_factor=3))
    jobs(study, scrambled, 3)
    study.enqueue_trial({"x": 0.25})
    assert study.ask().number == 3
    assert study.ask().resume_step == 1


def test_optimize_pauses_and_resumes() -> None:
    seen: list[tuple[int, int]] = []

    def objective(trial: parzen.Trial) -> float:
        seen.append((trial.number, trial.resume_step))
        for step in range(trial.resume_step + 1, trial.next_rung + 1):
            trial.report(scrambled(trial.number, step), step)
        if trial.should_pause():
            raise parzen.TrialPaused
        return scrambled(trial.number, 9)

    study = study_of(ASHAPruner(9, reduction_factor=3))
    study.optimize(objective, n_trials=40)
    expected = asha_jobs((1, 3, 9), 3, scrambled, 40)
    assert seen == [(number, before) for number, before, _ in expected]
    assert {trial.state for trial in study.trials} == {PAUSED, TrialState.COMPLETE}


def test_an_old_loop_stops_trials() -> None:
    def objective(trial: parzen.Trial) -> float:
        for step in range(1, 28):
            trial.report(trial.number + 1 / step, step)  # later ones are worse
            if trial.should_prune():
                raise parzen.TrialPruned
        return float(trial.number)

    study = study_of(ASHAPruner(27, reduction_factor=3))
    study.optimize(objective, n_trials=12)
    states = [trial.state for trial in study.trials]
    assert states == [TrialState.COMPLETE] + [TrialState.PRUNED] * 11
    assert [trial.last_step for trial in study.trials] == [27] + [1] * 11


def test_ctrl_c_pauses_a_resumed_trial_again() -> None:
    study = study_of(ASHAPruner(3, reduction_factor=3))
    jobs(study, scrambled, 3)
    best = min(range(3), key=lambda number: scrambled(number, 1))

    def interrupted(trial: parzen.Trial) -> float:
        trial.report(0.0, 2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        study.optimize(interrupted, n_trials=1)
    assert study.trials[best].state == PAUSED
    again = study.ask()
    assert (again.number, again.resume_step) == (best, 1)  # behind its checkpoint, not behind what it had reported
    again.report(1.0, 2)  # without a warning, and the first report counts
    assert study.trials[best].intermediate_values[2] == 0.0


def died_at(study: parzen.Study, step: int) -> parzen.Trial:
    """Resume trial 0, which paused at step 1, once more: behind its checkpoint a process came to a step and died."""
    dead = study.resume(0)
    for late in range(2, step + 1):
        dead.report(0.5, late)
    pause_again(study, dead._record)
    return study.resume(0)


@pytest.mark.parametrize("died", [2, 3, 5])
def test_a_rung_that_a_dead_process_came_to_is_reached_by_training(died: int) -> None:
    study = study_of(ASHAPruner(9, reduction_factor=3))
    jobs(study, scrambled, 1)
    again = died_at(study, died)
    pauses = []
    for step in (2, 3):
        again.report(1.0, step)
        pauses.append(again.should_pause())
    assert pauses == [False, True]
    study.tell(again, state=PAUSED)
    assert study.resume(0).resume_step == 3


def test_a_trial_with_the_reports_of_a_dead_one_is_trained_all_the_same() -> None:
    study = study_of(ASHAPruner(9, 3, 3))
    reported = dict.fromkeys(range(8), 1.0)
    study.add_trial(parzen.trial.create_trial(state=TrialState.WAITING, intermediate_values=reported))
    trial = study.ask()
    pauses = []
    for step in (1, 2, 3):
        with pytest.warns(UserWarning, match="already reported"):
            trial.report(0.5, step)
        pauses.append(trial.should_pause())
    assert pauses == [False, False, True]
    study.tell(trial, state=PAUSED)
    assert study.resume(0).resume_step == 3


@pytest.mark.parametrize("by", ["trial", "number", "optimize"])
def test_a_pause_by_hand_is_at_the_step_of_the_checkpoint(by: str) -> None:
    study = study_of(ASHAPruner(9, reduction_factor=3))
    jobs(study, scrambled, 1)
    again = died_at(study, 6)
    if by == "optimize":
        pause_again(study, again._record)
        study.ask = lambda: study.resume(0)  # type: ignore[method-assign]
        study.optimize(pause_at_4, n_trials=1)
    else:
        again.report(1.0, 4)
        study.tell(again if by == "trial" else again.number, state=PAUSED)
    assert study.resume(0).resume_step == (6 if by == "number" else 4)  # a number does not know


def pause_at_4(trial: parzen.Trial) -> float:
    trial.report(1.0, 4)
    raise parzen.TrialPaused


def test_should_pause_may_be_asked_twice() -> None:
    study = study_of(ASHAPruner(9, reduction_factor=3))
    trial = study.ask()
    trial.report(0.5, 1)
    assert [trial.should_pause() for _ in range(2)] == [True, True]
    trial.report(0.5, 2)  # it goes on all the same
    assert not trial.should_pause()


@pytest.mark.parametrize("in_batch", [False, True])
def test_a_promoted_trial_that_cannot_suggest_waits_again(in_batch: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_of(ASHAPruner(3, reduction_factor=3))
    jobs(study, scrambled, 3)

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(parzen.Trial, "suggest_all", interrupted)
    space = {"y": parzen.distributions.FloatDistribution(0, 1)}
    with pytest.raises(KeyboardInterrupt):
        _ = study.ask_batch(1, space) if in_batch else study.ask(space)
    assert [trial.state for trial in study.trials] == [PAUSED] * 3


def test_a_batch_takes_promoted_trials_first() -> None:
    space = {"x": parzen.distributions.FloatDistribution(0, 1)}
    study = study_of(ASHAPruner(9, reduction_factor=3))
    for size, resumed in ((9, 0), (9, 3), (9, 3)):
        batch = study.ask_batch(size, space)
        assert sum(trial.resume_step > 0 for trial in batch.trials) >= resumed
        for trial, x in zip(batch.trials, batch["x"], strict=True):
            assert trial.params["x"] == x
            for step in range(trial.resume_step + 1, trial.next_rung + 1):
                trial.report(x + 1 / step, step)
        states = [PAUSED if trial.should_pause() else None for trial in batch.trials]
        study.tell_batch(batch, batch["x"], states)
    assert study.history.n < 27


def test_a_batch_that_fails_leaves_trials_paused() -> None:
    study = study_of(ASHAPruner(3, reduction_factor=3))
    jobs(study, scrambled, 3)

    class Broken(parzen.samplers.RandomSampler):
        def sample(self, *args: Any, **kwargs: Any) -> Any:
            raise ZeroDivisionError

    study.sampler = Broken()
    with pytest.raises(ZeroDivisionError):
        study.ask_batch(2, {"y": parzen.distributions.FloatDistribution(0, 1)})
    assert not study.history.live or study.trials[0].state != TrialState.WAITING


def test_other_pruners_pause_nothing() -> None:
    study = study_of(MedianPruner())
    trial = study.ask()
    trial.report(0.5, 1)
    assert (trial.should_pause(), trial.next_rung, trial.resume_step) == (False, None, 0)


def test_resuming_by_hand() -> None:
    study = study_of(MedianPruner())
    trial = study.ask()
    trial.report(0.5, 4)
    study.tell(trial, state=PAUSED)
    assert study.ask().number == 1  # nobody promotes it
    with pytest.raises(ValueError, match="paused"):
        study.resume(7)
    again = study.resume(0)
    assert again.resume_step == 4
    with pytest.raises(ValueError, match="paused"):
        study.resume(0)
    study.tell(again, 0.25)
    assert study.best_value == 0.25


def test_a_paused_trial_cannot_be_told() -> None:
    study = study_of(ASHAPruner(3, reduction_factor=3))
    jobs(study, scrambled, 1)
    with pytest.raises(ValueError, match="PAUSED"):
        study.tell(0, 1.0)
    trial = study.ask()
    with pytest.raises(ValueError, match="Values"):
        study.tell(trial, 1.0, state=PAUSED)


# --- the rest --------------------------------------------------------------------------------------------------------


def test_a_pickled_pruner_and_a_new_one_go_on_alike() -> None:
    study = study_of(ASHAPruner(27, reduction_factor=3))
    jobs(study, scrambled, 50)
    expected = study.pruner.promote(study)
    for pruner in (pickle.loads(pickle.dumps(study.pruner)), ASHAPruner(27, reduction_factor=3)):
        assert pruner.promote(study) == expected


def test_the_leader_is_the_best_of_the_highest_rung() -> None:
    study = study_of(ASHAPruner(27, reduction_factor=3))
    assert study.pruner.leader(study) is None
    jobs(study, lambda number, step: abs(number - 4) + 1 / step, 9)
    leader = study.pruner.leader(study)
    assert (leader.number, leader.state) == (4, PAUSED)
    assert leader.last_step == max(trial.last_step for trial in study.trials)
    jobs(study, lambda number, step: abs(number - 4) + 1 / step, 80)
    assert study.pruner.leader(study).number == study.best_trial.number == 4


def test_the_leader_did_not_fail() -> None:
    study = study_of(ASHAPruner(9, reduction_factor=3))
    for value, state in ((0.5, PAUSED), (0.1, TrialState.FAIL)):
        trial = study.ask()
        trial.report(value, 1)
        assert trial.should_pause()
        study.tell(trial, state=state)
    assert study.pruner.leader(study).number == 0
    study.delete_trial(0)
    assert study.pruner.leader(study) is None


@pytest.mark.parametrize(
    ("arguments", "name"),
    [((0,), "max_resource"), ((9, 10), "max_resource"), ((9, 0), "min_resource"), ((9, 1, 1), "reduction_factor"),
     ((9.5,), "max_resource"), ((9, 1, 2, -1), "min_early_stopping_rate")],
)  # fmt: skip
def test_wrong_arguments(arguments: tuple[Any, ...], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        ASHAPruner(*arguments)


@given(st.lists(st.tuples(st.floats(-1, 1), st.booleans()), min_size=1, max_size=30), st.integers(1, 4))
@settings(deadline=None)
def test_one_objective_is_the_special_case_of_several(entries: list[tuple[float, bool]], eta: int) -> None:
    rungs = Rung(), ParetoRung(1)
    for number, (loss, waits) in enumerate(entries):
        for rung in rungs:
            rung.add(number, (loss,))
            if waits:
                rung.wait(number)
    quota = len(entries) // eta
    assert len({rung.best_waiting(lambda number: True, quota) for rung in rungs}) == 1
    places = [[rung.place(number) for number in range(len(entries))] for rung in rungs]
    assert places[0] == places[1]
    assert rungs[0].best(3, {0}) == rungs[1].best(3, {0})


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12), st.randoms())
@settings(deadline=None)
def test_several_objectives_are_ordered_whoever_comes_first(points: list[tuple[int, int]], rng: random.Random) -> None:
    rungs = ParetoRung(2), ParetoRung(2)
    numbers = list(range(len(points)))
    for rung in rungs:
        for number in numbers:
            rung.add(number, tuple(map(float, points[number])))
        rng.shuffle(numbers)
    assert rungs[0].best(len(points)) == rungs[1].best(len(points))


LOSS = st.one_of(st.integers(0, 6).map(float), st.just(math.inf))


@pytest.mark.parametrize("loss", [st.integers(0, 6).map(float), st.floats(0.0, 1.0), LOSS])
@pytest.mark.parametrize("m", [2, 3])
@given(data=st.data(), eta=st.integers(1, 4), rng=st.randoms())
@settings(deadline=None, max_examples=40)
def test_the_best_that_waits_is_that_of_the_whole_order(
    m: int, loss: st.SearchStrategy[float], data: st.DataObject, eta: int, rng: random.Random
) -> None:
    points = data.draw(st.lists(st.tuples(*[loss] * m), min_size=1, max_size=60))
    numbers = rng.sample(range(len(points)), len(points))
    rung, waiting = ParetoRung(m), set()
    for place, number in enumerate(numbers):
        rung.add(number, points[number])
        if rng.random() < 0.8:
            rung.wait(number)
            waiting.add(number)
        if rng.random() < 0.5:
            continue  # several come between two looks
        known, quota = sorted(numbers[: place + 1]), (place + 1) // eta
        best = [known[i] for i in crowding.order(np.array([points[k] for k in known]))][:quota]
        assert [rung.is_among(k, quota) for k in known] == [k in best for k in known]
        found = rung.best_waiting(waiting.__contains__, quota)
        assert found == next((k for k in best if k in waiting), None)
        waiting.discard(found)


def test_a_training_loop_that_dies_between_report_and_tell_loses_nothing() -> None:
    study = study_of(ASHAPruner(9, reduction_factor=3))
    trial = study.ask()
    trial.report(0.5, 1)
    assert trial.should_pause()
    del trial
    number, before, level = train(study, study.ask(), scrambled)
    assert (number, before, level) == (1, 0, 1)
    assert len(list(study.history.rungs.since(0))) == 2
