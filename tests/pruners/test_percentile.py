from __future__ import annotations

import math

import pytest

import parzen
from parzen.pruners import MedianPruner, PercentilePruner
from parzen.trial import TrialState


def study_with(pruner: PercentilePruner, finished: list[dict[int, float]], direction: str = "minimize") -> parzen.Study:
    """A study with complete trials that reported these values."""
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    study = parzen.create_study(pruner=pruner, direction=direction, sampler=parzen.samplers.RandomSampler(0))
    for reports in finished:
        study.add_trial(parzen.create_trial(value=0.0, intermediate_values=reports))
    return study


def decide(study: parzen.Study, reports: dict[int, float]) -> bool:
    trial = study.ask()
    for step, value in reports.items():
        trial.report(value, step)
    return trial.should_prune()


@pytest.mark.parametrize(("value", "expected"), [(2.9, False), (3.0, False), (3.1, True), (math.nan, True)])
def test_median_of_a_known_set(value: float, expected: bool) -> None:
    study = study_with(MedianPruner(n_startup_trials=5), [{0: float(v)} for v in (1, 2, 3, 4, 5)])
    assert decide(study, {0: value}) is expected


def test_percentile_interpolates_linearly() -> None:
    # 25 % of 0, 1, 2, 3 lies at 0.75.
    study = study_with(PercentilePruner(25.0, n_startup_trials=1), [{0: float(v)} for v in range(4)])
    assert not decide(study, {0: 0.75})
    assert decide(study, {0: 0.76})


def test_percentile_keeps_the_best_share_when_maximizing() -> None:
    study = study_with(PercentilePruner(25.0, n_startup_trials=1), [{0: float(v)} for v in range(4)], "maximize")
    assert not decide(study, {0: 2.25})
    assert decide(study, {0: 2.24})


def test_percentile_50_is_the_median_pruner() -> None:
    finished = [{s: math.sin(7.0 * k + s) for s in range(4)} for k in range(9)]
    for level in (-0.9, -0.3, 0.1, 0.5, 0.95):
        reports = {s: level for s in range(4)}
        median = decide(study_with(MedianPruner(), finished), reports)
        assert median == decide(study_with(PercentilePruner(50.0), finished), reports)


def test_the_best_report_so_far_counts_not_the_last() -> None:
    study = study_with(MedianPruner(n_startup_trials=1), [{0: 1.0, 1: 1.0}])
    assert not decide(study, {0: 0.5, 1: 9.0})


@pytest.mark.parametrize(("n_finished", "expected"), [(4, False), (5, True)])
def test_startup_trials(n_finished: int, expected: bool) -> None:
    study = study_with(MedianPruner(n_startup_trials=5), [{0: 0.0}] * n_finished)
    assert decide(study, {0: 1.0}) is expected


def test_only_complete_trials_count() -> None:
    study = study_with(MedianPruner(n_startup_trials=1), [{0: 5.0}])
    for _ in range(9):
        study.add_trial(parzen.create_trial(state=TrialState.PRUNED, intermediate_values={0: 0.0}))
        study.add_trial(parzen.create_trial(state=TrialState.FAIL, intermediate_values={0: 0.0}))
    assert not decide(study, {0: 4.0})


def test_warmup_steps() -> None:
    study = study_with(MedianPruner(n_startup_trials=1, n_warmup_steps=3), [dict.fromkeys(range(6), 0.0)])
    trial = study.ask()
    decisions = []
    for step in range(6):
        trial.report(1.0, step)
        decisions.append(trial.should_prune())
    assert decisions == [False, False, False, True, True, True]


def test_interval_steps_with_sparse_reports() -> None:
    # Intervals of 4 after a warm-up of 2: [2, 6), [6, 10), ...; only the first report of each is judged.
    study = study_with(MedianPruner(1, 2, 4), [dict.fromkeys(range(20), 0.0)])
    trial = study.ask()
    judged = []
    for step in (1, 3, 5, 7, 8, 9, 13, 14):
        trial.report(1.0, step)
        if trial.should_prune():
            judged.append(step)
    assert judged == [3, 7, 13, 14]


def test_n_min_trials() -> None:
    study = study_with(MedianPruner(1, n_min_trials=2), [{0: 0.0, 1: 0.0}, {0: 0.0}])
    assert decide(study, {0: 1.0})
    assert not decide(study, {1: 1.0})


def test_nan_of_others_is_left_out() -> None:
    study = study_with(MedianPruner(1), [{0: math.nan}, {0: math.nan}, {0: 1.0}])
    assert decide(study, {0: 1.5})
    assert not decide(study, {0: 0.5})


def test_trials_that_reported_nan_are_among_those_that_must_have_reported() -> None:
    study = study_with(MedianPruner(1, n_min_trials=3), [{0: math.nan}, {0: math.nan}, {0: 1.0}])
    assert decide(study, {0: 1.5})
    assert not decide(study_with(MedianPruner(1, n_min_trials=1), [{0: math.nan}]), {0: 1.5})


@pytest.mark.parametrize(
    ("others", "value", "expected"),
    [
        ([1.0, math.inf], 2.0, False),
        ([-math.inf, math.inf], 0.0, False),
        ([math.inf, math.inf], math.inf, False),
        ([-math.inf, -math.inf], 0.0, False),
        ([1.0, 1.0, math.inf, math.inf], 2.0, False),
        ([1.0, 2.0, math.inf, math.inf], 3.0, False),
        ([0.0, 1.0, 2.0, 3.0, math.inf], 2.5, True),
        ([0.0, 1.0, 2.0, 3.0, math.inf], math.inf, True),
    ],
)
def test_infinite_reports_of_others(others: list[float], value: float, expected: bool) -> None:
    """As with NumPy's percentiles, in whose place there is NaN next to an infinite number."""
    study = study_with(MedianPruner(1), [{0: other} for other in others])
    assert decide(study, {0: value}) is expected
    study = study_with(MedianPruner(1), [{0: -other} for other in others], "maximize")
    assert decide(study, {0: -value}) is expected


@pytest.mark.parametrize(
    "arguments",
    [
        {"percentile": math.nan},
        {"percentile": 50, "n_startup_trials": math.nan},
        {"percentile": 50, "interval_steps": math.nan},
        {"percentile": -1.0},
        {"percentile": 100.5},
        {"percentile": 50, "n_startup_trials": -1},
        {"percentile": 50, "n_warmup_steps": -1},
        {"percentile": 50, "interval_steps": 0},
        {"percentile": 50, "n_min_trials": 0},
    ],
)
def test_bad_arguments(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        PercentilePruner(**arguments)


@pytest.mark.parametrize("name", ["n_startup_trials", "n_warmup_steps", "interval_steps", "n_min_trials"])
@pytest.mark.parametrize("value", [None, "3", [1]])
def test_arguments_that_are_no_numbers(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"`{name}` must be at least"):
        MedianPruner(**{name: value})
