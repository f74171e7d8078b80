"""Branin's function: three basins of one depth (Dixon and Szego 1978)."""

from __future__ import annotations

import math

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.problem import Params
from parzen.distributions import FloatDistribution


def branin(params: Params, seed: int) -> float:
    x, y = params["x0"], params["x1"]
    bend, wave = y - 5.1 * x**2 / (4 * math.pi**2) + 5.0 * x / math.pi - 6.0, 10.0 * (1.0 - 1.0 / (8 * math.pi))
    return float(bend**2 + wave * math.cos(x) + 10.0)


BRANIN = {
    "space": {"x0": FloatDistribution(-5, 10), "x1": FloatDistribution(0, 15)},
    "function": branin,
    "optimum": 0.39788735772973816,
    "at": {"x0": math.pi, "x1": 2.275},
}
FAMILIES = [fixed("branin", lambda: BRANIN, "functions", 2)]
