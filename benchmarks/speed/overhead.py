"""What does a trial cost beside the objective: ask, ten suggestions, tell?

In memory, `RandomSampler`, ten parameters (floats alone, or of all kinds), at several numbers of trials already in the
study. A step is one trial; of the rows of batches it is one of 256 trials of `ask_batch` and `tell_batch`, which parzen
alone has: there Optuna's trials are asked for and told one after the other.

    pip install "parzen[bench]"
    python -m parzen.benchmarks.speed.overhead
    python -m parzen.benchmarks.speed.overhead --spaces mixed --sizes 1000 --cold
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from parzen.benchmarks.speed import timing
from parzen.benchmarks.speed.timing import Case, Pause, Step


def floats(trial: Any) -> list[Any]:
    return [trial.suggest_float(f"x{i}", -5.0, 5.0) for i in range(10)]


def mixed(trial: Any) -> list[Any]:
    return [
        *(trial.suggest_float(f"x{i}", -5.0, 5.0) for i in range(4)),
        trial.suggest_float("log", 1e-5, 1.0, log=True),
        trial.suggest_float("step", 0.0, 1.0, step=0.25),
        trial.suggest_int("n", 1, 9),
        trial.suggest_int("width", 1, 1024, log=True),
        trial.suggest_categorical("kind", ["a", "b", "c"]),
        trial.suggest_categorical("on", [True, False]),
    ]


BATCH = 256
SPACES: dict[str, Callable[[Any], list[Any]]] = {"floats": floats, "mixed": mixed}


def step_of(
    module: Any, suggest: Callable[[Any], list[Any]], size: int, clock: Callable[[], float] = time.perf_counter
) -> Step:
    """Make a study with so many trials; a step runs one more, timed by a clock."""
    study = module.create_study(sampler=module.samplers.RandomSampler(seed=0))

    def step(pause: Pause) -> float:
        pause()
        start = clock()
        trial = study.ask()
        suggest(trial)
        study.tell(trial.number, 1.0)
        return clock() - start

    for _ in range(size):
        step(lambda: None)
    return step


def batch_of(module: Any, suggest: Callable[[Any], list[Any]], size: int) -> Step:
    """Make a study with so many trials; a step runs a batch more, and gives the seconds of one of its trials."""
    study = module.create_study(sampler=module.samplers.RandomSampler(seed=0))
    trial = study.ask()
    suggest(trial)
    study.tell(trial, 1.0)
    space = study.trials[0].distributions
    values = [1.0] * BATCH

    def step(pause: Pause) -> float:
        pause()
        start = time.perf_counter()
        if hasattr(study, "ask_batch"):
            study.tell_batch(study.ask_batch(BATCH, space), values)
        else:
            for trial in [study.ask(space) for _ in values]:
                study.tell(trial, 1.0)
        return (time.perf_counter() - start) / BATCH

    for _ in range(size // BATCH):
        step(lambda: None)
    return step


def cases(arguments: argparse.Namespace, modules: dict[str, Any]) -> Iterator[Case]:
    for space in arguments.spaces:
        for size in arguments.sizes:
            sides = {name: partial(step_of, module, SPACES[space], size) for name, module in modules.items()}
            yield Case(f"trial, random sampler, {space}", size, sides)
            sides = {
                name: partial(batch_of, module, SPACES[space], size)
                for name, module in modules.items()
                if name != "rustuna"
            }
            yield Case(f"one of a batch, random sampler, {space}", size, sides)


if __name__ == "__main__":
    timing.main("overhead", __doc__, cases, [0, 1000, 10_000], 200, spaces=list(SPACES))
