"""Objectives for studies of both libraries, and what their trials have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import optuna

import parzen

Objective = Callable[[Any], Any]


def floats(trial: Any) -> float:
    return trial.suggest_float("x", -1, 1) ** 2 + trial.suggest_float("log", 1e-5, 1, log=True)


def mixed(trial: Any) -> float:
    loss = trial.suggest_float("x", -1, 1) ** 2 + trial.suggest_float("log", 1e-5, 1, log=True)
    loss += trial.suggest_float("step", 0, 1, step=0.25) + trial.suggest_int("n", 1, 9)
    loss += trial.suggest_int("log n", 1, 1000, log=True) / 1000 + trial.suggest_int("even", 0, 10, step=2)
    return loss + (trial.suggest_categorical("c", ["a", "b", None]) != "b") + trial.suggest_float("one", 2, 2)


def grid(trial: Any) -> float:
    return trial.suggest_float("x", -1, 1, step=0.5) * trial.suggest_int("n", 1, 3)


GRID = {"x": [-1.0, -0.5, 0.0, 0.5, 1.0], "n": [1, 2, 3]}


def branches(trial: Any) -> float:
    x = trial.suggest_float("x", -1, 1)
    if trial.suggest_categorical("kind", ["a", "b"]) == "a":
        return x * trial.suggest_float("rate", 0, 1) + trial.suggest_int("depth", 0, 5)
    return x + trial.suggest_float("momentum", 0, 1)


def constrained(trial: Any) -> float:
    loss = mixed(trial)
    trial.set_constraint("memory", trial.params["x"])
    return loss


def mishaps(trial: Any) -> float:
    """Complete, fail in two ways, and prune, by turns."""
    loss = mixed(trial)
    if trial.number % 7 == 3:
        return float("nan")
    if trial.number % 7 == 5:
        raise ArithmeticError
    trial.report(loss, 1)
    if trial.number % 7 == 6:
        raise optuna.TrialPruned
    return loss


def epochs(trial: Any) -> float:
    x, n = trial.suggest_float("x", 0, 1), trial.suggest_int("n", 1, 5)
    for step in range(1, 10):
        trial.report((x - 0.3) ** 2 + n / step, step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return (x - 0.3) ** 2 + n / 9


def two_values(trial: Any) -> tuple[float, float]:
    loss = mixed(trial)
    return loss, trial.params["x"] - loss


def two_constrained(trial: Any) -> tuple[float, float]:
    trial.set_constraint("memory", trial.suggest_float("x", -1, 1))
    return two_values(trial)


SINGLE: dict[str, Objective] = {
    kind.__name__: kind for kind in (floats, mixed, grid, branches, constrained, mishaps)
}  # fmt: skip
SEVERAL: dict[str, Objective] = {kind.__name__: kind for kind in (two_values, two_constrained)}


def described(study: Any) -> list[Any]:
    """Say of each trial what does not depend on the time; NaN in words, for it equals nothing."""
    return [
        (t.number, t.state.name, t.params, t.values, repr(t.intermediate_values), t.constraints) for t in study.trials
    ]


def run(
    library: Any, sampler: Any, objective: Objective, n_trials: int, directions: Any = ("minimize",), **options: Any
) -> Any:
    """Run a study in which trials 0 and 5 were enqueued, the latter with one parameter where samplers allow it."""
    study = library.create_study(study_name="s", sampler=sampler, directions=list(directions), **options)
    enqueued = {0: {"x": 0.5, "n": 2}, 5: {"x": -0.5, "n": 1} if objective is grid else {"x": -0.5}}
    for number in range(n_trials):
        if number in enqueued:
            study.enqueue_trial(enqueued[number])
        study.optimize(objective, n_trials=1, catch=ArithmeticError)
    return study


def directions_of(objective: Objective) -> tuple[str, ...]:
    return ("minimize", "maximize") if objective in SEVERAL.values() else ("minimize",)


def same_trials(ours: Any, theirs: Any, objective: Objective, n_trials: int, **pruners: Any) -> Any:
    """Run one sampler in a study of each library, check that the trials are the same, and give the second study.

    `ours` and `theirs` are samplers for a study of parzen's and for one of Optuna's; `pruners` has a pair as well.
    """
    mine, other = (
        run(library, sampler, objective, n_trials, directions_of(objective), **{k: v[i] for k, v in pruners.items()})
        for i, (library, sampler) in enumerate([(parzen, ours), (optuna, theirs)])
    )
    assert described(mine) == described(other)
    return other
