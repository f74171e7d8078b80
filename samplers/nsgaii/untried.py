"""Where a parameter has a grid or choices: children at points that no trial has tried, as long as there are any.

There crossover and small changes often lead to known points: without this three in five of 3,000 trials of NSGA-II on a
table of 30,000 points were repetitions, and one in six of SMS-EMOA's in a space of floats, integers and choices.

Of spaces with branches nothing is left out: which of a child's parameters its trial will ask for is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.history import Dimensions, History
from ...engine.records import TrialState
from .breeding import Operators

N_PATIENT = 4  # rounds after which a point is tried again
N_MORE, LEAST = 4, 16  # children that a round makes for each that is wanted, and at least


class Tried:
    """Points at which complete and pruned trials were, read as they finish; failed ones tell nothing.

    Parameters
    ----------
    dims
        The d parameters that all trials have, and no others, each with the same choices in all of them.
    """

    def __init__(self, dims: Dimensions) -> None:
        self.dims = dims
        self._first: dict[bytes, int] = {}  # the lowest number of a trial at each point
        self._n_read = 0

    def update(self, history: History) -> Tried:
        """Read the trials that finished since."""
        if history.n_finished > self._n_read:
            numbers = history.finished[self._n_read :]
            self._n_read += len(numbers)
            numbers = numbers[history.states[numbers] != int(TrialState.FAIL)]
            for key, number in zip(keys(self.dims.read(history, numbers)), numbers.tolist(), strict=True):
                self._first[key] = min(number, self._first.get(key, number))
        return self

    def before(self, number: int, children: FloatArray) -> list[bool]:
        """Tell which children (n, d) trials of lower numbers tried; of the others a resumed study would not know."""
        return [self._first.get(key, number) < number for key in keys(children)]


def keys(values: FloatArray) -> list[bytes]:
    """Give a key for each point of internal values (n, d); of either zero the same."""
    return [point.tobytes() for point in np.ascontiguousarray(values) + 0.0]


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
        Makes as many children as it is told to, internal values (n, d).
    how
        Crossover and mutation.
    tried
        The points of trials.
    number
        Number of the first of the trials that the children are for.
    n
        How many to make.
    siblings
        Other children (n_i, d) that are not to be repeated.

    Returns
    -------
    children
        Shape (n, d).
    """
    children = make(n, how)
    taken = {key for others in siblings for key in keys(others)}
    repeated = _repeated(children, tried, number, taken)
    n_more = max(N_MORE * n, LEAST)
    rate = 1 / children.shape[1] if how.mutation_prob is None else how.mutation_prob
    for _ in range(N_PATIENT):
        if not repeated:
            break
        rate = min(2 * rate, 1.0)
        more = make(n_more, how._replace(mutation_prob=rate))
        known = set(_repeated(more, tried, number, taken))
        spare = [i for i in range(n_more) if i not in known][: len(repeated)]
        children[repeated[: len(spare)]] = more[spare]
        repeated = repeated[len(spare) :]
    return children


def _repeated(children: FloatArray, tried: Tried, number: int, taken: set[bytes]) -> list[int]:
    """Give the indices of children that were tried or taken; the others are taken from now on."""
    found = []
    for i, (key, was) in enumerate(zip(keys(children), tried.before(number, children), strict=True)):
        if was or key in taken:
            found.append(i)
        taken.add(key)
    return found
