"""What plots read of a study: the values of its complete trials, what these are called, and which of them to show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.arrays import AnyArray, BoolArray, FloatArray, IntArray
from ...engine.history import History, history_of
from ...engine.logging import get_logger
from ...engine.records import StudyDirection, TrialState
from ..targets import Target, targeted

MOST = 2000  # trials up to which a plot shows all of them
MANY_PANELS = 1000  # trials that are shown in each of many panels, where there are more than `MOST`
_PADDING = 0.05  # of an axis on either side of the data
_LEAST = -307.0  # power of ten at the end of a logarithmic axis

_logger = get_logger(__name__)


def studies_of(study: Any) -> list[Any]:
    """List studies: one, or those that a sequence has."""
    if hasattr(study, "directions") or isinstance(study, str) or not isinstance(study, Iterable):
        return [study]
    return list(study)


def names_of_objectives(study: Any, otherwise: Sequence[str]) -> list[str]:
    """Give the names of a study's objectives, others where it has none."""
    return list(getattr(study, "metric_names", None) or otherwise)


def check_target(directions: Sequence[StudyDirection], target: Any) -> None:
    """Raise ``ValueError`` for several objectives without a target."""
    if target is None and len(directions) > 1:
        raise ValueError(
            "If the `study` is being used for multi-objective optimization, please specify the `target`: expected what "
            f"to plot of {len(directions)} objectives, such as `target=lambda trial: trial.values[0]`, but got None."
        )


@dataclass(frozen=True)
class Values:
    """What complete trials reached.

    Attributes
    ----------
    history
        The study's columns.
    numbers
        Numbers of the trials, shape (k,).
    values
        Objective values or those of the target, shape (k,).
    feasible
        Whether each keeps all constraints, shape (k,).
    low_is_good
        Whether less is better, as it is taken to be of a target.
    """

    history: History
    numbers: IntArray
    values: FloatArray
    feasible: BoolArray
    low_is_good: bool

    def __getitem__(self, rows: AnyArray) -> Values:
        return Values(self.history, self.numbers[rows], self.values[rows], self.feasible[rows], self.low_is_good)

    @property
    def losses(self) -> FloatArray:
        """The values, turned so that less is better."""
        return self.values if self.low_is_good else -self.values

    def finite(self) -> Values:
        """Leave out those whose value is infinite or NaN, and say so."""
        is_finite = np.isfinite(self.values)
        if not is_finite.all():
            left_out = ", ".join(map(str, self.numbers[~is_finite][:10].tolist()))
            _logger.warning(
                f"{(~is_finite).sum()} trials are omitted in visualization because their values are inf or nan: "
                f"{left_out}{', ...' if (~is_finite).sum() > 10 else ''}."
            )
        return self[is_finite]


def values_of(study: Any, target: Target | None, absent: float | None = None, objective: int | None = None) -> Values:
    """Read what the complete trials of a study reached; several objectives need a target, or to be told which one.

    Where a target gives None for a trial, `absent` stands for it if that is given.
    """
    history = history_of(study)
    if objective is None:
        check_target(history.directions, target)
    with history.lock:
        numbers = np.flatnonzero(history.states == TrialState.COMPLETE)
        if target is None:
            values = history.values[numbers, objective or 0]
        else:
            values = targeted(history, numbers.tolist(), target, absent)
        feasible = ~(history.violation[numbers] > 0)
        low_is_good = target is not None or history.signs[objective or 0] > 0
    return Values(history, numbers, values.astype(float), feasible, low_is_good)


def padded(low: float, high: float, log: bool = False) -> tuple[float, float]:
    """Widen a range by a twentieth on either side; one without width by half a unit, or half a power of ten."""
    if log:
        ends = padded(math.log10(low), math.log10(high))
        return 10.0 ** max(ends[0], _LEAST), 10.0 ** min(ends[1], -_LEAST)
    width = high - low
    if math.isinf(width):
        return low, high
    pad = _PADDING * width if width > 0 else 0.5 * max(1.0, 1e-6 * abs(low))
    return low - pad, high + pad


# --- which trials to show --------------------------------------------------------------------------------------------


def thinned(losses: FloatArray, most: int) -> IntArray:
    """Choose at most `most` of n trials to be shown: the best, those that were the best so far, and every so many.

    Parameters
    ----------
    losses
        Shape (n,), in order of their numbers, less is better.
    most
        How many.

    Returns
    -------
    rows
        Ascending.
    """
    n = len(losses)
    if n <= most:
        return np.arange(n)
    best = np.minimum.accumulate(np.where(np.isnan(losses), np.inf, losses))
    records = np.flatnonzero(np.diff(best, prepend=np.inf) < 0)[-most // 4 :]
    kept = np.union1d(records, np.argsort(losses, kind="stable")[: most // 4])
    others = np.setdiff1d(np.arange(n), kept, assume_unique=True)
    return np.union1d(kept, others[np.linspace(0, len(others) - 1, most - len(kept)).astype(int)])


def note(shown: int, total: int, what: str = "trials") -> str:
    """Say, in a line of the log as well, that not all is shown; an empty text if it is."""
    if shown >= total:
        return ""
    text = f"{shown:,} of {total:,} {what} shown"
    _logger.info(f"{text}: plots of more than {MOST:,} trials are thinned. The best ones are kept.")
    return text
