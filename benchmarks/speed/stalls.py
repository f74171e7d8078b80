"""How long is the longest ask of a study? On a machine that never compiled the kernels, and on one that did.

A study of 300 trials of 10 parameters in memory, with an objective that sleeps for 20 ms; each case in a fresh process:
an empty cache of Numba's, a filled one, and a filled one while two other processes keep two cores busy. Prints the
longest and the median ask (with its suggestions) in milliseconds, and the trial from which compiled kernels were ready.

    python -m parzen.benchmarks.speed.stalls
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any

NAMES = [f"x{i}" for i in range(9)]


def longest_ask(sampler: str, n_trials: int, seconds: float) -> dict[str, Any]:
    """Run a study in this process."""
    import parzen
    from parzen.engine.kernels import loading
    from parzen.samplers.gp import tier
    from parzen.samplers.tpe import model

    rehearsal = tier.REHEARSAL if sampler == "AutoSampler" else model.REHEARSAL
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    study = parzen.create_study(sampler=getattr(parzen.samplers, sampler)(seed=0))
    asks, compiled_from = [], None
    for number in range(n_trials):
        start = time.perf_counter()
        trial = study.ask()
        x = [trial.suggest_float(name, -5, 5) for name in NAMES]
        n = trial.suggest_int("n", 1, 20)
        asks.append((time.perf_counter() - start) * 1e3)
        time.sleep(seconds)
        study.tell(trial, sum(v * v for v in x) + n)
        if compiled_from is None and loading.is_ready(rehearsal):
            compiled_from = number
    return {"longest": max(asks), "median": sorted(asks)[len(asks) // 2], "compiled": compiled_from}


def measured(cache: str, n_busy: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Run a study in a fresh process, with a cache of its own, beside busy ones."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n_busy)]
    try:
        command = [
            sys.executable,
            __file__,
            "--child",
            "--sampler",
            arguments.sampler,
            "--trials",
            str(arguments.trials),
            "--sleep",
            str(arguments.sleep),
        ]
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    finally:
        for process in busy:
            process.kill()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--sleep", type=float, default=0.02, help="seconds that the objective takes")
    parser.add_argument("--sampler", default="AutoSampler", help="or TPESampler (default: %(default)s)")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(longest_ask(arguments.sampler, arguments.trials, arguments.sleep)))
        return
    with tempfile.TemporaryDirectory() as cache:
        empty = measured(cache, 0, arguments)
        subprocess.run(
            [sys.executable, "-m", "parzen.samplers.rehearsals"],
            env={**os.environ, "NUMBA_CACHE_DIR": cache},
            check=True,
        )
        rows = {
            "empty cache": empty,
            "filled cache": measured(cache, 0, arguments),
            "filled cache, two cores busy": measured(cache, 2, arguments),
        }
    print(f"{'':30}{'longest ms':>12}{'median ms':>12}{'compiled from trial':>22}")
    for name, row in rows.items():
        print(f"{name:30}{row['longest']:12.1f}{row['median']:12.2f}{row['compiled'] or '-':>22}")


if __name__ == "__main__":
    main()
