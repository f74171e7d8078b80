"""Real training: boosted trees predict the progress of diabetes."""

from __future__ import annotations

from typing import Any

import numpy as np

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.data import standardised
from parzen.benchmarks.problem import Params
from parzen.distributions import FloatDistribution, IntDistribution


def train(params: Params, seed: int) -> float:
    from sklearn.ensemble import GradientBoostingRegressor

    x, y, x_valid, y_valid = standardised("diabetes", 220)
    model: Any = GradientBoostingRegressor(
        n_estimators=params["trees"],
        learning_rate=params["rate"],
        max_depth=params["depth"],
        min_samples_leaf=params["leaf"],
        subsample=params["rows"],
        max_features=params["columns"],
        random_state=seed,
    ).fit(x, y)
    return float(np.mean((model.predict(x_valid) - y_valid) ** 2))


PROBLEM = {
    "space": {
        "trees": IntDistribution(5, 40),
        "rate": FloatDistribution(1e-3, 1.0, log=True),
        "depth": IntDistribution(1, 6),
        "leaf": IntDistribution(1, 40, log=True),
        "rows": FloatDistribution(0.3, 1.0),
        "columns": FloatDistribution(0.2, 1.0),
    },
    "function": train,
}
FAMILIES = [fixed("diabetes-boosting", lambda: PROBLEM, "training", 6, "scikit-learn")]
