"""The pruners decide as Optuna's do in random studies, with any arguments and whatever is reported.

Reports come in any order, again and not at all; some are NaN, infinite or as large as floats get; so are final values.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from differential import optuna
from test_optuna_pruners import Event, pruner_of

import parzen

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]

Setting = tuple[str, dict[str, Any]]
ODD = [math.nan, math.nan, math.inf, -math.inf, 1e308, -1e308]


# --- settings --------------------------------------------------------------------------------------------------------


def median(rng: np.random.Generator) -> Setting:
    arguments = {name: int(rng.integers(5)) for name in ("n_startup_trials", "n_warmup_steps")}
    arguments |= {name: int(rng.integers(1, 5)) for name in ("interval_steps", "n_min_trials")}
    if rng.random() < 0.5:
        arguments |= {"n_warmup_steps": 0, "interval_steps": 1}
    return "MedianPruner", arguments


def percentile(rng: np.random.Generator) -> Setting:
    share = float(rng.choice([0, 10, 25, 33.3, 50, 66.6, 75, 90, 100]))
    return "PercentilePruner", {**median(rng)[1], "percentile": share}


def threshold(rng: np.random.Generator) -> Setting:
    lower, upper = sorted(np.round(rng.normal(size=2), 1).tolist())
    bounds: list[dict[str, float]] = [{"lower": lower}, {"upper": upper}, {"lower": lower, "upper": upper}]
    steps = {"n_warmup_steps": int(rng.integers(4)), "interval_steps": int(rng.integers(1, 4))}
    return "ThresholdPruner", {**bounds[rng.integers(3)], **steps}


def wilcoxon(rng: np.random.Generator) -> Setting:
    share = float(rng.choice([0, 0.05, 0.1, 0.3, 0.5, 0.8, 1]))
    return "WilcoxonPruner", {"p_threshold": share, "n_startup_steps": int(rng.integers(5))}


def halving(rng: np.random.Generator) -> Setting:
    arguments: dict[str, Any] = {
        "min_resource": ["auto", 1, 2, 3][rng.integers(4)],
        "reduction_factor": int(rng.integers(2, 5)),
        "min_early_stopping_rate": int(rng.integers(3)),
    }
    if arguments["min_resource"] != "auto":
        arguments["bootstrap_count"] = int(rng.integers(4))
    return "SuccessiveHalvingPruner", arguments


def hyperband(rng: np.random.Generator) -> Setting:
    arguments: dict[str, Any] = {
        "min_resource": int(rng.integers(1, 4)),
        "max_resource": ["auto", "auto", 9, 27, 30][rng.integers(5)],
        "reduction_factor": int(rng.integers(2, 5)),
    }
    if arguments["max_resource"] != "auto":
        arguments["bootstrap_count"] = int(rng.integers(4))
    return "HyperbandPruner", arguments


def patient(rng: np.random.Generator) -> Setting:
    wrapped = [median, percentile, threshold, wilcoxon, halving, hyperband][rng.integers(6)](rng)
    return "PatientPruner", {
        "wrapped_pruner": None if rng.random() < 0.3 else wrapped,
        "patience": int(rng.integers(4)),
        "min_delta": float(rng.choice([0, 0.1, 0.5, math.inf])),
    }


# --- studies ---------------------------------------------------------------------------------------------------------


def steps_of(rng: np.random.Generator, n: int) -> list[int]:
    """Steps of one trial: one by one from 0 or 1, with gaps, in any order, or some of them again."""
    spread = np.sort(rng.choice(3 * n, size=n, replace=False))
    kinds = [np.arange(n), np.arange(1, n + 1), spread, rng.permutation(spread), rng.choice(n, size=n)]
    return [int(step) for step in kinds[rng.integers(len(kinds))]] if n else []


def script(rng: np.random.Generator, n_trials: int, odd: float) -> Iterator[Event]:
    """Trials of which up to four run at a time; `odd` is the share of reports that are of `ODD`."""
    running: dict[int, list[int]] = {}
    level: dict[int, float] = {}
    started = 0
    while started < n_trials or running:
        if started < n_trials and len(running) < 4 and rng.random() < 0.4:
            running[started], level[started] = steps_of(rng, int(rng.integers(14))), rng.normal() / 2
            yield Event("start", started)
            started += 1
        elif running:
            number = int(rng.choice(list(running)))
            if running[number] and rng.random() > 0.02:
                step = running[number].pop(0)
                value = level[number] + rng.normal() / 3 + 1 / (1 + step)
                value = round(value, 1) if rng.random() < 0.5 else value  # ties
                yield Event("report", number, step, float(rng.choice(ODD) if rng.random() < odd else value))
            else:
                del running[number]
                # No ties: of equal trials Optuna's best one is another in memory than in a database.
                yield Event(
                    "end",
                    number,
                    int(rng.integers(10)),
                    float(rng.choice(ODD) if rng.random() < odd / 3 else level[number]),
                )


def play(module: Any, setting: Setting, direction: str, events: list[Event]) -> list[Any]:
    """Play a script, and list what the pruner says; most trials that are to be pruned are."""
    module.logging.set_verbosity(module.logging.CRITICAL)
    sampler = module.samplers.RandomSampler(seed=0)
    study = module.create_study(study_name="s", direction=direction, sampler=sampler, pruner=pruner_of(module, setting))
    state = module.trial.TrialState
    trials: dict[int, Any] = {}
    said: list[Any] = []
    for event in events:
        if event.what == "start":
            trials[event.trial] = study.ask()
        elif event.trial not in trials:
            continue
        elif event.what == "report":
            trials[event.trial].report(event.value, event.step)
            said.append((event, bool(trials[event.trial].should_prune())))
            if said[-1][1] and (event.trial + event.step) % 5:
                study.tell(trials.pop(event.trial), state=state.PRUNED)
        else:
            end = {0: state.FAIL, 1: state.PRUNED}.get(event.step)
            study.tell(trials.pop(event.trial), None if end else event.value, end)
    return said


@pytest.mark.parametrize("draw", [median, percentile, threshold, wilcoxon, halving, hyperband, patient])
def test_decisions_in_random_studies(draw: Callable[[np.random.Generator], Setting]) -> None:
    differing = []
    n_decisions = n_pruned = 0
    for seed in range(120):
        rng = np.random.default_rng(seed)
        setting, odd = draw(rng), float(rng.choice([0.0, 0.05, 0.3, 0.7]))
        direction = ["minimize", "maximize"][rng.integers(2)]
        # SciPy takes its time for a test.
        events = list(script(rng, 12 if "Wilcoxon" in str(setting) else 24, odd))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs, ours = (play(module, setting, direction, events) for module in (optuna, parzen))
        if repr(ours) != repr(theirs):
            first = next(pair for pair in zip(theirs, ours, strict=False) if repr(pair[0]) != repr(pair[1]))
            differing.append((seed, setting, direction, *first))
        n_decisions += len(theirs)
        n_pruned += sum(decision for _, decision in theirs)
    assert differing == []
    assert n_decisions > 3000
    assert n_pruned > 50
