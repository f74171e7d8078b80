"""One contender's evaluations of one problem: the budget that it spends, and what is kept of what it found.

The clock of the sampler runs between evaluations, whatever the library's loop looks like.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from parzen.benchmarks.problem import Array, FailedEvaluation, Params, Problem, Training
from parzen.engine.kernels.dominance import non_dominated
from parzen.indicators import hypervolume

MAX_SHOWN = 300  # points of a front that are kept for the picture

Step = tuple[int, float]


class Spent(Exception):
    """All of the budget is spent."""


def checkpoints(budget: int) -> list[int]:
    """Give numbers of evaluations at which a run is looked at: 1, 2, 3, 5, 7, 10, 15, ..., and the budget."""
    found = [round(10**decade * digit) for decade in range(7) for digit in (1, 1.5, 2, 3, 5, 7)]
    return sorted({n for n in found if n < budget} | {budget})


class Race:
    """What a contender may spend, and did.

    Parameters
    ----------
    problem
        What is evaluated.
    seed
        Seed of the run.
    budget
        Number of evaluations, of steps if the problem has a fidelity.
    clock
        Gives the time in seconds.

    Attributes
    ----------
    n : int
        What is spent.
    """

    def __init__(
        self, problem: Problem, seed: int, budget: int, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.problem, self.seed, self.budget, self._clock = problem, seed, budget, clock
        self.n = 0
        self._steps: list[Step] = []  # each time a value was better than all before
        self._chosen: list[Step] = []  # and each time that one was seen to be, with noise
        self._best_seen = float("inf")
        self._values: list[Array] = []  # with several objectives, (m,) each; NaN: not feasible
        self._trained: dict[int, int] = {}  # steps by trial
        self._tests: list[Step] = []
        self._trainings: dict[int, Training] = {}
        self._due = checkpoints(budget)
        self._times: list[Step] = []
        self._elapsed = 0.0
        self._since = self._clock()

    def evaluate(self, params: Params) -> Any:
        """Evaluate a point.

        Returns
        -------
        outcome
            The value, with noise if there is some; with several objectives, their values and those of constraints.

        Raises
        ------
        Spent
            If nothing is left of the budget.
        FailedEvaluation
            If the point has no value. It counts all the same.
        """
        number = self._begin()
        try:
            found = self.problem.function(params, self.seed)
            if self.problem.front:
                values, constraints = found
                self._values.append(values if (constraints <= 0).all() else np.full(len(values), np.nan))
                return found
            self._note(float(found))
            seen = self.problem.seen(params, float(found), self.seed, number)
            if seen < self._best_seen:
                self._best_seen = seen
                self._chosen.append((self.n, float(found)))
            return seen
        except FailedEvaluation:
            if self.problem.front:
                self._values.append(np.full(len(self.problem.front.ideal), np.nan))
            raise
        finally:
            self._since = self._clock()

    def train(self, trial: int, params: Params) -> float:
        """Train a trial for one more step; give its loss. Raise `Spent` if nothing is left of the budget."""
        self._begin()
        try:
            if trial not in self._trainings:
                assert self.problem.fidelity is not None
                self._trainings[trial] = self.problem.fidelity.start(params, self.seed)
            loss = self._trainings[trial].train()
            self._trained[trial] = self._trained.get(trial, 0) + 1
            if self._note(loss):
                self._tests.append((self.n, self._trainings[trial].test()))
            return loss
        finally:
            self._since = self._clock()

    def forget(self, trial: int) -> None:
        """Drop what is trained of a trial that will not go on."""
        del self._trainings[trial]

    def _begin(self) -> int:
        """Stop the sampler's clock; give the number of what is evaluated next."""
        if self.n >= self.budget:
            raise Spent
        self._elapsed += self._clock() - self._since
        self.n += 1
        if self.n == self._due[0]:
            self._due.pop(0)
            self._times.append((self.n, round(self._elapsed, 5)))
        return self.n - 1

    def _note(self, value: float) -> bool:
        is_better = value < (self._steps[-1][1] if self._steps else float("inf"))  # NaN is not
        if is_better:
            self._steps.append((self.n, value))
        return is_better

    def told(self) -> dict[str, Any]:
        """Give what is stored of the run: trajectories as lists of (evaluations, value), and what the kind needs."""
        found: dict[str, Any] = {"sampler": self._times}
        if self.problem.front:
            return {**found, **self._shares(), "front": self._front_shown()}
        if self.problem.fidelity:
            return {**found, "value": self._steps, "test": self._tests, "trained": list(self._trained.values())}
        return {**found, "value": self._steps, **({"chosen": self._chosen} if self.problem.noise else {})}

    def _front(self, n: int) -> Array:
        """Give the feasible and non-dominated of the first n values."""
        values = np.array(self._values[:n])
        values = values[~np.isnan(values).any(axis=1)]
        return np.asarray(values[non_dominated(values)])

    def _shares(self) -> dict[str, list[Step]]:
        """Give the share of the box up to each reference point that is dominated, by the number of evaluations."""
        of = self.problem.front
        assert of is not None
        fronts = [(n, self._front(n)) for n in checkpoints(self.budget) if 10 <= n <= self.n]
        return {
            name: [(n, round(hypervolume(front, at) / float(np.prod(at - of.ideal)), 6)) for n, front in fronts]
            for name, at in (("near", of.near), ("far", of.far))
        }

    def _front_shown(self) -> list[list[float]]:
        front = self._front(self.n)
        if len(front) > MAX_SHOWN:
            front = front[np.linspace(0, len(front) - 1, MAX_SHOWN).astype(int)]
        found: list[list[float]] = np.round(front, 4).tolist()
        return found
