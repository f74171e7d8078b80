"""What does a trial cost of the samplers that go through points in turn, beside Optuna's, as trials add up?

Four parameters of eight values each (for quasi-random search four floats), in memory; a step asks for a trial and its
four suggestions, and tells it. The study has as many trials of its own before. The partly fixed sampler has a random
one below it.

    pip install "parzen[bench]"
    python -m parzen.benchmarks.speed.sequences
    python -m parzen.benchmarks.speed.sequences --searches grid --sizes 100 1000
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from parzen.benchmarks.speed import timing
from parzen.benchmarks.speed.timing import Case, Pause, Step

NAMES = [f"x{i}" for i in range(4)]


def floats(trial: Any) -> None:
    for name in NAMES:
        trial.suggest_float(name, 0.0, 1.0)


def integers(trial: Any) -> None:
    for name in NAMES:
        trial.suggest_int(name, 0, 7)


def fixed(samplers: Any) -> Any:
    return samplers.PartialFixedSampler({"x0": 0.5}, samplers.RandomSampler(seed=0))


SEARCHES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], None]]] = {
    "sobol": (lambda samplers: samplers.QMCSampler(seed=0), floats),
    "halton": (lambda samplers: samplers.QMCSampler(qmc_type="halton", seed=0), floats),
    "grid": (lambda samplers: samplers.GridSampler({name: list(range(8)) for name in NAMES}, seed=0), integers),
    "brute-force": (lambda samplers: samplers.BruteForceSampler(seed=0), integers),
    "partly-fixed": (fixed, floats),
}


def step_of(module: Any, search: str, size: int) -> Step:
    """Make a study with so many trials; a step runs one more."""
    make, suggest = SEARCHES[search]
    study = module.create_study(sampler=make(module.samplers))

    def step(pause: Pause) -> float:
        pause()
        start = time.perf_counter()
        trial = study.ask()
        suggest(trial)
        study.tell(trial.number, 1.0)
        return time.perf_counter() - start

    for _ in range(size):
        step(lambda: None)
    return step


def cases(arguments: argparse.Namespace, modules: dict[str, Any]) -> Iterator[Case]:
    for search in arguments.searches:
        for size in arguments.sizes:
            sides = {name: partial(step_of, module, search, size) for name, module in modules.items()}
            yield Case(f"trial, {search}", size, sides)


if __name__ == "__main__":
    timing.main("sequences", __doc__, cases, [0, 100, 1000], 100, searches=list(SEARCHES))
