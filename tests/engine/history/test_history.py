"""The columns of one study, and what is kept up with them, against the records themselves."""

from __future__ import annotations

import contextlib
import math
import pickle
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from contract.storages import plain

from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.history import Growing, History, columns
from parzen.engine.history.columns import Rows
from parzen.engine.history.reports import Reports
from parzen.study import StudyDirection
from parzen.trial import FrozenTrial, TrialState

MINIMIZE, MAXIMIZE = StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE
RUNNING, WAITING = TrialState.RUNNING, TrialState.WAITING
COMPLETE, PRUNED, FAIL = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL
PAUSED = TrialState.PAUSED
UNIT = FloatDistribution(0.0, 1.0)
KIND = CategoricalDistribution(("a", None, math.nan))
NOW = datetime(2026, 1, 2, 3, 4, 5, 678901)


def trial(number: int, state: TrialState = RUNNING, values: Any = None, **fields: Any) -> FrozenTrial:
    """Make a record with identifier ``100 + number``."""
    record = FrozenTrial(
        number, state, None, NOW, NOW + timedelta(seconds=number) if state.is_finished() else None,
        {}, {}, {}, {}, {}, 100 + number, values=values,
    )  # fmt: skip
    for name, value in fields.items():
        setattr(record, name, value)
    return record


def random_trial(number: int, rng: random.Random, m: int) -> FrozenTrial:
    state = rng.choice(list(TrialState))
    params: dict[str, Any] = {}
    distributions: dict[str, Any] = {}
    for name, distribution in {"x": UNIT, "kind": KIND, "n": IntDistribution(1, 2 + number % 3)}.items():
        if rng.random() < 0.7:
            distributions[name] = distribution
            params[name] = distribution.to_external_repr(distribution.from_unit(rng.random()))
    value = [rng.choice([rng.random(), math.inf, -math.inf, 0.0]) for _ in range(m)]
    return trial(
        number,
        state,
        value if state == COMPLETE or (state == PRUNED and rng.random() < 0.5) else None,
        params=params,
        distributions=distributions,
        user_attrs={"u": [number]} if rng.random() < 0.3 else {},
        system_attrs={"constraints:c": rng.uniform(-1, 1), "constraints": [0.5]} if rng.random() < 0.3 else {},
        intermediate_values={rng.randrange(9): rng.choice([rng.random(), math.nan]) for _ in range(rng.randrange(4))},
    )


def filled(seed: int, n: int = 200, m: int = 1) -> tuple[History, list[FrozenTrial]]:
    rng = random.Random(seed)
    records = [random_trial(number, rng, m) for number in range(n)]
    history = History([MINIMIZE] * m)
    for record in records:
        history.open(record.copy())
    return history, records


# --- columns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("m", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_columns_say_what_the_records_say(seed: int, m: int) -> None:
    history, records = filled(seed, m=m)
    finished = [record for record in records if record.state.is_finished() and record.state != PAUSED]
    absent = [math.nan] * m
    assert history.n == len(records)
    assert history.trial_ids.tolist() == [100 + number for number in range(200)]
    assert history.states.tolist() == [record.state for record in records]
    assert history.finished.tolist() == [record.number for record in finished]
    shown = [list(r.values or absent) if r.state.is_finished() else absent for r in records]
    np.testing.assert_array_equal(history.values, np.array(shown))
    for name in ("x", "kind", "n"):
        internal = [
            record.distributions[name].to_internal_repr(record.params[name]) if name in record.params else math.nan
            for record in records
        ]
        np.testing.assert_array_equal(history.param(name), internal)
    assert history.n_complete == sum(record.state == COMPLETE for record in records)
    assert history.n_pruned == sum(record.state == PRUNED for record in records)
    assert history.pauses.tolist() == [record.number for record in records if record.state == PAUSED]
    assert sorted(history.live) == [r.number for r in records if not r.state.is_finished()]


@pytest.mark.parametrize("seed", range(3))
def test_records_come_back_out_of_the_columns(seed: int) -> None:
    history, records = filled(seed)
    for copy in (True, False):
        assert [plain(record) for record in history.records(copy=copy)] == [plain(record) for record in records]
    for back, record in zip(history.records(), records, strict=True):
        assert back._trial_id == record._trial_id
        assert (back.datetime_start, back.datetime_complete) == (record.datetime_start, record.datetime_complete)
        assert list(back.params) == list(record.params)
        assert list(back.intermediate_values) == list(record.intermediate_values)
    assert history.record(0) is history.record(0)
    assert history.copy_record(0) is not history.copy_record(0)


@pytest.mark.parametrize("states", [None, (COMPLETE,), {RUNNING, WAITING}, [], TrialState])
def test_numbers_and_counts_by_state(states: Any) -> None:
    history, records = filled(0)
    numbers = [record.number for record in records if states is None or record.state in states]
    assert list(history.numbers(states)) == numbers
    assert history.count(states) == len(numbers)


def test_a_trial_that_went_on_and_paused_at_once_is_read_again() -> None:
    history = History([MINIMIZE])
    history.put(trial(0, PAUSED, [0.5], intermediate_values={3: 0.5}, user_attrs={"checkpoint": "a"}))
    later = {"user_attrs": {"checkpoint": "b"}, "datetime_complete": NOW + timedelta(seconds=9)}
    for _ in range(2):
        history.put(trial(0, PAUSED, [0.5], intermediate_values={3: 0.5}, **later))
    assert history.record(0).user_attrs == {"checkpoint": "b"}
    assert history.pauses.tolist() == [0, 0]


def test_reports_by_step_and_by_trial() -> None:
    history, records = filled(1)
    for step in range(-1, 10):
        numbers, values = history.reports.at(step)
        reported = {r.number: r.intermediate_values[step] for r in records
                    if r.state.is_finished() and step in r.intermediate_values}  # fmt: skip
        assert numbers.tolist() == list(reported)
        np.testing.assert_array_equal(values, list(reported.values()))
    for record in records:
        if record.state.is_finished():
            last = record.last_step
            assert history.last_step[record.number] == (-1 if last is None else last)
            expected = math.nan if last is None else record.intermediate_values[last]
            np.testing.assert_equal(history.last_value[record.number], expected)


def test_constraints_and_their_violation() -> None:
    history = History([MINIMIZE])
    for number, attrs in enumerate(
        [{"constraints:a": 2.0, "constraints:b": -1.0}, {}, {"constraints": [0.5, 0.0]}, {"constraints:a": math.inf}]
    ):
        history.open(trial(number, COMPLETE, [1.0], system_attrs=attrs))
    np.testing.assert_array_equal(history.violation, [2.0, math.nan, 0.5, math.inf])
    assert set(history.constraint_keys) == {"a", "b", "0", "1"}
    np.testing.assert_array_equal(history.constraint("a"), [2.0, math.nan, math.nan, math.inf])


# --- what is kept up -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", [MINIMIZE, MAXIMIZE])
@pytest.mark.parametrize("seed", range(5))
def test_the_best_is_the_first_of_the_best_feasible_ones(direction: StudyDirection, seed: int) -> None:
    rng = random.Random(seed)
    history, kept = History([direction]), {}
    order = list(range(60))
    for number in order:
        history.open(trial(number))
    rng.shuffle(order)  # trials finish in any order
    for number in order:
        value, violation = float(rng.randrange(5)), rng.choice([-1.0, 0.0, 1e-300, 1.0])
        history.live[number].system_attrs["constraints:c"] = violation
        state = rng.choice([COMPLETE, COMPLETE, PRUNED])
        history.finish(number, state, [value], NOW)
        if state == COMPLETE and violation <= 0:
            kept[number] = value if direction == MINIMIZE else -value
        assert history.best == (min(kept, key=lambda k: (kept[k], k)) if kept else None)


def test_spaces_are_those_of_complete_and_pruned_trials() -> None:
    history = History([MINIMIZE])
    wide, narrow = FloatDistribution(0.0, 1.0), FloatDistribution(0.0, 0.5)
    for number, (state, distributions) in enumerate(
        [
            (COMPLETE, {"x": wide, "k": KIND}),
            (COMPLETE, {"x": FloatDistribution(0.0, 1.0)}),
            (PRUNED, {"x": narrow}),
            (FAIL, {"failed": wide}),
            (RUNNING, {"running": wide}),
        ]
    ):
        params = {name: dist.to_external_repr(0) for name, dist in distributions.items()}
        values = [1.0] if state == COMPLETE else None
        history.open(trial(number, state, values, params=params, distributions=distributions))
    assert history.spaces() == [{"x": wide, "k": KIND}, {"x": wide}, {"x": narrow}]
    assert history.intersection(include_pruned=False) == {"x": wide}
    assert history.intersection() == {}
    assert history.distribution("x") == wide
    assert history.distribution("nobody") is None
    assert set(history.param_names) == {"x", "k", "failed", "running"}


def test_equal_distributions_become_one_object() -> None:
    history = History([MINIMIZE])
    for number in range(3):
        history.open(trial(number))
        history.set_param(history.live[number], "x", 0.5, FloatDistribution(0.0, 1.0))
        history.set_param(history.live[number], "list", 0.0, CategoricalDistribution(("a", "b")))
        history.finish(number, COMPLETE, [1.0], NOW)
    assert len(history.spaces()) == 1
    assert len({id(record.distributions["x"]) for record in history.records()}) == 1


@pytest.mark.filterwarnings("ignore:.*works in memory only")
def test_choices_that_cannot_be_hashed() -> None:
    history = History([MINIMIZE])
    for number in range(2):
        history.open(trial(number))
        history.set_param(history.live[number], "x", 1.0, CategoricalDistribution(([1], [2])))  # type: ignore[list-item]
        history.finish(number, COMPLETE, [1.0], NOW)
    assert [record.params["x"] for record in history.records()] == [[2], [2]]
    assert list(history.intersection()) == ["x"]


def test_waiting_trials_are_next_by_number() -> None:
    history = History([MINIMIZE])
    for number in range(5):
        history.open(trial(number, WAITING if number != 2 else RUNNING))
    order = []
    while (number := history.next_waiting()) is not None:
        order.append(number)
        history.start(number, NOW)
        if number == 3:
            history.requeue(2)
    assert order == [0, 1, 3, 2, 4]
    assert history.live[4].datetime_start == NOW


def test_equal_params() -> None:
    history, records = filled(2)
    wanted = next(record for record in records if len(record.params) == 3)
    for params in ({"x": wanted.params["x"]}, {"kind": None}, {"kind": math.nan}, wanted.params, {"kind": "unknown"},
                   {"nobody": 1}):  # fmt: skip
        expected = [r.number for r in records if plain({k: r.params.get(k, "absent") for k in params}) == plain(params)]
        assert [record.number for record in history.equal_to(params)] == expected


def test_the_first_start() -> None:
    history = History([MINIMIZE])
    assert history.first_start() is None
    history.open(trial(0, WAITING, datetime_start=None))
    assert history.first_start() is None
    history.open(trial(1, RUNNING, datetime_start=NOW + timedelta(hours=2)))
    history.open(trial(2, COMPLETE, [1.0], datetime_start=NOW + timedelta(hours=1)))
    assert history.first_start() == NOW + timedelta(hours=1)


# --- records of a storage --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", TrialState)
@pytest.mark.parametrize("before", [RUNNING, WAITING])
def test_a_live_record_changes_in_place(before: TrialState, state: TrialState) -> None:
    history = History([MINIMIZE])
    history.open(trial(0, before))
    held = history.live[0]
    held.user_attrs["mine"] = 1
    values = [2.0] if state == COMPLETE else None
    news = trial(0, state, values, params={"x": 0.5}, distributions={"x": UNIT}, user_attrs={"theirs": 2},
                 intermediate_values={3: 1.0})  # fmt: skip
    assert history.put(news)
    assert (held.state, held.values, held.params) == (state, values, {"x": 0.5})
    assert held.user_attrs == {"mine": 1, "theirs": 2}
    assert (0 in history.live) == (not state.is_finished())
    assert history.states[0] == state
    assert history.next_waiting() == (0 if state == WAITING else None)
    assert history.param("x").tolist() == [0.5]
    assert plain(history.record(0)) == plain(held)


def test_a_finished_record_does_not_change() -> None:
    history = History([MINIMIZE])
    history.open(trial(0, COMPLETE, [1.0]))
    assert history.put(trial(0, COMPLETE, [2.0]))
    assert history.put(trial(0, RUNNING))
    assert history.values[0, 0] == 1.0
    assert history.finished.tolist() == [0]


def test_records_out_of_order_are_not_taken() -> None:
    history = History([MINIMIZE])
    assert not history.put(trial(1))
    assert not history.put(trial(-1))
    assert history.put(trial(0))
    assert not history.put(trial(2))
    assert not history.put(trial(0, COMPLETE, [1.0], _trial_id=7))
    assert (history.n, history.live[0].state) == (1, RUNNING)
    with pytest.raises(ValueError, match="expected 1, but got 2"):
        history.open(trial(2))


def test_records_that_contradict_each_other_are_taken() -> None:
    history = History([MINIMIZE])
    for number, distribution in enumerate((UNIT, IntDistribution(0, 9), FloatDistribution(1.0, 2.0, log=True))):
        assert history.put(trial(number, COMPLETE, [1.0], params={"x": 1.0}, distributions={"x": distribution}))
    assert history.intersection() == {}
    assert history.distribution("x") == UNIT
    with pytest.raises(ValueError, match="kind"):
        history.check("x", IntDistribution(0, 9))


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0, 3.0], [1.0, math.nan]])
def test_values_that_do_not_fit(values: list[float]) -> None:
    with pytest.raises(ValueError, match="Expected 2 objective values"):
        History([MINIMIZE, MAXIMIZE]).check_values(values)


def test_new_records_must_fit_each_other() -> None:
    history = History([MINIMIZE])
    first = trial(0, params={"x": 1.0}, distributions={"x": UNIT})
    second = trial(1, params={"x": 1}, distributions={"x": IntDistribution(0, 9)})
    history.check_new([first, first])
    with pytest.raises(ValueError, match="kind"):
        history.check_new([first, second])
    history.check_new([second])


# --- the arrays ------------------------------------------------------------------------------------------------------


def test_a_view_taken_before_stays_as_it_was() -> None:
    history = History([MINIMIZE])
    history.open(trial(0, COMPLETE, [1.0]))
    values, finished = history.values, history.finished
    for number in range(1, 500):
        history.open(trial(number, COMPLETE, [float(number)]))
    assert values.tolist() == [[1.0]]
    assert finished.tolist() == [0]
    assert history.values[:, 0].tolist() == [1.0, *range(1, 500)]


def test_a_pickled_history_goes_on() -> None:
    history, records = filled(3)
    copy = pickle.loads(pickle.dumps(history))
    assert [plain(record) for record in copy.records()] == [plain(record) for record in records]
    copy.open(trial(200, COMPLETE, [1.0]))
    assert (copy.n, copy.n_complete, copy.best) == (201, history.n_complete + 1, history.best)
    assert history.n == 200
    with copy.lock:
        pass


def test_growing_arrays() -> None:
    rng = random.Random(0)
    array, expected = Growing(np.int64), []
    for _ in range(300):
        more = [rng.randrange(100) for _ in range(rng.randrange(7))]
        if len(more) == 1:
            array.append(more[0])
        else:
            array.extend(more)
        expected += more
        assert array.view.tolist() == expected


def test_rows_are_filled_wherever_they_are_added() -> None:
    rows = Rows()
    rows.add("a", -1, np.int64)
    rows["a"][3] = 7
    rows.reserve(1000)
    rows.add("b", np.nan, np.float64, width=2)
    rows.reserve(5000)
    assert rows.names() == ["a", "b"]
    assert "a" in rows
    assert "c" not in rows
    assert rows["a"].shape[0] == rows["b"].shape[0] >= 5000
    assert rows["a"].sum() == 7 - (rows.capacity - 1)
    assert np.isnan(rows["b"]).all()


def test_reports_of_a_trial_without_any() -> None:
    reports = Reports()
    reports.add(3, {2: 1.0, 0: math.inf})
    assert reports.of(3) == {2: 1.0, 0: math.inf}
    assert list(reports.of(3)) == [2, 0]
    assert reports.of(4) == {}
    assert [column.tolist() for column in reports.at(1)] == [[], []]


@pytest.mark.parametrize("when", range(19))
def test_columns_that_ctrl_c_kept_from_growing_grow_later(monkeypatch: pytest.MonkeyPatch, when: int) -> None:
    history = History([MINIMIZE])
    for number in range(64):
        history.open(trial(number, COMPLETE, [1.0], params={"x": 0.5}, distributions={"x": UNIT}))
    left = [when]

    def interrupted(make: Callable[..., Any]) -> Callable[..., Any]:
        def make_or_not(*arguments: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] == -1:
                raise KeyboardInterrupt
            return make(*arguments, **options)

        return make_or_not

    with monkeypatch.context() as patched:
        patched.setattr(columns, "grown", interrupted(columns.grown))
        patched.setattr(columns.np, "full", interrupted(np.full))
        with contextlib.suppress(KeyboardInterrupt):
            history.open(trial(64, COMPLETE, [1.0], params={"x": 0.5}, distributions={"x": UNIT}))
    for number in range(history.n, 70):
        history.open(trial(number, COMPLETE, [1.0], params={"x": 0.5}, distributions={"x": UNIT}))
    assert history.values[:, 0].tolist() == [1.0] * 70
    assert history.param("x").tolist() == [0.5] * 70
    assert left[0] < 0
