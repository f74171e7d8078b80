"""What every storage must keep as it was: choices, parameters, attributes and reports, whatever is done to copies."""

from __future__ import annotations

import copy
import math
import pickle
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from contract.storages import NAMES, STORAGES

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers import RandomSampler
from parzen.storages import BaseStorage, InMemoryStorage
from parzen.study import Study
from parzen.trial import FixedTrial, Trial, TrialState, create_trial

LISTS: list[Any] = [[32, 32], [64], {"a": [1, {"b": 2}]}, ["x", None]]
pytestmark = pytest.mark.filterwarnings("ignore:Choices should be None")


@pytest.fixture(params=NAMES)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseStorage]:
    made = STORAGES[request.param].open(tmp_path)
    yield made
    made.remove_session()


@pytest.fixture
def study(storage: BaseStorage) -> Study:
    return parzen.create_study(storage=storage, sampler=RandomSampler(seed=0), study_name="values")


def elsewhere(study: Study) -> Study:
    """Give the study as another process finds it; of a study in memory, a copy."""
    return parzen.load_study(study_name="values", storage=pickle.loads(pickle.dumps(study._storage)))


def spoil(value: Any) -> None:
    """Change a container at every depth."""
    for inner in list(value.values() if isinstance(value, dict) else value):
        if isinstance(inner, (list, dict)):
            spoil(inner)
    if isinstance(value, dict):
        value["spoilt"] = True
    else:
        value.append("spoilt")


# --- choices ---------------------------------------------------------------------------------------------------------


def test_what_is_done_to_a_list_changes_nothing_else(study: Study) -> None:
    kept = []
    for _ in range(8):
        trial = study.ask()
        choices = copy.deepcopy(LISTS)
        given = trial.suggest_categorical("h", choices)
        assert given in LISTS and trial.suggest_categorical("h", LISTS) == given
        kept.append(copy.deepcopy(given))
        for one in (given, trial.params["h"], trial.suggest_categorical("h", LISTS), choices):
            spoil(one)
        ended = study.tell(trial, 1.0)
        spoil(ended.params["h"])
    for trial in (study.best_trial, *study.best_trials, *study.trials):
        spoil(trial.params["h"])
        spoil(trial.distributions["h"].choices[0])
    spoil(study.best_params["h"])
    for seen in (study, elsewhere(study)):
        assert [trial.params["h"] for trial in seen.trials] == kept
        assert all(trial.distributions["h"].choices == tuple(LISTS) for trial in seen.trials)
    assert LISTS == [[32, 32], [64], {"a": [1, {"b": 2}]}, ["x", None]]


def test_lists_that_are_suggested_together_are_copies_too(study: Study) -> None:
    space = {"h": CategoricalDistribution([[1], [2]]), "x": FloatDistribution(0, 1)}
    asked = study.ask(space)
    spoil(asked.params["h"])
    batch = study.ask_batch(4, space)
    for one in (batch.choices["h"], [trial.params["h"] for trial in batch.trials]):
        for found in one:
            spoil(found)
    spoil(space["h"].choices[0])
    assert all(trial.params["h"] in ([1], [2]) for trial in study.trials)
    assert batch.choices["h"] == ([1], [2])


def test_a_list_that_was_enqueued_or_added_stays_as_it_was(study: Study) -> None:
    params, attrs = {"h": [64]}, {"notes": ["a"]}
    study.enqueue_trial(params, user_attrs=attrs)
    added = create_trial(
        value=1.0, params=params, distributions={"h": CategoricalDistribution(LISTS)}, user_attrs=attrs
    )
    study.add_trial(added)
    for container in (params["h"], attrs["notes"], added.params["h"], added.user_attrs["notes"]):
        spoil(container)
    trial = study.ask()
    assert trial.suggest_categorical("h", LISTS) == [64]
    assert trial.user_attrs == {"notes": ["a"]}
    assert [(t.params, t.user_attrs) for t in study.trials] == [({"h": [64]}, {"notes": ["a"]})] * 2


TUPLES = [(5, 6), (7,), {1: ("a", "b")}, (8, (9, [10]))]


def shape(trial: Any) -> Any:
    return trial.suggest_categorical("shape", TUPLES)


def test_a_tuple_is_found_again_where_a_store_gives_back_a_list(study: Study) -> None:
    study.optimize(lambda trial: float(TUPLES.index(shape(trial)) != 3), n_trials=20)
    again = elsewhere(study)
    found = again.best_params
    assert shape(FixedTrial(found)) == TUPLES[3] and shape(again.best_trial) == TUPLES[3]
    again.enqueue_trial(found)
    assert shape(again.ask()) == TUPLES[3]
    n = len(again.trials)
    for params in (found, {"shape": TUPLES[3]}, study.best_params):
        again.enqueue_trial(params, skip_if_exists=True)
    assert len(again.trials) == n
    for _ in range(20):
        trial = again.ask()
        given = shape(trial)
        assert given in TUPLES and type(given) in (tuple, dict)  # as in this call, not as in the store
        again.tell(trial, 1.0)
    assert len(again.history.spaces()) == 1
    assert again.history.joint_space()["shape"] == CategoricalDistribution(TUPLES)
    warnings.simplefilter("error")
    shape(trial)


def test_numbers_of_numpy_become_pythons(study: Study) -> None:
    trial = study.ask()
    trial.suggest_categorical("i", np.arange(3))
    trial.suggest_categorical("f", [np.float32(0.5), np.int8(2), np.bool_(True), np.str_("s")])
    trial.suggest_categorical("l", [[np.int64(1), (np.float32(0.25),)]])
    trial.suggest_float("x", np.float32(0), np.float64(1), step=np.float32(0.5))
    trial.suggest_int("n", np.int64(1), np.int32(5), step=np.int8(2))
    trial.set_user_attr("loss", {"epoch": np.int64(3), "value": [np.float32(0.5), np.bool_(True)]})
    study.set_user_attr("seed", np.int64(7))
    study.tell(trial, np.float32(0.5))
    study.enqueue_trial({"x": np.float32(0.5), "n": np.int64(3), "i": np.int64(2), "f": np.float32(0.5)})
    queued = study.ask()
    assert queued.suggest_float("x", 0, 1) == 0.5 and queued.suggest_int("n", 1, 5) == 3
    assert queued.suggest_categorical("i", np.arange(3)) == 2
    assert queued.suggest_categorical("f", [np.float32(0.5), np.int8(2), np.bool_(True), np.str_("s")]) == 0.5
    for seen in (study, elsewhere(study)):
        found, distributions = seen.trials[0].params, seen.trials[0].distributions
        assert {type(x) for x in found.values()} <= {int, float, bool, str, list}
        assert [type(x) for x in distributions["i"].choices] == [int] * 3
        assert [type(x) for x in distributions["f"].choices] == [float, int, bool, str]
        assert seen.trials[0].user_attrs == {"loss": {"epoch": 3, "value": [0.5, True]}}
        assert seen.user_attrs == {"seed": 7}


def test_a_record_whose_numbers_are_numpys(study: Study) -> None:
    study.add_trial(
        create_trial(
            values=[np.float32(0.5)],
            params={"x": np.float32(0.25), "n": np.int64(3)},
            distributions={"x": FloatDistribution(0, 1), "n": IntDistribution(0, 9)},
            intermediate_values={np.int64(1): np.float32(2.0)},
            user_attrs={"a": np.float32(0.5)},
        )
    )
    for seen in (study, elsewhere(study)):
        (trial,) = seen.trials
        assert (trial.values, trial.params, trial.intermediate_values) == ([0.5], {"x": 0.25, "n": 3}, {1: 2.0})


def test_what_cannot_be_stored_is_refused_with_the_name_of_its_parameter(study: Study) -> None:
    trial = study.ask()
    if type(study._storage) is InMemoryStorage or type(study._storage).__name__ == "MinimalStorage":
        assert trial.suggest_categorical("activation", [math.exp, math.sin]) in (math.exp, math.sin)
        return
    with pytest.raises(TypeError, match=r"the parameter 'activation' cannot be stored.*Suggest names"):
        trial.suggest_categorical("activation", [math.exp, math.sin])
    with pytest.raises(TypeError, match="'weights'"):
        study.ask({"weights": CategoricalDistribution([np.zeros(2), np.ones(2)])})
    with pytest.raises(TypeError, match="'kinds'"):
        study.add_trial(
            create_trial(value=0.0, params={"kinds": {1}}, distributions={"kinds": CategoricalDistribution([{1}])})
        )


# --- attributes ------------------------------------------------------------------------------------------------------


def test_what_is_done_to_an_attribute_changes_nothing_else(study: Study) -> None:
    trial = study.ask()
    curve, notes = [1, [2]], {"a": {"b": []}}
    trial.set_user_attr("curve", curve)
    study.set_user_attr("notes", notes)
    is_foreign = type(study._storage).__name__ == "MinimalStorage"  # whose verbs may keep what they are given
    study._storage.set_trial_system_attr(trial._trial_id, "s", copy.deepcopy(curve) if is_foreign else curve)
    study._storage.set_study_system_attr(study._study_id, "s", copy.deepcopy(notes) if is_foreign else notes)

    def readings() -> list[Any]:
        records = [*study.trials, study._storage.get_trial(trial._trial_id)]
        found = [trial.user_attrs["curve"], study.user_attrs["notes"]] if running else [study.user_attrs["notes"]]
        found += [record.user_attrs["curve"] for record in records] + [record.system_attrs["s"] for record in records]
        found.append(study._storage.get_study_system_attrs(study._study_id)["s"])
        summaries = [s for s in parzen.get_all_study_summaries(study._storage) if s.study_name == "values"]
        found += [summary.user_attrs["notes"] for summary in summaries]
        return found

    running = True
    for container in (curve, notes, *readings()):
        spoil(container)
    assert all(found in ([1, [2]], {"a": {"b": []}}) for found in readings())
    ended = study.tell(trial, 1.0)
    running = False
    for container in (ended.user_attrs["curve"], ended.system_attrs["s"], *readings()):
        spoil(container)
    assert all(found in ([1, [2]], {"a": {"b": []}}) for found in readings())
    assert elsewhere(study).trials[0].user_attrs == {"curve": [1, [2]]}


def test_directions_and_names_of_metrics_are_copies(study: Study) -> None:
    study.set_metric_names(["loss"])
    study.directions.clear()
    names = study.metric_names
    assert names is not None
    names.append("spoilt")
    assert study.metric_names == ["loss"] and len(study.directions) == 1


# --- comparison ------------------------------------------------------------------------------------------------------


def test_trials_with_nan_equal_themselves_and_copies(study: Study) -> None:
    for make in (lambda: float("nan"), lambda: np.float64("nan")):
        trial = study.ask()
        trial.suggest_categorical("c", [make(), 1.0])
        trial.set_user_attr("n", {"deep": [float(make()), [float(make())]]})
        trial.report(float(make()), 1)
        trial.report(1.0, 2)
        study.tell(trial, 1.0)
    study.tell(study.ask(), state=TrialState.FAIL)
    running = study.ask()
    running.report(math.nan, 0)
    first = study.trials
    assert first == study.trials == copy.deepcopy(first) == pickle.loads(pickle.dumps(first))
    assert first == elsewhere(study).trials or type(study._storage).__name__ == "MinimalStorage"
    for trial in range(2):
        assert study.trials[trial].intermediate_values == study.trials[trial].intermediate_values
    assert study.best_trial == study.best_trial and study.best_trials == study.best_trials
    assert parzen.get_all_study_summaries(study._storage) == parzen.get_all_study_summaries(study._storage)
    changed = copy.deepcopy(first[0])
    changed.intermediate_values[1] = 0.5
    assert changed != first[0]


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "step"),
    [
        (2**63 - 5, 2**63 - 1, 1),
        (-(2**63), 2**63 - 1, 1),
        (2**63 + 10, 2**63 + 20, 1),
        (3, 2**60, 7),
        (0, 2**100, 1),
        (2**53, 2**53 + 2, 1),
    ],
)
def test_large_integers_stay_in_their_range(study: Study, low: int, high: int, step: int) -> None:
    distribution = IntDistribution(low, low + (high - low) // step * step, step=step)
    for _ in range(10):
        trial = study.ask()
        n = trial.suggest_int("n", low, distribution.high, step=step)
        assert low <= n <= high and (n - low) % step == 0
        study.tell(trial, 1.0)
    batch = study.ask_batch(10, {"n": distribution})
    assert all(low <= int(n) <= high and (int(n) - low) % step == 0 for n in batch["n"])
    for seen in (study, elsewhere(study)):
        for trial in seen.trials:
            assert low <= trial.params["n"] <= high and (trial.params["n"] - low) % step == 0
            assert distribution._contains(distribution.to_internal_repr(trial.params["n"]))
    study.add_trials(study.trials[:3])
    for end in (low, distribution.high):
        internal = float(end)
        if distribution.to_external_repr(internal) == end:
            study.enqueue_trial({"n": end})
            assert study.ask().suggest_int("n", low, distribution.high, step=step) == end


def test_an_integer_that_a_float_cannot_stand_for_is_refused_with_words(study: Study) -> None:
    study.enqueue_trial({"n": 2**53 + 1})
    with pytest.raises(ValueError, match=f"enqueued with n={2**53 + 1}.*cannot be stored"):
        study.ask().suggest_int("n", 0, 2**60)
    space = {"n": IntDistribution(0, 2**60)}
    with pytest.raises(ValueError, match="The trial holds n="):
        study.add_trial(create_trial(value=1.0, params={"n": 2**53 + 1}, distributions=space))
    study.enqueue_trial({"n": 2**53 + 2})
    assert study.ask().suggest_int("n", 0, 2**60) == study.trials[-1].params["n"] == 2**53 + 2


# --- the queue -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tried", "given", "is_same"),
    [
        (0.3, 0.1 + 0.2, True),
        (1 / 3, float(f"{1 / 3:.12g}"), True),
        (0.1, np.float32(0.1), True),
        (1e-300, 1e-300 * (1 + 1e-9), True),
        (0.0, 0.0, True),
        (0.0, 1e-12, False),
        (0.5, 0.501, False),
        (-0.5, 0.5, False),
    ],
)
def test_a_number_that_is_only_rounded_is_not_tried_again(
    study: Study, tried: float, given: float, is_same: bool
) -> None:
    def x(trial: Trial) -> float:
        return trial.suggest_float("x", -1, 1)

    study.enqueue_trial({"x": tried})
    study.enqueue_trial({"x": given}, skip_if_exists=True)  # beside one that waits
    assert len(study.trials) == 2 - is_same
    study.optimize(x, n_trials=len(study.trials))
    study.enqueue_trial({"x": given}, skip_if_exists=True)  # beside one that ran
    assert len(study.trials) == 2 - is_same
    elsewhere(study).enqueue_trial({"x": given}, skip_if_exists=True)
    assert len(study.trials) == 2 - is_same


@pytest.mark.parametrize(
    ("a", "b"), [(10**6, 10**6 + 1), (True, 1), ("1", 1), (None, 0), ([1, 2], [2, 1]), ({"a": 1}, {"a": 2})]
)
def test_different_values_are_not_taken_for_rounded_ones(study: Study, a: Any, b: Any) -> None:
    study.enqueue_trial({"x": a})
    study.enqueue_trial({"x": b}, skip_if_exists=True)
    study.enqueue_trial({"x": a, "y": 1}, skip_if_exists=True)
    assert len(study.trials) == 3


WRONG: list[tuple[Any, Callable[[Any], Any]]] = [
    ("abc", lambda trial: trial.suggest_float("rate", 0, 1)),
    ([1, 2], lambda trial: trial.suggest_float("rate", 0, 1)),
    (None, lambda trial: trial.suggest_int("rate", 0, 9)),
    (math.nan, lambda trial: trial.suggest_float("rate", 0, 1)),
    (math.inf, lambda trial: trial.suggest_int("rate", 0, 9)),
    (-1.0, lambda trial: trial.suggest_float("rate", 0.1, 1, log=True)),
    ("z", lambda trial: trial.suggest_categorical("rate", ["a", "b"])),
    ({"a": 1}, lambda trial: trial.suggest_categorical("rate", ["a", "b"])),
    (10**400, lambda trial: trial.suggest_float("rate", 0, 1)),
]


@pytest.mark.parametrize(("value", "suggest"), WRONG)
def test_an_enqueued_value_of_a_wrong_type_is_told_with_its_name(
    study: Study, value: Any, suggest: Callable[[Any], Any]
) -> None:
    study.enqueue_trial({"rate": value})
    with pytest.raises(ValueError, match="Trial 0 was enqueued with rate="):
        suggest(study.ask())
    with pytest.raises(ValueError, match="The FixedTrial holds rate="):
        suggest(FixedTrial({"rate": value}))
