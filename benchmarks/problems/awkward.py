"""What defaults stumble over, a small problem each: see the functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.problem import FailedEvaluation, Params, Space
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

BRANCHES = [f"b{k}" for k in range(10)]
CHOICES = [str(k) for k in range(50)]


def tree(params: Params, seed: int) -> float:
    """Ten branches with two numbers each; the best one is the fourth, and the others are worse by steps."""
    k = BRANCHES.index(params["branch"])
    return float(0.1 * abs(k - 3) + sum((params[f"x{k}{i}"] - 0.1 * (k + 1 - i)) ** 2 for i in range(2)))


def many_choices(params: Params, seed: int) -> float:
    """Twenty choices of fifty each, which add up: every other one is worth nothing."""
    return float(sum((CHOICES.index(params[f"c{i:02d}"]) - 2 * i - 3) % 50 for i in range(20)) / 1000.0)


def decades(params: Params, seed: int) -> float:
    """A rate over twelve decades, good within half of one, flat far away."""
    off = math.log10(params["rate"]) + 4.0
    return float(1.0 - math.exp(-((off / 0.5) ** 2)) + 0.01 * abs(off))


def plateau(params: Params, seed: int) -> float:
    """Flat but for a funnel around one point, of 3 % of the space."""
    r = math.sqrt(sum((params[f"x{i}"] - 0.7) ** 2 for i in range(3)))
    return min(r / 0.2, 1.0)


def waves(params: Params, seed: int) -> float:
    """One number, fifteen valleys, of which one is the deepest."""
    x = params["x"]
    return float(1.0 - math.cos(30.0 * math.pi * (x - 0.37)) + 4.0 * (x - 0.37) ** 2)


def integers(params: Params, seed: int) -> float:
    """Eight integers of ten values; neighbours in pairs want to be equal."""
    k = np.array([params[f"k{i}"] for i in range(8)])
    return float(((k - 6) ** 2).sum() / 100.0 + np.abs(k[::2] - k[1::2]).sum() / 10.0)


def lost(params: Params, seed: int) -> float:
    """A bowl of which 30 % of the evaluations are lost, wherever they are."""
    x = np.array([params[f"x{i}"] for i in range(5)])
    value = float(((x - 0.6) ** 2).sum())
    digits = np.frombuffer(x.tobytes(), dtype=np.uint32).astype(np.uint64)  # an accident that repeats under a seed
    if int((digits.sum() * np.uint64(2654435761) + np.uint64(seed)) % np.uint64(1000)) < 300:
        raise FailedEvaluation
    return value


def _floats(n: int) -> Space:
    return {f"x{i}": FloatDistribution(0.0, 1.0) for i in range(n)}


TREE: dict[str, Any] = {
    "space": {
        "branch": CategoricalDistribution(BRANCHES),
        **{f"x{k}{i}": FloatDistribution(0.0, 1.0) for k in range(10) for i in range(2)},
    },
    "conditions": {
        f"x{k}{i}": lambda params, k=k: params["branch"] == BRANCHES[k] for k in range(10) for i in range(2)
    },
    "function": tree,
    "optimum": 0.0,
    "at": {"branch": "b3", "x30": 0.4, "x31": 0.3},
}
MANY_CHOICES = {
    "space": {f"c{i:02d}": CategoricalDistribution(CHOICES) for i in range(20)},
    "function": many_choices,
    "optimum": 0.0,
    "at": {f"c{i:02d}": CHOICES[(2 * i + 3) % 50] for i in range(20)},
}
DECADES = {
    "space": {"rate": FloatDistribution(1e-12, 1.0, log=True), **_floats(2)},
    "function": lambda params, seed: decades(params, seed) + 0.1 * abs(params["x0"] - 0.3) + 0.1 * params["x1"],
    "optimum": 0.0,
    "at": {"rate": 1e-4, "x0": 0.3, "x1": 0.0},
}
PLATEAU = {"space": _floats(3), "function": plateau, "optimum": 0.0, "at": {f"x{i}": 0.7 for i in range(3)}}
WAVES = {"space": {"x": FloatDistribution(0.0, 1.0)}, "function": waves, "optimum": 0.0, "at": {"x": 0.37}}
INTEGERS = {
    "space": {f"k{i}": IntDistribution(0, 9) for i in range(8)},
    "function": integers,
    "optimum": 0.0,
    "at": {f"k{i}": 6 for i in range(8)},
}
LOST = {"space": _floats(5), "function": lost, "optimum": 0.0}
FAMILIES = [
    fixed("tree-of-ten", lambda: TREE, "awkward", 21),
    fixed("many-choices", lambda: MANY_CHOICES, "awkward", 20),
    fixed("decades", lambda: DECADES, "awkward", 3),
    fixed("plateau", lambda: PLATEAU, "awkward", 3),
    fixed("waves", lambda: WAVES, "awkward", 1),
    fixed("integers", lambda: INTEGERS, "awkward", 8),
    fixed("lost", lambda: LOST, "awkward", 5),
]
