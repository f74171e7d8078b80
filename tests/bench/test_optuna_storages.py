"""Storages driven by hand, verb by verb, as plug-ins and dashboards do: each of ours as one of Optuna's.

Optuna's storages differ among themselves in places. What all of them do alike, each of ours does; where they differ,
ours does as one of them.
"""

from __future__ import annotations

import copy
import datetime
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from contract.storages import SERVERS, STORAGES, drop_journals, serve
from differential import Outcome, error_of, run, stands_for

import parzen

optuna = pytest.importorskip("optuna")

pytestmark = pytest.mark.bench

# --- what is done with a storage -------------------------------------------------------------------------------------

Scenario = Callable[[Any, Any], Any]
ATTRS = {
    "none": None, "true": True, "int": 3, "huge": 2**70, "float": 0.1, "nan": math.nan, "inf": math.inf,
    "text": "ü漢\n", "empty": "", "list": [1, [2, None]], "dict": {"a": {"b": [True]}}, "long": "x" * 70_000,
    "empty_list": [],
}  # fmt: skip


def study_in(o: Any, storage: Any, n_objectives: int = 1, name: str = "s") -> int:
    return storage.create_new_study([o.study.StudyDirection.MINIMIZE] * n_objectives, name)


def finished_in(o: Any, storage: Any, study_id: int, state: str = "COMPLETE") -> int:
    trial_id = storage.create_new_trial(study_id)
    storage.set_trial_state_values(trial_id, o.trial.TrialState[state], [1.0] if state == "COMPLETE" else None)
    return trial_id


def record(o: Any, **kwargs: Any) -> Any:
    return o.trial.create_trial(**kwargs)


def stored(trial: Any) -> Any:
    """Give what is stored of a trial; its times by their presence."""
    return (
        trial.number, trial.state, trial.values, trial.params, trial.distributions, trial.user_attrs,
        trial.system_attrs, trial.intermediate_values, trial.datetime_start is None, trial.datetime_complete is None,
    )  # fmt: skip


def waiting_in(o: Any, storage: Any, study_id: int) -> int:
    return storage.create_new_trial(study_id, record(o, state=o.trial.TrialState.WAITING))


def trial_in(o: Any, storage: Any, study_id: int, state: str) -> int:
    if state == "WAITING":
        return waiting_in(o, storage, study_id)
    return storage.create_new_trial(study_id) if state == "RUNNING" else finished_in(o, storage, study_id, state)


def changes_of_state(old: str, new: str, values: Any) -> Scenario:
    def scenario(o: Any, storage: Any) -> Any:
        trial_id = trial_in(o, storage, study_in(o, storage), old)
        done = error_of(lambda: storage.set_trial_state_values(trial_id, o.trial.TrialState[new], values))
        return done, stored(storage.get_trial(trial_id))

    return scenario


def changes_of(verb: str, state: str, *arguments: Any) -> Scenario:
    def scenario(o: Any, storage: Any) -> Any:
        trial_id = trial_in(o, storage, study_in(o, storage), state)
        given = [make(o) if callable(make) else make for make in arguments]
        return error_of(lambda: getattr(storage, verb)(trial_id, *given)), stored(storage.get_trial(trial_id))

    return scenario


def unknown(verb: str, *arguments: Any) -> Scenario:
    def scenario(o: Any, storage: Any) -> Any:
        study_in(o, storage)
        given = [make(o) if callable(make) else make for make in arguments]
        return error_of(lambda: getattr(storage, verb)(*given))

    return scenario


def attribute_of_trial(value: Any) -> Scenario:
    def scenario(o: Any, storage: Any) -> Any:
        study_id = study_in(o, storage)
        trial_id = storage.create_new_trial(study_id)
        for kind in ("user", "system"):
            getattr(storage, f"set_trial_{kind}_attr")(trial_id, "k", "before")
            getattr(storage, f"set_trial_{kind}_attr")(trial_id, "k", value)
        before = storage.get_trial_user_attrs(trial_id), storage.get_trial_system_attrs(trial_id)
        storage.set_trial_state_values(trial_id, o.trial.TrialState.PRUNED)
        return before, stored(storage.get_trial(trial_id)), [stored(t) for t in storage.get_all_trials(study_id)]

    return scenario


def attribute_of_study(value: Any) -> Scenario:
    def scenario(o: Any, storage: Any) -> Any:
        study_id = study_in(o, storage)
        for kind in ("user", "system"):
            getattr(storage, f"set_study_{kind}_attr")(study_id, "k", "before")
            getattr(storage, f"set_study_{kind}_attr")(study_id, "k", value)
        study = storage.get_all_studies()[0]
        return (storage.get_study_user_attrs(study_id), storage.get_study_system_attrs(study_id), study.user_attrs,
                study.system_attrs)  # fmt: skip

    return scenario


def attribute_of_template(value: Any) -> Scenario:
    def scenario(o: Any, storage: Any) -> Any:
        study_id = study_in(o, storage)
        trial = record(o, value=1.0, user_attrs={"k": value}, system_attrs={"s": value})
        return stored(storage.get_trial(storage.create_new_trial(study_id, trial)))

    return scenario


DISTRIBUTIONS = {
    "float": lambda d: d.FloatDistribution(0, 1),
    "float_wide": lambda d: d.FloatDistribution(-5, 5),
    "float_log": lambda d: d.FloatDistribution(0.1, 1, log=True),
    "float_step": lambda d: d.FloatDistribution(0, 1, step=0.5),
    "int": lambda d: d.IntDistribution(0, 1),
    "int_log": lambda d: d.IntDistribution(1, 3, log=True),
    "cat": lambda d: d.CategoricalDistribution(["a", "b"]),
    "cat_more": lambda d: d.CategoricalDistribution(["a", "b", "c"]),
}


def param_after(first: str, second: str, where: str) -> Scenario:
    """Set a parameter that exists, in the trial itself or in another one, under another distribution."""

    def scenario(o: Any, storage: Any) -> Any:
        study_id = study_in(o, storage)
        trial_id = storage.create_new_trial(study_id)
        storage.set_trial_param(trial_id, "x", 1.0, DISTRIBUTIONS[first](o.distributions))
        if where != "same":
            if where == "finished":
                storage.set_trial_state_values(trial_id, o.trial.TrialState.COMPLETE, [1.0])
            trial_id = storage.create_new_trial(study_id)
        again = error_of(lambda: storage.set_trial_param(trial_id, "x", 1.0, DISTRIBUTIONS[second](o.distributions)))
        return again, [stored(t) for t in storage.get_all_trials(study_id)]

    return scenario


def template_after(first: str, second: str) -> Scenario:
    def scenario(o: Any, storage: Any) -> Any:
        study_id = study_in(o, storage)
        storage.set_trial_param(storage.create_new_trial(study_id), "x", 1.0, DISTRIBUTIONS[first](o.distributions))
        made = DISTRIBUTIONS[second](o.distributions)
        trial = record(o, value=1.0, params={"x": made.to_external_repr(1.0)}, distributions={"x": made})
        done = error_of(lambda: type(storage.create_new_trial(study_id, trial)) is int)
        return done, [stored(t) for t in storage.get_all_trials(study_id)]

    return scenario


STATES = ("RUNNING", "WAITING", "COMPLETE", "PRUNED", "FAIL")
SCENARIOS: dict[str, Scenario] = {
    **{f"state-{old}-{new}-{values}": changes_of_state(old, new, values) for old in STATES for new in STATES
       for values in (None, [2.0]) if new != "COMPLETE" or values},
    **{f"{verb}-{state}": changes_of(verb, state, *arguments) for state in STATES for verb, arguments in {
        "set_trial_param": ("x", 0.5, lambda o: o.distributions.FloatDistribution(0, 1)),
        "set_trial_intermediate_value": (1, 0.5), "set_trial_user_attr": ("k", 1), "set_trial_system_attr": ("k", 1),
        "check_trial_is_updatable": (lambda o: o.trial.TrialState.RUNNING,),
        "get_trial_params": (), "get_trial_user_attrs": (), "get_trial_system_attrs": (),
        "get_trial_number_from_id": (),
    }.items()},
    **{f"report-{value}": changes_of("set_trial_intermediate_value", "RUNNING", 3, value)
       for value in (math.nan, math.inf, -math.inf, 1e300, 5e-324, 2)},
    **{f"unknown-{name}": unknown(name, *arguments) for name, arguments in {
        "get_trial": (99,), "get_trial_params": (99,), "get_trial_user_attrs": (99,), "get_trial_system_attrs": (99,),
        "get_trial_param": (99, "x"), "get_trial_number_from_id": (99,), "get_all_trials": (99,),
        "get_n_trials": (99,), "get_best_trial": (99,), "set_trial_user_attr": (99, "k", 1),
        "set_trial_system_attr": (99, "k", 1), "set_trial_intermediate_value": (99, 0, 1.0),
        "set_trial_param": (99, "x", 0.5, lambda o: o.distributions.FloatDistribution(0, 1)),
        "set_trial_state_values": (99, lambda o: o.trial.TrialState.COMPLETE, [1.0]),
        "create_new_trial": (99,), "delete_study": (99,), "get_study_name_from_id": (99,),
        "get_study_id_from_name": ("nobody",), "get_study_directions": (99,), "get_study_user_attrs": (99,),
        "get_study_system_attrs": (99,), "set_study_user_attr": (99, "k", 1), "set_study_system_attr": (99, "k", 1),
        "get_trial_id_from_study_id_trial_number": (99, 0),
    }.items()},
    **{f"attr-trial-{name}": attribute_of_trial(value) for name, value in ATTRS.items()},
    **{f"attr-study-{name}": attribute_of_study(value) for name, value in ATTRS.items()},
    **{f"attr-template-{name}": attribute_of_template(value) for name, value in ATTRS.items()},
    **{f"param-{where}-{first}-{second}": param_after(first, second, where) for first in DISTRIBUTIONS
       for second in DISTRIBUTIONS for where in ("same", "finished")},
    **{f"template-{first}-{second}": template_after(first, second) for first in DISTRIBUTIONS
       for second in DISTRIBUTIONS},
}  # fmt: skip


def scenario(f: Scenario) -> Scenario:
    SCENARIOS[f.__name__] = f
    return f


@scenario
def number_from_another_study(o: Any, storage: Any) -> Any:
    a, b = study_in(o, storage), study_in(o, storage, name="b")
    ids = [storage.create_new_trial(study) for study in (a, b, a)]
    return (
        [storage.get_trial_number_from_id(i) for i in ids],
        [storage.get_trial_id_from_study_id_trial_number(a, n) == ids[2 * n] for n in (0, 1)],
        error_of(lambda: storage.get_trial_id_from_study_id_trial_number(a, 2)),
    )


@scenario
def counts(o: Any, storage: Any) -> Any:
    study_id = study_in(o, storage)
    for state in STATES:
        trial_in(o, storage, study_id, state)
    state_of = o.trial.TrialState
    asked = [None, state_of.COMPLETE, (state_of.FAIL, state_of.PRUNED), (), (state_of.RUNNING,)]
    return [storage.get_n_trials(study_id, state) for state in asked]


@scenario
def listings(o: Any, storage: Any) -> Any:
    study_id = study_in(o, storage)
    for state in STATES:
        trial_in(o, storage, study_id, state)
    state_of = o.trial.TrialState
    asked = [None, (), (state_of.COMPLETE,), [state_of.WAITING, state_of.RUNNING], {state_of.FAIL}, list(state_of)]
    return [[stored(t) for t in storage.get_all_trials(study_id, deepcopy=deep, states=states)]
            for states in asked for deep in (True, False)]  # fmt: skip


@scenario
def a_listing_is_a_copy(o: Any, storage: Any) -> Any:
    study_id = study_in(o, storage)
    trial_id = storage.create_new_trial(study_id)
    storage.set_trial_user_attr(trial_id, "k", [1])
    for read in (lambda: storage.get_all_trials(study_id)[0], lambda: storage.get_trial(trial_id)):
        read().user_attrs["k"].append(2)
        read().params["x"] = 1
    storage.get_study_user_attrs(study_id)["a"] = 1
    storage.get_trial_user_attrs(trial_id)["a"] = 1
    storage.get_all_studies()[0].user_attrs["a"] = 1
    return stored(storage.get_trial(trial_id)), storage.get_study_user_attrs(study_id)


@scenario
def studies(o: Any, storage: Any) -> Any:
    names = ["a", "ü漢", "with blank ", "x" * 400, "a/b'\"%?"]
    ids = [study_in(o, storage, 1 + i % 2, name) for i, name in enumerate(names)]
    storage.set_study_user_attr(ids[0], "k", 1)
    return (
        [(s.study_name, s.directions, s.user_attrs, s.system_attrs) for s in storage.get_all_studies()],
        [storage.get_study_id_from_name(name) == i for name, i in zip(names, ids, strict=True)],
        [storage.get_study_name_from_id(i) for i in ids],
        error_of(lambda: study_in(o, storage, 2, "a")),
        error_of(lambda: storage.get_all_studies()[1].direction),
        storage.get_study_name_from_id(storage.create_new_study([o.study.StudyDirection.MAXIMIZE]))[:8],
    )


@scenario
def deletion(o: Any, storage: Any) -> Any:
    study_id = study_in(o, storage)
    trial_id = storage.create_new_trial(study_id)
    storage.delete_study(study_id)
    return (
        len(storage.get_all_studies()), error_of(lambda: storage.get_trial(trial_id)),
        error_of(lambda: storage.create_new_trial(study_id)), error_of(lambda: storage.delete_study(study_id)),
        error_of(lambda: storage.get_study_id_from_name("s")), type(study_in(o, storage)) is int,
    )  # fmt: skip


@scenario
def directions_not_set(o: Any, storage: Any) -> Any:
    study_id = storage.create_new_study([o.study.StudyDirection.NOT_SET], "s")
    return storage.get_study_directions(study_id)


@scenario
def params_internal(o: Any, storage: Any) -> Any:
    d = o.distributions
    trial_id = storage.create_new_trial(study_in(o, storage))
    for name, internal, distribution in (
        ("f", 0.3, d.FloatDistribution(0, 1)), ("i", 2, d.IntDistribution(0, 5)),
        ("l", 0.2, d.FloatDistribution(0.1, 1, log=True)),
        ("c", 1, d.CategoricalDistribution(("a", None, 2.5))), ("n", 0, d.CategoricalDistribution((math.nan, True))),
        ("s", 0.25, d.FloatDistribution(0, 1, step=0.25)), ("outside", 7.0, d.FloatDistribution(0, 1)),
    ):  # fmt: skip
        storage.set_trial_param(trial_id, name, internal, distribution)
    found = [float(storage.get_trial_param(trial_id, name)) for name in "filcns"]
    return found, storage.get_trial_params(trial_id), error_of(lambda: storage.get_trial_param(trial_id, "nobody"))


@scenario
def best(o: Any, storage: Any) -> Any:
    study_id = study_in(o, storage)
    found = [error_of(lambda: storage.get_best_trial(study_id))]
    for value in (2.0, math.inf, -math.inf, 1.0):
        storage.create_new_trial(study_id, record(o, value=value))
        found.append(storage.get_best_trial(study_id).number)
    two = study_in(o, storage, 2, "two")
    storage.create_new_trial(two, record(o, values=[1.0, 2.0]))
    return found, error_of(lambda: storage.get_best_trial(two))


@scenario
def templates(o: Any, storage: Any) -> Any:
    d, state_of = o.distributions, o.trial.TrialState
    study_id = study_in(o, storage, 2)
    for given in (
        {"values": [1.0, math.inf], "params": {"x": 0.5}, "distributions": {"x": d.FloatDistribution(0, 1)}},
        {"state": state_of.PRUNED, "values": [1.0, 2.0], "intermediate_values": {0: 1.0, 7: math.nan, 3: math.inf}},
        {"state": state_of.FAIL, "user_attrs": {"a": [1]}, "system_attrs": {"b": {}}},
        {"state": state_of.WAITING, "params": {"c": 1}, "distributions": {"c": d.CategoricalDistribution((1, None))}},
        {"state": state_of.RUNNING, "user_attrs": {"a": None}},
    ):  # fmt: skip
        storage.create_new_trial(study_id, record(o, **given))
    return [stored(t) for t in storage.get_all_trials(study_id)]


@scenario
def times_of_a_template(o: Any, storage: Any) -> Any:
    trial = record(o, value=1.0)
    trial.datetime_start = datetime.datetime(2020, 2, 29, 23, 59, 59, 123456)
    trial.datetime_complete = datetime.datetime(2021, 1, 1)
    back = storage.get_trial(storage.create_new_trial(study_in(o, storage), trial))
    return str(back.datetime_start), str(back.datetime_complete), back.duration == trial.duration


@scenario
def a_template_stays(o: Any, storage: Any) -> Any:
    trial = record(o, value=1.0, user_attrs={"k": [1]})
    before = copy.deepcopy(trial)
    trial_id = storage.create_new_trial(study_in(o, storage), trial)
    trial.user_attrs["k"].append(2)
    return before.number == trial.number, storage.get_trial(trial_id).user_attrs


@scenario
def values_kept_in_steps(o: Any, storage: Any) -> Any:
    trial_id = storage.create_new_trial(study_in(o, storage))
    storage.set_trial_state_values(trial_id, o.trial.TrialState.RUNNING, [3.0])
    between = storage.get_trial(trial_id).values
    storage.set_trial_state_values(trial_id, o.trial.TrialState.COMPLETE, [4.0])
    return between, stored(storage.get_trial(trial_id))


@scenario
def reports_again(o: Any, storage: Any) -> Any:
    trial_id = storage.create_new_trial(study_in(o, storage))
    for step, value in ((2, 1.0), (0, 2.0), (2, math.nan), (2, 3.0), (10**9, math.inf)):
        storage.set_trial_intermediate_value(trial_id, step, value)
    return stored(storage.get_trial(trial_id))


@scenario
def numbers_of_numpy(o: Any, storage: Any) -> Any:
    trial_id = storage.create_new_trial(study_in(o, storage))
    storage.set_trial_param(trial_id, "x", np.float64(0.5), o.distributions.FloatDistribution(0, 1))
    storage.set_trial_intermediate_value(trial_id, 1, np.float64(0.5))
    storage.set_trial_state_values(trial_id, o.trial.TrialState.COMPLETE, [np.float64(1.5)])
    found = storage.get_trial(trial_id)
    return float(found.value), float(found.params["x"]), float(found.intermediate_values[1])


@scenario
def requeued(o: Any, storage: Any) -> Any:
    study_id = study_in(o, storage)
    trial_id = waiting_in(o, storage, study_id)
    state_of = o.trial.TrialState
    first = storage.set_trial_state_values(trial_id, state_of.RUNNING)
    second = storage.set_trial_state_values(trial_id, state_of.RUNNING)
    storage.set_trial_state_values(trial_id, state_of.WAITING)
    return (
        first,
        second,
        storage.set_trial_state_values(trial_id, state_of.RUNNING),
        stored(storage.get_trial(trial_id)),
    )


# --- comparing -------------------------------------------------------------------------------------------------------


def outcome(scenario: Scenario, o: Any, storage: Any) -> Outcome:
    """Do something with a storage, which is empty afterwards."""
    done = run(lambda module: scenario(module, storage), o)
    for study in storage.get_all_studies():
        storage.delete_study(study._study_id)
    return done


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Outcome]]:
    """Give what each scenario does on each of Optuna's storages that need no server."""
    journal = optuna.storages.journal.JournalFileBackend(str(tmp_path_factory.mktemp("theirs") / "study.log"))
    database = optuna.storages.RDBStorage("sqlite:///:memory:")
    references = [optuna.storages.InMemoryStorage(), database, optuna.storages.JournalStorage(journal)]
    found = {name: [outcome(do, optuna, one) for one in references] for name, do in SCENARIOS.items()}
    database.engine.dispose()
    return found


@pytest.fixture(scope="module")
def ours(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Open one of our storages for all scenarios."""
    folder = tmp_path_factory.mktemp("ours")
    if request.param == "proxy-sqlite":
        storage = serve(parzen.storages.SQLiteStorage(f"sqlite:///{folder}/study.db"))
    else:
        storage = STORAGES[request.param].open(folder)
    yield storage
    storage.remove_session()
    drop_journals()
    while SERVERS:
        SERVERS.pop().stop(None).wait()


DIFFERENCES = [
    (r"param-\w+-cat(_more)?-cat(_more)?", "the choices of a parameter may change, and each trial keeps its own"),
    (r"state-\w+-(RUNNING|WAITING)-\[2.0\]", "a trial that has not ended has no values"),
]


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("ours", [*(name for name in STORAGES if name != "minimal"), "proxy-sqlite"], indirect=True)
def test_storage(
    ours: Any, theirs: dict[str, list[Outcome]], scenario: str, record_property: Callable[[str, object], None]
) -> None:
    our = outcome(SCENARIOS[scenario], parzen, ours)
    alike = any(
        stands_for(our.error, one.error) and our.result == one.result and our.warned == one.warned
        for one in theirs[scenario]
    )
    record_property("compared", {"": alike})
    may_differ = any(re.fullmatch(pattern, scenario) for pattern, _ in DIFFERENCES)
    assert alike or may_differ, "\n".join([f"parzen: {our}", *(f"optuna: {one}" for one in theirs[scenario])])


def test_what_differs_on_purpose_does(theirs: dict[str, list[Outcome]]) -> None:
    for pattern, reason in DIFFERENCES:
        found = [name for name in SCENARIOS if re.fullmatch(pattern, name)]
        storage = parzen.storages.InMemoryStorage()
        ours = {name: outcome(SCENARIOS[name], parzen, storage).result for name in found}
        assert any(all(ours[name] != one.result for one in theirs[name]) for name in found), reason
