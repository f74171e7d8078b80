"""The observations of one search space: which trials have its parameters, and what is kept of them between asks.

All of it can be rebuilt from the history: columns are trial numbers, and what is kept of a trial depends on the set of
trials alone, not on the order in which they came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.history import History
from ...engine.kernels.mixture import Mixture, Observed
from ...engine.records import TrialState
from .evidence import resumed
from .model_space import ModelSpace
from .tried import Tried

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
    bandwidths
        Gives bandwidths (d, k) of kernels around points (d, k) in kernel coordinates.

    Attributes
    ----------
    z : ndarray
        (d, capacity) kernel coordinates by trial number; NaN where there are none.
    n : int
        Number of complete, pruned and paused trials that count.
    tried : Tried or None
        Points at which trials were, where candidates may come back to them; None elsewhere.
    """

    def __init__(
        self,
        history: History,
        space: ModelSpace,
        required: list[str],
        bandwidths: Callable[[FloatArray], FloatArray],
    ) -> None:
        self._history = history
        self._bandwidths = bandwidths
        self.space = space
        self._required = slice(len(space.names) - len(required), None)
        self._names = set(space.names)
        self._required_names = set(required)
        self._seen = 0
        self._n_pauses = 0
        self.n = 0
        self._running: list[int] = []
        # Candidates may come back in discrete spaces, and where children of trials below change little.
        discrete, several = (space.axes.n_values > 0) | (space.axes.step != 0.0), len(history.directions) > 1
        self.tried = Tried(space.axes) if discrete.all() or (several and discrete.any()) else None
        # The density below when it was last asked for, and what it was made of; by boldness.
        self.density_below: dict[bool, tuple[Any, Mixture]] = {}
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

    def _is_longer(self, number: int) -> bool:
        """Tell whether a trial has other parameters, too; one that could not be otherwise makes no other point."""
        suggested = self._history.suggested(number)
        return any(name not in self._names and not d.single() for name, d in suggested.items())

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
        running = [number for number, trial in live.items() if self._required_names <= trial.params.keys()]
        new = [number for number in running if number not in known]
        if new:
            self._read(np.array(new, dtype=np.int64))
        return [n for n in running if live[n].state == TrialState.RUNNING and not self._counts[n]]

    def _read(self, numbers: IntArray) -> BoolArray:
        """Read the coordinates of some trials; tell which of them have all that is required."""
        internal = self.space.dims.read(self._history, numbers)
        self.z[:, numbers] = z = self.space.coordinates(internal)
        if self.tried is not None:
            states = self._history.states[numbers].tolist()
            is_longer = np.array([self._is_longer(number) for number in numbers.tolist()], dtype=bool)
            self.tried.note(numbers, z.T, states, is_longer)
        required = internal[:, self._required]
        return np.asarray((required == required).all(axis=1))  # none is NaN

    def _reserve(self, n: int) -> None:
        capacity = self.z.shape[1]
        if n > capacity:
            more = max(2 * capacity, n, 128) - capacity
            self.z = np.concatenate([self.z, np.full((len(self.z), more), np.nan)], axis=1)
            self._counts = np.concatenate([self._counts, np.zeros(more, dtype=bool)])

    def has(self, numbers: IntArray) -> BoolArray:
        """Tell which finished trials (k,) count."""
        return np.asarray(self._counts[numbers])

    def above(self, below: IntArray, modelled: BoolArray) -> BoolArray:
        """Tell which trials (capacity,) are above: those that count and are `modelled`, and running ones if read.

        All trials beyond the end of `modelled` are modelled.
        """
        is_above: BoolArray = self._counts.copy()
        if len(modelled):
            is_above[: len(modelled)] &= modelled
        is_above[below] = False
        is_above[self._running] = True
        return is_above

    def observed(self, numbers: IntArray) -> Observed:
        """Take some trials, with bandwidths among themselves."""
        z = np.ascontiguousarray(self.z[:, numbers])
        return Observed(np.arange(len(numbers)), z, self._bandwidths(z), np.full(z.shape, np.nan), np.empty_like(z))

    def observed_above(self, numbers: IntArray, is_above: BoolArray) -> Observed:
        """Take some of the trials that are above (capacity,): all of them, or those that stand for all."""
        return self.observed(numbers)


class Neighbours(NamedTuple):
    """Sorted columns of the trials above; see `kernels.compiled.neighbours`."""

    order: npt.NDArray[np.int32]  # (d, capacity)
    n_listed: IntArray  # (d,)
    distance: FloatArray  # (d, capacity), by trial number
    precision: FloatArray  # (d, capacity) of the kernels whose normalisers are known
    norm: FloatArray  # (d, capacity)


class SortedObservations(Observations):
    """Observations for the compiled tier, which keep the distances to neighbours and the kernels' normalisers.

    The distances are the bandwidths. Those above are distances among all trials above, also where a part stands for
    all.
    """

    def __init__(self, history: History, space: ModelSpace, required: list[str], endpoints: bool, kernels: Any) -> None:
        super().__init__(history, space, required, lambda z: kernels.distances(z, space.axes, endpoints))
        self._kernels = kernels
        self._endpoints = endpoints
        self._members: BoolArray = np.zeros(0, dtype=bool)
        self.neighbours = self._empty(0)

    def _empty(self, capacity: int) -> Neighbours:
        d = len(self.space.names)
        blank = np.full((d, capacity), np.nan)
        order, count = np.zeros((d, capacity), dtype=np.int32), np.zeros(d, dtype=np.int64)
        return Neighbours(order, count, blank, blank.copy(), blank.copy())

    def observed_above(self, numbers: IntArray, is_above: BoolArray) -> Observed:
        self._sort(is_above)
        columns = self.neighbours
        return Observed(numbers, self.z, columns.distance, columns.precision, columns.norm)

    def _sort(self, members: BoolArray) -> None:
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
