"""Telling: which values and states a trial ends with."""

from __future__ import annotations

import math

import numpy as np
import pytest

import parzen
from parzen.samplers import RandomSampler
from parzen.trial import TrialState, create_trial

COMPLETE, PRUNED, FAIL = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL


@pytest.fixture
def study():
    return parzen.create_study(sampler=RandomSampler(seed=0))


@pytest.fixture
def pair():
    return parzen.create_study(directions=["minimize", "maximize"], sampler=RandomSampler(seed=0))


GOOD = [1, 1.5, True, "1.5", -math.inf, [2.0], (2,), np.float32(0.5), np.int64(3), np.array(2.0), range(1)]
BAD = [None, math.nan, "abc", [], [1.0, 2.0], [math.nan], {"a": 1}, object, 1j, [[1.0], [2.0]]]


@pytest.mark.parametrize("state", [None, COMPLETE])
@pytest.mark.parametrize("value", GOOD, ids=repr)
def test_acceptable_values(study, value, state):
    trial = study.tell(study.ask(), value, state)
    assert trial.state == COMPLETE and type(trial.value) is float
    assert study.trials[0].values == trial.values


@pytest.mark.parametrize("value", BAD, ids=repr)
def test_unacceptable_values_fail_the_trial_with_a_warning(study, value):
    with pytest.warns(UserWarning, match="recorded as failed"):
        trial = study.tell(study.ask(), value)
    assert (trial.state, trial.values) == (FAIL, None) == (study.trials[0].state, study.trials[0].values)


@pytest.mark.parametrize("value", BAD, ids=repr)
def test_unacceptable_values_cannot_be_complete(study, value):
    trial = study.ask()
    with pytest.raises(ValueError):
        study.tell(trial, value, COMPLETE)
    assert study.tell(trial, 1.0).value == 1.0  # still running: it can be told again


@pytest.mark.parametrize("state", [PRUNED, FAIL])
def test_pruned_and_failed_take_no_values(study, state):
    trial = study.ask()
    with pytest.raises(ValueError, match="Values"):
        study.tell(trial, 1.0, state)
    assert study.tell(trial, state=state).state == state


@pytest.mark.parametrize("state", [TrialState.RUNNING, TrialState.WAITING, 1, "COMPLETE"])
def test_states_that_are_no_end(study, state):
    trial = study.ask()
    if state == 1:  # an IntEnum is its number
        assert study.tell(trial, 1.0, state).state == COMPLETE
        return
    with pytest.raises(ValueError, match="state"):
        study.tell(trial, 1.0, state)
    assert study.trials[0].state == TrialState.RUNNING


@pytest.mark.parametrize(
    ("reports", "value"),
    [
        ([], None),
        ([(0, 2.0)], 2.0),
        ([(5, 1.0), (2, 3.0)], 1.0),
        ([(0, 1.0), (1, math.nan)], None),
        ([(0, math.inf)], math.inf),
    ],
)
def test_a_pruned_trial_is_worth_its_last_step(study, reports, value):
    trial = study.ask()
    for step, reported in reports:
        trial.report(reported, step)
    assert study.tell(trial, state=PRUNED).value == value


def test_several_objectives(pair):
    assert pair.tell(pair.ask(), (1, 2)).values == [1.0, 2.0]
    assert pair.tell(pair.ask(), [np.float32(1), np.array(2)]).values == [1.0, 2.0]
    for values in (1.0, [1.0], [1.0, 2.0, 3.0], [1.0, math.nan], [1.0, None], {1.0, 2.0}, np.array([1.0, 2.0])):
        with pytest.warns(UserWarning, match="recorded as failed"):
            assert pair.tell(pair.ask(), values).state == FAIL
    assert pair.tell(pair.ask(), state=PRUNED).values is None


def test_numbers_stand_for_trials(study):
    for _ in range(3):
        study.ask()
    assert study.tell(1, 1.0).number == 1
    assert study.tell(np.int64(2), 1.0).number == 2
    for number in (3, -1):
        with pytest.raises(ValueError, match="not been created"):
            study.tell(number, 1.0)
    for thing in ("0", 0.0, None, study.trials[0]):
        with pytest.raises(TypeError, match="Trial must be"):
            study.tell(thing, 1.0)


@pytest.mark.parametrize("first", [COMPLETE, PRUNED, FAIL])
def test_a_trial_is_told_once(study, first):
    trial = study.ask()
    before = study.tell(trial, 1.0 if first == COMPLETE else None, first)
    with pytest.raises(ValueError, match=first.name):
        study.tell(trial, 2.0)
    assert study.tell(trial, 2.0, skip_if_finished=True) == before == study.trials[0]


@pytest.mark.parametrize("skip", [False, True])
def test_a_waiting_trial_cannot_be_told(study, skip):
    study.enqueue_trial({"x": 1})
    with pytest.raises(ValueError, match="WAITING"):
        study.tell(0, 1.0, skip_if_finished=skip)
    assert study.ask().number == 0


def test_what_tell_returns_is_what_is_kept(study):
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    trial.report(0.5, 3)
    trial.set_user_attr("a", 1)
    told = study.tell(trial, 1.0)
    assert told == study.trials[0]
    assert told.duration is not None and told.last_step == 3


class Nosy(RandomSampler):
    """Notes what it is told, and raises for one value."""

    def __init__(self):
        super().__init__(seed=0)
        self.told = []

    def after_trial(self, study, trial, state, values):
        self.told.append((trial.number, trial.state, state, values))
        if values == [13.0]:
            raise ZeroDivisionError


def test_the_sampler_is_told_before_the_end():
    study = parzen.create_study(sampler=Nosy())
    study.tell(study.ask(), 1.0)
    study.tell(study.ask(), state=PRUNED)
    with pytest.raises(ZeroDivisionError):
        study.tell(study.ask(), 13.0)
    running = TrialState.RUNNING
    assert study.sampler.told == [
        (0, running, COMPLETE, [1.0]),
        (1, running, PRUNED, None),
        (2, running, COMPLETE, [13.0]),
    ]
    assert study.trials[2].value == 13.0  # a sampler's error loses no result


def test_the_warning_points_to_the_caller(study):
    with pytest.warns(UserWarning) as caught:
        study.tell(study.ask(), math.nan)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("state", [PRUNED, TrialState.PAUSED])
def test_a_single_report_is_no_value_of_a_trial_with_two_objectives(pair, state):
    """Such a report may come with a trial that was added; without this the trial could not be told at all."""
    pair.add_trial(create_trial(state=TrialState.RUNNING, intermediate_values={3: 1.0}))
    told = pair.tell(0, state=state)
    assert (told.state, told.values, told.intermediate_values) == (state, None, {3: 1.0})
    assert pair.trials[0].values is None
