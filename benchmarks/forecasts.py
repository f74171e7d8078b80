"""How often does the band of a forecast hold what came, and does a new best come as often as was said?

On problems of ``parzen bench`` with one objective a study runs to its end. After some of its trials `forecast` is asked
what as many more bring, by the first of them alone, and then compared with what they brought: whether the best value
then lay in the band of 90 %, or was better or worse than it; the share of runs with a new best beside the mean of the
chances that were given; and the error of the expected best, as a share of what was gained in all runs, beside those of
two simpler guesses: that nothing changes, and least squares in order statistics, with a number of parameters that
matter that is known, half of all (E[y_(i)] = a + C Gamma(i + s) Gamma(n + 1) / (Gamma(i) Gamma(n + 1 + s)), s = 2 / g).

    python -m parzen.benchmarks.forecasts
    python -m parzen.benchmarks.forecasts --problems tables --samplers random --seeds 20 --after 20:80
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

import parzen
from parzen.benchmarks import problems
from parzen.benchmarks.command import at_least
from parzen.benchmarks.players import suggest
from parzen.benchmarks.problem import Array, FailedEvaluation, Problem
from parzen.samplers import AutoSampler, RandomSampler, TPESampler

SAMPLERS = {"default": AutoSampler, "tpe": TPESampler, "random": RandomSampler}
GROUPS = ("functions", "high-dimensional", "mixed", "conditional", "noisy", "tables", "rugged", "failing", "rounded")
AFTER = ("20:20", "30:70", "60:60", "100:100")


class Outcome(NamedTuple):
    """What came, beside what was said of it; values as shares of the spread of the first trials' values."""

    better: bool
    worse: bool
    chance: float
    is_new: bool
    error: float
    error_of_nothing: float
    error_of_least_squares: float


def losses_of(problem: Problem, sampler: str, seed: int, n: int) -> parzen.Study:
    """Run a study of n trials."""
    study = parzen.create_study(sampler=SAMPLERS[sampler](seed=seed))
    for number in range(n):
        trial = study.ask()
        params = suggest(trial, problem)
        try:
            study.tell(trial, problem.seen(params, float(problem.function(params, seed)), seed, number))
        except FailedEvaluation:
            study.tell(trial, state=parzen.trial.TrialState.FAIL)
    return study


def after(study: parzen.Study, n: int, m: int) -> Outcome | None:
    """Ask for a forecast after the first n trials, and compare it with the next m; None where there is none."""
    trials = study.get_trials(deepcopy=False)
    early = parzen.create_study()
    early.add_trials(trials[:n])
    values = np.array([trial.value for trial in trials[:n] if trial.value is not None])
    came = [trial.value for trial in trials[n : n + m] if trial.value is not None]
    if not len(values):
        return None
    found = parzen.planning.forecast(early, m)
    best, truth = float(values.min()), float(min([values.min(), *came]))
    unit = float(np.median(values) - best) or 1.0
    slack = 1e-12 * abs(truth)
    guess = least_squares(np.sort(values), m, max(len(early.trials[0].params) / 2.0, 1.0))
    return Outcome(
        truth < found.low - slack,
        truth > found.high + slack,
        found.chance,
        truth < best,
        abs(found.expected - truth) / unit,
        (best - truth) / unit,
        abs(guess - truth) / unit,
    )


def least_squares(ordered: Array, m: int, g: float) -> float:
    """Extrapolate the expected best by least squares of the best quarter on what is expected of order statistics."""
    n, s = len(ordered), 2.0 / g
    k = min(n, max(3, n // 4))
    rows = np.arange(1, k + 1)
    steps = np.concatenate([[0.0], np.log1p(s / rows[:-1])])
    # log Gamma(i + s) / Gamma(i), up to the constant Gamma(1 + s), which C takes in
    x = np.exp(np.cumsum(steps))
    weight = rows**-0.25  # the root of 1 / sqrt(i)
    a, c = np.linalg.lstsq(np.stack([weight, x * weight], axis=1), ordered[:k] * weight, rcond=None)[0]
    shrink = np.exp(-np.log1p(s / np.arange(n + 1, n + m + 1)).sum())  # of Gamma(n + 1) / Gamma(n + 1 + s), in C, too
    return float(min(a + c * shrink, ordered[0]))


def outcomes(names: Sequence[str], sampler: str, seeds: range, pairs: Sequence[tuple[int, int]]) -> Iterator[Any]:
    """Give pairs of trials, the problem's group, and the outcome."""
    for name in names:
        problem = problems.find(name)
        for seed in seeds:
            study = losses_of(problem, sampler, seed, max(n + m for n, m in pairs))
            for n, m in pairs:
                found = after(study, n, m)
                if found is not None:
                    yield (n, m), problem.group, found


def row(label: str, found: Sequence[Outcome]) -> str:
    """Write a row of the table."""
    table = np.array(found, dtype=np.float64)
    better, worse, chance, new = table[:, :4].mean(axis=0)
    shares = " | ".join(f"{share:.0%}" for share in (1.0 - better - worse, better, worse, chance, new))
    errors = " | ".join(f"{error:.2g}" for error in np.median(table[:, 4:], axis=0))
    return f"| {label} | {len(table)} | {shares} | {errors} |"


def main() -> None:
    """Read the arguments, run, and print a table for each sampler."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", nargs="+", default=list(GROUPS), metavar="WORD")
    parser.add_argument("--samplers", nargs="+", default=["default", "random"], choices=SAMPLERS)
    parser.add_argument("--seeds", type=at_least(1), default=3)
    parser.add_argument("--first-seed", type=at_least(0), default=0)
    parser.add_argument("--after", nargs="+", default=list(AFTER), metavar="TRIALS:MORE")
    arguments = parser.parse_args()
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    pairs = [(int(n), int(m)) for n, _, m in (text.partition(":") for text in arguments.after)]
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    names = [name for name in problems.select(arguments.problems) if problems.find(name).kind == "value"]
    for sampler in arguments.samplers:
        print(f"\n{sampler}, {len(names)} problems, {len(seeds)} seeds\n")
        print(
            "| trials, more | runs | in band | better | worse | chance said | new best | error | of nothing | squares |"
        )
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        found = list(outcomes(names, sampler, seeds, pairs))
        for pair in pairs:
            print(row(f"{pair[0]}, {pair[1]}", [one for of, _, one in found if of == pair]))
        for group in dict.fromkeys(group for _, group, _ in found):
            print(row(group, [one for _, of, one in found if of == group]))


if __name__ == "__main__":
    main()
