"""What does a trial of NSGA-II cost, beside Optuna's and its Rust engine's, as trials add up?

Ten float parameters, two objectives, default samplers, one study each with as many trials of its own (Optuna's are
added with the generations that it would give them). A step runs a generation, and gives the mean of the seconds that
asking and ten suggestions took, or the largest. Also whole studies of parzen's, from start to end.

    pip install "parzen[bench]"
    python -m parzen.benchmarks.speed.breeding
    python -m parzen.benchmarks.speed.breeding --samplers SMSEMOASampler --sizes 10000 --what mean
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from parzen.benchmarks.speed import timing
from parzen.benchmarks.speed.timing import Case, Pause, Step
from parzen.samplers import rehearsals

D = 10
NAMES = [f"x{i}" for i in range(D)]
SIZE = 50  # trials of a generation
KEY = "NSGAIISampler:generation"
LARGEST = 10_000  # beyond it Optuna and Rustuna are left out
SAMPLERS = ["NSGAIISampler", "SMSEMOASampler"]
MEASURES: dict[str, Callable[[list[float]], float]] = {"mean": statistics.fmean, "slowest": max}


def values_of(x: list[float]) -> list[float]:
    """Give two objectives that are in each other's way."""
    return [x[0], 1 - x[0] + sum(x[1:])]


def objective(trial: Any) -> list[float]:
    return values_of([trial.suggest_float(name, 0.0, 1.0) for name in NAMES])


def study_of(name: str, module: Any, sampler: str, n: int) -> Any:
    """Make a study of n trials."""
    made = getattr(module.samplers, sampler)(seed=0)
    study = module.create_study(directions=["minimize"] * 2, sampler=made)
    if name != "optuna":
        study.optimize(objective, n_trials=n)
        return study
    space = {parameter: module.distributions.FloatDistribution(0.0, 1.0) for parameter in NAMES}
    for i, x in enumerate(np.random.default_rng(0).random((n, D)).tolist()):
        study.add_trial(
            module.trial.create_trial(
                params=dict(zip(NAMES, x, strict=True)), distributions=space, values=values_of(x),
                system_attrs={KEY: i // SIZE},
            )
        )  # fmt: skip
    return study


def generation_of(
    name: str,
    module: Any,
    sampler: str,
    n: int,
    measure: Callable[[list[float]], float],
    clock: Callable[[], float] = time.perf_counter,
) -> Step:
    study = study_of(name, module, sampler, n)

    def step(pause: Pause) -> float:
        times = []
        for _ in range(SIZE):
            pause()
            start = clock()
            trial = study.ask()
            x = [trial.suggest_float(name, 0.0, 1.0) for name in NAMES]
            times.append(clock() - start)
            study.tell(trial.number, values_of(x))
        return measure(times)

    return step


def whole(module: Any, sampler: str, n: int) -> Step:
    def step(pause: Pause) -> float:
        start = time.perf_counter()
        study_of("parzen", module, sampler, n)
        return time.perf_counter() - start

    return step


def cases(arguments: argparse.Namespace, modules: dict[str, Any]) -> Iterator[Case]:
    rehearsals.prepare()  # as in a process that has been asking for a while
    for sampler in arguments.samplers:
        for n in arguments.sizes:
            sides = {name: module for name, module in modules.items() if name == "parzen" or n <= LARGEST}
            for what in (what for what in arguments.what if what in MEASURES):
                # The others have no SMS-EMOA: it is put beside their NSGA-II.
                steps = {
                    name: partial(
                        generation_of, name, module, sampler if name == "parzen" else SAMPLERS[0], n, MEASURES[what]
                    )
                    for name, module in sides.items()
                }
                yield Case(f"{sampler}, {what} ask", n, steps)
            if "whole" in arguments.what and "parzen" in modules:
                yield Case(f"{sampler}, whole study", n, {"parzen": partial(whole, modules["parzen"], sampler, n)})


if __name__ == "__main__":
    sizes, what = [100, 1000, 10_000, 100_000], [*MEASURES, "whole"]
    timing.main("breeding", __doc__, cases, sizes, 8, samplers=SAMPLERS, what=what)
