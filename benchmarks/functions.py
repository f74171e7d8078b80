"""Test functions with a known optimum, none of them in the middle of its range: continuous, mixed and conditional.

Sources: Surjanovic and Bingham, *Virtual Library of Simulation Experiments*; Hansen et al., COCO (2021) for the rotated
and ill-conditioned ones. Shifts and rotations come from fixed seeds. The mixed and conditional ones are our own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from tasks import Task

Array = np.ndarray[Any, Any]


def _shift(d: int, low: float, high: float) -> Array:
    """Give an optimum between 15 and 85 per cent of the range in every dimension."""
    return low + (high - low) * np.random.default_rng(d).uniform(0.15, 0.85, d)


def _rotation(d: int) -> Array:
    q, r = np.linalg.qr(np.random.default_rng(100 + d).standard_normal((d, d)))
    rotation: Array = q * np.sign(np.diag(r))
    return rotation


def _condition(d: int, condition: float) -> Array:
    return condition ** (np.arange(d) / (d - 1))


# --- continuous: each takes x - optimum, or x where the optimum is its own -----------------------------------------


def _sphere(y: Array) -> float:
    return float((y**2).sum())


def _rosenbrock(y: Array) -> float:
    x = y + 1.0
    return float((100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum())


def _ackley(y: Array) -> float:
    ripple = math.exp(float(np.cos(2 * math.pi * y).mean()))
    return -20.0 * math.exp(-0.2 * math.sqrt(float((y**2).mean()))) - ripple + 20.0 + math.e


def _rastrigin(y: Array) -> float:
    return float((y**2 - 10.0 * np.cos(2 * math.pi * y) + 10.0).sum())


def _griewank(y: Array) -> float:
    return float((y**2).sum() / 4000.0 - np.cos(y / np.sqrt(1.0 + np.arange(len(y)))).prod() + 1.0)


def _levy(y: Array) -> float:
    w = 1.0 + y / 4.0
    inner = ((w[:-1] - 1.0) ** 2 * (1.0 + 10.0 * np.sin(math.pi * w[:-1] + 1.0) ** 2)).sum()
    return float(np.sin(math.pi * w[0]) ** 2 + inner + (w[-1] - 1.0) ** 2 * (1.0 + np.sin(2 * math.pi * w[-1]) ** 2))


def _bent_cigar(y: Array) -> float:
    return float(y[0] ** 2 + 1e4 * (y[1:] ** 2).sum())


def _discus(y: Array) -> float:
    return float(1e4 * y[0] ** 2 + (y[1:] ** 2).sum())


def _different_powers(y: Array) -> float:
    return float(np.sqrt((np.abs(y) ** (2.0 + 4.0 * np.arange(len(y)) / (len(y) - 1))).sum()))


def _branin(x: Array) -> float:
    a, b = x[1] - 5.1 * x[0] ** 2 / (4 * math.pi**2) + 5.0 * x[0] / math.pi - 6.0, 10.0 * (1.0 - 1.0 / (8 * math.pi))
    return float(a**2 + b * math.cos(x[0]) + 10.0)


def _six_hump_camel(x: Array) -> float:
    a, b = x
    return float((4.0 - 2.1 * a**2 + a**4 / 3.0) * a**2 + a * b + (4.0 * b**2 - 4.0) * b**2)


def _styblinski_tang(x: Array) -> float:
    return float(0.5 * (x**4 - 16.0 * x**2 + 5.0 * x).sum())


def _schwefel(x: Array) -> float:
    return float(418.9828872724338 * len(x) - (x * np.sin(np.sqrt(np.abs(x)))).sum())


HARTMANN = {
    3: (
        [[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]],
        [[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]],
    ),
    6: (
        [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]],
        [
            [1312, 1696, 5569, 124, 8283, 5886],
            [2329, 4135, 8307, 3736, 1004, 9991],
            [2348, 1451, 3522, 2883, 3047, 6650],
            [4047, 8828, 8732, 5743, 1091, 381],
        ],
    ),
}


def _hartmann(x: Array) -> float:
    a, p = (np.array(table, dtype=float) for table in HARTMANN[len(x)])
    return -float(np.array([1.0, 1.2, 3.0, 3.2]) @ np.exp(-(a * (x - p * 1e-4) ** 2).sum(axis=1)))


def _continuous(
    name: str, d: int, low: float, high: float, function: Callable[[Array], float], optimum: float = 0.0
) -> Task:
    def objective(trial: Any, seed: int) -> float:
        return function(np.array([trial.suggest_float(f"x{i}", low, high) for i in range(d)]))

    return Task(name, "functions", objective, optimum)


def _shifted(
    name: str, d: int, low: float, high: float, function: Callable[[Array], float], matrix: Array | None = None
) -> Task:
    """Move the optimum away from the middle; `matrix` turns and stretches what the function sees."""
    shift = _shift(d, low, high)
    turned = np.eye(d) if matrix is None else matrix
    return _continuous(name, d, low, high, lambda x: function(turned @ (x - shift)))


def continuous() -> list[Task]:
    """List the continuous functions."""
    return [
        Task("branin-2", "functions", _branin_objective, 0.39788735772973816),
        Task("camel-2", "functions", _camel_objective, -1.031628453489877),
        _continuous("hartmann-3", 3, 0.0, 1.0, _hartmann, -3.86277978733),
        _continuous("hartmann-6", 6, 0.0, 1.0, _hartmann, -3.32236801141),
        _shifted("sphere-5", 5, -5.0, 5.0, _sphere),
        _shifted("sphere-20", 20, -5.0, 5.0, _sphere),
        _shifted("ellipsoid-rotated-5", 5, -5.0, 5.0, _sphere, np.sqrt(_condition(5, 1e3))[:, None] * _rotation(5)),
        _shifted("ellipsoid-rotated-10", 10, -5.0, 5.0, _sphere, np.sqrt(_condition(10, 1e3))[:, None] * _rotation(10)),
        _shifted("rosenbrock-5", 5, -2.0, 2.0, _rosenbrock),
        _shifted("rosenbrock-rotated-5", 5, -2.0, 2.0, _rosenbrock, _rotation(5)),
        _shifted("ackley-5", 5, -20.0, 20.0, _ackley),
        _shifted("ackley-10", 10, -20.0, 20.0, _ackley),
        _shifted("rastrigin-5", 5, -5.0, 5.0, _rastrigin),
        _shifted("griewank-8", 8, -60.0, 60.0, _griewank),
        _shifted("levy-6", 6, -10.0, 10.0, _levy),
        _continuous("styblinski-tang-5", 5, -5.0, 5.0, _styblinski_tang, -39.16616570377142 * 5),
        _shifted("bent-cigar-rotated-5", 5, -5.0, 5.0, _bent_cigar, _rotation(5)),
        _shifted("discus-rotated-5", 5, -5.0, 5.0, _discus, _rotation(5)),
        _continuous("schwefel-4", 4, -500.0, 500.0, _schwefel),
        _shifted("different-powers-5", 5, -5.0, 5.0, _different_powers),
    ]


def _branin_objective(trial: Any, seed: int) -> float:
    return _branin(np.array([trial.suggest_float("x0", -5, 10), trial.suggest_float("x1", 0, 15)]))


def _camel_objective(trial: Any, seed: int) -> float:
    return _six_hump_camel(np.array([trial.suggest_float("x0", -3, 3), trial.suggest_float("x1", -2, 2)]))


# --- mixed: shaped like the losses of networks and of boosted trees --------------------------------------------------


def _network(trial: Any, seed: int) -> float:
    lr = trial.suggest_float("lr", 1e-5, 1.0, log=True)
    width = trial.suggest_int("width", 16, 512, log=True)
    layers = trial.suggest_int("layers", 1, 6)
    dropout = trial.suggest_float("dropout", 0.0, 0.6, step=0.1)
    optimizer = trial.suggest_categorical("optimizer", ["sgd", "adam", "rmsprop"])
    activation = trial.suggest_categorical("activation", ["relu", "tanh", "gelu", "elu"])
    best_lr = {"sgd": -1.0, "adam": -2.7, "rmsprop": -3.2}[optimizer]
    loss = (math.log10(lr) - best_lr) ** 2 + 0.5 * math.log2(width / 160) ** 2 + 0.3 * (layers - 3) ** 2
    loss += 4.0 * (dropout - 0.2) ** 2 + {"sgd": 0.4, "adam": 0.0, "rmsprop": 0.2}[optimizer]
    return loss + {"relu": 0.1, "tanh": 0.5, "gelu": 0.0, "elu": 0.3}[activation]


def _boosting(trial: Any, seed: int) -> float:
    rate = math.log10(trial.suggest_float("rate", 1e-3, 1.0, log=True))
    trees = math.log10(trial.suggest_int("trees", 10, 2000, log=True))
    depth = trial.suggest_int("depth", 2, 16)
    rows = trial.suggest_float("rows", 0.3, 1.0, step=0.05)
    columns = trial.suggest_float("columns", 0.3, 1.0)
    penalty = math.log10(trial.suggest_float("penalty", 1e-6, 10.0, log=True))
    policy = trial.suggest_categorical("policy", ["depth", "leaf"])
    best_depth = {"depth": 6, "leaf": 9}[policy]
    loss = 2.0 * (rate + trees - 1.0) ** 2 + 0.2 * (rate + 1.5) ** 2 + 0.05 * (depth - best_depth) ** 2
    loss += 3.0 * (rows - 0.75) ** 2 + 2.0 * (columns - 0.62) ** 2 + 0.05 * (penalty + 2.0) ** 2
    return float(loss + {"depth": 0.1, "leaf": 0.0}[policy])


def _choices(trial: Any, seed: int) -> float:
    """Six choices of five each, two of them coupled, and a number."""
    picks = [trial.suggest_categorical(f"c{i}", ["a", "b", "c", "d", "e"]) for i in range(6)]
    cost = sum(("cadbec"[i] != pick) * (0.5 + 0.2 * i) for i, pick in enumerate(picks))
    cost += 0.6 * ((picks[0] == "c") != (picks[1] == "a"))
    return float(cost + (trial.suggest_float("x", 0.0, 10.0) - 7.0) ** 2 / 10.0)


# --- conditional -----------------------------------------------------------------------------------------------------


def _classifier(trial: Any, seed: int) -> float:
    """A choice of three models with parameters of their own, and one in common."""
    scale = trial.suggest_float("scale", 0.0, 1.0)
    common = 2.0 * (scale - 0.3) ** 2
    model = trial.suggest_categorical("model", ["linear", "svm", "forest"])
    if model == "linear":
        return common + 0.5 + 0.1 * (math.log10(trial.suggest_float("alpha", 1e-6, 1.0, log=True)) + 3.0) ** 2
    if model == "svm":
        c = math.log10(trial.suggest_float("c", 1e-3, 1e3, log=True))
        gamma = math.log10(trial.suggest_float("gamma", 1e-5, 10.0, log=True))
        return common + 0.3 * (c + gamma + 1.0) ** 2 + 0.1 * (c - 1.4) ** 2
    depth = trial.suggest_int("depth", 1, 30)
    leaf = trial.suggest_int("leaf", 1, 50, log=True)
    share = trial.suggest_float("share", 0.1, 1.0)
    return common + 0.2 + 0.01 * (depth - 12) ** 2 + 0.2 * math.log2(leaf / 3) ** 2 + (share - 0.4) ** 2


def _layers(trial: Any, seed: int) -> float:
    """A number of layers, each with a width: the best has three, narrowing, and with whole widths comes to 2.4e-5."""
    n = trial.suggest_int("n_layers", 1, 5)
    lr = math.log10(trial.suggest_float("lr", 1e-5, 1e-1, log=True))
    best = [7.5, 6.5, 5.5, 5.0, 4.5]
    loss = 0.5 * abs(n - 3) + 0.3 * (lr + 3.0 + 0.3 * (n - 3)) ** 2
    return loss + sum(0.2 * (math.log2(trial.suggest_int(f"width{i}", 8, 512, log=True)) - best[i]) ** 2
                      for i in range(n))  # fmt: skip


def _pipeline(trial: Any, seed: int) -> float:
    """Nested choices: a scaler, an optional projection with its size, a booster that may stop early."""
    loss = {"none": 0.3, "standard": 0.0, "robust": 0.1}[
        trial.suggest_categorical("scaler", ["none", "standard", "robust"])
    ]
    if trial.suggest_categorical("project", [False, True]):
        loss += 0.002 * (trial.suggest_int("size", 2, 60) - 22) ** 2
        if trial.suggest_categorical("kernel", ["linear", "rbf"]) == "rbf":
            loss += 0.2 * (math.log10(trial.suggest_float("bandwidth", 1e-3, 1e2, log=True)) - 0.5) ** 2
        else:
            loss += 0.25
    else:
        loss += 0.6
    rate = math.log10(trial.suggest_float("rate", 1e-4, 1.0, log=True))
    if trial.suggest_categorical("stop", ["early", "late"]) == "early":
        return loss + 0.4 * (rate + 1.2) ** 2 + 0.01 * (trial.suggest_int("patience", 1, 30) - 8) ** 2
    return loss + 0.2 + 0.4 * (rate + 2.2) ** 2


def mixed() -> list[Task]:
    """List the spaces of numbers and choices."""
    return [
        Task("network", "mixed", _network, 0.0),
        Task("boosting", "mixed", _boosting, 0.0),
        Task("choices", "mixed", _choices, 0.0),
    ]


def conditional() -> list[Task]:
    """List the spaces with branches."""
    return [
        Task("classifier", "conditional", _classifier, 0.0),
        Task("layers", "conditional", _layers, 0.0),
        Task("pipeline", "conditional", _pipeline, 0.0),
    ]
