"""Which trials belong to which generation, and from whom a generation is bred: read off the trials that finished.

A new trial belongs to the newest generation of which a complete trial is known, or to the next one if that generation
has as many complete trials as a population; so does Optuna's. A generation's parents are chosen among everything that
finished before its first trial did, so that all who read the same trials in the same order choose the same ones.
"""

from __future__ import annotations

import threading
from typing import Any

from ..engine.history import History
from ..engine.records import TrialState

_COMPLETE = int(TrialState.COMPLETE)


class Generations:
    """The generations of one study, kept up as trials finish.

    Parameters
    ----------
    key
        System attribute that holds a trial's generation. A complete trial without it, told by hand or by another
        sampler, belongs to the generation that a trial which starts when it finishes would have.
    size
        Complete trials of a full generation.

    Attributes
    ----------
    current : int
        Generation of the trials that start now.
    members : list[list[int]]
        Numbers of the complete trials of each generation, as they finished.
    has_parents : bool
        Whether there is anyone that the current generation can be bred from.
    n_seen : int
        Trials that were finished at the last `update`.
    chosen : dict[int, list[int]]
        Numbers of the parents that a sampler chose, by generation.
    choosing : threading.RLock
        Held while parents are chosen.
    """

    def __init__(self, key: str, size: int) -> None:
        self._key = key
        self.size = size
        self.current = 0
        self.members: list[list[int]] = []
        self.chosen: dict[int, list[int]] = {}
        self.choosing = threading.RLock()
        self._pools: list[list[int]] = []
        self._joined: list[int] = []  # complete since the newest generation's first trial was, itself included
        self.n_seen = 0

    def update(self, history: History) -> Generations:
        """Take in the trials that finished since."""
        if history.n_finished > self.n_seen:
            new = history.finished_since(self.n_seen)
            try:
                for number in new:
                    if history.state(number) == _COMPLETE:
                        self._add(number, self._generation_of(number, history.system_attr(number, self._key)))
            finally:
                self.n_seen += len(new)  # last, because who finds it up to date does not wait
        return self

    def _generation_of(self, number: int, noted: Any) -> int:
        if noted is None:
            return self.current
        # None beyond a trial's number is possible: what says so is damaged, or copied from elsewhere.
        generation = int(noted)
        return generation if 0 <= generation <= number else min(max(generation, 0), number)

    def _add(self, number: int, generation: int) -> None:
        while len(self.members) <= generation:
            self.members.append([])
            self._pools.append(self._joined)
            self._joined = []
        self.members[generation].append(number)
        self._joined.append(number)
        self.current = len(self.members) - (len(self.members[-1]) < self.size)

    @property
    def has_parents(self) -> bool:
        # None are in a study whose first trials are of a later generation, say copied from another one.
        return self.current > 0 and (any(self._pools) or (self.is_open(self.current) and bool(self._joined)))

    def is_open(self, generation: int) -> bool:
        """Tell whether further trials may join those that a generation's parents are chosen from."""
        return generation >= len(self.members)

    def pool_size(self, generation: int) -> int:
        """Give the number of trials in `pool`, which only grows, and only while the generation is open."""
        return len(self._joined if self.is_open(generation) else self._pools[generation])

    def pool(self, generation: int) -> list[int]:
        """Give the trials that compete with the parents of the generation before to be this one's, by number."""
        return sorted(self._joined if self.is_open(generation) else self._pools[generation])
