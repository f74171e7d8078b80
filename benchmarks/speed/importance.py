"""How long does it take to weigh 20 parameters, beside Optuna, and which part of fANOVA is the forest's own fit?

A study of random trials of 20 floats, of which four matter, is weighed by PED-ANOVA with its defaults, and by fANOVA
with the same seed, in one thread: both libraries fit the same forest of scikit-learn's, and find the same numbers; a
difference ends the run. ``forest`` is the fit alone. The time of fANOVA is proportional to the number of trees: 64, the
default, up to 1,000 trials, and two beyond, as Optuna takes about a minute for one.

    pip install "parzen[bench]"
    python -m parzen.benchmarks.speed.importance
    python -m parzen.benchmarks.speed.importance --what PED-ANOVA --rounds 20
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from parzen.benchmarks.speed import timing
from parzen.benchmarks.speed.timing import Case, Pause, Step

Array = Any
WHAT = ["PED-ANOVA", "fANOVA"]
N_PARAMETERS = 20
FEW_TREES_BEYOND = 1000


def n_trees(n: int) -> int:
    return 64 if n <= FEW_TREES_BEYOND else 2


def data(n: int) -> tuple[Array, Array]:
    """Points in the unit cube, and values: one curved effect, one monotone one, an interaction, and noise."""
    rng = np.random.default_rng(n)
    x = rng.random((n, N_PARAMETERS))
    y = np.sin(6 * x[:, 0]) + 3 * x[:, 1] ** 2 + x[:, 2] * x[:, 3] + 0.1 * rng.normal(size=n)
    return x, y


def study_of(module: Any, n: int) -> Any:
    """Make a study of these trials."""
    space = {f"x{j:02}": module.distributions.FloatDistribution(0.0, 1.0) for j in range(N_PARAMETERS)}
    study = module.create_study()
    study.add_trials(
        module.trial.create_trial(params=dict(zip(space, row, strict=True)), distributions=space, value=value)
        for row, value in zip(data(n)[0].tolist(), data(n)[1].tolist(), strict=True)
    )
    return study


def evaluator(module: Any, what: str, n: int) -> Any:
    if what == "PED-ANOVA":
        return module.importance.PedAnovaImportanceEvaluator()
    return module.importance.FanovaImportanceEvaluator(n_trees=n_trees(n), seed=0)


def weigh(module: Any, what: str, n: int, expected: dict[str, float]) -> Step:
    """Make the study; a step weighs its parameters, and is checked against what the first library found."""
    study = study_of(module, n)

    def step(pause: Pause) -> float:
        made = evaluator(module, what, n)
        pause()
        start = time.perf_counter()
        found = module.importance.get_param_importances(study, evaluator=made, normalize=False)
        seconds = time.perf_counter() - start
        if not expected:
            expected.update(found)
        if any(abs(found[name] - expected[name]) > 1e-6 for name in expected):
            sys.exit(f"{module.__name__} found {found}, but expected was {expected}")
        return seconds

    return step


def fit(n: int) -> Step:
    """Fit the forest alone."""
    forests = importlib.import_module("sklearn.ensemble")
    x, y = data(n)

    def step(pause: Pause) -> float:
        regressor = forests.RandomForestRegressor(n_estimators=n_trees(n), max_depth=64, random_state=0)
        pause()
        start = time.perf_counter()
        regressor.fit(x, y)
        return time.perf_counter() - start

    return step


def cases(arguments: argparse.Namespace, modules: dict[str, Any]) -> Iterator[Case]:
    warnings.simplefilter("ignore")  # `normalize` is an experiment of Optuna's
    for what in arguments.what:
        for n in arguments.sizes:
            expected: dict[str, float] = {}
            sides: dict[str, Callable[[], Step]] = {
                name: partial(weigh, module, what, n, expected)
                for name, module in modules.items()
                if name in ("parzen", "optuna")
            }
            if what == "fANOVA":
                sides["forest"] = partial(fit, n)
            yield Case(what if what == "PED-ANOVA" else f"{what}, {n_trees(n)} trees", n, sides)


if __name__ == "__main__":
    timing.main("importance", __doc__, cases, [1000, 10_000], 5, what=WHAT)
