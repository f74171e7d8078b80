"""Real trainings of scikit-learn models on its bundled data, a few milliseconds each; the loss is a validation loss."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from tasks import Task

Array = np.ndarray[Any, Any]


@functools.cache
def _data(name: str, n: int) -> tuple[Array, Array, Array, Array]:
    """Give n training points and as many to validate, standardised."""
    from sklearn import datasets

    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))[: 2 * n]
    x, y = (x[order] - x.mean(axis=0)) / (x.std(axis=0) + 1e-9), y[order]
    return x[:n], y[:n], x[n:], y[n:]


def _log_loss(model: Any, x: Array, y: Array) -> float:
    from sklearn.metrics import log_loss

    return float(log_loss(y, np.clip(model.predict_proba(x), 1e-6, 1.0), labels=model.classes_))


def _kernel_machine(trial: Any, seed: int) -> float:
    """Regress the digit on the image: a kernel, its width, and for polynomials the degree."""
    from sklearn.kernel_ridge import KernelRidge

    x, y, x_valid, y_valid = _data("digits", 300)
    kernel = trial.suggest_categorical("kernel", ["rbf", "laplacian", "polynomial"])
    alpha = trial.suggest_float("alpha", 1e-6, 1e2, log=True)
    gamma = trial.suggest_float("gamma", 1e-5, 1.0, log=True)
    degree = trial.suggest_int("degree", 2, 5) if kernel == "polynomial" else 3
    model = KernelRidge(kernel=kernel, alpha=alpha, gamma=gamma, degree=degree).fit(x, y)
    return float(np.log(np.mean((model.predict(x_valid) - y_valid) ** 2)))


def _elastic_net(trial: Any, seed: int) -> float:
    """Classify tumours by a linear model trained by stochastic gradient descent."""
    from sklearn.linear_model import SGDClassifier

    x, y, x_valid, y_valid = _data("breast_cancer", 280)
    model = SGDClassifier(
        loss="log_loss",
        penalty="elasticnet",
        alpha=trial.suggest_float("alpha", 1e-7, 1.0, log=True),
        l1_ratio=trial.suggest_float("l1_ratio", 0.0, 1.0),
        learning_rate=trial.suggest_categorical("schedule", ["constant", "invscaling", "adaptive"]),
        eta0=trial.suggest_float("eta0", 1e-5, 1.0, log=True),
        power_t=trial.suggest_float("power", 0.1, 0.9),
        average=trial.suggest_categorical("average", [False, True]),
        max_iter=trial.suggest_int("epochs", 5, 50),
        tol=None,
        random_state=seed,
    )
    return _log_loss(model.fit(x, y), x_valid, y_valid)


def _tree(trial: Any, seed: int) -> float:
    """Predict the progress of diabetes by boosted trees."""
    from sklearn.ensemble import GradientBoostingRegressor

    x, y, x_valid, y_valid = _data("diabetes", 220)
    model = GradientBoostingRegressor(
        n_estimators=trial.suggest_int("trees", 5, 40),
        learning_rate=trial.suggest_float("rate", 1e-3, 1.0, log=True),
        max_depth=trial.suggest_int("depth", 1, 6),
        min_samples_leaf=trial.suggest_int("leaf", 1, 40, log=True),
        subsample=trial.suggest_float("rows", 0.3, 1.0),
        max_features=trial.suggest_float("columns", 0.2, 1.0),
        random_state=seed,
    )
    return float(np.mean((model.fit(x, y).predict(x_valid) - y_valid) ** 2))


def trainings() -> list[Task]:
    """List the trainings."""
    return [
        Task("digits-kernel-ridge", "training", _kernel_machine, None),
        Task("cancer-elastic-net", "training", _elastic_net, None),
        Task("diabetes-boosting", "training", _tree, None),
    ]
