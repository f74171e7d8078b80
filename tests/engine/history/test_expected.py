"""What a trial that runs elsewhere will probably suggest is shown to samplers, and taken away if it did not."""

from __future__ import annotations

import numpy as np
import pytest

import parzen
from parzen.distributions import FloatDistribution, IntDistribution

X, N = FloatDistribution(0, 1), IntDistribution(1, 9)


@pytest.fixture(params=["memory", "file"])
def study(request, tmp_path) -> parzen.Study:
    storage = None if request.param == "memory" else f"sqlite:///{tmp_path}/study.db"
    return parzen.create_study(storage=storage, sampler=parzen.samplers.RandomSampler(seed=0))


def expecting(study: parzen.Study) -> parzen.Trial:
    trial = study.ask()
    study.sync().expect(trial.number, {"x": (0.25, X), "n": (3.0, N)})
    return trial


def test_samplers_see_it_while_the_trial_runs(study) -> None:
    expecting(study)
    history = study.sync()
    assert history.live[0].params == {"x": 0.25, "n": 3} and history.param("x").tolist() == [0.25]


def test_what_was_not_suggested_is_taken_away(study) -> None:
    trial = expecting(study)
    study._storage.set_trial_params(trial._trial_id, {"x": (0.25, X)})
    study.sync().expect_no_more(0)
    assert study.history.live[0].params == {"x": 0.25} and np.isnan(study.history.param("n")).all()
    study.tell(trial, 1.0)
    assert study.trials[0].params == {"x": 0.25} and study.history.param_names


def test_what_another_process_stored_stays(tmp_path) -> None:
    storage = f"sqlite:///{tmp_path}/study.db"
    study = parzen.create_study(storage=storage, study_name="s")
    trial = expecting(study)
    other = parzen.load_study(study_name="s", storage=storage)
    other._storage.set_trial_params(trial._trial_id, {"n": (3.0, N)})
    study.sync().expect_no_more(0)
    study.tell(trial, 1.0)
    assert study.trials[0].params == {"n": 3} == other.trials[0].params


def test_what_a_trial_had_suggested_before_is_not_taken_away(study) -> None:
    trial = study.ask({"x": X})
    before = trial.params
    study.sync().expect(0, {"x": (0.75, X), "n": (3.0, N)})
    study.history.expect_no_more(0)
    study.history.expect_no_more(0)
    assert study.history.live[0].params == before


def test_it_stays_known_after_another_trial_was_corrected(study) -> None:
    study.add_trial(parzen.trial.create_trial(value=1.0))
    trial = study.ask()
    study.sync().expect(1, {"x": (0.25, X)})
    study.correct_trial(0, 2.0)
    study.sync().expect_no_more(1)
    study.tell(trial, 1.0)
    assert study.trials[1].params == {}
