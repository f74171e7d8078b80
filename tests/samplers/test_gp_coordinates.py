"""Trials as points of a Gaussian process, the way back, and which parameters a candidate would have."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.kernels.covariance import squared_distances
from parzen.samplers.gp import candidates
from parzen.samplers.gp.coordinates import Coordinates, Gates
from parzen.trial import FrozenTrial, TrialState, create_trial

SPACE: dict[str, BaseDistribution] = {
    "float": FloatDistribution(-2.0, 3.0),
    "log": FloatDistribution(1e-6, 1e2, log=True),
    "step": FloatDistribution(0.1, 0.9, step=0.2),
    "int": IntDistribution(-3, 7),
    "int_step": IntDistribution(0, 100, step=20),
    "int_log": IntDistribution(1, 1000, log=True),
    "wide": IntDistribution(0, 10**7),
    "choice": CategoricalDistribution(("a", None, 3, True)),
    "single": IntDistribution(4, 4),
    "one_choice": CategoricalDistribution(("only",)),
    "narrow": FloatDistribution(1.0, 1.0 + 1e-12),
    "one_float": FloatDistribution(0.5, 0.5),
    "huge": FloatDistribution(-1e300, 1e300),
}
N_VALUES = {"step": 5, "int": 11, "int_step": 6, "int_log": 1000, "choice": 4, "single": 1, "one_choice": 1}


@pytest.fixture(autouse=True)
def quiet() -> None:
    parzen.logging.set_verbosity(parzen.logging.WARNING)


def trial(params: dict[str, Any], value: float = 0.0, space: dict[str, BaseDistribution] | None = None) -> FrozenTrial:
    space = space or {**SPACE, **BRANCHES}
    return create_trial(value=value, params=params, distributions={name: space[name] for name in params})


class Read:
    """A study's trials as coordinates, and gates learnt from all of them."""

    def __init__(self, *trials: FrozenTrial) -> None:
        self.study = parzen.create_study()
        self.study.add_trials(trials)
        history = self.study.history
        space = history.joint_space()
        self.names = list(space)
        self.coordinates = Coordinates(space)
        self.u, self.known = self.coordinates.read(history, history.finished)
        self.is_conditional = np.array([name not in history.common_names for name in space], dtype=bool)
        self.gates = Gates(self.coordinates, self.u, self.is_conditional)

    def active(self, **params: Any) -> set[str]:
        """Tell which parameters a candidate of these values has; the others are those of the first value there is."""
        u = np.zeros((1, self.coordinates.d))
        for name, value in params.items():
            j = self.names.index(name)
            internal = np.full((1, self.coordinates.d), np.nan)
            internal[0, j] = self.coordinates.dims.distributions[j].to_internal_repr(value)
            u[0, j] = self.coordinates.unit(internal)[0, j]
        return {name for name, counts in zip(self.names, self.gates.active(u)[0], strict=True) if counts}


# --- there and back --------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.lists(st.floats(0, 1 - 2**-53), min_size=len(SPACE), max_size=len(SPACE)), min_size=1, max_size=5))
def test_values_become_points_and_the_same_values_again(drawn: list[list[float]]) -> None:
    values = [[d.from_unit(v) for d, v in zip(SPACE.values(), row, strict=True)] for row in drawn]
    trials = [
        trial({name: d.to_external_repr(v) for (name, d), v in zip(SPACE.items(), row, strict=True)}) for row in values
    ]
    study, coordinates = parzen.create_study(), Coordinates(SPACE)
    study.add_trials(trials)
    u, known = coordinates.read(study.history, study.history.finished)
    numbers, choices = coordinates.numbers, coordinates.choices
    assert known.all() and [coordinates.dims.names[j] for j in choices] == ["choice", "one_choice"]
    assert ((u[:, numbers] >= -1e-12) & (u[:, numbers] <= 1.0 + 1e-12)).all()
    u[:, numbers] = np.clip(u[:, numbers], 0.0, 1.0)
    back = coordinates.internal(u)
    grids = coordinates.n_values > 0
    np.testing.assert_allclose(back[:, grids], np.array(values)[:, grids], rtol=1e-12)
    for j in np.flatnonzero(~grids):
        distribution = coordinates.dims.distributions[j]
        assert all(distribution._contains(v) for v in back[:, j])
        np.testing.assert_allclose(back[:, j], np.array(values)[:, j], rtol=1e-9, atol=1e-12 * abs(distribution.high))
    np.testing.assert_allclose(coordinates.unit(back)[:, grids], u[:, grids], atol=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_any_candidate_settles_on_values_of_the_space(seed: int) -> None:
    coordinates, rng = Coordinates(SPACE), np.random.default_rng(seed)
    drawn = candidates.uniform(coordinates, 40, rng)
    settled = coordinates.settled(np.concatenate([drawn, candidates.around(drawn[:3], coordinates, 60, rng)]))
    np.testing.assert_allclose(coordinates.settled(settled), settled, atol=1e-9)
    for row in coordinates.internal(settled):
        for distribution, value in zip(SPACE.values(), row, strict=True):
            assert distribution._contains(value), (distribution, value)


def test_a_step_on_a_grid_leads_to_another_value() -> None:
    """Most steps are smaller than a cell; they lead to a neighbour, unless they are reflected at both ends."""
    coordinates = Coordinates({"int": IntDistribution(0, 4), "float": FloatDistribution(0, 1)})
    drawn = candidates.around(np.array([[0.5, 0.5]]), coordinates, 2000, np.random.default_rng(0))
    internal = coordinates.internal(drawn)
    moved = drawn[:, 0] != 0.5
    assert moved.mean() > 0.5 and (internal[moved, 0] != 2).mean() > 0.9
    small = np.abs(drawn[:, 1] - 0.5) < 0.02
    assert 0.2 < small[drawn[:, 1] != 0.5].mean() < 0.8


def test_how_many_values_there_are() -> None:
    coordinates = Coordinates(SPACE)
    counted = dict(zip(coordinates.dims.names, coordinates.n_values.tolist(), strict=True))
    assert counted == {name: N_VALUES.get(name, 0) for name in SPACE}
    np.testing.assert_allclose(coordinates.cell, [1 / n if n else 0.0 for n in counted.values()])
    assert not coordinates.is_discrete and coordinates.d == len(SPACE)
    assert Coordinates({name: SPACE[name] for name in N_VALUES}).is_discrete
    nothing = Coordinates({})
    assert nothing.d == 0 and nothing.is_discrete and nothing.settled(np.empty((3, 0))).shape == (3, 0)


def test_single_changes_are_all_that_differ_in_one_discrete_parameter() -> None:
    """All other values of few, the nearest ones of many, none where a parameter does not count."""
    names = ["float", "choice", "int_step", "int_log", "one_choice"]
    coordinates = Coordinates({name: SPACE[name] for name in names})
    internal = np.array([[0.5, 2.0, 40.0, 2.0, 0.0], [1.0, 0.0, 100.0, 1000.0, 0.0]])
    points = coordinates.unit(internal)
    counts = np.array([[True] * 5, [True, False, True, True, True]])
    changed, owner = candidates.single_changes(points, coordinates, counts)
    found = {
        (int(i), names[j], round(float(row[j])))
        for i, row in zip(owner, coordinates.internal(changed), strict=True)
        for j in np.flatnonzero(~np.isclose(row, internal[i], rtol=1e-9))
    }
    expected = {(0, "choice", v) for v in (0, 1, 3)} | {(0, "int_step", v) for v in (0, 20, 60, 80, 100)}
    expected |= {(0, "int_log", v) for v in (1, 3, 4, 6)} | {(1, "int_step", v) for v in (0, 20, 40, 60, 80)}
    expected |= {(1, "int_log", v) for v in (996, 998, 999)}
    assert found == expected and len(changed) == len(expected)
    np.testing.assert_array_equal(changed[:, 0], points[owner, 0])


# --- what a trial lacks ----------------------------------------------------------------------------------------------

BRANCHES: dict[str, BaseDistribution] = {
    "model": CategoricalDistribution(("tree", "net", "line")),
    "depth": IntDistribution(1, 5),
    "leaf": FloatDistribution(0.0, 1.0),
    "optimizer": CategoricalDistribution(("sgd", "adam")),
    "momentum": FloatDistribution(0.0, 1.0),
    "layers": IntDistribution(1, 9),
    **{f"width{i}": IntDistribution(1, 64) for i in range(9)},
}
TREE = {"model": "tree", "depth": 2, "leaf": 0.5}
SGD = {"model": "net", "optimizer": "sgd", "momentum": 0.9}
ADAM = {"model": "net", "optimizer": "adam"}


def test_what_a_trial_lacks_lies_as_far_from_a_value_as_two_values_do() -> None:
    """The mean squared distance of uniform numbers is 1/6; an absent choice differs from each of the choices."""
    coordinates = Coordinates({"leaf": BRANCHES["leaf"], "optimizer": BRANCHES["optimizer"]})
    conditional = np.array([True, True])
    layout = coordinates.layout(conditional)
    assert layout.of_numbers.tolist() == [0, 0] and layout.of_choices.tolist() == [1]
    grid = (np.arange(1000) + 0.5) / 1000
    u = np.column_stack([np.append(grid, np.nan), np.append(np.arange(1000) % 2, np.nan)])
    points = coordinates.points(u, ~np.isnan(u), conditional)
    absent, present = points.take(np.array([1000])), points.take(np.arange(1000))
    squared = squared_distances(absent, present, layout, np.array([1.0, 1.0]))
    assert squared.mean() == pytest.approx(1.0 + 1 / 6, abs=1e-6)
    assert squared_distances(absent, absent, layout, np.ones(2))[0, 0] == pytest.approx(0.0, abs=1e-12)
    assert squared_distances(present, present, layout, np.array([1.0, 1e9])).mean() == pytest.approx(1 / 6, abs=1e-6)
    plain = coordinates.points(u[:3], np.ones((3, 2), dtype=bool), np.array([False, False]))
    assert plain.numbers.shape == (3, 1) and coordinates.layout(np.array([False, False])).of_numbers.tolist() == [0]


def test_branches_in_branches() -> None:
    read = Read(trial(TREE), trial(SGD), trial(ADAM), trial({**TREE, "depth": 4}), trial({"model": "line"}))
    assert read.active(model="tree") == {"model", "depth", "leaf"}
    assert read.active(model="net", optimizer="sgd") == {"model", "optimizer", "momentum"}
    assert read.active(model="net", optimizer="adam") == {"model", "optimizer"}
    assert read.active(model="tree", optimizer="sgd") == {"model", "depth", "leaf"}  # the parent is not there
    assert read.active(model="line", optimizer="sgd") == {"model"}
    assert [read.names[j] for j in read.gates.parents] == ["model", "optimizer"]


def test_an_integer_follows_the_nearest_that_was_seen() -> None:
    def deep(n: int) -> FrozenTrial:
        return trial({"layers": n, **{f"width{i}": 8 for i in range(n)}})

    read = Read(deep(1), deep(2), deep(7))
    for n, as_many in ((1, 1), (2, 2), (3, 2), (4, 2), (5, 7), (6, 7), (7, 7), (9, 7)):
        assert read.active(layers=n) == {"layers", *(f"width{i}" for i in range(as_many))}, n


def test_siblings_are_no_gates_of_each_other() -> None:
    """`depth` decides of `leaf` as well as `model` does, for they are always together; so does a circle of three."""
    read = Read(trial(TREE), trial({**TREE, "depth": 4}), trial({"model": "line"}), trial(SGD))
    assert [read.names[j] for j in read.gates.parents] == ["model"]
    read = Read(*(trial({**TREE, "optimizer": "sgd"}) if i % 2 else trial({"model": "line"}) for i in range(6)))
    assert read.active(model="tree", depth=5, optimizer="adam") == {"model", "depth", "leaf", "optimizer"}
    assert read.active(model="line", depth=2, optimizer="sgd") == {"model"}


def test_the_gate_is_the_closest_one_that_decides() -> None:
    """Both `model` and `optimizer` would do for `momentum`, which all nets with sgd have; numbers decide nothing."""
    line = trial({"model": "line", "optimizer": "adam"})
    read = Read(trial(SGD), trial(TREE), trial({**TREE, "leaf": 0.1}), line, trial({"model": "line"}))
    momentum = read.names.index("momentum")
    assert read.names[read.gates._gates[momentum].parent] == "optimizer"
    read = Read(trial({"float": 0.1, "leaf": 0.5}), trial({"float": 0.2}))
    assert not read.gates.parents and read.active() == {"float", "leaf"}
    many = Read(*(trial({"int_log": 1 + i, **({"leaf": 0.5} if i % 2 else {})}) for i in range(9)))
    assert not many.gates.parents  # of a thousand values


def test_what_was_seen_both_ways_is_no_gate() -> None:
    read = Read(trial(TREE), trial({"model": "tree"}), trial({"model": "net"}))
    assert not read.gates.parents and read.active(model="net") == {"model", "depth", "leaf"}


def test_a_choice_that_was_never_seen_opens_nothing() -> None:
    read = Read(trial(TREE), trial({"model": "net", "momentum": 0.5}))
    assert read.active(model="line") == {"model"}
    assert read.active(model="tree") == {"model", "depth", "leaf"}


def test_without_conditional_parameters_all_are_there() -> None:
    read = Read(trial({"float": 0.0, "choice": "a"}), trial({"float": 1.0, "choice": 3}))
    assert not read.is_conditional.any() and read.active(choice=None) == {"float", "choice"}


# --- what changed in the course of a study ---------------------------------------------------------------------------


def test_a_trial_with_a_choice_that_is_gone_is_left_out() -> None:
    before = {"choice": CategoricalDistribution(("a", "b", "c")), "x": FloatDistribution(0, 1)}
    after = {"choice": CategoricalDistribution(("c", "a", "z")), "x": FloatDistribution(0, 1)}
    read = Read(
        trial({"choice": "a", "x": 0.1}, space=before),
        trial({"choice": "b", "x": 0.2}, space=before),
        trial({"x": 0.25}, space=before),
        trial({"choice": "c", "x": 0.3}, space=before),
        trial({"choice": "z", "x": 0.4}, space=after),
    )
    assert read.known.tolist() == [True, False, True, True, True]
    np.testing.assert_array_equal(read.u[:, read.names.index("choice")], [1, np.nan, np.nan, 0, 2])


@pytest.mark.parametrize("log", [False, True])
def test_a_value_outside_of_todays_range_stays_a_neighbour(log: bool) -> None:
    """At most one width of the range beyond its ends, so that lengths remain those of the range."""
    wide, today = FloatDistribution(1e-4, 1e4, log=log), FloatDistribution(1.0, 10.0, log=log)
    values = [1e-4, 0.5, 2.0, 12.0, 1e4]
    read = Read(*(trial({"x": v}, space={"x": wide}) for v in values), trial({"x": 5.0}, space={"x": today}))
    assert read.known.all() and np.isfinite(read.u).all()
    found = read.u[:, 0]
    assert (np.diff(found[:5]) > 0).all()
    assert -1.0 <= found[0] < found[1] < 0.0 <= found[2] <= 1.0 < found[3] < found[4] == 2.0
    expected = math.log10(12.0) if log else (12.0 - 1.0) / 9.0
    assert found[3] == pytest.approx(expected)


def test_moved_ranges_of_integers_and_vanished_choices_leave_a_study_that_goes_on() -> None:
    study = parzen.create_study(sampler=parzen.samplers.AutoSampler(seed=0, share=1.0))

    def objective(trial: parzen.Trial) -> float:
        late = trial.number >= 20
        n = trial.suggest_int("n", 5 if late else 0, 30 if late else 9)
        x = trial.suggest_float("x", 0.0, 0.2 if late else 1.0)
        kind = trial.suggest_categorical("kind", ["b", "z"] if late else ["a", "b"])
        return abs(n - 12) + x + (kind != "b")

    study.optimize(objective, n_trials=40)
    assert all(it.state == TrialState.COMPLETE for it in study.trials)
    assert study.best_value < 1.2  # 12, 0 and "b": found in the new range alone
