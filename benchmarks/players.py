"""How each library plays: its own loop around the evaluations of a race.

A player takes a race and spends its budget; what it does when the budget is spent is to let `Spent` pass.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from parzen.benchmarks.composition import draw
from parzen.benchmarks.problem import Array, Distribution, FailedEvaluation, Params, Problem
from parzen.benchmarks.race import Race
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

Player = Callable[[Race], None]
Named = tuple[str, dict[str, Any]]  # a class, and its arguments

PAUSING = ("ASHAPruner", "PASHAPruner", "SyncHyperbandPruner")  # they let trials go on later


# --- studies: parzen, Optuna, Rustuna --------------------------------------------------------------------------------


def study(
    library: str,
    sampler: str | Callable[[], Callable[..., Any]],
    arguments: dict[str, Any],
    pruner: Named = ("NopPruner", {}),
    home: str | None = None,
) -> Player:
    """Play by ask and tell in a study of a library that has Optuna's names.

    Parameters
    ----------
    library, sampler, arguments
        Whose sampler, which (its name, or a function that loads its class), and with what.
    pruner
        For problems that are trained by steps.
    home
        Whose study; None: that of the same library.
    """

    def play(race: Race) -> None:
        module = importlib.import_module(home or library)
        if hasattr(module, "logging"):
            module.logging.set_verbosity(module.logging.WARNING)
        options: dict[str, Any] = {}
        if race.problem.front:
            options["directions"] = ["minimize"] * len(race.problem.front.ideal)
        if race.problem.fidelity:
            options["study_name"] = f"multifidelity-{race.seed}"  # Optuna derives a trial's bracket from it
        if race.problem.fidelity and library != "rustuna":
            options["pruner"] = getattr(module.pruners, pruner[0])(**pruner[1])
        known = importlib.import_module(library).samplers
        own = (getattr(known, sampler) if isinstance(sampler, str) else sampler())(seed=race.seed, **arguments)
        made = module.create_study(sampler=own if home is None else _guest(own, home), **options)
        one = _evaluate if not race.problem.fidelity else _pause if pruner[0] in PAUSING else _train
        while True:
            one(made, race, module.trial.TrialState)

    return play


def _guest(sampler: Any, home: str) -> Any:
    """Wrap a sampler for a study of the other library."""
    from parzen.integration.optuna import OptunaSampler, ParzenSampler

    return {"optuna": OptunaSampler, "parzen": ParzenSampler}[home](sampler)


def suggest(trial: Any, problem: Problem) -> Params:
    """Ask a trial, of whichever library, for the parameters."""

    def value(name: str, distribution: Distribution) -> Any:
        if isinstance(distribution, CategoricalDistribution):
            return trial.suggest_categorical(name, list(distribution.choices))
        ask = trial.suggest_float if isinstance(distribution, FloatDistribution) else trial.suggest_int
        scale = {"log": True} if distribution.log else {"step": distribution.step} if distribution.step else {}
        return ask(name, distribution.low, distribution.high, **scale)

    return problem.choose(value)


def _evaluate(study: Any, race: Race, states: Any) -> None:
    trial = study.ask()
    try:
        found = race.evaluate(suggest(trial, race.problem))
    except FailedEvaluation:
        study.tell(trial.number, state=states.FAIL)
        return
    if race.problem.front:
        found, constraints = list(map(float, found[0])), found[1].tolist()
        for i, constraint in enumerate(constraints):
            trial.set_constraint(f"c{i}", constraint)
    study.tell(trial.number, found)


def _train(study: Any, race: Race, states: Any) -> None:
    """Run one trial, which the pruner may stop.

    Steps are counted from 1: then Optuna's rungs lie at 1, 3, 9 and 27 steps, too. Counted from 0, as in Optuna's
    examples, they would lie at 2, 4, 10 and 28. After the last step no pruner is asked, for the trial is complete and
    nothing can be saved: Optuna's would make some of them pruned ones, from which its TPE learns less.
    """
    assert race.problem.fidelity is not None
    trial = study.ask()
    params = suggest(trial, race.problem)
    for step in range(1, race.problem.fidelity.n_steps + 1):
        loss = race.train(trial.number, params)
        trial.report(loss, step)
        if step == race.problem.fidelity.n_steps:
            study.tell(trial, loss)
        elif trial.should_prune():
            study.tell(trial, state=states.PRUNED)
            break
    race.forget(trial.number)


def _pause(study: Any, race: Race, states: Any) -> None:
    """Run one trial, new or resumed, up to its next rung."""
    trial = study.ask()
    params = trial.params or suggest(trial, race.problem)
    loss = float("nan")
    for step in range(trial.resume_step, trial.next_rung):
        loss = race.train(trial.number, params)
        trial.report(loss, step + 1)
    if trial.should_pause():
        study.tell(trial, state=states.PAUSED)
    else:
        study.tell(trial, loss)
        race.forget(trial.number)


# --- libraries that have no studies ----------------------------------------------------------------------------------


def cmaes(race: Race, optimizer: str, **arguments: Any) -> None:
    """Play with a class of the package cmaes in the unit cube, from its middle with a sixth of the range."""
    made = getattr(importlib.import_module("cmaes"), optimizer)(
        mean=np.full(len(race.problem.space), 0.5),
        sigma=1 / 6,
        bounds=np.tile([0.0, 1.0], (len(race.problem.space), 1)),
        seed=race.seed,
        **arguments,
    )
    while True:
        generation = [made.ask() for _ in range(made.population_size)]
        made.tell([(x, _or_infinite(race, in_space(race.problem, x))) for x in generation])


def smac(race: Race) -> None:
    """Play with SMAC's facade for hyperparameters by ask and tell; a trial that fails is told as a crash."""
    import tempfile

    from ConfigSpace import Categorical, ConfigurationSpace, Float, Integer
    from smac import HyperparameterOptimizationFacade, Scenario
    from smac.runhistory.dataclasses import TrialValue
    from smac.runhistory.enumerations import StatusType

    def parameter(name: str, of: Distribution) -> Any:
        if isinstance(of, CategoricalDistribution):
            return Categorical(name, list(of.choices))
        return (Integer if isinstance(of, IntDistribution) else Float)(name, (of.low, of.high), log=of.log)

    space = ConfigurationSpace(seed=race.seed)
    space.add([parameter(name, of) for name, of in race.problem.space.items()])
    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(space, n_trials=race.budget, seed=race.seed, deterministic=True, output_directory=folder)
        made = HyperparameterOptimizationFacade(scenario, lambda config, seed: 0.0, overwrite=True, logging_level=False)
        while True:
            info = made.ask()
            cost = _or_infinite(race, dict(info.config))
            status = StatusType.SUCCESS if np.isfinite(cost) else StatusType.CRASHED
            made.tell(info, TrialValue(cost=cost if np.isfinite(cost) else 1e30, status=status))


def _or_infinite(race: Race, params: Params) -> float:
    try:
        return float(race.evaluate(params))
    except FailedEvaluation:
        return float("inf")


def in_space(problem: Problem, x: Array) -> Params:
    """Give the numbers at shares x (d,) of the ranges."""
    return {name: draw(of, x[i]) for i, (name, of) in enumerate(problem.space.items())}  # type: ignore[arg-type]


def pymoo(race: Race, algorithm: str, **arguments: Any) -> None:
    """Play with a module of pymoo's ``algorithms``, or with its genetic algorithm for mixed parameters."""
    from pymoo.algorithms.moo.nsga2 import RankAndCrowdingSurvival
    from pymoo.core.mixed import MixedVariableGA
    from pymoo.optimize import minimize

    module, _, name = algorithm.rpartition(".")
    is_mixed = not is_box(race.problem)
    make = getattr(importlib.import_module(f"pymoo.algorithms.{module}"), name)
    if is_mixed:  # as its manual recommends
        make = functools.partial(MixedVariableGA, survival=RankAndCrowdingSurvival() if race.problem.front else None)
    minimize(_of_pymoo(race, is_mixed), make(**arguments), ("n_eval", race.budget), seed=race.seed)


def is_box(problem: Problem) -> bool:
    """Tell whether all parameters are floats, and always there."""
    plain = (isinstance(distribution, FloatDistribution) for distribution in problem.space.values())
    return all(plain) and not problem.conditions


def _of_pymoo(race: Race, is_mixed: bool) -> Any:
    from pymoo.core.problem import ElementwiseProblem
    from pymoo.core.variable import Choice, Integer, Real

    space, front = race.problem.space, race.problem.front

    def variable(of: Distribution) -> Any:
        if isinstance(of, CategoricalDistribution):
            return Choice(options=list(of.choices))
        return (Integer if isinstance(of, IntDistribution) else Real)(bounds=(of.low, of.high))

    if is_mixed:
        given: dict[str, Any] = {"vars": {name: variable(of) for name, of in space.items()}}
    else:
        ends = np.array([(of.low, of.high) for of in space.values()])  # type: ignore[union-attr]
        given = {"n_var": len(space), "xl": ends[:, 0], "xu": ends[:, 1]}
    first = {name: of.choices[0] if isinstance(of, CategoricalDistribution) else of.low for name, of in space.items()}
    n_constraints = len(race.problem.function(first, race.seed)[1]) if front else 0

    class Wrapped(ElementwiseProblem):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(n_obj=len(front.ideal) if front else 1, n_ieq_constr=n_constraints, **given)

        def _evaluate(self, x: Any, out: dict[str, Any], *args: Any, **kwargs: Any) -> None:
            params = x if is_mixed else dict(zip(space, x.tolist(), strict=True))
            try:
                found = race.evaluate(params)
            except FailedEvaluation:
                found = np.full(len(front.ideal), 1e30) if front else 1e30
            out["F"], out["G"] = found if front else (found, np.empty(0))

    return Wrapped()
