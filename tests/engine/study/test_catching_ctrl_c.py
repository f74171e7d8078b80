"""Ctrl-C that `catch` names skips a trial, as in Optuna."""

from __future__ import annotations

import pytest

import parzen
from parzen.trial import TrialState


def objective(trial: parzen.Trial) -> float:
    if trial.number == 1:
        raise KeyboardInterrupt
    return 1.0


@pytest.mark.parametrize("catch", [(KeyboardInterrupt,), (BaseException,)])
def test_ctrl_c_that_is_caught_skips_a_trial(catch: tuple[type[Exception], ...]) -> None:
    study = parzen.create_study()
    study.optimize(objective, n_trials=3, catch=catch)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE, TrialState.FAIL, TrialState.COMPLETE]


def test_ctrl_c_is_not_caught_with_errors() -> None:
    study = parzen.create_study()
    with pytest.raises(KeyboardInterrupt):
        study.optimize(objective, n_trials=3, catch=(Exception,))
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE, TrialState.FAIL]
