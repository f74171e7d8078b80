"""What does TPE's choice cost, beside Optuna's and its Rust engine's, as trials add up?

Ten parameters (floats alone, or of all kinds), default samplers, a study of each library with the same random finished
trials; a step asks for a trial and its ten suggestions. Of parzen also one trial of a batch of 256.

    pip install "parzen[bench]"
    python -m parzen.benchmarks.speed.asking
    python -m parzen.benchmarks.speed.asking --objectives 2 --sizes 100 1000
    python -m parzen.benchmarks.speed.asking --spaces mixed --objectives 1 --cold
"""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

import parzen
from parzen.benchmarks.speed import timing
from parzen.benchmarks.speed.overhead import SPACES
from parzen.benchmarks.speed.timing import Case, Pause, Step
from parzen.samplers import rehearsals

LARGEST = 10_000  # beyond it Optuna and Rustuna are left out
BATCH = 256


def space_of(module: Any, space: str) -> dict[str, Any]:
    """Give a library's distributions for what `overhead.SPACES` suggests."""
    of = module.distributions
    if space == "floats":
        return {f"x{i}": of.FloatDistribution(-5.0, 5.0) for i in range(10)}
    return {
        **{f"x{i}": of.FloatDistribution(-5.0, 5.0) for i in range(4)},
        "log": of.FloatDistribution(1e-5, 1.0, log=True),
        "step": of.FloatDistribution(0.0, 1.0, step=0.25),
        "n": of.IntDistribution(1, 9),
        "width": of.IntDistribution(1, 1024, log=True),
        "kind": of.CategoricalDistribution(["a", "b", "c"]),
        "on": of.CategoricalDistribution([True, False]),
    }


def losses(values: Iterable[Any], n_objectives: int) -> list[float]:
    """Give squared distances of the floats to points on a diagonal."""
    x = np.array([value for value in values if isinstance(value, float)])
    return [float(((x - k) ** 2).sum()) for k in range(n_objectives)]


@functools.cache
def points(space: str, n: int) -> list[dict[str, Any]]:
    """Draw random parameters."""
    study = parzen.create_study(sampler=parzen.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: len(SPACES[space](trial)), n_trials=n)
    return [trial.params for trial in study.get_trials(deepcopy=False)]


def study_of(module: Any, space: str, n: int, n_objectives: int, sampler: str = "TPESampler") -> Any:
    """Make a study of n random finished trials."""
    made = getattr(module.samplers, sampler)(seed=0)
    study = module.create_study(directions=["minimize"] * n_objectives, sampler=made)
    distributions, make = space_of(module, space), module.trial.create_trial
    for params in points(space, n):
        values = losses(params.values(), n_objectives)
        study.add_trial(make(params=params, distributions=distributions, values=values))
    return study


def step_of(
    module: Any,
    space: str,
    n: int,
    n_objectives: int,
    sampler: str = "TPESampler",
    clock: Callable[[], float] = time.perf_counter,
) -> Step:
    """Make a step that asks for a trial and its suggestions, timed by a clock."""
    study = study_of(module, space, n, n_objectives, sampler)

    def step(pause: Pause) -> float:
        pause()
        start = clock()
        trial = study.ask()
        values = SPACES[space](trial)
        seconds = clock() - start
        study.tell(trial.number, losses(values, n_objectives))
        return seconds

    return step


def batch_of(module: Any, n: int) -> Step:
    study = study_of(module, "floats", n, 1)
    space = space_of(module, "floats")

    def step(pause: Pause) -> float:
        pause()
        start = time.perf_counter()
        batch = study.ask_batch(BATCH, space)
        seconds = time.perf_counter() - start
        study.tell_batch(batch, np.stack([batch[name] for name in space]).sum(axis=0))
        return seconds / BATCH

    return step


def cases(arguments: argparse.Namespace, modules: dict[str, Any]) -> Iterator[Case]:
    rehearsals.prepare()  # as in a process that has been asking for a while
    for space in arguments.spaces:
        for m in map(int, arguments.objectives):
            for n in arguments.sizes:
                left = {name: module for name, module in modules.items() if name == "parzen" or n <= LARGEST}
                sides = {name: functools.partial(step_of, module, space, n, m) for name, module in left.items()}
                yield Case(f"TPE, {space}, objectives: {m}", n, sides)
    if "parzen" in modules:
        for n in (n for n in arguments.sizes if n <= LARGEST):
            yield Case(
                f"TPE, one trial of ask_batch({BATCH})",
                n,
                {"parzen": functools.partial(batch_of, modules["parzen"], n)},
            )


if __name__ == "__main__":
    sizes = [30, 100, 1000, 10_000, 100_000]
    timing.main("asking", __doc__, cases, sizes, 40, spaces=list(SPACES), objectives=["1", "2", "3"])
