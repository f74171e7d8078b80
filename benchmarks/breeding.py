"""What does a trial of NSGA-II cost, beside Optuna's and its Rust engine's, as trials add up? Which operators are best?

Ten float parameters, two objectives, default samplers, one study each with as many trials of its own (Optuna's are
added with the generations that it would give them); then ask, ten suggestions and tell in turn in one process, of which
ask and suggestions are timed over whole generations. Also a study run from start to end. With --quality: the
hypervolume that all trials dominate, as a share of the box up to a reference point, by crossover and mutation.

    pip install ".[bench]"
    python benchmarks/breeding.py
    python benchmarks/breeding.py --sizes 10000 --whole 0 --sampler SMSEMOASampler
    python benchmarks/breeding.py --quality --seeds 8
    python benchmarks/breeding.py --quality --contenders default SMS-EMOA
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from asking import LIBRARIES, library

from parzen.samplers import rehearsals

D = 10
NAMES = [f"x{i}" for i in range(D)]
SIZE = 50  # trials of a generation
KEY = "NSGAIISampler:generation"
SAMPLERS = dict.fromkeys(LIBRARIES, "NSGAIISampler")
SLOWEST = {"optuna": 10_000, "rustuna": 10_000, "parzen": 100_000}  # where a library is left out


def values_of(x: list[float]) -> list[float]:
    """Give two objectives that are in each other's way."""
    return [x[0], 1 - x[0] + sum(x[1:])]


def objective(trial: Any) -> list[float]:
    return values_of([trial.suggest_float(name, 0.0, 1.0) for name in NAMES])


def study_of(name: str, module: Any, n: int) -> Any:
    """Make a study of n trials."""
    sampler = getattr(module.samplers, SAMPLERS[name])(seed=0)
    study = module.create_study(directions=["minimize"] * 2, sampler=sampler)
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


def generation(study: Any) -> list[float]:
    """Run the trials of a generation; give the milliseconds that asking took for each."""
    times = []
    for _ in range(SIZE):
        start = time.perf_counter()
        trial = study.ask()
        x = [trial.suggest_float(name, 0.0, 1.0) for name in NAMES]
        times.append((time.perf_counter() - start) * 1e3)
        study.tell(trial.number, values_of(x))
    return times


def compare(modules: dict[str, Any], n: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Give mean milliseconds of a generation's asks, and the slowest, by library in turns; medians of rounds."""
    studies = {name: study_of(name, module, n) for name, module in modules.items() if n <= SLOWEST[name]}
    for study in studies.values():
        generation(study)  # the first compiles, and fills what is kept between asks
    found: dict[str, list[list[float]]] = {name: [] for name in studies}
    turns = np.random.default_rng(0)
    for _ in range(rounds):
        for name in turns.permutation(list(studies)).tolist():  # who comes after Optuna finds caches empty
            found[name].append(generation(studies[name]))
    return {
        name: (statistics.median(map(statistics.fmean, times)), statistics.median(map(max, times)))
        for name, times in found.items()
    }


def whole(n: int) -> float:
    """Give the seconds of a study of n trials in memory."""
    parzen = library("parzen")
    study_of("parzen", parzen, 3 * SIZE)  # what is loaded and compiled does not count
    start = time.perf_counter()
    study_of("parzen", parzen, n)
    return time.perf_counter() - start


# --- quality ---------------------------------------------------------------------------------------------------------


def zdt(shape: Callable[[float, float], float]) -> Callable[[np.ndarray], list[float]]:
    def values(x: np.ndarray) -> list[float]:
        g = 1 + 9 * x[1:].mean()
        return [x[0], g * shape(x[0], g)]

    return values


def zdt4(x: np.ndarray) -> list[float]:
    y = 10 * x[1:] - 5
    g = 1 + 10 * len(y) + (y**2 - 10 * np.cos(4 * np.pi * y)).sum()
    return [x[0], g * (1 - math.sqrt(x[0] / g))]


def dtlz2(x: np.ndarray) -> list[float]:
    g = 1 + ((x[2:] - 0.5) ** 2).sum()
    a, b = x[:2] * np.pi / 2
    return [g * np.cos(a) * np.cos(b), g * np.cos(a) * np.sin(b), g * np.sin(a)]


def inner(problem: Callable[[np.ndarray], list[float]]) -> Callable[[np.ndarray], list[float]]:
    """Move the optimum from the end of the ranges to 0.37."""
    return lambda x: problem(np.append(x[:1], np.abs(x[1:] - 0.37) / 0.63))


ZDT1 = zdt(lambda f, g: 1 - math.sqrt(f / g))
PROBLEMS: dict[str, tuple[Callable[[np.ndarray], list[float]], int, list[float]]] = {
    "ZDT1": (ZDT1, 30, [1.1, 3.3]),
    "ZDT1, 0.37": (inner(ZDT1), 30, [1.1, 3.3]),
    "ZDT2": (zdt(lambda f, g: 1 - (f / g) ** 2), 30, [1.1, 3.3]),
    "ZDT3": (zdt(lambda f, g: 1 - math.sqrt(f / g) - f / g * math.sin(10 * math.pi * f)), 30, [1.1, 3.3]),
    "ZDT4": (zdt4, 10, [1.1, 60.0]),
    "DTLZ2": (dtlz2, 12, [1.5, 1.5, 1.5]),
}
BUDGETS = [250, 500, 1000, 3000]


def contenders() -> dict[str, Callable[[int], Any]]:
    from parzen.samplers import NSGAIIISampler, NSGAIISampler, RandomSampler, SMSEMOASampler, nsgaii

    near = nsgaii.PolynomialMutation()
    return {
        "random": lambda seed: RandomSampler(seed=seed),
        "default": lambda seed: NSGAIISampler(seed=seed),
        "uniform mutation": lambda seed: NSGAIISampler(seed=seed, mutation=nsgaii.UniformMutation()),
        "polynomial 20": lambda seed: NSGAIISampler(seed=seed, mutation=near),
        "SBX, polynomial 20": lambda seed: NSGAIISampler(seed=seed, crossover=nsgaii.SBXCrossover(), mutation=near),
        "BLX, polynomial 20": lambda seed: NSGAIISampler(
            seed=seed, crossover=nsgaii.BLXAlphaCrossover(), mutation=near
        ),
        "NSGA-III": lambda seed: NSGAIIISampler(seed=seed),
        "SMS-EMOA": lambda seed: SMSEMOASampler(seed=seed),
    }


def at_once(sampler: Any) -> int:
    """Tell how many trials are asked for at once: a generation where there are generations."""
    return 1 if type(sampler).__name__ == "SMSEMOASampler" else SIZE


def volumes(sampler: Any, name: str) -> list[float]:
    """Run one study; give the share of the box that is dominated after each budget."""
    from parzen.engine.kernels.hypervolume import hypervolume

    parzen = library("parzen")
    problem, d, reference = PROBLEMS[name]
    study = parzen.create_study(directions=["minimize"] * len(reference), sampler=sampler)
    space = {f"x{i:02d}": parzen.distributions.FloatDistribution(0.0, 1.0) for i in range(d)}
    values, found = np.empty((0, len(reference))), []
    while len(values) < BUDGETS[-1]:
        batch = study.ask_batch(at_once(sampler), space)
        points = np.stack([batch[parameter] for parameter in space], axis=1)
        new = np.array([problem(x) for x in points])
        study.tell_batch(batch, new)
        values = np.concatenate([values, new])
        if len(values) in BUDGETS:
            found.append(hypervolume(values, np.array(reference)) / math.prod(reference))
    return found


def quality(n_seeds: int, labels: list[str] | None) -> None:
    print(f"{'problem':>12} {'sampler':>20}" + "".join(f"{budget:>16}" for budget in BUDGETS))
    for name in PROBLEMS:
        for label in labels or contenders():
            make = contenders()[label]
            table = np.array([volumes(make(seed), name) for seed in range(n_seeds)])
            error = table.std(axis=0, ddof=1) / math.sqrt(n_seeds)
            cells = "".join(f"  {m:.4f} +-{e:.4f}" for m, e in zip(table.mean(axis=0), error, strict=True))
            print(f"{name:>12} {label:>20}{cells}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000, 100_000], help="finished trials")
    parser.add_argument("--rounds", type=int, default=8, help="generations to be timed")
    parser.add_argument("--whole", type=int, default=100_000, help="trials of the study run from start to end; 0: none")
    parser.add_argument("--quality", action="store_true", help="compare operators instead")
    parser.add_argument("--contenders", nargs="+", help="which, with --quality (default: all)")
    parser.add_argument("--seeds", type=int, default=8, help="studies of each contender")
    parser.add_argument("--sampler", default="NSGAIISampler", help="parzen's, to be timed")
    arguments = parser.parse_args()
    rehearsals.prepare()  # as in a process that has been asking for a while
    SAMPLERS["parzen"] = arguments.sampler
    if arguments.quality:
        library("parzen")
        quality(arguments.seeds, arguments.contenders)
        return
    modules = {name: module for name in LIBRARIES if (module := library(name)) is not None}
    print(f"{'trials':>9}" + "".join(f"{name + ' ms':>13}{'slowest':>9}{'ratio':>8}" for name in modules))
    for n in arguments.sizes:
        found = compare(modules, n, arguments.rounds)
        line = "".join(f"{ms:13.3f}{worst:9.2f}{ms / found['parzen'][0]:8.1f}" for ms, worst in found.values())
        print(f"{n:9,}{line}", flush=True)
    if arguments.whole:
        print(f"a study of {arguments.whole:,} trials: {whole(arguments.whole):.1f} s")


if __name__ == "__main__":
    main()
