"""Forecasts: what they hold for any study, known answers, and what is refused."""

import math
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.planning import forecast
from parzen.samplers import RandomSampler
from parzen.trial import TrialState


def study_of(values, direction="minimize", attr=None, seconds=10.0, at_once=1):
    study = parzen.create_study(direction=direction)
    begin = datetime(2026, 1, 1)
    space = {"x": parzen.distributions.FloatDistribution(0, 1)}
    for number, value in enumerate(values):
        start = begin + timedelta(seconds=seconds * (number // at_once))
        trial = parzen.create_trial(
            value=value,
            state=TrialState.COMPLETE if value is not None else TrialState.FAIL,
            params={"x": 0.5},
            distributions=space,
            user_attrs={} if attr is None or number % 2 else {"price": attr},
        )
        trial.datetime_start, trial.datetime_complete = start, start + timedelta(seconds=seconds)
        study.add_trial(trial)
    return study


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.floats(-1e6, 1e6) | st.just(math.inf) | st.none(), min_size=1, max_size=30),
    st.integers(0, 200),
)
def test_for_any_study(values, n_more):
    study = study_of([0.5, *values])
    found = forecast(study, n_more)
    assert found.n_trials == len(values) + 1
    assert found.best == study.best_value
    assert found.low <= found.expected <= found.high <= found.best
    assert 0.0 <= found.chance < 1.0
    curve = found.curve
    assert len(curve.n_trials) == len(curve.expected) == len(curve.low) == len(curve.high)
    assert (np.diff(curve.n_trials) > 0).all()
    assert curve.n_trials[-1] == found.n_trials + n_more
    beyond = curve.n_trials > found.n_trials  # up to now a mean may lie outside of a band
    assert (curve.low <= curve.high).all()
    assert ((curve.low <= curve.expected) & (curve.expected <= curve.high))[beyond].all()
    later, before = curve.expected[1:], curve.expected[:-1]
    assert (later <= before + 1e-9 * (1 + abs(before))).all()
    turned = forecast(study_of([None if v is None else -v for v in [0.5, *values]], "maximize"), n_more)
    assert (turned.expected, turned.low, turned.high) == (-found.expected, -found.high, -found.low)
    assert str(found).count("\n") >= 5
    again = forecast(study, n_more)
    assert (again.low, again.expected, again.chance) == (found.low, found.expected, found.chance)


def test_up_to_now_it_is_what_subsets_give():
    values = [3.0, 1.0, 2.0, 5.0]
    curve = forecast(study_of(values), 0).curve
    assert curve.n_trials.tolist() == [1, 2, 3, 4]
    assert curve.expected == pytest.approx([2.75, (1 * 3 + 2 * 2 + 3 * 1) / 6, (1 * 3 + 2 * 1) / 4, 1.0])


def test_random_search_on_a_bowl():
    """The expected best of a bowl in three dimensions falls by 2^(-2/3) with twice as many trials: bands hold it."""
    inside = 0
    for seed in range(20):
        study = parzen.create_study(sampler=RandomSampler(seed=seed))
        study.optimize(lambda trial: sum(trial.suggest_float(name, -1, 1) ** 2 for name in "abc"), n_trials=60)
        found = forecast(study, 60)
        assert 0.3 < found.chance < 0.9
        study.optimize(lambda trial: sum(trial.suggest_float(name, -1, 1) ** 2 for name in "abc"), n_trials=60)
        inside += found.low <= study.best_value <= found.high
    assert inside >= 15  # of 20 bands of 90 %: fewer have a chance of 2e-3


def test_few_values():
    one = forecast(study_of([1.0]), 10)
    assert (one.low, one.expected, one.high) == (-math.inf, 1.0, 1.0)
    same = forecast(study_of([2.0] * 30), 10)
    assert (same.low, same.expected, same.high) == (2.0, 2.0, 2.0)
    nothing_better = forecast(study_of([-math.inf, 1.0, 2.0]), 10)
    assert nothing_better.expected == nothing_better.high == -math.inf


def test_a_search_that_is_stuck_promises_less():
    rng = np.random.default_rng(0)
    falling = forecast(study_of((np.exp(-0.1 * np.arange(60)) * (1 + rng.random(60))).tolist()), 60)
    stuck = forecast(study_of([0.5, *(1 + rng.random(59)).tolist()]), 60)
    assert stuck.chance < 0.5 < 0.9 < falling.chance


def test_time_and_workers():
    assert forecast(study_of([1.0] * 12, seconds=10), 6).seconds == pytest.approx(60)
    four = forecast(study_of([1.0] * 12, seconds=10, at_once=4), 6)
    assert (four.n_workers, four.seconds) == (4, pytest.approx(15))
    study = parzen.create_study()
    study.add_trial(parzen.create_trial(value=1.0))
    assert forecast(study, 3).seconds < 1
    assert "They take about 1.0 hours" not in str(forecast(study_of([1.0] * 3, seconds=3600), 1))
    assert "They take about 2.0 hours" in str(forecast(study_of([1.0] * 3, seconds=3600), 2))


def test_costs():
    study = study_of([3.0, 2.0, 1.0], attr=4)
    assert forecast(study, 10).cost is None
    assert forecast(study, 10, cost=0.5).cost == 5.0
    assert forecast(study, 10, cost="price").cost == 40.0
    assert forecast(study, 10, cost=lambda trial: trial.number).cost == 10.0
    assert "cost about 5." in str(forecast(study, 10, cost=0.5))
    for wrong in ("prize", -1.0, math.nan, lambda trial: None):
        with pytest.raises(ValueError, match="`cost` must be"):
            forecast(study, 10, cost=wrong)


def test_refused():
    with pytest.raises(ValueError, match="No trials are completed"):
        forecast(parzen.create_study(), 1)
    with pytest.raises(ValueError, match="No trials are completed"):
        forecast(study_of([None, None]), 1)
    for wrong in (-1, 1.5, "many"):
        with pytest.raises(ValueError, match="`n_more`"):
            forecast(study_of([1.0]), wrong)
    several = parzen.create_study(directions=["minimize", "minimize"])
    with pytest.raises(RuntimeError, match="one objective"):
        forecast(several, 1)


def test_running_and_infeasible_trials():
    study = study_of([3.0, 2.0, 4.0, 5.0])
    trial = study.ask()
    trial.set_constraint("c", 1.0)
    study.tell(trial, -100.0)
    study.ask()
    found = forecast(study, 5)
    assert (found.n_trials, found.best) == (5, 2.0)


EXTREMES = {
    "far": [1e308, -1e308, 1e-320],
    "denormal": [5e-324, 1e-323, 2e-323, 0.0],
    "beside": [1.0, np.nextafter(1.0, 2.0)],
    "large": [1e300, 1.1e300, 1.2e300],
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize("values", EXTREMES.values(), ids=EXTREMES)
def test_values_at_the_extremes_of_numbers(values, direction):
    study = parzen.create_study(direction=direction)
    study.add_trials([parzen.create_trial(value=values[k % len(values)]) for k in range(30)])
    for n_more in (0, 1, 1000):
        found = forecast(study, n_more)
        assert found.low <= found.expected <= found.high and 0.0 <= found.chance <= 1.0


def test_a_power_of_two_changes_no_forecast():
    """Losses of any size are forecast alike."""
    losses = np.random.default_rng(0).exponential(size=40)
    found = []
    for unit in (1.0, 2.0**-600, 2.0**600):
        study = parzen.create_study()
        study.add_trials([parzen.create_trial(value=float(loss) * unit) for loss in losses])
        one = forecast(study, 20)
        found.append((one.expected / unit, one.low / unit, one.high / unit, one.chance))
    assert found[0] == found[1] == found[2]
