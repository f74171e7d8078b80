"""How many evaluations does CMA-ES take to a target, beside the package cmaes? And how many with eight workers?

Both sides begin with the same distribution and have the same population, 20 seeds each. What is told is the mean number
of evaluations until the best value is within the targets of the optimum, a run that does not get there counting as its
budget, and the ratio of the means, ours to theirs.

- ``numbers``: ten functions of 10 and 40 dimensions, beside ``cmaes.CMA``.
- ``grids``: half of the numbers are integers, with the margin on both sides, beside ``cmaes.CMAwM``.
- ``choices``: floats, integers and categorical parameters, beside ``cmaes.CatCMAwM``.
- ``workers``: eight processes on one SQLite file, beside one, with the same population of 20.

    pip install "parzen[bench]"
    OMP_NUM_THREADS=1 python -m parzen.benchmarks.evaluations numbers grids choices workers
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import parzen
from parzen.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers.cmaes import Choices, Normal, Strategy, default_size
from parzen.samplers.cmaes.frame import Frame

Array = Any
Function = Callable[[Array], Array]  # rows of points (k, n) to values (k,)
TARGETS = (1e-3, 1e-8)
SIGMA = 2.0  # of `numbers`, whose means begin anywhere in [-3, 3]


# --- functions -------------------------------------------------------------------------------------------------------


def functions(n: int) -> dict[str, Function]:
    """Make the ten functions of n dimensions, with their optimum, 0, at 0; all but three are turned."""
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((n, n)))[0]
    ramp = np.arange(n) / (n - 1)
    first, rest = slice(0, 1), slice(1, None)
    half = n // 2
    return {
        "sphere": lambda x: (x**2).sum(1),
        "ellipsoid": lambda x: (1e6**ramp * x**2).sum(1),
        "turned ellipsoid": lambda x: (1e6**ramp * (x @ turn) ** 2).sum(1),
        "cigar": lambda x: _weighted(x @ turn, first, 1.0, rest, 1e6),
        "discus": lambda x: _weighted(x @ turn, first, 1e6, rest, 1.0),
        "two axes": lambda x: _weighted(x @ turn, slice(0, half), 1e6, slice(half, None), 1.0),
        "different powers": lambda x: np.sqrt((abs(x @ turn) ** (2 + 4 * ramp)).sum(1)),
        "Rosenbrock": lambda x: _rosenbrock(x + 1),
        "Schwefel 1.2": lambda x: (np.cumsum(x @ turn, axis=1) ** 2).sum(1),
        "sharp ridge": lambda x: _ridge(x @ turn),
    }


def _weighted(y: Array, some: slice, a: float, others: slice, b: float) -> Array:
    return a * (y[:, some] ** 2).sum(1) + b * (y[:, others] ** 2).sum(1)


def _rosenbrock(y: Array) -> Array:
    return (100 * (y[:, 1:] - y[:, :-1] ** 2) ** 2 + (y[:, :-1] - 1) ** 2).sum(1)


def _ridge(y: Array) -> Array:
    return y[:, 0] ** 2 + 100 * np.sqrt((y[:, 1:] ** 2).sum(1))


# --- runs ------------------------------------------------------------------------------------------------------------


class Hits:
    """Counts evaluations until each target is reached."""

    def __init__(self, targets: tuple[float, ...], budget: int) -> None:
        self.targets, self.budget = targets, budget
        self.n = 0
        self.at: list[int] = []

    def take(self, values: Array) -> bool:
        """Take in the values of evaluations, in order; tell whether that was all."""
        for value in values:
            self.n += 1
            while len(self.at) < len(self.targets) and value <= self.targets[len(self.at)]:
                self.at.append(self.n)
        return len(self.at) == len(self.targets) or self.n >= self.budget

    def found(self) -> list[int]:
        """Give the evaluations to each target; the budget where it was not reached."""
        return self.at + [self.budget] * (len(self.targets) - len(self.at))


def numbers_of_ours(f: Function, n: int, seed: int, budget: int) -> list[int]:
    rng, size, hits = np.random.default_rng(seed), default_size(n), Hits(TARGETS, budget)
    mean = rng.uniform(-3, 3, n)
    strategy = Strategy(Normal(mean, SIGMA), Choices(np.empty(0, dtype=np.int64)))
    while True:
        points = strategy.ask(rng, size)
        values = f(points.numbers)
        if hits.take(values):
            return hits.found()
        strategy.tell(points.take(np.argsort(values, kind="stable")))


def numbers_of_theirs(f: Function, n: int, seed: int, budget: int) -> list[int]:
    import cmaes  # type: ignore[import-untyped, unused-ignore]

    size, hits = default_size(n), Hits(TARGETS, budget)
    mean = np.random.default_rng(seed).uniform(-3, 3, n)
    made = cmaes.CMA(mean=mean, sigma=SIGMA, seed=1000 + seed, population_size=size)
    while True:
        points = np.array([made.ask() for _ in range(size)])
        values = f(points)
        if hits.take(values):
            return hits.found()
        made.tell(list(zip(points, values.tolist(), strict=True)))


class Mixed(NamedTuple):
    """A space of floats in [-3, 3], integers in [-10, 10] and categorical parameters, and a function on it."""

    n_floats: int
    n_ints: int
    n_choices: list[int]
    f: Function  # rows of values (k, n + D): floats, integers, indices of choices

    @property
    def n(self) -> int:
        return self.n_floats + self.n_ints

    @property
    def size(self) -> int:
        return default_size(self.n + len(self.n_choices))

    @property
    def deviations(self) -> Array:
        """The first standard deviations: a sixth of each range, of which half a cell on either side is a part."""
        return np.array([1.0] * self.n_floats + [21 / 6] * self.n_ints)


def mixed_of_ours(problem: Mixed, seed: int, budget: int) -> list[int]:
    space: dict[str, BaseDistribution] = {f"x{i}": FloatDistribution(-3, 3) for i in range(problem.n_floats)}
    space |= {f"z{i}": IntDistribution(-10, 10) for i in range(problem.n_ints)}
    space |= {f"c{i}": CategoricalDistribution(range(k)) for i, k in enumerate(problem.n_choices)}
    frame = Frame(space, space)
    strategy = Strategy(Normal(frame.middle(), 1 / 6), Choices(frame.n_choices), frame, with_margin=True)
    rng, hits = np.random.default_rng(seed), Hits(TARGETS[1:], budget)
    while True:
        points = strategy.ask(rng, problem.size)
        values = problem.f(frame.values(points))
        if hits.take(values):
            return hits.found()
        strategy.tell(points.take(np.argsort(values, kind="stable")))


def grids_of_theirs(problem: Mixed, seed: int, budget: int) -> list[int]:
    import cmaes  # type: ignore[import-untyped, unused-ignore]

    ends = np.array([[-3.0, 3.0]] * problem.n_floats + [[-10.0, 10.0]] * problem.n_ints)
    steps = np.array([0.0] * problem.n_floats + [1.0] * problem.n_ints)
    sigma, covariance = _start(problem.deviations)
    made = cmaes.CMAwM(
        mean=np.zeros(problem.n), sigma=sigma, cov=covariance, bounds=ends, steps=steps, seed=1000 + seed,
        population_size=problem.size,
    )  # fmt: skip
    hits = Hits(TARGETS[1:], budget)
    while True:
        asked = [made.ask() for _ in range(problem.size)]
        values = problem.f(np.array([point for point, _ in asked]))
        if hits.take(values):
            return hits.found()
        made.tell([(told, value) for (_, told), value in zip(asked, values.tolist(), strict=True)])


def choices_of_theirs(problem: Mixed, seed: int, budget: int) -> list[int]:
    import cmaes  # type: ignore[import-untyped, unused-ignore]

    sigma, covariance = _start(problem.deviations)
    made = cmaes.CatCMAwM(
        x_space=[[-3, 3]] * problem.n_floats or None,
        z_space=[list(range(-10, 11))] * problem.n_ints or None,
        c_space=problem.n_choices,
        population_size=problem.size, mean=np.zeros(problem.n), sigma=sigma, cov=covariance, seed=1000 + seed,
    )  # fmt: skip
    hits = Hits(TARGETS[1:], budget)
    while True:
        asked = [made.ask() for _ in range(problem.size)]
        rows = [np.concatenate([part for part in (it.x, it.z, it.c.argmax(1)) if part is not None]) for it in asked]
        values = problem.f(np.array(rows))
        if hits.take(values):
            return hits.found()
        made.tell(list(zip(asked, values.tolist(), strict=True)))


def _start(deviations: Array) -> tuple[float, Array]:
    """Split standard deviations into a step size and a covariance matrix of determinant 1."""
    sigma = float(np.exp(np.log(deviations).mean()))
    return sigma, np.diag((deviations / sigma) ** 2)


# --- problems --------------------------------------------------------------------------------------------------------


def squares(at: Array, scales: Array | float = 1.0, turn: Array | None = None) -> Function:
    """Give a quadratic function of points (k, n) whose optimum is `at`; only the first n columns count."""

    def f(x: Array) -> Array:
        away = x[:, : len(at)] - at
        return np.asarray((scales * (away if turn is None else away @ turn) ** 2).sum(1))

    return f


def grid_problems() -> Iterator[tuple[str, Mixed]]:
    for n in (10, 20):
        rng = np.random.default_rng(5)
        at = np.concatenate([rng.uniform(-2, 2, n - n // 2), rng.integers(-7, 8, n // 2)])
        turn = np.linalg.qr(rng.standard_normal((n, n)))[0]
        ramp = np.arange(n) / (n - 1)
        for name, f in {
            "sphere": squares(at),
            "ellipsoid, floats matter less": squares(at, 1e3**ramp),
            "ellipsoid, integers matter less": squares(at, 1e3 ** (1 - ramp)),
            "turned ellipsoid": squares(at, 10**ramp, turn),
        }.items():
            yield f"{name}, {n} dimensions", Mixed(n - n // 2, n // 2, [], f)


def choice_problems() -> Iterator[tuple[str, Mixed]]:
    for n_floats, n_ints, d, k in ((5, 0, 5, 5), (3, 3, 3, 4), (10, 0, 10, 3), (5, 5, 5, 5)):
        rng, n = np.random.default_rng(7), n_floats + n_ints
        at = np.concatenate([rng.uniform(-1.5, 1.5, n_floats), rng.integers(-5, 6, n_ints)])
        right, scales = rng.integers(0, k, d), 1e3 ** (np.arange(n) / (n - 1))
        for name, of_numbers, counts in (
            ("sphere", squares(at), wrong),
            ("ellipsoid", squares(at, scales), wrong),
            ("leading choices", squares(at), behind_the_first_wrong),
        ):
            label = f"{name}, {n_floats} floats, {n_ints} integers, {d} choices of {k}"
            yield label, Mixed(n_floats, n_ints, [k] * d, plus(of_numbers, counts, right))


def wrong(is_right: Array) -> Array:
    return np.asarray((~is_right).sum(1))


def behind_the_first_wrong(is_right: Array) -> Array:
    return np.asarray((1 - np.cumprod(is_right, axis=1)).sum(1))


def plus(of_numbers: Function, counts: Callable[[Array], Array], right: Array) -> Function:
    """Add what choices cost, in the last columns, of which `right` are the best."""
    return lambda x: of_numbers(x) + counts(x[:, -len(right) :] == right)


# --- workers ---------------------------------------------------------------------------------------------------------

N_WORKERS, POPULATION, N_WORKED = 8, 20, 10


def _objective(trial: Any) -> float:
    x = np.array([trial.suggest_float(f"x{i}", -5.0, 5.0) for i in range(N_WORKED)])
    return float((10 ** (3 * np.arange(N_WORKED) / (N_WORKED - 1)) * (x - np.linspace(-2, 2, N_WORKED)) ** 2).sum())


def _work(url: str, target: float, budget: int) -> None:
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    study = parzen.load_study(study_name="s", storage=url, sampler=parzen.samplers.CmaEsSampler(popsize=POPULATION))
    while True:
        trial = study.ask()
        study.tell(trial, _objective(trial))
        if study.best_value <= target or trial.number >= budget:
            return


def worked(n_workers: int, budget: int) -> list[int]:
    """Give the evaluations to the targets of a study that some processes share, in the order of their ends."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'study.db'}"
        study = parzen.create_study(study_name="s", storage=url)
        context = multiprocessing.get_context("spawn")
        processes = [context.Process(target=_work, args=(url, TARGETS[0], budget)) for _ in range(n_workers)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        done = [trial for trial in study.trials if trial.state.is_finished() and trial.value is not None]
        done.sort(key=lambda trial: (trial.datetime_complete, trial.number))
        hits = Hits(TARGETS[:1], budget)
        hits.take([trial.value for trial in done])
        return hits.found()


# --- the program -----------------------------------------------------------------------------------------------------


def told(label: str, ours: list[list[int]], theirs: list[list[int]], average: Callable[..., Array] = np.mean) -> None:
    """Print one line: averages, and the ratio of the averages."""
    a, b = average(ours, axis=0), average(theirs, axis=0)
    cells = "  ".join(f"{x:9.0f} {y:9.0f} {x / y:6.3f}" for x, y in zip(a, b, strict=True))
    print(f"{label:60s} {cells}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="+", choices=["numbers", "grids", "choices", "workers"])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--dimensions", type=int, nargs="+", default=[10, 40])
    parser.add_argument("--only", nargs="+", help="of the ten functions")
    parser.add_argument("--budget", type=int, default=200_000)
    arguments = parser.parse_args()
    seeds, budget = range(arguments.seeds), arguments.budget
    for n in arguments.dimensions if "numbers" in arguments.what else ():
        for name, f in functions(n).items():
            if not arguments.only or name in arguments.only:
                ours = [numbers_of_ours(f, n, seed, budget) for seed in seeds]
                told(f"{name}, {n} dimensions", ours, [numbers_of_theirs(f, n, seed, budget) for seed in seeds])
    for what, problems, theirs in (
        ("grids", grid_problems, grids_of_theirs),
        ("choices", choice_problems, choices_of_theirs),
    ):
        for name, problem in problems() if what in arguments.what else ():
            ours = [mixed_of_ours(problem, seed, budget) for seed in seeds]
            told(name, ours, [theirs(problem, seed, budget) for seed in seeds])
    if "workers" in arguments.what:
        many, one = zip(*[(worked(N_WORKERS, 5000), worked(1, 5000)) for _ in seeds], strict=True)
        for name, average in (("means", np.mean), ("medians", np.median)):
            told(f"eight processes beside one, {name}", list(many), list(one), average)


if __name__ == "__main__":
    main()
