"""The six-hump camel (Dixon and Szego 1978)."""

from __future__ import annotations

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.problem import Params
from parzen.distributions import FloatDistribution


def camel(params: Params, seed: int) -> float:
    a, b = params["x0"], params["x1"]
    return float((4.0 - 2.1 * a**2 + a**4 / 3.0) * a**2 + a * b + (4.0 * b**2 - 4.0) * b**2)


CAMEL = {
    "space": {"x0": FloatDistribution(-3, 3), "x1": FloatDistribution(-2, 2)},
    "function": camel,
    "optimum": -1.031628453489877,
    "at": {"x0": 0.08984201310031806, "x1": -0.7126564030207396},
}
FAMILIES = [fixed("camel", lambda: CAMEL, "functions", 2)]
