"""One rung: the trials that completed it in order of what they reported, and those that wait there."""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, insort
from collections.abc import Callable, Container, Sequence
from itertools import islice
from typing import Any

import numpy as np

from ..engine.arrays import IntArray
from ..engine.history import COMPLETED_RUNG, Growing
from ..engine.kernels.crowding import crowding, order
from ..engine.records import FrozenTrial
from .leading_fronts import LeadingFronts

Loss = tuple[float, ...]
Waits = Callable[[int], bool]


class Rung:
    """A rung of a study of one objective; everything is O(log n), but for moving what is sorted.

    Trials are ordered by loss, equal ones by number.
    """

    def __init__(self) -> None:
        self._sorted: list[tuple[Loss, int]] = []
        self._loss: dict[int, Loss] = {}
        self._waiting: list[tuple[Loss, int]] = []  # a heap; those that went on are dropped when they come up

    def __len__(self) -> int:
        return len(self._sorted)

    def add(self, number: int, loss: Loss) -> None:
        """Add a trial that completed the rung."""
        self._loss[number] = loss
        insort(self._sorted, (loss, number))

    def wait(self, number: int) -> None:
        """Note that a trial that completed the rung waits here."""
        heapq.heappush(self._waiting, (self._loss[number], number))

    def place(self, number: int) -> int:
        """Give how many trials are better than one that completed the rung."""
        return bisect_left(self._sorted, (self._loss[number], number))

    def is_among(self, number: int, quota: int) -> bool:
        """Tell whether a trial that completed the rung is one of the best `quota`."""
        return self.place(number) < quota

    def __contains__(self, number: int) -> bool:
        return number in self._loss

    def loss_of(self, number: int) -> Loss:
        """Give what a trial had reported here, turned so that less is better."""
        return self._loss[number]

    def best(self, k: int, without: Container[int] = ()) -> list[int]:
        """Give the best `k` trials from best to worst, without some."""
        return list(islice((number for _, number in self._sorted if number not in without), k))

    def best_waiting(self, waits: Waits, quota: int) -> int | None:
        """Give the best trial that waits here if it is one of the best `quota` of all; None otherwise.

        `waits` tells whether a trial that came here to wait still does.
        """
        while self._waiting and not waits(self._waiting[0][1]):
            heapq.heappop(self._waiting)
        if not self._waiting:
            return None
        number = self._waiting[0][1]
        return number if self.is_among(number, quota) else None


class ParetoRung:
    """A rung of a study of several objectives.

    Trials are ordered by non-dominated rank, then by crowding distance, equal ones by number.
    """

    def __init__(self, n_objectives: int) -> None:
        self._numbers = Growing(np.int64)
        self._waits = Growing(np.bool_)
        self._columns = [Growing(np.float64) for _ in range(n_objectives)]
        self._fronts = LeadingFronts(self._columns)
        self._is_finite = True  # of an infinite value counts what all others have, on whatever front
        self._row_of: dict[int, int] = {}
        self._rows = np.empty(0, np.int64)  # from best to worst, as of some length: so many of them
        self._n_ordered = 0

    def __len__(self) -> int:
        return self._numbers.n

    def add(self, number: int, loss: Loss) -> None:
        """Add a trial that completed the rung."""
        self._row_of[number] = len(self)
        self._numbers.append(number)
        self._waits.append(False)
        for column, value in zip(self._columns, loss, strict=True):
            column.append(value)
        self._is_finite &= all(map(math.isfinite, loss))

    def wait(self, number: int) -> None:
        """Note that a trial that completed the rung waits here."""
        self._waits.view[self._row_of[number]] = True

    def place(self, number: int) -> int:
        """Give how many trials are better than one that completed the rung."""
        return int(np.flatnonzero(self._ordered() == self._row_of[number])[0])

    def is_among(self, number: int, quota: int) -> bool:
        """Tell whether a trial that completed the rung is one of the best `quota`."""
        if not self._is_finite:
            return self.place(number) < quota
        row, start = self._row_of[number], self._fronts.update(quota)
        rank = self._fronts.rank(row)
        return rank < len(start) and row in self._front(rank)[: max(quota - start[rank], 0)]

    def __contains__(self, number: int) -> bool:
        return number in self._row_of

    def loss_of(self, number: int) -> Loss:
        """Give what a trial had reported here, turned so that less is better."""
        return tuple(float(column.view[self._row_of[number]]) for column in self._columns)

    def best(self, k: int, without: Container[int] = ()) -> list[int]:
        """Give the best `k` trials from best to worst, without some."""
        ordered = self._numbers.view[self._ordered()].tolist()
        return list(islice((number for number in ordered if number not in without), k))

    def best_waiting(self, waits: Waits, quota: int) -> int | None:
        """Give the best trial that waits here if it is one of the best `quota` of all; None otherwise."""
        if not self._is_finite:
            return self._first_waiting(self._ordered(quota)[:quota], waits)
        start = self._fronts.update(quota)
        for rank in self._fronts.ranks_among(self._waits.view):
            if start[rank] >= quota:
                break
            found = self._first_waiting(self._front(rank)[: quota - start[rank]], waits)
            if found is not None:
                return found
        return None

    def _front(self, rank: int) -> IntArray:
        """Give the rows of a front from best to worst: as `_ordered` does, but of one front alone."""
        rows = self._fronts.fronts[rank]
        rows = rows[np.argsort(self._numbers.view[rows])]
        return rows[np.argsort(-crowding(self._fronts.values(rows), np.zeros(len(rows), np.int64)), kind="stable")]

    def _first_waiting(self, rows: IntArray, waits: Waits) -> int | None:
        """Give the first trial that waits; those that do not any more are noted."""
        for row in rows[self._waits.view[rows]].tolist():
            number = int(self._numbers.view[row])
            if waits(number):
                return number
            self._waits.view[row] = False
        return None

    def _ordered(self, enough: int | None = None) -> IntArray:
        """Give the rows from best to worst; after the first `enough` ones the others may come in any order."""
        enough = len(self) if enough is None else min(enough, len(self))
        if len(self._rows) != len(self) or enough > self._n_ordered:
            # `order` leaves ties as given: by number, for another process finds the trials in another sequence.
            by_number = np.argsort(self._numbers.view, kind="stable")  # which is quick where they are nearly sorted
            losses = np.stack([column.view for column in self._columns], axis=1)
            self._rows, self._n_ordered = by_number[order(losses[by_number], enough)], enough
        return self._rows


def complete(study: Any, trial: FrozenTrial, rung: int, values: Sequence[float]) -> None:
    """Mark a rung as completed, with what the trial had reported there, one value for each objective."""
    key, stored = f"{COMPLETED_RUNG}{rung}", values[0] if len(values) == 1 else list(values)
    study.note(trial, {key: stored})
    # For a storage that knows nothing of columns, and so changes neither of the two.
    trial.system_attrs.setdefault(key, stored)
    study.history.rungs.note(trial.number, {key: stored})


def new_rung(n_objectives: int) -> Rung | ParetoRung:
    """Make a rung for studies of so many objectives."""
    return Rung() if n_objectives == 1 else ParetoRung(n_objectives)
