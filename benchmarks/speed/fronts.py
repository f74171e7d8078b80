"""How fast are non-dominated ranks, hypervolumes and what points add to them, beside moocore's C and Optuna's NumPy?

Several sets of points of each kind and size are ranked, or measured, in one thread; a step takes the next set. The sets
differ, since over one set that is met again and again the processor learns to predict every branch. Kinds: ``uniform``
points in the unit cube; ``levels``, the same rounded to 20 values, with ties and repetitions, and ``halves``, to two;
``bulge`` and ``dent``, fronts without dominated points, on a sphere and on its inverse; ``mixed``, half of a bulge
among uniform points. Contributions on fronts alone: moocore leaves dominated points out of account. Optuna up to the
sizes at which it takes a second. All must agree: a difference ends the run.

    pip install "parzen[bench]"
    python -m parzen.benchmarks.speed.fronts
    python -m parzen.benchmarks.speed.fronts --what hypervolume --objectives 4 5 --sizes 100 200
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from typing import Any

import numpy as np

from parzen.benchmarks.speed import timing
from parzen.benchmarks.speed.timing import Case, Pause, Step
from parzen.engine.kernels import dominance
from parzen.engine.kernels import hypervolume as volumes
from parzen.samplers import rehearsals

Array = Any
SIZES = {  # by what is measured and the number of objectives
    "ranks": {m: [1000, 10_000] for m in (2, 3, 4, 5)},
    "hypervolume": {2: [100, 1000, 10_000], 3: [100, 200, 1000, 10_000], 4: [100, 200, 1000], 5: [100, 200, 500]},
    "contributions": {2: [100, 1000], 3: [100, 200, 1000], 4: [100, 200], 5: [100]},
}
OPTUNA_UP_TO: dict[str, dict[int, int]] = {
    "ranks": {2: 1000, 3: 1000, 4: 1000, 5: 1000},
    "hypervolume": {2: 1000, 3: 1000, 4: 100},
    "contributions": {},  # it has none
}
REFERENCE = 1.1
LEAST = {"contributions": 1e-7}  # moocore takes what is less than about 1e-8 for nothing


def bulge(rng: np.random.Generator, n: int, m: int, power: float = 2.0) -> Array:
    """Points on a sphere, or on a curve of another power, which bulges to the ideal point or away from it."""
    x = np.abs(rng.normal(size=(n, m)))
    return 1 - x / (x**power).sum(axis=1, keepdims=True) ** (1 / power)


KINDS: dict[str, Callable[[np.random.Generator, int, int], Array]] = {
    "uniform": lambda rng, n, m: rng.random((n, m)),
    "levels": lambda rng, n, m: np.floor(20 * rng.random((n, m))) / 20,
    "halves": lambda rng, n, m: np.floor(2 * rng.random((n, m))) / 2,
    "bulge": bulge,
    "dent": lambda rng, n, m: bulge(rng, n, m, 0.5),
    "mixed": lambda rng, n, m: rng.permutation(np.vstack([bulge(rng, n // 2, m), rng.random((n - n // 2, m))])),
}
DEFAULT_KINDS = {
    "ranks": ["uniform", "levels", "halves", "bulge"],
    "hypervolume": ["bulge", "dent", "mixed"],
    "contributions": ["bulge", "dent"],
}


def contenders(what: str, n: int, m: int) -> dict[str, Callable[[Array], Any]]:
    """Give the function of each library; a library that is not installed is left out."""
    reference = np.full(m, REFERENCE)
    ours: dict[str, Callable[..., Any]] = {
        "ranks": dominance.ranks,
        "hypervolume": volumes.hypervolume,
        "contributions": volumes.contributions,
    }
    theirs = {"ranks": "pareto_rank", "hypervolume": "hypervolume", "contributions": "hv_contributions"}
    given = {} if what == "ranks" else {"reference": reference}
    found: dict[str, Callable[[Array], Any]] = {"parzen": partial(ours[what], **given)}
    if moocore := timing.library("moocore"):
        found["moocore"] = partial(getattr(moocore, theirs[what]), **({"ref": reference} if given else {}))
    if n <= OPTUNA_UP_TO[what].get(m, 0) and timing.library("optuna"):
        found["optuna"] = optunas(what, reference)
    return found


def optunas(what: str, reference: Array) -> Callable[[Array], Any]:
    """Give Optuna's private function; its hypervolume wants points below the reference, as ours here are."""
    if what == "ranks":
        rank = importlib.import_module("optuna.study._multi_objective")._fast_non_domination_rank
        return lambda points: rank(points)
    measure = importlib.import_module("optuna._hypervolume").compute_hypervolume
    return lambda points: measure(points, reference)


N_SETS = 10  # different ones of each kind


def step_of(function: Callable[[Array], Any], what: str, kind: str, n: int, m: int) -> Step:
    """Make sets of points, and what parzen finds; a step answers for the next one, and is checked."""
    sets = [KINDS[kind](np.random.default_rng([seed, n, m]), n, m) for seed in range(N_SETS)]
    ours = contenders(what, n, m)["parzen"]
    turns = cycle([(points, ours(points)) for points in sets])

    def step(pause: Pause) -> float:
        points, expected = next(turns)
        pause()
        start = time.perf_counter()
        found = function(points)
        seconds = time.perf_counter() - start
        if not np.allclose(found, expected, rtol=1e-9, atol=LEAST.get(what, 0.0)):
            sys.exit(f"{function} found {found}, parzen {expected}")
        return seconds

    return step


def cases(arguments: argparse.Namespace, modules: dict[str, Any]) -> Iterator[Case]:
    rehearsals.prepare()  # as in a process that has been asking for a while
    for what in arguments.what:
        chosen = {m: sizes for m, sizes in SIZES[what].items() if str(m) in arguments.objectives}
        kinds = DEFAULT_KINDS[what] if arguments.kinds == list(KINDS) else arguments.kinds
        sized = [(m, n) for m, sizes in chosen.items() for n in arguments.sizes or sizes]
        for m, n, kind in [(m, n, kind) for m, n in sized for kind in kinds]:
            sides = {
                name: partial(step_of, function, what, kind, n, m) for name, function in contenders(what, n, m).items()
            }
            yield Case(f"{what}, {m} objectives, {kind}", n, sides)


if __name__ == "__main__":
    objectives = ["2", "3", "4", "5"]
    timing.main("fronts", __doc__, cases, [], 50, what=list(SIZES), objectives=objectives, kinds=list(KINDS))
