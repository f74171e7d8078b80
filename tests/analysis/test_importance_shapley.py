"""Shapley values: games of known values, exact and sampled, and forests that stand for the objective."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.analysis.importance import shapley as evaluator_module
from parzen.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from parzen.engine.kernels import shapley
from parzen.importance import ShapleyImportanceEvaluator, get_param_importances

UNIT = FloatDistribution(0.0, 1.0)
Array = Any


def naive(values: list[float], d: int) -> tuple[list[float], dict[tuple[int, int], float]]:
    """Average what players, and pairs, add over all orders."""
    orders = list(itertools.permutations(range(d)))

    def v(players: tuple[int, ...]) -> float:
        return values[sum(1 << i for i in players)]

    singles = [
        sum(v(order[: order.index(i) + 1]) - v(order[: order.index(i)]) for order in orders) / len(orders)
        for i in range(d)
    ]
    pairs = {}
    for i, j in itertools.combinations(range(d), 2):
        others = [order for order in itertools.permutations([k for k in range(d) if k not in (i, j)])]
        prefixes = [order[:k] for order in others for k in range(d - 1)]
        found = [v((*p, i, j)) - v((*p, i)) - v((*p, j)) + v(p) for p in prefixes]
        pairs[i, j] = sum(found) / len(found)
    return singles, pairs


games = st.integers(1, 5).flatmap(lambda d: st.lists(st.floats(-10, 10), min_size=2**d - 1, max_size=2**d - 1))


@given(games)
@settings(deadline=None, max_examples=40)
def test_exact_values_are_those_of_all_orders(rest: list[float]) -> None:
    values = [0.0, *rest]
    d = len(values).bit_length() - 1
    singles, pairs = shapley.exact(np.array(values))
    expected, expected_pairs = naive(values, d)
    assert singles == pytest.approx(np.array(expected), abs=1e-9)
    assert singles.sum() == pytest.approx(values[-1])
    for (i, j), value in expected_pairs.items():
        assert pairs[i, j] == pairs[j, i] == pytest.approx(value, abs=1e-9)


@given(games)
@settings(deadline=None, max_examples=30)
def test_all_orders_sampled_are_exact(rest: list[float]) -> None:
    values = np.array([0.0, *rest])
    d = len(values).bit_length() - 1
    orders = np.array(list(itertools.permutations(range(d))))
    if len(orders) < 2:
        return
    first, swapped = (values[part @ (1 << np.arange(d))] for part in shapley.chains(orders))
    singles, errors, pairs = shapley.sampled(orders, first, swapped)
    exact, exact_pairs = shapley.exact(values)
    assert singles == pytest.approx(exact, abs=1e-9)
    assert pairs == pytest.approx(exact_pairs, abs=1e-9)
    assert (errors >= 0).all()


def test_pairs_that_never_met_are_unknown() -> None:
    orders = np.array([[0, 1, 2, 3], [3, 2, 1, 0]])
    first, swapped = (part.sum(axis=-1).astype(float) for part in shapley.chains(orders))
    singles, errors, pairs = shapley.sampled(orders, first, swapped)
    assert singles.tolist() == [1.0] * 4
    assert errors.tolist() == [0.0] * 4
    assert np.isnan(pairs[0, 2])
    assert pairs[0, 1] == 0.0


def test_a_coalition_is_worth_what_any_part_of_it_is() -> None:
    values = np.array([0.0, 3.0, 1.0, 2.0])
    assert shapley.monotone(values).tolist() == [0.0, 3.0, 1.0, 3.0]
    orders = np.array([[0, 1], [1, 0]])
    first, swapped = (values[part @ [1, 2]] for part in shapley.chains(orders))
    first, swapped = shapley.monotone_chains(first, swapped)
    assert first.tolist() == [[0.0, 3.0, 3.0], [0.0, 1.0, 3.0]]
    assert swapped.tolist() == [[1.0], [3.0]]


# --- games of studies ------------------------------------------------------------------------------------------------


def study_of(f: Any, n: int = 400, d: int = 3, **kwargs: Any) -> parzen.Study:
    space: dict[str, BaseDistribution] = {f"x{j}": UNIT for j in range(d)}
    study = parzen.create_study(**kwargs)
    for row in np.random.default_rng(0).random((n, d)).tolist():
        params = dict(zip(space, row, strict=True))
        study.add_trial(parzen.create_trial(params=params, distributions=space, value=f(*row)))
    return study


def gain(x: float, y: float, *rest: float) -> float:
    """From 1 at the centre to 3 at the best corner: x brings 1, y 0.5, and both together 0.5 more."""
    return -(2 * x + y + 2 * max(x - 0.5, 0) * max(y - 0.5, 0))


@pytest.mark.parametrize("game", ["ablation", "tunability"])
def test_values_sum_to_the_gain_and_pairs_are_found(game: str) -> None:
    found = ShapleyImportanceEvaluator(game, n_trees=16, seed=0).explain(study_of(gain))
    assert found.values.sum() == pytest.approx(found.total, rel=1e-12)
    assert found.total == pytest.approx(2.0, abs=0.4)
    assert found.values == pytest.approx([1.2, 0.7, 0.0], abs=0.25)
    assert found.alone.sum() + found.pairs.sum() / 2 == pytest.approx(found.total, rel=1e-9)
    assert np.abs(found.pairs).max() == abs(found.pairs[0, 1])
    assert found.baseline == {"x0": 0.5, "x1": 0.5, "x2": 0.5}
    assert (found.errors == 0).all()


def test_directions_turn_gains_alike() -> None:
    def explained(sign: float, direction: str) -> Array:
        study = study_of(lambda *x: sign * gain(*x), n=100, direction=direction)
        return ShapleyImportanceEvaluator("ablation", n_trees=4, seed=0).explain(study).values

    assert explained(1.0, "minimize") == pytest.approx(explained(-1.0, "maximize"))


def test_a_baseline_that_is_the_best_leaves_nothing_to_ablate() -> None:
    study = study_of(gain, n=100)
    found = ShapleyImportanceEvaluator("ablation", baseline=study.best_params, n_trees=4, seed=0).explain(study)
    assert found.total == 0.0
    assert found.values.tolist() == [0.0, 0.0, 0.0]


def test_to_be_tuned_is_never_a_loss() -> None:
    found = ShapleyImportanceEvaluator(n_trees=8, seed=0).explain(study_of(lambda *x: x[0], n=100, d=4))
    assert (found.values >= 0).all()
    assert found.values[0] == found.values.max()


def test_sampled_values_are_near_exact_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_of(gain, n=200, d=4)
    for game in ("ablation", "tunability"):
        exact = ShapleyImportanceEvaluator(game, n_trees=4, seed=0).explain(study)
        monkeypatch.setattr(evaluator_module, "EXACT_UP_TO", 0)
        sampled = ShapleyImportanceEvaluator(game, n_trees=4, n_permutations=100, seed=0).explain(study)
        monkeypatch.undo()
        assert sampled.values.sum() == pytest.approx(sampled.total, rel=1e-12)
        assert sampled.total == pytest.approx(exact.total, rel=0.02)
        assert (abs(sampled.values - exact.values) <= 4 * sampled.errors + 0.03).all()


@pytest.mark.slow
@pytest.mark.parametrize("d", [12, 20])
def test_many_parameters(d: int) -> None:
    found = ShapleyImportanceEvaluator(n_trees=16, seed=0).explain(study_of(gain, d=d))
    assert found.values.sum() == pytest.approx(found.total, rel=1e-12)
    assert np.argsort(-found.values)[:2].tolist() == [0, 1]
    assert (found.errors > 0).any() == (d > 12)


def test_choices_single_values_and_seeds() -> None:
    space: dict[str, BaseDistribution] = {
        "c": CategoricalDistribution(("slow", "fast", "</b>")), "s": FloatDistribution(2.0, 2.0), "x": UNIT
    }  # fmt: skip
    study = parzen.create_study(direction="maximize")
    for k, x in enumerate(np.random.default_rng(0).random(90).tolist()):
        choice = space["c"].choices[k % 3]  # type: ignore[attr-defined]
        params = {"c": choice, "s": 2.0, "x": x}
        study.add_trial(parzen.create_trial(params=params, distributions=space, value=(choice == "fast") + 0.1 * x))
    found = ShapleyImportanceEvaluator(n_trees=8, seed=0).explain(study)
    values = dict(zip(found.names, found.values.tolist(), strict=True))
    assert found.baseline["c"] == "slow"
    assert values["c"] == pytest.approx(1.0, abs=0.15)
    assert values["s"] == 0.0
    again = ShapleyImportanceEvaluator(n_trees=8, seed=0).explain(study)
    assert (again.values == found.values).all()
    shares = get_param_importances(study, evaluator=ShapleyImportanceEvaluator(n_trees=8, seed=0))
    assert next(iter(shares)) == "c"
    assert math.fsum(shares.values()) == pytest.approx(1.0)
    only = ShapleyImportanceEvaluator(baseline={"c": "fast"}, n_trees=8, seed=0).explain(study, ["c"])
    assert only.total == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize(
    ("kwargs", "text"),
    [
        ({"game": "poker"}, "ablation, tunability, but got 'poker'"),
        ({"n_candidates": 1}, "n_candidates=1"),
        ({"n_permutations": 0}, "n_permutations=0"),
    ],
)
def test_bad_arguments(kwargs: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        ShapleyImportanceEvaluator(**kwargs)


@pytest.mark.parametrize("baseline", [{"x0": 3.0}, {"z": 1.0}, {"x0": "high"}])
def test_a_baseline_that_does_not_fit(baseline: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"baseline|not a valid type"):
        ShapleyImportanceEvaluator(baseline=baseline, n_trees=2).evaluate(study_of(gain, n=10))
