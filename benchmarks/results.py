"""Runs as arrays, a table of seeds and evaluations for each problem and contender; and what is read off them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from parzen.benchmarks.problem import Array
from parzen.benchmarks.runs import Run
from parzen.benchmarks.stats import geometric_mean, mann_whitney, regret

BUDGETS = (30, 50, 100, 200, 300, 500, 1000, 2000, 3000, 5000)
FLOOR = 1e-4  # of the regret of one random trial, below which a run counts as solved: a zero has no logarithm
UNITS = ("random", "parzen-random")  # the contenders whose first trial is the unit of regret
LEAST = 0.01  # of the box, added to each share where ratios are taken: nothing dominated has no logarithm


class Results:
    """Regret of values, or shares of a box, of the runs of one kind; the lower the better, and the higher.

    Parameters
    ----------
    runs
        All of them count for the best value of a problem without a known optimum.
    measure
        ``value``, or ``chosen`` of the point with the best value seen where there is noise; ``near`` or ``far``.
    contenders
        Those to keep, ours first.
    budgets
        Numbers of evaluations to look at.

    Attributes
    ----------
    curves : dict[tuple[str, str], ndarray]
        By problem and contender, shape (n_seeds, n_evaluations), seeds ascending. Regrets are in units of the mean
        regret of the first trial of `UNITS`, or of all contenders where it is missing.
    groups : dict[str, str]
        Of each problem.
    """

    def __init__(
        self, runs: Sequence[Run], measure: str, contenders: Sequence[str], budgets: Sequence[int] = BUDGETS
    ) -> None:
        self.contenders, self.measure, self._budgets = list(contenders), measure, budgets
        self.is_regret = measure in ("value", "chosen")
        self.groups = {run.job.problem: run.group for run in runs}
        self.curves: dict[tuple[str, str], Array] = {}
        for problem in self.groups:
            self._add(problem, [run for run in runs if run.job.problem == problem])

    def _add(self, problem: str, runs: list[Run]) -> None:
        found = {name: self._curves(of) for name in self.contenders if (of := _by(runs, name))}
        if not found:
            return
        if self.is_regret:
            best = runs[0].optimum
            valued = [run for run in runs if run.told["value"]]  # elsewhere every evaluation failed
            best = min((run.told["value"][-1][1] for run in valued), default=0.0) if best is None else best
            unit_runs = next((of for name in UNITS if (of := _by(valued, name))), valued)
            unit = float(np.mean([_first(run) for run in unit_runs])) - best if unit_runs else 1.0
            found = {name: regret(curves, best, unit if unit > 0 else 1.0) for name, curves in found.items()}
        self.curves.update({(problem, name): curves for name, curves in found.items()})

    def _curves(self, runs: list[Run]) -> Array:
        length = min(run.job.budget for run in runs)
        curves = np.array([run.curve(self.measure, length) for run in sorted(runs, key=lambda run: run.job.seed)])
        return curves if self.is_regret else np.where(np.isinf(curves), 0.0, curves)

    def problems(self, *contenders: str, budget: int = 1) -> list[str]:
        """List the problems on which some contenders, or all if none is named, come as far as a budget."""
        lengths = {key: curves.shape[1] for key, curves in self.curves.items()}
        return [
            problem
            for problem in self.groups
            if all(lengths.get((problem, c), 0) >= budget for c in contenders or self.contenders)
        ]

    def budgets(self, *contenders: str) -> list[int]:
        """List the budgets that some contenders reach together on some problem, and the largest that they reach."""
        shared = self.problems(*contenders)
        longest = max((min(self.curves[p, c].shape[1] for c in contenders) for p in shared), default=0)
        return [*(budget for budget in self._budgets if budget < longest), *([longest] if longest else [])]

    def end(self, problem: str, *contenders: str) -> int:
        """Give the largest budget that contenders have in common on a problem."""
        return min(len(self.curves[problem, c][0]) for c in contenders)

    def at(self, problem: str, contender: str, budget: int) -> Array:
        """Give the measure of each seed after a budget, (n_seeds,)."""
        return np.asarray(self.curves[problem, contender][:, budget - 1])

    def score(self, problem: str, contender: str, budget: int) -> float:
        """Give one number for the seeds: of regrets the geometric mean with a floor, of shares the mean."""
        values = self.at(problem, contender, budget)
        return geometric_mean(values, FLOOR) if self.is_regret else float(values.mean())

    def ratio(self, problem: str, ours: str, other: str, budget: int, floored: bool = True) -> float:
        """Give the ratio of two scores; not floored: of the arithmetic means, in which the worst runs count most."""
        if not self.is_regret:
            a, b = (self.score(problem, c, budget) + LEAST for c in (ours, other))
        elif floored:
            a, b = (self.score(problem, c, budget) for c in (ours, other))
        else:
            a, b = (max(float(self.at(problem, c, budget).mean()), FLOOR) for c in (ours, other))
        return 1.0 if a == b else a / b  # also where nobody has a value

    def p_value(self, problem: str, ours: str, other: str, budget: int) -> float:
        """Give the p-value that two contenders are alike: Mann-Whitney, with the floor of the scores."""
        a, b = (self.at(problem, c, budget) for c in (ours, other))
        return mann_whitney(np.maximum(a, FLOOR), np.maximum(b, FLOOR)) if self.is_regret else mann_whitney(a, b)

    def is_solved(self, problem: str, contender: str, budget: int) -> bool:
        """Tell whether the regret of every seed is at the floor."""
        return self.is_regret and bool((self.at(problem, contender, budget) <= FLOOR).all())

    def is_better(self, ratio: float) -> bool:
        """Tell whether a ratio speaks for the first."""
        return ratio < 1 if self.is_regret else ratio > 1

    def scores(self, budget: int | None = None) -> tuple[list[str], Array]:
        """Give the problems that all ran, and their scores (n_problems, n_contenders), the lower the better."""
        shared = self.problems(budget=budget or 1)
        sign = 1.0 if self.is_regret else -1.0
        rows = [
            [sign * self.score(problem, c, budget or self.end(problem, *self.contenders)) for c in self.contenders]
            for problem in shared
        ]
        return shared, np.array(rows).reshape(len(shared), len(self.contenders))


def of_kind(runs: Iterable[Run], kind: str) -> list[Run]:
    """Give the runs of a kind of problem."""
    return [run for run in runs if run.kind == kind]


def _by(runs: list[Run], contender: str) -> list[Run]:
    return [run for run in runs if run.job.contender == contender]


def _first(run: Run) -> float:
    return float(run.told["value"][0][1])
