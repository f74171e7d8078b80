"""Columns as compact JSON for the page's script: typed arrays in base64, each as narrow as its numbers allow."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import numpy as np

from ...engine.arrays import AnyArray, FloatArray, IntArray
from ...engine.history.trial_columns import NO_TIME
from ..visualization.reading import thinned
from .alerts import Alert
from .columns import Columns, Texts
from .findings import Findings
from .verdict import Verdict

MOST_TRIALS = 20_000
MOST_CURVES = 500
MOST_STEPS = 100  # of a curve

_INTS = (np.int8, np.int16, np.int32)


def packed(column: AnyArray) -> dict[str, str]:
    """Write numbers (n,) as ``{"t": type, "d": base64}``; whole numbers as narrow integers, if none is NaN."""
    column = np.asarray(column)
    if column.dtype.kind == "f" and len(column) and not _is_whole(column):
        with np.errstate(all="ignore"):
            as_single = column.astype(np.float32)
        narrow = as_single if np.array_equal(as_single, column, equal_nan=True) else column.astype(np.float64)
        return _encoded(narrow)
    low, high = (column.min(), column.max()) if len(column) else (0, 0)
    for kind in _INTS:
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return _encoded(column.astype(kind))
    return _encoded(column.astype(np.float64))


def _is_whole(column: FloatArray) -> bool:
    with np.errstate(all="ignore"):
        return bool((np.isfinite(column) & (column == np.trunc(column)) & ~((column == 0) & np.signbit(column))).all())


def _encoded(column: AnyArray) -> dict[str, str]:
    little = np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("<"))
    return {"t": f"{column.dtype.kind}{8 * column.dtype.itemsize}", "d": b64encode(little.tobytes()).decode("ascii")}


def shown_rows(columns: Columns) -> IntArray:
    """Choose the trials that are embedded: all up to a limit; beyond it the best, the front, and every so many."""
    if columns.n <= MOST_TRIALS:
        return np.arange(columns.n)
    rows = thinned(np.where(columns.complete, columns.losses, np.inf), MOST_TRIALS)
    return np.union1d(rows, np.array(columns.front, dtype=np.int64))


def payload(
    columns: Columns, findings: Findings, verdict: Verdict, alerts: list[Alert], about: dict[str, Any]
) -> dict[str, Any]:
    """Give what the script needs of a study, as JSON values.

    A parameter's values are those of the trials that have it. Which these are is told by the trials' space: an index
    of sets of parameters, since parameters come and go together.
    """
    rows = shown_rows(columns)
    present = columns.present[rows]
    spaces, space = np.unique(present, axis=0, return_inverse=True)
    space = np.reshape(space, -1)
    return {
        "name": columns.name,
        "objectives": list(columns.objectives),
        "signs": list(columns.signs),
        "total": columns.n,
        "numbers": packed(rows),
        "state": packed(columns.states[rows]),
        "values": [packed(values) for values in columns.values[rows].T],
        "infeasible": packed(columns.violation[rows] > 0) if (columns.violation > 0).any() else None,
        **_times(columns, rows),
        "space": packed(space),
        "params": [
            {
                "name": param.name,
                "kind": param.kind,
                "log": param.log,
                "low": _json_number(param.low),
                "high": _json_number(param.high),
                "labels": list(param.labels),
                "spaces": np.flatnonzero(spaces[:, j]).tolist() if len(spaces) else [],
                "values": packed(param.values[rows][present[:, j]]),
            }
            for j, param in enumerate(columns.params)
        ],
        "attrs": [{"name": name, **_attr(column, rows)} for name, column in columns.attrs.items()],
        "errors": _attr(columns.errors, rows),
        "front": list(columns.front),
        "curves": _curves(columns, rows),
        "rungs": _rungs(columns),
        **_found(findings, rows),
        "code": verdict.code,
        "about": about,
        "alerts": [{"title": one.title, "trials": _shown(one.trials)} for one in alerts],
    }


def _shown(trials: tuple[int, ...]) -> list[int]:
    return list(trials[:1000])


def _json_number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _times(columns: Columns, rows: IntArray) -> dict[str, Any]:
    """Write starts and durations in milliseconds or coarser units since the first start; -1 where there is none."""
    start, end = columns.start[rows], columns.end[rows]
    known = start != NO_TIME
    if not known.any():
        return {"origin": None}
    origin = int(start[known].min())
    latest = int(max(start[known].max(), end.max(initial=NO_TIME)))
    unit = 1000 * 10 ** max(0, int(np.ceil(np.log10(max(latest - origin, 1) / 1000 / 2**31))))
    ended = known & (end != NO_TIME)
    return {
        "origin": origin / 1000,
        "unit": unit / 1000,
        "start": packed(np.where(known, (start - origin) // unit, -1)),
        "took": packed(np.where(ended, (end - np.where(ended, start, end)) // unit, -1)),
    }


def _attr(column: FloatArray | Texts, rows: IntArray) -> dict[str, Any]:
    if isinstance(column, Texts):
        used, codes = np.unique(column.codes[rows], return_inverse=True)
        shift = 1 if len(used) and used[0] == -1 else 0
        return {
            "labels": [column.labels[code] for code in used.tolist() if code >= 0],
            "codes": packed(np.reshape(codes, -1) - shift) if len(used) > shift else None,
        }
    return {"values": packed(column[rows])}


def _curves(columns: Columns, rows: IntArray) -> dict[str, Any] | None:
    """Give the learning curves of the best trials, and of others at equal distances, of each so many steps."""
    reports = columns.reports
    if not len(reports.numbers):
        return None
    at = np.searchsorted(rows, reports.numbers)
    is_shown = (at < len(rows)) & (rows[np.minimum(at, len(rows) - 1)] == reports.numbers)
    owners = np.flatnonzero(is_shown)
    if len(owners) > MOST_CURVES:
        losses = columns.losses[reports.numbers[owners]]
        owners = owners[thinned(np.where(np.isnan(losses), np.inf, losses), MOST_CURVES)]
    kept, lengths = [], []
    for i in owners.tolist():
        length = int(reports.starts[i + 1] - reports.starts[i])
        picked = np.unique(np.linspace(0, length - 1, min(length, MOST_STEPS)).astype(int))
        kept.append(reports.starts[i] + picked)
        lengths.append(len(picked))
    flat = np.concatenate(kept) if kept else np.empty(0, int)
    return {
        "total": len(reports.numbers),
        "numbers": packed(reports.numbers[owners]),
        "lengths": packed(np.array(lengths, dtype=np.int64)),
        "steps": packed(reports.steps[flat]),
        "values": packed(reports.values[flat]),
    }


def _rungs(columns: Columns) -> dict[str, Any] | None:
    rungs = columns.rungs
    if not len(rungs.numbers):
        return None
    kept = slice(-MOST_TRIALS, None)
    return {
        "numbers": packed(rungs.numbers[kept]),
        "rungs": packed(rungs.rungs[kept]),
        "values": packed(rungs.values[kept]),
    }


def _found(findings: Findings, rows: IntArray) -> dict[str, Any]:
    band = findings.band
    return {
        "importances": [
            [name, float(share), _json_number(findings.sensitivities.get(name, float("nan")))]
            for name, share in findings.importances.items()
        ],
        "band": None
        if band is None
        else {key: packed(getattr(band, key)) for key in ("n_trials", "expected", "low", "high")},
        "hypervolumes": [packed(column) for column in findings.hypervolumes.T] if len(findings.hypervolumes) else None,
        "lane": packed(findings.lanes.lane[rows]),
        "n_lanes": findings.lanes.n_lanes,
        "idle": _json_number(findings.lanes.idle),
    }


def as_script_json(value: Any) -> str:
    """Write JSON that may stand in a script element: no letter of it can end that, or begin a comment."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text
