"""`get_param_importances`, and PED-ANOVA, its default: beside a slow twin, in conditional spaces, and on bad input."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.analysis.importance.ped_anova import best_of
from parzen.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.kernels import grid_density
from parzen.importance import PedAnovaImportanceEvaluator, get_param_importances

UNIT = FloatDistribution(0.0, 1.0)
KINDS = CategoricalDistribution(("good", "bad"))
STRANGE = ('</script><b>&"', "a b", "ключ", "params", "")


def study_of(rows: list[tuple[dict[str, Any], dict[str, BaseDistribution], Any]], **kwargs: Any) -> parzen.Study:
    """Make a study of rows: parameters, distributions, value or values."""
    study = parzen.create_study(**kwargs)
    for params, space, value in rows:
        values = value if isinstance(value, list) else [value]
        study.add_trial(parzen.create_trial(params=params, distributions=space, values=values))
    return study


def unit_study(f: Callable[..., Any], n: int = 200, names: tuple[str, ...] = ("x", "y"), **kwargs: Any) -> parzen.Study:
    """Make a study of uniform points in the unit cube."""
    rows = np.random.default_rng(0).random((n, len(names))).tolist()
    space: dict[str, BaseDistribution] = dict.fromkeys(names, UNIT)
    return study_of([(dict(zip(names, row, strict=True)), space, f(*row)) for row in rows], **kwargs)


# --- kernels beside slow twins ---------------------------------------------------------------------------------------


def naive_numbers(counts: list[int]) -> list[float]:
    """Add up truncated normals, one a value, and the prior."""
    cells = [k for k, count in enumerate(counts) for _ in range(count)]
    n, total = len(counts), len(cells)

    def phi(z: float) -> float:
        return 0.5 * math.erfc(-z / math.sqrt(2.0))

    def mass(cell: int, mu: float, sigma: float) -> float:
        a, b = ((edge - mu) / sigma for edge in (cell - 0.5, cell + 0.5))
        low, high = ((edge - mu) / sigma for edge in (-0.5, n - 0.5))
        return (phi(b) - phi(a)) / (phi(high) - phi(low))

    mean = sum(cells) / total
    s = math.sqrt(sum((k - mean) ** 2 for k in cells) / max(total - 1, 1))
    first = next(k for k in range(n) if sum(counts[: k + 1]) >= total // 4)
    third = next((k for k in range(n) if sum(counts[: k + 1]) > 3 * total // 4), n - 1)
    sigma = max(1.059 * min(s, (third - first) / 1.34) * total**-0.2, 0.5 / 1.64)
    kernels = [(k, sigma) for k in cells] + [((n - 1) / 2, float(n))]
    return [sum(mass(k, mu, width) for mu, width in kernels) / len(kernels) + 1e-12 for k in range(n)]


counted = st.lists(st.integers(0, 6), min_size=2, max_size=50).filter(any)


@given(counted)
@settings(max_examples=60, deadline=None)
def test_densities_of_numbers(counts: list[int]) -> None:
    found = grid_density.of_numbers(np.array([counts, counts[::-1]], dtype=float))
    assert found[0] == pytest.approx(naive_numbers(counts), rel=1e-9)
    assert found[1] == pytest.approx(naive_numbers(counts[::-1]), rel=1e-9)
    assert found.sum(axis=1) == pytest.approx(1.0)


@given(counted)
def test_densities_of_choices(counts: list[int]) -> None:
    """A kernel for each value: one part for its choice, and a share for every choice."""
    n, share = len(counts), 1.0 / (sum(count > 0 for count in counts) + 1)
    kernels = [
        [((k == j) + share) / (1.0 + n * share) for j in range(n)]
        for k, count in enumerate(counts)
        for _ in range(count)
    ]
    expected = np.mean([*kernels, [1.0 / n] * n], axis=0) + 1e-12
    assert grid_density.of_choices(np.array([counts], dtype=float))[0] == pytest.approx(expected, rel=1e-12)


def test_a_divergence_is_0_of_alike_densities() -> None:
    density = grid_density.of_numbers(np.array([[1.0, 5.0, 2.0], [5.0, 1.0, 0.0]]))
    assert grid_density.pearson(density, density).tolist() == [0.0, 0.0]
    assert (grid_density.pearson(density, density[::-1]) > 0).all()


# --- the best trials -------------------------------------------------------------------------------------------------


def test_ties_with_the_last_of_the_best_count_among_them() -> None:
    losses = np.array([3.0, 1.0, 2.0, 2.0, 5.0, 2.0])[:, np.newaxis]
    assert np.flatnonzero(best_of(losses, 0.3)).tolist() == [1, 2, 3, 5]
    assert best_of(losses, 0.01).sum() == 1
    assert best_of(losses, 1.0).all()


def test_the_best_of_several_objectives_are_whole_fronts_and_a_spread() -> None:
    front = [[0.0, 4.0], [1.0, 2.9], [1.1, 2.8], [4.0, 0.0]]
    losses = np.array([[k + 1.0 for k in point] for point in front] + front)
    chosen = np.flatnonzero(best_of(losses, 6 / 8)).tolist()
    assert chosen[2:] == [4, 5, 6, 7]
    assert best_of(losses, 0.5).tolist() == [False] * 4 + [True] * 4
    assert best_of(losses, 1.0).all()


# --- importances -----------------------------------------------------------------------------------------------------


def test_what_matters_comes_first() -> None:
    found = get_param_importances(unit_study(lambda x, y: 10 * (x - 0.3) ** 2 + y))
    assert list(found) == ["x", "y"]
    assert sum(found.values()) == pytest.approx(1.0)
    assert found["x"] > 0.6


def test_directions_and_targets_turn_it_alike() -> None:
    def f(x: float, y: float) -> float:
        return x * (y > 0.5)

    least = get_param_importances(unit_study(f))
    greatest = get_param_importances(unit_study(lambda x, y: -f(x, y), direction="maximize"))
    assert greatest == least
    with pytest.warns(UserWarning, match="low `target` values"):
        assert get_param_importances(unit_study(lambda x, y: 0.0), target=lambda t: f(*t.params.values())) == least


def test_a_local_region_has_its_own_importances() -> None:
    """Near the optimum y matters, elsewhere x; trials near it lie in the best half."""
    study = unit_study(lambda x, y: 1 + x if x > 0.5 else abs(y - 0.5), n=1000)
    over_all = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator(target_quantile=0.5))
    local = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator(region_quantile=0.5))
    assert next(iter(over_all)) == "x"
    assert next(iter(local)) == "y"


def test_a_sampler_that_prefers_a_region_hides_there_what_it_found() -> None:
    """All trials lie at low x: against each other x explains nothing, against a uniform distribution all."""
    rng = np.random.default_rng(0)
    rows = [({"x": 0.05 * a, "y": b}, {"x": UNIT, "y": UNIT}, b + a * 0.01) for a, b in rng.random((100, 2)).tolist()]
    local = PedAnovaImportanceEvaluator().evaluate(study_of(rows))
    overall = PedAnovaImportanceEvaluator(evaluate_on_local=False).evaluate(study_of(rows))
    assert next(iter(local)) == "y"
    assert next(iter(overall)) == "x"


# --- conditional parameters ------------------------------------------------------------------------------------------


def gated(n: int = 400) -> parzen.Study:
    """Make a study in which `kind` decides nearly everything, and either branch has a parameter with little to say."""
    rng = np.random.default_rng(1)
    rows = []
    for u, value in rng.random((n, 2)).tolist():
        kind, name = ("good", "a") if u < 0.5 else ("bad", "b")
        loss = (0.0 if kind == "good" else 10.0) + 0.1 * rng.random()
        rows.append(({"kind": kind, name: value}, {"kind": KINDS, name: UNIT}, loss))
    return study_of(rows)


def test_what_decides_is_named_where_filling_in_errs() -> None:
    """A naive evaluator fills absent values in, and then `a` tells which kind a trial had: it gets the credit."""
    study = gated()
    found = get_param_importances(study)
    assert next(iter(found)) == "kind"
    assert found["kind"] > 0.9
    filled = study_of(
        [
            (
                {"kind": t.params["kind"], "a": t.params.get("a", 0.0)},
                {"kind": t.distributions["kind"], "a": UNIT},
                t.value,
            )
            for t in study.trials
        ]
    )
    naive = get_param_importances(filled)
    assert naive["a"] > 10 * found["a"]


def test_a_range_that_moved_is_a_regime_of_its_own() -> None:
    """The best trials come from the second range, within which x says nothing: nor does it as a whole."""
    rng = np.random.default_rng(2)
    wide = FloatDistribution(0.0, 10.0)
    rows: list[Any] = [({"x": 10 * u, "y": v}, {"x": wide, "y": UNIT}, 5 + v) for u, v in rng.random((200, 2)).tolist()]
    rows += [({"x": u, "y": v}, {"x": UNIT, "y": UNIT}, v) for u, v in rng.random((200, 2)).tolist()]
    assert get_param_importances(study_of(rows))["y"] > 0.9


def test_one_regime_for_all_is_the_plain_formula() -> None:
    """Trials that differ in another parameter only have the same domain of x."""
    rng = np.random.default_rng(3)
    points = rng.random((100, 2)).tolist()
    plain = study_of([({"x": x}, {"x": UNIT}, abs(x - 0.4)) for x, _ in points])
    mixed = study_of(
        [
            ({"x": x, **({"z": z} if k % 3 else {})}, {"x": UNIT, **({"z": UNIT} if k % 3 else {})}, abs(x - 0.4))
            for k, (x, z) in enumerate(points)
        ]
    )
    evaluator = PedAnovaImportanceEvaluator()
    assert evaluator.evaluate(mixed)["x"] == pytest.approx(evaluator.evaluate(plain)["x"], rel=1e-12)


# --- few trials, and bad input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_trials(n: int) -> None:
    with pytest.warns(UserWarning, match="too small"):
        found = get_param_importances(unit_study(lambda x, y: x, n=n))
    assert found == dict.fromkeys("xy"[: 2 * n], 0.5)


def test_a_constant_objective() -> None:
    with pytest.warns(UserWarning, match="same set of trials"):
        assert get_param_importances(unit_study(lambda x, y: 1.0)) == {"x": 0.5, "y": 0.5}


def test_only_complete_trials_with_finite_values_count() -> None:
    finite = unit_study(lambda x, y: x)
    study = unit_study(lambda x, y: x, sampler=parzen.samplers.RandomSampler())
    states = parzen.trial.TrialState
    space: dict[str, BaseDistribution] = {"x": UNIT, "y": UNIT}
    for state, value in ((states.COMPLETE, math.inf), (states.COMPLETE, -math.inf), (states.FAIL, None)):
        values = None if value is None else [value]
        study.add_trial(
            parzen.create_trial(state=state, params={"x": 0.9, "y": 0.1}, distributions=space, values=values)
        )
    study.enqueue_trial({"x": 0.5, "y": 0.5})
    study.ask(space)
    assert get_param_importances(study) == get_param_importances(finite)


def test_single_values_weigh_nothing() -> None:
    rows = [
        ({"x": u, "s": 1.0, "c": "a"}, {"x": UNIT, "s": FloatDistribution(1, 1), "c": CategoricalDistribution("a")}, u)
        for u in np.random.default_rng(0).random(50).tolist()
    ]
    assert get_param_importances(study_of(rows)) == {"x": 1.0, "s": 0.0, "c": 0.0}


def test_names_are_only_names() -> None:
    found = get_param_importances(unit_study(lambda *x: x[0], names=STRANGE))
    assert set(found) == set(STRANGE)
    assert next(iter(found)) == STRANGE[0]


@pytest.mark.parametrize(
    ("kwargs", "error", "text"),
    [
        ({"params": "x"}, TypeError, "as a list"),
        ({"params": [1]}, TypeError, "with strings"),
        ({"params": ["x", "z"]}, ValueError, r"Missing parameters: \['z'\]"),
        ({"evaluator": PedAnovaImportanceEvaluator}, TypeError, "BaseImportanceEvaluator"),
        ({"target": lambda trial: None}, TypeError, "trial 0 it gave None"),
        ({"target": lambda trial: "1"}, TypeError, "trial 0 it gave '1'"),
    ],
)
def test_bad_arguments(kwargs: dict[str, Any], error: type[Exception], text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(error, match=text):
            get_param_importances(unit_study(lambda x, y: x, n=10), **kwargs)


def test_what_is_no_study() -> None:
    for wrong in (42, "study", None, [unit_study(max)]):
        with pytest.raises(TypeError, match="Expected a study, but got"):
            get_param_importances(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("quantiles", [(0.0, 1.0), (0.5, 0.5), (0.1, 1.5), (-0.1, 0.5)])
def test_quantiles_that_do_not_fit(quantiles: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=f"target_quantile={quantiles[0]} and region_quantile={quantiles[1]}"):
        PedAnovaImportanceEvaluator(target_quantile=quantiles[0], region_quantile=quantiles[1])


def test_extreme_ranges_do_not_break_it() -> None:
    spaces: dict[str, BaseDistribution] = {
        "vast": FloatDistribution(-1e308, 1e308),
        "tiny": FloatDistribution(1e-300, 1e-290, log=True),
        "long": IntDistribution(1, 2**60, log=True),
        "grid": IntDistribution(0, 10**12, step=10**3),
    }
    rng = np.random.default_rng(0)
    rows = [
        ({"vast": u * 2e307, "tiny": 1e-295 * u, "long": int(1 + u * 2**50), "grid": int(u * 1e6) * 1000}, spaces, u)
        for u in rng.random(50).tolist()
    ]
    found = get_param_importances(study_of(rows))
    assert set(found) == set(spaces)
    assert all(0.0 < value < 1.0 for value in found.values())


def test_a_file_is_weighed_as_memory_is(tmp_path: Any) -> None:
    """Trials of another process are there, too."""
    url = f"sqlite:///{tmp_path}/a.db"

    def objective(trial: parzen.Trial) -> float:
        return trial.suggest_float("x", 0, 1) + 0.1 * trial.suggest_float("y", 0, 1)

    for storage in (url, None):
        study = parzen.create_study(storage=storage, sampler=parzen.samplers.RandomSampler(seed=0), study_name="a")
        study.optimize(objective, n_trials=30)
    again = parzen.load_study(study_name="a", storage=url)
    assert get_param_importances(again) == get_param_importances(study)
