"""Studies: how they are made, found, copied, queried and filled."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.exceptions import DuplicatedStudyError
from parzen.pruners import MedianPruner, NopPruner
from parzen.samplers import RandomSampler, TPESampler
from parzen.study import StudyDirection, StudySummary
from parzen.trial import TrialState, create_trial

MINIMIZE, MAXIMIZE = StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE


@pytest.fixture(params=["memory", "sqlite"])
def storage(request, tmp_path):
    if request.param == "memory":
        return parzen.storages.InMemoryStorage()
    return parzen.storages.get_storage(f"sqlite:///{tmp_path}/studies.db")


@pytest.fixture
def study(storage):
    return parzen.create_study(storage=storage, study_name="s", sampler=RandomSampler(seed=0))


def fill(study, values):
    for value in values:
        study.tell(study.ask({"x": FloatDistribution(0, 1)}), value)
    return study


# --- making and finding ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "directions"),
    [
        ({}, [MINIMIZE]),
        ({"direction": "maximize"}, [MAXIMIZE]),
        ({"direction": MAXIMIZE}, [MAXIMIZE]),
        ({"directions": ["minimize", MAXIMIZE]}, [MINIMIZE, MAXIMIZE]),
        ({"directions": ("maximize",)}, [MAXIMIZE]),
    ],
)
def test_directions(arguments, directions):
    study = parzen.create_study(**arguments)
    assert study.directions == directions
    assert study._is_multi_objective() is (len(directions) > 1)  # Optuna's crossovers ask


@pytest.mark.parametrize(
    "arguments",
    [{"direction": "up"}, {"direction": 1}, {"direction": ["minimize"]}, {"direction": StudyDirection.NOT_SET},
     {"directions": []}, {"directions": [None]}, {"directions": "minimize"},
     {"direction": "minimize", "directions": ["minimize"]}],
    ids=str,
)  # fmt: skip
def test_directions_that_are_none(arguments):
    with pytest.raises(ValueError, match="direction"):
        parzen.create_study(**arguments)


def test_names(storage):
    parzen.create_study(storage=storage, study_name="a", direction="maximize")
    with pytest.raises(DuplicatedStudyError, match="load_if_exists"):
        parzen.create_study(storage=storage, study_name="a")
    assert parzen.create_study(storage=storage, study_name="a", load_if_exists=True).direction == MAXIMIZE
    assert parzen.load_study(study_name=None, storage=storage).study_name == "a"
    made_up = parzen.create_study(storage=storage).study_name
    assert parzen.get_all_study_names(storage) == ["a", made_up]
    with pytest.raises(ValueError, match="found 2"):
        parzen.load_study(study_name=None, storage=storage)
    with pytest.raises(KeyError):
        parzen.load_study(study_name="b", storage=storage)
    parzen.delete_study(study_name="a", storage=storage)
    assert parzen.get_all_study_names(storage) == [made_up]
    with pytest.raises(KeyError):
        parzen.delete_study(study_name="a", storage=storage)


def test_defaults():
    study = parzen.create_study()
    assert isinstance(study.sampler, TPESampler) and isinstance(study.pruner, MedianPruner)


def test_copies(storage, study):
    fill(study, [3.0, 1.0])
    study.enqueue_trial({"x": 0.5})
    study.set_user_attr("k", [1])
    study.set_metric_names(["loss"])
    target = parzen.storages.InMemoryStorage()
    parzen.copy_study(from_study_name="s", from_storage=storage, to_storage=target, to_study_name="t")
    copy = parzen.load_study(study_name="t", storage=target)
    assert (copy.user_attrs, copy.metric_names, copy.best_value) == ({"k": [1]}, ["loss"], 1.0)
    assert [t.params for t in copy.trials] == [t.params for t in study.trials]
    assert copy.ask().suggest_float("x", 0, 1) == 0.5
    assert study.trials[2].state == TrialState.WAITING
    with pytest.raises(DuplicatedStudyError):
        parzen.copy_study(from_study_name="s", from_storage=storage, to_storage=storage)


def test_summaries(storage, study):
    fill(study, [3.0, 1.0])
    study.set_user_attr("k", 1)
    parzen.create_study(storage=storage, study_name="pair", directions=["minimize", "maximize"])
    one, pair = parzen.get_all_study_summaries(storage)
    assert (one.study_name, one.n_trials, one.user_attrs, one.direction) == ("s", 2, {"k": 1}, MINIMIZE)
    assert one.best_trial == study.best_trial and one.datetime_start == study.trials[0].datetime_start
    assert (pair.n_trials, pair.best_trial, pair.datetime_start, pair.directions) == (
        0,
        None,
        None,
        [MINIMIZE, MAXIMIZE],
    )
    with pytest.raises(RuntimeError):
        _ = pair.direction
    assert one < pair and one <= pair and pair > one and one == one and one != pair and len({one, pair}) == 2
    assert [s.best_trial for s in parzen.get_all_study_summaries(storage, include_best_trial=False)] == [None, None]
    with pytest.raises(ValueError, match="direction"):
        StudySummary("a", None, None, {}, 0, None, 0)


# --- the best --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("direction", "best"), [("minimize", 1), ("maximize", 2)])
def test_best(storage, direction, best):
    study = fill(parzen.create_study(storage=storage, direction=direction), [2.0, 1.0, 3.0, 1.0, 3.0])
    study.tell(study.ask(), state=TrialState.FAIL)
    assert study.best_trial == study.trials[best] and study.best_trials[0].number == best
    assert study.best_value == study.trials[best].value and study.best_params == study.trials[best].params
    assert [t.number for t in study.best_trials] == [best, best + 2]
    study.best_trial.params["x"] = study.best_trials[0].params["x"] = study.trials[0].params["x"] = "changed"
    assert "changed" not in [t.params.get("x") for t in [*study.trials, study.best_trial, *study.best_trials]]


def test_best_of_nothing(study):
    study.tell(study.ask(), state=TrialState.FAIL)
    with pytest.raises(ValueError, match="completed"):
        _ = study.best_trial
    assert study.best_trials == []


def test_best_under_constraints(study):
    for value, constraint in ((0.0, 1.0), (5.0, 0.0), (3.0, None), (4.0, -1.0)):
        trial = study.ask()
        if constraint is not None:
            trial.set_constraint("c", constraint)
        study.tell(trial, value)
    assert study.best_value == 3.0
    assert [t.number for t in study.best_trials] == [2]


def test_all_trials_may_be_infeasible(study):
    trial = study.ask()
    trial.set_constraint("c", 1.0)
    study.tell(trial, 0.0)
    with pytest.raises(ValueError, match="feasible"):
        _ = study.best_trial


def test_pareto_front(storage):
    study = parzen.create_study(storage=storage, directions=["minimize", "maximize"])
    rng = np.random.default_rng(0)
    for values in rng.integers(0, 6, (40, 2)).tolist():
        study.tell(study.ask(), values)
    trials = study.trials

    def dominates(a, b):
        no_worse = a.values[0] <= b.values[0] and a.values[1] >= b.values[1]
        return no_worse and a.values != b.values

    assert study.best_trials == [t for t in trials if not any(dominates(other, t) for other in trials)]
    with pytest.raises(RuntimeError, match="best_trials"):
        _ = study.best_trial
    with pytest.raises(RuntimeError, match="directions"):
        _ = study.direction


# --- the queue, added trials -----------------------------------------------------------------------------------------


def test_the_queue_is_served_in_order(study):
    study.ask()
    for x in (0.3, 0.1, 0.2):
        study.enqueue_trial({"x": x}, user_attrs={"from": "queue"})
    asked = [study.ask() for _ in range(4)]
    assert [t.number for t in asked] == [1, 2, 3, 4]
    assert [t.suggest_float("x", 0, 1) for t in asked[:3]] == [0.3, 0.1, 0.2]
    assert asked[0].user_attrs == {"from": "queue"} and asked[3].user_attrs == {}
    assert [t.datetime_start is None for t in study.trials] == [False] * 5


def test_what_is_enqueued_can_be_changed_afterwards(study):
    params = {"x": 0.3}
    study.enqueue_trial(params)
    params["x"] = 0.9
    assert study.ask().suggest_float("x", 0, 1) == 0.3


def test_skip_if_exists(study):
    def n_after(params):
        study.enqueue_trial(params, skip_if_exists=True)
        return len(study.trials)

    assert n_after({"x": 1, "y": math.nan}) == 1
    assert n_after({"y": math.nan, "x": 1.0}) == 1  # waiting with the same
    assert n_after({"x": 1}) == 2
    study.tell(study.ask({"x": IntDistribution(0, 5)}), 1.0)
    study.tell(study.ask({"x": IntDistribution(0, 5)}), 1.0)
    assert n_after({"x": 1}) == 2  # finished, enqueued with the same
    study.tell(study.ask({"z": IntDistribution(3, 3)}), state=TrialState.FAIL)
    assert n_after({"z": 3}) == 3  # failed with the same
    assert n_after({"z": 4}) == 4
    assert n_after({"z": "no such value"}) == 5


def test_enqueue_takes_a_dictionary(study):
    with pytest.raises(TypeError, match="dictionary"):
        study.enqueue_trial([("x", 1)])


def test_added_trials_are_checked(study):
    fill(study, [1.0])
    broken = create_trial(value=1.0)
    broken.params["x"] = 1.0
    other_kind = create_trial(value=1.0, params={"x": 1}, distributions={"x": IntDistribution(0, 5)})
    for trial in (create_trial(values=[1.0, 2.0]), broken, other_kind):
        with pytest.raises(ValueError):
            study.add_trials([create_trial(value=0.0), trial])
    assert len(study.trials) == 1  # all or none
    study.add_trials([])
    study.add_trials(study.trials)
    assert [t.number for t in study.trials] == [0, 1] and study.trials[0].params == study.trials[1].params


@pytest.mark.parametrize("states", [None, (), (TrialState.COMPLETE,), {TrialState.FAIL, TrialState.WAITING}])
def test_trials_in_states(study, states):
    fill(study, [1.0])
    for state in (TrialState.FAIL, TrialState.RUNNING, TrialState.WAITING, TrialState.PRUNED):
        study.add_trial(create_trial(state=state))
    expected = [t for t in study.trials if states is None or t.state in states]
    for deepcopy in (True, False):
        assert study.get_trials(deepcopy=deepcopy, states=states) == expected


# --- attributes, pickles, frames -------------------------------------------------------------------------------------


def test_attributes(study):
    study.set_user_attr("a", {"b": [1]})
    study.user_attrs["a"]["b"].append(2)
    assert study.user_attrs == {"a": {"b": [1]}}
    assert study.metric_names is None
    study.set_metric_names(["loss"])
    assert study.metric_names == ["loss"]
    with pytest.raises(ValueError, match="metric names"):
        study.set_metric_names(["a", "b"])


def test_pickle(study):
    fill(study, [2.0, 1.0])
    study.pruner = NopPruner()
    other = pickle.loads(pickle.dumps(study))
    assert other.trials == study.trials and isinstance(other.pruner, NopPruner)
    fill(other, [0.5])
    assert other.best_value == 0.5
    shared = not isinstance(study._storage, parzen.storages.InMemoryStorage)
    assert study.best_value == (0.5 if shared else 1.0)


def test_a_pickled_study_samples_what_the_original_would():
    study = fill(parzen.create_study(sampler=TPESampler(seed=1)), range(15))
    other = pickle.loads(pickle.dumps(study))
    space = {"x": FloatDistribution(0, 1), "c": CategoricalDistribution("ab")}
    assert study.ask(space).params == other.ask(space).params


def test_data_frame(study):
    pd = pytest.importorskip("pandas")
    trial = study.ask({"x": FloatDistribution(0, 1), "c": CategoricalDistribution(["a", None])})
    trial.set_user_attr("note", {"a": 1})
    study.tell(trial, 2.0)
    study.tell(study.ask({"x": FloatDistribution(0, 1)}), state=TrialState.FAIL)
    study.ask()
    frame = study.trials_dataframe()
    assert list(frame.columns) == [
        "number", "value", "datetime_start", "datetime_complete", "duration", "params_c", "params_x",
        "user_attrs_note", "state",
    ]  # fmt: skip
    assert list(frame["state"]) == ["COMPLETE", "FAIL", "RUNNING"]
    assert frame["value"].tolist()[0] == 2.0 and frame["value"].isna().tolist() == [False, True, True]
    assert frame["params_x"].dtype == np.float64 and frame["user_attrs_note"][0] == {"a": 1}
    assert pd.isna(frame["user_attrs_note"][1]) and pd.isna(frame["duration"][2])
    levels = study.trials_dataframe(attrs=("number", "params", "intermediate_values"), multi_index=True)
    assert list(levels.columns) == [("number", ""), ("params", "c"), ("params", "x")]
    assert parzen.create_study().trials_dataframe().empty


def test_data_frame_of_several_objectives():
    pytest.importorskip("pandas")
    study = parzen.create_study(directions=["minimize", "maximize"])
    study.tell(study.ask(), [1.0, 2.0])
    for attrs in (("value",), ("values",)):
        assert study.trials_dataframe(attrs).to_dict("list") == {"values_0": [1.0], "values_1": [2.0]}
    study.set_metric_names(["loss", "gain"])
    assert study.trials_dataframe(("values",)).to_dict("list") == {"values_loss": [1.0], "values_gain": [2.0]}


@pytest.mark.parametrize("part", ["nsgaii", TPESampler, MedianPruner()])
def test_a_sampler_is_an_object(part: object) -> None:
    with pytest.raises(TypeError, match="`sampler` must be an object that has `sample_independent`"):
        parzen.create_study(sampler=part)


@pytest.mark.parametrize("part", ["median", MedianPruner, TPESampler()])
def test_a_pruner_is_an_object(part: object) -> None:
    with pytest.raises(TypeError, match="`pruner` must be an object that has `prune`"):
        parzen.create_study(pruner=part)


def test_directions_are_a_list() -> None:
    with pytest.raises(ValueError, match="must be a list, one for each objective, but got 'minimize'"):
        parzen.create_study(directions="minimize")
