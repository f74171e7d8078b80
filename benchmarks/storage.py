"""Answer how many trials a second a storage keeps up with, beside Optuna's.

Method: one trial is `ask`, 5 suggested parameters (random sampling), 10 reports and `tell`; no objective. Every storage
of either library gets studies of its own, in turn within one process, for a number of rounds; the table gives the
median of the rounds, and the ratio of the medians to Optuna's storage of the same kind. With ``--processes`` several
processes work on one file at once, and their trials are added up.

Durability differs, so compare like with like: Optuna's SQLite file and parzen's ``FULL`` flush the disk at every
transaction and survive a power failure; parzen's ``NORMAL``, its default, survives the death of the process, and after
a power failure may lack the last transactions.

How to run::

    pip install "parzen[bench]"
    python benchmarks/storage.py
    python benchmarks/storage.py --processes 1 4 --folder /somewhere/on/another/disk

"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import parzen
from parzen.storages import InMemoryStorage, SQLiteStorage

OURS, THEIRS = "parzen", "optuna"
MEMORY, NORMAL, FULL = "memory", "SQLite NORMAL", "SQLite FULL"


def library(name: str) -> ModuleType:
    """Import parzen or Optuna."""
    if name == OURS:
        return parzen
    try:
        import optuna
    except ImportError as error:
        raise SystemExit('This compares with Optuna, which is not installed: pip install "parzen[bench]"') from error
    module: ModuleType = optuna
    return module


def storage_of(name: str, kind: str, path: Path) -> Any:
    """Make a storage of one kind; Optuna's SQLite file is as durable as ``FULL``."""
    if name == OURS:
        synchronous = kind.split()[-1]
        return InMemoryStorage() if kind == MEMORY else SQLiteStorage(f"sqlite:///{path}", synchronous=synchronous)
    storages = library(name).storages
    return storages.InMemoryStorage() if kind == MEMORY else storages.RDBStorage(f"sqlite:///{path}")


def run_trials(study: Any, seconds: float) -> int:
    """Run trials for a time; return how many."""
    end = time.perf_counter() + seconds
    n_trials = 0
    while time.perf_counter() < end:
        trial = study.ask()
        total = sum(trial.suggest_float(f"x{i}", 0.0, 1.0) for i in range(5))
        for step in range(10):
            trial.report(total, step)
        study.tell(trial, total)
        n_trials += 1
    return n_trials


def open_and_run(name: str, kind: str, path: Path, seconds: float, barrier: Any = None) -> float:
    """Run trials on a study, created if there is none; return trials a second."""
    module = library(name)
    module.logging.set_verbosity(module.logging.ERROR)
    study = module.create_study(
        storage=storage_of(name, kind, path),
        sampler=module.samplers.RandomSampler(),
        study_name="benchmark",
        load_if_exists=True,
    )
    if barrier is not None:
        barrier.wait()
    start = time.perf_counter()
    rate = run_trials(study, seconds) / (time.perf_counter() - start)
    study._storage.remove_session()
    return rate


def work(name: str, kind: str, path: Path, seconds: float, barrier: Any, rates: Any) -> None:
    """Be one of several processes."""
    rates.put(open_and_run(name, kind, path, seconds, barrier))


def open_and_run_in(n_processes: int, name: str, kind: str, path: Path, seconds: float) -> float:
    """Run trials in several processes on one file; return trials a second of all together."""
    context = multiprocessing.get_context("spawn")
    barrier, rates = context.Barrier(n_processes), context.Queue()
    open_and_run(name, kind, path, 0.0)
    workers = [
        context.Process(target=work, args=(name, kind, path, seconds, barrier, rates)) for _ in range(n_processes)
    ]
    for worker in workers:
        worker.start()
    total = sum(float(rates.get(timeout=seconds + 120)) for _ in workers)
    for worker in workers:
        worker.join()
    return total


def medians(
    cases: list[tuple[str, str]], rounds: int, measure: Callable[[str, str, Path], float], folder: Path
) -> dict[tuple[str, str], float]:
    """Measure every case once a round, each on a new file, and give the medians."""
    rates: dict[tuple[str, str], list[float]] = {case: [] for case in cases}
    for i in range(rounds):
        for name, kind in cases:
            path = folder / f"{name}-{kind.replace(' ', '-')}-{i}-{time.time_ns()}.db"
            rates[name, kind].append(measure(name, kind, path))
    return {case: statistics.median(found) for case, found in rates.items()}


def print_table(title: str, found: dict[tuple[str, str], float]) -> None:
    print(f"\n{title}\n{'':16}{'parzen':>12}{'optuna':>12}{'ratio':>10}")
    for (name, kind), rate in found.items():
        if name == OURS:
            other = found[THEIRS, MEMORY if kind == MEMORY else FULL]
            print(f"{kind:16}{rate:12.1f}{other:12.1f}{rate / other:9.1f}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="time of one measurement (default: 2)")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each storage (default: 5)")
    parser.add_argument("--processes", type=int, nargs="+", default=[1], help="numbers of processes (default: 1)")
    parser.add_argument("--folder", type=Path, help="where to write the files (default: the system's temporary folder)")
    arguments = parser.parse_args()
    versions = f"parzen {parzen.__version__}, optuna {library(THEIRS).__version__}"
    print(f"Trials a second of 5 parameters and 10 reports, median of {arguments.rounds}; {versions}.")
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        for n in arguments.processes:
            cases = [(OURS, NORMAL), (OURS, FULL), (THEIRS, FULL)]
            if n == 1:
                cases = [(OURS, MEMORY), (THEIRS, MEMORY), *cases]

            def measure(name: str, kind: str, path: Path, n: int = n) -> float:
                if n == 1:
                    return open_and_run(name, kind, path, arguments.seconds)
                return open_and_run_in(n, name, kind, path, arguments.seconds)

            title = "1 process" if n == 1 else f"{n} processes on one file"
            print_table(title, medians(cases, arguments.rounds, measure, Path(name)))


if __name__ == "__main__":
    main()
