from __future__ import annotations

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import parzen
from parzen.engine.history.curve import Curve

VALUES = st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 0.0, 0.5, 2.0])
REPORTS = st.dictionaries(st.integers(0, 12), VALUES, max_size=12)


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def check(curve: Curve, reported: dict[int, float], warmup: int, width: int) -> None:
    """Compare with what the dictionary itself says."""
    steps = sorted(reported)
    numbers = [value for value in reported.values() if not math.isnan(value)]
    assert curve.steps == steps
    assert all(map(same, curve.values, [reported[step] for step in steps]))
    assert same(curve.lowest, min(numbers, default=math.nan))
    assert same(curve.highest, max(numbers, default=math.nan))
    last = steps[-1] if steps else -1
    start = last - (last - warmup) % width
    is_first = last >= warmup and not any(start <= step < last for step in steps)
    assert curve.begins_interval(warmup, width) == (bool(steps) and is_first)


@given(REPORTS, st.integers(0, 5), st.integers(1, 4), st.lists(st.booleans(), min_size=12, max_size=12))
def test_it_follows_what_is_reported(reports: dict[int, float], warmup: int, width: int, looks: list[bool]) -> None:
    reported: dict[int, float] = {}
    curve = Curve(reported)
    for (step, value), look in zip(reports.items(), looks, strict=False):
        reported[step] = value
        if look:
            curve.catch_up()
            check(curve, reported, warmup, width)
    curve.catch_up()
    check(curve, reported, warmup, width)


@given(REPORTS, REPORTS)
def test_it_notices_that_reports_were_replaced(before: dict[int, float], after: dict[int, float]) -> None:
    """As long as their number changes, or the last one's step: reports are never replaced one by one."""
    curve = Curve(reported := dict(before))
    reported.clear()
    curve.catch_up()
    check(curve, {}, 0, 1)
    reported.update(after)
    curve.catch_up()
    check(curve, after, 0, 1)


def test_a_live_trial_keeps_its_curve() -> None:
    study = parzen.create_study()
    trial = study.ask()
    trial.report(1.0, 0)
    curve = study.history.curve(trial._record)
    trial.report(2.0, 1)
    assert study.history.curve(trial._record) is curve
    assert curve.steps == [0, 1]
    study.tell(trial, 0.0)
    assert not study.history._curves
    assert study.history.curve(study.trials[0]).values == [1.0, 2.0]
    assert not study.history._curves


def test_another_record_of_a_live_trial_has_a_curve_of_its_own() -> None:
    study = parzen.create_study()
    trial = study.ask()
    trial.report(1.0, 0)
    record = study.trials[0]
    trial.report(2.0, 1)
    assert study.history.curve(record).steps == [0]
    assert study.history.curve(trial._record).steps == [0, 1]


def test_a_pickled_history_goes_on() -> None:
    study = parzen.create_study()
    trial = study.ask()
    trial.report(1.0, 0)
    study.history.curve(trial._record)
    history = pickle.loads(pickle.dumps(study.history))
    record = history.live[0]
    record.intermediate_values[3] = 0.5
    assert history.curve(record).steps == [0, 3]


STATES = [parzen.trial.TrialState.COMPLETE, parzen.trial.TrialState.PRUNED, parzen.trial.TrialState.FAIL]


@given(st.lists(st.tuples(st.sampled_from(STATES), REPORTS), max_size=60), st.sets(st.integers(0, 59)))
def test_ranked_reports(trials: list[tuple[parzen.trial.TrialState, dict[int, float]]], looks: set[int]) -> None:
    """Those of complete trials at each step in order, whenever one looks."""
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    study = parzen.create_study()
    expected: dict[int, list[float]] = {step: [] for step in range(13)}
    reported = dict.fromkeys(range(13), 0)  # NaN included
    for k, (state, reports) in enumerate(trials):
        value = 0.0 if state == parzen.trial.TrialState.COMPLETE else None
        study.add_trial(parzen.create_trial(state=state, value=value, intermediate_values=reports))
        for step, report in reports.items() if value == 0.0 else ():
            expected[step] += [] if math.isnan(report) else [report]
            reported[step] += 1
        for step in range(13) if k in looks or k == len(trials) - 1 else ():
            assert list(study.history.reports.ranked(step)) == sorted(expected[step])
            assert study.history.reports.n_complete(step) == reported[step]


@pytest.mark.parametrize("paused_first", [False, True])
def test_a_trial_that_paused_is_ranked_once_it_is_complete(paused_first: bool) -> None:
    study = parzen.create_study()
    storage, state = study._storage, parzen.trial.TrialState
    trial_id = storage.create_new_trial(study._study_id)
    storage.set_trial_intermediate_value(trial_id, 0, 1.0)
    if paused_first:
        storage.set_trial_state_values(trial_id, state(5))
        assert list(study.history.reports.ranked(0)) == []
        storage.set_trial_state_values(trial_id, state.RUNNING)
    storage.set_trial_intermediate_value(trial_id, 1, 2.0)
    storage.set_trial_state_values(trial_id, state.COMPLETE, [0.0])
    assert [list(study.history.reports.ranked(step)) for step in (0, 1)] == [[1.0], [2.0]]
