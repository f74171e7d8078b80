"""What every pruner must do. A new pruner joins by one line in `PRUNERS`."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable

import pytest

import parzen
from parzen.pruners import (
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    PatientPruner,
    PercentilePruner,
    SuccessiveHalvingPruner,
    ThresholdPruner,
    WilcoxonPruner,
)
from parzen.trial import Trial, TrialState

PRUNERS: dict[str, Callable[[], BasePruner]] = {
    "nop": NopPruner,
    "median": MedianPruner,
    "percentile": lambda: PercentilePruner(25.0),
    # Bounds compare with no other trial: wide enough for the best one, and symmetric, for directions to mirror.
    "threshold": lambda: ThresholdPruner(lower=-25.0, upper=25.0),
    "patient": lambda: PatientPruner(None, patience=2),
    "patient median": lambda: PatientPruner(MedianPruner(), patience=1),
    "wilcoxon": WilcoxonPruner,
    "successive halving": lambda: SuccessiveHalvingPruner(min_resource=1, reduction_factor=2),
    "successive halving auto": SuccessiveHalvingPruner,
    "hyperband": lambda: HyperbandPruner(max_resource=10),
    "hyperband auto": HyperbandPruner,
}


@pytest.fixture(params=PRUNERS, autouse=True)
def make(request: pytest.FixtureRequest) -> Callable[[], BasePruner]:
    return PRUNERS[request.param]


def study_of(pruner: BasePruner, **kwargs: object) -> parzen.Study:
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    return parzen.create_study(study_name="s", pruner=pruner, sampler=parzen.samplers.RandomSampler(0), **kwargs)


def curve(trial: Trial, level: float, steps: int = 10) -> float:
    """A learning curve that falls towards `level`."""
    for step in range(steps):
        trial.report(level + 1 / (1 + step), step)
        if trial.should_prune():
            raise parzen.TrialPruned
    return level


def test_nothing_is_pruned_without_reports(make: Callable) -> None:
    study = study_of(make())
    study.optimize(lambda t: float(t.should_prune()), n_trials=10)
    assert all(trial.value == 0.0 for trial in study.trials)


def test_the_best_trial_so_far_is_never_pruned(make: Callable) -> None:
    study = study_of(make())
    study.optimize(lambda t: curve(t, -float(t.number)), n_trials=20)
    assert all(trial.state == TrialState.COMPLETE for trial in study.trials)


def test_equal_trials_are_never_pruned(make: Callable) -> None:
    study = study_of(make())
    study.optimize(lambda t: curve(t, 0.5), n_trials=20)
    assert all(trial.state == TrialState.COMPLETE for trial in study.trials)


@pytest.mark.parametrize("n_trials", [15])
def test_directions_mirror_each_other(make: Callable, n_trials: int) -> None:
    levels = [math.sin(3.0 * k) for k in range(n_trials)]
    states = []
    for direction, sign in (("minimize", 1.0), ("maximize", -1.0)):
        study = study_of(make(), direction=direction)

        def mirrored(trial: Trial, sign: float = sign) -> float:
            for step in range(5):
                trial.report(sign * (levels[trial.number] + step), step)
                if trial.should_prune():
                    raise parzen.TrialPruned
            return sign * levels[trial.number]

        study.optimize(mirrored, n_trials=n_trials)
        states.append([trial.state for trial in study.trials])
    assert states[0] == states[1]


@pytest.mark.filterwarnings("ignore:Trial .* reported:UserWarning")  # where a pruner can do nothing with them
def test_nan_infinite_repeated_and_sparse_reports_do_not_raise(make: Callable) -> None:
    def odd(trial: Trial) -> float:
        for step, value in ((7, 1.0), (3, math.nan), (100, math.inf), (12, -math.inf), (1000, 0.0)):
            trial.report(value, step)
            trial.should_prune()
        return 0.0

    study = study_of(make())
    study.optimize(odd, n_trials=12)
    assert len(study.trials) == 12


def test_memory_and_sqlite_prune_alike(make: Callable, tmp_path: object) -> None:
    def states(**kwargs: object) -> list[TrialState]:
        study = study_of(make(), **kwargs)
        study.optimize(lambda t: curve(t, t.suggest_float("level", 0, 1)), n_trials=30)
        return [trial.state for trial in study.trials]

    assert states() == states(storage=f"sqlite:///{tmp_path}/s.db")


def test_a_pickled_pruner_decides_alike(make: Callable) -> None:
    pruner = make()
    study = study_of(pruner)
    study.optimize(lambda t: curve(t, float(t.number % 3)), n_trials=12)
    trial = study.ask()
    trial.report(1.5, 0)
    record = study.get_trials()[-1]
    assert pickle.loads(pickle.dumps(pruner)).prune(study, record) == pruner.prune(study, record)
