"""Answer what a trial costs beside its objective, and how long workers are idle, in threads and other processes.

Method: a study of N trials that sleep for a time d and suggest 3 parameters, by TPE, on w workers. With the wall time T
the overhead of a trial is (T - N d / w) / N, what a single worker would see w times, and the idle share of the workers
1 - N d / (w T). Pools are made, and have run trials, before the clock starts; ``--start`` gives what making them costs.
All sides take turns in one process for a number of rounds; the table gives medians. Optuna has threads alone. With
``--reports`` each trial reports so often and asks `should_prune`, which goes to the study's storage.

How to run::

    pip install "parzen[bench]"
    python -m parzen.benchmarks.speed.executors
    python -m parzen.benchmarks.speed.executors --seconds 0 --storages memory sqlite --reports 5
    python -m parzen.benchmarks.speed.executors --workers 64 --seconds 1 --trials 640 --sides processes
    python -m parzen.benchmarks.speed.executors --start

"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import parzen
from parzen.integration.executors import ProcessPool

Optimize = Callable[[Any, Callable[[Any], float], int], None]  # runs trials of a study


class Sleeper:
    """An objective that takes a time and does nothing."""

    def __init__(self, seconds: float, n_reports: int) -> None:
        self.seconds = seconds
        self.n_reports = n_reports

    def __call__(self, trial: Any) -> float:
        total: float = trial.suggest_float("x", 0, 1) + trial.suggest_int("n", 1, 9)
        total += trial.suggest_categorical("kind", ["a", "b"]) == "a"
        if self.seconds:
            time.sleep(self.seconds)
        for step in range(self.n_reports):
            trial.report(total, step)
            trial.should_prune()
        return total


# --- the sides -------------------------------------------------------------------------------------------------------


@contextmanager
def threads(workers: int) -> Iterator[Optimize]:
    yield lambda study, objective, n: study.optimize(objective, n, n_jobs=workers)


def on(executor: Any, workers: int) -> Optimize:
    return lambda study, objective, n: study.optimize(objective, n, n_jobs=workers, executor=executor)


@contextmanager
def processes(workers: int) -> Iterator[Optimize]:
    with ProcessPool(workers) as pool:
        yield on(pool, workers)


@contextmanager
def python(workers: int) -> Iterator[Optimize]:
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield on(pool, workers)


@contextmanager
def loky(workers: int) -> Iterator[Optimize]:
    with importlib.import_module("loky").ProcessPoolExecutor(workers) as pool:
        yield on(pool, workers)


@contextmanager
def dask(workers: int) -> Iterator[Optimize]:
    distributed = importlib.import_module("distributed")
    with ExitStack() as stack:
        cluster = distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
        client = stack.enter_context(distributed.Client(stack.enter_context(cluster)))
        yield on(client.get_executor(), workers)


@contextmanager
def ray(workers: int) -> Iterator[Optimize]:
    os.environ.update(RAY_AUTH_MODE="disabled", RAY_USAGE_STATS_ENABLED="0")
    module = importlib.import_module("ray")
    module.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="error")
    from parzen.integration.executors import RayExecutor

    try:
        yield on(RayExecutor(), workers)
    finally:
        module.shutdown()


SIDES = {"threads": threads, "processes": processes, "python": python, "loky": loky, "dask": dask, "ray": ray}
OPTUNA = "optuna"


@contextmanager
def made(side: str, workers: int) -> Iterator[tuple[Any, Optimize]]:
    """Give the library of a side, and what runs its trials."""
    library = importlib.import_module("optuna") if side == OPTUNA else parzen
    library.logging.set_verbosity(library.logging.ERROR)
    with SIDES.get(side, threads)(workers) as optimize:
        yield library, optimize


# --- measuring -------------------------------------------------------------------------------------------------------


def wall(library: Any, optimize: Optimize, storage: str, objective: Sleeper, n_trials: int) -> float:
    """Run a new study; give its seconds."""
    with tempfile.TemporaryDirectory() as folder:
        where = None if storage == "memory" else f"sqlite:///{Path(folder) / 'study.db'}"
        study = library.create_study(storage=where, sampler=library.samplers.TPESampler(seed=0))
        start = time.perf_counter()
        optimize(study, objective, n_trials)
        seconds = time.perf_counter() - start
        study._storage.remove_session()
    return seconds


def compare(arguments: argparse.Namespace, storage: str, seconds: float) -> None:
    """Print a table of all sides for one storage and one time."""
    n, w, objective = arguments.trials, arguments.workers, Sleeper(seconds, arguments.reports)
    found: dict[str, list[float]] = {side: [] for side in arguments.sides}
    with ExitStack() as stack:
        sides = {side: stack.enter_context(made(side, w)) for side in arguments.sides}
        for library, optimize in sides.values():
            wall(library, optimize, storage, Sleeper(0.0, arguments.reports), 4 * w)
        for k in range(arguments.rounds):
            for side in arguments.sides[:: 1 if k % 2 == 0 else -1]:
                found[side].append(wall(*sides[side], storage, objective, n))
    print(f"\n{n} trials of {seconds:g} s, {w} workers, {storage}, {arguments.reports} reports")
    print(f"{'':<12}{'wall s':>10}{'overhead ms':>14}{'idle':>8}")
    for side, times in found.items():
        taken = statistics.median(times)
        overhead, idle = (taken - n * seconds / w) / n, 1 - n * seconds / (w * taken)
        print(f"{side:<12}{taken:>10.2f}{overhead * 1e3:>14.2f}{idle:>8.0%}", flush=True)


def starts(arguments: argparse.Namespace) -> None:
    """Print what it costs to make each kind of pool, with the first trial of each worker."""
    print(f"{'':<12}{'start s':>10}")
    for side in arguments.sides:
        start = time.perf_counter()
        with made(side, arguments.workers) as (library, optimize):
            wall(library, optimize, "memory", Sleeper(0.0, 0), arguments.workers)
            seconds = time.perf_counter() - start
        print(f"{side:<12}{seconds:>10.2f}", flush=True)


def main() -> None:
    sides = [*SIDES, OPTUNA]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", nargs="+", choices=sides, default=sides)
    parser.add_argument("--seconds", type=float, nargs="+", default=[0.0, 0.05], help="of a trial (default: 0 0.05)")
    parser.add_argument("--storages", nargs="+", choices=["memory", "sqlite"], default=["memory"])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--reports", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--start", action="store_true", help="measure what making the pools costs instead")
    arguments = parser.parse_args()
    if arguments.start:
        starts(arguments)
        return
    for storage in arguments.storages:
        for seconds in arguments.seconds:
            compare(arguments, storage, seconds)


if __name__ == "__main__":
    main()
