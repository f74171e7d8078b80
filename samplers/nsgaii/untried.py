"""Where a parameter has a grid or choices: children at points that no trial has tried, as long as there are any.

There crossover and small changes often lead to known points: without this three in five of 3,000 trials of NSGA-II on a
table of 13,824 points were repetitions, and one in six of SMS-EMOA's in a space of floats, integers and choices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...engine.distributions import CategoricalDistribution, FloatArray
from ...engine.history import History
from ...engine.records import TrialState
from .breeding import BoolArray, Box, IntArray, Operators, internal_values

N_PATIENT = 4  # rounds after which a point is tried again
MOST_BRANCHES = 64  # sets of parameters that trials had together; further ones are not compared
N_MORE, LEAST = 4, 16  # children that a round makes for each that is wanted, and at least


class Branch(NamedTuple):
    """Trials that had certain parameters: at each point of these the lowest number of one."""

    has: BoolArray  # which parameters, (d,)
    ended: dict[bytes, int]  # of those that had no others
    went_on: dict[bytes, int]  # of those that had others, too

    def read(self, values: FloatArray, numbers: IntArray) -> None:
        """Read the trials with internal values (d, n)."""
        is_there = ~np.isnan(values)
        has_all, has_more = is_there[self.has].all(axis=0), is_there[~self.has].any(axis=0)
        for found, chosen in ((self.ended, has_all & ~has_more), (self.went_on, has_all & has_more)):
            for key, number in zip(self.keys(values[:, chosen]), numbers[chosen].tolist(), strict=True):
                found[key] = min(number, found.get(key, number))

    def keys(self, values: FloatArray) -> list[bytes]:
        """Give a key for each point (d, n) by the branch's parameters alone."""
        return keys(values[self.has])


class Tried:
    """Points at which trials were, read as they finish.

    In a conditional space a child may have more parameters than its trial will ask for. So a point is one that was
    tried if a trial had no other parameters than some of the child's, at the same values, and none that had those
    values had others, too. Failed trials tell nothing.

    Parameters
    ----------
    box
        The parameters.
    """

    def __init__(self, box: Box) -> None:
        self._box = box
        self._meaning = meaning(box)
        self._branches: dict[bytes, Branch] = {}
        self._n_read = 0

    def serves(self, box: Box) -> bool:
        """Tell whether internal values mean the same in a box: ranges may differ."""
        return self._box is box or self._meaning == meaning(box)

    def update(self, history: History) -> Tried:
        """Read the trials that finished since."""
        if history.n_finished > self._n_read:
            numbers, values = self._trials(history, self._n_read)
            if self._add_branches(~np.isnan(values)):  # where earlier trials may have been, too
                numbers, values = self._trials(history, 0)
            for branch in self._branches.values():
                branch.read(values, numbers)
            self._n_read = history.n_finished
        return self

    def _trials(self, history: History, first: int) -> tuple[IntArray, FloatArray]:
        finished = history.finished[first:]
        numbers = finished[history.states[finished] != int(TrialState.FAIL)]
        return numbers, internal_values(self._box, history, numbers)

    def _add_branches(self, is_there: BoolArray) -> bool:
        known = len(self._branches)
        for has in np.unique(is_there, axis=1).T:
            if len(self._branches) < MOST_BRANCHES:
                self._branches.setdefault(has.tobytes(), Branch(has, {}, {}))
        return len(self._branches) > known

    def before(self, number: int, children: FloatArray) -> list[bool]:
        """Tell which children (d, n) trials of lower numbers tried; of the others a resumed study would not know."""
        found = [False] * children.shape[1]
        for branch in self._branches.values():
            for i, key in enumerate(branch.keys(children)):
                is_end = branch.ended.get(key, number) < number
                found[i] = found[i] or (is_end and branch.went_on.get(key, number) >= number)
        return found


def meaning(box: Box) -> tuple[list[str], list[Any]]:
    """Give what internal values of a box depend on: names, and choices."""
    return box.names, [d if isinstance(d, CategoricalDistribution) else None for d in box.distributions]


def keys(values: FloatArray) -> list[bytes]:
    """Give a key for each point of internal values (d, n); zeros are alike, and so are NaN."""
    points = np.where(np.isnan(values), np.nan, values + 0.0)
    return [point.tobytes() for point in np.ascontiguousarray(points.T)]


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
    for i, (key, was) in enumerate(zip(keys(children), tried.before(number, children), strict=True)):
        if was or key in taken:
            found.append(i)
        taken.add(key)
    return found
