"""fANOVA and impurity: trees beside a slow twin, functions of known variance shares, conditional spaces, bad input."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.kernels import trees
from parzen.importance import (
    BaseImportanceEvaluator,
    FanovaImportanceEvaluator,
    MeanDecreaseImpurityImportanceEvaluator,
    ShapleyImportanceEvaluator,
    get_param_importances,
)

EVALUATORS = [FanovaImportanceEvaluator, MeanDecreaseImpurityImportanceEvaluator]
Array = Any


def study_of(x: Array, space: dict[str, BaseDistribution], values: Array, **kwargs: Any) -> parzen.Study:
    """Make a study of internal values (n, d)."""
    study = parzen.create_study(**kwargs)
    for row, value in zip(np.asarray(x).tolist(), np.asarray(values).tolist(), strict=True):
        params = {name: d.to_external_repr(u) for u, (name, d) in zip(row, space.items(), strict=True)}
        values = value if isinstance(value, list) else [value]
        study.add_trial(parzen.create_trial(params=params, distributions=space, values=values))
    return study


# --- trees -----------------------------------------------------------------------------------------------------------


def laid_out(nodes: list[tuple[int, int, int, float, float]], ranges: list[tuple[float, float]]) -> trees.Leaves:
    """Lay out nodes (left, right, feature, threshold, value)."""
    left, right, feature, threshold, value = (np.array(column) for column in zip(*nodes, strict=True))
    return trees.leaves((left, right), feature, threshold, value, np.array(ranges, dtype=float))


def test_a_tree_of_five_nodes() -> None:
    """x <= 0.25: 1; else y <= 5: 2, else 4."""
    nodes = [
        (1, 2, 0, 0.25, 0.0),
        (-1, -1, -2, 0.0, 1.0),
        (3, 4, 1, 5.0, 0.0),
        (-1, -1, -2, 0.0, 2.0),
        (-1, -1, -2, 0.0, 4.0),
    ]
    tree = laid_out(nodes, [(0.0, 1.0), (0.0, 10.0)])
    mean = 0.25 * 1 + 0.375 * 2 + 0.375 * 4
    assert tree.volume.tolist() == [0.25, 0.375, 0.375]
    assert tree.value == pytest.approx(np.array([1.0, 2.0, 4.0]) - mean)
    assert tree.variance == pytest.approx(0.25 * 1 + 0.375 * 4 + 0.375 * 16 - mean**2)
    of_x = 0.25 * (1 - mean) ** 2 + 0.75 * (3 - mean) ** 2
    of_y = 0.5 * (0.25 * 1 + 0.75 * 2 - mean) ** 2 + 0.5 * (0.25 * 1 + 0.75 * 4 - mean) ** 2
    assert trees.main_variances(tree) == pytest.approx([of_x, of_y])
    assert trees.joint_variance(tree, np.array([True, True])) >= 0.0


def test_a_tree_of_one_leaf_explains_nothing() -> None:
    tree = laid_out([(-1, -1, -2, 0.0, 7.0)], [(0.0, 1.0), (2.0, 3.0)])
    assert tree.variance == 0.0
    assert trees.main_variances(tree).tolist() == [0.0, 0.0]


def grown(rng: np.random.Generator, d: int, n_splits: int, places: Array | None = None) -> list[list[float]]:
    """Grow a tree of random splits: nodes (left, right, feature, threshold, value)."""
    nodes: list[list[float]] = [[-1, -1, -2, 0.0, float(rng.normal())]]
    boxes = [[(0.0, 1.0)] * d]
    for _ in range(n_splits):
        k = int(rng.choice([i for i, node in enumerate(nodes) if node[0] < 0]))
        j = int(rng.integers(d))
        low, high = boxes[k][j]
        if places is not None and (low, high) != (0.0, 1.0):
            continue
        at = 0.5 if places is not None else float(rng.uniform(low, high))
        nodes[k][:4] = [len(nodes), len(nodes) + 1, j, at]
        for part in ((low, at), (at, high)):
            nodes.append([-1, -1, -2, 0.0, float(rng.normal())])
            boxes.append([*boxes[k][:j], part, *boxes[k][j + 1 :]])
    return nodes


def naive_variance(nodes: list[list[float]], known: list[int], d: int) -> float:
    """Average the tree over the cells of the other columns, for each cell of the known ones: from the definition."""
    edges = [sorted({0.0, 1.0, *(node[3] for node in nodes if node[2] == j)}) for j in range(d)]
    cells = [[((a + b) / 2, b - a) for a, b in itertools.pairwise(each)] for each in edges]

    def cells_of(columns: list[int]) -> list[tuple[dict[int, float], float]]:
        chosen = itertools.product(*(cells[j] for j in columns))
        return [
            (dict(zip(columns, [x for x, _ in cell], strict=True)), math.prod(width for _, width in cell))
            for cell in chosen
        ]

    def value(point: dict[int, float]) -> float:
        node = nodes[0]
        while node[0] >= 0:
            node = nodes[int(node[0] if point[int(node[2])] <= node[3] else node[1])]
        return node[4]

    def mean(fixed: dict[int, float]) -> float:
        free = [j for j in range(d) if j not in fixed]
        return sum(
            math.prod(width for _, width in chosen)
            * value({**fixed, **dict(zip(free, [x for x, _ in chosen], strict=True))})
            for chosen in itertools.product(*(cells[j] for j in free))
        )

    overall = mean({})
    return sum(
        math.prod(width for _, width in chosen)
        * (mean(dict(zip(known, [x for x, _ in chosen], strict=True))) - overall) ** 2
        for chosen in itertools.product(*(cells[j] for j in known))
    )


@given(st.integers(0, 2**32), st.integers(0, 6))
@settings(max_examples=25, deadline=None)
def test_marginals_are_those_of_the_definition(seed: int, n_splits: int) -> None:
    nodes = grown(np.random.default_rng(seed), 3, n_splits)
    tree = laid_out([tuple(node) for node in nodes], [(0.0, 1.0)] * 3)  # type: ignore[misc]
    assert tree.variance == pytest.approx(naive_variance(nodes, [0, 1, 2], 3))
    expected = [naive_variance(nodes, [j], 3) for j in range(3)]
    assert trees.main_variances(tree) == pytest.approx(np.array(expected), rel=1e-9, abs=1e-12)


@given(st.integers(0, 2**32), st.integers(0, 9))
@settings(max_examples=25, deadline=None)
def test_columns_that_are_known_together(seed: int, n_splits: int) -> None:
    """Each has one place of splits; alone, a column has the variance of `main_variances`."""
    nodes = grown(np.random.default_rng(seed), 4, n_splits, places=True)
    tree = laid_out([tuple(node) for node in nodes], [(0.0, 1.0)] * 4)  # type: ignore[misc]
    for known in ([0], [0, 2], [0, 1, 3], [0, 1, 2, 3]):
        mask = np.isin(np.arange(4), known)
        assert trees.joint_variance(tree, mask) == pytest.approx(naive_variance(nodes, known, 4), rel=1e-9, abs=1e-12)


def test_many_leaves_are_paired_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = grown(np.random.default_rng(0), 6, 40, places=True)
    tree = laid_out([tuple(node) for node in nodes], [(0.0, 1.0)] * 6)  # type: ignore[misc]
    at_once = trees.joint_variance(tree, np.ones(6, dtype=bool))
    monkeypatch.setattr(trees, "_BLOCK", 7)
    assert trees.joint_variance(tree, np.ones(6, dtype=bool)) == pytest.approx(at_once)


def test_a_large_mean_costs_no_digits() -> None:
    nodes = [(1, 2, 0, 0.5, 0.0), (-1, -1, -2, 0.0, 1e9), (-1, -1, -2, 0.0, 1e9 + 1)]
    assert trees.main_variances(laid_out(nodes, [(0.0, 1.0)])).tolist() == [0.25]


# --- functions of known variance shares ------------------------------------------------------------------------------

Known = tuple[Callable[[Array], Array], tuple[float, float], list[float]]


def ishigami() -> Known:
    """Give the Ishigami function with a = 7 and b = 0.1, and its first-order Sobol indices."""
    a, b = 7.0, 0.1
    of_x, of_y = 0.5 * (1 + b * math.pi**4 / 5) ** 2, a**2 / 8
    total = a**2 / 8 + b * math.pi**4 / 5 + b**2 * math.pi**8 / 18 + 0.5

    def f(x: Array) -> Array:
        return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])

    return f, (-math.pi, math.pi), [of_x / total, of_y / total, 0.0]


def sobol_g() -> Known:
    """Give Sobol's g function for a = 0, 1, 4.5."""
    a = np.array([0.0, 1.0, 4.5])
    each = 1 / 3 / (1 + a) ** 2
    shares = each / (np.prod(1 + each) - 1)
    return lambda x: ((abs(4 * x - 2) + a) / (1 + a)).prod(axis=1), (0.0, 1.0), shares.tolist()


FUNCTIONS: dict[str, Known] = {
    "ishigami": ishigami(),
    "sobol g": sobol_g(),
    "linear": (lambda x: x @ [3.0, 2.0, 1.0], (0.0, 1.0), [9 / 14, 4 / 14, 1 / 14]),
    "product": (lambda x: x[:, 0] * x[:, 1], (0.0, 1.0), [3 / 7, 3 / 7, 0.0]),
    "waves": (lambda x: np.sin(2 * np.pi * x[:, 0]) + 4 * (x[:, 1] - 0.5) ** 2, (0.0, 1.0), [0.849, 0.151, 0.0]),
}


def shares_of(name: str, n: int, n_trees: int) -> tuple[list[float], list[float]]:
    f, (low, high), expected = FUNCTIONS[name]
    x = np.random.default_rng(0).uniform(low, high, size=(n, 3))
    space: dict[str, BaseDistribution] = {f"x{j}": FloatDistribution(low, high) for j in range(3)}
    found = FanovaImportanceEvaluator(n_trees=n_trees, seed=0).evaluate(study_of(x, space, f(x)))
    return [found[name] for name in space], expected


@pytest.mark.parametrize("name", FUNCTIONS)
def test_shares_are_known(name: str) -> None:
    found, expected = shares_of(name, 300, 8)
    assert found == pytest.approx(expected, abs=0.12)


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_shares_are_known_more_exactly_with_more_trials(name: str) -> None:
    found, expected = shares_of(name, 4000, 64)
    assert found == pytest.approx(
        expected, abs=0.08 if name == "ishigami" else 0.02
    )  # it has the strongest interaction


# --- evaluators ------------------------------------------------------------------------------------------------------

MIXED: dict[str, BaseDistribution] = {
    "x": FloatDistribution(0.0, 1.0),
    "choice": CategoricalDistribution(("a", "b", "c")),
    "k": IntDistribution(1, 9),
}


def mixed(n: int = 120, **kwargs: Any) -> parzen.Study:
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.random(n), rng.integers(3, size=n), rng.integers(1, 10, size=n)])
    return study_of(x, MIXED, (x[:, 1] == 1) * 3.0 + x[:, 2] / 9 + 0.1 * x[:, 0], **kwargs)


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_a_choice_that_matters(evaluator: Any) -> None:
    found = get_param_importances(mixed(), evaluator=evaluator(n_trees=8, seed=0))
    assert list(found) == ["choice", "k", "x"]
    assert sum(found.values()) == pytest.approx(1.0)
    assert all(type(value) is float for value in found.values())


@pytest.mark.parametrize("evaluator", [*EVALUATORS, ShapleyImportanceEvaluator])
def test_the_order_of_params_changes_nothing(evaluator: Any) -> None:
    one, other = (evaluator(n_trees=3, seed=0).evaluate(mixed(40), names) for names in (["x", "k"], ["k", "x"]))
    assert one == other


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_a_seed_repeats_it(evaluator: Any) -> None:
    study = mixed(40)
    one, again, other = (evaluator(n_trees=3, seed=seed).evaluate(study) for seed in (1, 1, 2))
    assert one == again != other


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_directions_do_not_matter(evaluator: Any) -> None:
    found = [
        evaluator(n_trees=3, seed=0).evaluate(mixed(40, direction=direction)) for direction in ("minimize", "maximize")
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize("evaluator", [*EVALUATORS, ShapleyImportanceEvaluator])
def test_parameters_that_some_trials_have(evaluator: Any) -> None:
    """They are left out, unless they are named: then the trials count that have all of them."""
    study, rng = mixed(40), np.random.default_rng(1)
    space = {**MIXED, "y": FloatDistribution(0.0, 1.0)}
    for _ in range(40):
        row = {"x": rng.random(), "choice": "a", "k": int(rng.integers(1, 10)), "y": rng.random()}
        study.add_trial(parzen.create_trial(params=row, distributions=space, value=row["y"] * 10))
    assert set(evaluator(n_trees=3, seed=0).evaluate(study)) == set(MIXED)
    found = evaluator(n_trees=8, seed=0).evaluate(study, ["x", "y"])
    assert list(found) == ["y", "x"]
    with pytest.raises(ValueError, match="all specified parameters"):
        evaluator().evaluate(study, ["x", "z"])
    moved = {**MIXED, "x": FloatDistribution(0.0, 2.0)}
    study.add_trial(parzen.create_trial(params={"x": 1.5, "choice": "a", "k": 1}, distributions=moved, value=1.0))
    with pytest.raises(ValueError, match="dynamic search spaces"):
        evaluator().evaluate(study, ["x"])
    assert "x" not in evaluator(n_trees=3).evaluate(study)


@pytest.mark.parametrize("evaluator", [*EVALUATORS, ShapleyImportanceEvaluator])
def test_several_objectives_need_a_target(evaluator: Any) -> None:
    study = study_of(
        [[0.1], [0.5], [0.9]], {"x": MIXED["x"]}, [[1.0, 2.0], [2.0, 1.0], [3.0, 0.0]], directions=["minimize"] * 2
    )
    with pytest.raises(ValueError, match="target"):
        evaluator(n_trees=2).evaluate(study)
    assert set(evaluator(n_trees=8, seed=0).evaluate(study, target=lambda t: t.values[1])) == {"x"}


@pytest.mark.parametrize("evaluator", [*EVALUATORS, ShapleyImportanceEvaluator])
def test_nothing_to_weigh(evaluator: Any) -> None:
    assert evaluator().evaluate(parzen.create_study()) == {}
    infinite = study_of([[0.1], [0.2]], {"x": MIXED["x"]}, [math.inf, math.inf])
    assert evaluator().evaluate(infinite) == {"x": 0.0}
    single = study_of([[1.0], [1.0]], {"s": FloatDistribution(1.0, 1.0)}, [1.0, 2.0])
    assert evaluator().evaluate(single) == {"s": 0.0}
    assert get_param_importances(single, evaluator=evaluator()) == {"s": 1.0}


def test_a_constant_objective_has_no_variance_to_share() -> None:
    study = study_of([[0.1], [0.2], [0.3]], {"x": MIXED["x"]}, [1.0, 1.0, 1.0])
    with pytest.raises(RuntimeError, match="zero total variance"):
        FanovaImportanceEvaluator().evaluate(study)
    assert get_param_importances(study, evaluator=MeanDecreaseImpurityImportanceEvaluator()) == {"x": 1.0}


@pytest.mark.parametrize("evaluator", [*EVALUATORS, ShapleyImportanceEvaluator])
def test_without_scikit_learn_the_extra_is_named(evaluator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(ImportError, match=r'pip install "parzen\[importance\]"'):
        evaluator()


def test_an_evaluator_of_the_users_joins() -> None:
    class Even(BaseImportanceEvaluator):
        def evaluate(self, study: Any, params: list[str] | None = None, *, target: Any = None) -> dict[str, float]:
            return dict.fromkeys(study.best_params, 2.0)

    assert get_param_importances(mixed(5), evaluator=Even()) == dict.fromkeys(MIXED, 1 / 3)
