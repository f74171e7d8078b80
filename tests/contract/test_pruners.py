"""What every pruner must do. A new pruner joins by one line in `PRUNERS`, and must: see the first test."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from contract.rooms import concrete

import parzen
from parzen.pruners import (
    ASHAPruner,
    BasePruner,
    BudgetPruner,
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    PASHAPruner,
    PatientPruner,
    PBTPruner,
    PercentilePruner,
    SuccessiveHalvingPruner,
    SyncHyperbandPruner,
    ThresholdPruner,
    WilcoxonPruner,
)
from parzen.trial import Trial, TrialState


class Line(NamedTuple):
    """A pruner, and what is to be expected of it."""

    make: Callable[[], BasePruner]
    spares_best: bool = True  # not where a trial is pruned whatever others reported
    spares_equals: bool = True  # not where of equal trials the first ones are taken


PRUNERS: dict[str, Line] = {
    "nop": Line(NopPruner),
    "median": Line(MedianPruner),
    "percentile": Line(lambda: PercentilePruner(25.0)),
    # Bounds compare with no other trial: wide enough for the best one, and symmetric, for directions to mirror.
    "threshold": Line(lambda: ThresholdPruner(lower=-25.0, upper=25.0)),
    "patient": Line(lambda: PatientPruner(None, patience=2)),
    "patient median": Line(lambda: PatientPruner(MedianPruner(), patience=1)),
    "wilcoxon": Line(WilcoxonPruner),
    "successive halving": Line(lambda: SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)),
    "successive halving auto": Line(SuccessiveHalvingPruner),
    "hyperband": Line(lambda: HyperbandPruner(max_resource=10)),
    "hyperband auto": Line(HyperbandPruner),
    "budget": Line(lambda: BudgetPruner(1, 9), spares_best=False, spares_equals=False),
    "asha": Line(lambda: ASHAPruner(9, reduction_factor=3), spares_equals=False),
    "pasha": Line(lambda: PASHAPruner(9, reduction_factor=3), spares_equals=False),
    "pbt": Line(lambda: PBTPruner(4, 3, max_resource=9, seed=0), spares_equals=False),
    "sync hyperband": Line(lambda: SyncHyperbandPruner(9), spares_equals=False),
}


@pytest.fixture(params=PRUNERS)
def line(request: pytest.FixtureRequest) -> Line:
    return PRUNERS[request.param]


@pytest.fixture
def make(line: Line) -> Callable[[], BasePruner]:
    return line.make


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


def test_every_public_pruner_is_in_the_list() -> None:
    assert concrete(parzen.pruners, BasePruner) <= {type(line.make()) for line in PRUNERS.values()}


def test_nothing_is_pruned_without_reports(make: Callable) -> None:
    study = study_of(make())
    study.optimize(lambda t: float(t.should_prune()), n_trials=10)
    assert all(trial.value == 0.0 for trial in study.trials)


def is_pruned(line: Line, level: Callable[[int], float]) -> bool:
    study = study_of(line.make())
    study.optimize(lambda t: curve(t, level(t.number)), n_trials=20)
    return any(trial.state == TrialState.PRUNED for trial in study.trials)


def test_the_best_trial_so_far_is_never_pruned(line: Line) -> None:
    assert is_pruned(line, lambda number: -float(number)) != line.spares_best


def test_equal_trials_are_never_pruned(line: Line) -> None:
    assert is_pruned(line, lambda number: 0.5) != line.spares_equals


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


def test_memory_and_sqlite_prune_alike(make: Callable, tmp_path: Path) -> None:
    def states(**kwargs: object) -> list[TrialState]:
        study = study_of(make(), **kwargs)
        study.optimize(lambda t: curve(t, t.suggest_float("level", 0, 1)), n_trials=30)
        return [trial.state for trial in study.trials]

    assert states() == states(storage=f"sqlite:///{tmp_path}/s.db")


def test_a_pickled_pruner_goes_on_alike(make: Callable) -> None:
    def states(copy: bool) -> list[TrialState]:
        study = study_of(make())
        for _ in range(3):
            study.optimize(lambda t: curve(t, math.sin(3.0 * t.number)), n_trials=10)
            if copy:
                study.pruner = pickle.loads(pickle.dumps(study.pruner))
        return [trial.state for trial in study.trials]

    assert states(copy=True) == states(copy=False)


def test_a_new_pruner_goes_on_where_another_one_was_left(make: Callable, tmp_path: Path) -> None:
    def states(*parts: int) -> list[TrialState]:
        url = f"sqlite:///{tmp_path}/{len(parts)}.db"
        for n_trials in parts:  # as processes: a new pruner and a new storage each
            study = study_of(make(), storage=url, load_if_exists=True)
            study.optimize(lambda t: curve(t, math.sin(3.0 * t.number)), n_trials=n_trials)
        return [trial.state for trial in study.trials]

    assert states(7, 1, 18) == states(26)
