"""The verdict: what came out of a study, how sure that is, and how to ask for it again. Pure functions on columns."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from ...engine.history.trial_columns import NO_TIME
from ...engine.records import TrialState
from .alerts import repeats_spread
from .columns import Columns
from .findings import Findings

_MOST_OF_FRONT = 8  # trials of a front that are named


@dataclass(frozen=True)
class Verdict:
    """What came out.

    Attributes
    ----------
    headline
        In a sentence.
    rows
        Pairs of what and how much.
    params
        Pairs of a parameter and its value in the best trial, as texts.
    code
        Lines of Python that ask for it again; empty if there is none.
    """

    headline: str
    rows: tuple[tuple[str, str], ...]
    params: tuple[tuple[str, str], ...] = ()
    code: str = ""


def verdict_of(columns: Columns, findings: Findings, about: Mapping[str, Any], params: Mapping[str, Any]) -> Verdict:
    """Give the verdict.

    Parameters
    ----------
    columns, findings
        The study's.
    about
        What `parzen.describe` says of it.
    params
        The parameters of the best trial, or of the first one of the front; their values are the user's own.
    """
    with np.errstate(all="ignore"):
        rows = [*_outcome(columns), *_effort(columns, findings), *_circumstances(about)]
    shown = tuple((name, repr(value)) for name, value in params.items())
    return Verdict(_headline(columns), tuple(rows), shown, _code(columns, params) if columns.front else "")


def _headline(columns: Columns) -> str:
    if not columns.n:
        return "The study has no trials."
    if not columns.front:
        return f"None of {columns.n} trials is complete and feasible."
    if len(columns.signs) > 1:
        k = len(columns.front)
        are = "is" if k == 1 else "are"
        return f"{k} of {columns.n} trials {are} on the front: no other is better in all objectives."
    best = columns.front[0]
    return f"Trial {best} is the best of {columns.n}: {columns.objectives[0]} {_number(columns.values[best, 0])}."


def _outcome(columns: Columns) -> list[tuple[str, str]]:
    words = ["minimize" if sign > 0 else "maximize" for sign in columns.signs]
    rows = [("Objectives", ", ".join(f"{w} {name}" for w, name in zip(words, columns.objectives, strict=True)))]
    if len(columns.signs) > 1 and columns.front:
        values = columns.values[list(columns.front)]
        ends = zip(columns.objectives, values.min(axis=0), values.max(axis=0), strict=True)
        rows += [(f"{name} on the front", f"{_number(low)} to {_number(high)}") for name, low, high in ends]
        shown = ", ".join(map(str, columns.front[:_MOST_OF_FRONT]))
        rows.append(("Trials on the front", shown + (", ..." if len(columns.front) > _MOST_OF_FRONT else "")))
    if columns.best is not None:
        rows += [*_gains(columns, columns.best), ("Confidence", _confidence(columns, columns.best))]
    return rows


def _gains(columns: Columns, best: int) -> list[tuple[str, str]]:
    losses = columns.losses
    complete = np.flatnonzero(columns.complete)
    bases = [("first trial", int(complete[0]))]
    enqueued = [number for number in columns.enqueued if columns.complete[number]]
    if enqueued and enqueued[0] != complete[0]:
        bases.append(("first enqueued trial", enqueued[0]))
    rows = []
    for name, number in bases:
        gain, value = losses[number] - losses[best], columns.values[number, 0]
        share = f", {gain / abs(value):.1%} of it" if value and math.isfinite(value) else ""
        rows.append((f"Gain over the {name}", f"{_number(gain)} (trial {number} had {_number(value)}{share})"))
    return rows


def _confidence(columns: Columns, best: int) -> str:
    """Say how sure the best value is: by repeats of the same parameters, or by a spread that the user noted."""
    noise, freedom = repeats_spread(columns)
    if noise == 0.0:
        return "repeats of the same parameters give the same value"
    if not math.isnan(noise):
        return f"repeats of the same parameters differ by {noise:.4g} (deviation, {freedom} degrees of freedom)"
    for name in ("std", "sd", "stderr", "cv_std", "value_std"):
        spread = columns.attrs.get(name)
        if isinstance(spread, np.ndarray) and spread[best] == spread[best]:
            return f"the user attribute {name} of the best trial is {_number(spread[best])}"
    return "unknown, as no parameters were repeated"


def _effort(columns: Columns, findings: Findings) -> list[tuple[str, str]]:
    counts = np.bincount(columns.states, minlength=len(TrialState))
    states = ", ".join(f"{counts[state]} {state.name.lower()}" for state in TrialState if counts[state])
    rows = [("Trials", f"{columns.n}: {states}" if states else "0")]
    start, end = columns.start[columns.start != NO_TIME], columns.end[columns.end != NO_TIME]
    if len(start) and len(end):
        wall = int(end.max() - start.min()) * 1e-6
        seconds = columns.seconds
        rows.append(("Time", f"{duration(wall)} by the clock, {duration(float(np.nansum(seconds)))} of trials"))
        rows.append(("Began", str(datetime(1970, 1, 1) + timedelta(microseconds=int(start.min())))[:19]))
        lanes = findings.lanes
        idle = "" if math.isnan(lanes.idle) else f", idle {lanes.idle:.0%} of their time"
        rows.append(("Workers", f"up to {lanes.n_lanes} trials at a time{idle}"))
    return rows


def _circumstances(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for key in ("sampler", "pruner"):
        part = about.get(key) or {}
        said = {name: value for name, value in part.items() if name not in ("name", "module") and value is not None}
        inside = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in said.items())
        rows.append((key.capitalize(), f"{part.get('name')}({inside})"))
    versions = about.get("versions") or {}
    if versions:
        rows.append(("Versions", ", ".join(f"{name} {version}" for name, version in versions.items() if version)))
    for key in ("git", "platform"):
        if about.get(key):
            rows.append((key.capitalize(), ", ".join(str(value) for value in about[key].values() if value)))
    if about.get("command"):
        rows.append(("Command", str(about["command"])))
    if about.get("storage"):
        rows.append(("Storage", str(about["storage"])))
    for key, value in (about.get("user_attrs") or {}).items():
        rows.append((f"Attribute {key}", json.dumps(value, ensure_ascii=False, default=repr)))
    return rows


def _code(columns: Columns, params: Mapping[str, Any]) -> str:
    number = columns.front[0]
    inside = "".join(f"    {name!r}: {value!r},\n" for name, value in params.items())
    return (
        "import parzen\n\n"
        f"params = {{  # of trial {number}\n{inside}}}\n"
        "value = objective(parzen.trial.FixedTrial(params))  # once more, outside of any study\n\n"
        f"study = parzen.load_study(study_name={columns.name!r}, storage=storage)\n"
        "study.enqueue_trial(params)\n"
        "study.optimize(objective, n_trials=1)  # once more, as a trial of the study\n"
    )


def _number(value: float) -> str:
    return f"{float(value):.6g}"


def duration(seconds: float) -> str:
    """Write a time in words."""
    for unit, name in ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.3g} seconds"
