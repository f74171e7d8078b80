"""Run a small scenario on Optuna and on parzen, and compare the result, or the exception, and the warnings.

A scenario is a function that takes the module (``optuna`` or ``parzen``) and returns something; `plain` turns what it
returns into values that can be compared across the two libraries.
"""

from __future__ import annotations

import datetime
import enum
import math
import types
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import parzen

optuna: Any = __import__("pytest").importorskip("optuna")

Scenario = Callable[[Any], Any]


class Outcome(NamedTuple):
    """What a scenario did; `error` is the exception's type, `warned` the categories of warnings."""

    result: Any
    error: type[BaseException] | None
    text: str
    warned: set[str]


def run(scenario: Scenario, module: Any) -> Outcome:
    """Run a scenario on one library, with its log switched off."""
    level = module.logging.get_verbosity()
    module.logging.set_verbosity(module.logging.CRITICAL)
    result, error, text = None, None, ""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = plain(scenario(module))
            except (Exception, KeyboardInterrupt) as raised:
                error, text = type(raised), str(raised)
    finally:
        module.logging.set_verbosity(level)
    # Connections of earlier tests that are collected only now are nobody's doing here, and what Optuna calls an
    # experiment is none here.
    warned = {w.category.__name__ for w in caught} - {"ResourceWarning", "ExperimentalWarning"}
    return Outcome(result, error, text, warned)


def error_of(call: Callable[[], Any]) -> Any:
    """Give the type of the exception that a call raises, or what it returns."""
    try:
        return call()
    except Exception as error:
        return type(error)


def plain(value: Any) -> Any:
    """Turn a result into what compares equal across the libraries, keeping the types of numbers."""
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, (float, np.floating)) and math.isnan(value):
        return "nan"
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return type(value)(plain(item) for item in value)
    if isinstance(value, (datetime.datetime, datetime.timedelta)):
        return type(value).__name__
    for module in (optuna, parzen):
        if isinstance(value, module.distributions.BaseDistribution):
            return module.distributions.distribution_to_json(value)
        if isinstance(value, module.trial.FrozenTrial):
            return plain_trial(value)
    return (type(value).__name__, value) if isinstance(value, (bool, int, float, np.generic)) else value


def plain_trial(trial: Any) -> dict[str, Any]:
    """Give what a trial holds, apart from its identifier, which is the storage's own affair."""
    names = (
        "number", "state", "values", "params", "distributions", "user_attrs", "system_attrs", "intermediate_values",
        "last_step", "constraints", "datetime_start", "datetime_complete", "duration",
    )  # fmt: skip
    found = {name: plain(getattr(trial, name)) for name in names}
    found["system_attrs"].pop("parzen:error", None)  # why it failed, which Optuna does not keep
    return found


def stands_for(ours: type[BaseException] | None, theirs: type[BaseException] | None) -> bool:
    """Tell whether an ``except`` clause written for Optuna's exception catches ours."""
    if ours is None or theirs is None:
        return ours is theirs
    return theirs.__name__ in {cls.__name__ for cls in ours.__mro__}


def compare(scenario: Scenario, warnings_differ: str = "") -> None:
    """Run a scenario on both libraries and demand the same; `warnings_differ` says why warnings may differ."""
    theirs, ours = run(scenario, optuna), run(scenario, parzen)
    shown = f"parzen: {ours}\noptuna: {theirs}"
    assert stands_for(ours.error, theirs.error), shown
    assert ours.result == theirs.result, shown
    assert warnings_differ or ours.warned == theirs.warned, shown


def differ(scenario: Scenario, expected: Any) -> None:
    """Demand the result, or the exception's type, that parzen alone gives; fail if Optuna has come to give it, too."""
    theirs, ours = run(scenario, optuna), run(scenario, parzen)
    shown = f"parzen: {ours}\noptuna: {theirs}"
    assert ours.error is expected if isinstance(expected, type) else ours.result == plain(expected), shown
    assert (ours.result, ours.error) != (theirs.result, theirs.error), shown


def scenarios(module_globals: dict[str, Any]) -> list[Scenario]:
    """List the functions of a test module whose one argument is called ``o``."""
    return [
        f
        for f in module_globals.values()
        if isinstance(f, types.FunctionType) and f.__module__ == module_globals["__name__"] and f.__name__[0] != "_"
        and f.__code__.co_argcount == 1 and f.__code__.co_varnames[0] == "o"
    ]  # fmt: skip


def study_of(o: Any, n_objectives: int = 1, **kwargs: Any) -> Any:
    """Make a study with a random sampler."""
    kwargs.setdefault("sampler", o.samplers.RandomSampler(seed=0))
    return o.create_study(directions=["minimize"] * n_objectives, **kwargs)


def finished_study(o: Any, direction: str = "minimize", **kwargs: Any) -> Any:
    """Make a study of six finished trials with enqueued parameters, so that both libraries hold the same."""
    study = o.create_study(direction=direction, sampler=o.samplers.RandomSampler(seed=0), **kwargs)
    for x in range(6):
        study.enqueue_trial({"x": x, "y": "ab"[x % 2]}, user_attrs={"even": x % 2 == 0})

    def objective(trial: Any) -> float:
        x = trial.suggest_int("x", 0, 5)
        if x % 2:
            trial.suggest_categorical("y", ["a", "b"])
        trial.report(x * 0.5, 1)
        if x == 3:
            raise o.TrialPruned
        if x == 4:
            raise KeyError("four")
        return float((x - 2) ** 2)

    study.optimize(objective, n_trials=6, catch=KeyError)
    return study
