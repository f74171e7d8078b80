"""TPE's part in a trial that finished: its coordinates are set, and it takes its place in the order of losses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...arrays import BoolArray, FloatArray, IntArray
from .. import exact, jit

COMPLETE = 1  # the state, as a history keeps it


@jit
def tell(
    internal: FloatArray,
    model: FloatArray,
    states: npt.NDArray[np.int8],
    values: FloatArray,
    sign: float,
    numbers: IntArray,
    low: FloatArray,
    high: FloatArray,
    n_choices: IntArray,
    n_values: IntArray,
    points: FloatArray,
    start: IntArray,
    n_given: int,
    n_ranked: int,
    z: FloatArray,
    counts: BoolArray,
    losses: FloatArray,
    ranked: IntArray,
) -> int:
    """Take in k trials that finished; return the number of those that are ranked now, `n_ranked` before.

    Parameters
    ----------
    states, values, sign
        (n,) states and (n, 1) values by trial number, and what turns values into losses: complete trials count.
    counts, losses, ranked
        As in `Kept`; Numba takes longer to take in a tuple of arrays than those of it that are needed.
    others
        As in `place`.
    """
    has_all = place(internal, model, numbers, low, high, n_choices, n_values, points, start, n_given, z)
    for k in range(numbers.size):
        i = numbers[k]
        counts[i] = has_all[k] and states[i] == COMPLETE
        if counts[i]:
            _rank(sign * values[i, 0], i, n_ranked, losses, ranked)
            n_ranked += 1
    return n_ranked


@jit
def _rank(loss: float, number: int, n: int, losses: FloatArray, ranked: IntArray) -> None:
    """Insert a trial into n that are sorted by loss and, where losses are equal, by number."""
    at = n
    while at > 0 and (losses[at - 1] > loss or (losses[at - 1] == loss and ranked[at - 1] > number)):
        losses[at], ranked[at] = losses[at - 1], ranked[at - 1]
        at -= 1
    losses[at], ranked[at] = loss, number


@jit
def place(
    internal: FloatArray,
    model: FloatArray,
    numbers: IntArray,
    low: FloatArray,
    high: FloatArray,
    n_choices: IntArray,
    n_values: IntArray,
    points: FloatArray,
    start: IntArray,
    n_given: int,
    z: FloatArray,
) -> BoolArray:
    """Write the coordinates of some trials into z (d, n); tell which of them (k,) have all that they need to count.

    Parameters
    ----------
    internal, model
        (d, k) internal values, NaN where there are none, and the same on the scale of the model.
    numbers
        (k,) trial numbers.
    low, high
        (d,) ends of the ranges in internal values: outside of them there is no coordinate.
    n_choices, n_values, points, start
        Of the d `Axes`.
    n_given
        How many dimensions, the first ones, a trial may lack and count nevertheless.
    z
        Coordinates by trial number.
    """
    has_all = np.ones(numbers.size, np.bool_)
    for j in range(z.shape[0]):
        values = points[start[j] : start[j] + n_values[j]]
        is_grid = n_values[j] > 0 and n_choices[j] == 0
        for k in range(numbers.size):
            value = np.nan
            if internal[j, k] >= low[j] and internal[j, k] <= high[j]:
                value = float(_nearest(model[j, k], values)) if is_grid else model[j, k]
            z[j, numbers[k]] = value
            if j >= n_given and internal[j, k] != internal[j, k]:
                has_all[k] = False
    return has_all


@exact
def _nearest(x: float, points: FloatArray) -> int:
    """Return the index of the grid's value that is nearest; see `axes.encode`."""
    index = 0
    while index + 1 < points.size and 0.5 * (points[index + 1] + points[index]) < x:
        index += 1
    return index
