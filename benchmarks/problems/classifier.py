"""A choice of three models with parameters of their own, and one in common."""

from __future__ import annotations

import math

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.problem import Params
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

OF_MODEL = {"linear": ["alpha"], "svm": ["c", "gamma"], "forest": ["depth", "leaf", "share"]}


def classifier(params: Params, seed: int) -> float:
    common = 2.0 * (params["scale"] - 0.3) ** 2
    if params["model"] == "linear":
        return float(common + 0.5 + 0.1 * (math.log10(params["alpha"]) + 3.0) ** 2)
    if params["model"] == "svm":
        c, gamma = math.log10(params["c"]), math.log10(params["gamma"])
        return float(common + 0.3 * (c + gamma + 1.0) ** 2 + 0.1 * (c - 1.4) ** 2)
    loss = common + 0.2 + 0.01 * (params["depth"] - 12) ** 2 + 0.2 * math.log2(params["leaf"] / 3) ** 2
    return float(loss + (params["share"] - 0.4) ** 2)


CLASSIFIER = {
    "space": {
        "scale": FloatDistribution(0.0, 1.0),
        "model": CategoricalDistribution(list(OF_MODEL)),
        "alpha": FloatDistribution(1e-6, 1.0, log=True),
        "c": FloatDistribution(1e-3, 1e3, log=True),
        "gamma": FloatDistribution(1e-5, 10.0, log=True),
        "depth": IntDistribution(1, 30),
        "leaf": IntDistribution(1, 50, log=True),
        "share": FloatDistribution(0.1, 1.0),
    },
    "conditions": {
        name: lambda params, model=model: params["model"] == model
        for model, names in OF_MODEL.items()
        for name in names
    },
    "function": classifier,
    "optimum": 0.0,
    "at": {"scale": 0.3, "model": "svm", "c": 10**1.4, "gamma": 10**-2.4},
}
FAMILIES = [fixed("classifier", lambda: CLASSIFIER, "conditional", 8)]
