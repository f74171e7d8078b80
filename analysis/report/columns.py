"""What a report knows of a study: its trials as columns, read once from the history, so that all else is pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np

from ...engine.arrays import AnyArray, BoolArray, FloatArray, IntArray
from ...engine.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from ...engine.history import Front, History, history_of
from ...engine.history.trial_columns import NO_TIME, microseconds
from ...engine.records import ERROR, FIXED, PARENT, TrialState

COMPLETE, PRUNED, FAIL = int(TrialState.COMPLETE), int(TrialState.PRUNED), int(TrialState.FAIL)
RUNNING, PAUSED = int(TrialState.RUNNING), int(TrialState.PAUSED)

# Where programs that tell trials themselves put what went wrong.
_ERROR_ATTRS = ("error", "exception", "fail_reason", "failure", "traceback")
_MOST_ATTRS = 30  # user attributes that become columns
_LONGEST = 300  # letters of a text


@dataclass(frozen=True)
class Param:
    """A parameter of all trials.

    Attributes
    ----------
    name
        Its name.
    kind
        ``"float"``, ``"int"`` or ``"choice"``.
    values
        Shape (n,): numbers, or indices of `labels`; NaN where a trial does not have it.
    log
        Whether its scale is logarithmic.
    low, high
        The ends of the range that it had last; NaN of choices.
    labels
        The choices as texts, in their order.
    has_moved
        Whether the range or the choices changed in the course of the study.
    """

    name: str
    kind: Literal["float", "int", "choice"]
    values: FloatArray
    log: bool = False
    low: float = math.nan
    high: float = math.nan
    labels: tuple[str, ...] = ()
    has_moved: bool = False

    @property
    def position(self) -> FloatArray:
        """Where in the range each value lies, from 0 to 1, on the scale of the parameter; NaN of choices."""
        scale = np.log if self.log else np.asarray
        low, high, values = (scale(x) for x in (self.low, self.high, self.values))
        return np.asarray((values - low) / (high - low)) if high > low else np.full(len(self.values), np.nan)


@dataclass(frozen=True)
class Texts:
    """A column of texts: an index into `labels` for each trial, -1 where there is none, shape (n,)."""

    codes: IntArray
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reports:
    """What trials reported: of the i-th of `numbers` the rows from ``starts[i]`` to ``starts[i + 1]``."""

    numbers: IntArray
    starts: IntArray
    steps: IntArray
    values: FloatArray


@dataclass(frozen=True)
class Rungs:
    """Completed rungs in their order, shape (k,) each: which trial, which rung, and the first objective there."""

    numbers: IntArray
    rungs: IntArray
    values: FloatArray


@dataclass(frozen=True)
class Columns:
    """The trials of a study; row k is trial k.

    Attributes
    ----------
    name
        The study's.
    signs
        For each objective 1 where it is minimised, -1 where it is maximised.
    objectives
        Their names.
    states
        Shape (n,); the integers of `TrialState`.
    values
        Shape (n, n_objectives), as told; NaN where there are none.
    violation
        Shape (n,): sum of the positive constraint values; NaN without constraints.
    start, end
        Shape (n,): microseconds since 1970, `end` the moment of reading where a trial runs; `NO_TIME` if unknown.
    params
        The parameters.
    attrs
        User attributes by name: numbers (n,), or texts.
    errors
        What was said of failed trials.
    reports, rungs
        Learning curves, and successive halving.
    enqueued
        Numbers of the trials whose parameters a user enqueued.
    unsuggested
        Parameters that were enqueued, and that no trial ever asked for.
    front
        Numbers of the best trials, that is of one, or of the front; none if no trial is complete and feasible.
    """

    name: str
    signs: tuple[float, ...]
    objectives: tuple[str, ...]
    states: AnyArray
    values: FloatArray
    violation: FloatArray
    start: IntArray
    end: IntArray
    params: tuple[Param, ...]
    attrs: dict[str, FloatArray | Texts]
    errors: Texts
    reports: Reports
    rungs: Rungs
    enqueued: tuple[int, ...] = ()
    unsuggested: tuple[str, ...] = ()
    front: tuple[int, ...] = ()

    @property
    def n(self) -> int:
        """Number of trials."""
        return len(self.states)

    @property
    def complete(self) -> BoolArray:
        """Which trials are complete, and violate no constraint, shape (n,)."""
        return np.asarray((self.states == COMPLETE) & ~(self.violation > 0))

    @property
    def losses(self) -> FloatArray:
        """First objective, turned so that less is better, NaN of trials that are not complete and feasible: (n,)."""
        return np.where(self.complete, self.signs[0] * self.values[:, 0], np.nan)

    @property
    def best(self) -> int | None:
        """Number of the best trial of one objective."""
        return self.front[0] if len(self.signs) == 1 and self.front else None

    @property
    def seconds(self) -> FloatArray:
        """How long each trial took, shape (n,); NaN where that is unknown."""
        known = (self.start != NO_TIME) & (self.end != NO_TIME)
        return np.where(known, (self.end - self.start) * 1e-6, np.nan)

    @property
    def present(self) -> BoolArray:
        """Which trials have which parameters, shape (n, d)."""
        return np.asarray(~np.isnan(self.points))

    @property
    def points(self) -> FloatArray:
        """All parameters, shape (n, d)."""
        return np.asarray(np.array([param.values for param in self.params]).reshape(len(self.params), self.n).T)


def columns_of(study: Any) -> Columns:
    """Read a study."""
    history = history_of(study)
    metric_names = getattr(study, "metric_names", None)
    with history.lock:
        m = len(history.signs)
        named = tuple(metric_names or (("Objective",) if m == 1 else (f"Objective {j}" for j in range(m))))
        start, end = _times(history)
        return Columns(
            name=str(study.study_name),
            signs=history.signs,
            objectives=named,
            states=history.states.copy(),
            values=history.values.copy(),
            violation=history.violation.copy(),
            start=start,
            end=end,
            params=tuple(_param(history, name) for name in history.param_names),
            attrs=_attrs(history),
            errors=_errors(history),
            reports=_reports(history),
            rungs=_rungs(history),
            enqueued=tuple(n for n in range(history.n) if _is_enqueued(history, n)),
            unsuggested=tuple(sorted({str(name) for fixed in history.unsuggested for name in fixed})),
            front=_front(history),
        )


def _is_enqueued(history: History, number: int) -> bool:
    """Tell whether a user fixed parameters of a trial; those of a child were fixed when it was forked."""
    return bool(_system_attr(history, number, FIXED)) and _system_attr(history, number, PARENT) is None


def _front(history: History) -> tuple[int, ...]:
    if len(history.signs) > 1:
        return tuple(Front().numbers(history))
    return () if history.best is None else (history.best,)


def _times(history: History) -> tuple[IntArray, IntArray]:
    start, end = history.started.copy(), history.completed.copy()
    for number, record in history.live.items():
        start[number] = microseconds(record.datetime_start)
        end[number] = microseconds(datetime.now()) if record.state == TrialState.RUNNING else NO_TIME
    return start, np.where(start == NO_TIME, end, np.maximum(start, end))


def _param(history: History, name: str) -> Param:
    latest, numbers = history.latest(name), np.arange(history.n)
    found = history.by_distribution(name, numbers)
    has_moved = any(one is not latest for one, _ in found)
    if isinstance(latest, CategoricalDistribution):
        labels, codes = _choices(found, history.param(name), latest)
        return Param(name, "choice", codes, labels=labels, has_moved=has_moved)
    low, high = float(getattr(latest, "low", math.nan)), float(getattr(latest, "high", math.nan))
    kind: Literal["int", "float"] = "int" if isinstance(latest, IntDistribution) else "float"
    values, log = history.param(name).copy(), bool(getattr(latest, "log", False))
    return Param(name, kind, values, log, low, high, has_moved=has_moved)


def _choices(
    found: Iterable[tuple[BaseDistribution, IntArray]], indices: FloatArray, latest: CategoricalDistribution
) -> tuple[tuple[str, ...], FloatArray]:
    """Give all choices ever offered, those of today first, and of each trial the index among them."""
    known: dict[tuple[str, str], int] = {}
    for choice in latest.choices:
        known.setdefault((type(choice).__name__, _text(choice)), len(known))
    codes = np.full(len(indices), np.nan)
    for distribution, rows in found:
        assert isinstance(distribution, CategoricalDistribution)
        keys = [(type(choice).__name__, _text(choice)) for choice in distribution.choices]
        places = np.array([known.setdefault(key, len(known)) for key in keys], dtype=float)
        codes[rows] = places[indices[rows].astype(int)]
    return tuple(text for _, text in known), codes


def _text(value: Any) -> str:
    """Write a value as text, cut if it is long."""
    try:
        text = value if isinstance(value, str) else str(value)
    except Exception as error:  # any: it is the code of somebody's class
        text = f"{type(value).__name__} ({type(error).__name__})"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


# --- attributes ------------------------------------------------------------------------------------------------------


def _system_attr(history: History, number: int, key: str) -> Any:
    live = history.live.get(number)
    return history.system_attr(number, key) if live is None else live.system_attrs.get(key)


def _user_attrs(history: History, number: int) -> dict[str, Any]:
    live = history.live.get(number)
    return history.user_attrs(number) if live is None else live.user_attrs


def _coded(texts: dict[int, str], n: int) -> Texts:
    known: dict[str, int] = {}
    codes = np.full(n, -1)
    for number, text in texts.items():
        codes[number] = known.setdefault(text, len(known))
    return Texts(codes, tuple(known))


def _attrs(history: History) -> dict[str, FloatArray | Texts]:
    found: dict[str, dict[int, Any]] = {}
    for number in range(history.n):
        for key, value in _user_attrs(history, number).items():
            if key in found or len(found) < _MOST_ATTRS:
                found.setdefault(str(key), {})[number] = value
    return {key: _attr(values, history.n) for key, values in found.items()}


def _attr(values: dict[int, Any], n: int) -> FloatArray | Texts:
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values.values()):
        column = np.full(n, np.nan)
        column[list(values)] = [_float(value) for value in values.values()]
        return column
    return _coded({number: _text(value) for number, value in values.items()}, n)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def _errors(history: History) -> Texts:
    """Collect why trials failed: what an attribute of a usual name says, otherwise what was raised."""
    found = {}
    for number in np.flatnonzero(history.states == FAIL).tolist():
        attrs = _user_attrs(history, number)
        error = next((attrs[key] for key in _ERROR_ATTRS if attrs.get(key)), None)
        error = error or _system_attr(history, number, ERROR) or _system_attr(history, number, "fail_reason")
        if error:
            found[number] = _text(error)
    return _coded(found, history.n)


# --- reports ---------------------------------------------------------------------------------------------------------


def _reports(history: History) -> Reports:
    numbers, lengths = [], []
    steps: list[AnyArray] = []
    values: list[AnyArray] = []
    for number in range(history.n):
        live = history.live.get(number)
        reported = history.reports.of(number) if live is None else live.intermediate_values
        if reported:
            order = np.argsort(np.fromiter(reported, np.int64, len(reported)), kind="stable")
            numbers.append(number)
            lengths.append(len(reported))
            steps.append(np.fromiter(reported, np.int64, len(reported))[order])
            values.append(np.fromiter(reported.values(), np.float64, len(reported))[order])
    starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)
    return Reports(
        np.array(numbers, dtype=np.int64),
        starts,
        np.concatenate(steps) if steps else np.empty(0, np.int64),
        np.concatenate(values) if values else np.empty(0),
    )


def _rungs(history: History) -> Rungs:
    found = [(one.number, one.rung, one.values[0]) for one in history.rungs.since(0)]
    numbers, rungs, values = zip(*found, strict=True) if found else ((), (), ())
    return Rungs(np.array(numbers, dtype=np.int64), np.array(rungs, dtype=np.int64), np.array(values, dtype=float))
