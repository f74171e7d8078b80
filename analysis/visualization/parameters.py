"""The parameters of a study as axes, and which of them, and of the trials, a plot over parameters shows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.distributions import BaseDistribution, CategoricalDistribution
from ...engine.history import History, history_of
from ...engine.logging import get_logger
from ..targets import Target
from .picture import Axis
from .reading import MANY_PANELS, MOST, Values, note, padded, thinned

_LONGEST = 40  # characters of a label

_logger = get_logger(__name__)


# --- what is shown ---------------------------------------------------------------------------------------------------


def chosen(
    study: Any,
    trials: Values,
    params: Iterable[str] | None,
    target: Target | None,
    order: str | None,
    n_params: int | None,
    most_in_matrix: int = MANY_PANELS,
) -> tuple[Values, list[str], str]:
    """Choose what a plot over parameters shows.

    Parameters
    ----------
    study, trials
        The study, and its trials that can be shown.
    params, target, order, n_params
        See `shown_names`.
    most_in_matrix
        How many of more than `MOST` trials are shown if there are more than two parameters.

    Returns
    -------
    trials, names, note
        Thinned trials, the parameters, and what must be said of it. No names if there is nothing to show; then there
        is a line in the log.
    """
    names = shown_names(study, params, order, n_params, target)
    total = len(trials.numbers)
    if not total:
        _logger.warning("Your study does not have any completed trials.")
        return trials, [], ""
    if not names:
        _logger.warning("There are no parameters to be shown.")
    if total > MOST:
        trials = trials[thinned(trials.losses, MOST if len(names) <= 2 else most_in_matrix)]
    return trials, names, note(len(trials.numbers), total)


def shown_names(
    study: Any, params: Iterable[str] | None, order: str | None, n_params: int | None, target: Target | None
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
    target
        That for which importance is asked.

    Raises
    ------
    TypeError
        If `params` is no list.
    ValueError
        If a parameter is unknown, or `order` or `n_params` makes no sense.
    """
    history = history_of(study)
    with history.lock:
        known = _of_complete(history)
    wanted = _listed(known if params is None else params)
    for name in wanted:
        if name not in known:
            raise ValueError(f"Parameter {name} does not exist in your study. Expected some of {sorted(known)}.")
    names = sorted(set(wanted))
    if order not in (None, "importance"):
        raise ValueError(f'`order` must be None or "importance", but got {order!r}.')
    if n_params is not None and (not isinstance(n_params, int) or n_params < 1):
        raise ValueError(f"`n_params` must be positive or None, but got {n_params!r}.")
    if len(names) < 2 or (order is None and (n_params is None or n_params >= len(names))):
        return names
    ranked = _by_importance(study, names, target)[:n_params]
    return ranked if order else sorted(ranked)


def _listed(params: Iterable[str]) -> list[str]:
    try:
        return list(params)
    except TypeError:
        raise TypeError(f"`params` must be a list of names of parameters, or None, but got {params!r}.") from None


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
    known: dict[str, str] = {}  # as Python writes a choice, and as it is shown
    for distribution, rows in found:
        assert isinstance(distribution, CategoricalDistribution)
        known |= {repr(choice): show(choice) for choice in distribution.choices}
        places = {key: place for place, key in enumerate(known)}
        places_here = [places[repr(choice)] for choice in distribution.choices]
        values[rows] = np.array(places_here, dtype=float)[index[rows].astype(int)]
    count = Counter(known.values())
    labels = shortened([text if count[text] == 1 else key for key, text in known.items()])  # "1" and 1 are two
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
