"""What does a trial cost in Ray Tune beside the objective, with parzen's search and with Ray's OptunaSearch?

The same script, whose trials report ten numbers at once. Told are seconds of the whole run a trial, and the part of it
that the driver spent in the search (proposals, results, ends, snapshots), without the first trials. The sides run in
turn; medians.

    pip install "parzen[bench]"
    python -m parzen.benchmarks.ray_overhead
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from parzen.samplers import TPESampler

REPORTS = 10
FIRST = 10  # trials that are not counted: random proposals, and what is loaded
METHODS = ("suggest", "on_trial_result", "on_trial_complete", "save")


def train(config: dict[str, Any]) -> None:
    """Report what a bowl says."""
    from ray import tune

    loss = sum(value * value for value in config.values())
    for step in range(REPORTS):
        tune.report({"loss": loss + 1 / (step + 1)})


def parzen_search(folder: str, **kwargs: Any) -> Any:
    from parzen.integration.ray import ParzenSearch

    return ParzenSearch(**kwargs)


def optuna_search(folder: str, **kwargs: Any) -> Any:
    from ray.tune.search.optuna import OptunaSearch

    return OptunaSearch(**kwargs)


def optuna_in_a_file(folder: str) -> Any:
    import optuna

    return optuna_search(folder, seed=0, storage=optuna.storages.RDBStorage(f"sqlite:///{folder}/optuna.db"))


SIDES: dict[str, Callable[[str], Any]] = {
    "ParzenSearch": lambda folder: parzen_search(folder, seed=0),
    "ParzenSearch, TPE": lambda folder: parzen_search(folder, sampler=TPESampler(seed=0)),
    "OptunaSearch": lambda folder: optuna_search(folder, seed=0),
    "ParzenSearch, TPE, SQLite": lambda folder: parzen_search(
        folder, sampler=TPESampler(seed=0), storage=f"sqlite:///{folder}/parzen.db"
    ),
    "OptunaSearch, SQLite": optuna_in_a_file,
}


def timed(search: Any, spent: list[float]) -> Any:
    """Let a search note the seconds that it takes: those of a trial are added when it ends."""

    def noting(name: str) -> Any:
        original = getattr(type(search), name)

        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            begun = time.perf_counter()
            try:
                return original(self, *args, **kwargs)
            finally:
                spent[-1] += time.perf_counter() - begun
                if name == "on_trial_complete":
                    spent.append(0.0)

        return method

    search.__class__ = type("Timed", (type(search),), {name: noting(name) for name in METHODS})
    return search


def seconds(side: str, n_trials: int) -> tuple[float, float]:
    """Run the script; give seconds a trial, in all and in the search."""
    from ray import tune

    spent = [0.0]
    with tempfile.TemporaryDirectory() as folder:
        search = timed(SIDES[side](folder), spent)
        begun = time.perf_counter()
        tune.run(
            train,
            config={f"x{i}": tune.uniform(-1.0, 1.0) for i in range(5)},
            metric="loss",
            mode="min",
            num_samples=n_trials,
            search_alg=search,
            storage_path=folder,
            reuse_actors=True,
            verbose=0,
        )
        return (time.perf_counter() - begun) / n_trials, float(np.mean(spent[FIRST:-1]))


def main(arguments: list[str] | None = None) -> None:
    """Run the program; see the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args(arguments)
    os.environ.update(RAY_AUTH_MODE="disabled", RAY_USAGE_STATS_ENABLED="0")
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    seconds("OptunaSearch", 5)  # what is loaded once
    found: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
    for k in range(args.rounds):
        for side in list(SIDES)[:: 1 if k % 2 == 0 else -1]:
            found[side].append(seconds(side, args.trials))
    ray.shutdown()
    print("| search | ms a trial, in all | ms of it in the search |")
    print("| --- | --- | --- |")
    for side, pairs in found.items():
        whole, inside = 1e3 * np.median(pairs, axis=0)
        print(f"| {side} | {whole:.0f} | {inside:.1f} |")


if __name__ == "__main__":
    main()
