"""Running trials: what they suggest, report and carry."""

from __future__ import annotations

import math

import numpy as np
import pytest

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers import BaseSampler, RandomSampler


@pytest.fixture(params=["memory", "sqlite"])
def study(request, tmp_path):
    url = None if request.param == "memory" else f"sqlite:///{tmp_path}/study.db"
    return parzen.create_study(storage=url, study_name="s", sampler=RandomSampler(seed=1))


def test_suggestions_are_recorded_in_order(study):
    trial = study.ask()
    x = trial.suggest_float("x", -1, 1)
    n = trial.suggest_int("n", 0, 9, step=3)
    c = trial.suggest_categorical("c", ["a", None, 2.5, True])
    assert list(trial.params.items()) == [("x", x), ("n", n), ("c", c)] == list(study.trials[0].params.items())
    assert trial.distributions == {
        "x": FloatDistribution(-1, 1), "n": IntDistribution(0, 9, step=3),
        "c": CategoricalDistribution(["a", None, 2.5, True]),
    }  # fmt: skip
    assert [type(v) for v in (x, n)] == [float, int]


def test_a_name_suggested_again_keeps_its_value(study):
    trial = study.ask()
    x = trial.suggest_float("x", 0, 1)
    assert trial.suggest_float("x", 0, 1) == x
    with pytest.warns(RuntimeWarning, match="suggested from"):
        assert trial.suggest_float("x", 5, 9) == x
    with pytest.raises(ValueError, match="kind"):
        trial.suggest_int("x", 0, 1)
    with pytest.raises(ValueError, match="log"):
        trial.suggest_float("x", 0.1, 1, log=True)
    assert study.trials[0].params == {"x": x}


def test_ranges_may_move_between_trials_but_not_kinds(study):
    study.ask().suggest_float("x", 0, 1)
    assert 5 <= study.ask().suggest_float("x", 5, 6) <= 6
    trial = study.ask()
    for suggest in (
        lambda: trial.suggest_int("x", 0, 1),
        lambda: trial.suggest_float("x", 0.1, 1, log=True),
        lambda: trial.suggest_categorical("x", [0, 1]),
    ):
        with pytest.raises(ValueError):
            suggest()
    assert trial.params == {} and study.trials[2].params == {}
    study.ask().suggest_categorical("c", ["a", "b"])
    assert study.ask().suggest_categorical("c", ["c"]) == "c"
    assert study.ask().suggest_categorical("c", ["c", "a"]) in ("c", "a")
    trial = study.ask()
    trial.suggest_categorical("c", ["a", "b"])
    with pytest.raises(ValueError, match="dynamic"):  # within a trial they may not
        trial.suggest_categorical("c", ["a", "b", "c"])


def test_equal_choices_of_other_types_give_what_was_asked_for(study):
    """(0, 1) == (False, True), yet who asks for a bool gets a bool, and finds it in the record."""
    for choices, kind in (((0, 1), int), ((False, True), bool), ((0.0, 1.0), float)):
        trial = study.ask()
        assert type(trial.suggest_categorical("c", choices)) is kind
        assert type(study.tell(trial, 1.0).params["c"]) is kind
    assert [type(t.params["c"]) for t in study.trials] == [int, bool, float]


def test_choices_equal_to_each_other(study):
    seen = set()
    for _ in range(60):  # each of the two is missed with probability 2^-60
        trial = study.ask()
        value = trial.suggest_categorical("c", (1, True))
        assert study.tell(trial, 0.0).params["c"] is value
        seen.add(type(value))
    assert seen == {int, bool}
    assert {type(t.params["c"]) for t in study.trials} == seen


def test_choices_that_cannot_be_hashed():
    study = parzen.create_study(sampler=RandomSampler(seed=0))
    choices = [[1, 2], {"a": 3}]
    study.enqueue_trial({"c": {"a": 3}})
    trial = study.ask()
    with pytest.warns(UserWarning, match="memory only"):
        assert trial.suggest_categorical("c", choices) == {"a": 3}
    assert study.tell(trial, 1.0).params["c"] == {"a": 3} == study.trials[0].params["c"]
    assert study.ask().suggest_categorical("c", choices) in choices  # known by now: no second warning


def test_what_is_given_out_can_be_changed_without_harm(study):
    trial = study.ask({"x": FloatDistribution(1, 1)})
    trial.set_user_attr("a", {"b": 1})
    for mapping in (trial.params, trial.distributions, trial.user_attrs, trial.relative_params, trial.constraints):
        mapping["z"] = 1
    assert (trial.params, trial.user_attrs, trial.constraints) == ({"x": 1.0}, {"a": {"b": 1}}, {})
    assert list(trial.distributions) == ["x"]


def test_a_running_trial_is_taken_up_by_its_identifier(study, tmp_path):
    trial = study.ask()
    x = trial.suggest_float("x", 0, 1)
    trial.report(0.5, 1)
    if isinstance(study._storage, parzen.storages.InMemoryStorage):
        other = study
    else:  # as another process would open it
        other = parzen.load_study(study_name="s", storage=f"sqlite:///{tmp_path}/study.db")
    again = parzen.trial.Trial(other, trial._trial_id)
    assert (again.number, again.params, again.suggest_float("x", 0, 1)) == (trial.number, {"x": x}, x)
    n = again.suggest_int("n", 0, 9)
    with pytest.warns(UserWarning, match="already reported"):
        again.report(0.7, 1)
    again.report(0.25, 2)
    again.set_user_attr("who", "other")
    other.tell(again, 2.0)
    kept = study.trials[0]
    assert (kept.params, kept.value, kept.user_attrs) == ({"x": x, "n": n}, 2.0, {"who": "other"})
    assert kept.intermediate_values == {1: 0.5, 2: 0.25}
    with pytest.raises(ValueError, match="COMPLETE"):
        study.tell(trial, 3.0)
    assert study.tell(trial, 3.0, skip_if_finished=True).value == 2.0


def test_a_trial_that_is_not_there(study):
    with pytest.raises(KeyError):
        parzen.trial.Trial(study, 12345)


def test_a_finished_trial_does_not_change(study):
    trial = study.ask()
    study.tell(trial, 1.0)
    for change in (
        lambda: trial.suggest_float("x", 0, 1),
        lambda: trial.suggest_all({"x": FloatDistribution(0, 1)}),
        lambda: trial.report(1.0, 1),
        lambda: trial.set_user_attr("a", 1),
        lambda: trial.set_constraint("c", 1),
    ):
        with pytest.raises(parzen.exceptions.UpdateFinishedTrialError):
            change()
    kept = study.trials[0]
    assert (kept.params, kept.intermediate_values, kept.user_attrs, kept.constraints) == ({}, {}, {}, {})
    assert (trial.params, trial.user_attrs, trial.constraints) == ({}, {}, {})


# --- reports ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", [1, True, "0.5", np.float32(0.5), np.array(0.5), np.array([0.5])[0],
              math.inf, math.nan],
    ids=repr,
)  # fmt: skip
def test_report_takes_what_a_float_can_be_made_of(study, value):
    trial = study.ask()
    trial.report(value, np.int64(3))
    kept = study.trials[0].intermediate_values
    np.testing.assert_equal(kept, {3: float(value)})
    assert type(kept[3]) is float and type(next(iter(kept))) is int


def test_report_takes_torch_scalars(study):
    torch = pytest.importorskip("torch")
    trial = study.ask()
    trial.report(torch.tensor(0.5), torch.tensor(1))
    trial.report(torch.tensor([2]), 2)
    assert study.trials[0].intermediate_values == {1: 0.5, 2: 2.0}
    assert study.tell(trial, torch.tensor(0.25)).value == 0.25


@pytest.mark.parametrize(
    ("value", "step", "error"),
    [("x", 0, TypeError), (None, 0, TypeError), ([1.0, 2.0], 0, TypeError), (1.0, "x", TypeError),
     (1.0, None, TypeError),
     (1.0, -1, ValueError)],
)  # fmt: skip
def test_report_refuses_the_rest(study, value, step, error):
    trial = study.ask()
    with pytest.raises(error):
        trial.report(value, step)
    assert study.trials[0].intermediate_values == {}


def test_several_objectives_neither_report_nor_prune():
    trial = parzen.create_study(directions=["minimize"] * 2).ask()
    with pytest.raises(NotImplementedError, match="multi-objective"):
        trial.report(1.0, 0)
    with pytest.raises(NotImplementedError, match="multi-objective"):
        trial.should_prune()


def test_reports_of_several_objectives():
    trial = parzen.create_study(directions=["minimize"] * 2).ask()
    for step, values in enumerate(((1, 2), np.array([1, 2]), [np.float32(1), np.int8(2)])):
        trial.report(values, step)
        assert trial._record.intermediate_vectors[step] == [1.0, 2.0]
    for values, error in ((np.array(1.0), NotImplementedError), ([1.0], ValueError), (["a", 1], TypeError)):
        with pytest.raises(error):
            trial.report(values, 9)


def test_several_objectives_may_be_a_torch_tensor():
    torch = pytest.importorskip("torch")
    trial = parzen.create_study(directions=["minimize"] * 2).ask()
    trial.report(torch.tensor([1.0, 2.0]), 0)
    assert trial._record.intermediate_vectors == {0: [1.0, 2.0]}


def test_constraints(study):
    trial = study.ask()
    trial.set_constraint("memory", np.float32(0.5))
    with pytest.warns(UserWarning, match="already set"):
        trial.set_constraint("memory", 3)
    with pytest.raises(TypeError):
        trial.set_constraint("time", None)
    with pytest.raises(ValueError, match="NaN"):
        trial.set_constraint("time", math.nan)
    study.tell(trial, 1.0)
    assert trial.constraints == study.trials[0].constraints == {"memory": 0.5}


# --- joint samples ---------------------------------------------------------------------------------------------------


class Joint(BaseSampler):
    """Samples x and n together, in the middle; the rest at the low end."""

    def __init__(self):
        self.space = {"x": FloatDistribution(0, 10), "n": IntDistribution(0, 10)}
        self.params = {"x": 5.0, "n": 5}

    def infer_relative_search_space(self, study, trial):
        return self.space

    def sample_relative(self, study, trial, search_space):
        return dict(self.params)

    def sample_independent(self, study, trial, param_name, param_distribution):
        return param_distribution.low


def test_joint_samples_are_taken_where_they_fit():
    trial = parzen.create_study(sampler=Joint()).ask()
    assert trial.relative_params == {"x": 5.0, "n": 5}
    assert trial.suggest_float("x", 0, 6) == 5.0  # narrower, and still inside
    assert trial.suggest_int("n", 0, 3) == 0  # outside: sampled by itself
    assert trial.suggest_float("y", 7, 8) == 7.0


def test_a_joint_sample_of_an_unknown_name_is_an_error():
    sampler = Joint()
    sampler.space = {"x": FloatDistribution(0, 10)}
    trial = parzen.create_study(sampler=sampler).ask()
    with pytest.raises(ValueError, match="relative search space"):
        trial.suggest_int("n", 0, 10)


def test_enqueued_values_come_first():
    study = parzen.create_study(sampler=Joint())
    study.enqueue_trial({"x": 2, "n": 99})
    trial = study.ask()
    assert trial.suggest_float("x", 0, 10) == 2.0
    with pytest.warns(UserWarning, match="out of range"):
        assert trial.suggest_int("n", 0, 10) == 99


def test_enqueued_nonsense_is_an_error_when_it_is_suggested(study):
    study.enqueue_trial({"x": "abc", "c": "z"})
    trial = study.ask()
    with pytest.raises(ValueError, match="abc"):
        trial.suggest_float("x", 0, 1)
    with pytest.raises(ValueError, match="choices"):
        trial.suggest_categorical("c", ["a"])
    assert study.trials[0].params == {}


def test_suggest_all_is_one_step(study):
    trial = study.ask()
    space = {"x": FloatDistribution(0, 1), "n": IntDistribution(3, 3), "c": CategoricalDistribution("ab")}
    params = trial.suggest_all(space)
    assert params == trial.params == study.trials[0].params and list(params) == ["x", "n", "c"]
    assert trial.suggest_all(space) == params
    with pytest.raises(ValueError):
        study.ask().suggest_all({"y": FloatDistribution(0, 1), "x": IntDistribution(0, 1)})
    assert study.trials[1].params == {}  # all or nothing


def test_small_ranges_and_single_values(study):
    trial = study.ask()
    assert trial.suggest_float("a", 2, 2) == 2.0 and type(trial.suggest_float("a", 2, 2)) is float
    assert trial.suggest_int("b", 3, 3) == 3
    assert trial.suggest_categorical("c", [None]) is None
    with pytest.warns(UserWarning, match="divisible"):
        assert trial.suggest_float("d", 0, 1, step=2) == 0.0


class Foreign(parzen.samplers.BaseSampler):
    """A third party's sampler, which always samples "a" jointly, and the last choice by itself."""

    def infer_relative_search_space(self, study, trial):
        return {"c": CategoricalDistribution("ab")}

    def sample_relative(self, study, trial, search_space):
        return {"c": "a"}

    def sample_independent(self, study, trial, name, distribution):
        return distribution.choices[-1]


def test_what_was_sampled_jointly_and_is_no_choice_of_today_is_sampled_again():
    study = parzen.create_study(sampler=Foreign())
    assert study.ask().suggest_categorical("c", ["a", "b"]) == "a"
    assert study.ask().suggest_categorical("c", ["z", "a"]) == "a"
    assert study.ask().suggest_categorical("c", ["y", "z"]) == "z"


def test_a_study_whose_pruner_never_pauses_never_pauses(study):
    trial = study.ask()
    trial.report(1.0, 1)
    assert trial.should_pause() is False and trial.resume_step == 0
