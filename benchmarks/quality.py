"""Does the default sampler find better values than Optuna's in the same number of trials?

Runs parzen's and Optuna's default sampler, and random search, on functions with known optima: sphere, Rosenbrock and
Ackley in five dimensions, and a mixed space with floats, integers and categoricals. Prints the median over seeds of the
best value found so far, at several budgets; lower is better.

    pip install ".[bench]"
    python benchmarks/quality.py --seeds 20 --trials 100
"""

from __future__ import annotations

import argparse
import math
import statistics
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

Objective = Callable[[Any], float]


def sphere(trial: Any) -> float:
    x = _floats(trial, 5, -5.0, 5.0)
    return float(np.sum((x - 1.0) ** 2))


def rosenbrock(trial: Any) -> float:
    x = _floats(trial, 5, -2.0, 2.0)
    return float(np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2))


def ackley(trial: Any) -> float:
    x = _floats(trial, 5, -20.0, 20.0) - 3.0
    ripple = -math.exp(float(np.mean(np.cos(2 * math.pi * x))))
    return -20.0 * math.exp(-0.2 * math.sqrt(float(np.mean(x**2)))) + ripple + 20.0 + math.e


def mixed(trial: Any) -> float:
    """Give a loss shaped like a network's: a log learning rate, a width, and choices that move the optimum."""
    lr = trial.suggest_float("lr", 1e-5, 1.0, log=True)
    width = trial.suggest_int("width", 16, 512, log=True)
    layers = trial.suggest_int("layers", 1, 6)
    dropout = trial.suggest_float("dropout", 0.0, 0.6, step=0.1)
    optimizer = trial.suggest_categorical("optimizer", ["sgd", "adam", "rmsprop"])
    activation = trial.suggest_categorical("activation", ["relu", "tanh", "gelu", "elu"])
    best_lr = {"sgd": -1.0, "adam": -2.7, "rmsprop": -3.2}[optimizer]
    loss = (math.log10(lr) - best_lr) ** 2 + 0.5 * (math.log2(width) - 7.3) ** 2 + 0.3 * (layers - 3) ** 2
    loss += 4.0 * (dropout - 0.2) ** 2 + {"sgd": 0.4, "adam": 0.0, "rmsprop": 0.2}[optimizer]
    return loss + {"relu": 0.1, "tanh": 0.5, "gelu": 0.0, "elu": 0.3}[activation]


def _floats(trial: Any, d: int, low: float, high: float) -> np.ndarray[Any, Any]:
    return np.array([trial.suggest_float(f"x{i}", low, high) for i in range(d)])


PROBLEMS: dict[str, Objective] = {"sphere": sphere, "rosenbrock": rosenbrock, "ackley": ackley, "mixed": mixed}


def best_so_far(library: Any, sampler: Any, objective: Objective, n_trials: int) -> list[float]:
    """Run a study and give the best value after each trial."""
    study = library.create_study(sampler=sampler)
    study.optimize(objective, n_trials=n_trials)
    values = [trial.value for trial in study.trials]
    return list(np.minimum.accumulate(values))


def contenders() -> dict[str, Callable[[Objective, int, int], list[float]]]:
    """Give the samplers to race: each takes an objective, a number of trials and a seed."""
    import parzen

    try:
        import optuna
    except ImportError as error:
        raise SystemExit('Optuna is needed to compare with: pip install "parzen[bench]"') from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    return {
        "parzen": lambda f, n, seed: best_so_far(parzen, parzen.samplers.TPESampler(seed=seed), f, n),
        "optuna": lambda f, n, seed: best_so_far(optuna, optuna.samplers.TPESampler(seed=seed), f, n),
        "random": lambda f, n, seed: best_so_far(parzen, parzen.samplers.RandomSampler(seed=seed), f, n),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="number of seeds")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--problems", nargs="+", choices=PROBLEMS, default=list(PROBLEMS))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    from tqdm import tqdm

    samplers = contenders()
    budgets = [n for n in (30, 50, 100, 200) if n < arguments.trials] + [arguments.trials]
    print(f"median best value over {arguments.seeds} seeds (lower is better)")
    print(f"{'problem':12}{'trials':>8}" + "".join(f"{name:>12}" for name in samplers))
    for problem in arguments.problems:
        runs: dict[str, list[list[float]]] = {name: [] for name in samplers}
        seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
        for seed in tqdm(seeds, desc=problem, leave=False):
            for name, run in samplers.items():
                runs[name].append(run(PROBLEMS[problem], arguments.trials, seed))
        for n in budgets:
            medians = [statistics.median(curve[n - 1] for curve in curves) for curves in runs.values()]
            print(f"{problem:12}{n:8d}" + "".join(f"{median:12.4g}" for median in medians))


if __name__ == "__main__":
    main()
