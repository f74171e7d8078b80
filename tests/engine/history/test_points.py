"""Trials as points: reading, what moved or changed, coordinates, and the way back."""

from __future__ import annotations

import math

import naive_points as naive
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.history import Dimensions
from parzen.trial import TrialState, create_trial

# By parameter the distributions that it may have: of one kind and scale, as a study allows.
KINDS = {
    "float": [FloatDistribution(-1.0, 2.0), FloatDistribution(0.5, 9.0), FloatDistribution(0.25, 0.25)],
    "log": [FloatDistribution(1e-5, 1.0, log=True), FloatDistribution(1.05, 10.0, log=True)],
    "step": [FloatDistribution(0.0, 0.9, step=0.3), FloatDistribution(-0.5, 1.5, step=0.25)],
    "int": [IntDistribution(1, 9), IntDistribution(0, 12, step=4), IntDistribution(5, 5)],
    "log int": [IntDistribution(1, 300, log=True), IntDistribution(8, 20, log=True)],
    "choice": [CategoricalDistribution(choices) for choices in (("a", "b", "c"), ("c", "new", "a", None), ("a",))],
    "odd choice": [CategoricalDistribution((1, 1.0, True, math.nan)), CategoricalDistribution((True, math.nan, 1))],
}
ANY = [distribution for kind in KINDS.values() for distribution in kind]


@pytest.fixture(autouse=True)
def quiet():
    parzen.logging.set_verbosity(parzen.logging.WARNING)


def internal_values(distribution):
    """Draw internal values that a distribution has."""
    values = naive.values_of(distribution)
    if values is None:
        low, high = naive.ends(distribution)
        return st.one_of(st.sampled_from([low, high]), st.floats(low, high))
    return st.sampled_from(values)


@st.composite
def spaces(draw):
    """Draw today's space."""
    names = draw(st.lists(st.sampled_from(list(KINDS)), unique=True))
    return {name: draw(st.sampled_from(KINDS[name])) for name in names}


@st.composite
def studies(draw):
    """Draw a study whose trials have some parameters each, from one distribution or another."""
    study = parzen.create_study()
    states = [TrialState.COMPLETE, TrialState.FAIL, TrialState.RUNNING, TrialState.WAITING, TrialState.PRUNED]
    for _ in range(draw(st.integers(0, 6))):
        space = draw(spaces())
        state = draw(st.sampled_from(states))
        params = {name: d.to_external_repr(draw(internal_values(d))) for name, d in space.items()}
        value = 1.0 if state == TrialState.COMPLETE else None
        study.add_trial(create_trial(state=state, value=value, params=params, distributions=space))
    return study


def twin(study, numbers, space):
    trials = study.get_trials(deepcopy=False)
    rows = [[naive.read(trials[k], name, d) for name, d in space.items()] for k in numbers]
    return np.array(rows, dtype=float).reshape(len(numbers), len(space))


def each(function, space, points, *more):
    """Apply a function of a distribution and numbers to every entry of arrays (n, d)."""
    out = np.empty(points.shape)
    for i, j in np.ndindex(*points.shape):
        out[i, j] = function(list(space.values())[j], points[i, j], *(array[i, j] for array in more))
    return out


def some_numbers(data, study):
    numbers = data.draw(st.lists(st.integers(0, study.history.n - 1))) if study.history.n else []
    return np.array(numbers, dtype=np.int64)


# --- reading ---------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(studies(), spaces(), st.data())
def test_what_is_read_is_what_the_records_say(study, space, data):
    numbers = some_numbers(data, study)
    found = Dimensions.of(space).read(study.history, numbers)
    np.testing.assert_array_equal(found, twin(study, numbers, space))


@settings(deadline=None)
@given(studies(), spaces(), st.data())
def test_a_part_of_the_trials_or_of_the_space_is_a_part_of_the_points(study, space, data):
    dims, history = Dimensions.of(space), study.history
    numbers = some_numbers(data, study)
    whole = dims.read(history, numbers)
    for i in range(len(numbers)):
        np.testing.assert_array_equal(dims.read(history, numbers[i : i + 1]), whole[i : i + 1])
    for j, (name, distribution) in enumerate(space.items()):
        part = Dimensions.of({name: distribution})
        column = part.read(history, numbers)
        np.testing.assert_array_equal(column[:, 0], whole[:, j])
        np.testing.assert_array_equal(part.to_unit(column)[:, 0], dims.to_unit(whole)[:, j])
        np.testing.assert_array_equal(part.settled(column)[:, 0], dims.settled(whole)[:, j])


def test_parameters_that_the_history_does_not_know_yet():
    study = parzen.create_study(sampler=parzen.samplers.RandomSampler(0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    unit = FloatDistribution(0, 1)
    space = {"x": unit, **{f"new {i}": unit for i in range(9)}}  # more than the table has rows for
    found = Dimensions.of(space).read(study.history, np.array([0]))
    assert found[0, 0] == study.trials[0].params["x"]
    assert np.isnan(found[0, 1:]).all()


def test_choices_of_trials_that_paused_and_run_again():
    study = parzen.create_study()
    old, today = CategoricalDistribution(("a", "b")), CategoricalDistribution(("b", "a"))
    trials = [study.ask({"c": distribution}) for distribution in (old, old, today)]
    for trial in trials:
        study.tell(trial, state=TrialState.PAUSED)
    study.resume(trials[0].number)
    found = Dimensions.of({"c": today}).read(study.history, np.arange(3))[:, 0]
    assert [today.choices[int(index)] for index in found] == [trial.params["c"] for trial in trials]


# --- coordinates -----------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(studies(), spaces(), st.integers(0, 99))
def test_coordinates_are_those_of_the_twin(study, space, seed):
    """Also of values that left the range, of another grid, and absent ones."""
    dims, numbers = Dimensions.of(space), np.arange(study.history.n)
    internal = dims.read(study.history, numbers)
    share = np.random.default_rng(seed).random(internal.shape)
    np.testing.assert_allclose(dims.to_model(internal), each(naive.to_model, space, internal), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(dims.to_unit(internal), each(naive.to_unit, space, internal), rtol=1e-9, atol=1e-12)
    expected = each(naive.to_unit, space, internal, share)
    np.testing.assert_allclose(dims.to_unit(internal, share), expected, rtol=1e-9, atol=1e-12)
    settled, nearest = dims.settled(internal), each(naive.settle, space, internal)
    np.testing.assert_allclose(abs(settled - internal), abs(nearest - internal), rtol=1e-9, atol=1e-12)  # ties
    assert all(space[name]._contains(x) for name, xs in zip(space, settled.T, strict=True) for x in xs if x == x)
    np.testing.assert_array_equal(dims.settled(settled), settled)


@pytest.mark.parametrize("distribution", ANY, ids=repr)
@given(data=st.data())
def test_values_come_back(distribution, data):
    dims = Dimensions.of({"p": distribution})
    x = data.draw(internal_values(distribution))
    # A logarithm and back keep 15 digits of a float, and every value of a grid.
    close = {"rel": 1e-9, "abs": 1e-12} if naive.values_of(distribution) is None else {"rel": 1e-15}
    assert dims.from_model(dims.to_model(np.array([[x]])))[0, 0] == pytest.approx(x, **close)
    for share in (None, np.array([[data.draw(st.floats(1e-6, 1 - 1e-6))]])):
        found = dims.from_unit(dims.to_unit(np.array([[x]]), share))[0, 0]
        assert found == pytest.approx(x, **close)
        assert distribution._contains(found)


@pytest.mark.parametrize("distribution", ANY, ids=repr)
@given(data=st.data())
def test_points_of_the_cube_become_values_of_the_space(distribution, data):
    dims = Dimensions.of({"p": distribution})
    u = data.draw(st.floats(0, 1))
    found = dims.from_unit(np.array([[u]]))[0, 0]
    assert distribution._contains(found)
    is_border = naive.from_unit(distribution, u - 1e-9) != naive.from_unit(distribution, u + 1e-9)
    if naive.values_of(distribution) is None or not is_border:
        assert found == pytest.approx(distribution.from_unit(u), rel=1e-12)
        assert found == pytest.approx(naive.from_unit(distribution, u), rel=1e-9, abs=1e-9)


def test_a_discrete_value_lies_anywhere_in_its_cell():
    dims = Dimensions.of(
        {"c": CategoricalDistribution("abc"), "i": IntDistribution(1, 9), "k": IntDistribution(1, 99, log=True),
         "x": FloatDistribution(1, 2, log=True)}
    )  # fmt: skip
    internal = np.array([[2.0, 3.0, 4.0, 1.5]] * 3)
    found = dims.to_unit(internal, np.array([[0.0], [0.5], [1.0]]) * np.ones(4))
    log_cell = np.log(np.array([3.5, 4.5]) / 0.5) / np.log(99.5 / 0.5)
    x = math.log(1.5) / math.log(2)
    expected = [[2 / 3, 2 / 9, log_cell[0], x], [2.5 / 3, 2.5 / 9, log_cell.mean(), x], [1, 3 / 9, log_cell[1], x]]
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(dims.to_unit(internal)[0, [0, 1, 3]], found[1, [0, 1, 3]])  # the middles, if not of logs


def test_the_end_of_a_range_is_within_it_and_the_next_number_is_not():
    """NumPy's logarithm of 1.05 differs from the mathematical library's in the last bit on some machines."""
    for distribution in (FloatDistribution(1.05, 10, log=True), FloatDistribution(0.1, 0.3)):
        dims = Dimensions.of({"x": distribution})
        low, high = distribution.low, distribution.high
        column = np.array([low, high, np.nextafter(low, -1), np.nextafter(high, 99), math.nan])[:, None]
        assert dims.to_unit(column)[:2, 0].tolist() == [0.0, 1.0]
        assert dims.settled(column)[:2, 0].tolist() == [low, high]
        for found in (dims.to_unit(column), dims.to_model(column), dims.settled(column)):
            assert np.isnan(found[2:]).all()


@pytest.mark.parametrize("n", [0, 1, 3])
def test_arrays_keep_their_shape(n):
    for space in ({}, {"x": FloatDistribution(0, 1)}, dict(zip("abcdefghijklmnopqrstuvwxyz", ANY, strict=False))):
        dims = Dimensions.of(space)
        points = np.full((n, len(space)), 0.5)
        internal = dims.from_unit(points)
        for found in (internal, dims.to_unit(internal, points), dims.to_model(internal), dims.settled(internal)):
            assert found.shape == points.shape


# --- choices and values ----------------------------------------------------------------------------------------------


def test_one_hot():
    dims = Dimensions.of(
        {"c": CategoricalDistribution("abc"), "x": FloatDistribution(0, 1), "d": CategoricalDistribution((1, 2))}
    )
    internal = np.array([[2.0, 0.3, 0.0], [math.nan, 0.4, 1.0]])
    expected = [[0, 0, 1, 1, 0], [math.nan, math.nan, math.nan, 0, 1]]
    np.testing.assert_array_equal(dims.one_hot(internal), expected)
    assert dims.one_hot(internal[:0]).shape == (0, 5)
    assert Dimensions.of({"x": FloatDistribution(0, 1)}).one_hot(internal[:, 1:2]).shape == (2, 0)


@given(spaces(), st.data())
def test_external_values(space, data):
    point = {name: data.draw(st.one_of(st.just(math.nan), internal_values(d))) for name, d in space.items()}
    found = Dimensions.of(space).external(list(point.values()))
    expected = {name: space[name].to_external_repr(x) for name, x in point.items() if x == x}
    assert list(found) == list(expected)
    assert all(naive.is_same(found[name], value) for name, value in expected.items())


# --- what is sampled together ----------------------------------------------------------------------------------------


@settings(deadline=None)
@given(studies())
def test_the_joint_space_is_made_of_the_latest_distributions(study):
    states = TrialState.COMPLETE, TrialState.PRUNED
    counted = [trial for trial in study.trials if trial.state in states]
    assume(all(trial.params for trial in counted))
    latest = {name: distribution for trial in study.trials for name, distribution in trial.distributions.items()}
    names = [set(trial.params) for trial in counted]
    for common, expected in ((False, set().union(*names)), (True, set.intersection(*names) if names else set())):
        found = study.history.joint_space(common)
        assert found == {name: latest[name] for name in expected if not latest[name].single()}
        assert study.history.joint_space(common) is found


def test_the_joint_space_follows_the_study():
    study = parzen.create_study()
    found = []
    for high in (1.0, 1.0, 2.0):
        study.tell(study.ask({"x": FloatDistribution(0, high)}), 0.0)
        found.append(study.history.joint_space())
    assert found[0] is found[1]
    assert found[2] == {"x": FloatDistribution(0, 2.0)}
