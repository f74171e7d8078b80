"""Distributions: values there and back, ranges, equality, JSON, and what is refused."""

from __future__ import annotations

import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import parzen
from parzen.distributions import (
    CategoricalDistribution,
    DiscreteUniformDistribution,
    FloatDistribution,
    IntDistribution,
    IntLogUniformDistribution,
    IntUniformDistribution,
    LogUniformDistribution,
    UniformDistribution,
    check_distribution_compatibility,
    distribution_to_json,
    json_to_distribution,
)
from parzen.engine.distributions import modern

UNIT = st.floats(0, 1, exclude_max=True)
finite = st.floats(-1e100, 1e100)
choice = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))


@st.composite
def floats(draw):
    low, high = sorted([draw(finite), draw(finite)])
    return FloatDistribution(low, high)


@st.composite
def log_floats(draw):
    low, high = sorted([draw(st.floats(1e-150, 1e150)), draw(st.floats(1e-150, 1e150))])
    return FloatDistribution(low, high, log=True)


@st.composite
def stepped_floats(draw):
    """Draw grids of short decimals, the ones that people write, of up to 1000 points."""
    places = draw(st.integers(0, 4))
    low, step = draw(st.integers(-1000, 1000)), draw(st.integers(1, 500))
    high = low + step * draw(st.integers(0, 1000))
    return FloatDistribution(
        *(round(x * 10**-places, places) for x in (low, high)), step=round(step * 10**-places, places)
    )


@st.composite
def integers(draw):
    low, step = draw(st.integers(-(2**40), 2**40)), draw(st.integers(1, 1000))
    return IntDistribution(low, low + step * draw(st.integers(0, 2**20)), step=step)


@st.composite
def log_integers(draw):
    low, high = sorted([draw(st.integers(1, 2**40)), draw(st.integers(1, 2**40))])
    return IntDistribution(low, high, log=True)


numeric = st.one_of(floats(), log_floats(), stepped_floats(), integers(), log_integers())
categorical = st.lists(choice, min_size=1, max_size=8).map(CategoricalDistribution)
distributions = st.one_of(numeric, categorical)


# --- values there and back -------------------------------------------------------------------------------------------


@given(distributions, UNIT)
def test_a_draw_lies_in_the_domain(distribution, u):
    internal = distribution.from_unit(u)
    assert type(internal) is float
    assert distribution._contains(internal)
    low, high = distribution.support
    model = float(distribution.to_model(np.array([internal]))[0])
    assert low - 1e-9 * abs(low) <= model <= high + 1e-9 * abs(high)


@given(numeric, UNIT)
def test_external_and_back(distribution, u):
    internal = distribution.from_unit(u)
    external = distribution.to_external_repr(internal)
    assert type(external) is (int if isinstance(distribution, IntDistribution) else float)
    assert distribution.to_internal_repr(external) == internal


@given(categorical)
def test_choices_and_back(distribution):
    for i, value in enumerate(distribution.choices):
        assert distribution.to_external_repr(float(i)) is value
        first = int(distribution.to_internal_repr(value))
        assert type(distribution.choices[first]) is type(value)
        assert first <= i and (distribution.choices[first] == value or value != value)


@given(numeric, UNIT)
def test_model_and_back(distribution, u):
    internal = np.array([distribution.from_unit(u)])
    again = distribution.from_model(distribution.to_model(internal))
    if distribution.log and isinstance(distribution, FloatDistribution):  # exp(log(x)) loses the last digits
        np.testing.assert_allclose(again, internal, rtol=1e-12)
    else:
        np.testing.assert_array_equal(again, internal)


@given(distributions, st.floats(-0.5, 1.5))
def test_any_model_coordinate_becomes_a_value(distribution, share):
    """A sampler may step over the ends of the support: what comes out lies in the domain all the same."""
    low, high = distribution.support
    internal = float(distribution.from_model(np.array([low + share * (high - low)]))[0])
    assert distribution._contains(internal)


@given(distributions)
def test_ends_are_the_extreme_values(distribution):
    low, high = distribution.ends
    values = distribution.from_model(np.array([low, high]))
    np.testing.assert_allclose(distribution.to_model(values), [low, high], rtol=1e-12, atol=1e-12)
    assert distribution.support[0] <= low <= high <= distribution.support[1]


@given(distributions)
def test_json_and_back(distribution):
    text = distribution_to_json(distribution)
    again = json_to_distribution(text)
    assert type(again) is type(distribution)
    assert again == distribution and hash(again) == hash(distribution)
    assert distribution_to_json(again) == text
    assert set(json.loads(text)) == {"name", "attributes"}


@given(distributions)
def test_pickle(distribution):
    assert pickle.loads(pickle.dumps(distribution)) == distribution


@given(distributions, distributions)
def test_equality_is_that_of_class_and_attributes(a, b):
    assert a == a and a == a
    same = type(a) is type(b) and distribution_to_json(a) == distribution_to_json(b)
    if same:
        assert a == b
    if a == b:
        assert hash(a) == hash(b)
        assert type(a) is type(b)
        assert a.ends == b.ends and a.support == b.support and a.grid == b.grid
    assert a != "something else"


@given(distributions)
@example(FloatDistribution(0.1, 25.2, step=25.1))  # 25.2 - 0.1 < 25.1 in floats
def test_single(distribution):
    values = {distribution.from_unit(u) for u in np.linspace(0, 1, 50, endpoint=False)}
    if distribution.single():
        assert values == {distribution.only_value}
    else:
        assert distribution.only_value is None
        low, high = distribution.ends
        assert low < high or isinstance(distribution, FloatDistribution)


# --- the uniform prior -----------------------------------------------------------------------------------------------

GRIDS = [
    FloatDistribution(0.0, 1.0, step=0.1),
    FloatDistribution(-0.3, 0.9, step=0.3),
    IntDistribution(-3, 6),
    IntDistribution(0, 35, step=5),
    CategoricalDistribution("abcdefg"),
]


@pytest.mark.parametrize("distribution", GRIDS, ids=repr)
def test_every_grid_point_has_the_same_share(distribution):
    """Evenly spaced uniforms, a hundred for each point: every point gets its hundred, one more or less at the edges."""
    low, high = distribution.ends
    spacing = distribution.grid or 1.0
    n_points = round((high - low) / spacing) + 1
    u = (np.arange(100 * n_points) + 0.5) / (100 * n_points)
    _, counts = np.unique([distribution.from_unit(x) for x in u], return_counts=True)
    assert len(counts) == n_points
    assert abs(counts - 100).max() <= 1


def test_an_integer_on_a_log_scale_has_the_share_of_its_cell():
    distribution = IntDistribution(1, 20, log=True)
    u = (np.arange(40_000) + 0.5) / 40_000
    values, counts = np.unique([distribution.from_unit(x) for x in u], return_counts=True)
    cell = np.log((values + 0.5) / (values - 0.5)) / math.log(20.5 / 0.5)
    np.testing.assert_allclose(counts / len(u), cell, atol=1e-4)


def test_floats_are_uniform_on_their_scale():
    u = np.linspace(0, 1, 11)[:-1]
    np.testing.assert_allclose([FloatDistribution(-2, 3).from_unit(x) for x in u], -2 + 5 * u, atol=1e-12)
    logs = np.log10([FloatDistribution(1e-5, 1e5, log=True).from_unit(x) for x in u])
    np.testing.assert_allclose(logs, -5 + 10 * u, atol=1e-12)


# --- what is in, what is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("distribution", "inside", "outside"),
    [
        (FloatDistribution(0, 1), [0, 0.5, 1], [-1e-9, 1.0000001, math.inf]),
        (FloatDistribution(0, 0.9, step=0.3), [0, 0.3, 0.6, 0.9, 0.1 * 3], [0.2, 0.31, 1.2, math.inf]),
        (FloatDistribution(0, math.inf, step=0.5), [0.5, 1e6], [0.3, math.inf]),
        (IntDistribution(1, 10, step=3), [1, 4, 7, 10], [0, 2, 3.5, 11, 13]),
        (CategoricalDistribution("ab"), [0, 1], [-1, 2]),
    ],
)
def test_contains(distribution, inside, outside):
    assert all(distribution._contains(float(x)) for x in inside)
    assert not any(distribution._contains(float(x)) for x in outside)


@pytest.mark.parametrize(
    "make",
    [
        lambda: FloatDistribution(1, 0),
        lambda: FloatDistribution(math.nan, 1),
        lambda: FloatDistribution(0, math.nan),
        lambda: FloatDistribution(0, 1, log=True),
        lambda: FloatDistribution(1, 2, log=True, step=0.5),
        lambda: FloatDistribution(0, 1, step=0),
        lambda: FloatDistribution(0, 1, step=-1),
        lambda: IntDistribution(3, 2),
        lambda: IntDistribution(0, 5, log=True),
        lambda: IntDistribution(1, 5, log=True, step=2),
        lambda: IntDistribution(1, 5, step=0),
        lambda: IntDistribution(0, math.inf),
        lambda: CategoricalDistribution([]),
        lambda: json_to_distribution('{"name": "Foo", "attributes": {}}'),
        lambda: json_to_distribution('{"type": "foo"}'),
    ],
)
def test_refused(make):
    with pytest.raises(ValueError):
        make()


@pytest.mark.parametrize("kind", [FloatDistribution, IntDistribution])
@pytest.mark.parametrize(
    ("low", "high", "step"), [("0", 5, 1), (0, "5", 1), (b"0", 5, 1), (0, 5, "1"), ("0", "5", "1")]
)
def test_a_string_among_numbers_is_refused(kind, low, high, step):
    with pytest.raises(TypeError, match=r"must be numbers, but got .*float\(\)"):
        kind(low, high, step=step)


def test_two_strings_are_the_numbers_that_they_spell():
    assert FloatDistribution("0", "1.5") == FloatDistribution(0, 1.5)
    assert IntDistribution("9", "10") == IntDistribution(9, 10)


def test_a_range_that_is_no_number_holds_nothing():
    distribution = FloatDistribution(math.nan, math.nan)
    assert not distribution.single() and not distribution._contains(0.5)
    with pytest.raises(ValueError, match="finite range"):
        distribution.require_finite()


@pytest.mark.parametrize(
    "distribution", [FloatDistribution(0, 1), FloatDistribution(1, 2, log=True), IntDistribution(0, 5)]
)
@pytest.mark.parametrize("value", ["x", None, math.nan, [1.0], 1j])
def test_no_number(distribution, value):
    with pytest.raises(ValueError):
        distribution.to_internal_repr(value)


@pytest.mark.parametrize("value", [0, 0.0, -1, -0.5])
@pytest.mark.parametrize("distribution", [FloatDistribution(1, 9, log=True), IntDistribution(1, 9, log=True)])
def test_no_logarithm(distribution, value):
    with pytest.raises(ValueError, match="positive"):
        distribution.to_internal_repr(value)


@pytest.mark.parametrize("distribution", [FloatDistribution(0, math.inf), FloatDistribution(-1e308, 1e308)])
def test_an_unbounded_range_can_be_recorded_but_not_sampled(distribution):
    study = parzen.create_study()
    study.add_trial(parzen.create_trial(value=1.0, params={"x": 3.0}, distributions={"x": distribution}))
    study.enqueue_trial({"x": 7.0})
    assert study.ask({"x": distribution}).params == {"x": 7.0}
    with pytest.raises(ValueError, match="finite"):
        study.ask({"x": distribution})
    assert json_to_distribution(distribution_to_json(distribution)) == distribution


@pytest.mark.parametrize(
    ("make", "high"),
    [(lambda: FloatDistribution(0.0, 1.0, step=0.3), 0.9), (lambda: IntDistribution(0, 10, step=4), 8)],
)
def test_a_range_off_the_grid_is_cut(make, high):
    with pytest.warns(UserWarning, match="not divisible"):
        assert make().high == high


def test_decimal_steps_divide_as_written():
    assert FloatDistribution(0.0, 0.9, step=0.3).high == 0.9
    assert FloatDistribution(0.1, 0.7, step=0.1).high == 0.7


def test_choices_of_equal_value_and_other_type():
    distribution = CategoricalDistribution([1, True, 1.0, "1", None])
    assert [distribution.to_internal_repr(c) for c in distribution.choices] == [0, 1, 2, 3, 4]
    assert distribution.to_internal_repr(np.int64(1)) == 0  # no choice of that type: the first that is equal
    assert CategoricalDistribution([0, 1]).to_internal_repr(True) == 1


def test_choices_that_cannot_be_hashed_or_stored():
    with pytest.warns(UserWarning, match="memory only"):
        distribution = CategoricalDistribution([[1], {"a": 2}, "x"])
    assert distribution.to_internal_repr({"a": 2}) == 1
    assert hash(distribution) == hash(distribution)
    with pytest.raises(ValueError, match="choices"):
        distribution.to_internal_repr([2])


def test_nan_is_a_choice():
    distribution = CategoricalDistribution([float("nan"), 1.0])
    assert distribution.to_internal_repr(float("nan")) == 0
    assert distribution == CategoricalDistribution([float("nan"), 1.0])


# --- compatibility ---------------------------------------------------------------------------------------------------


def test_compatible_are_other_ranges_only():
    check_distribution_compatibility(FloatDistribution(0, 1), FloatDistribution(5, 9, step=0.5))
    check_distribution_compatibility(IntDistribution(0, 1), IntDistribution(5, 9, step=2))
    for old, new in [
        (FloatDistribution(1, 2), IntDistribution(1, 2)),
        (FloatDistribution(1, 2), FloatDistribution(1, 2, log=True)),
        (CategoricalDistribution("ab"), CategoricalDistribution("abc")),
        (CategoricalDistribution("ab"), CategoricalDistribution("ba")),
        (CategoricalDistribution("a"), FloatDistribution(1, 2)),
    ]:
        with pytest.raises(ValueError):
            check_distribution_compatibility(old, new)


# --- the old names ---------------------------------------------------------------------------------------------------

OLD = [
    (lambda: UniformDistribution(0, 1), FloatDistribution(0, 1)),
    (lambda: LogUniformDistribution(0.1, 1), FloatDistribution(0.1, 1, log=True)),
    (lambda: DiscreteUniformDistribution(0, 1, 0.25), FloatDistribution(0, 1, step=0.25)),
    (lambda: IntUniformDistribution(0, 6, 2), IntDistribution(0, 6, step=2)),
    (lambda: IntLogUniformDistribution(1, 6), IntDistribution(1, 6, log=True)),
]


@pytest.mark.parametrize(("make", "stands_for"), OLD)
def test_old_names_warn_and_have_modern_forms(make, stands_for):
    with pytest.warns(FutureWarning, match="deprecated"):
        old = make()
    assert old != stands_for and modern(old) == stands_for and modern(stands_for) is stands_for
    with pytest.warns(FutureWarning):
        assert json_to_distribution(distribution_to_json(old)) == old
    trial = parzen.create_trial(value=0.0, params={"x": old.high}, distributions={"x": old})
    assert trial.distributions == {"x": stands_for}
    assert parzen.create_study().ask({"x": old}).distributions == {"x": stands_for}


def test_q_can_be_set():
    with pytest.warns(FutureWarning):
        old = DiscreteUniformDistribution(0, 1, 0.25)
    old.q = 0.5
    assert old.q == old.step == 0.5
    assert {old.from_unit(u) for u in np.linspace(0, 1, 30, endpoint=False)} == {0.0, 0.5, 1.0}
