"""How long does `Trial.should_prune` take, and does it grow with the number of trials?

What a training loop pays for asking after every epoch. For each pruner a study in memory has stored trials of 100
reports, three of four complete, the others pruned early, all marked with the rungs that they completed; then fresh
trials report at 100 steps and ask. Only `should_prune` is timed; a step is one trial, and gives the median of its
calls; their mean, which is what a long trial pays; or the median of those at the steps of rungs (1, 3, 9, 27, 81), the
only ones at which successive halving and Hyperband look at other trials. A trial that is to be pruned is told so.

    pip install "parzen[bench]"
    python -m parzen.benchmarks.speed.pruning
    python -m parzen.benchmarks.speed.pruning --sizes 1000 --pruners MedianPruner HyperbandPruner --cold
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from parzen.benchmarks.speed import timing
from parzen.benchmarks.speed.timing import Case, Pause, Step

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
    made = PRUNERS[pruner](module.pruners)
    study = module.create_study(study_name="s", pruner=made, sampler=module.samplers.RandomSampler(seed=0))
    rng = np.random.default_rng(0)
    study.add_trials([stored(module, curve(rng), k) for k in range(n)])
    return study


def run(study: Any, values: list[float], pruned: Any, pause: Pause) -> list[float]:
    """Run a trial; give the seconds of each `should_prune`."""
    trial, times = study.ask(), []
    for step, value in enumerate(values, start=1):
        trial.report(value, step)
        pause()
        start = time.perf_counter()
        stops = trial.should_prune()
        times.append(time.perf_counter() - start)
        if stops:
            study.tell(trial, state=pruned)
            return times
    study.tell(trial, values[-1])
    return times


SUMMARIES: dict[str, Callable[[list[float]], float]] = {
    "median call": statistics.median,
    "mean call": statistics.fmean,
    "at rungs": lambda times: statistics.median(times[step - 1] for step in RUNGS if step <= len(times)),
}


def step_of(module: Any, pruner: str, n: int, summary: str) -> Step:
    """Make a study; a step runs a trial, by turns one that goes far and one that may not."""
    study, numbers = study_of(module, pruner, n), count()

    def step(pause: Pause) -> float:
        k = next(numbers)
        values = curve(np.random.default_rng(1000 + k))
        values = [value - 0.5 for value in values] if k % 2 else values
        return SUMMARIES[summary](run(study, values, module.trial.TrialState.PRUNED, pause))

    return step


def cases(arguments: argparse.Namespace, modules: dict[str, Any]) -> Iterator[Case]:
    able = {name: module for name, module in modules.items() if hasattr(module, "pruners")}
    for pruner in arguments.pruners:
        for n in arguments.sizes:
            for summary in SUMMARIES:
                sides = {name: partial(step_of, module, pruner, n, summary) for name, module in able.items()}
                yield Case(f"{pruner}, {summary}", n, sides)


if __name__ == "__main__":
    timing.main("pruning", __doc__, cases, [100, 1000, 10_000], 10, pruners=list(PRUNERS))
