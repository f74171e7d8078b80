from __future__ import annotations

import math
import warnings
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import parzen
from parzen.pruners import WilcoxonPruner
from parzen.pruners.wilcoxon import p_value


def enumerated(differences: list[float]) -> float:
    """The exact p-value: the share of all signs with which the statistic is as large."""
    ranks = stats.rankdata(np.abs(differences))
    signs = np.sign(differences)
    observed = (ranks * signs).sum()
    turned = [(ranks * np.abs(signs) * turn).sum() for turn in product([-1, 1], repeat=len(ranks))]
    return float(np.mean([value >= observed - 1e-9 for value in turned]))


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=10))
def test_small_samples_with_ties_and_zeros(differences: list[float]) -> None:
    assert p_value(np.array(differences, dtype=float)) == pytest.approx(enumerated(differences))


@given(st.integers(0, 10**6), st.integers(1, 50), st.floats(-1, 1))
def test_without_ties_it_is_exact(seed: int, n: int, shift: float) -> None:
    differences = np.random.default_rng(seed).normal(shift, size=n)
    expected = stats.wilcoxon(differences, alternative="greater", mode="exact").pvalue
    assert p_value(differences) == pytest.approx(expected, rel=1e-9)


@given(st.integers(0, 10**6), st.integers(14, 90), st.integers(-1, 2))
def test_many_with_ties_are_approximated(seed: int, n: int, shift: int) -> None:
    differences = np.random.default_rng(seed).integers(-6, 7, size=n).astype(float) + shift
    differences[:2] = 1.0
    expected = stats.wilcoxon(differences, alternative="greater", zero_method="zsplit", mode="approx").pvalue
    assert p_value(differences) == pytest.approx(expected, rel=1e-9)


def trial_of(
    best: dict[int, float] | None, reports: dict[int, float], direction: str = "minimize", **arguments: float
) -> bool:
    study = parzen.create_study(pruner=WilcoxonPruner(**arguments), direction=direction)
    if best is not None:
        study.add_trial(parzen.create_trial(value=0.0, intermediate_values=best))
    trial = study.ask()
    for step, value in reports.items():
        trial.report(value, step)
    return trial.should_prune()


def test_worse_at_every_instance() -> None:
    best, reports = {k: float(k) for k in range(4)}, {k: k + 1.0 + 0.1 * k for k in (2, 0, 3, 1)}
    assert trial_of(best, reports)  # p = 1/16
    assert not trial_of(best, reports, p_threshold=0.0625)
    assert not trial_of(best, reports, "maximize")
    assert not trial_of(best, reports, n_startup_steps=5)


def test_only_common_instances_are_compared() -> None:
    best = {0: 0.0, 2: 0.0, 4: 0.0, 6: 0.0}
    with pytest.warns(UserWarning, match="leaves out steps"):
        assert not trial_of(best, {1: 9.0, 3: 9.0, 5: 9.0, 7: 9.0, 9: 9.0})
    assert trial_of(best, {0: 1.0, 2: 2.0, 4: 3.0, 6: 4.0})


def test_a_better_mean_is_not_pruned() -> None:
    best = {0: 0.0, 1: 0.0, 2: 0.0, 3: 0.0, 4: 99.0}
    assert not trial_of(best, {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0})


def test_the_best_feasible_trial_counts() -> None:
    study = parzen.create_study(pruner=WilcoxonPruner())
    reports = dict.fromkeys(range(5), 0.0)
    study.add_trial(parzen.create_trial(value=0.0, intermediate_values=reports, constraints={"c": 1.0}))
    trial = study.ask()
    for step in range(5):
        trial.report(1.0 + step, step)
    assert not trial.should_prune()
    study.add_trial(parzen.create_trial(value=0.0, intermediate_values=reports, constraints={"c": 0.0}))
    assert trial.should_prune()


def test_the_best_trial_may_change() -> None:
    study = parzen.create_study(pruner=WilcoxonPruner())
    study.add_trial(parzen.create_trial(value=1.0, intermediate_values=dict.fromkeys(range(5), 9.0)))
    trial = study.ask()
    for step in range(5):
        trial.report(1.0 + step, step)
    assert not trial.should_prune()
    study.add_trial(parzen.create_trial(value=0.0, intermediate_values=dict.fromkeys(range(5), 0.0)))
    assert trial.should_prune()


def test_nothing_to_compare_with() -> None:
    assert not trial_of(None, {0: 1.0, 1: 1.0})


@pytest.mark.parametrize(
    ("best", "reports", "match"),
    [
        ({0: 0.0, 1: 0.0}, {0: math.nan, 1: 1.0}, "Trial 1 reported NaN or inf"),
        ({0: 0.0, 1: math.inf}, {0: 1.0, 1: 1.0}, "Trial 0 reported NaN or inf"),
        ({}, {0: 1.0, 1: 1.0}, "Trial 0 reported nothing"),
    ],
)
def test_what_cannot_be_tested(best: dict[int, float], reports: dict[int, float], match: str) -> None:
    with pytest.warns(UserWarning, match=match):
        assert not trial_of(best, reports)


@pytest.mark.parametrize(("steps", "n_warnings"), [((0, 1), 0), ((0, 2, 1), 2), ((7, 8), 2)])
def test_steps_that_the_best_trial_did_not_report(steps: tuple[int, ...], n_warnings: int) -> None:
    study = parzen.create_study(pruner=WilcoxonPruner())
    study.add_trial(parzen.create_trial(value=0.0, intermediate_values={0: 0.0, 1: 0.0, 3: 0.0}))
    trial = study.ask()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for step in steps:
            trial.report(1.0 + step, step)
            trial.should_prune()
    assert [warning.category for warning in caught] == [UserWarning] * n_warnings
    assert all("best trial did not report" in str(warning.message) for warning in caught)
    assert {warning.filename for warning in caught} <= {__file__}


@pytest.mark.parametrize("arguments", [{"p_threshold": 1.5}, {"p_threshold": math.nan}, {"n_startup_steps": -1}])
def test_bad_arguments(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        WilcoxonPruner(**arguments)
