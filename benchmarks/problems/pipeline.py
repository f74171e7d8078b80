"""Nested choices: a scaler, an optional projection with its size, a booster that may stop early."""

from __future__ import annotations

import math

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.problem import Params
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution


def pipeline(params: Params, seed: int) -> float:
    loss = {"none": 0.3, "standard": 0.0, "robust": 0.1}[params["scaler"]]
    if not params["project"]:
        loss += 0.6
    else:
        loss += 0.002 * (params["size"] - 22) ** 2
        loss += 0.2 * (math.log10(params["bandwidth"]) - 0.5) ** 2 if params["kernel"] == "rbf" else 0.25
    rate = math.log10(params["rate"])
    if params["stop"] == "early":
        return float(loss + 0.4 * (rate + 1.2) ** 2 + 0.01 * (params["patience"] - 8) ** 2)
    return float(loss + 0.2 + 0.4 * (rate + 2.2) ** 2)


PIPELINE = {
    "space": {
        "scaler": CategoricalDistribution(["none", "standard", "robust"]),
        "project": CategoricalDistribution([False, True]),
        "size": IntDistribution(2, 60),
        "kernel": CategoricalDistribution(["linear", "rbf"]),
        "bandwidth": FloatDistribution(1e-3, 1e2, log=True),
        "rate": FloatDistribution(1e-4, 1.0, log=True),
        "stop": CategoricalDistribution(["early", "late"]),
        "patience": IntDistribution(1, 30),
    },
    "conditions": {
        "size": lambda params: params["project"],
        "kernel": lambda params: params["project"],
        "bandwidth": lambda params: params.get("kernel") == "rbf",
        "patience": lambda params: params["stop"] == "early",
    },
    "function": pipeline,
    "optimum": 0.0,
    "at": {
        "scaler": "standard",
        "project": True,
        "size": 22,
        "kernel": "rbf",
        "bandwidth": 10**0.5,
        "rate": 10**-1.2,
        "stop": "early",
        "patience": 8,
    },
}
FAMILIES = [fixed("pipeline", lambda: PIPELINE, "conditional", 8)]
