"""Where a parameter has a grid or choices: children at points that no trial has tried, as long as there are any.

There crossover and small changes often lead to known points: without this three in five of 3,000 trials of NSGA-II on a
table of 13,824 points were repetitions, and one in six of SMS-EMOA's in a space of floats, integers and choices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...engine.distributions import CategoricalDistribution, FloatArray
from ...engine.history import History
from .breeding import Box, Operators, internal_values

N_PATIENT = 4  # rounds after which a point is tried again
N_MORE, LEAST = 4, 16  # children that a round makes for each that is wanted, and at least


class Tried:
    """Points at which trials finished, read as they finish.

    Parameters
    ----------
    box
        The parameters.
    """

    def __init__(self, box: Box) -> None:
        self._box = box
        self._meaning = meaning(box)
        self._first: dict[bytes, int] = {}  # the lowest number of a trial at each point
        self._n_read = 0

    def serves(self, box: Box) -> bool:
        """Tell whether internal values mean the same in a box: ranges may differ."""
        return self._box is box or self._meaning == meaning(box)

    def update(self, history: History) -> Tried:
        """Read the trials that finished since."""
        new = history.finished[self._n_read :]
        if len(new):
            self._n_read += len(new)
            for key, number in zip(keys(internal_values(self._box, history, new)), new.tolist(), strict=True):
                self._first[key] = min(number, self._first.get(key, number))
        return self

    def __call__(self, key: bytes, number: int) -> bool:
        """Tell whether a trial of a lower number was there; the higher ones a resumed study would not have seen."""
        return self._first.get(key, number) < number


def meaning(box: Box) -> tuple[list[str], list[Any]]:
    """Give what internal values of a box depend on: names, and choices."""
    return box.names, [d if isinstance(d, CategoricalDistribution) else None for d in box.distributions]


def keys(values: FloatArray) -> list[bytes]:
    """Give a key for each point of internal values (d, n)."""
    return [point.tobytes() for point in np.ascontiguousarray(values.T) + 0.0]  # -0.0 is 0.0


def breed_untried(
    make: Callable[[int, Operators], FloatArray],
    how: Operators,
    tried: Tried,
    number: int,
    n: int,
    siblings: Sequence[FloatArray] = (),
) -> FloatArray:
    """Make children of which none repeats another or a trial, while others turn up.

    Each round that is needed makes more, and mutates twice as many of their parameters as the one before.

    Parameters
    ----------
    make
        Makes as many children as it is told to, internal values (d, n).
    how
        Crossover and mutation.
    tried
        The points of trials.
    number
        Number of the first of the trials that the children are for.
    n
        How many to make.
    siblings
        Other children (d, n_i) that are not to be repeated.

    Returns
    -------
    children
        Shape (d, n).
    """
    children = make(n, how)
    taken = {key for others in siblings for key in keys(others)}
    repeated = _repeated(children, tried, number, taken)
    n_more = max(N_MORE * n, LEAST)
    rate = 1 / len(children) if how.mutation_prob is None else how.mutation_prob
    for _ in range(N_PATIENT):
        if not repeated:
            break
        rate = min(2 * rate, 1.0)
        more = make(n_more, how._replace(mutation_prob=rate))
        known = set(_repeated(more, tried, number, taken))
        spare = [i for i in range(n_more) if i not in known][: len(repeated)]
        children[:, repeated[: len(spare)]] = more[:, spare]
        repeated = repeated[len(spare) :]
    return children


def _repeated(children: FloatArray, tried: Tried, number: int, taken: set[bytes]) -> list[int]:
    """Give the indices of children that were tried or taken; the others are taken from now on."""
    found = []
    for i, key in enumerate(keys(children)):
        if key in taken or tried(key, number):
            found.append(i)
        taken.add(key)
    return found
