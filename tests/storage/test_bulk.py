"""A study read at once as columns is the study read trial by trial; what one query says is what all trials say."""

from __future__ import annotations

import json
import math
import random
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from contract.storages import plain

import parzen
from parzen.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.history import History
from parzen.samplers import RandomSampler
from parzen.storage.json import read_together
from parzen.storage.rdb import bulk, histories
from parzen.storages import RDBStorage
from parzen.trial import TrialState, create_trial

STATES = [TrialState.COMPLETE] * 5 + [TrialState.PRUNED, TrialState.FAIL, TrialState.WAITING, TrialState.RUNNING]


def random_trial(rng: random.Random, n_objectives: int) -> parzen.trial.FrozenTrial:
    state = rng.choice(STATES)
    space: dict[str, tuple[BaseDistribution, Any]] = {
        "x": (FloatDistribution(0, rng.choice([1, 1, 1, 2])), rng.random()),
        "n": (IntDistribution(1, 9), rng.randint(1, 9)),
        "c": (CategoricalDistribution(rng.choice([("a", "b"), ("a", "b", "c"), (1, True)])), None),
        "rare": (FloatDistribution(1e-5, 1, log=True), 0.5),
    }
    names = [name for name in rng.sample(list(space), 4) if rng.random() < (0.05 if name == "rare" else 0.8)]
    params = {name: space[name][1] if name != "c" else space[name][0].choices[0] for name in names}  # type: ignore[attr-defined]
    values: list[float] | None = [rng.choice([rng.random(), math.inf, -math.inf, 0.5]) for _ in range(n_objectives)]
    if state == TrialState.FAIL or (state != TrialState.COMPLETE and rng.random() < 0.5):
        values = None
    system_attrs: dict[str, Any] = {}
    if rng.random() < 0.3:
        system_attrs["constraints"] = [rng.choice([-1.0, 0.0, 1.0, math.nan])]
    if rng.random() < 0.2:
        system_attrs["fixed_params"] = {"x": 0.5, "y": 1}
    if rng.random() < 0.2:
        system_attrs["completed_rung_0"] = 0.5
    reports = {step: rng.choice([rng.random(), math.nan, math.inf]) for step in rng.sample(range(9), rng.randint(0, 3))}
    return create_trial(
        state=state,
        values=values if state.is_finished() else None,
        params=params,
        distributions={name: space[name][0] for name in names},
        user_attrs={"k": [1, {"a": None}]} if rng.random() < 0.3 else {},
        system_attrs=system_attrs,
        intermediate_values=reports,
    )


def random_study(storage: str, seed: int, n_trials: int, directions: list[str]) -> None:
    """Store a study whose trials lie between those of another one, some of them paused."""
    rng = random.Random(seed)
    study = parzen.create_study(storage=storage, study_name="s", directions=directions, sampler=RandomSampler(seed=0))
    other = parzen.create_study(storage=study._storage, study_name="other", sampler=RandomSampler(seed=0))
    for _ in range(n_trials):
        if rng.random() < 0.2:
            study._storage.create_new_trial(study._study_id, random_trial(rng, len(directions)))
            other.tell(other.ask({"x": FloatDistribution(0, 1)}), 1.0)
        elif rng.random() < 0.1:
            trial = study.ask({"y": FloatDistribution(0, 1)})
            trial.report([0.5] * len(directions) if len(directions) > 1 else 0.5, 10)
            study.tell(trial, state=TrialState.PAUSED)
        else:
            study._storage.create_new_trials(study._study_id, [random_trial(rng, len(directions)) for _ in range(3)])
    study._storage.remove_session()


def content(history: History) -> dict[str, Any]:
    """Give all that can be seen of a history."""
    numbers = np.arange(history.n)
    names = history.param_names
    steps = range(-1, 12)
    return {
        "counts": (history.n, history.n_complete, history.n_pruned, history.n_finished, history.best),
        "rows": [
            np.nan_to_num(np.asarray(column, dtype=float), nan=-7.5).tolist()
            for column in (history.trial_ids, history.states, history.values, history.violation, history.last_step,
                           history.last_value, history.started, history.completed)
        ],
        "params": {name: np.nan_to_num(history.param(name), nan=-7.5).tolist() for name in names},
        "order": names,
        "constraints": {
            key: np.nan_to_num(history.constraint(key), nan=-7.5).tolist() for key in history.constraint_keys
        },
        "finished": (history.finished.tolist(), history.pauses.tolist()),
        "records": [plain(history.copy_record(number)) for number in numbers.tolist()],
        "live": sorted(history.live),
        "waiting": history.next_waiting(),
        "spaces": [[repr(space) for space in history.spaces(pruned)] for pruned in (True, False)],
        "together": (history.groups, history.common_names, history.space_version),
        "latest": {name: repr(history.latest(name)) for name in names},
        "known": {name: repr(history.distribution(name)) for name in names},
        "changed": sorted(history._domains.changed_choices),
        "by space": [
            (repr(space), rows.tolist())
            for space, rows in history.by_space(np.array([n for n in numbers if n not in history.live], dtype=np.int64))
        ],
        "reports": [repr(history.reports.at(step)) for step in steps],
        "ranked": [(list(history.reports.ranked(step)), history.reports.n_complete(step)) for step in steps],
        "rungs": repr(list(history.rungs.since(0))),
        "unsuggested": history.unsuggested,
        "rank": history._best_rank,
    }  # fmt: skip


def check_columns(storage: str, seed: int, n_trials: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare what columns give with what single trials give."""
    random_study(storage, seed, n_trials, directions=["minimize", "maximize"][: 1 + seed % 2])
    taken = []
    read = histories.Histories._read_at_once
    monkeypatch.setattr(
        histories.Histories, "_read_at_once", lambda self, study_id: taken.append(read(self, study_id)) or taken[-1]
    )
    at_once = parzen.load_study(study_name="s", storage=storage).history
    assert taken[-1] is at_once
    monkeypatch.setattr(histories.Histories, "_read_at_once", lambda self, study_id: None)
    one_by_one = parzen.load_study(study_name="s", storage=storage).history
    found, expected = content(at_once), content(one_by_one)
    for key in expected:
        assert found[key] == expected[key], key


@pytest.mark.parametrize("seed", range(12))
def test_columns_are_what_single_trials_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    check_columns(f"sqlite:///{tmp_path}/study.db", seed, (0, 1, 40, 120)[seed % 4], monkeypatch)


@pytest.mark.parametrize("seed", [2, 5])
def test_columns_of_a_server_are_what_single_trials_give(url: str, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    check_columns(url, seed, 40, monkeypatch)


def test_columns_of_a_server_are_of_one_state(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial that ends while its study is read has the state that it had at the beginning, in all its parts."""
    study = parzen.create_study(storage=url, study_name="s", sampler=RandomSampler(seed=0))
    study.tell(study.ask(), 1.0)
    trial = study.ask({"x": FloatDistribution(0, 1)})
    names = bulk._Places.numbers

    def numbers(*arguments: Any) -> Any:
        if trial.number not in ended:
            ended.append(trial.number)
            study.tell(trial, 2.0)
            study.tell(study.ask(), 3.0)
        return names(*arguments)

    ended: list[int] = []
    monkeypatch.setattr(bulk._Places, "numbers", numbers)
    storage = RDBStorage(url)
    history = storage.get_history(1)
    assert [int(state) for state in history.states] == [TrialState.COMPLETE, TrialState.RUNNING]
    assert ended
    assert [trial.value for trial in storage.get_all_trials(1)] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe", "UTC"])
def test_times_over_a_change_of_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    import time

    path = tmp_path / "study.db"
    study = parzen.create_study(storage=f"sqlite:///{path}", study_name="s")
    study._storage.create_new_trials(study._study_id, [create_trial(value=1.0)] * 48 * 30)
    study._storage.remove_session()
    with sqlite3.connect(path) as connection:  # half an hour apart, over the end of summer time
        connection.execute(
            "UPDATE trials SET datetime_start = datetime('2026-10-20', (number * 30) || ' minutes'), "
            "datetime_complete = strftime('%Y-%m-%d %H:%M:%f', '2026-03-01', (number * 31) || ' minutes') || '123'"
        )
    connection.close()
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        at_once = parzen.load_study(study_name="s", storage=f"sqlite:///{path}").trials
        monkeypatch.setattr(histories.Histories, "_read_at_once", lambda self, study_id: None)
        assert parzen.load_study(study_name="s", storage=f"sqlite:///{path}").trials == at_once
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize("seed", range(8))
def test_one_query_finds_the_best_trial(tmp_path: Path, seed: int, direction: str) -> None:
    path = tmp_path / "study.db"
    random_study(f"sqlite:///{path}", seed, n_trials=(0, 2, 40)[seed % 3], directions=[direction])
    asked, read = RDBStorage(f"sqlite:///{path}"), RDBStorage(f"sqlite:///{path}")
    history = read.get_history(1)
    if history.best is None:
        with pytest.raises(ValueError, match="trials are completed yet") as by_query:
            asked.get_best_trial(1)
        with pytest.raises(ValueError, match="trials are completed yet") as by_history:
            read.get_best_trial(1)
        assert str(by_query.value) == str(by_history.value)
    else:
        assert plain(asked.get_best_trial(1)) == plain(read.get_best_trial(1))
    assert asked.get_size(1) == read.get_size(1)
    assert not asked._histories.has(1)
    summaries = [parzen.get_all_study_summaries(storage)[0] for storage in (asked, read)]
    assert repr(vars(summaries[0])) == repr(vars(summaries[1]))


def test_the_best_trial_behind_many_that_violate_a_constraint(tmp_path: Path) -> None:
    study = parzen.create_study(storage=f"sqlite:///{tmp_path}/study.db", study_name="s")
    given = [
        create_trial(value=float(i), system_attrs={"constraints": [1.0 if i < 1500 else 0.0]}) for i in range(1502)
    ]
    study._storage.create_new_trials(study._study_id, given)
    asked = RDBStorage(f"sqlite:///{tmp_path}/study.db")
    assert asked.get_best_trial(1).value == 1500.0
    assert not asked._histories.has(1)


def test_several_objectives_have_no_best_trial(tmp_path: Path) -> None:
    parzen.create_study(storage=f"sqlite:///{tmp_path}/study.db", directions=["minimize"] * 2)
    with pytest.raises(RuntimeError, match="multi-objective"):
        RDBStorage(f"sqlite:///{tmp_path}/study.db").get_best_trial(1)
    with pytest.raises(KeyError):
        RDBStorage(f"sqlite:///{tmp_path}/study.db").get_best_trial(2)


@pytest.mark.parametrize("texts", [["1", "[2]", '{"a": "}"}'], ['"a", "b"'], []])
def test_many_attributes_are_read_at_once(texts: list[str]) -> None:
    expected = [value for text in texts for value in json.loads(f"[{text}]")]
    if len(expected) == len(texts):
        assert read_together(texts) == expected
    else:
        with pytest.raises(ValueError):
            read_together(texts)


@pytest.mark.parametrize("texts", [["[1", "2], 3"], ["1], [2", "3"], ["1,", "2"], ["", "1"]])
def test_texts_that_are_json_only_together_are_not_read_at_once(texts: list[str]) -> None:
    with pytest.raises(ValueError):
        read_together(texts)
