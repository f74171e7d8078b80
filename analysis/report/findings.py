"""What is computed for a report beside the trials themselves: importances, the band, hypervolumes, workers' lanes."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.history.trial_columns import NO_TIME
from ...engine.kernels.dominance import non_dominated
from ...engine.kernels.hypervolume import hypervolume
from ...engine.logging import get_logger
from ..forecasting import Curve, forecast
from ..importance import get_param_importances, get_sensitivities
from .columns import COMPLETE, FAIL, PRUNED, Columns

_MOST_OBJECTIVES = 4  # of which the hypervolume is followed: beyond, each point costs seconds
_N_POINTS = 200  # of the curve of hypervolumes

_logger = get_logger(__name__)


@dataclass(frozen=True)
class Lanes:
    """Trials laid out as workers would have run them: each in the first lane that was free when it started.

    Attributes
    ----------
    lane
        Shape (n,); -1 where a trial has no times.
    n_lanes
        How many trials ran at a time at most.
    idle
        Share of the time of all lanes, from the first start to the last end, in which they ran nothing; NaN if unknown.
    """

    lane: IntArray
    n_lanes: int
    idle: float


@dataclass(frozen=True)
class Findings:
    """What is computed of a study.

    Attributes
    ----------
    importances
        By parameter, the largest first, summing to 1; none where they cannot be told.
    sensitivities
        By parameter: rank correlation of numbers, in [-1, 1], or spread between choices, in [0, 1].
    band
        The expected best, and a band around it, by number of trials; None of several objectives.
    hypervolumes
        Number of trials and hypervolume after them, shape (k, 2); empty of one objective.
    lanes
        Who ran what.
    """

    importances: Mapping[str, float] = field(default_factory=dict)
    sensitivities: Mapping[str, float] = field(default_factory=dict)
    band: Curve | None = None
    hypervolumes: FloatArray = field(default_factory=lambda: np.empty((0, 2)))
    lanes: Lanes = field(default_factory=lambda: Lanes(np.empty(0, np.int64), 0, float("nan")))


def findings_of(study: Any, columns: Columns) -> Findings:
    """Compute all of it."""
    importances, sensitivities = _weighed(study, columns)
    return Findings(importances, sensitivities, _band(study, columns), hypervolumes(columns), lanes(columns))


def _weighed(study: Any, columns: Columns) -> tuple[dict[str, float], dict[str, float]]:
    if np.count_nonzero(columns.complete) < 2 or not columns.params:
        return {}, {}
    try:
        found = get_param_importances(study)
        sensitivities = get_sensitivities(study)
    except (ValueError, RuntimeError) as error:  # such as no finite value: the report says nothing of it then
        _logger.info(f"The report goes without importances: {error}")
        return {}, {}
    return found, {name: one.value for name, one in sensitivities.items() if not isinstance(one, float)}


def _band(study: Any, columns: Columns) -> Curve | None:
    if columns.best is None:
        return None
    n = int(np.count_nonzero(np.isin(columns.states, (COMPLETE, PRUNED, FAIL))))
    return forecast(study, max(n // 2, 10)).curve


def hypervolumes(columns: Columns) -> FloatArray:
    """Follow the hypervolume, up to the worst values that any complete feasible trial has.

    Infinite values count as those worst ones. Only points that join the front change it.
    """
    m = len(columns.signs)
    rows = np.flatnonzero(columns.complete)
    losses = columns.values[rows] * columns.signs
    losses = losses[kept := np.isfinite(losses).all(axis=1)]
    rows = rows[kept]
    if not 2 <= m <= _MOST_OBJECTIVES or not len(rows):
        return np.empty((0, 2))
    reference, front, volume, start = losses.max(axis=0), losses[:0], 0.0, 0
    found = []
    for stop in np.unique(np.linspace(1, len(rows), min(len(rows), _N_POINTS)).astype(int)).tolist():
        joined = np.concatenate([front, losses[start:stop]])
        joined = joined[non_dominated(joined)]
        if len(joined) != len(front) or not np.array_equal(joined, front):
            front, volume = joined, hypervolume(joined, reference)
        found.append((rows[stop - 1] + 1, volume))
        start = stop
    return np.array(found, dtype=float)


def lanes(columns: Columns) -> Lanes:
    """Lay out the trials in lanes."""
    known = np.flatnonzero((columns.start != NO_TIME) & (columns.end != NO_TIME))
    lane = np.full(columns.n, -1)
    busy: list[tuple[int, int]] = []  # until when, and which lane
    free: list[int] = []
    n_lanes = 0
    for number in known[np.argsort(columns.start[known], kind="stable")].tolist():
        while busy and busy[0][0] <= columns.start[number]:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            lane[number] = heapq.heappop(free)
        else:
            lane[number], n_lanes = n_lanes, n_lanes + 1
        heapq.heappush(busy, (int(columns.end[number]), int(lane[number])))
    if not len(known):
        return Lanes(lane, 0, float("nan"))
    span = float(columns.end[known].max() - columns.start[known].min())
    worked = float((columns.end[known] - columns.start[known]).sum())
    return Lanes(lane, n_lanes, max(1.0 - worked / (span * n_lanes), 0.0) if span > 0 else float("nan"))
