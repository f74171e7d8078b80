"""What a study was: its sampler, pruner, space, trials and circumstances, as JSON values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from ..engine.arguments import description, jsonable
from ..engine.distributions import BaseDistribution, CategoricalDistribution
from ..engine.history import Front, History, history_of
from ..engine.records import TrialState
from ..engine.study.origin import ORIGIN
from ..pruners import MedianPruner
from ..samplers import AutoSampler
from ..samplers.gp import openings


def describe(study: Any) -> dict[str, Any]:
    """Describe a study, so that "how was this run?" has an answer a year later.

    What was known at its start was stored with it by `create_study`; the rest is read from its trials.

    Parameters
    ----------
    study
        A study, also one that another process created, or Optuna: then what only the start knew is None.

    Returns
    -------
    description
        JSON values. ``"name"``, ``"directions"``, ``"metric_names"``; ``"trials"``, how many in each state, and
        ``"total"``; ``"best"``, the best trial or the front; ``"first_start"`` and ``"last_end"``, as ISO times;
        ``"search_space"``, for each parameter its kind, range or choices, ``"n_trials"`` that had it, and ``"if"`` with
        the values of another parameter on which it depends, None where there are none. ``"sampler"`` and
        ``"pruner"`` with their ``"name"`` and arguments, such as ``"seed"``: those of the study object, if it was given
        others than the default, otherwise those of the start. ``"created"``, ``"versions"``, ``"platform"``,
        ``"git"`` (commit of the working folder) and ``"command"`` (without passwords; the environment variable
        ``PARZEN_RECORD_COMMAND=0`` leaves it out) are those of the start.

    Examples
    --------
    >>> parzen.describe(study)["sampler"]["seed"]
    """
    history = history_of(study)
    stored = _stored(study)
    with history.lock:
        found = {
            "name": study.study_name,
            "directions": [direction.name.lower() for direction in study.directions],
            "metric_names": getattr(study, "metric_names", None),
            "trials": _counts(history),
            "best": _best(history),
            "first_start": _iso(history.first_start()),
            "last_end": _last_end(history),
            "search_space": _space(history),
        }
    return found | {
        "sampler": _part(study.sampler, stored.get("sampler"), AutoSampler()),
        "pruner": _part(study.pruner, stored.get("pruner"), MedianPruner()),
        **{key: stored.get(key) for key in ("created", "versions", "platform", "git", "command")},
    }


def _stored(study: Any) -> dict[str, Any]:
    """Read what was stored at the start; nothing of a study that has none, or something else by that name."""
    found = study._storage.get_study_system_attrs(study._study_id).get(ORIGIN)
    return found if isinstance(found, dict) else {}


def _part(now: Any, at_start: Any, default: Any) -> dict[str, Any]:
    """Describe a sampler or a pruner: that of the study object, unless it is the one that loading a study gives."""
    found = description(now)
    return at_start if isinstance(at_start, dict) and found == description(default) else found


def _counts(history: History) -> dict[str, int]:
    counts = np.bincount(history.states, minlength=len(TrialState))
    return {state.name.lower(): int(counts[state]) for state in TrialState} | {"total": history.n}


def _best(history: History) -> dict[str, Any] | list[dict[str, Any]] | None:
    if len(history.directions) > 1:
        return [_trial(history, number) for number in Front().numbers(history)]
    return None if history.best is None else _trial(history, history.best)


def _trial(history: History, number: int) -> dict[str, Any]:
    values = [jsonable(value) for value in history.values[number].tolist()]
    params = {name: jsonable(value) for name, value in history.record(number).params.items()}
    return {"number": number, "values": values, "params": params}


def _iso(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="seconds")


def _last_end(history: History) -> str | None:
    finished = history.finished
    return _iso(history.completed_at(int(finished[np.argmax(history.completed[finished])]))) if len(finished) else None


def _space(history: History) -> dict[str, Any]:
    conditions = openings(history)
    return {
        name: _parameter(history.latest(name))
        | {"n_trials": int(np.count_nonzero(~np.isnan(history.param(name)))), "if": conditions.get(name)}
        for name in history.param_names
    }


def _parameter(distribution: BaseDistribution) -> dict[str, Any]:
    kind = type(distribution).__name__.removesuffix("Distribution").lower()
    if isinstance(distribution, CategoricalDistribution):
        return {"type": kind, "choices": [jsonable(choice) for choice in distribution.choices]}
    return {"type": kind} | {name: jsonable(value) for name, value in distribution._asdict().items()}
