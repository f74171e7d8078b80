"""Float columns by name: what is set is read, however few values a column has, at a cost of what it holds."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.engine.history.columns import Few, Matrix

NAMES = "abcde"
# A study of up to 300 trials: how often each name is set, and whether the columns are copied half-way.
shares = st.lists(st.sampled_from([0.0, 0.01, 0.03, 0.1, 1.0]), min_size=len(NAMES), max_size=len(NAMES))


@settings(deadline=None)
@given(shares, st.integers(1, 300), st.integers(0, 10**6), st.sampled_from([None, copy.deepcopy, "pickle"]))
def test_what_is_set_is_read(shares, n, seed, copied):
    rng = np.random.default_rng(seed)
    matrix, expected, same = Matrix(), np.full((len(NAMES) + 1, n), np.nan), list(NAMES)
    for name in NAMES:
        matrix.add(name)
    for row in range(n):
        matrix.reserve(row + 1)
        for j in np.flatnonzero(rng.random(len(NAMES)) < shares):
            earlier = int(rng.integers(row + 1))
            for k in (row, earlier):
                expected[j, k] = rng.normal()
                matrix.set(NAMES[j], k, expected[j, k])
        if row % 16 == 0:
            np.testing.assert_array_equal(matrix.read(same, np.arange(row + 1)), expected[:-1, : row + 1])
        if row == n // 2 and copied:
            matrix = pickle.loads(pickle.dumps(matrix)) if copied == "pickle" else copied(matrix)
    rows = rng.integers(n, size=9)
    np.testing.assert_array_equal(matrix.read([*NAMES, "unknown"], rows), expected[:, rows])
    np.testing.assert_array_equal(matrix.read(NAMES[::2], rows), expected[:-1:2, rows])
    for name, column in zip(NAMES, expected, strict=False):
        np.testing.assert_array_equal(matrix[name][:n], column)
        assert np.array_equal([matrix.cells[name][row] for row in range(n)], column, equal_nan=True)


def test_a_column_of_few_values_takes_no_row():
    matrix = Matrix()
    for row in range(2000):
        matrix.reserve(row + 1)
        for name in ("common", f"once-{row}", f"early-{row % 20}" if row < 200 else "common"):
            if name not in matrix.cells:
                matrix.add(name)
            matrix.set(name, row, 1.0)
    assert {name for name, cells in matrix.cells.items() if not isinstance(cells, Few)} == {"common"}


@pytest.mark.parametrize("sampler", ["TPESampler", "RandomSampler"])
def test_names_that_are_new_in_each_trial_are_read_back(sampler: str) -> None:
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    told = []

    def objective(trial: parzen.Trial) -> float:
        told.append({name: trial.suggest_float(name, 0, 1) for name in ("x", f"x{trial.number}", f"y{trial.number}")})
        return trial.number

    study = parzen.create_study(sampler=getattr(parzen.samplers, sampler)(seed=0))
    study.optimize(objective, n_trials=80)
    assert [trial.params for trial in study.trials] == told
