"""How long does a plot of many trials take, and how large is its figure, beside Optuna's?

Trials have eight parameters and three reports, and two objectives where a plot needs several. A step computes
and draws one plot by plotly; before its times the size of the figure as JSON is printed, without plotly.js. Optuna's
figures grow with the square of the number of trials in contours, so it is asked for fewer there.

    pip install "parzen[bench]"
    python -m parzen.benchmarks.speed.plots --sizes 1000 10000 --rounds 3
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np

from parzen.benchmarks.speed import timing
from parzen.benchmarks.speed.timing import Case, Pause, Step

N_PARAMS, N_REPORTS = 8, 3
OPTUNA_UP_TO = {"contour": 200, "rank": 1000, "parallel_coordinate": 1000, "intermediate_values": 1000}
NAMES = [
    "contour", "edf", "hypervolume_history", "intermediate_values", "optimization_history", "parallel_coordinate",
    "param_importances", "pareto_front", "rank", "slice", "terminator_improvement", "timeline",
]  # fmt: skip
SEVERAL = ("hypervolume_history", "pareto_front")


class Decline:
    """An evaluator that costs nothing, since a plot is measured and not the evaluator."""

    def evaluate(self, trials: list[Any], study_direction: Any) -> float:
        return 1.0 / len(trials)


def study_of(library: Any, n: int, n_objectives: int) -> Any:
    """Make a study of complete trials: floats, one of them on a log scale, an integer and a choice."""
    distributions, rng = library.distributions, np.random.default_rng(0)
    space: dict[str, Any] = {f"x{i}": distributions.FloatDistribution(0, 1) for i in range(N_PARAMS - 3)}
    space["lr"] = distributions.FloatDistribution(1e-5, 1e-1, log=True)
    space["k"] = distributions.IntDistribution(1, 8)
    space["c"] = distributions.CategoricalDistribution(["a", "b", "c"])
    study, trials = library.create_study(directions=["minimize"] * n_objectives), []
    for u in rng.random((n, N_PARAMS + 1)).tolist():
        params = dict(
            zip(space, [*u[:-4], 10 ** (4 * u[-4] - 5), int(1 + 8 * u[-3]), "abc"[int(3 * u[-2])]], strict=True)
        )
        loss = u[0] ** 2 + u[1] * u[-1] + 0.1 * math.log10(params["lr"]) ** 2
        trials.append(
            library.trial.create_trial(
                values=[loss, 1 - u[0] + u[2]][:n_objectives], params=params, distributions=space,
                intermediate_values={step: loss + 1 / (step + 1) for step in range(N_REPORTS)},
            )
        )  # fmt: skip
    study.add_trials(trials)
    return study


def call_of(library: Any, name: str, study: Any) -> Callable[[], Any]:
    """Give what makes a plot's figure."""
    more: dict[str, tuple[Any, ...]] = {
        "hypervolume_history": ([2.0, 2.0],),
        "terminator_improvement": (True, Decline(), Decline()),
    }
    return partial(getattr(library.visualization, f"plot_{name}"), study, *more.get(name, ()))


def step_of(library: Any, name: str, study: Callable[[], Any]) -> Step:
    call = call_of(library, name, study())
    print(f"{name}, {library.__name__}: {len(call().to_json()) / 1e6:.2f} MB of JSON", flush=True)

    def step(pause: Pause) -> float:
        pause()
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    return step


def cases(arguments: argparse.Namespace, modules: dict[str, Any]) -> Iterator[Case]:
    able = {key: module for key, module in modules.items() if hasattr(module, "visualization")}
    for size in arguments.sizes:
        made = cache(lambda key, m, n=size: study_of(able[key], n, m))
        for name in arguments.plots:
            sides = {
                key: partial(step_of, module, name, partial(made, key, 2 if name in SEVERAL else 1))
                for key, module in able.items()
                if module.__name__ != "optuna" or size <= OPTUNA_UP_TO.get(name, size)
            }
            yield Case(name, size, sides)


if __name__ == "__main__":
    timing.main("plots", __doc__, cases, [10_000], 3, plots=NAMES)
