"""Numbers at their ends: the largest integers, the finest grids, the narrowest ranges."""

from __future__ import annotations

import math
import sys
import warnings

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parzen.distributions import FloatDistribution, IntDistribution

TINY = 5e-324
FRACTIONS = [0.0, 1e-9, 0.3, 0.5, 0.7, 1 - 2**-53]


@st.composite
def large_integers(draw):
    low = draw(st.integers(-(2**80), 2**80))
    step = draw(st.integers(1, 2**40))
    return IntDistribution(low, low + step * draw(st.integers(0, 2**40)), step=step)


@given(large_integers(), st.floats(0, 1, exclude_max=True))
@example(IntDistribution(2**63 - 5, 2**63 - 1), 0.5)
@example(IntDistribution(2**63 + 10, 2**63 + 20), 0.5)
@example(IntDistribution(-(2**63), 2**63 - 1), 1 - 2**-53)
@example(IntDistribution(1, 2**63 - 1, log=True), 1 - 2**-53)
def test_integers_stay_in_range_and_on_the_grid(distribution, u):
    internal = distribution.from_unit(u)
    value = distribution.to_external_repr(internal)
    assert type(value) is int and distribution.low <= value <= distribution.high
    assert (value - distribution.low) % distribution.step == 0
    assert distribution._contains(internal) and distribution.to_internal_repr(value) == internal
    column = distribution.from_model(np.array([[distribution.support[0], distribution.support[1]]]))
    assert all(map(distribution._contains, column.ravel().tolist()))


@given(st.integers(-(2**70), 2**70))
@example(2**53 + 1)
@example(2**63 - 1)
def test_an_integer_comes_back_or_is_refused(value):
    distribution = IntDistribution(-(2**70), 2**70)
    try:
        internal = distribution.to_internal_repr(value)
    except ValueError as error:
        assert int(float(value)) != value and "cannot be stored" in str(error)
    else:
        assert distribution.to_external_repr(internal) == value


def test_the_ends_of_a_large_range_come_back():
    distribution = IntDistribution(2**63 - 5, 2**63 - 1)
    assert distribution.to_external_repr(distribution.to_internal_repr(2**63 - 1)) == 2**63 - 1
    assert not distribution._contains(2.0**62) and not distribution._contains(math.inf)
    assert IntDistribution(0, 2**60)._contains(float(2**59)) and not IntDistribution(0, 2**60)._contains(0.5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: FloatDistribution(0, 1, step=math.nan),
        lambda: FloatDistribution(0, 1, step=math.inf),
        lambda: FloatDistribution(0, 1, step=0.0),
        lambda: FloatDistribution(0, 1, step=-0.0),
        lambda: FloatDistribution(0, 1, step=np.float32(0)),
        lambda: FloatDistribution(0, 1, step=-TINY),
        lambda: IntDistribution(0, 9, step=math.nan),
        lambda: IntDistribution(0, 9, step=math.inf),
        lambda: IntDistribution(0, 9, step=0.5),
        lambda: IntDistribution(0, 9, step=0),
        lambda: FloatDistribution(0, 1, step=1e-30),
        lambda: FloatDistribution(0, 1, step=TINY),
        lambda: FloatDistribution(-sys.float_info.max, sys.float_info.max, step=TINY),
    ],
)
def test_a_step_that_counts_nothing_is_refused_with_words(make):
    with pytest.raises(ValueError, match="`step`"):
        make()


@pytest.mark.parametrize("bound", [10**400, -(10**400)])
def test_bounds_beyond_all_floats_are_refused_with_words(bound):
    for kind in (FloatDistribution, IntDistribution):
        with pytest.raises(ValueError, match=r"less than 1\.8e308"):
            kind(min(bound, 0), max(bound, 0))


@pytest.mark.parametrize(
    ("low", "high", "step", "n_steps"),
    [
        (-math.pi, math.pi, math.pi / 2, 4),
        (-math.pi, math.pi, math.pi / 1000, 2000),
        (0, 1 / 3, 1 / 9, 3),
        (0, math.e, math.e / 7, 7),
        (0, 0.9, 0.3, 3),
        (0.1, 1.0, 0.1, 9),
        (0, 1, np.float32(0.1), 10),
        (np.float32(0.1), np.float32(0.5), np.float32(0.1), 4),
        (np.float16(0), np.float16(1), np.float16(0.1), 10),
        (0, 1e-310, 1e-311, 10),
        (1e10, 1e10 + 1e-4, 1e-5, 10),
    ],
)
def test_a_grid_ends_where_it_was_meant_to(low, high, step, n_steps):
    distribution = FloatDistribution(low, high, step=step)
    assert distribution.high == pytest.approx(float(high), rel=1e-6)
    assert round((distribution.high - distribution.low) / distribution.step) == n_steps
    values = [distribution.from_unit((k + 0.5) / (n_steps + 1)) for k in range(n_steps + 1)]
    assert values[0] == distribution.low and values[-1] == pytest.approx(distribution.high, rel=1e-9, abs=0)
    assert len(set(values)) == n_steps + 1 and all(map(distribution._contains, values))


@pytest.mark.parametrize(("high", "step", "last"), [(1.0, 0.3, 0.9), (1.0, 0.6, 0.6), (1.0, 2.0, 0.0)])
def test_a_grid_that_ends_elsewhere_says_so(high, step, last):
    with pytest.warns(UserWarning, match="is not divisible"):
        assert FloatDistribution(0, high, step=step).high == last


@pytest.mark.parametrize(
    "distribution",
    [
        FloatDistribution(0, TINY),
        FloatDistribution(0, 1e-310),
        FloatDistribution(1.0, math.nextafter(1.0, 2.0)),
        FloatDistribution(TINY, 1e-310, log=True),
        FloatDistribution(1e5, math.nextafter(1e5, 2e5), log=True),
        FloatDistribution(TINY, sys.float_info.max, log=True),
        FloatDistribution(0, 1e-310, step=TINY),
        FloatDistribution(0, 1e10, step=1e-17),
    ],
)
def test_extreme_ranges_give_values_in_them_without_a_warning(distribution):
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        values = [distribution.from_unit(u) for u in FRACTIONS]
    assert all(distribution.low <= value <= distribution.high for value in values)
    assert all(map(distribution._contains, values))


def test_neighbours_of_one_logarithm_are_a_single_value():
    narrow = FloatDistribution(1e5, math.nextafter(1e5, 2e5), log=True)
    assert narrow.single() and narrow.only_value in (narrow.low, narrow.high)
    assert not FloatDistribution(1.0, math.nextafter(1.0, 2.0)).single()
    assert not FloatDistribution(-math.inf, math.inf).single()
