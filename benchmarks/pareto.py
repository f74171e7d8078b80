"""Which sampler finds the better front in the same number of evaluations: ours, Optuna's or pymoo's?

Each contender minimises test problems and tables of real searches (pareto_problems.py) one trial at a time, as it comes
out of the box: populations are 50 for parzen and Optuna, 100 for pymoo, which runs with 50 as well. The measure is the
hypervolume that all feasible evaluations so far dominate, as a share of the box from the ideal point to a reference
point. There are two: `near` just behind the front, and `far` where random points lie. Each finished run is appended to
a file of JSON lines and not run again.

The default samplers of parzen and Optuna, which are TPE, have 1,000 evaluations, the others 3,000: Optuna's TPE takes a
minute for the 1,000.

    pip install ".[bench]"
    python benchmarks/pareto.py --results pareto.jsonl --jobs 2 --report pareto
    python benchmarks/pareto.py --problems zdt1 dtlz2 --contenders parzen-nsgaii pymoo-nsgaii --seeds 3
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

import numpy as np
import pareto_report
import runs
from pareto_problems import PROBLEMS, Array, Parameter, Problem, problem
from threadpoolctl import threadpool_limits

BUDGETS = [100, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000, 10_000]
DEFAULT, EVOLUTION = 1000, 3000  # evaluations of default samplers and of the others
MAX_SHOWN = 300  # points of a front that are kept for the picture


class Record:
    """The evaluations of one run."""

    def __init__(self, problem: Problem, n: int) -> None:
        self.problem = problem
        self.values: list[Array] = []
        self.is_feasible: list[bool] = []
        self.n = n

    def evaluate(self, x: Array) -> tuple[Array, Array]:
        """Evaluate a point, and note what came."""
        values, constraints = self.problem.evaluate(x)
        self.values.append(values)
        self.is_feasible.append(bool((constraints <= 0).all()))
        return values, constraints

    def front(self, n: int) -> Array:
        """Give the feasible and non-dominated of the first n values."""
        from parzen.engine.kernels.dominance import non_dominated

        values = np.array(self.values[:n])[self.is_feasible[:n]]
        return values[non_dominated(values)]

    def shares(self, reference: Array) -> list[float]:
        """Give the share of the box that is dominated after each budget."""
        from parzen.indicators import hypervolume

        box = float(np.prod(reference - self.problem.ideal))
        fronts = [self.front(budget) for budget in BUDGETS if budget <= self.n]
        return [round(hypervolume(front, reference) / box, 6) for front in fronts]

    def told(self) -> dict[str, Any]:
        """Give what a line of the file of results says of the run."""
        front = self.front(self.n)
        if len(front) > MAX_SHOWN:
            front = front[np.linspace(0, len(front) - 1, MAX_SHOWN).astype(int)]
        shares = {name: self.shares(getattr(self.problem, name)) for name in ("near", "far")}
        return {"evaluations": self.n, **shares, "front": np.round(front, 4).tolist()}


Contender = Callable[[Record, int], None]  # spends the record's evaluations, with a seed

# --- parzen and Optuna -----------------------------------------------------------------------------------------------


def suggest(trial: Any, parameter: Parameter) -> float:
    """Ask a trial for a parameter."""
    if parameter.kind == "float":
        return float(trial.suggest_float(parameter.name, parameter.low, parameter.high))
    if parameter.kind == "integer":
        return float(trial.suggest_int(parameter.name, int(parameter.low), int(parameter.high)))
    return float(trial.suggest_categorical(parameter.name, list(range(int(parameter.high) + 1))))


def _study(library: str, sampler: str, **arguments: Any) -> Contender:
    def run(record: Record, seed: int) -> None:
        module = __import__(library)
        module.logging.set_verbosity(module.logging.WARNING)
        directions = ["minimize"] * len(record.problem.ideal)
        study = module.create_study(
            directions=directions, sampler=getattr(module.samplers, sampler)(seed=seed, **arguments)
        )

        def objective(trial: Any) -> list[float]:
            x = np.array([suggest(trial, parameter) for parameter in record.problem.parameters])
            values, constraints = record.evaluate(x)
            for i, constraint in enumerate(constraints.tolist()):
                trial.set_constraint(f"c{i}", constraint)
            return list(map(float, values))

        study.optimize(objective, n_trials=record.n)

    return run


# --- pymoo -----------------------------------------------------------------------------------------------------------


def _pymoo(population_size: int) -> Contender:
    return functools.partial(_run_pymoo, population_size)


def _run_pymoo(population_size: int, record: Record, seed: int) -> None:
    from pymoo.algorithms.moo.nsga2 import NSGA2, RankAndCrowdingSurvival
    from pymoo.core.mixed import MixedVariableGA
    from pymoo.optimize import minimize

    is_mixed = any(parameter.kind != "float" for parameter in record.problem.parameters)
    mixed = functools.partial(MixedVariableGA, survival=RankAndCrowdingSurvival())  # as its manual recommends
    algorithm = (mixed if is_mixed else NSGA2)(pop_size=population_size)
    minimize(_problem_of_pymoo(record, is_mixed), algorithm, ("n_eval", record.n), seed=seed)


def _problem_of_pymoo(record: Record, is_mixed: bool) -> Any:
    from pymoo.core.problem import ElementwiseProblem
    from pymoo.core.variable import Choice, Integer, Real

    parameters = record.problem.parameters
    kinds: dict[str, Callable[[Parameter], Any]] = {
        "float": lambda p: Real(bounds=(p.low, p.high)),
        "integer": lambda p: Integer(bounds=(int(p.low), int(p.high))),
        "choice": lambda p: Choice(options=list(range(int(p.high) + 1))),
    }
    low, high = np.array([p.low for p in parameters]), np.array([p.high for p in parameters])
    bounds = {"n_var": len(low), "xl": low, "xu": high}
    variables = {"vars": {p.name: kinds[p.kind](p) for p in parameters}}
    constraints = record.problem.evaluate((low + high) // 2)[1]

    class Wrapped(ElementwiseProblem):
        def __init__(self) -> None:
            sizes = {"n_obj": len(record.problem.ideal), "n_ieq_constr": len(constraints)}
            super().__init__(**(variables if is_mixed else bounds), **sizes)

        def _evaluate(self, x: Any, out: dict[str, Any], *args: Any, **kwargs: Any) -> None:
            point = np.array([x[p.name] for p in parameters], dtype=float) if is_mixed else x
            out["F"], out["G"] = record.evaluate(point)

    return Wrapped()


# --- the race --------------------------------------------------------------------------------------------------------

CONTENDERS: dict[str, tuple[Contender, int]] = {  # and the evaluations of each
    "parzen": (_study("parzen", "TPESampler"), DEFAULT),
    "optuna": (_study("optuna", "TPESampler"), DEFAULT),
    "parzen-nsgaii": (_study("parzen", "NSGAIISampler"), EVOLUTION),
    "optuna-nsgaii": (_study("optuna", "NSGAIISampler"), EVOLUTION),
    "pymoo-nsgaii": (_pymoo(100), EVOLUTION),
    "pymoo-nsgaii-50": (_pymoo(50), EVOLUTION),
    "parzen-nsgaiii": (_study("parzen", "NSGAIIISampler"), EVOLUTION),
    "parzen-sms-emoa": (_study("parzen", "SMSEMOASampler"), EVOLUTION),
}


def run(job: tuple[str, str, int, int]) -> list[runs.Run]:
    """Let a contender solve a problem with a seed."""
    name, contender, n, seed = job
    warnings.simplefilter("ignore")
    record, start = Record(problem(name), n), time.perf_counter()
    with threadpool_limits(1, user_api="blas"):  # several threads are slower on matrices so small
        CONTENDERS[contender][0](record, seed)
    seconds = round(time.perf_counter() - start, 2)
    return [{"problem": name, "contender": contender, "seed": seed, "seconds": seconds, **record.told()}]


def missing(arguments: argparse.Namespace, seeds: range) -> list[tuple[str, str, int, int]]:
    """List the jobs that are not in the file of results yet, seed by seed."""
    known = runs.load(arguments.results)
    done = {(found["problem"], found["contender"], found["evaluations"], found["seed"]) for found in known}
    wanted = [
        (problem, contender, arguments.evaluations or CONTENDERS[contender][1], seed)
        for seed in seeds
        for problem in arguments.problems
        for contender in arguments.contenders
    ]
    return [job for job in wanted if job not in done]


def report(found: pareto_report.Results) -> None:
    """Print how our default compares with Optuna's after few evaluations, and ours with other NSGA-IIs in the end."""
    defaults = [name for name in found.contenders if CONTENDERS[name][1] == DEFAULT]
    others = [name for name in found.contenders if name not in defaults]
    for reference, budget in (("far", 200), ("far", DEFAULT), ("near", DEFAULT)):
        if defaults:
            pareto_report.print_shares(found, found.contenders, reference, min(budget, found.last(defaults)))
    if others:
        pareto_report.print_shares(found, others, "near", found.last(others))
    for contender, seconds in found.seconds.items():
        print(f"one seed of all its problems took {contender} {seconds:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", nargs="+", choices=PROBLEMS, help="default: all")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--evaluations", type=int, help="of each contender (default: 1,000 for TPE, 3,000 for others)")
    parser.add_argument("--seeds", type=int, default=10, help="number of seeds (default: 10)")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="number of processes (default: 1)")
    parser.add_argument("--results", type=Path, help="file of JSON lines to go on with (default: a temporary one)")
    parser.add_argument("--report", type=Path, help="folder for the pictures")
    arguments = parser.parse_args()
    arguments.problems = arguments.problems or list(PROBLEMS)
    arguments.results = arguments.results or Path(tempfile.mkdtemp()) / "pareto.jsonl"
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    runs.append(arguments.results, run, missing(arguments, seeds), arguments.jobs)
    found = pareto_report.Results(
        runs.load(arguments.results), arguments.problems, arguments.contenders, seeds, BUDGETS
    )
    report(found)
    if arguments.report:
        pareto_report.draw(found, arguments.report)


if __name__ == "__main__":
    main()
