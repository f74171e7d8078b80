"""The observations of one search space: which trials have its parameters, and what is kept of them between asks.

All of it can be rebuilt from the history: rows are trial numbers, and what is remembered about a row depends on the set
of rows alone, not on the order in which they came.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.distributions import CategoricalDistribution
from ...engine.history import History
from ...engine.kernels.prepared import Prepared
from ...engine.records import TrialState
from .evidence import resumed
from .model_space import ModelSpace

_FAIL = int(TrialState.FAIL)  # NumPy compares with an enumeration slowly
_FEW = 48  # rows up to which sorted columns are changed one by one, instead of merged


class Observations:
    """The trials that have a set of parameters, as coordinates.

    Parameters
    ----------
    history
        The study's trials.
    space
        The parameters that are modelled.
    required
        Names of those that a trial must have to count, the last ones of `space`; the others may be missing.

    Attributes
    ----------
    z : ndarray
        (d, capacity) kernel coordinates by trial number; NaN where there are none.
    n : int
        Number of complete, pruned and paused trials that count.
    """

    def __init__(self, history: History, space: ModelSpace, required: list[str]) -> None:
        self._history = history
        self.space = space
        self._required = slice(len(space.names) - len(required), None)
        self._names = set(required)
        self._rows = history.rows_of(space.names)[:, None]
        self._seen = 0
        self._n_pauses = 0
        self.n = 0
        self._running: list[int] = []
        # Points, where candidates may come back: in discrete spaces, and where children of good trials change little.
        discrete, several = space.axes.n_values > 0, len(history.directions) > 1
        self.seen: set[bytes] | None = set() if discrete.all() or (several and discrete.any()) else None
        # What made the density of the good trials when it was last asked for, and that density; by boldness.
        self.good: dict[bool, tuple[Any, Prepared]] = {}
        self.z: FloatArray = np.full((len(space.names), 0), np.nan)
        self._counts: BoolArray = np.zeros(0, dtype=bool)  # those trials with all that is required

    def update(self, with_running: bool) -> None:
        """Read the trials that finished or paused since, and those that run."""
        history = self._history
        self._reserve(history.n)
        new = history.finished[self._seen :]
        if len(new):
            self._seen += len(new)
            self._note(new)
        self._update_paused()
        self._running = self._read_running() if with_running and history.live else []

    def _update_paused(self) -> None:
        """Read the trials that paused since. Those that were taken up again still count, unless they failed."""
        paused = self._history.pauses[self._n_pauses :]
        again = list(resumed(self._history))
        if len(paused) or again:
            self._n_pauses += len(paused)
            self._note(np.unique(np.concatenate([paused, np.array(again, dtype=np.int64)])))

    def _note(self, numbers: IntArray) -> None:
        """Read some trials, different ones, and tell which of them count."""
        self.n -= int(np.count_nonzero(self._counts[numbers]))
        self._counts[numbers] = present = self._read(numbers) & (self._history.states[numbers] != _FAIL)
        self.n += int(np.count_nonzero(present))

    def _read_running(self) -> list[int]:
        """Read the trials that run and have all that is required; give their numbers."""
        live, known = self._history.live, set(self._running)
        running = [number for number, trial in live.items() if self._names <= trial.params.keys()]
        new = [number for number in running if number not in known]
        if new:
            self._read(np.array(new, dtype=np.int64))
        return [n for n in running if live[n].state == TrialState.RUNNING and not self._counts[n]]

    def _read(self, numbers: IntArray) -> BoolArray:
        """Read the coordinates of some trials; tell which of them have all that is required."""
        internal = self._history.table[self._rows, numbers]  # (d, k)
        if self._history.changed_choices:
            for j, distribution in enumerate(self.space.distributions):
                if isinstance(distribution, CategoricalDistribution):
                    internal[j] = self._history.choice_indices(self.space.names[j], numbers, distribution)
        self.z[:, numbers] = z = self.space.coordinates(internal)
        if self.seen is not None:
            self.seen.update(row.tobytes() for row in np.ascontiguousarray(z.T))
        required = internal[self._required]
        return np.asarray((required == required).all(axis=0))  # none is NaN

    def _reserve(self, n: int) -> None:
        capacity = self.z.shape[1]
        if n > capacity:
            more = max(2 * capacity, n, 128) - capacity
            self.z = np.concatenate([self.z, np.full((len(self.z), more), np.nan)], axis=1)
            self._counts = np.concatenate([self._counts, np.zeros(more, dtype=bool)])

    def has(self, numbers: IntArray) -> BoolArray:
        """Tell which finished trials (k,) count."""
        return np.asarray(self._counts[numbers])

    def bad(self, good: IntArray, modelled: BoolArray | None = None) -> BoolArray:
        """Tell which trials (capacity,) are not among the good ones: finished ones, and running ones if read.

        Of the finished ones only those that are `modelled` (n,), if that is given.
        """
        members: BoolArray = self._counts.copy()
        if modelled is not None:
            members[: len(modelled)] &= modelled
        members[good] = False
        members[self._running] = True
        return members


class Neighbours(NamedTuple):
    """Sorted columns of the bad trials; see `kernels.compiled.neighbours`."""

    order: npt.NDArray[np.int32]  # (d, capacity)
    n_listed: IntArray  # (d,)
    distance: FloatArray  # (d, capacity), by trial number
    done: FloatArray  # (d, capacity) precisions of the kernels whose normalisers are known
    norm: FloatArray  # (d, capacity)


class SortedObservations(Observations):
    """Observations whose neighbours' distances and kernels' normalisers are kept up, for the compiled tier."""

    def __init__(self, history: History, space: ModelSpace, required: list[str], endpoints: bool, kernels: Any) -> None:
        super().__init__(history, space, required)
        self._kernels = kernels
        self._endpoints = endpoints
        self._members: BoolArray = np.zeros(0, dtype=bool)
        self.neighbours = self._empty(0)

    def _empty(self, capacity: int) -> Neighbours:
        d = len(self.space.names)
        blank = np.full((d, capacity), np.nan)
        order, count = np.zeros((d, capacity), dtype=np.int32), np.zeros(d, dtype=np.int64)
        return Neighbours(order, count, blank, blank.copy(), blank.copy())

    def sort(self, members: BoolArray) -> None:
        """Make the sorted columns those of the trials `members` (capacity,)."""
        kept, old = self.neighbours, self._members
        changed = np.flatnonzero(members != old) if len(members) == len(old) else None
        self._members = members
        if changed is None:
            kept = self.neighbours = self._empty(len(members))
        columns = self.z, self.space.axes, self._endpoints, kept.order, kept.n_listed, kept.distance
        if changed is None:
            self._kernels.rebuild(np.flatnonzero(members), *columns)
        elif len(changed) > _FEW:
            self._kernels.merge(changed[members[changed]], members, *columns)
        elif len(changed):
            self._kernels.change(changed, members, *columns)
