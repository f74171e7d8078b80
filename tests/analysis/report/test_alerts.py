"""Each alert has columns that raise it, and columns that do not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from parzen.analysis.report import alerts
from parzen.analysis.report.alerts import alerts_of
from parzen.analysis.report.columns import Columns, Param, Reports, Rungs, Texts
from parzen.analysis.report.findings import Findings, Lanes
from parzen.engine.history.trial_columns import NO_TIME

COMPLETE, PRUNED, FAIL, RUNNING, WAITING, PAUSED = 1, 2, 3, 0, 4, 5
EMPTY = np.empty(0, np.int64)


def columns(
    values: Sequence[Any],
    states: Sequence[int] | None = None,
    params: Sequence[Param] | None = None,
    signs: tuple[float, ...] = (1.0,),
    **changes: Any,
) -> Columns:
    """Make columns; without `params` there is one that is spread over its range in the order of golden sections."""
    told = np.array(values, dtype=float).reshape(len(values), len(signs))
    n = len(told)
    state = np.full(n, COMPLETE, np.int8) if states is None else np.array(states, np.int8)
    complete = np.flatnonzero(state == COMPLETE)
    losses = told[complete] * signs
    if len(signs) == 1:
        front = (int(complete[np.argmin(losses[:, 0])]),) if len(complete) else ()
    else:
        front = tuple(k for k, one in zip(complete.tolist(), losses, strict=True)
                      if not ((losses <= one).all(axis=1) & (losses < one).any(axis=1)).any())  # fmt: skip
    spread = Param("x", "float", (np.arange(n) * 0.618034 + 0.41) % 1.0, low=0.0, high=1.0)
    found = Columns(
        name="s", signs=signs, objectives=tuple(f"o{j}" for j in range(len(signs))), states=state, values=told,
        violation=np.full(n, np.nan), start=np.full(n, NO_TIME), end=np.full(n, NO_TIME),
        params=(spread,) if params is None else tuple(params), attrs={}, errors=Texts(np.full(n, -1)),
        reports=Reports(EMPTY, np.zeros(1, np.int64), EMPTY, np.empty(0)), rungs=Rungs(EMPTY, EMPTY, np.empty(0)),
        front=front,
    )  # fmt: skip
    return replace(found, **changes)


def number(values: Any, low: float = 0.0, high: float = 1.0, **more: Any) -> Param:
    return Param("p", "float", np.array(values, dtype=float), low=low, high=high, **more)


def choice(codes: Any, labels: Sequence[str] = ("a", "b")) -> Param:
    return Param("c", "choice", np.array(codes, dtype=float), labels=tuple(labels))


UP = np.linspace(0.005, 0.995, 40)
GOOD = 1.0 + np.abs(np.arange(40) - 17.0) / 40  # the best is trial 17 of 40
BEST_AT = {5: np.where(np.arange(40) == 5, 0.0, GOOD), 38: np.where(np.arange(40) == 38, 0.0, GOOD)}
HOURS = (np.arange(40) * 3_600_000_000).astype(np.int64)


def reports(values: Sequence[float]) -> Reports:
    n = len(values)
    return Reports(np.arange(1), np.array([0, n]), np.arange(n), np.array(values, dtype=float))


def of(*items: Any, **named: Any) -> tuple[Columns, Findings]:
    findings = named.pop("findings", Findings())
    return columns(*items, **named), findings


WEIGHED = {"importances": {"x": 0.999, "p": 0.001}, "sensitivities": {"x": 0.9, "p": 0.05}}
TWO = [Param("x", "float", np.linspace(0, 1, 60), low=0, high=1), number(np.linspace(1, 0, 60))]

# Per alert: what raises it, and what does not though it is near.
CASES: dict[str, tuple[list[tuple[Columns, Findings]], list[tuple[Columns, Findings]]]] = {
    "edge": (
        [
            of(1 + UP, params=[number(UP)]),
            of(2 - UP, params=[number(UP)]),
            of(1 + UP, params=[number(1e-5 * 1e4**UP, 1e-5, 1e-1, log=True)]),
            of(UP, params=[number(UP)], signs=(-1.0,)),
        ],
        [
            of(1 + np.abs(UP - 0.4), params=[number(UP)]),
            of(np.where(np.arange(40) == 0, 0.0, 2 - UP), params=[number(UP)]),  # the best tenth is elsewhere
            of(1 + UP[:10], params=[number(UP[:10])]),  # too few
            of(1 + UP, params=[number(np.zeros(40), 0.0, 0.0)]),  # a single value
        ],
    ),
    "failing_choice": (
        [of(GOOD, np.where(np.arange(40) % 4, COMPLETE, FAIL), params=[choice(np.arange(40) % 4 == 0)])],
        [
            of(GOOD, np.where(np.arange(40) % 8, COMPLETE, FAIL), params=[choice(np.arange(40) % 4 == 0)]),
            of(GOOD, np.full(40, FAIL), params=[choice(np.arange(40) % 2)]),  # all fail, whatever the choice
        ],
    ),
    "never_mattered": (
        [of(np.arange(60), params=TWO, findings=Findings(**WEIGHED))],
        [
            of(np.arange(60), params=TWO, findings=Findings({"x": 0.9, "p": 0.1}, WEIGHED["sensitivities"])),
            of(np.arange(60), params=TWO, findings=Findings(WEIGHED["importances"], {"x": 0.9, "p": -0.8})),
            of(np.arange(40), params=[number(UP), number(UP[::-1])], findings=Findings(**WEIGHED)),
        ],
    ),
    "duplicates": (
        [of(GOOD, params=[number(np.round(UP, 1)), choice(np.zeros(40))])],
        [of(GOOD, params=[number(UP)]), of(GOOD, params=[]), of(GOOD, np.full(40, RUNNING), params=[number(UP * 0)])],
    ),
    "moved_range": ([of(GOOD, params=[number(UP, has_moved=True)])], [of(GOOD)]),
    "never_asked": ([of(GOOD, unsuggested=("leaning_rate",))], [of(GOOD), of(GOOD, unsuggested=("x",))]),
    "stagnation": (
        [of(BEST_AT[5])],
        [of(GOOD), of(BEST_AT[5][:19]), of(BEST_AT[5], np.where(np.arange(40) > 12, RUNNING, COMPLETE))],
    ),
    "not_converged": ([of(BEST_AT[38])], [of(GOOD), of(BEST_AT[38][30:])]),
    "failures": (
        [of(GOOD, np.where(np.arange(40) % 4, COMPLETE, FAIL)), of([1.0, 2.0], [COMPLETE, FAIL])],
        [of(GOOD), of(GOOD, np.where(np.arange(40) == 3, FAIL, COMPLETE))],
    ),
    "few_complete": (
        [
            of(GOOD, np.where(np.arange(40) == 3, COMPLETE, PRUNED)),
            of(GOOD, violation=np.ones(40)),
        ],
        [of(GOOD, np.where(np.arange(40) % 2, COMPLETE, PRUNED)), of(GOOD, violation=np.arange(40.0))],
    ),
    "pruned_twin": (
        [
            of(GOOD, np.where(np.arange(40) == 3, PRUNED, COMPLETE),
               params=[number(np.where(np.arange(40) == 3, UP[17] + 0.01, UP)), choice(np.zeros(40))]),
        ],
        [
            of(GOOD, np.where(np.arange(40) == 3, PRUNED, COMPLETE), params=[number(UP)]),
            of(GOOD, np.where(np.arange(40) == 19, PRUNED, COMPLETE), params=[number(UP * 0 + 0.5)]),  # it came later
            of(GOOD, np.where(np.arange(40) == 3, PRUNED, COMPLETE),
               params=[number(UP * 0 + 0.5), choice(np.arange(40) == 3)]),  # another choice
        ],
    ),
    "noisy": (
        [of(1 + np.sin(np.arange(40) * 7.0), params=[number(np.arange(40) % 4 / 4)])],
        [
            of(np.arange(40) % 4 + 1.0, params=[number(np.arange(40) % 4 / 4)]),
            of(np.arange(40) % 4 * 5.0 + np.sin(np.arange(40) * 7.0) * 1e-12, params=[number(np.arange(40) % 4 / 4)]),
            of(GOOD),
        ],
    ),
    "constant": ([of(np.ones(40))], [of(GOOD), of(np.ones(4))]),
    "extremes": (
        [of([1.0, math.inf, 3.0]), of([1.0, 1e39]), of([1.0, 1e-300]), of([-math.inf, 0.0])],
        [of([1.0, 1e37, -1e37, 0.0, 1e-37]), of([1.0, math.nan], [COMPLETE, FAIL])],
    ),
    "nan_reports": (
        [of(GOOD, reports=reports([1.0, math.nan]))],
        [of(GOOD, reports=reports([1.0, math.inf])), of(GOOD)],
    ),
    "no_conflict": (
        [of(np.column_stack([GOOD, GOOD]), signs=(1.0, 1.0))],
        [of(np.column_stack([GOOD, GOOD]), signs=(1.0, -1.0)), of(GOOD)],
    ),
    "stale": (
        [of(GOOD, np.where(np.arange(40) == 39, RUNNING, COMPLETE), start=HOURS,
            end=HOURS + np.where(np.arange(40) == 39, 100, 1) * 3_600_000_000)],
        [
            of(GOOD, np.where(np.arange(40) == 39, RUNNING, COMPLETE), start=HOURS,
               end=HOURS + np.where(np.arange(40) == 39, 5, 1) * 3_600_000_000),
            of(GOOD, np.full(40, RUNNING), start=HOURS, end=HOURS + 10**12),  # nothing to compare with
        ],
    ),
    "idle": (
        [of(GOOD, findings=Findings(lanes=Lanes(np.arange(40) % 4, 4, 0.8)))],
        [
            of(GOOD, findings=Findings(lanes=Lanes(np.arange(40) % 4, 4, 0.2))),
            of(GOOD, findings=Findings(lanes=Lanes(np.zeros(40, np.int64), 1, 0.8))),
        ],
    ),
    "unfinished": (
        [of([]), of([1.0, 2.0], [RUNNING, FAIL]), of([1.0, 2.0], [COMPLETE, WAITING]), of([1.0, 2.0], [1, PAUSED])],
        [of([1.0, 2.0], [COMPLETE, RUNNING])],
    ),
}  # fmt: skip


def kinds(case: tuple[Columns, Findings]) -> set[str]:
    return {alert.kind for alert in alerts_of(*case)}


def test_every_alert_has_cases() -> None:
    assert {source.__name__ for source in alerts.SOURCES} == set(CASES)


@pytest.mark.parametrize("kind", CASES)
def test_raised_and_not_raised(kind: str) -> None:
    raised, not_raised = CASES[kind]
    for index, case in enumerate(raised):
        assert kind in kinds(case), f"not raised by case {index}"
    for index, case in enumerate(not_raised):
        assert kind not in kinds(case), f"raised by case {index}"


def test_a_good_study_raises_none() -> None:
    assert alerts_of(*of(GOOD)) == []


def test_warnings_come_first_and_name_their_trials() -> None:
    found = alerts_of(*of(BEST_AT[5], np.where(np.arange(40) % 10 == 9, FAIL, COMPLETE)))
    assert [alert.is_warning for alert in found] == [True, False]
    assert found[0].trials == (9, 19, 29, 39)


def test_the_commonest_error_is_named() -> None:
    states = np.where(np.arange(40) % 4, COMPLETE, FAIL)
    codes = np.where(states == FAIL, np.arange(40) // 4 % 3 == 0, -1)
    case = columns(GOOD, states, errors=Texts(codes, ("CUDA out of memory", "NaN")))
    text = next(alert.text for alert in alerts_of(case, Findings()) if alert.kind == "failures")
    assert text.startswith("The commonest error (6 times): CUDA out of memory")


def test_the_spread_of_repeats_is_that_within_groups() -> None:
    """Two groups, around 0 and 100, of which each repeats three times."""
    values = [-1.0, 0.0, 1.0, 98.0, 100.0, 102.0]
    spread, freedom = alerts.repeats_spread(columns(values, params=[number([0.1] * 3 + [0.9] * 3)]))
    assert freedom == 4
    assert spread == pytest.approx(math.sqrt((2 + 8) / 4))
    assert math.isnan(alerts.repeats_spread(columns(values))[0])
