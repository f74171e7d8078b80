"""What does TPE's choice cost, beside Optuna's and its Rust engine's, as trials add up?

Ten float parameters, default samplers, one study each with the same random finished trials; then ask, ten suggestions
and tell in turn in one process, of which ask and suggestions are timed. Also the cost of one trial of a batch of 256,
and the memory that the sampler and the study take at 100,000 trials.

    pip install ".[bench]"
    python benchmarks/asking.py
    python benchmarks/asking.py --objectives 2 --sizes 100 1000
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import time
import tracemalloc
from typing import Any

import numpy as np

from parzen.samplers import rehearsals

D = 10
NAMES = [f"x{i}" for i in range(D)]
LIBRARIES = ["parzen", "rustuna", "optuna"]
SLOWEST = {"optuna": 10_000, "rustuna": 10_000, "parzen": 100_000}  # where a library is left out


def losses(x: Any, n_objectives: int) -> list[float]:
    """Give squared distances to points on a diagonal."""
    return [float(((np.asarray(x) - k) ** 2).sum()) for k in range(n_objectives)]


def library(name: str) -> Any:
    """Import a library, None if it is not installed."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        return None
    if hasattr(module, "logging"):
        module.logging.set_verbosity(module.logging.WARNING)
    return module


def study_of(module: Any, n: int, n_objectives: int) -> Any:
    """Make a study of n random finished trials."""
    study = module.create_study(directions=["minimize"] * n_objectives, sampler=module.samplers.TPESampler(seed=0))
    space = {name: module.distributions.FloatDistribution(-5.0, 5.0) for name in NAMES}
    for x in np.random.default_rng(0).uniform(-5.0, 5.0, (n, D)).tolist():
        params = dict(zip(NAMES, x, strict=True))
        study.add_trial(module.trial.create_trial(params=params, distributions=space, values=losses(x, n_objectives)))
    return study


def ask(study: Any, n_objectives: int) -> float:
    """Run one trial; give the seconds that asking took."""
    start = time.perf_counter()
    trial = study.ask()
    x = [trial.suggest_float(name, -5.0, 5.0) for name in NAMES]
    seconds = time.perf_counter() - start
    study.tell(trial.number, losses(x, n_objectives))
    return seconds


def compare(modules: dict[str, Any], n: int, n_objectives: int, rounds: int) -> dict[str, float]:
    """Give the median milliseconds of an ask for each library, taking turns of several asks."""
    studies = {name: study_of(module, n, n_objectives) for name, module in modules.items() if n <= SLOWEST[name]}
    times: dict[str, list[float]] = {name: [] for name in studies}
    for study in studies.values():
        ask(study, n_objectives)  # the first compiles, and fills what is kept between asks
    for _ in range(4):
        for name, study in studies.items():
            ask(study, n_objectives)
            times[name] += [ask(study, n_objectives) * 1e3 for _ in range(max(rounds // 4, 1))]
    return {name: statistics.median(found) for name, found in times.items()}


def batch(n: int, size: int, rounds: int) -> float:
    """Give the median microseconds of one trial of `ask_batch`."""
    parzen = library("parzen")
    study = study_of(parzen, n, 1)
    space = {name: parzen.distributions.FloatDistribution(-5.0, 5.0) for name in NAMES}
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        found = study.ask_batch(size, space)
        times.append((time.perf_counter() - start) / size * 1e6)
        study.tell_batch(found, np.stack([found[name] for name in NAMES], axis=1).sum(axis=1))
    return statistics.median(times[1:])


def memory(n: int) -> float:
    """Give the megabytes that a study of n trials and its sampler hold after an ask."""
    parzen = library("parzen")
    ask(study_of(parzen, 200, 1), 1)  # what is loaded and compiled does not count
    tracemalloc.start()
    study = study_of(parzen, n, 1)
    ask(study, 1)
    held = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    return held


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000, 100_000], help="finished trials")
    parser.add_argument("--objectives", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--rounds", type=int, default=40)
    arguments = parser.parse_args()
    rehearsals.prepare()  # as in a process that has been asking for a while
    modules = {name: module for name in LIBRARIES if (module := library(name)) is not None}
    print(f"{'objectives':>10}{'trials':>9}" + "".join(f"{name + ' ms':>13}{'ratio':>8}" for name in modules))
    for m in arguments.objectives:
        for n in arguments.sizes:
            found = compare(modules, n, m, arguments.rounds if n <= 1000 else max(arguments.rounds // 2, 5))
            line = "".join(f"{ms:13.3f}{ms / found['parzen']:8.1f}" for ms in found.values())
            print(f"{m:10d}{n:9,}{line}", flush=True)
    print(f"ask_batch(256) at 10,000 trials: {batch(10_000, 256, 7):.1f} us a trial")
    print(f"memory held at 100,000 trials: {memory(100_000):.0f} MB")


if __name__ == "__main__":
    main()
