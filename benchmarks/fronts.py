"""How fast are non-dominated ranks, hypervolumes and what points add to them, beside moocore's C and Optuna's NumPy?

Several sets of points of each kind and size are ranked, or measured, by each library in turn in one process and one
thread, warm; the table gives the medians, and parzen's time as a share of moocore's. The sets differ, since over one
set that is met again and again the processor learns to predict every branch. Kinds: ``uniform`` points in the unit
cube; ``levels``, the same rounded to 20 values, with ties and repetitions, and ``halves``, to two; ``bulge`` and
``dent``, fronts without dominated points, on a sphere and on its inverse; ``mixed``, half of a bulge among uniform
points. Contributions on fronts alone: moocore leaves dominated points out of account. Optuna, for information, up to
the sizes at which it takes a second. All must agree: a difference ends the run.

    pip install ".[bench]"
    python benchmarks/fronts.py
    python benchmarks/fronts.py --what hypervolume --objectives 4 5 --sizes 100 200
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from tqdm import tqdm

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
    ours = {"ranks": dominance.ranks, "hypervolume": volumes.hypervolume, "contributions": volumes.contributions}
    theirs = {"ranks": "pareto_rank", "hypervolume": "hypervolume", "contributions": "hv_contributions"}
    given = {} if what == "ranks" else {"reference": reference}
    found: dict[str, Callable[[Array], Any]] = {"parzen": partial(ours[what], **given)}
    if moocore := library("moocore"):
        found["moocore"] = partial(getattr(moocore, theirs[what]), **({"ref": reference} if given else {}))
    if n <= OPTUNA_UP_TO[what].get(m, 0) and library("optuna"):
        found["optuna"] = optunas(what, reference)
    return found


def library(name: str) -> Any:
    """Import a library, None if it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def optunas(what: str, reference: Array) -> Callable[[Array], Any]:
    """Give Optuna's private function; its hypervolume wants points below the reference, as ours here are."""
    if what == "ranks":
        rank = importlib.import_module("optuna.study._multi_objective")._fast_non_domination_rank
        return lambda points: rank(points)
    measure = importlib.import_module("optuna._hypervolume").compute_hypervolume
    return lambda points: measure(points, reference)


def compare(
    functions: dict[str, Callable[[Array], Any]], sets: list[Array], seconds: float, least: float
) -> dict[str, float]:
    """Give each function's median microseconds, taking turns over the sets for about so many seconds.

    Answers may differ by rounding, and by `least`.
    """
    times: dict[str, list[float]] = {name: [] for name in functions}
    expected = [functions["parzen"](points) for points in sets]  # compiles
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times["parzen"]) < len(sets):
        for points, answer in zip(sets, expected, strict=True):
            for name, function in functions.items():
                start = time.perf_counter()
                found = function(points)
                times[name].append((time.perf_counter() - start) * 1e6)
                if not np.allclose(found, answer, rtol=1e-9, atol=least):
                    sys.exit(f"{name} found {found}, parzen {answer}")
    return {name: statistics.median(measured) for name, measured in times.items()}


def lines(what: str, arguments: argparse.Namespace) -> list[tuple[int, int, str]]:
    """List objectives, size and kind of all comparisons."""
    chosen = {m: sizes for m, sizes in SIZES[what].items() if m in (arguments.objectives or SIZES[what])}
    kinds = arguments.kinds or DEFAULT_KINDS[what]
    return [(m, n, kind) for m, sizes in chosen.items() for n in arguments.sizes or sizes for kind in kinds]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", choices=list(SIZES), nargs="+", default=list(SIZES))
    parser.add_argument("--objectives", type=int, nargs="+")
    parser.add_argument("--sizes", type=int, nargs="+", help="points, by default those that each can do")
    parser.add_argument("--kinds", choices=list(KINDS), nargs="+")
    parser.add_argument("--sets", type=int, default=10, help="different sets of points of each kind")
    parser.add_argument("--seconds", type=float, default=1.0, help="time for each line of the table")
    arguments = parser.parse_args()
    rehearsals.prepare()  # as in a process that has been asking for a while
    for what in arguments.what:
        print(f"\n{what:>12}{'m':>3}{'n':>8}{'parzen us':>12}{'moocore us':>12}{'ratio':>7}{'optuna us':>12}")
        for m, n, kind in tqdm(lines(what, arguments), desc=what, leave=False, disable=not sys.stderr.isatty()):
            sets = [KINDS[kind](np.random.default_rng([seed, n, m]), n, m) for seed in range(arguments.sets)]
            found = compare(contenders(what, n, m), sets, arguments.seconds, LEAST.get(what, 0.0))
            beside = f"{found['moocore']:12.1f}{found['parzen'] / found['moocore']:7.2f}" if "moocore" in found else ""
            optuna = f"{found['optuna']:12.1f}" if "optuna" in found else ""
            tqdm.write(f"{kind:>12}{m:3}{n:8,}{found['parzen']:12.1f}{beside}{optuna}", file=sys.stdout)


if __name__ == "__main__":
    main()
