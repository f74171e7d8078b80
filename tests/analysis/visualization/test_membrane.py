"""The membrane under contour plots: harmonic, held by what is known, and silent where nothing is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parzen.analysis.visualization.contour import membrane


def test_a_plane_is_harmonic() -> None:
    """Held at two edges, the surface is linear between them, however the lines are spaced."""
    x, y = np.array([0.0, 1.0, 3.0, 4.0]), np.array([0.0, 2.0, 5.0])
    known = np.full((3, 4), np.nan)
    known[:, 0], known[:, -1] = 0.0, 4.0
    np.testing.assert_allclose(membrane(known, x, y), np.tile(x, (3, 1)))


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(2, 6), st.integers(1, 8))
def test_what_is_known_stays_and_bounds_the_rest(seed: int, rows: int, columns: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    known = np.full((rows, columns), np.nan)
    known[rng.integers(rows, size=n), rng.integers(columns, size=n)] = rng.normal(size=n)
    filled = membrane(known, np.arange(columns) ** 2.0, np.arange(rows) * 1.0)
    has = ~np.isnan(known)
    np.testing.assert_array_equal(filled[has], known[has])
    assert filled.min() == pytest.approx(known[has].min()) and filled.max() == pytest.approx(known[has].max())


def test_categories_do_not_flow_into_each_other() -> None:
    known = np.array([[1.0, np.nan], [np.nan, np.nan]])
    np.testing.assert_array_equal(membrane(known, np.arange(2.0), None), [[1.0, 1.0], [np.nan, np.nan]])
    np.testing.assert_array_equal(membrane(known, None, None), known)
