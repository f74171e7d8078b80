"""`get_sensitivities`: rank correlations of numbers and spreads of choices, on one scale, by the trials that count."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import parzen
from parzen.analysis.importance.sensitivity import mean_ranks
from parzen.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from parzen.importance import Sensitivity, get_sensitivities

UNIT = FloatDistribution(0.0, 1.0)
CHOICES = CategoricalDistribution(("a", "b", None))


def study_of(rows: list[tuple[dict[str, Any], Any]], **kwargs: Any) -> parzen.Study:
    study = parzen.create_study(**kwargs)
    for params, value in rows:
        space: dict[str, BaseDistribution] = {name: CHOICES if name[0] == "c" else UNIT for name in params}
        values = value if isinstance(value, list) else [value]
        study.add_trial(parzen.create_trial(params=params, distributions=space, values=values))
    return study


def found_in(study: parzen.Study, **kwargs: Any) -> dict[str, Sensitivity]:
    found = get_sensitivities(study, **kwargs)
    assert all(isinstance(each, Sensitivity) for each in found.values())
    return found  # type: ignore[return-value]


points = np.random.default_rng(0).random((60, 2)).round(1).tolist()


def test_numbers_have_spearmans_correlation() -> None:
    values = [x - 0.3 * y for x, y in points]
    found = found_in(study_of([({"x": x, "y": y}, value) for (x, y), value in zip(points, values, strict=True)]))
    assert list(found) == ["x", "y"]
    for j, name in enumerate("xy"):
        expected = stats.spearmanr([point[j] for point in points], values)
        assert found[name].value == pytest.approx(expected.statistic)
        t = found[name].value / found[name].standard_error
        assert 2 * stats.t.sf(abs(t), 58) == pytest.approx(expected.pvalue)
    assert found["y"].value < 0 < found["x"].value
    assert found["x"].n_trials == 60


def test_choices_have_the_share_of_variance_of_an_anova_of_ranks() -> None:
    rng = np.random.default_rng(1)
    drawn = [(choice, float(rng.normal() + (choice == "b"))) for choice in rng.choice(["a", "b", "none"], 60).tolist()]
    rows = [({"c": None if choice == "none" else choice}, value) for choice, value in drawn]
    found = found_in(study_of(rows))["c"]
    ranks = stats.rankdata([value for _, value in drawn]) - 1
    groups = {choice: ranks[[c == choice for c, _ in drawn]] for choice in ("a", "b", "none")}
    f = stats.f_oneway(*groups.values()).statistic
    assert found.value**2 == pytest.approx(2 * f / (2 * f + 57))
    for choice, own in groups.items():
        key = None if choice == "none" else choice
        assert found.means[key] == pytest.approx(own.mean() / 59)
        assert found.mean_errors[key] == pytest.approx(stats.sem(own) / 59)


def test_two_choices_and_a_number_of_two_values_are_on_one_scale() -> None:
    rng = np.random.default_rng(2)
    rows = [({"c": "ab"[k % 2], "x": float(k % 2)}, float(rng.normal() + k % 2)) for k in range(40)]
    found = found_in(study_of(rows))
    assert abs(found["x"].value) == pytest.approx(found["c"].value)
    assert found["x"].standard_error == pytest.approx(found["c"].standard_error)
    assert found["x"].by_chance == pytest.approx(found["c"].by_chance)


def test_noise_is_as_large_as_it_says() -> None:
    """Over many studies the mean square of either is what is to be expected by chance."""
    rng = np.random.default_rng(3)
    squares: dict[str, list[float]] = {"x": [], "c": []}
    for _ in range(60):
        rows = [({"x": float(rng.random()), "c": ("a", "b", None)[k % 3]}, float(rng.random())) for k in range(30)]
        for name, each in found_in(study_of(rows)).items():
            squares[name].append((each.value / each.by_chance) ** 2)
    assert np.mean(squares["x"]) == pytest.approx(1.0, abs=0.5)
    assert np.mean(squares["c"]) == pytest.approx(1.0, abs=0.5)


def test_conditional_parameters_are_judged_by_the_trials_that_have_them() -> None:
    rows = [({"x": x, **({"y": y} if k % 2 else {})}, y if k % 2 else 100.0) for k, (x, y) in enumerate(points)]
    found = found_in(study_of(rows))
    assert found["y"].value == pytest.approx(1.0)
    assert found["y"].n_trials == 30
    assert found["x"].n_trials == 60


def test_infinite_values_are_ranks_and_nan_is_none() -> None:
    values = [-math.inf, 1.0, 2.0, math.inf]
    study = study_of([({"x": 0.1 * k}, value) for k, value in enumerate(values)])
    assert found_in(study)["x"].value == pytest.approx(1.0)
    without = found_in(study, target=lambda trial: math.nan if trial.number == 0 else trial.value)
    assert without["x"].n_trials == 3


def test_several_objectives_count_by_fronts_or_by_a_target() -> None:
    rows = [({"x": x, "y": y}, [x + y, x - y]) for x, y in np.random.default_rng(0).random((80, 2)).tolist()]
    study = study_of(rows, directions=["minimize", "minimize"])
    by_fronts, by_second = found_in(study), found_in(study, target=lambda trial: trial.values[1])
    assert by_fronts["x"].value > 0.7  # less x is better in both
    assert abs(by_fronts["y"].value) < 0.4
    assert by_second["y"].value < -0.5


def test_shares_and_names() -> None:
    rows = [({"x": x, "y": y}, x) for x, y in points]
    shares = get_sensitivities(study_of(rows), normalize=True)
    assert list(shares) == ["x", "y"]
    assert sum(shares.values()) == pytest.approx(1.0)  # type: ignore[arg-type]
    assert list(get_sensitivities(study_of(rows), params=["y"])) == ["y"]
    with pytest.raises(ValueError, match="Missing parameters"):
        get_sensitivities(study_of(rows), params=["z"])
    with pytest.raises(TypeError, match="as a list"):
        get_sensitivities(study_of(rows), params="x")  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_trials_have_no_error_to_give(n: int) -> None:
    found = found_in(study_of([({"x": 0.3 * k, "c": "a"}, float(k)) for k in range(n)]))
    assert len(found) == (2 if n else 0)
    for each in found.values():
        assert each.n_trials == n
        assert math.isfinite(each.value)
    if n == 2:
        assert found["x"].value == 1.0
        assert math.isnan(found["x"].standard_error)
        assert found["c"].value == 0.0


def test_a_constant_target_or_parameter_tells_nothing() -> None:
    found = found_in(study_of([({"x": x, "y": 0.5}, 1.0) for x, _ in points]))
    assert [each.value for each in found.values()] == [0.0, 0.0]
    assert get_sensitivities(study_of([({"x": x}, 1.0) for x, _ in points]), normalize=True) == {"x": 1.0}


def test_choices_that_changed_count_by_value() -> None:
    study = parzen.create_study()
    for k in range(20):
        kinds = CategoricalDistribution(("a", "b") if k % 2 else ("b", "c", "a"))
        choice = "ab"[k // 2 % 2]
        study.add_trial(
            parzen.create_trial(params={"c": choice}, distributions={"c": kinds}, value=float(choice == "b"))
        )
    found = found_in(study)["c"]
    assert found.value == pytest.approx(1.0)
    assert set(found.means) == {"a", "b"}


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, -math.inf, math.inf, 3.5]), max_size=20))
def test_ranks_are_means_of_ties(values: list[float]) -> None:
    expected = stats.rankdata(values) - 1 if values else []
    assert mean_ranks(np.array(values)) == pytest.approx(np.array(expected))
