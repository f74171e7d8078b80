from __future__ import annotations

import math

import pytest

import parzen
from parzen.pruners import ThresholdPruner


def decisions(pruner: ThresholdPruner, reports: list[tuple[int, float]], direction: str = "minimize") -> list[bool]:
    trial = parzen.create_study(pruner=pruner, direction=direction).ask()
    found = []
    for step, value in reports:
        trial.report(value, step)
        found.append(trial.should_prune())
    return found


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [(-1.0, False), (-1.01, True), (2.0, False), (2.01, True), (math.nan, True), (math.inf, True), (-math.inf, True)],
)
def test_bounds_are_inside_whatever_the_direction(value: float, expected: bool, direction: str) -> None:
    assert decisions(ThresholdPruner(lower=-1.0, upper=2.0), [(0, value)], direction) == [expected]


def test_one_bound() -> None:
    assert decisions(ThresholdPruner(upper=1.0), [(0, -math.inf), (1, 1.5)]) == [False, True]
    assert decisions(ThresholdPruner(lower=1.0), [(0, math.inf), (1, 0.5)]) == [False, True]


def test_the_largest_step_counts() -> None:
    assert decisions(ThresholdPruner(upper=1.0), [(5, 0.0), (3, 9.0)]) == [False, False]
    assert decisions(ThresholdPruner(upper=1.0), [(5, 9.0), (3, 0.0)]) == [True, True]


def test_warmup_and_intervals() -> None:
    reports = [(step, 9.0) for step in (0, 1, 2, 3, 5, 6, 7)]
    assert decisions(ThresholdPruner(upper=1.0, n_warmup_steps=1, interval_steps=2), reports) == [
        False, True, False, True, True, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({}, TypeError, "neither"),
        ({"lower": "a"}, TypeError, "lower"),
        ({"upper": []}, TypeError, "upper"),
        ({"lower": 1.0, "upper": 0.5}, ValueError, "exceed"),
        ({"upper": 1.0, "n_warmup_steps": -1}, ValueError, "n_warmup_steps"),
        ({"upper": 1.0, "interval_steps": 0}, ValueError, "interval_steps"),
    ],
)
def test_bad_arguments(arguments: dict[str, object], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        ThresholdPruner(**arguments)
