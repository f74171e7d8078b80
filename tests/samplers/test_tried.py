"""The points that count as tried: of which trials, and after which of their ends."""

from __future__ import annotations

import numpy as np
import pytest

from parzen.engine.kernels.axes import SpaceArrays, axes_of
from parzen.samplers.tpe.tried import Tried
from parzen.trial import TrialState

COMPLETE, PRUNED, FAIL, RUNNING = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING
AXES = axes_of(SpaceArrays(np.zeros(1), np.full(1, 9.0), np.ones(1), np.zeros(1, np.int64)))


def note(tried: Tried, number: int, z: float, state: TrialState, is_longer: bool = False) -> None:
    tried.note(np.array([number]), np.array([[z]]), [int(state)], np.array([is_longer]))


def among(tried: Tried) -> list[int]:
    return np.flatnonzero(tried.among(np.arange(10.0)[:, None])).tolist()


@pytest.fixture
def tried() -> Tried:
    return Tried(AXES)


def test_a_trial_that_failed_or_lacks_the_parameter_tells_nothing(tried: Tried) -> None:
    assert tried.is_empty
    note(tried, 0, 1.0, FAIL)
    note(tried, 1, np.nan, COMPLETE)
    assert tried.is_empty and among(tried) == []
    note(tried, 2, 3.0, RUNNING)
    note(tried, 3, 4.0, COMPLETE)
    note(tried, 4, 5.0, PRUNED)
    assert not tried.is_empty and among(tried) == [3, 4, 5]


def test_a_trial_that_is_read_again_counts_as_it_is_now(tried: Tried) -> None:
    for number in (0, 1):
        note(tried, number, 1.0, RUNNING)
    note(tried, 0, 2.0, COMPLETE)
    assert among(tried) == [1, 2]
    note(tried, 1, 1.0, FAIL)
    assert among(tried) == [2]
    note(tried, 0, 2.0, PRUNED)
    assert among(tried) == [2]
    note(tried, 0, 2.0, COMPLETE, is_longer=True)
    assert tried.is_empty


def test_beside_longer_trials_those_that_were_stopped_do_not_count(tried: Tried) -> None:
    note(tried, 5, 1.0, COMPLETE)
    note(tried, 6, 2.0, PRUNED)
    note(tried, 3, 7.0, RUNNING, is_longer=True)  # it may end anywhere
    assert among(tried) == [1, 2]
    note(tried, 4, 7.0, COMPLETE, is_longer=True)
    assert among(tried) == [1]


def test_an_objective_that_changed_has_tried_nothing(tried: Tried) -> None:
    """None of these parameters alone has ended since a longer trial did."""
    note(tried, 1, 1.0, COMPLETE)
    note(tried, 3, 7.0, COMPLETE, is_longer=True)
    note(tried, 2, 7.0, COMPLETE, is_longer=True)
    assert tried.is_empty and among(tried) == []
    note(tried, 3, 2.0, COMPLETE)
    assert among(tried) == [1, 2]
