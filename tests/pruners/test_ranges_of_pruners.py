"""The ends of the ranges of pruners' arguments: the last value that is taken, and the next one, which is refused."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pytest

from parzen.pruners import (
    ASHAPruner,
    HyperbandPruner,
    MedianPruner,
    PASHAPruner,
    PatientPruner,
    PercentilePruner,
    SuccessiveHalvingPruner,
    SyncHyperbandPruner,
    ThresholdPruner,
    WilcoxonPruner,
)

WAITING = [
    ("n_startup_trials", [0], [-1]),
    ("n_warmup_steps", [0], [-1]),
    ("interval_steps", [1], [0]),
    ("n_min_trials", [1], [0]),
]
RUNGS = [
    ("min_resource", [1, 9], [0, 10]),
    ("reduction_factor", [2], [1]),
    ("min_early_stopping_rate", [0], [-1]),
]
RANGES: list[tuple[Any, str, list[Any], list[Any]]] = [
    *((make, *line) for make in (MedianPruner, partial(PercentilePruner, 50.0)) for line in WAITING),
    *((partial(make, 9), *line) for make in (ASHAPruner, PASHAPruner) for line in RUNGS),
    (ASHAPruner, "max_resource", [1], [0]),
    (PercentilePruner, "percentile", [0.0, 100.0], [-5e-324, math.nextafter(100.0, 101.0)]),
    (partial(HyperbandPruner, max_resource=9), "min_resource", [1, 9], [0, 10]),
    (partial(HyperbandPruner, max_resource=9), "reduction_factor", [2], [1]),
    (partial(HyperbandPruner, max_resource=9), "bootstrap_count", [0, 1], [-1]),
    (HyperbandPruner, "max_resource", [1, "auto"], [0]),
    (HyperbandPruner, "bootstrap_count", [0], [1]),
    (SuccessiveHalvingPruner, "min_resource", [1, "auto"], [0]),
    (SuccessiveHalvingPruner, "reduction_factor", [2], [1]),
    (SuccessiveHalvingPruner, "min_early_stopping_rate", [0], [-1]),
    (SuccessiveHalvingPruner, "bootstrap_count", [0], [-1, 1]),
    (partial(SuccessiveHalvingPruner, 1), "bootstrap_count", [1], [-1]),
    (partial(SyncHyperbandPruner, 27), "n_brackets", [None, 1, 4], [0, 5]),
    (partial(SyncHyperbandPruner, 27), "reduction_factor", [2], [1]),
    (partial(SyncHyperbandPruner, 9), "min_resource", [1], [0]),
    (partial(PatientPruner, None), "patience", [0], [-1]),
    (partial(PatientPruner, None, 1), "min_delta", [0.0], [-5e-324]),
    (partial(ThresholdPruner, upper=1.0), "lower", [1.0], [math.nextafter(1.0, 2.0)]),
    (partial(ThresholdPruner, upper=1.0), "n_warmup_steps", [0], [-1]),
    (partial(ThresholdPruner, upper=1.0), "interval_steps", [1], [0]),
    (WilcoxonPruner, "p_threshold", [0.0, 1.0], [-5e-324, math.nextafter(1.0, 2.0)]),
    (WilcoxonPruner, "n_startup_steps", [0], [-1]),
]


@pytest.mark.parametrize(("make", "name", "taken", "refused"), RANGES)
def test_the_ends_of_a_range_are_taken_and_nothing_beyond(make, name, taken, refused) -> None:
    for value in taken:
        make(**{name: value})
    for value in refused:
        with pytest.raises(ValueError, match=rf"(got|at least) .*{value!r}"):
            make(**{name: value})
