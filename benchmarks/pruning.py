"""How long does `Trial.should_prune` take, and does it grow with the number of trials?

Question: what does a training loop pay for asking after every epoch. Method: for each pruner a study of parzen and one
of Optuna, in memory, each with the same stored trials of 100 reports, three of four complete, the others pruned early,
all marked with the rungs that they completed; then fresh trials report at 100 steps and ask, the libraries in turn in
one process. Only `should_prune` is timed. A trial that is to be pruned is told so, as in a training loop. The table
gives the median microseconds of all calls; the mean over the steps of each step's median, which is what a long trial
pays; and the median of the calls at the steps of rungs (1, 3, 9, 27, 81), the only ones at which successive halving and
Hyperband look at other trials.

    pip install ".[bench]"
    python benchmarks/pruning.py
    python benchmarks/pruning.py --sizes 1000 --pruners MedianPruner HyperbandPruner
"""

from __future__ import annotations

import argparse
import gc
import importlib
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

LIBRARIES = ["parzen", "optuna"]
N_STEPS = 100
RUNGS = {1: 0, 3: 1, 9: 2, 27: 3, 81: 4}  # of a reduction factor of 3, by step
PRUNERS: dict[str, Callable[[Any], Any]] = {
    "MedianPruner": lambda p: p.MedianPruner(),
    "PercentilePruner": lambda p: p.PercentilePruner(75.0),
    "SuccessiveHalvingPruner": lambda p: p.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
    "HyperbandPruner": lambda p: p.HyperbandPruner(max_resource=N_STEPS, reduction_factor=3),
    "PatientPruner": lambda p: p.PatientPruner(p.MedianPruner(), patience=2),
    "WilcoxonPruner": lambda p: p.WilcoxonPruner(),
    "ThresholdPruner": lambda p: p.ThresholdPruner(upper=1e6),
}


def curve(rng: np.random.Generator) -> list[float]:
    """Draw a noisy learning curve for the steps 1 to 100."""
    noise = 0.02 * rng.standard_normal(N_STEPS)
    found: list[float] = (rng.random() + 1 / np.arange(1, N_STEPS + 1) + noise).tolist()
    return found


def stored(module: Any, values: list[float], k: int) -> Any:
    """Make the k-th stored trial: a quarter of them pruned at rungs, the others complete."""
    reports = dict(enumerate(values, start=1))
    last = (3, 9, 27)[k % 3] if k % 4 == 0 else N_STEPS
    reports = {step: value for step, value in reports.items() if step <= last}
    rungs = {f"completed_rung_{rung}": reports[step] for step, rung in RUNGS.items() if step in reports}
    state = module.trial.TrialState.COMPLETE if last == N_STEPS else module.trial.TrialState.PRUNED
    return module.trial.create_trial(state=state, value=reports[last], intermediate_values=reports, system_attrs=rungs)


def study_of(module: Any, pruner: str, n: int) -> Any:
    """Make a study of n stored trials."""
    module.logging.set_verbosity(module.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some pruners are experimental in Optuna
        made = PRUNERS[pruner](module.pruners)
    study = module.create_study(study_name="s", pruner=made, sampler=module.samplers.RandomSampler(seed=0))
    rng = np.random.default_rng(0)
    study.add_trials([stored(module, curve(rng), k) for k in range(n)])
    return study


def run(study: Any, values: list[float], pruned: Any) -> list[float]:
    """Run a trial; give the microseconds of each `should_prune`."""
    trial, times = study.ask(), []
    for step, value in enumerate(values, start=1):
        trial.report(value, step)
        start = time.perf_counter()
        stops = trial.should_prune()
        times.append((time.perf_counter() - start) * 1e6)
        if stops:
            study.tell(trial, state=pruned)
            return times
    study.tell(trial, values[-1])
    return times


def compare(modules: dict[str, Any], pruner: str, n: int, rounds: int, advance: Callable[[], None]) -> dict[str, Any]:
    """Time fresh trials of each library in turn; give lists of microseconds, one a trial, by library."""
    studies = {name: study_of(module, pruner, n) for name, module in modules.items()}
    times: dict[str, list[list[float]]] = {name: [] for name in modules}
    gc.collect()
    gc.disable()  # it may run in either library's time
    for k in range(-1, rounds):
        values = curve(np.random.default_rng(1000 + k))
        values = [value - 0.5 for value in values] if k % 2 else values  # one that goes far, one that may not
        for name, study in studies.items():
            times[name].append(run(study, values, modules[name].trial.TrialState.PRUNED))
        advance()
    gc.enable()
    return {name: found[1:] for name, found in times.items()}  # the first sorts, and fills what is kept


SUMMARIES: dict[str, Callable[[list[list[float]]], float]] = {
    "median": lambda trials: statistics.median([us for times in trials for us in times]),
    "mean step": lambda trials: statistics.mean(
        [statistics.median(t[k] for t in trials if k < len(t)) for k in range(max(map(len, trials)))]
    ),
    "median at rungs": lambda trials: statistics.median(
        [t[step - 1] for t in trials for step in RUNGS if step <= len(t)]
    ),
}


def library(name: str) -> Any:
    """Import a library, None if it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def progress(total: int) -> Callable[[], None]:
    """Give a function that advances a progress bar, if there is one and somebody looks."""
    try:
        from tqdm import tqdm
    except ImportError:
        return lambda: None
    bar = tqdm(total=total, disable=not sys.stderr.isatty(), leave=False)
    return lambda: bar.update() and None


def show(pruner: str, n: int, found: dict[str, list[list[float]]]) -> None:
    line = f"{pruner:<24}{n:>7,}"
    for summary in SUMMARIES.values():
        medians = {name: summary(trials) for name, trials in found.items()}
        line += "".join(f"{us:>10.1f}" for us in medians.values())
        line += f"{medians['optuna'] / medians['parzen']:>7.0f}" if "optuna" in medians else ""
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000], help="stored trials")
    parser.add_argument("--pruners", nargs="+", default=list(PRUNERS), choices=list(PRUNERS), metavar="PRUNER")
    parser.add_argument("--rounds", type=int, default=10, help="trials that report, of each library")
    arguments = parser.parse_args()
    modules = {name: module for name in LIBRARIES if (module := library(name)) is not None}
    advance = progress(len(arguments.sizes) * len(arguments.pruners) * (arguments.rounds + 1))
    columns = "".join(f"{name:>10}" for name in modules) + ("  ratio" if "optuna" in modules else "")
    print(" " * 31 + "".join(f"{title + ', us':>{len(columns)}}" for title in SUMMARIES))
    print(f"{'pruner':<24}{'trials':>7}" + columns * len(SUMMARIES))
    for pruner in arguments.pruners:
        for n in arguments.sizes:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                show(pruner, n, compare(modules, pruner, n, arguments.rounds, advance))


if __name__ == "__main__":
    main()
