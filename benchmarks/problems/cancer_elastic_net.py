"""Real training: a linear model, by stochastic gradient descent, classifies tumours."""

from __future__ import annotations

from typing import Any

import numpy as np

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.data import standardised
from parzen.benchmarks.problem import Params
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution


def train(params: Params, seed: int) -> float:
    from sklearn.linear_model import SGDClassifier
    from sklearn.metrics import log_loss

    x, y, x_valid, y_valid = standardised("breast_cancer", 280)
    model: Any = SGDClassifier(
        loss="log_loss",
        penalty="elasticnet",
        alpha=params["alpha"],
        l1_ratio=params["l1_ratio"],
        learning_rate=params["schedule"],
        eta0=params["eta0"],
        power_t=params["power"],
        average=params["average"],
        max_iter=params["epochs"],
        tol=None,
        random_state=seed,
    ).fit(x, y)
    return float(log_loss(y_valid, np.clip(model.predict_proba(x_valid), 1e-6, 1.0), labels=model.classes_))


PROBLEM = {
    "space": {
        "alpha": FloatDistribution(1e-7, 1.0, log=True),
        "l1_ratio": FloatDistribution(0.0, 1.0),
        "schedule": CategoricalDistribution(["constant", "invscaling", "adaptive"]),
        "eta0": FloatDistribution(1e-5, 1.0, log=True),
        "power": FloatDistribution(0.1, 0.9),
        "average": CategoricalDistribution([False, True]),
        "epochs": IntDistribution(5, 50),
    },
    "function": train,
}
FAMILIES = [fixed("cancer-elastic-net", lambda: PROBLEM, "training", 7, "scikit-learn")]
