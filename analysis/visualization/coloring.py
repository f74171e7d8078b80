"""How trials are shaded in plots that offer ``color``: by value, by rank, or by when they ran."""

from __future__ import annotations

import numpy as np

from ...engine.arrays import FloatArray
from .picture import Shading
from .reading import Values

_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


def coloring(
    color: str, trials: Values, target_name: str, choices: tuple[str, ...] = ("value", "rank")
) -> tuple[FloatArray, Shading]:
    """Give what shades each trial, and the scale.

    Parameters
    ----------
    color
        ``"value"``, ``"rank"`` (evenly spread over the trials) or ``"trial"`` (the number).
    trials
        The trials, k of them.
    target_name
        What the values are called.
    choices
        Those of the three that the plot offers.

    Returns
    -------
    values, shading
        Shape (k,), and their scale, on which the better end is the dark one.
    """
    if color not in choices:
        raise ValueError(f"`color` must be one of {list(choices)}, but got {color!r}.")
    if color == "trial":
        numbers = trials.numbers.astype(float)
        return numbers, Shading.of("Trial", numbers, low_is_dark=False)
    if color == "rank":
        return shares(trials.values), ranking(trials.values, target_name, trials.low_is_good)
    return trials.values, Shading.of(target_name, trials.values, trials.low_is_good)


def shares(values: FloatArray) -> FloatArray:
    """Give the mean rank of each of k values, from 0 (the least) to 1; equal ones share one, and one alone has 0.5."""
    if len(values) < 2:
        return np.full(len(values), 0.5)
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    mean = np.cumsum(count) - (count + 1) / 2
    return np.asarray(mean[place] / (len(values) - 1))


def ranking(values: FloatArray, target_name: str, low_is_dark: bool = True) -> Shading:
    """Make the scale of ranks, with the values at its quarters beside it."""
    ends = ("min.", "25%", "50%", "75%", "max.")
    at = np.quantile(values, _QUARTERS, method="lower") if len(values) else np.full(5, np.nan)
    ticks = tuple((q, f"{end} ({value:.6g})") for q, end, value in zip(_QUARTERS, ends, at.tolist(), strict=True))
    return Shading(f"Rank of {target_name}", 0.0, 1.0, low_is_dark, ticks)
