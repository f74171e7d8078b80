"""The validation loss of a network, as it is shaped: a learning rate whose best value depends on the optimizer."""

from __future__ import annotations

import math

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.problem import Params
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

BEST_RATE = {"sgd": -1.0, "adam": -2.7, "rmsprop": -3.2}


def network(params: Params, seed: int) -> float:
    optimizer = params["optimizer"]
    loss = (math.log10(params["lr"]) - BEST_RATE[optimizer]) ** 2 + 0.5 * math.log2(params["width"] / 160) ** 2
    loss += 0.3 * (params["layers"] - 3) ** 2
    loss += 4.0 * (params["dropout"] - 0.2) ** 2 + {"sgd": 0.4, "adam": 0.0, "rmsprop": 0.2}[optimizer]
    return float(loss + {"relu": 0.1, "tanh": 0.5, "gelu": 0.0, "elu": 0.3}[params["activation"]])


NETWORK = {
    "space": {
        "lr": FloatDistribution(1e-5, 1.0, log=True),
        "width": IntDistribution(16, 512, log=True),
        "layers": IntDistribution(1, 6),
        "dropout": FloatDistribution(0.0, 0.6, step=0.1),
        "optimizer": CategoricalDistribution(["sgd", "adam", "rmsprop"]),
        "activation": CategoricalDistribution(["relu", "tanh", "gelu", "elu"]),
    },
    "function": network,
    "optimum": 0.0,
    "at": {"lr": 10**-2.7, "width": 160, "layers": 3, "dropout": 0.2, "optimizer": "adam", "activation": "gelu"},
}
FAMILIES = [fixed("network", lambda: NETWORK, "mixed", 6)]
