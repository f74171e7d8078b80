"""Sorted columns of a changing set: always what sorting from scratch gives, to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixture_cases import points, space_of

from parzen.engine.kernels.axes import axes_of, decode, encode
from parzen.engine.kernels.compiled import neighbours
from parzen.samplers.tpe.rules import neighbour_distance, neighbour_distance_with_endpoints

NAMES = ["float", "step", "log_int", "choices"]
CAPACITY = 90


def empty():
    d = len(NAMES)
    blank = np.full((d, CAPACITY), np.nan)
    return np.zeros((d, CAPACITY), np.int32), np.zeros(d, np.int64), blank


def case(seed):
    rng = np.random.default_rng(seed)
    axes = axes_of(space_of(NAMES))
    x = points(NAMES, rng.random((CAPACITY, len(NAMES))))
    x[rng.random(x.shape) < 0.1] = np.nan
    x[rng.integers(CAPACITY, size=20)] = x[0]  # ties
    return rng, axes, np.ascontiguousarray(encode(axes, x).T)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.booleans())
def test_changes_lead_where_sorting_leads(seed, endpoints):
    rng, axes, z = case(seed)
    order, count, distance = empty()
    members = np.zeros(CAPACITY, dtype=bool)
    for step in range(6):
        changed = np.flatnonzero(rng.random(CAPACITY) < 0.3)
        members[changed] ^= True
        if step % 2:
            neighbours.change(changed, members, z, axes, endpoints, order, count, distance)
        else:
            added = changed[members[changed]]
            neighbours.merge(added, members, z, axes, endpoints, order, count, distance)
        ids = np.flatnonzero(members)
        fresh_order, fresh_count, fresh_distance = empty()
        neighbours.rebuild(ids, z, axes, endpoints, fresh_order, fresh_count, fresh_distance)
        np.testing.assert_array_equal(count, fresh_count)
        for j, n in enumerate(count):
            np.testing.assert_array_equal(order[j, :n], fresh_order[j, :n])
        np.testing.assert_array_equal(distance[:, ids], fresh_distance[:, ids])


@pytest.mark.parametrize("n", [1, 2, 40, CAPACITY])
@pytest.mark.parametrize("rule", [neighbour_distance, neighbour_distance_with_endpoints])
def test_distances_are_those_of_the_rule(rule, n):
    _, axes, z = case(n)
    z = z[:, :n].copy()
    numeric = axes.n_choices == 0
    mine = neighbours.distances(z, axes, rule is neighbour_distance_with_endpoints)
    expected = rule(decode(axes, z.T).T, axes.lower, axes.upper)
    np.testing.assert_allclose(mine[numeric], expected[numeric], atol=1e-12)


def test_a_long_row_moves_whole():
    n = 3 * neighbours.BLOCK
    axes = axes_of(space_of(["float"]))
    z = np.random.default_rng(0).random((1, n))
    order, count, distance = np.zeros((1, n), np.int32), np.zeros(1, np.int64), np.full((1, n), np.nan)
    members = np.ones(n, dtype=bool)
    members[:5] = False
    neighbours.rebuild(np.arange(5, n), z, axes, False, order, count, distance)
    members[:5] = True
    neighbours.change(np.arange(5), members, z, axes, False, order, count, distance)
    np.testing.assert_array_equal(order[0], np.argsort(z[0], kind="stable"))
