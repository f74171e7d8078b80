"""Search spaces as arrays: supports, tables of grids, and the ways between coordinates."""

import numpy as np
import pytest
from mixture_cases import DIMENSIONS, points, space_of

from parzen.engine.kernels.axes import Cells, along, axes_of, decode, encode, snap

NAMES = list(DIMENSIONS)
AXES = axes_of(space_of(NAMES))  # the grid of 44 integers and that of 60 on a log scale are too long for a table


@pytest.fixture
def x():
    return points(NAMES, np.random.default_rng(0).random((50, len(NAMES))))


def test_a_support_ends_half_a_cell_beyond_a_grid():
    lower, upper = (dict(zip(NAMES, ends.tolist(), strict=True)) for ends in (AXES.lower, AXES.upper))
    assert (lower["float"], upper["float"]) == (-1.0, 2.5)
    assert (lower["step"], upper["step"]) == (-0.125, 2.125)
    assert (lower["int"], upper["int"]) == (-3.5, 40.5)
    assert (lower["log_int"], upper["log_int"]) == pytest.approx((np.log(0.5), np.log(60.5)))


def test_short_grids_are_tabulated_and_long_ones_spread_a_kernel():
    assert dict(zip(NAMES, AXES.n_values.tolist(), strict=True)) == {
        "float": 0, "point": 1, "step": 9, "int": 0, "big_int": 6, "one_int": 1, "log_int": 0, "choices": 4,
        "one_choice": 1,
    }  # fmt: skip
    assert dict(zip(NAMES, AXES.spread.tolist(), strict=True)) == dict.fromkeys(NAMES, 0.0) | {
        "int": 1 / 12,
        "log_int": -1.0,
    }
    step = slice(AXES.start[2], AXES.start[2] + 10)
    np.testing.assert_array_equal(AXES.points[step], [*np.arange(0, 2.1, 0.25), np.nan])
    np.testing.assert_array_equal(AXES.edges[step], np.arange(-0.125, 2.2, 0.25))


@pytest.mark.parametrize(("n", "tabulated"), [(31, 31), (32, 32), (33, 0)])
@pytest.mark.parametrize("step", [1.0, -1.0])
def test_the_longest_table(n, tabulated, step):
    low, high = (0.0, n - 1.0) if step > 0 else (0.0, np.log(n))
    space = space_of(["int"])._replace(low=np.array([low]), high=np.array([high]), step=np.array([step]))
    axes = axes_of(space)
    assert axes.n_values.tolist() == [tabulated]
    if tabulated:
        values = np.arange(n) if step > 0 else np.log(np.arange(1, n + 1))
        np.testing.assert_allclose(axes.points, [*values, np.nan], atol=1e-15)


def test_coordinates_of_a_table_are_indices_and_come_back(x):
    x[3] = np.nan
    z = encode(AXES, x)
    np.testing.assert_array_equal(z[:, 2], x[:, 2] / 0.25)
    np.testing.assert_array_equal(z[:, [0, 3, 6, 7]], x[:, [0, 3, 6, 7]])
    np.testing.assert_allclose(decode(AXES, z), x, rtol=1e-14)
    between = np.where(np.isin(NAMES, ["step", "int"]), x + 0.1, x)
    np.testing.assert_array_equal(encode(AXES, between)[:, 2], z[:, 2])
    np.testing.assert_allclose(decode(AXES, between * [1, 1, 0, 1, 0, 0, 1, 1, 1])[:, 3], x[:, 3])


def test_a_space_without_grids_is_as_it_was():
    axes = axes_of(space_of(["float", "choices"]))
    x = np.array([[0.3, 2.0], [np.nan, 1.0]])
    np.testing.assert_array_equal(Cells(axes).of(x), x)
    for way in (encode, decode):
        np.testing.assert_array_equal(way(axes, x), x)


def test_cells_tell_points_of_a_fine_grid_apart(x):
    z = encode(AXES, x)
    found = Cells(AXES).of(z)
    np.testing.assert_array_equal(found[:, 3], x[:, 3] + 3)
    np.testing.assert_array_equal(found[:, 6], np.rint(np.exp(x[:, 6])) - 1)
    others = [j for j in range(len(NAMES)) if j not in (3, 6)]
    np.testing.assert_array_equal(found[:, others], z[:, others])
    nearly = np.nextafter(z, np.inf)
    np.testing.assert_array_equal(Cells(AXES).of(nearly)[:, [3, 6]], found[:, [3, 6]])
    assert not np.signbit(Cells(AXES).of(np.nextafter(np.array([[*z[0, :3], -3.0, *z[0, 4:]]]), -np.inf))[:, 3]).any()


def test_values_snap_to_the_nearest_of_a_grid():
    space = space_of(["float", "step", "log_int"])
    x = np.array([[0.31, 0.31, np.log(2.4)], [1.0, 1.9, np.log(59.7)]])
    expected = [[0.31, 0.25, np.log(2)], [1.0, 2.0, np.log(60)]]
    np.testing.assert_allclose(snap(x, space.low, space.step), expected, rtol=1e-15)


def test_dimensions_can_be_picked(x):
    few = along(AXES, np.array([2, 6]))
    np.testing.assert_array_equal(encode(few, x[:, [2, 6]]), encode(AXES, x)[:, [2, 6]])
    assert few.lower.tolist() == AXES.lower[[2, 6]].tolist()
