"""Real training: a kernel machine regresses the digit on the image."""

from __future__ import annotations

from typing import Any

import numpy as np

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.data import standardised
from parzen.benchmarks.problem import Params
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution


def train(params: Params, seed: int) -> float:
    from sklearn.kernel_ridge import KernelRidge

    x, y, x_valid, y_valid = standardised("digits", 300)
    model: Any = KernelRidge(**{"degree": 3, **params}).fit(x, y)
    return float(np.log(np.mean((model.predict(x_valid) - y_valid) ** 2)))


PROBLEM = {
    "space": {
        "kernel": CategoricalDistribution(["rbf", "laplacian", "polynomial"]),
        "alpha": FloatDistribution(1e-6, 1e2, log=True),
        "gamma": FloatDistribution(1e-5, 1.0, log=True),
        "degree": IntDistribution(2, 5),
    },
    "conditions": {"degree": lambda params: params["kernel"] == "polynomial"},
    "function": train,
}
FAMILIES = [fixed("digits-kernel-ridge", lambda: PROBLEM, "training", 4, "scikit-learn")]
