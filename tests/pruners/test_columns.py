"""No pruner looks at other trials one by one."""

from __future__ import annotations

from typing import Any

import pytest

import parzen
from parzen.engine.history import History
from parzen.pruners import (
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    PatientPruner,
    PercentilePruner,
    SuccessiveHalvingPruner,
    ThresholdPruner,
    WilcoxonPruner,
)

PRUNERS = [
    MedianPruner(), PercentilePruner(25.0), SuccessiveHalvingPruner(), HyperbandPruner(),
    PatientPruner(MedianPruner(), 1), WilcoxonPruner(), ThresholdPruner(upper=9.0),
]  # fmt: skip


@pytest.mark.parametrize("pruner", PRUNERS, ids=lambda pruner: type(pruner).__name__)
def test_no_record_is_made(pruner: BasePruner, monkeypatch: pytest.MonkeyPatch) -> None:
    study = parzen.create_study(pruner=pruner)
    for k in range(12):
        reports = {step: k + 1.0 / (1 + step) for step in range(10)}
        study.add_trial(parzen.create_trial(value=float(k), intermediate_values=reports))
    trial = study.ask()

    def refuse(*arguments: Any) -> Any:
        raise AssertionError("a record was asked for")

    for name in ("record", "copy_record", "records", "_thaw"):
        monkeypatch.setattr(History, name, refuse)
    decisions = []
    for step in range(10):
        trial.report(5.0, step)
        decisions.append(trial.should_prune())
    assert len(decisions) == 10
