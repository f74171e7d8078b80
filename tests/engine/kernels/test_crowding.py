"""Crowding distance."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen.engine.kernels.compiled import crowding as compiled
from parzen.engine.kernels.crowding import crowding, crowding_numpy, order
from parzen.engine.kernels.dominance import ranks

points = st.integers(1, 3).flatmap(
    lambda m: st.lists(st.lists(st.integers(0, 5).map(float), min_size=m, max_size=m), min_size=1, max_size=12)
)


def crowding_by_hand(values: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Deb et al. (2002), procedure crowding-distance-assignment, front by front and objective by objective."""
    out = np.zeros(len(values))
    for front in set(rank.tolist()):
        members = [i for i in range(len(values)) if rank[i] == front]
        for j in range(values.shape[1]):
            ordered = sorted(members, key=lambda i, j=j: (values[i, j], i))
            span = values[ordered[-1], j] - values[ordered[0], j]
            if span == 0:
                continue
            for before, i, after in zip([None, *ordered], ordered, [*ordered[1:], None], strict=False):
                inner = before is not None and after is not None
                out[i] += (values[after, j] - values[before, j]) / span if inner else math.inf
    return out


@pytest.mark.parametrize("tier", [crowding_numpy, compiled.crowding])
@given(listed=points)
@settings(deadline=None)
def test_crowding(tier: Callable[..., np.ndarray], listed: list[list[float]]) -> None:
    values = np.array(listed)
    rank = ranks(values)
    np.testing.assert_allclose(tier(values, rank), crowding_by_hand(values, rank))


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("shift", [-9.0, 0.0, 9.0])  # infinities are cut to a range that holds zero, too
def test_the_tiers_agree_where_many_points_are_equal_or_infinite(m: int, shift: float) -> None:
    rng = np.random.default_rng(m)
    values = np.concatenate([rng.integers(0, 6, (150, m)).astype(float), rng.choice([-np.inf, 0.5, np.inf], (50, m))])
    values += shift
    rank = ranks(values)
    np.testing.assert_allclose(compiled.crowding(values, rank), crowding_numpy(values, rank))


@given(points)
@settings(deadline=None)
def test_the_order_is_by_rank_then_by_crowding(listed: list[list[float]]) -> None:
    values = np.array(listed)
    rank = ranks(values)
    distance = crowding_by_hand(values, rank)
    expected = sorted(range(len(values)), key=lambda i: (rank[i], -round(distance[i], 9), i))
    found = order(values).tolist()
    assert [(rank[i], round(distance[i], 9)) for i in found] == [(rank[i], round(distance[i], 9)) for i in expected]


@pytest.mark.parametrize("m", [1, 2, 4])
@pytest.mark.parametrize("enough", [1, 60])
def test_the_order_of_those_that_are_enough_is_that_of_all(m: int, enough: int) -> None:
    values = np.random.default_rng(m).random((200, m))
    for violation in (None, np.maximum(np.arange(200) - 150.0, 0.0)):
        expected = order(values, None, violation)[:enough]
        assert order(values, enough, violation)[:enough].tolist() == expected.tolist()
    assert order(values, enough, np.arange(200, 0.0, -1)).tolist()[:enough] == list(range(199, 199 - enough, -1))


@given(st.integers(1, 150), st.integers(0, 99))
@settings(deadline=None)
def test_the_order_of_two_objectives_in_one_call_is_that_in_several(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    few = rng.choice([-math.inf, 0.0, 0.25, 0.5, 1.0, math.inf], (n, 2))  # so that many are equal
    for values in (few, rng.random((n, 2))):
        assert compiled.order_of_two(values).tolist() == compiled.order(values, ranks(values)).tolist()


def test_many_points_that_hold_nan_are_refused() -> None:
    values = np.ones((200, 2))
    values[7, 1] = math.nan
    with pytest.raises(ValueError, match="NaN"):
        order(values)


def test_one_objective_is_sorted() -> None:
    values = np.array([[3.0], [1.0], [2.0], [1.0]])
    assert order(values).tolist() == [1, 3, 2, 0]


@pytest.mark.parametrize("odd", [math.inf, -math.inf])
def test_infinite_values_give_no_nan(odd: float) -> None:
    values = np.array([[odd, 0.0], [1.0, 1.0], [2.0, odd], [odd, odd]])
    assert not np.isnan(crowding(values, np.zeros(4, np.int64))).any()
    assert sorted(order(values).tolist()) == [0, 1, 2, 3]
