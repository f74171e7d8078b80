"""Does the default sampler find better values than Optuna's in the same number of trials?

Races samplers over functions with known optima (continuous, mixed, conditional), tables of real searches, and real
trainings; every run is a study of its own with a seed of its own. Each finished run is appended to a file of JSON lines
and not run again, so that contenders, tasks and seeds can be added. Then prints, for several budgets, the ratio of the
regrets and how sure it is, and with ``--report`` draws regret against trials.

    pip install ".[bench]"
    python benchmarks/quality.py --seeds 20 --first-seed 1000 --results quality.jsonl --report quality
    python benchmarks/quality.py --tasks functions mixed --contenders parzen optuna --seeds 5
"""

from __future__ import annotations

import argparse
import functools
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import functions
import numpy as np
import quality_report
import runs
import tables
import training
from tasks import Task
from threadpoolctl import threadpool_limits

Contender = Callable[[int], Any]  # makes a study with a given seed


def _parzen(**arguments: Any) -> Contender:
    def make(seed: int) -> Any:
        import parzen

        parzen.logging.set_verbosity(parzen.logging.WARNING)
        return parzen.create_study(sampler=parzen.samplers.TPESampler(seed=seed, **arguments))

    return make


def _optuna(sampler: str, **arguments: Any) -> Contender:
    def make(seed: int) -> Any:
        try:
            import optuna
        except ImportError as error:
            raise SystemExit('Optuna is needed to compare with: pip install "parzen[bench]"') from error
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        return optuna.create_study(sampler=getattr(optuna.samplers, sampler)(seed=seed, **arguments))

    return make


CONTENDERS: dict[str, Contender] = {
    "parzen": _parzen(),
    "optuna": _optuna("TPESampler"),
    "optuna-univariate": _optuna("TPESampler", multivariate=False),
    "random": _optuna("RandomSampler"),
}


@functools.cache
def all_tasks() -> list[Task]:
    """List all tasks."""
    groups = functions.continuous(), functions.mixed(), functions.conditional(), tables.tables(), training.trainings()
    return [task for group in groups for task in group]


def run_one(task: Task, make_study: Contender, n_trials: int, seed: int) -> list[float]:
    """Run one study.

    Returns
    -------
    curve
        After each trial, how much the best point so far, by its value without noise, is worse than the optimum; where
        the optimum is unknown the value itself.
    """
    warnings.simplefilter("ignore")
    study = make_study(seed)
    with threadpool_limits(1, user_api="blas"):  # several threads are slower on matrices so small
        study.optimize(lambda trial: task.objective(trial, seed), n_trials=n_trials)
    trials = study.trials
    values = np.array([trial.value for trial in trials])
    true = values if task.true_value is None else np.array([task.true_value(trial.params) for trial in trials])
    return [float(v) for v in np.minimum.accumulate(true) - (task.optimum or 0.0)]


def run_all(job: tuple[str, int, list[str], int]) -> list[dict[str, Any]]:
    """Run several contenders on one task with one seed, in turn."""
    name, seed, contenders, n_trials = job
    task = next(task for task in all_tasks() if task.name == name)
    done = []
    for contender in contenders:
        start = time.perf_counter()
        curve = run_one(task, CONTENDERS[contender], n_trials, seed)
        seconds = round(time.perf_counter() - start, 3)
        done.append({"task": name, "contender": contender, "seed": seed, "seconds": seconds, "curve": curve})
    return done


def missing(
    tasks: list[Task], contenders: list[str], seeds: range, n_trials: int, results: Path
) -> list[tuple[str, int, list[str], int]]:
    """List the jobs that are not in the file of results yet."""
    done = {(run["task"], run["contender"], run["seed"]) for run in runs.load(results) if len(run["curve"]) >= n_trials}
    jobs = []
    for task in tasks:
        for seed in seeds:
            left = [contender for contender in contenders if (task.name, contender, seed) not in done]
            if left:
                jobs.append((task.name, seed, left, n_trials))
    return jobs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", help="names of tasks or of groups (default: all)")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--seeds", type=int, default=20, help="number of seeds (default: 20)")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1, help="number of processes (default: 1)")
    parser.add_argument("--results", type=Path, help="file of JSON lines to go on with (default: a temporary one)")
    parser.add_argument("--report", type=Path, help="folder for the pictures")
    arguments = parser.parse_args()
    wanted = [t for t in all_tasks() if not arguments.tasks or {t.name, t.group} & set(arguments.tasks)]
    if not wanted:
        raise SystemExit(f"No task is called {arguments.tasks}: give some of {[task.name for task in all_tasks()]}.")
    results = arguments.results or Path(tempfile.mkdtemp()) / "quality.jsonl"
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    jobs = missing(wanted, arguments.contenders, seeds, arguments.trials, results)
    runs.append(results, run_all, jobs, arguments.jobs)
    chosen = quality_report.Results(runs.load(results), wanted, arguments.contenders, seeds)
    quality_report.print_report(chosen)
    quality_report.print_tasks(chosen)
    if arguments.report:
        quality_report.draw(chosen, arguments.report)


if __name__ == "__main__":
    main()
