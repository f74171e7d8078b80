"""A trial whose process died is tried again, so often, with what it was started with."""

from __future__ import annotations

import pytest

import parzen
from parzen.engine.study.telling import pause_again
from parzen.storages import RetryHeartbeatStaleTrialCallback as Retry
from parzen.trial import TrialState


@pytest.fixture
def study() -> parzen.Study:
    study = parzen.create_study()
    study.enqueue_trial({"x": 0.25}, user_attrs={"who": "me"})
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    trial.set_constraint("c", 1.0)
    trial.report(0.5, 3)
    study._storage.set_trial_system_attr(trial._trial_id, "kept", 1)
    study._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
    return study


@pytest.mark.parametrize(("inherit", "reports"), [(False, {}), (True, {3: 0.5})])
def test_a_retried_trial_begins_with_what_the_dead_one_was_given(study, inherit, reports) -> None:
    Retry(None, inherit)(study, study.trials[0])
    again = study.trials[1]
    assert (again.state, again.params, again.user_attrs) == (TrialState.WAITING, {"x": 0.25}, {"who": "me"})
    assert again.intermediate_values == reports
    assert again.system_attrs["kept"] == 1 and again.constraints == {}
    assert (Retry.retried_trial_number(again), Retry.retry_history(again)) == (0, [0])
    assert (Retry.retried_trial_number(study.trials[0]), Retry.retry_history(study.trials[0])) == (None, [])


@pytest.mark.parametrize(("most", "n_trials"), [(0, 1), (1, 2), (2, 3), (None, 4)])
def test_it_is_tried_so_often(study, most, n_trials) -> None:
    for _ in range(3):
        Retry(most)(study, study.trials[-1])
    assert len(study.trials) == n_trials
    assert Retry.retry_history(study.trials[-1]) == list(range(n_trials - 1))


def test_a_trial_that_had_paused_pauses_again_where_it_did() -> None:
    study = parzen.create_study()
    trial = study.ask()
    trial.report(0.5, 3)
    assert not pause_again(study, trial._record) and study.trials[0].state == TrialState.RUNNING
    study.tell(trial, state=TrialState.PAUSED)
    again = study.resume(0)
    again.report(0.25, 4)
    assert pause_again(study, again._record)
    assert (study.trials[0].state, study.trials[0].values) == (TrialState.PAUSED, [0.5])
    assert study.resume(0).resume_step == 3


def test_the_error_of_a_trial_is_not_that_of_its_repeat() -> None:
    study = parzen.create_study()

    def objective(trial: parzen.Trial) -> float:
        raise KeyError("lost")

    study.optimize(objective, n_trials=1, catch=KeyError)
    Retry()(study, study.trials[0])
    assert "parzen:error" in study.trials[0].system_attrs
    assert "parzen:error" not in study.trials[1].system_attrs
