"""Categorical kernels."""

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen.engine.kernels.categorical import ChoiceTables, draw_rows


def rows_of(tables, j, n_choices):
    """The rows of the choices of a dimension, and the prior's."""
    first = [*(tables.first[j] + c * tables.stride[j] for c in range(n_choices)), tables.prior[j]]
    return np.stack([tables.log_probability[k : k + n_choices] for k in first])


def rows_of_one(n_choices, leak, distance=None):
    return rows_of(
        ChoiceTables.of(np.array([n_choices]), leak, {} if distance is None else {0: distance}), 0, n_choices
    )


@settings(deadline=None)
@given(st.integers(1, 6), st.integers(0, 20), st.floats(0.01, 5))
def test_rows_are_one_hot_plus_a_share_of_the_prior(n_choices, n, prior_weight):
    spread = prior_weight / (n + 1)
    rows = np.exp(rows_of_one(n_choices, spread / (1 + spread)))
    expected = [naive.categorical_row(n_choices, c, prior_weight, n) for c in range(n_choices)]
    np.testing.assert_allclose(rows[:-1], expected, rtol=1e-12)
    np.testing.assert_allclose(rows[-1], 1 / n_choices, rtol=1e-12)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=4), st.floats(0, 1))
def test_dimensions_lie_side_by_side(dimensions, leak):
    n_choices = np.array([n for n, _ in dimensions])
    distances = {
        j: np.abs(np.subtract.outer(np.arange(n), np.arange(n))) for j, (n, far) in enumerate(dimensions) if far
    }
    tables = ChoiceTables.of(n_choices, leak, distances)
    for j, n in enumerate(n_choices):
        if n:
            np.testing.assert_array_equal(rows_of(tables, j, n), rows_of_one(n, leak, distances.get(j)))


def test_without_distances_the_rows_take_what_the_choices_do():
    assert ChoiceTables.of(np.array([1000, 0, 3]), 0.1, {}).log_probability.size < 3 * 1003


def test_the_discrete_metric_is_the_default_distance():
    np.testing.assert_allclose(rows_of_one(4, 0.2, 3.0 * (1 - np.eye(4))), rows_of_one(4, 0.2))


def test_nearer_choices_get_more():
    distance = np.abs(np.subtract.outer(np.arange(3.0), np.arange(3.0)))
    row = np.exp(rows_of_one(3, 0.1, distance))[0]
    np.testing.assert_allclose(row / row[0], [1, 0.1**0.25, 0.1])


def test_one_choice_is_certain():
    np.testing.assert_array_equal(rows_of_one(1, 0.5), np.zeros((2, 1)))
    np.testing.assert_array_equal(rows_of_one(1, 0.5, np.zeros((1, 1))), np.zeros((2, 1)))
    np.testing.assert_array_equal(draw_rows(np.zeros((3, 1)), np.array([0.0, 0.5, 1 - 2**-53])), [0, 0, 0])


def test_without_leak_only_the_observation_is_drawn():
    rows = rows_of_one(3, 0.0)[[0, 1, 2]]
    for u in (0.0, 0.5, 1 - 2**-53):
        np.testing.assert_array_equal(draw_rows(rows, np.full(3, u)), [0, 1, 2])


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6).filter(lambda w: sum(w) > 0.1), st.floats(0, 1 - 2**-53))
def test_draws_invert_the_cdf(weights, u):
    with np.errstate(divide="ignore"):
        rows = np.log(np.array([weights]) / sum(weights))
    drawn = draw_rows(rows, np.array([u]))[0]
    below, upto = sum(weights[:drawn]) / sum(weights), sum(weights[: drawn + 1]) / sum(weights)
    assert below == pytest.approx(u, abs=1e-12) or below < u + 1e-12
    assert upto > u - 1e-12
    assert weights[drawn] > 0
