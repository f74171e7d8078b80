from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import parzen
from parzen.pruners import BasePruner, MedianPruner, NopPruner, PatientPruner
from parzen.trial import FrozenTrial


class Always(BasePruner):
    def prune(self, study: Any, trial: FrozenTrial) -> bool:
        return True


def decisions(pruner: BasePruner, reports: list[tuple[int, float]], direction: str = "minimize") -> list[bool]:
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    study = parzen.create_study(pruner=pruner, direction=direction)
    for _ in range(5):
        study.add_trial(parzen.create_trial(value=0.0, intermediate_values=dict.fromkeys(range(20), 0.0)))
    trial, found = study.ask(), []
    for step, value in reports:
        trial.report(value, step)
        found.append(trial.should_prune())
    return found


def naive(reports: dict[int, float], patience: int, delta: float, maximize: bool) -> bool:
    """Whether the best of the last reports is worse, by more than delta, than the best before."""
    values = [-reports[step] if maximize else reports[step] for step in sorted(reports)]
    before, lately = values[: len(values) - patience - 1], values[len(values) - patience - 1 :]
    before, lately = ([v for v in part if not math.isnan(v)] for part in (before, lately))
    return len(values) > patience + 1 and bool(before and lately) and min(before) + delta < min(lately)


VALUES = st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 0.0, 0.5, 2.0])


@given(
    st.dictionaries(st.integers(0, 20), VALUES, min_size=1, max_size=9),
    st.integers(0, 3), st.sampled_from([0.0, 0.5]), st.sampled_from(["minimize", "maximize"]),
)  # fmt: skip
def test_early_stopping(reports: dict[int, float], patience: int, delta: float, direction: str) -> None:
    found = decisions(PatientPruner(None, patience, delta), list(reports.items()), direction)
    maximize = direction == "maximize"
    expected = [naive(dict(list(reports.items())[:n]), patience, delta, maximize) for n in range(1, len(reports) + 1)]
    assert found == expected


RISING = [(step, 1.0 + step) for step in range(6)]


def test_the_wrapped_pruner_has_the_last_word() -> None:
    alone = decisions(PatientPruner(None, 1), RISING)
    assert alone == decisions(PatientPruner(Always(), 1), RISING) == [False, False, True, True, True, True]
    assert not any(decisions(PatientPruner(NopPruner(), 1), RISING))
    assert decisions(PatientPruner(MedianPruner(n_warmup_steps=4), 1), RISING) == [False] * 4 + [True] * 2


def test_it_prunes_nothing_that_the_wrapped_pruner_would_not() -> None:
    patient = decisions(PatientPruner(MedianPruner(), 1), RISING)
    assert all(own <= wrapped for own, wrapped in zip(patient, decisions(MedianPruner(), RISING), strict=True))


@pytest.mark.parametrize("arguments", [{"patience": -1}, {"patience": 1, "min_delta": -0.5}])
def test_bad_arguments(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be at least 0"):
        PatientPruner(None, **arguments)
