"""Optuna's distributions, directions, states and trials are taken where ours are."""

from __future__ import annotations

import warnings

import pytest

import parzen
from parzen import distributions as ours
from parzen.study import StudyDirection
from parzen.trial import FrozenTrial, TrialState

optuna = pytest.importorskip("optuna")
pytestmark = pytest.mark.bench
theirs = optuna.distributions


def old(kind, *arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(theirs, kind)(*arguments)


PAIRS = [
    (theirs.FloatDistribution(0, 1), ours.FloatDistribution(0, 1)),
    (theirs.FloatDistribution(1e-5, 1, log=True), ours.FloatDistribution(1e-5, 1, log=True)),
    (theirs.FloatDistribution(0, 1, step=0.25), ours.FloatDistribution(0, 1, step=0.25)),
    (theirs.IntDistribution(1, 9, step=2), ours.IntDistribution(1, 9, step=2)),
    (theirs.IntDistribution(1, 9, log=True), ours.IntDistribution(1, 9, log=True)),
    (theirs.CategoricalDistribution(("a", None, 2)), ours.CategoricalDistribution(("a", None, 2))),
    (old("UniformDistribution", 0, 1), ours.FloatDistribution(0, 1)),
    (old("IntLogUniformDistribution", 1, 9), ours.IntDistribution(1, 9, log=True)),
]


@pytest.mark.parametrize(("given", "expected"), PAIRS)
def test_distributions(given, expected):
    study = parzen.create_study()
    assert study.ask({"x": given}).distributions == {"x": expected}
    assert study.ask_batch(2, {"x": given}).distributions == {"x": expected}
    value = study.trials[0].params["x"]
    trial = parzen.create_trial(params={"x": value}, distributions={"x": given}, value=1.0)
    assert trial.distributions == {"x": expected}


@pytest.mark.parametrize("name", ["MINIMIZE", "MAXIMIZE"])
def test_directions(name):
    given, expected = getattr(optuna.study.StudyDirection, name), StudyDirection[name]
    assert parzen.create_study(direction=given).directions == [expected]
    study = parzen.create_study(directions=[given, "minimize"])
    assert study.directions[0] is expected


@pytest.mark.parametrize("name", ["COMPLETE", "PRUNED", "FAIL"])
def test_states(name):
    given, value = getattr(optuna.trial.TrialState, name), 1.0 if name == "COMPLETE" else None
    study = parzen.create_study()
    told = study.tell(study.ask(), value, state=given)
    assert told.state is study.trials[0].state is TrialState[name]
    batch = study.ask_batch(1, {"x": ours.FloatDistribution(0, 1)})
    study.tell_batch(batch, [1.0], states=[given])
    assert study.trials[1].state is TrialState[name]
    assert len(study.get_trials(states=(given,))) == len(study.get_trials(states={given})) == 2
    assert not study.get_trials(states=[optuna.trial.TrialState.WAITING])


def test_trials():
    source = optuna.create_study()

    def objective(trial):
        trial.report(0.5, 3)
        trial.set_user_attr("path", ["a"])
        if trial.number == 1:
            raise optuna.TrialPruned
        return trial.suggest_float("x", 0, 1) + trial.suggest_categorical("c", [1, 2])

    source.optimize(objective, n_trials=3)
    study = parzen.create_study()
    study.add_trials(source.trials)
    study.add_trial(source.trials[0])
    for mine, given in zip(study.trials, [*source.trials, source.trials[0]], strict=True):
        assert type(mine) is FrozenTrial and type(mine.state) is TrialState
        for field in ("values", "params", "user_attrs", "intermediate_values", "datetime_start", "datetime_complete"):
            assert getattr(mine, field) == getattr(given, field)
    assert all(isinstance(d, ours.BaseDistribution) for d in study.trials[0].distributions.values())
    study.optimize(objective, n_trials=3)
