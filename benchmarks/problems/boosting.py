"""The validation loss of boosted trees, as it is shaped: what counts is the rate times the number of trees."""

from __future__ import annotations

import math

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.problem import Params
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution


def boosting(params: Params, seed: int) -> float:
    rate, trees, penalty = (math.log10(params[name]) for name in ("rate", "trees", "penalty"))
    best_depth = {"depth": 6, "leaf": 9}[params["policy"]]
    loss = 2.0 * (rate + trees - 1.0) ** 2 + 0.2 * (rate + 1.5) ** 2 + 0.05 * (params["depth"] - best_depth) ** 2
    loss += 3.0 * (params["rows"] - 0.75) ** 2 + 2.0 * (params["columns"] - 0.62) ** 2 + 0.05 * (penalty + 2.0) ** 2
    return float(loss + {"depth": 0.1, "leaf": 0.0}[params["policy"]])


# The best number of trees would be 10^2.5, which is no integer; the best rate makes up for a part of that.
RATE = -1.5 - 10 / 11 * (math.log10(316) - 2.5)
AT = {"rate": 10**RATE, "trees": 316, "depth": 9, "rows": 0.75, "columns": 0.62, "penalty": 0.01, "policy": "leaf"}
BOOSTING = {
    "space": {
        "rate": FloatDistribution(1e-3, 1.0, log=True),
        "trees": IntDistribution(10, 2000, log=True),
        "depth": IntDistribution(2, 16),
        "rows": FloatDistribution(0.3, 1.0, step=0.05),
        "columns": FloatDistribution(0.3, 1.0),
        "penalty": FloatDistribution(1e-6, 10.0, log=True),
        "policy": CategoricalDistribution(["depth", "leaf"]),
    },
    "function": boosting,
    "optimum": boosting(AT, 0),
    "at": AT,
}
FAMILIES = [fixed("boosting", lambda: BOOSTING, "mixed", 7)]
