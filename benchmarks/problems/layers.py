"""A number of layers, each with a width: the best has three, narrowing, and with whole widths comes to 2.4e-5."""

from __future__ import annotations

import math

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.problem import Params
from parzen.distributions import FloatDistribution, IntDistribution

BEST = [7.5, 6.5, 5.5, 5.0, 4.5]


def layers(params: Params, seed: int) -> float:
    n, rate = params["n_layers"], math.log10(params["lr"])
    loss = 0.5 * abs(n - 3) + 0.3 * (rate + 3.0 + 0.3 * (n - 3)) ** 2
    return float(loss + sum(0.2 * (math.log2(params[f"width{i}"]) - BEST[i]) ** 2 for i in range(n)))


AT = {"n_layers": 3, "lr": 1e-3, "width0": 181, "width1": 91, "width2": 45}
LAYERS = {
    "space": {
        "n_layers": IntDistribution(1, 5),
        "lr": FloatDistribution(1e-5, 1e-1, log=True),
        **{f"width{i}": IntDistribution(8, 512, log=True) for i in range(5)},
    },
    "conditions": {f"width{i}": lambda params, i=i: params["n_layers"] > i for i in range(1, 5)},
    "function": layers,
    "optimum": layers(AT, 0),
    "at": AT,
}
FAMILIES = [fixed("layers", lambda: LAYERS, "conditional", 7)]
