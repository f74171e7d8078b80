"""A point chosen by one compiled call is that of the parts, which say what is computed, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from seeded_studies import constrained as constrained_two
from seeded_studies import mixed, three, two

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers import TPESampler
from parzen.samplers.tpe import one_call, rules
from parzen.samplers.tpe.model import compiled_tier
from parzen.samplers.tpe.model_space import ModelSpace
from parzen.trial import TrialState, create_trial

compiled_tier()  # the conftest of samplers makes the kernels ready


def floats(trial: parzen.Trial) -> float:
    return sum((trial.suggest_float(f"x{i}", -5.0, 5.0) - i) ** 2 for i in range(7))


def awkward(trial: parzen.Trial) -> float:
    """Ties, infinite values, lost trials, a range that moves, and a parameter that only some trials have."""
    x, y = trial.suggest_float("x", 0.0, 1.0 + trial.number // 40), trial.suggest_float("y", 1e-3, 1.0, log=True)
    n = trial.suggest_int("n", 1, 200, log=True)
    if trial.number % 3:
        trial.suggest_float("z", 0.0, 1.0)
    if trial.number % 11 == 5:
        return float("nan")
    return float("inf") if trial.number % 13 == 4 else round(4.0 * (x + y)) + (n > 50)


def with_running(study: parzen.Study, objective: object, n: int) -> None:
    """Run trials of which two more have begun whenever one is told."""
    running = []
    for _ in range(n):
        trial = study.ask()
        running.append((trial, objective(trial)))  # type: ignore[operator]
        if len(running) == 3:
            begun, value = running.pop(1)
            study.tell(begun, *([value] if np.isfinite(value) else [None, TrialState.FAIL]))


def one_by_one(study: parzen.Study, objective: object, n: int) -> None:
    study.optimize(objective, n_trials=n)  # type: ignore[arg-type]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Note of each ask whether the call gave a point."""
    calls = []

    def noting(choose):
        def noted(*arguments):
            found = choose(*arguments)
            calls.append(found is not None)
            return found

        return noted

    for name in CALLS:
        monkeypatch.setattr(one_call, name, noting(getattr(one_call, name)))
    return calls


def by_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CALLS:
        monkeypatch.setattr(one_call, name, lambda *_: None)


def wide(n: int) -> int:
    return n // 3


CALLS = ["choose", "choose_child"]
OPTIONS = {
    "defaults": {},
    "maximized": {},
    "as Optuna's": {
        "prior_weight": 1.0,
        "clip": rules.magic_clip,
        "consider_endpoints": True,
        "gamma": lambda n: n // 3,
    },
    "no prior, all bold": {"consider_prior": False, "caution": 0.0, "acquisition": rules.LogRatio(0.7)},
    "few candidates": {"n_ei_candidates": 1, "n_startup_trials": 1, "gamma": lambda n: 0 if n % 5 == 0 else n},
}


def test_internal_values_are_those_of_the_distributions() -> None:
    space = {
        "x": FloatDistribution(-5, 5),
        "rate": FloatDistribution(1e-5, 1.0, log=True),
        "step": FloatDistribution(0.1, 0.7, step=0.2),
        "n": IntDistribution(1, 300, log=True),
        "even": IntDistribution(0, 10, step=2),
        "kind": CategoricalDistribution(["a", "b", "c"]),
    }
    rng = np.random.default_rng(0)
    for _ in range(20):
        x = np.array([rng.uniform(*distribution.support) for distribution in space.values()])
        x[0] = rng.choice([-5.0, 5.0, x[0]])
        found = ModelSpace(space, {}).internal(x)
        expected = [d.from_model_value(coordinate) for d, coordinate in zip(space.values(), x.tolist(), strict=True)]
        assert found == dict(zip(space, expected, strict=True))


@pytest.mark.parametrize("run", [one_by_one, with_running])
@pytest.mark.parametrize("objective", [floats, mixed, awkward])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_the_point_is_that_of_the_parts(options, objective, run, counted, monkeypatch, request) -> None:
    def params() -> list[dict[str, object]]:
        direction = "maximize" if "maximized" in request.node.name else "minimize"
        study = parzen.create_study(sampler=TPESampler(seed=3, **options), direction=direction)
        run(study, objective, 70)
        return [trial.params for trial in study.trials]

    by_one_call = params()
    assert counted.count(True) > 40
    by_parts(monkeypatch)
    assert params() == by_one_call


def distant(trial: parzen.Trial) -> tuple[float, float]:
    """Two objectives of floats alone, of which some trials are lost or pruned."""
    x = [trial.suggest_float(f"x{i}", 0.0, 1.0) for i in range(4)]
    if trial.number % 7 == 3:
        trial.suggest_float("more", 0.0, 1.0)
    if trial.number % 13 == 5:
        raise parzen.TrialPruned
    return (float("nan") if trial.number % 11 == 2 else x[0]), (1.0 - x[0]) ** 2 + sum(x[1:])


@pytest.mark.parametrize(("objective", "m"), [(distant, 2), (two, 2), (constrained_two, 2), (three, 3)])
@pytest.mark.parametrize("options", [{}, {"prior_weight": 1.0, "n_ei_candidates": 3}], ids=["defaults", "as Optuna's"])
def test_a_child_is_that_of_the_parts(options, objective, m, counted, monkeypatch) -> None:
    def params() -> list[dict[str, object]]:
        study = parzen.create_study(sampler=TPESampler(seed=3, **options), directions=["minimize"] * m)
        study.optimize(objective, n_trials=90)
        return [trial.params for trial in study.trials]

    by_one_call = params()
    assert counted.count(True) > 70
    by_parts(monkeypatch)
    assert params() == by_one_call


@pytest.mark.slow
def test_the_point_is_that_of_the_parts_where_some_stand_for_all(counted, monkeypatch) -> None:
    rng = np.random.default_rng(0)
    space = {f"x{i}": FloatDistribution(-5.0, 5.0) for i in range(7)}
    points = rng.uniform(-5.0, 5.0, (1100, 7))
    before = [
        create_trial(value=float((x**2).sum()), params=dict(zip(space, x.tolist(), strict=True)), distributions=space)
        for x in points
    ]

    def params(n: int) -> list[dict[str, object]]:
        study = parzen.create_study(sampler=TPESampler(seed=5))
        study.add_trials(before[:n])
        study.optimize(floats, n_trials=60)
        return [trial.params for trial in study.trials[n:]]

    by_one_call = [params(n) for n in (990, 1100)]  # comes to the limit, and is beyond it
    assert all(counted)
    by_parts(monkeypatch)
    assert [params(n) for n in (990, 1100)] == by_one_call


def pruned(trial: parzen.Trial) -> float:
    value = floats(trial)
    if trial.number == 20:
        raise parzen.TrialPruned
    return value


def constrained(trial: parzen.Trial) -> float:
    trial.set_constraint("c", 0.5)
    return floats(trial)


def integers(trial: parzen.Trial) -> float:
    return trial.suggest_int("n", 1, 99) + trial.suggest_int("m", 1, 99)


class Overriding(TPESampler):
    def rank(self, model, z):
        return super().rank(model, z)


@pytest.mark.parametrize(
    ("sampler", "objective", "first"),
    [
        (TPESampler(seed=0), pruned, 21),
        (TPESampler(seed=0), constrained, 0),
        (TPESampler(seed=0), integers, 0),
        (TPESampler(seed=0, weights=rules.uniform_weights), floats, 0),
        (TPESampler(seed=0, bandwidth=rules.scott), floats, 0),
        (TPESampler(seed=0, clip=rules.no_clip), floats, 0),
        (TPESampler(seed=0, acquisition=lambda below, above: below - above), floats, 0),
        (TPESampler(seed=0, multivariate=False), floats, 0),
        (TPESampler(seed=0, multivariate=True, group=True), floats, 0),
        (Overriding(seed=0), floats, 0),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_special_is_left_to_the_parts(sampler, objective, first, counted) -> None:
    study = parzen.create_study(sampler=sampler)
    study.optimize(objective, n_trials=40)
    assert counted.count(True) == max(first - 10, 0)
