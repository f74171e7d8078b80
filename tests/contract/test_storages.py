"""What every storage must do, whoever wrote it."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from contract.rooms import concrete
from contract.storages import NAMES, STORAGES, plain

import parzen
from parzen.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.exceptions import DuplicatedStudyError, UpdateFinishedTrialError
from parzen.samplers import RandomSampler, TPESampler
from parzen.storages import BaseStorage, InMemoryStorage
from parzen.study import StudyDirection
from parzen.trial import FrozenTrial, Trial, TrialState, create_trial

MINIMIZE, MAXIMIZE = StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE
RUNNING, WAITING = TrialState.RUNNING, TrialState.WAITING
COMPLETE, PRUNED, FAIL = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL
PAUSED = TrialState.PAUSED
UNIT = FloatDistribution(0.0, 1.0)
NOBODY = 10**6  # an identifier that was never given out


@pytest.fixture(params=NAMES)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseStorage]:
    made = STORAGES[request.param].open(tmp_path)
    yield made
    made.remove_session()


@pytest.fixture
def study_id(storage: BaseStorage) -> int:
    return storage.create_new_study([MINIMIZE], "study")


def ended(storage: BaseStorage, study_id: int, state: TrialState = COMPLETE) -> int:
    trial_id = storage.create_new_trial(study_id)
    storage.set_trial_state_values(trial_id, state, [0.5] if state == COMPLETE else None)
    return trial_id


def test_every_public_storage_is_in_the_list() -> None:
    assert concrete(parzen.storage, BaseStorage) <= {line.kind for line in STORAGES.values()}


@pytest.mark.parametrize("name", NAMES)
def test_a_line_opens_what_it_says(name: str, tmp_path: Path) -> None:
    storage = STORAGES[name].open(tmp_path)
    assert type(storage) is STORAGES[name].kind
    storage.remove_session()


# --- studies ---------------------------------------------------------------------------------------------------------


def test_a_study_has_what_it_was_created_with(storage: BaseStorage) -> None:
    study_id = storage.create_new_study([MINIMIZE, MAXIMIZE, MINIMIZE], "Größe 一 🚀 'quoted' \"twice\" %")
    assert storage.get_study_name_from_id(study_id) == "Größe 一 🚀 'quoted' \"twice\" %"
    assert storage.get_study_id_from_name("Größe 一 🚀 'quoted' \"twice\" %") == study_id
    assert storage.get_study_directions(study_id) == [MINIMIZE, MAXIMIZE, MINIMIZE]
    assert storage.get_study_user_attrs(study_id) == storage.get_study_system_attrs(study_id) == {}
    assert storage.get_all_trials(study_id) == []
    assert storage.get_n_trials(study_id) == 0


def test_a_name_is_taken_once(storage: BaseStorage, study_id: int) -> None:
    with pytest.raises(DuplicatedStudyError):
        storage.create_new_study([MAXIMIZE], "study")
    assert [study.study_name for study in storage.get_all_studies()] == ["study"]
    assert storage.get_study_directions(study_id) == [MINIMIZE]


def test_names_are_made_up_and_differ(storage: BaseStorage) -> None:
    names = {storage.get_study_name_from_id(storage.create_new_study([MINIMIZE])) for _ in range(5)}
    assert len(names) == 5


def test_study_attributes_are_replaced_and_kept_apart(storage: BaseStorage, study_id: int) -> None:
    storage.set_study_user_attr(study_id, "key", 1)
    storage.set_study_user_attr(study_id, "key", {"nested": [1, None, "ä"]})
    storage.set_study_system_attr(study_id, "key", 2)
    assert storage.get_study_user_attrs(study_id) == {"key": {"nested": [1, None, "ä"]}}
    assert storage.get_study_system_attrs(study_id) == {"key": 2}
    storage.get_study_user_attrs(study_id)["key"]["nested"].append("mine")
    assert storage.get_study_user_attrs(study_id) == {"key": {"nested": [1, None, "ä"]}}


def test_all_studies_are_listed_in_order(storage: BaseStorage, study_id: int) -> None:
    other = storage.create_new_study([MAXIMIZE, MINIMIZE], "other")
    storage.set_study_user_attr(other, "who", "me")
    storage.set_study_system_attr(study_id, "what", [1.5])
    first, second = storage.get_all_studies()
    assert (first._study_id, first.study_name, first.directions) == (study_id, "study", [MINIMIZE])
    assert (second._study_id, second.study_name, second.directions) == (other, "other", [MAXIMIZE, MINIMIZE])
    assert (first.user_attrs, first.system_attrs) == ({}, {"what": [1.5]})
    assert (second.user_attrs, second.system_attrs) == ({"who": "me"}, {})


def test_a_deleted_study_is_gone_and_others_stay(storage: BaseStorage, study_id: int) -> None:
    other = storage.create_new_study([MAXIMIZE], "other")
    kept = ended(storage, other)
    gone = [ended(storage, study_id), storage.create_new_trial(study_id)]
    assert storage.get_n_trials(study_id) == 2
    storage.delete_study(study_id)
    for trial_id in gone:
        with pytest.raises(KeyError):
            storage.get_trial(trial_id)
    with pytest.raises(KeyError):
        storage.get_all_trials(study_id)
    with pytest.raises(KeyError):
        storage.set_trial_intermediate_value(gone[1], 0, 1.0)
    assert [study.study_name for study in storage.get_all_studies()] == ["other"]
    assert storage.get_trial(kept).values == [0.5]


def test_a_study_of_a_deleted_name_starts_empty(storage: BaseStorage, study_id: int) -> None:
    for _ in range(3):
        ended(storage, study_id)
    storage.get_history(study_id)
    storage.delete_study(study_id)
    again = storage.create_new_study([MAXIMIZE], "study")
    assert storage.get_history(again).n == 0
    assert storage.get_history(again).directions == [MAXIMIZE]
    assert storage.get_trial(storage.create_new_trial(again)).number == 0


STUDY_VERBS: dict[str, Callable[[BaseStorage], object]] = {
    "delete_study": lambda s: s.delete_study(NOBODY),
    "set_study_user_attr": lambda s: s.set_study_user_attr(NOBODY, "a", 1),
    "set_study_system_attr": lambda s: s.set_study_system_attr(NOBODY, "a", 1),
    "get_study_id_from_name": lambda s: s.get_study_id_from_name("nobody"),
    "get_study_name_from_id": lambda s: s.get_study_name_from_id(NOBODY),
    "get_study_directions": lambda s: s.get_study_directions(NOBODY),
    "get_study_user_attrs": lambda s: s.get_study_user_attrs(NOBODY),
    "get_study_system_attrs": lambda s: s.get_study_system_attrs(NOBODY),
    "create_new_trial": lambda s: s.create_new_trial(NOBODY),
    "create_new_trial from a template": lambda s: s.create_new_trial(NOBODY, create_trial(value=1.0)),
    "create_new_trials": lambda s: s.create_new_trials(NOBODY, [create_trial(value=1.0)]),
    "get_all_trials": lambda s: s.get_all_trials(NOBODY),
    "get_n_trials": lambda s: s.get_n_trials(NOBODY),
    "get_best_trial": lambda s: s.get_best_trial(NOBODY),
    "get_history": lambda s: s.get_history(NOBODY),
    "claim_waiting_trial": lambda s: s.claim_waiting_trial(NOBODY),
    "number": lambda s: s.get_trial_id_from_study_id_trial_number(NOBODY, 0),
}


def test_an_unknown_study_is_a_key_error(storage: BaseStorage, study_id: int) -> None:
    for verb in STUDY_VERBS.values():
        with pytest.raises(KeyError):
            verb(storage)


# --- trials ----------------------------------------------------------------------------------------------------------

CHANGES: dict[str, Callable[[BaseStorage, int], object]] = {
    "param": lambda s, i: s.set_trial_param(i, "x", 0.5, UNIT),
    "params": lambda s, i: s.set_trial_params(i, {"x": (0.5, UNIT), "y": (0.25, UNIT)}),
    "complete": lambda s, i: s.set_trial_state_values(i, COMPLETE, [1.0]),
    "start": lambda s, i: s.set_trial_state_values(i, RUNNING),
    "requeue": lambda s, i: s.set_trial_state_values(i, WAITING),
    "finish_trials": lambda s, i: s.finish_trials([i], [COMPLETE], [[1.0]]),
    "report": lambda s, i: s.set_trial_intermediate_value(i, 0, 1.0),
    "user_attr": lambda s, i: s.set_trial_user_attr(i, "a", 1),
    "system_attr": lambda s, i: s.set_trial_system_attr(i, "a", 1),
    "system_attrs": lambda s, i: s.set_trials_system_attrs({i: {"a": 1}}),
}
READS: dict[str, Callable[[BaseStorage, int], object]] = {
    "get_trial": lambda s, i: s.get_trial(i),
    "number": lambda s, i: s.get_trial_number_from_id(i),
    "param": lambda s, i: s.get_trial_param(i, "x"),
    "params": lambda s, i: s.get_trial_params(i),
    "user_attrs": lambda s, i: s.get_trial_user_attrs(i),
    "system_attrs": lambda s, i: s.get_trial_system_attrs(i),
}


@pytest.mark.parametrize("trial_id", [NOBODY, -1])
def test_an_unknown_trial_is_a_key_error(storage: BaseStorage, study_id: int, trial_id: int) -> None:
    storage.create_new_trial(study_id)
    for verb in (*CHANGES.values(), *READS.values()):
        with pytest.raises(KeyError):
            verb(storage, trial_id)


@pytest.mark.parametrize("state", [COMPLETE, PRUNED, FAIL])
def test_a_finished_trial_does_not_change(storage: BaseStorage, study_id: int, state: TrialState) -> None:
    trial_id = ended(storage, study_id, state)
    before = storage.get_trial(trial_id)
    for change in CHANGES.values():
        with pytest.raises(UpdateFinishedTrialError):
            change(storage, trial_id)
        assert storage.get_trial(trial_id) == before


def test_a_new_trial_runs_and_is_empty(storage: BaseStorage, study_id: int) -> None:
    before = datetime.now() - timedelta(seconds=1)
    trial = storage.get_trial(storage.create_new_trial(study_id))
    assert (trial.number, trial.state, trial.values, trial.datetime_complete) == (0, RUNNING, None, None)
    assert trial.params == trial.distributions == trial.user_attrs == trial.system_attrs == {}
    assert trial.intermediate_values == {}
    assert trial.datetime_start is not None
    assert before < trial.datetime_start < datetime.now() + timedelta(seconds=1)


def test_numbers_count_within_a_study_and_identifiers_over_all(storage: BaseStorage, study_id: int) -> None:
    other = storage.create_new_study([MINIMIZE], "other")
    ids = [(study, storage.create_new_trial(study)) for _ in range(4) for study in (study_id, other)]
    assert len({trial_id for _, trial_id in ids}) == 8
    for study in (study_id, other):
        own = [trial_id for owner, trial_id in ids if owner == study]
        assert [storage.get_trial_number_from_id(trial_id) for trial_id in own] == [0, 1, 2, 3]
        assert [storage.get_trial_id_from_study_id_trial_number(study, k) for k in range(4)] == own
        assert [trial._trial_id for trial in storage.get_all_trials(study)] == own


@pytest.mark.parametrize("number", [-1, 1, 10**9])
def test_a_number_that_no_trial_has_is_a_key_error(storage: BaseStorage, study_id: int, number: int) -> None:
    storage.create_new_trial(study_id)
    with pytest.raises(KeyError):
        storage.get_trial_id_from_study_id_trial_number(study_id, number)


PARAMS: dict[str, tuple[BaseDistribution, list[float]]] = {
    "float": (FloatDistribution(-1e308, 1e308), [0.1 + 0.2, -0.0, 5e-324, -2.2e-308, 1e308, -math.pi]),
    "log": (FloatDistribution(1e-300, 1e300, log=True), [1e-300, 1.0, 1e300]),
    "stepped": (FloatDistribution(0.0, 1.0, step=0.1), [0.0, 0.1, 3 * 0.1, 1.0]),
    "int": (IntDistribution(-(2**53), 2**53), [-(2**53), 0, 7, 2**53]),
    "int log": (IntDistribution(1, 10**6, log=True), [1, 1000, 10**6]),
    "categorical": (CategoricalDistribution(("a", None, True, 2, 0.5, math.inf, math.nan, "ü'\"\\\n")), list(range(8))),
    "single": (CategoricalDistribution((None,)), [0]),
}


@pytest.mark.parametrize("kind", PARAMS)
def test_parameters_come_back(storage: BaseStorage, study_id: int, kind: str) -> None:
    distribution, internals = PARAMS[kind]
    for internal in internals:
        trial_id = storage.create_new_trial(study_id)
        storage.set_trial_param(trial_id, "first", 0.25, UNIT)
        storage.set_trial_param(trial_id, "Ωmega 🚀", internal, distribution)
        external = plain(distribution.to_external_repr(internal))
        for _ in range(2):  # while it runs, and when it is finished
            trial = storage.get_trial(trial_id)
            assert list(trial.params) == list(trial.distributions) == ["first", "Ωmega 🚀"]
            assert plain(trial.params["Ωmega 🚀"]) == external
            assert type(trial.params["Ωmega 🚀"]) is type(distribution.to_external_repr(internal))
            assert trial.distributions == {"first": UNIT, "Ωmega 🚀": distribution}
            assert storage.get_trial_param(trial_id, "Ωmega 🚀") == internal
            assert plain(storage.get_trial_params(trial_id)) == plain(trial.params)
            if not trial.state.is_finished():
                storage.set_trial_state_values(trial_id, COMPLETE, [0.0])


def test_a_parameter_that_a_trial_does_not_have_is_a_key_error(storage: BaseStorage, study_id: int) -> None:
    with pytest.raises(KeyError):
        storage.get_trial_param(storage.create_new_trial(study_id), "x")


INCOMPATIBLE = [
    (UNIT, FloatDistribution(0.5, 1.0, log=True)),
    (UNIT, IntDistribution(0, 1)),
    (IntDistribution(1, 9), IntDistribution(1, 9, log=True)),
    (CategoricalDistribution(("a", "b")), IntDistribution(0, 1)),
]


@pytest.mark.parametrize(("known", "other"), INCOMPATIBLE)
def test_an_incompatible_distribution_is_refused(
    storage: BaseStorage, study_id: int, known: BaseDistribution, other: BaseDistribution
) -> None:
    storage.set_trial_param(storage.create_new_trial(study_id), "x", 1.0, known)
    trial_id = storage.create_new_trial(study_id)
    before = storage.get_trial(trial_id)
    with pytest.raises(ValueError):
        storage.set_trial_param(trial_id, "x", 1.0, other)
    with pytest.raises(ValueError):
        storage.set_trial_params(trial_id, {"x": (1.0, other)})
    template = create_trial(value=0.0, params={"x": other.to_external_repr(1.0)}, distributions={"x": other})
    with pytest.raises(ValueError):
        storage.create_new_trial(study_id, template)
    assert storage.get_trial(trial_id) == before
    assert storage.get_n_trials(study_id) == 2
    storage.set_trial_param(trial_id, "x", 1.0, known)


def test_a_range_may_move(storage: BaseStorage, study_id: int) -> None:
    trial_id, later = storage.create_new_trial(study_id), storage.create_new_trial(study_id)
    storage.set_trial_param(trial_id, "x", 0.5, UNIT)
    storage.set_trial_param(later, "x", 7.0, FloatDistribution(5.0, 9.0))
    assert storage.get_trial(later).distributions == {"x": FloatDistribution(5.0, 9.0)}
    assert storage.get_trial(trial_id).distributions == {"x": UNIT}


def test_choices_may_change(storage: BaseStorage, study_id: int) -> None:
    """An index belongs to the choices of its own trial."""
    first, second = CategoricalDistribution(("a", "b")), CategoricalDistribution(("b", "c", "a"))
    ids = [storage.create_new_trial(study_id) for _ in range(2)]
    for trial_id, distribution in zip(ids, (first, second), strict=True):
        storage.set_trial_param(trial_id, "x", 1.0, distribution)
    assert [storage.get_trial(trial_id).params for trial_id in ids] == [{"x": "b"}, {"x": "c"}]
    for trial_id in ids:
        storage.set_trial_state_values(trial_id, TrialState.COMPLETE, [0.0])
    assert [trial.params["x"] for trial in storage.get_all_trials(study_id)] == ["b", "c"]


def test_another_study_may_know_the_name_differently(storage: BaseStorage, study_id: int) -> None:
    storage.set_trial_param(storage.create_new_trial(study_id), "x", 0.5, UNIT)
    other = storage.create_new_trial(storage.create_new_study([MINIMIZE], "other"))
    storage.set_trial_param(other, "x", 3.0, IntDistribution(0, 9))
    assert storage.get_trial(other).params == {"x": 3}


def test_states_and_times(storage: BaseStorage, study_id: int) -> None:
    trial_id = storage.create_new_trial(study_id)
    assert not storage.set_trial_state_values(trial_id, RUNNING)
    assert storage.set_trial_state_values(trial_id, WAITING)
    assert storage.get_trial(trial_id).state == WAITING
    assert storage.set_trial_state_values(trial_id, RUNNING)
    assert not storage.set_trial_state_values(trial_id, RUNNING)
    assert storage.set_trial_state_values(trial_id, COMPLETE, [1.0])
    trial = storage.get_trial(trial_id)
    assert trial.state == COMPLETE
    assert trial.datetime_start is not None
    assert trial.datetime_complete is not None
    assert trial.datetime_start <= trial.datetime_complete


VALUES = [0.0, -1.5, 1e308, 5e-324, -2.2e-308, math.inf, -math.inf, 0.1 + 0.2]


@pytest.mark.parametrize("state", [COMPLETE, PRUNED])
def test_values_come_back(storage: BaseStorage, study_id: int, state: TrialState) -> None:
    for value in VALUES:
        trial_id = storage.create_new_trial(study_id)
        storage.set_trial_state_values(trial_id, state, [value])
        assert (storage.get_trial(trial_id).state, storage.get_trial(trial_id).values) == (state, [value])
    assert [trial.value for trial in storage.get_all_trials(study_id)] == VALUES


def test_many_objectives(storage: BaseStorage) -> None:
    study_id = storage.create_new_study([MINIMIZE, MAXIMIZE] * 5, "many")
    trial_id = storage.create_new_trial(study_id)
    values = [float(i) if i % 3 else math.inf for i in range(10)]
    storage.set_trial_state_values(trial_id, COMPLETE, values)
    assert storage.get_trial(trial_id).values == values
    assert storage.get_study_directions(study_id) == [MINIMIZE, MAXIMIZE] * 5
    with pytest.raises(RuntimeError):
        storage.get_best_trial(study_id)


REPORTS = {5: 1.0, 0: math.nan, 3: math.inf, 2**40: -math.inf, 7: 5e-324, 8: -0.0}


def test_reports_come_back_in_their_order(storage: BaseStorage, study_id: int) -> None:
    trial_id = storage.create_new_trial(study_id)
    for step, value in REPORTS.items():
        storage.set_trial_intermediate_value(trial_id, step, value)
    assert list(plain(storage.get_trial(trial_id).intermediate_values).items()) == list(plain(REPORTS).items())
    storage.set_trial_intermediate_value(trial_id, 3, 2.5)
    storage.set_trial_state_values(trial_id, PRUNED, [2.5])
    assert plain(storage.get_trial(trial_id).intermediate_values) == plain({**REPORTS, 3: 2.5})


ATTRIBUTES: dict[str, Any] = {
    "none": None,
    "number": -1.5,
    "special": [math.inf, -math.inf],
    "text": "ä 一 🚀 \x00 '\"\\",
    "nested": {"a": [1, {"b": [True, None]}]},
    "schlüssel 🚀": 1,
    "": "an empty key",
    "large": "x" * 1_000_000,
}


@pytest.mark.parametrize("kind", ["user", "system"])
def test_trial_attributes_come_back(storage: BaseStorage, study_id: int, kind: str) -> None:
    trial_id = storage.create_new_trial(study_id)
    write = getattr(storage, f"set_trial_{kind}_attr")
    write(trial_id, "none", "replaced below")
    for key, value in ATTRIBUTES.items():
        write(trial_id, key, value)
    assert getattr(storage, f"get_trial_{kind}_attrs")(trial_id) == ATTRIBUTES
    storage.set_trial_state_values(trial_id, FAIL)
    assert getattr(storage.get_trial(trial_id), f"{kind}_attrs") == ATTRIBUTES
    assert getattr(storage.get_trial(trial_id), "system_attrs" if kind == "user" else "user_attrs") == {}


# --- templates -------------------------------------------------------------------------------------------------------


def template(state: TrialState, objectives: int = 1) -> FrozenTrial:
    return create_trial(
        state=state,
        values=[0.25] * objectives if state in (COMPLETE, PRUNED, PAUSED) else None,
        params={"x": 0.5, "c": None},
        distributions={"x": UNIT, "c": CategoricalDistribution(("a", None))},
        user_attrs={"u": [1]},
        system_attrs={"s": {"t": 2}, **({"parzen:paused_at": 2} if state == PAUSED else {})},
        intermediate_values={1: 0.5, 2: math.nan},
        constraints={"memory": -1.0},
    )


@pytest.mark.parametrize("state", TrialState)
def test_a_template_is_copied_in_every_state(storage: BaseStorage, study_id: int, state: TrialState) -> None:
    storage.create_new_trial(study_id)
    given = template(state)
    trial = storage.get_trial(storage.create_new_trial(study_id, given))
    assert plain(trial) == {**plain(given), "number": 1}
    assert (trial.datetime_start, trial.datetime_complete) == (given.datetime_start, given.datetime_complete)
    given.user_attrs["u"].append("mine")
    given.params["x"] = 0.75
    assert plain(storage.get_trial(trial._trial_id)) == plain(trial)


@pytest.mark.parametrize("state", TrialState)
def test_a_trial_made_from_a_template_goes_on(storage: BaseStorage, study_id: int, state: TrialState) -> None:
    trial_id = storage.create_new_trial(study_id, template(state))
    if state.is_finished():
        with pytest.raises(UpdateFinishedTrialError):
            storage.set_trial_user_attr(trial_id, "a", 1)
        return
    assert storage.set_trial_state_values(trial_id, RUNNING) == (state == WAITING)
    storage.set_trial_param(trial_id, "y", 0.5, UNIT)
    storage.set_trial_intermediate_value(trial_id, 3, 0.75)
    storage.set_trial_state_values(trial_id, COMPLETE, [0.125])
    trial = storage.get_trial(trial_id)
    assert trial.params == {"x": 0.5, "c": None, "y": 0.5}
    assert trial.values == [0.125]


def test_values_of_a_running_template_are_replaced_or_kept(storage: BaseStorage, study_id: int) -> None:
    ids = [storage.create_new_trial(study_id, create_trial(state=RUNNING, value=3.0)) for _ in range(2)]
    storage.set_trial_state_values(ids[0], COMPLETE, [1.0])
    storage.set_trial_state_values(ids[1], PRUNED)
    assert [storage.get_trial(i).values for i in ids] == [[1.0], [3.0]]


def test_several_templates_at_once(storage: BaseStorage, study_id: int) -> None:
    given = [template(state) for state in TrialState]
    assert storage.create_new_trials(study_id, []) == []
    ids = storage.create_new_trials(study_id, given)
    assert [plain(storage.get_trial(i)) for i in ids] == [{**plain(t), "number": k} for k, t in enumerate(given)]


def test_trials_are_created_at_a_number_or_not_at_all(storage: BaseStorage, study_id: int) -> None:
    storage.create_new_trial(study_id)
    given = [template(COMPLETE), template(RUNNING)]
    assert storage.create_trials_at(study_id, 0, given) is None
    assert storage.create_trials_at(study_id, 2, given) is None
    assert storage.get_n_trials(study_id) == 1
    created = storage.create_trials_at(study_id, 1, given)
    assert created is not None
    assert [storage.get_trial_number_from_id(trial_id) for trial_id in created] == [1, 2]
    assert [plain(storage.get_trial(i)) for i in created] == [{**plain(t), "number": n} for n, t in enumerate(given, 1)]


def test_several_ends_at_once(storage: BaseStorage, study_id: int) -> None:
    ids = [storage.create_new_trial(study_id) for _ in range(3)]
    storage.finish_trials(ids, [COMPLETE, FAIL, PRUNED], [[1.0], None, [2.0]])
    assert [(t.state, t.values) for t in storage.get_all_trials(study_id)] == [
        (COMPLETE, [1.0]), (FAIL, None), (PRUNED, [2.0])]  # fmt: skip


def test_system_attributes_of_several_trials(storage: BaseStorage, study_id: int) -> None:
    ids = [storage.create_new_trial(study_id) for _ in range(3)]
    storage.set_trial_system_attr(ids[0], "a", 0)
    storage.set_trials_system_attrs({ids[0]: {"a": 1.5, "b": [1, None]}, ids[2]: {"c": "ü"}, ids[1]: {}})
    found = [{"a": 1.5, "b": [1, None]}, {}, {"c": "ü"}]
    assert [storage.live_record(i).system_attrs for i in ids] == found
    assert [trial.system_attrs for trial in storage.get_all_trials(study_id)] == found
    storage.finish_trials(ids, [COMPLETE] * 3, [[1.0]] * 3)
    assert [trial.system_attrs for trial in storage.get_all_trials(study_id)] == found


# --- looking ---------------------------------------------------------------------------------------------------------


def test_trials_are_listed_by_number_and_state(storage: BaseStorage, study_id: int) -> None:
    for state in (COMPLETE, FAIL, COMPLETE, PRUNED):
        ended(storage, study_id, state)
    storage.create_new_trial(study_id)
    storage.create_new_trial(study_id, create_trial(state=WAITING))
    for deepcopy in (True, False):
        for states, numbers in (
            (None, [0, 1, 2, 3, 4, 5]), ((COMPLETE,), [0, 2]), ((RUNNING, WAITING), [4, 5]), ((), []), ({FAIL}, [1]),
        ):  # fmt: skip
            found = storage.get_all_trials(study_id, deepcopy=deepcopy, states=states)
            assert [trial.number for trial in found] == numbers
            assert storage.get_n_trials(study_id, states) == len(numbers)
    assert storage.get_n_trials(study_id, COMPLETE) == 2


def test_copies_are_the_callers(storage: BaseStorage, study_id: int) -> None:
    for state in (RUNNING, COMPLETE):
        trial_id = storage.create_new_trial(study_id, template(state))
        before = plain(storage.get_trial(trial_id))
        for copy in (storage.get_trial(trial_id), storage.get_all_trials(study_id)[-1]):
            copy.params["x"] = "changed"
            copy.user_attrs["u"].append("changed")
            copy.intermediate_values.clear()
        assert plain(storage.get_trial(trial_id)) == before


@pytest.mark.parametrize(("direction", "best"), [(MINIMIZE, 2), (MAXIMIZE, 3)])
def test_the_best_trial_is_complete_and_feasible_and_the_first(
    storage: BaseStorage, direction: StudyDirection, best: int
) -> None:
    study_id = storage.create_new_study([direction], "best")
    with pytest.raises(ValueError):
        storage.get_best_trial(study_id)
    edge = -5.0 if direction == MINIMIZE else 5.0
    storage.create_new_trial(study_id, create_trial(value=edge, constraints={"c": 1e-9}))
    with pytest.raises(ValueError, match="feasible"):
        storage.get_best_trial(study_id)
    storage.create_new_trial(study_id, create_trial(state=PRUNED, value=edge))
    for value in (-1.0, 1.0, -1.0, 1.0):
        storage.create_new_trial(study_id, create_trial(value=value, constraints={"c": 0.0}))
    storage.create_new_trial(study_id)
    assert storage.get_best_trial(study_id).number == best


def test_the_history_holds_every_trial(storage: BaseStorage, study_id: int) -> None:
    for state in TrialState:
        storage.create_new_trial(study_id, template(state))
    history = storage.get_history(study_id)
    assert history.n == len(TrialState)
    assert history.states.tolist() == list(TrialState)
    assert history.param("x").tolist() == [0.5] * len(TrialState)
    assert sorted(history.live) == [RUNNING, WAITING]
    assert [plain(r) for r in history.records()] == [plain(t) for t in storage.get_all_trials(study_id)]
    storage.set_trial_state_values(storage.get_trial_id_from_study_id_trial_number(study_id, 0), COMPLETE, [9.0])
    assert storage.get_history(study_id).values[0, 0] == 9.0


# --- paused trials ---------------------------------------------------------------------------------------------------


def paused(storage: BaseStorage, study_id: int, step: int = 3) -> int:
    """Make a trial that ran up to a step and paused there."""
    trial_id = storage.create_new_trial(study_id)
    storage.set_trial_param(trial_id, "x", 0.5, UNIT)
    go_on(storage, trial_id, range(1, step + 1))
    return trial_id


def go_on(storage: BaseStorage, trial_id: int, steps: range) -> None:
    for step in steps:
        storage.set_trial_intermediate_value(trial_id, step, 1.0 / step)
    storage.set_trial_user_attr(trial_id, "checkpoint", f"after {steps[-1]}")
    storage.set_trial_system_attr(trial_id, "parzen:paused_at", steps[-1])
    storage.set_trial_system_attr(trial_id, f"completed_rung_{steps[0] // 3}", 1.0 / steps[-1])
    storage.set_trial_state_values(trial_id, PAUSED, [1.0 / steps[-1]])


def test_a_paused_trial_goes_on_and_pauses_again(storage: BaseStorage, study_id: int) -> None:
    trial_id = paused(storage, study_id)
    before = storage.get_trial(trial_id)
    assert (before.state, before.values) == (PAUSED, [1 / 3])
    assert before.datetime_complete is not None
    assert storage.set_trial_state_values(trial_id, RUNNING)
    running = storage.get_trial(trial_id)
    assert (running.state, running.values, running.datetime_complete) == (RUNNING, None, None)
    assert running.datetime_start == before.datetime_start
    assert running.intermediate_values == before.intermediate_values
    assert running.user_attrs == {"checkpoint": "after 3"}
    assert running.system_attrs["parzen:paused_at"] == 3
    assert not storage.set_trial_state_values(trial_id, RUNNING)  # it runs already
    go_on(storage, trial_id, range(4, 10))
    history = storage.get_history(study_id)
    assert (history.states[0], history.values[0, 0], history.last_step[0]) == (PAUSED, 1 / 9, 9)
    assert list(storage.get_trial(trial_id).intermediate_values) == list(range(1, 10))
    assert history.rungs.reached(0) == 2


@pytest.mark.parametrize("state", [COMPLETE, PRUNED, FAIL])
def test_a_resumed_trial_ends_as_any_other(storage: BaseStorage, study_id: int, state: TrialState) -> None:
    trial_id = paused(storage, study_id)
    assert storage.set_trial_state_values(trial_id, RUNNING)
    storage.set_trial_intermediate_value(trial_id, 4, 0.25)
    storage.set_trial_state_values(trial_id, state, None if state == FAIL else [0.25])
    assert storage.get_trial(trial_id).state == state
    history = storage.get_history(study_id)
    assert history.finished.tolist() == [0]
    assert not history.live
    with pytest.raises(UpdateFinishedTrialError):
        storage.set_trial_state_values(trial_id, RUNNING)


def test_nothing_of_a_paused_trial_can_be_changed(storage: BaseStorage, study_id: int) -> None:
    trial_id = paused(storage, study_id)
    for change in (
        lambda: storage.set_trial_param(trial_id, "y", 0.5, UNIT),
        lambda: storage.set_trial_intermediate_value(trial_id, 9, 0.5),
        lambda: storage.set_trial_user_attr(trial_id, "a", 1),
        lambda: storage.set_trial_system_attr(trial_id, "a", 1),
        lambda: storage.set_trial_state_values(trial_id, COMPLETE, [1.0]),
        lambda: storage.set_trial_state_values(trial_id, WAITING),
    ):
        with pytest.raises(UpdateFinishedTrialError):
            change()
    assert storage.claim_waiting_trial(study_id) is None


def test_a_paused_trial_is_marked_whoever_pauses_it(storage: BaseStorage, study_id: int) -> None:
    trial_id = storage.create_new_trial(study_id)
    storage.set_trial_intermediate_value(trial_id, 7, 0.5)
    storage.finish_trials([trial_id], [PAUSED], [[0.5]])
    trial = storage.get_trial(trial_id)
    assert (trial.state, trial.system_attrs) == (PAUSED, {"parzen:paused_at": 7})


def test_threads_resume_a_paused_trial_once(storage: BaseStorage, study_id: int) -> None:
    trial_ids = [paused(storage, study_id) for _ in range(5)]
    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(lambda i: storage.set_trial_state_values(i, RUNNING), trial_ids * 4))
    assert sum(won) == len(trial_ids)


# --- whole studies ---------------------------------------------------------------------------------------------------


def objective(trial: Trial) -> float:
    x = trial.suggest_float("x", -5.0, 5.0)
    kind = trial.suggest_categorical("kind", ["line", "square", None])
    if kind == "square":
        n = trial.suggest_int("n", 1, 64, log=True)
    else:
        n = trial.suggest_int("m", 0, 10, step=5)
    trial.set_user_attr("kind", kind)
    trial.set_constraint("bound", n - 32.0)
    if trial.number % 11 == 7:
        return math.nan
    for step in range(4):
        trial.report(math.nan if step == 2 and n == 5 else (x - 1) ** 2 + n / (step + 1), step)
        if trial.should_prune():
            raise parzen.TrialPruned
    return (x - 1) ** 2 + n / 10


@pytest.mark.parametrize("sampler", [RandomSampler, TPESampler])
@pytest.mark.filterwarnings("ignore:.*recorded as failed")
def test_a_seeded_study_is_the_same_in_every_storage(storage: BaseStorage, sampler: Any) -> None:
    def run(where: BaseStorage) -> parzen.Study:
        study = parzen.create_study(storage=where, sampler=sampler(seed=5), study_name="seeded")
        study.enqueue_trial({"x": 1.0, "kind": "square", "n": 2})
        study.optimize(objective, n_trials=40)
        return study

    study, reference = run(storage), run(InMemoryStorage())
    assert [plain(trial) for trial in study.trials] == [plain(trial) for trial in reference.trials]
    assert {trial.state for trial in study.trials} == {COMPLETE, PRUNED, FAIL}
    assert study.best_trial.number == reference.best_trial.number


def test_ask_and_tell(storage: BaseStorage) -> None:
    study = parzen.create_study(storage=storage, sampler=RandomSampler(seed=0))
    asked = [study.ask({"x": UNIT}) for _ in range(3)]
    told = [study.tell(trial, trial.params["x"]) for trial in reversed(asked)]
    assert [trial.number for trial in told] == [2, 1, 0]
    assert study.tell(study.ask(), state=PRUNED).state == PRUNED
    with pytest.raises(ValueError):
        study.tell(0, 1.0)
    assert study.tell(0, 99.0, skip_if_finished=True).values == told[2].values


def test_batches(storage: BaseStorage) -> None:
    study = parzen.create_study(storage=storage, sampler=RandomSampler(seed=0))
    study.enqueue_trial({"x": 0.125})
    batch = study.ask_batch(6, {"x": UNIT, "n": IntDistribution(1, 9)})
    study.tell_batch(batch, batch["x"] * 2)
    assert [trial.number for trial in study.trials] == batch.numbers == list(range(6))
    assert [trial.params["x"] for trial in study.trials] == batch["x"].tolist()
    assert study.trials[0].params["x"] == 0.125
    assert [trial.value for trial in study.trials] == (batch["x"] * 2).tolist()


def test_enqueued_trials_run_first_in_order_and_once(storage: BaseStorage) -> None:
    study = parzen.create_study(storage=storage, sampler=RandomSampler(seed=0))
    for x in (0.1, 0.2, 0.3):
        study.enqueue_trial({"x": x}, user_attrs={"from": "queue"})
    asked = [study.ask() for _ in range(5)]
    assert [trial.number for trial in asked] == [0, 1, 2, 3, 4]
    assert [trial.suggest_float("x", 0, 1) for trial in asked[:3]] == [0.1, 0.2, 0.3]
    assert [trial.user_attrs for trial in asked] == [{"from": "queue"}] * 3 + [{}] * 2


def test_a_study_goes_on_where_it_was_left(storage: BaseStorage) -> None:
    study = parzen.create_study(storage=storage, sampler=RandomSampler(seed=3), study_name="long")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    again = parzen.load_study(study_name="long", storage=storage, sampler=RandomSampler(seed=3))
    again.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    unbroken = parzen.create_study(sampler=RandomSampler(seed=3))
    unbroken.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=6)
    assert [t.params for t in again.trials] == [t.params for t in unbroken.trials]


def test_copying_a_study_between_storages(storage: BaseStorage) -> None:
    study = parzen.create_study(directions=["minimize", "maximize"], study_name="source")
    study.set_metric_names(["loss", "gain"])
    study.set_user_attr("note", "ä")
    study.add_trials([template(state, objectives=2) for state in TrialState])
    parzen.copy_study(from_study_name="source", from_storage=study._storage, to_storage=storage, to_study_name="copy")
    copied = parzen.load_study(study_name="copy", storage=storage)
    assert [plain(trial) for trial in copied.trials] == [plain(trial) for trial in study.trials]
    assert (copied.metric_names, copied.user_attrs, copied.directions) == (
        study.metric_names, study.user_attrs, study.directions)  # fmt: skip


def test_threads_share_a_storage(storage: BaseStorage) -> None:
    if type(storage).__name__ == "MinimalStorage":
        pytest.skip("it has no lock")
    study = parzen.create_study(storage=storage, sampler=RandomSampler(seed=0))
    for i in range(20):
        study.enqueue_trial({"x": i / 20})

    def work(_: int) -> None:
        for _ in range(10):
            trial = study.ask()
            x = trial.suggest_float("x", 0, 1)
            trial.report(x, 0)
            study.tell(trial, x)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert [trial.number for trial in study.trials] == list(range(80))
    assert [trial.params["x"] for trial in study.trials[:20]] == [i / 20 for i in range(20)]
    assert all(t.value == t.params["x"] == t.intermediate_values[0] for t in study.trials)


def test_a_pickled_study_holds_the_same_trials_and_goes_on(storage: BaseStorage) -> None:
    study = parzen.create_study(storage=storage, sampler=RandomSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    running = study.ask()
    running.suggest_float("x", 0, 1)
    study.enqueue_trial({"x": 0.5})
    copy = pickle.loads(pickle.dumps(study))
    assert [plain(trial) for trial in copy.trials] == [plain(trial) for trial in study.trials]
    assert copy.tell(running.number, 1.0).params == running.params
    assert copy.ask().number == 4
    copy._storage.remove_session()


# --- what cannot be stored -------------------------------------------------------------------------------------------


@pytest.fixture(params=[name for name in NAMES if name != "minimal"])
def own_storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseStorage]:
    made = STORAGES[request.param].open(tmp_path)
    yield made
    made.remove_session()


@pytest.mark.parametrize("values", [[math.nan], [1.0, 2.0], []])
def test_unfit_values_are_refused_and_the_trial_stays(own_storage: BaseStorage, values: list[float]) -> None:
    study_id = own_storage.create_new_study([MINIMIZE])
    ids = [own_storage.create_new_trial(study_id) for _ in range(2)]
    with pytest.raises(ValueError, match="1 objective values"):
        own_storage.set_trial_state_values(ids[0], COMPLETE, values)
    with pytest.raises(ValueError, match="1 objective values"):
        own_storage.finish_trials(ids, [COMPLETE, COMPLETE], [[1.0], values])
    bad = template(RUNNING)
    bad.values = values
    with pytest.raises(ValueError, match="1 objective values"):
        own_storage.create_new_trials(study_id, [template(COMPLETE), bad])
    assert [(t.state, t.values) for t in own_storage.get_all_trials(study_id)] == [(RUNNING, None)] * 2
    assert pickle.loads(pickle.dumps(own_storage)).get_n_trials(study_id) == 2


def test_a_parameter_is_never_nan(own_storage: BaseStorage) -> None:
    trial_id = own_storage.create_new_trial(own_storage.create_new_study([MINIMIZE]))
    with pytest.raises(ValueError, match="must not be NaN"):
        own_storage.set_trial_param(trial_id, "x", math.nan, UNIT)
    with pytest.raises(ValueError, match="must not be NaN"):
        own_storage.set_trial_params(trial_id, {"y": (0.5, UNIT), "x": (math.nan, UNIT)})
    assert own_storage.get_trial(trial_id).params == {}


def test_templates_that_contradict_each_other_are_refused_together(own_storage: BaseStorage) -> None:
    study_id = own_storage.create_new_study([MINIMIZE])
    as_float = create_trial(value=1.0, params={"x": 1.0}, distributions={"x": UNIT})
    as_int = create_trial(value=1.0, params={"x": 1}, distributions={"x": IntDistribution(0, 1)})
    with pytest.raises(ValueError, match="kind"):
        own_storage.create_new_trials(study_id, [as_float, as_int])
    assert own_storage.get_all_trials(study_id) == []
    own_storage.create_new_trial(study_id, as_int)


def test_ends_are_stored_together_or_not_at_all(own_storage: BaseStorage) -> None:
    study_id = own_storage.create_new_study([MINIMIZE])
    ids = [own_storage.create_new_trial(study_id) for _ in range(3)]
    own_storage.set_trial_state_values(ids[2], FAIL)
    with pytest.raises(UpdateFinishedTrialError):
        own_storage.finish_trials(ids, [COMPLETE] * 3, [[1.0]] * 3)
    assert [trial.state for trial in own_storage.get_all_trials(study_id)] == [RUNNING, RUNNING, FAIL]


def test_attributes_are_stored_together_or_not_at_all(own_storage: BaseStorage) -> None:
    study_id = own_storage.create_new_study([MINIMIZE])
    ids = [own_storage.create_new_trial(study_id) for _ in range(3)]
    own_storage.set_trial_state_values(ids[2], FAIL)
    with pytest.raises(UpdateFinishedTrialError):
        own_storage.set_trials_system_attrs({trial_id: {"a": 1} for trial_id in ids})
    assert [trial.system_attrs for trial in own_storage.get_all_trials(study_id)] == [{}] * 3
    with pytest.raises(KeyError):
        own_storage.set_trials_system_attrs({ids[0]: {"a": 1}, NOBODY: {"a": 1}})
    assert own_storage.get_trial(ids[0]).system_attrs == own_storage.live_record(ids[0]).system_attrs == {}


# --- corrections -----------------------------------------------------------------------------------------------------


def test_a_corrected_value_is_what_everybody_reads(own_storage: BaseStorage) -> None:
    study_id = own_storage.create_new_study([MINIMIZE])
    ids = [own_storage.create_new_trial(study_id, template(COMPLETE)) for _ in range(3)]
    running = own_storage.create_new_trial(study_id)
    held = own_storage.live_record(running)
    before = plain(own_storage.get_trial(ids[0]))
    own_storage.correct_values(ids[0], [-7.0])
    assert plain(own_storage.get_trial(ids[0])) == {**before, "values": [-7.0]}
    assert own_storage.get_best_trial(study_id).number == 0
    assert own_storage.get_history(study_id).values[:, 0].tolist()[:3] == [-7.0, 0.25, 0.25]
    own_storage.set_trial_intermediate_value(running, 0, 1.0)
    assert own_storage.live_record(running).intermediate_values == {0: 1.0}
    if own_storage.keeps_live_records:
        assert held.intermediate_values == {0: 1.0}
    own_storage.set_trial_state_values(running, COMPLETE, [-8.0])
    assert own_storage.get_best_trial(study_id).number == 3


@pytest.mark.parametrize("values", [[math.nan], [1.0, 2.0], []])
def test_a_correction_that_does_not_fit_changes_nothing(own_storage: BaseStorage, values: list[float]) -> None:
    study_id = own_storage.create_new_study([MINIMIZE])
    done, failed, running = (ended(own_storage, study_id), ended(own_storage, study_id, FAIL),
                             own_storage.create_new_trial(study_id))  # fmt: skip
    before = [plain(trial) for trial in own_storage.get_all_trials(study_id)]
    for trial_id, wrong in ((done, values), (failed, [1.0]), (running, [1.0])):
        with pytest.raises(ValueError, match="values"):
            own_storage.correct_values(trial_id, wrong)
    with pytest.raises(KeyError):
        own_storage.correct_values(NOBODY, [1.0])
    with pytest.raises(KeyError):
        own_storage.erase_trial(NOBODY)
    assert [plain(trial) for trial in own_storage.get_all_trials(study_id)] == before


@pytest.mark.parametrize("state", TrialState)
def test_an_erased_trial_is_an_empty_failed_one_and_keeps_its_number(
    own_storage: BaseStorage, state: TrialState
) -> None:
    study_id = own_storage.create_new_study([MINIMIZE])
    first = ended(own_storage, study_id)
    trial_id = own_storage.create_new_trial(study_id, template(state))
    own_storage.erase_trial(trial_id)
    erased = own_storage.get_trial(trial_id)
    assert (erased.number, erased.state, erased.values, erased.params, erased.user_attrs) == (1, FAIL, None, {}, {})
    assert (erased.distributions, erased.intermediate_values, erased.system_attrs) == ({}, {}, {"parzen:erased": True})
    assert None not in (erased.datetime_start, erased.datetime_complete)
    with pytest.raises(UpdateFinishedTrialError):
        own_storage.set_trial_user_attr(trial_id, "a", 1)
    assert own_storage.claim_waiting_trial(study_id) is None
    assert own_storage.get_trial(own_storage.create_new_trial(study_id)).number == 2
    assert own_storage.get_best_trial(study_id)._trial_id == first
    own_storage.erase_trial(trial_id)  # again: nothing happens


def test_a_study_corrects_and_deletes_by_number_or_record(own_storage: BaseStorage) -> None:
    study = parzen.create_study(storage=own_storage, sampler=TPESampler(n_startup_trials=3, seed=0))
    for _ in range(6):
        study.tell(study.ask({"x": UNIT}), 1.0)
    study.correct_trial(study.trials[2], 0.25)
    study.delete_trial(4)
    assert study.best_value == 0.25
    assert [trial.state for trial in study.trials] == [COMPLETE] * 4 + [FAIL, COMPLETE]
    study.tell(study.ask({"x": UNIT}), 0.5)
    for wrong in (99, -1):
        with pytest.raises(ValueError, match="has not been created"):
            study.delete_trial(wrong)
    with pytest.raises(ValueError, match="not acceptable"):
        study.correct_trial(0, math.nan)


# --- much, and malicious ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_ten_thousand_parameters_and_a_large_attribute(own_storage: BaseStorage) -> None:
    study_id = own_storage.create_new_study([MINIMIZE])
    trial_id = own_storage.create_new_trial(study_id)
    own_storage.set_trial_params(trial_id, {f"x{i}": (i / 10_000, UNIT) for i in range(10_000)})
    own_storage.set_trial_user_attr(trial_id, "large", "ä\x00🚀" * 300_000)
    own_storage.set_trial_state_values(trial_id, COMPLETE, [1.0])
    again = pickle.loads(pickle.dumps(own_storage))
    trial = again.get_trial(trial_id)
    assert list(trial.params.items()) == [(f"x{i}", i / 10_000) for i in range(10_000)]
    assert trial.user_attrs == {"large": "ä\x00🚀" * 300_000}
    again.remove_session()


ATTACKS = [
    "'; DROP TABLE trials; --", '"; DROP TABLE trials; --', "x' OR '1'='1", "`; DELETE FROM studies; --",
    "?", "%s", "%(x)s", ":x", "\\'; --", "{0}", "{}", "${x}", "*/", "\n; DROP TABLE trials",
]  # fmt: skip


def test_names_are_names_and_nothing_else(own_storage: BaseStorage) -> None:
    bystander = own_storage.create_new_study([MINIMIZE], "bystander")
    ended(own_storage, bystander)
    before = [plain(trial) for trial in own_storage.get_all_trials(bystander)]
    for attack in ATTACKS:
        study = parzen.create_study(study_name=attack, storage=own_storage, sampler=RandomSampler())
        study.set_user_attr(attack, attack)
        trial = study.ask()
        trial.suggest_float(attack, 0, 1)
        trial.suggest_categorical(attack + "c", [attack, "other"])
        trial.set_user_attr(attack, {attack: [attack]})
        own_storage.set_trial_system_attr(trial._trial_id, attack, attack)
        trial.set_constraint(attack, -1.0)
        study.tell(trial, 1.0)
        study.enqueue_trial({attack: 0.5}, user_attrs={attack: attack})
        assert study.ask({attack: UNIT}).params == {attack: 0.5}
        loaded = parzen.load_study(study_name=attack, storage=own_storage)
        assert loaded.user_attrs == {attack: attack}
        assert set(loaded.trials[0].params) == {attack, attack + "c"}
        assert loaded.trials[0].user_attrs == {attack: {attack: [attack]}}
        assert loaded.trials[0].constraints == {attack: -1.0}
        parzen.delete_study(study_name=attack, storage=own_storage)
        assert [study.study_name for study in own_storage.get_all_studies()] == ["bystander"]
        assert [plain(trial) for trial in own_storage.get_all_trials(bystander)] == before
