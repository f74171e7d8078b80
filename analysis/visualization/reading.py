"""What plots read of a study: the values of its complete trials, its parameters as axes, and which trials to show."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.arrays import AnyArray, BoolArray, FloatArray, IntArray
from ...engine.distributions import BaseDistribution, CategoricalDistribution
from ...engine.history import History, history_of
from ...engine.logging import get_logger
from ...engine.records import FrozenTrial, StudyDirection, TrialState
from .picture import Axis

Target = Callable[[FrozenTrial], float]

MOST = 2000  # trials up to which a plot shows all of them
MANY_PANELS = 1000  # trials that are shown in each of many panels, where there are more than `MOST`
_LONGEST = 40  # characters of a label
_PADDING = 0.05  # of an axis on either side of the data

_logger = get_logger(__name__)


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


def values_of(study: Any, target: Target | None) -> Values:
    """Read what the complete trials of a study reached; several objectives need a target."""
    history = history_of(study)
    check_target(history.directions, target)
    with history.lock:
        numbers = np.flatnonzero(history.states == TrialState.COMPLETE)
        if target is None:
            values = history.values[numbers, 0]
        else:
            values = np.array([float(target(history.copy_record(n))) for n in numbers.tolist()])
        feasible = ~(history.violation[numbers] > 0)
        low_is_good = target is not None or history.signs[0] > 0
    return Values(history, numbers, values.astype(float), feasible, low_is_good)


# --- parameters ------------------------------------------------------------------------------------------------------


def shown_names(
    study: Any, params: Sequence[str] | None, order: str | None, n_params: int | None, given: Any
) -> list[str]:
    """List the parameters to be shown: sorted by name, or the most important ones first.

    Parameters
    ----------
    study
        The study.
    params
        Those to choose from; None: all that a complete trial has.
    order
        None or ``"importance"``.
    n_params
        How many to keep, the most important ones; None: all.
    given
        The target for which importance is asked.

    Raises
    ------
    ValueError
        If a parameter is unknown, or `order` or `n_params` makes no sense.
    """
    history = history_of(study)
    with history.lock:
        known = _of_complete(history)
    for name in params or ():
        if name not in known:
            raise ValueError(f"Parameter {name} does not exist in your study. Expected some of {sorted(known)}.")
    names = sorted(set(known if params is None else params))
    if order not in (None, "importance"):
        raise ValueError(f'`order` must be None or "importance", but got {order!r}.')
    if n_params is not None and n_params < 1:
        raise ValueError(f"`n_params` must be positive or None, but got {n_params!r}.")
    if len(names) < 2 or (order is None and (n_params is None or n_params >= len(names))):
        return names
    ranked = _by_importance(study, names, given)[:n_params]
    return ranked if order else sorted(ranked)


def _of_complete(history: History) -> list[str]:
    found: dict[str, None] = {}
    for space in history.spaces(include_pruned=False):
        found.update(dict.fromkeys(space))
    return list(found)


def _by_importance(study: Any, names: list[str], target: Target | None) -> list[str]:
    from .. import importance

    found = importance.get_param_importances(study, target=target)
    return sorted(names, key=lambda name: -found.get(name, -1.0))


@dataclass(frozen=True)
class Column:
    """A parameter of some trials.

    Attributes
    ----------
    axis
        The axis that it is laid out on, as wide as the data and a little more.
    values
        Positions on the axis, shape (k,); NaN where a trial has none.
    """

    axis: Axis
    values: FloatArray

    @property
    def present(self) -> BoolArray:
        """Whether each trial has the parameter."""
        return ~np.isnan(self.values)

    def text(self, row: int) -> str:
        """Write the value of a trial."""
        value = float(self.values[row])
        return self.axis.labels[int(value)] if self.axis.scale == "category" else f"{value:.6g}"


def column(history: History, name: str, numbers: IntArray, quoted: bool = False, as_choices: bool = False) -> Column:
    """Read a parameter of some trials; hold the history's lock.

    Parameters
    ----------
    history
        The study's columns.
    name
        The parameter's.
    numbers
        The trials', shape (k,).
    quoted
        Whether texts among choices stand in quotes.
    as_choices
        Whether choices that are numbers are categories, too, in their own order; otherwise they are numbers.
    """
    latest = history.latest(name)
    if not isinstance(latest, CategoricalDistribution):
        values = history.params([name], numbers)[0]
        return Column(_numeric(name, values, "log" if getattr(latest, "log", False) else "linear"), values)
    by_distribution = history.by_distribution(name, numbers)
    if not as_choices and all(_are_numbers(one) for one, _ in by_distribution):
        values = _numbers_chosen(history, name, numbers, by_distribution)
        return Column(_numeric(name, values, "linear"), values)
    labels, values = _chosen(history, name, numbers, by_distribution, repr if quoted else str, keep_all=as_choices)
    return Column(Axis(name, "category", labels, (-0.5, max(len(labels), 1) - 0.5)), values)


def _are_numbers(distribution: BaseDistribution) -> bool:
    choices = distribution.choices if isinstance(distribution, CategoricalDistribution) else ()
    return all(isinstance(c, (int, float)) and not isinstance(c, bool) and math.isfinite(c) for c in choices)


Distributions = list[tuple[BaseDistribution, IntArray]]


def _numbers_chosen(history: History, name: str, numbers: IntArray, found: Distributions) -> FloatArray:
    index, values = history.params([name], numbers)[0], np.full(len(numbers), np.nan)
    for distribution, rows in found:
        assert isinstance(distribution, CategoricalDistribution)
        values[rows] = np.array(distribution.choices, dtype=float)[index[rows].astype(int)]
    return values


def _chosen(
    history: History, name: str, numbers: IntArray, found: Distributions, show: Callable[[Any], str], keep_all: bool
) -> tuple[tuple[str, ...], FloatArray]:
    """Give the labels of the choices in their order, those that were chosen unless all are to be kept, and indices."""
    index, values = history.params([name], numbers)[0], np.full(len(numbers), np.nan)
    known: dict[str, int] = {}
    for distribution, rows in found:
        assert isinstance(distribution, CategoricalDistribution)
        places = [known.setdefault(show(choice), len(known)) for choice in distribution.choices]
        values[rows] = np.array(places, dtype=float)[index[rows].astype(int)]
    labels = shortened(list(known))
    if keep_all:
        return tuple(labels), values
    present = ~np.isnan(values)
    used, inverse = np.unique(values[present].astype(int), return_inverse=True)
    values[present] = inverse
    return tuple(labels[i] for i in used), values


def shortened(labels: Sequence[str]) -> list[str]:
    """Cut long labels in the middle, and keep them different."""
    found: dict[str, None] = {}
    for label in labels:
        short = label if len(label) <= _LONGEST else f"{label[: _LONGEST // 2]}…{label[1 - _LONGEST // 2 :]}"
        k = 2
        while short in found:
            short = f"{label[: _LONGEST // 2]}… ({k})"
            k += 1
        found[short] = None
    return list(found)


def _numeric(name: str, values: FloatArray, scale: Any) -> Axis:
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return Axis(name, scale)
    return Axis(name, scale, limits=padded(float(finite.min()), float(finite.max()), scale == "log"))


def padded(low: float, high: float, log: bool = False) -> tuple[float, float]:
    """Widen a range by a twentieth on either side; one without width by half a unit, or half a power of ten."""
    if log:
        ends = padded(math.log10(low), math.log10(high))
        return 10.0 ** ends[0], 10.0 ** ends[1]
    width = high - low
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


def hover(trials: Values, target_name: str, columns: Sequence[Column]) -> tuple[str, ...]:
    """Write for each trial what is shown beside the pointer: number, parameters and value, a line each."""
    present = [one.present for one in columns]
    return tuple(
        "\n".join(
            [
                f"Trial #{number}",
                *(f"{one.axis.title}: {one.text(row)}" for one, has in zip(columns, present, strict=True) if has[row]),
                f"{target_name}: {value:.6g}",
            ]
        )
        for row, (number, value) in enumerate(zip(trials.numbers.tolist(), trials.values.tolist(), strict=True))
    )
