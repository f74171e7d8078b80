"""The observations of one search space: which trials have its parameters, and what is kept of them between asks.

All of it can be rebuilt from the history: columns are trial numbers, and what is kept of a trial depends on the set of
trials alone, not on the order in which they came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.history import History
from ...engine.kernels.mixture import Kept, Mixture, Observed
from ...engine.records import TrialState
from .coreset import depths
from .evidence import is_plain, resumed
from .model import Tier
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
    running : list[int]
        Numbers of the trials that run and have all that is required, if they were read.
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
        self.running: list[int] = []
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
        if history.n_finished > self._seen:
            new = history.finished[self._seen :]
            self._seen += len(new)
            self._take(new)
        self._update_paused()
        self.running = self._read_running() if with_running and history.live else []

    def _is_longer(self, number: int) -> bool:
        """Tell whether a trial has other parameters, too; one that could not be otherwise makes no other point."""
        suggested = self._history.suggested(number)
        if suggested.keys() <= self._names:
            return False
        return any(name not in self._names and not d.single() for name, d in suggested.items())

    def _update_paused(self) -> None:
        """Read the trials that paused since. Those that were taken up again still count, unless they failed."""
        again = list(resumed(self._history))
        if self._history.n_pauses > self._n_pauses or again:
            paused = self._history.pauses[self._n_pauses :]
            self._n_pauses += len(paused)
            self._note(np.unique(np.concatenate([paused, np.array(again, dtype=np.int64)])))

    def _take(self, new: IntArray) -> None:
        """Read trials that finished since."""
        self._note(new)

    def _note(self, numbers: IntArray) -> None:
        """Read some trials, different ones, and tell which of them count."""
        self.n -= int(np.count_nonzero(self._counts[numbers]))
        self._counts[numbers] = present = self._read(numbers) & (self._history.states[numbers] != _FAIL)
        self.n += int(np.count_nonzero(present))

    def _read_running(self) -> list[int]:
        """Read the trials that run and have all that is required; give their numbers."""
        live = self._history.live
        running = [number for number, trial in live.items() if self._required_names <= trial.params.keys()]
        if not running:
            return []
        known = set(self.running)
        new = [number for number in running if number not in known]
        if new:
            self._read(np.array(new, dtype=np.int64))
        return [n for n in running if live[n].state == TrialState.RUNNING and not self._counts[n]]

    @np.errstate(all="ignore")  # whatever the user's program asks of NumPy
    def _read(self, numbers: IntArray) -> BoolArray:
        """Read the coordinates of some trials; tell which of them have all that is required."""
        has_all = self._coordinates(numbers)
        if self.tried is not None:
            states = self._history.states[numbers].tolist()
            is_longer = [self._is_longer(number) for number in numbers.tolist()]
            self.tried.note(numbers, self.z[:, numbers].T, states, is_longer)
        return has_all

    def _coordinates(self, numbers: IntArray) -> BoolArray:
        """Set the coordinates of some trials; tell which of them have all that is required."""
        internal = self.space.dims.read(self._history, numbers)
        self.z[:, numbers] = self.space.coordinates(internal)
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
        is_above[self.running] = True
        return is_above

    def observed(self, numbers: IntArray) -> Observed:
        """Take some trials, with bandwidths among themselves."""
        z = np.ascontiguousarray(self.z[:, numbers])
        return Observed.of(z, self._bandwidths(z))

    def observed_above(self, numbers: IntArray, is_above: BoolArray) -> Observed:
        """Take some of the trials that are above (capacity,): all of them, or those that stand for all."""
        return self.observed(numbers)


class SortedObservations(Observations):
    """Observations for the compiled tier, which keep the distances to neighbours and the kernels' normalisers.

    The distances are the bandwidths. Those above are distances among all trials above, also where a part stands for
    all.

    Attributes
    ----------
    kept : Kept
        What is kept, for the kernels.
    n_ranked : int
        Number of complete trials that count, which `kept` has in order; -1 where the order takes more than losses.
    """

    def __init__(
        self, history: History, space: ModelSpace, required: list[str], endpoints: bool, kernels: Tier
    ) -> None:
        distances = kernels.neighbours.distances
        super().__init__(history, space, required, lambda z: distances(z, space.axes, endpoints))
        self._kernels = kernels
        self.endpoints = endpoints
        self.kept = self._new_kept()
        axes, scale = space.axes, space.dims.scale
        self._grids = scale.low, scale.high, axes.n_choices, axes.n_values, axes.points, axes.start
        self._is_made_anew = True
        self.n_ranked = 0 if self.tried is None and is_plain(history) else -1
        self._n_sorted = 0  # trials that had finished when the columns were sorted last

    def _reserve(self, n: int) -> None:
        super()._reserve(n)
        if self.kept.z is not self.z:
            old, self.kept, self._is_made_anew = self.kept, self._new_kept(), True
            self.kept.losses[: len(old.losses)], self.kept.ranked[: len(old.ranked)] = old.losses, old.ranked

    def _new_kept(self) -> Kept:
        return Kept.of(self.z, self._counts, depths(np.arange(self.z.shape[1])))

    def _take(self, new: IntArray) -> None:
        history, dims, kept = self._history, self.space.dims, self.kept
        if self.n_ranked >= 0 and not is_plain(history):
            self.n_ranked = -1
        if self.n_ranked < 0 or len(new) > _FEW or dims.has_other_choices(history):
            self._note(new)
            if self.n_ranked >= 0:
                self._rank()
            return
        internal = history.params(dims.names, new)
        model = self.space.on_model_scale(internal)
        columns, place = (history.states, history.values, history.signs[0]), (new, *self._grids, self._required.start)
        ranked = self.n_ranked, kept.z, kept.counts, kept.losses, kept.ranked
        self.n = self.n_ranked = self._kernels.telling.tell(internal, model, *columns, *place, *ranked)

    @np.errstate(all="ignore")
    def _rank(self) -> None:
        """Rank all trials that count, from scratch."""
        numbers = np.flatnonzero(self._counts)
        losses = self._history.losses(numbers)[:, 0]
        order = np.argsort(losses, kind="stable")
        self.n_ranked = len(numbers)
        self.kept.losses[: self.n_ranked], self.kept.ranked[: self.n_ranked] = losses[order], numbers[order]

    def _coordinates(self, numbers: IntArray) -> BoolArray:
        history, dims = self._history, self.space.dims
        if dims.has_other_choices(history):
            return super()._coordinates(numbers)
        internal = history.params(dims.names, numbers)
        found: BoolArray = self._kernels.telling.place(
            internal,
            self.space.on_model_scale(internal),
            numbers,
            *self._grids,
            self._required.start,
            self.z,
        )
        return found

    def observed_above(self, numbers: IntArray, is_above: BoolArray) -> Observed:
        self.sort(is_above)
        return self.kept.observed(numbers)

    @property
    def is_sorted(self) -> bool:
        """Whether the sorted columns are those of an earlier ask, since when few trials came."""
        return not self._is_made_anew and self._seen - self._n_sorted <= _FEW

    def sort(self, members: BoolArray) -> None:
        """Make the sorted columns those of the trials `members` (capacity,)."""
        kept, kernels, self._n_sorted = self.kept, self._kernels.neighbours, self._seen
        changed = np.flatnonzero(members != kept.members)
        kept.members[:] = members
        columns = self.z, self.space.axes, self.endpoints, kept.order, kept.n_listed, kept.distance
        if self._is_made_anew:
            kernels.rebuild(np.flatnonzero(members), *columns)
            self._is_made_anew = False
        elif len(changed) > _FEW:
            kernels.merge(changed[members[changed]], members, *columns)
        elif len(changed):
            kernels.change(changed, members, *columns)
