"""What does a trial of CMA-ES cost, beside Optuna's and its Rust engine's, as trials add up?

Forty float parameters, a population of 20, one study in memory each with as many trials of its own. A step runs a
generation, and gives the mean of the CPU seconds that asking, forty suggestions and telling took.

    pip install "parzen[bench]"
    OMP_NUM_THREADS=1 python -m parzen.benchmarks.speed.adapting

Optuna's takes about three minutes to make its 10,000 trials. With several threads the libraries of linear algebra wait
for each other where cores are busy, which Optuna's eigenvectors feel most: the ratio grows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from parzen.benchmarks.speed import timing
from parzen.benchmarks.speed.timing import Case, Pause, Step

D, POPULATION = 40, 20
NAMES = [f"x{i}" for i in range(D)]


def generation(study: Any, pause: Pause, by_number: bool) -> float:
    """Run a generation; give the mean of the CPU seconds of a trial without its objective."""
    seconds = 0.0
    for _ in range(POPULATION):
        pause()
        start = time.process_time()
        trial = study.ask()
        x = [trial.suggest_float(name, -5.0, 5.0) for name in NAMES]
        seconds += time.process_time() - start
        value = sum((y - 1.0) ** 2 for y in x)
        start = time.process_time()
        study.tell(trial.number if by_number else trial, value)
        seconds += time.process_time() - start
    return seconds / POPULATION


def generations(name: str, module: Any, n: int) -> Step:
    """Make a study of n trials, and what runs a generation more."""
    study = module.create_study(sampler=module.samplers.CmaEsSampler(popsize=POPULATION, seed=0))
    run = partial(generation, study, by_number=name == "rustuna")
    for _ in range(n // POPULATION):
        run(lambda: None)
    return run


def cases(arguments: argparse.Namespace, modules: dict[str, Any]) -> Iterator[Case]:
    for n in arguments.sizes:
        yield Case(
            f"CmaEsSampler, {D} parameters, a trial",
            n,
            {name: partial(generations, name, module, n) for name, module in modules.items()},
        )


if __name__ == "__main__":
    timing.main("adapting", __doc__, cases, [1000, 10_000], 20)
