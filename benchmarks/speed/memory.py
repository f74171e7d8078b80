"""What does a study hold in memory: many choices, names that appear in few trials, many trials?

Each case runs in processes of its own, parzen and Optuna in turn: one is timed, the other traces what Python and NumPy
allocate (`tracemalloc`, which slows it down), the compiler of parzen's kernels apart (45 MB in each process). Prints
the megabytes held at the end, the most held on the way, and the seconds.

    pip install "parzen[bench]"
    python -m parzen.benchmarks.speed.memory
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any


def choices(trial: Any, n: int) -> float:
    """Suggest one of n choices."""
    return float(trial.suggest_categorical("x", CHOICES[:n]))


def names(trial: Any, n: int) -> float:
    """Suggest n parameters whose names are new in each trial."""
    return float(sum(trial.suggest_float(f"x{trial.number}-{i}", 0, 1) for i in range(n)))


def floats(trial: Any, n: int) -> float:
    """Suggest the same n parameters in each trial."""
    return float(sum(trial.suggest_float(f"x{i}", 0, 1) for i in range(n)))


CHOICES = list(range(100_000))
CASES: dict[str, tuple[Callable[[Any, int], float], int, int, str, bool]] = {
    # what a trial does, with which number, trials, sampler, whether Optuna runs it, too
    "60 trials, 1,000 choices": (choices, 1000, 60, "TPESampler", True),
    "60 trials, 5,000 choices": (choices, 5000, 60, "TPESampler", True),
    "3,000 trials, 3 new names each": (names, 3, 3000, "TPESampler", True),
    "100,000 trials, 10 parameters": (floats, 10, 100_000, "RandomSampler", False),
}


def run(library: str, case: str, is_traced: bool) -> dict[str, float]:
    """Run a case in this process."""
    optimizer = importlib.import_module(library)
    optimizer.logging.set_verbosity(optimizer.logging.WARNING)
    objective, n, n_trials, sampler, _ = CASES[case]
    study = optimizer.create_study(sampler=getattr(optimizer.samplers, sampler)(seed=0))
    if library == "parzen":
        importlib.import_module("parzen.samplers.rehearsals").prepare()
    study.optimize(lambda trial: objective(trial, n), n_trials=1)  # what is loaded late is no part of the study
    if is_traced:
        tracemalloc.start()
    start = time.perf_counter()
    study.optimize(lambda trial: objective(trial, n), n_trials=n_trials - 1)
    seconds = time.perf_counter() - start
    held, peak = (size / 1e6 for size in tracemalloc.get_traced_memory())
    return {"peak": peak, "held": held} if is_traced else {"seconds": seconds}


def measured(library: str, case: str) -> str:
    """Run a case in two new processes, and lay out what they found."""
    found: dict[str, float] = {}
    for mode in ("--time", "--trace"):
        done = subprocess.run([sys.executable, __file__, mode, library, case], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        found |= json.loads(done.stdout)
    return f"{found['held']:10.1f}{found['peak']:10.1f}{found['seconds']:10.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), metavar="CASE")
    parser.add_argument("--libraries", nargs="+", default=["parzen", "optuna"])
    for mode in ("--time", "--trace"):
        parser.add_argument(mode, nargs=2, metavar=("LIBRARY", "CASE"), help="run one case here, and print JSON")
    arguments = parser.parse_args()
    for is_traced, wanted in ((False, arguments.time), (True, arguments.trace)):
        if wanted:
            library, case = wanted
            print(json.dumps(run(library, case, is_traced)))
            return
    print(f"{'':32}{'':8}{'MB held':>10}{'peak':>10}{'seconds':>10}")
    for case in arguments.cases:
        for library in arguments.libraries if CASES[case][-1] else arguments.libraries[:1]:
            print(f"{case:32}{library:8}{measured(library, case)}", flush=True)


if __name__ == "__main__":
    main()
