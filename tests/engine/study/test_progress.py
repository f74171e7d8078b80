"""`Progress`: the same whether a study is read once or after every change, and what a walk over its trials says."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.engine.study.progress import Best, Ended, Progress, ProgressReader
from parzen.samplers import RandomSampler
from parzen.trial import TrialState, create_trial

NOON = datetime(2026, 1, 2, 12)
COMPLETE, PRUNED, FAIL = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL


def new_study(*directions: str, storage: Any = None) -> parzen.Study:
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    return parzen.create_study(directions=directions or ["minimize"], storage=storage, sampler=RandomSampler(seed=0))


def progress(**content: Any) -> Progress:
    empty = ProgressReader(new_study()).read(NOON)
    return replace(empty, **content)


def ended(number: int, seconds: float | None = 10.0, at: float = 0.0, value: float = 1.0) -> Ended:
    return Ended(number, COMPLETE, (value,), seconds, NOON + timedelta(seconds=at))


steps = st.lists(
    st.tuples(st.sampled_from(["complete", "pruned", "fail", "ask", "enqueue"]), st.floats(allow_nan=False)),
    max_size=30,
)


@settings(max_examples=40, deadline=None)
@given(steps, st.sampled_from(["minimize", "maximize"]))
def test_read_at_once_or_bit_by_bit_it_is_what_the_trials_say(steps, direction):
    study = new_study(direction)
    reader = ProgressReader(study, n_wanted=20)
    for what, value in steps:
        if what == "enqueue":
            study.enqueue_trial({"x": 0.5})
        else:
            trial = study.ask()
            trial.suggest_float("x", 0, 1)
            if what == "complete":
                study.tell(trial, value)
            elif what != "ask":
                study.tell(trial, state=PRUNED if what == "pruned" else FAIL)
        reader.read(NOON)
    found = reader.read(NOON)
    assert found == ProgressReader(study, n_wanted=20).read(NOON)

    trials = study.trials
    counts = {state: sum(trial.state == state for trial in trials) for state in TrialState}
    assert (found.n_complete, found.n_pruned, found.n_failed) == tuple(counts[it] for it in (COMPLETE, PRUNED, FAIL))
    assert (found.n_running, found.n_waiting) == (counts[TrialState.RUNNING], counts[TrialState.WAITING])
    over = sorted((it for it in trials if it.state.is_finished()), key=lambda trial: trial.datetime_complete)
    assert sorted(it.number for it in found.recent) == sorted(trial.number for trial in over)
    values = [trial.value for trial in over if trial.state == COMPLETE]
    best = list(itertools.accumulate(values, min if direction == "minimize" else max))
    assert list(found.running_best) == [*best, *best[-1:]]
    if values:
        assert (found.best.number, found.best.value) == (study.best_trial.number, study.best_value)
        assert dict(found.best.params) == study.best_params
        assert found.best.n_since == len(over) - 1 - [trial.number for trial in over].index(found.best.number)
    else:
        assert found.best is None
    assert found.n_ended == len(over) and found.n_left == max(0, 20 - len(over))
    assert found.is_done == (len(over) >= 20)


def test_nothing_yet():
    found = ProgressReader(new_study()).read(NOON)
    assert (found.n_ended, found.n_left, found.is_done, found.elapsed) == (0, None, False, 0.0)
    assert found.median_seconds is None and found.trials_per_minute is None and found.seconds_left is None
    assert found.record_chance is None and found.best is None and found.running_best == ()


def test_several_objectives_have_a_front():
    study = new_study("minimize", "maximize")
    reader = ProgressReader(study)
    for values in ([1.0, 1.0], [2.0, 2.0], [3.0, 0.0]):
        study.tell(study.ask(), values)
        found = reader.read()
    assert (found.front_size, found.best, found.running_best, found.record_chance) == (2, None, (), None)
    assert found.recent[-1].values == (3.0, 0.0)


def test_infeasible_trials_are_not_the_best():
    study = new_study()
    for value, constraint in ((1.0, 1.0), (2.0, 0.0)):
        trial = study.ask()
        trial.set_constraint("c", constraint)
        study.tell(trial, value)
    found = ProgressReader(study).read()
    assert found.best.value == 2.0 and set(found.running_best) == {2.0}


def test_a_corrected_trial_is_read_again(tmp_path):
    study = new_study(storage=f"sqlite:///{tmp_path}/s.db")
    reader = ProgressReader(study)
    for value in (3.0, 1.0, 2.0):
        study.tell(study.ask(), value)
        reader.read(NOON)
    study._storage.correct_values(study.trials[1]._trial_id, [9.0])
    study.sync()
    found = reader.read(NOON)
    assert (found.best.number, found.best.value, found.best.n_since) == (2, 2.0, 0)
    assert found == ProgressReader(study).read(NOON)


def test_another_process_s_trials_are_seen(tmp_path):
    url = f"sqlite:///{tmp_path}/s.db"
    study = new_study(storage=url)
    other = parzen.load_study(study_name=study.study_name, storage=url)
    reader = ProgressReader(other)
    assert reader.read().n_ended == 0
    study.tell(study.ask(), 1.0)
    study.ask()
    other.sync()
    assert (reader.read().n_ended, reader.read().n_running) == (1, 1)


def test_a_paused_trial_is_neither_running_nor_ended():
    study = new_study()
    study.tell(study.ask(), state=TrialState.PAUSED)
    found = ProgressReader(study).read()
    assert (found.n_paused, found.n_ended, found.n_running, found.n_waiting) == (1, 0, 0, 0)


@pytest.mark.parametrize("n", [1, 127, 128, 129, 1000])
def test_the_running_best_keeps_its_ends_and_stays_short(n):
    study = new_study()
    study.add_trials([create_trial(value=float(n - k), params={}, distributions={}) for k in range(n)])
    curve = ProgressReader(study).read().running_best
    assert (curve[0], curve[-1]) == (n, 1) and len(curve) <= 128
    assert list(curve) == sorted(curve, reverse=True)
    gaps = {a - b for a, b in itertools.pairwise(curve[:-1])}
    assert len(gaps) <= 1


# --- what follows from the record ------------------------------------------------------------------------------------


def test_rate_and_time_left():
    one_by_one = tuple(ended(k, 10.0, at=10.0 * k) for k in range(1, 7))
    found = progress(
        n_complete=6, n_wanted=10, n_running=0, recent=one_by_one, started=NOON, now=NOON + timedelta(days=1)
    )
    assert found.trials_per_minute == pytest.approx(6.0)  # a study that rests is as fast as it was
    assert found.elapsed == 60.0 and found.median_seconds == 10.0
    assert found.n_workers == 1 and found.seconds_left == pytest.approx(40.0)
    busy = replace(found, n_running=4, now=NOON + timedelta(seconds=70))
    assert busy.n_workers == 4 and busy.seconds_left == pytest.approx(10.0) and busy.elapsed == 70.0


def test_short_trials_of_many_workers_are_counted_by_their_time():
    four_at_once = tuple(ended(k, 10.0, at=10.0 * (k // 4 + 1)) for k in range(16))
    found = progress(n_complete=16, n_wanted=20, n_running=0, recent=four_at_once)
    assert found.n_workers == pytest.approx(4.0) and found.seconds_left == pytest.approx(10.0)


def test_durations_are_the_median():
    assert progress(recent=tuple(ended(k, s) for k, s in enumerate((1.0, 2.0, 900.0)))).median_seconds == 2.0
    assert progress(recent=(ended(0, None),)).median_seconds is None


def test_chance_of_a_new_best():
    assert progress(n_complete=60, n_wanted=90).record_chance == pytest.approx(1 / 3)  # 30 of 90
    assert progress(n_complete=10).record_chance == pytest.approx(0.5)  # of the next ten
    assert progress(n_complete=10, n_wanted=10).record_chance == 0.0


def test_the_record_is_frozen():
    with pytest.raises(AttributeError):
        progress().n_running = 3
    assert Best(0, math.inf, None, 0, ()) == Best(0, math.inf, None, 0, ())
