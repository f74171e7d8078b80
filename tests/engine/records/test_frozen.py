"""Trials that only answer: records, their validation, and trials with fixed parameters."""

from __future__ import annotations

import copy
import math
import pickle
from datetime import datetime, timedelta

import pytest

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.trial import BaseTrial, FixedTrial, FrozenTrial, TrialState, create_trial

SPACE = {"x": FloatDistribution(0, 1), "n": IntDistribution(0, 9), "c": CategoricalDistribution("ab")}
PARAMS = {"x": 0.5, "n": 3, "c": "b"}


def record(**changes):
    now = datetime(2026, 1, 1)
    fields = {
        "number": 3, "state": TrialState.COMPLETE, "value": 1.0, "datetime_start": now,
        "datetime_complete": now + timedelta(seconds=2), "params": dict(PARAMS), "distributions": dict(SPACE),
        "user_attrs": {"a": [1]}, "system_attrs": {"s": {}}, "intermediate_values": {2: 0.5, 0: 0.1}, "trial_id": 17,
    }  # fmt: skip
    return FrozenTrial(**{**fields, **changes})


def test_a_value_can_be_set():
    trial = record()
    trial.value = 2.5
    assert trial.values == [2.5]
    trial.value = None
    assert trial.values is None and trial.value is None


def test_a_trial_of_which_nobody_knows_more_never_pauses():
    trial = FixedTrial({"x": 0.5})
    assert (trial.should_pause(), trial.resume_step, trial.next_rung) == (False, 0, None)


def test_what_a_record_gives():
    trial = record()
    assert (trial.value, trial.values, trial.last_step) == (1.0, [1.0], 2)
    assert trial.duration == timedelta(seconds=2)
    assert record(datetime_complete=None).duration is None
    assert record(intermediate_values={}).last_step is None
    assert isinstance(trial, BaseTrial)


def test_several_values():
    trial = record(value=None, values=(1.0, 2.0))
    assert trial.values == [1.0, 2.0]
    with pytest.raises(RuntimeError, match="values"):
        _ = trial.value
    with pytest.raises(RuntimeError):
        trial.value = 1.0
    with pytest.raises(ValueError, match="one of"):
        record(value=1.0, values=[1.0])


def test_a_copy_shares_nothing():
    trial = record()
    other = trial.copy()
    assert other == trial
    other.params["x"], other.distributions["x"], other.intermediate_values[5] = 9, None, 1.0
    other.user_attrs["a"].append(2)
    other.system_attrs["s"]["t"] = 1
    other.values = [7.0]
    assert trial == record()


def test_order_equality_and_hash():
    assert record() == record() and hash(record()) == hash(record())
    assert record() != record(trial_id=18) and record() != record(params={}) and record() != "trial"
    assert record(number=1) < record(number=2) <= record(number=2)
    with pytest.raises(TypeError):
        _ = record() < 3
    assert pickle.loads(pickle.dumps(record())) == record()
    assert "params={'x': 0.5" in repr(record())


def test_vars_of_a_record_show_what_it_holds():
    trial = record()
    assert vars(trial)["params"] == PARAMS and vars(trial)["_values"] == [1.0]
    assert vars(trial).keys() >= {"number", "state", "user_attrs", "intermediate_values", "datetime_start"}


def test_a_shallow_copy_shares_what_it_holds():
    trial = record()
    other = copy.copy(trial)
    assert other == trial and other.params is trial.params
    other.number = 4
    assert trial.number == 3 and copy.deepcopy(trial).params is not trial.params


def test_a_study_is_shown_with_what_it_holds():
    storage = parzen.storages.InMemoryStorage()
    parzen.create_study(storage=storage, study_name="a", direction="maximize").set_user_attr("k", 1)
    (summary,), (frozen,) = parzen.get_all_study_summaries(storage), storage.get_all_studies()
    for shown in (repr(summary), repr(frozen)):
        assert "study_name='a'" in shown and "MAXIMIZE" in shown and "user_attrs={'k': 1}" in shown
    assert "n_trials=0" in repr(summary)
    assert copy.copy(summary) == summary and copy.copy(summary) is not summary


def test_a_record_suggests_what_it_holds():
    trial = record()
    assert trial.suggest_float("x", 0, 1) == 0.5
    assert trial.suggest_int("n", 0, 20) == 3
    assert trial.distributions["n"] == IntDistribution(0, 20)
    assert trial.suggest_categorical("c", ["a", "b"]) == "b"
    with pytest.warns(UserWarning, match="out of the range"):
        assert trial.suggest_float("x", 0.7, 1) == 0.5
    with pytest.raises(ValueError, match="not found"):
        trial.suggest_float("y", 0, 1)
    with pytest.raises(ValueError, match="kind"):
        record(params={"x": 1.0}).suggest_int("x", 0, 1)


def test_a_record_takes_attributes_but_no_reports():
    trial = record()
    trial.report(1.0, 7)
    assert not trial.should_prune() and 7 not in trial.intermediate_values
    trial.set_user_attr("b", 2)
    trial.set_constraint("c", 0.5)
    assert trial.user_attrs["b"] == 2 and trial.constraints == {"c": 0.5}
    with pytest.warns(UserWarning, match="already set"):
        trial.set_constraint("c", 0.7)
    assert trial.constraints == {"c": 0.5}


def test_constraints_of_both_forms():
    trial = record(system_attrs={"constraints": [1, -2.0], "constraints:memory": 0.5, "other": 1})
    assert trial.constraints == {"0": 1.0, "1": -2.0, "memory": 0.5}


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"value": math.nan},
        {"value": 1.0, "state": TrialState.FAIL},
        {"value": 1.0, "params": {"x": 0.5}},
        {"value": 1.0, "distributions": {"x": SPACE["x"]}},
        {"value": 1.0, "params": {"x": 2.0}, "distributions": {"x": SPACE["x"]}},
        {"value": 1.0, "params": {"c": "z"}, "distributions": {"c": SPACE["c"]}},
        {"value": 1.0, "params": {"n": 1.5}, "distributions": {"n": SPACE["n"]}},
        {"value": 1.0, "constraints": {"c": math.nan}},
        {"value": 1.0, "intermediate_values": {"first": 1.0}},
        {"value": 1.0, "intermediate_values": {-1: 1.0}},
        {"value": 1.0, "values": [1.0]},
    ],
    ids=str,
)
def test_contradictions_are_refused(arguments):
    with pytest.raises(ValueError):
        create_trial(**arguments)


@pytest.mark.parametrize("state", TrialState)
def test_created_times_fit_the_state(state):
    trial = create_trial(state=state, value=1.0 if state == TrialState.COMPLETE else None)
    assert (trial.datetime_start is None) == (state == TrialState.WAITING)
    assert (trial.datetime_complete is not None) == state.is_finished()


def test_created_with_everything():
    trial = create_trial(
        value=1, params=PARAMS, distributions=SPACE, user_attrs={"a": 1}, system_attrs={"b": 2},
        intermediate_values={0: math.nan}, constraints={"c": 1},
    )  # fmt: skip
    study = parzen.create_study()
    study.add_trial(trial)
    kept = study.trials[0]
    assert (kept.params, kept.distributions, kept.user_attrs, kept.constraints) == (PARAMS, SPACE, {"a": 1}, {"c": 1.0})
    assert math.isnan(kept.intermediate_values[0]) and kept.system_attrs["b"] == 2
    assert (trial.number, kept.number) == (-1, 0)


def test_a_trial_with_bad_steps_leaves_the_study_as_it_was():
    study = parzen.create_study()
    trial = create_trial(value=1.0)
    trial.intermediate_values["a"] = 1.0
    with pytest.raises(ValueError, match="Steps"):
        study.add_trial(trial)
    assert study.trials == [] and study.ask().number == 0


# --- fixed trials ----------------------------------------------------------------------------------------------------


def test_a_fixed_trial_runs_an_objective():
    def objective(trial):
        trial.report(1.0, 0)
        assert not trial.should_prune()
        trial.set_user_attr("a", 1)
        return (
            trial.suggest_float("x", 0, 1)
            + trial.suggest_int("n", 0, 9)
            + (trial.suggest_categorical("c", "ab") == "b")
        )

    trial = FixedTrial(PARAMS, number=4)
    assert objective(trial) == 4.5
    assert trial.params == PARAMS and trial.distributions == SPACE
    assert trial.number == 4 and trial.user_attrs == {"a": 1} and isinstance(trial.datetime_start, datetime)


def test_a_fixed_trial_refuses_what_it_was_not_given():
    trial = FixedTrial({"x": 5, "c": "z", "n": 2.0})
    with pytest.raises(ValueError, match="not found"):
        trial.suggest_float("y", 0, 1)
    with pytest.raises(ValueError, match="choices"):
        trial.suggest_categorical("c", "ab")
    with pytest.warns(UserWarning, match="out of the range"):
        assert trial.suggest_float("x", 0, 1) == 5
    assert type(trial.suggest_int("n", 0, 9)) is int


def test_constraints_of_a_fixed_trial():
    trial = FixedTrial({})
    trial.set_constraint("c", 1)
    with pytest.warns(UserWarning, match="already set"):
        trial.set_constraint("c", 2)
    assert trial.constraints == {"c": 1.0}
    with pytest.raises(TypeError):
        trial.set_constraint("d", "one")


@pytest.mark.parametrize("kind", ["fixed", "frozen", "running"])
def test_old_suggestions_warn(kind):
    trial = {
        "fixed": lambda: FixedTrial({"x": 1.0}),
        "frozen": lambda: create_trial(value=0.0, params={"x": 1.0}, distributions={"x": FloatDistribution(1, 1)}),
        "running": lambda: parzen.create_study().ask({"x": FloatDistribution(1, 1)}),
    }[kind]()
    with pytest.warns(FutureWarning, match="suggest_float"):
        assert trial.suggest_uniform("x", 1, 1) == 1.0
    with pytest.warns(FutureWarning, match="suggest_float"):
        assert FixedTrial({"x": 1.0}).suggest_loguniform("x", 1, 1) == 1.0
    with pytest.warns(FutureWarning, match="suggest_float"):
        assert FixedTrial({"x": 1.0}).suggest_discrete_uniform("x", 0, 1, 0.5) == 1.0


def test_a_value_out_of_range_warns_at_the_line_of_the_user() -> None:
    space = {"x": parzen.distributions.FloatDistribution(0, 9)}
    frozen = create_trial(params={"x": 5.0}, distributions=space, value=0.0)
    for trial in (frozen, parzen.trial.FixedTrial({"x": 5.0})):
        with pytest.warns(UserWarning, match="out of the range") as warned:
            trial.suggest_float("x", 0, 1)
        assert warned[0].filename == __file__
