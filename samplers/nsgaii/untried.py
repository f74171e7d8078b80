"""Where a parameter has a grid or choices: children at points that no trial has tried, as long as there are any.

There crossover and small changes often lead to known points: without this three in five of 3,000 trials of NSGA-II on a
table of 30,000 points were repetitions, and one in six of SMS-EMOA's in a space of floats, integers and choices.

In spaces with branches a child has parameters for which its trial does not ask. Trials tell which ones count.
"""

from __future__ import annotations

import bisect
import sys
from collections.abc import Callable, Sequence

import numpy as np

from ...engine.arrays import BoolArray, FloatArray
from ...engine.history import Dimensions, History
from ...engine.records import TrialState
from .breeding import Operators

NEVER = sys.maxsize
N_PATIENT = 4  # rounds after which a point is tried again
N_MORE, LEAST = 4, 16  # children that a round makes for each that is wanted, and at least


class Branch:
    """The trials that have the same of some parameters.

    Parameters
    ----------
    present
        Which of the d parameters they have, shape (d,).
    """

    def __init__(self, present: BoolArray) -> None:
        self.present = present
        # The lowest number of a trial at each point, of all and of the complete ones, and the numbers of these.
        self.first: dict[bytes, int] = {}
        self.first_complete: dict[bytes, int] = {}
        self.oldest = NEVER
        self.complete: list[int] = []

    def add(self, key: bytes, number: int, is_complete: bool) -> None:
        """Add a trial."""
        self.oldest = min(self.oldest, number)
        self.first[key] = min(number, self.first.get(key, number))
        if is_complete:
            self.first_complete[key] = min(number, self.first_complete.get(key, number))
            bisect.insort(self.complete, number)

    def before(self, number: int, longer: list[Branch], children: FloatArray) -> list[bool]:
        """Tell which children (n, d) trials of lower numbers tried, while those of `longer` branches went on."""
        onset = min((branch.oldest for branch in longer), default=NEVER)
        if onset >= number:  # none went on yet
            first = self.first
        else:
            first = self.first_complete  # another one may have been stopped before it went on
            last = bisect.bisect_left(self.complete, number) - 1
            if last < 0 or self.complete[last] < onset:  # the objective has got more parameters since
                return [False] * len(children)
        return [first.get(key, number) < number for key in keys(children[:, self.present])]


class Tried:
    """Points at which complete and pruned trials were, read as they finish; failed ones tell nothing.

    A child that has all parameters of a trial alike repeats it, whatever its other parameters are: its trial asks for
    the same ones.

    Parameters
    ----------
    dims
        All d parameters of the study, each with the same choices in all trials.
    """

    def __init__(self, dims: Dimensions) -> None:
        self.dims = dims
        self._branches: dict[bytes, Branch] = {}
        self._n_read = 0

    def update(self, history: History) -> Tried:
        """Read the trials that finished since."""
        if history.n_finished > self._n_read:
            numbers = history.finished[self._n_read :]
            self._n_read += len(numbers)
            numbers = numbers[history.states[numbers] != int(TrialState.FAIL)]
            is_complete = (history.states[numbers] == int(TrialState.COMPLETE)).tolist()
            values = self.dims.read(history, numbers)
            rows = zip(values, ~np.isnan(values), numbers.tolist(), is_complete, strict=True)
            for point, present, number, whole in rows:
                branch = self._branches.setdefault(present.tobytes(), Branch(present))
                branch.add(keys(point[None, present])[0], number, whole)
        return self

    def before(self, number: int, children: FloatArray) -> list[bool]:
        """Tell which children (n, d) trials of lower numbers tried; of the others a resumed study would not know."""
        found = np.zeros(len(children), dtype=bool)
        for branch in self._branches.values():
            if branch.oldest < number:
                longer = [other for other in self._branches.values() if _goes_beyond(other.present, branch.present)]
                found |= branch.before(number, longer, children)
        return found.tolist()  # type: ignore[no-any-return]


def _goes_beyond(more: BoolArray, less: BoolArray) -> bool:
    return bool(more.sum() > less.sum() and more[less].all())


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
