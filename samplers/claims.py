"""Which points of a sequence are taken, by which trials: read off the trials, so that any number of processes agree.

A trial's position in the sequence is a system attribute that is stored with the trial, under the number for which it
was chosen (`Sampler.claims`): so whoever chooses the next one knows all that were chosen before. Positions are taken in
order. One comes back when its trial ends without having been told, which is how trials of dead processes end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain, count
from typing import Any, NamedTuple

import numpy as np

from ..engine.history import History
from ..engine.records import ERROR, TrialState

POINT = "parzen:point"  # system attribute: name of the sequence, its key, and the position in it
TOLD = "parzen:told"  # system attribute of a trial that failed because somebody said so
_FAIL = TrialState.FAIL


class Position(NamedTuple):
    """A position that a trial may take, and whether it was told already, or is being tried by others."""

    position: int
    is_repeat: bool


def is_told(attrs: Mapping[str, Any]) -> bool:
    """Tell whether a failed trial was told to have failed, given its system attributes; otherwise its process died."""
    return TOLD in attrs or ERROR in attrs


class Doubts:
    """Which running trials may be those of dead processes, where no heartbeat tells.

    Those that ran already when this process looked for the first time, and by now run twice as long as any that ended,
    and a second longer, for processes that had to wait.
    """

    def __init__(self) -> None:
        self._first: int | None = None  # number of the first trial that was not there at the first look
        self._n_finished = 0
        self._longest = 0.0  # seconds

    def update(self, history: History) -> bool:
        """Take in what happened since; tell whether this is the first look."""
        if history.n_finished > self._n_finished:
            seconds = history.seconds(history.finished[self._n_finished :])
            self._longest = max(self._longest, float(np.max(seconds, initial=0.0, where=~np.isnan(seconds))))
            self._n_finished = history.n_finished
        is_first, self._first = self._first is None, history.n if self._first is None else self._first
        return is_first

    def may_be_dead(self, number: int, history: History) -> bool:
        """Tell whether the process of a trial may be dead."""
        record = history.live.get(number)
        if record is None or record.state != TrialState.RUNNING or self._first is None or number >= self._first:
            return False
        started = record.datetime_start
        return started is None or (datetime.now() - started).total_seconds() > 2.0 * self._longest + 1.0


class Claims:
    """The positions of one sequence in one study, kept up as trials start and end.

    Parameters
    ----------
    name
        The sequence's name: trials of other sequences do not count.
    key
        The sequence's key, unless the first of its trials holds another one.
    size
        How many positions it has, None for any number.
    retries
        How often a position is tried again that was told to have failed.
    begin
        The first position: those before were taken by somebody who left no claims.

    Attributes
    ----------
    key : int
        The key of the sequence, which is that of the first trial.
    was_over : bool
        Whether this process has seen that nothing was left.
    """

    def __init__(self, name: str, key: int, size: int | None = None, retries: int = 0, begin: int = 0) -> None:
        self._name, self._size, self._retries = name, size, retries
        self.key, self._is_begun = key, False
        self.was_over = False
        self._next = begin  # all positions from here on were never taken
        self._free: set[int] = set()  # came back
        self._holders: dict[int, set[int]] = {}  # trials that have not ended, by position
        self._position: dict[int, int] = {}  # and the other way round
        self._done: set[int] = set()  # of positions with holders: those that were told nevertheless
        self._n_failures: dict[int, int] = {}
        self._blank: list[int] = []  # trials that have not ended, and have no position yet
        self._seen = self._n_finished = 0
        self._doubts = Doubts()
        self._trusts = False
        self._ahead: list[Position] = []
        self._further: Iterator[Position] | None = None

    # --- keeping up --------------------------------------------------------------------------------------------------

    def update(self, history: History, trusts: bool = False) -> Claims:
        """Take in what happened since; `trusts` where running trials are those of living processes for sure."""
        is_first_look = self._doubts.update(history)
        self._take_in(history, trusts)
        self.was_over |= is_first_look and self.is_over
        return self

    def _take_in(self, history: History, trusts: bool) -> None:
        blank, self._blank = self._blank, []
        new = history.n > self._seen or history.n_finished > self._n_finished or bool(blank)
        for number in [*blank, *range(self._seen, history.n)]:
            if not self._hold(number, history.system_attrs(number).get(POINT)) and number in history.live:
                self._blank.append(number)
        for number in history.finished_since(self._n_finished):
            self._release(number, history)
        self._seen, self._n_finished = history.n, history.n_finished
        if new or trusts != self._trusts or self._further is None:
            self._trusts = trusts
            self._ahead, self._further = [], self._in_order(history)

    def _hold(self, number: int, claim: Any) -> bool:
        """Take note of a trial's position, unless it has none, or one that it cannot have."""
        if not (isinstance(claim, list) and len(claim) == 3 and claim[0] == self._name):
            return False
        _, key, position = claim
        if not self._is_begun:
            self.key, self._is_begun = key, True
        # Each trial takes one, so none is beyond a trial's number: what says so is damaged, or copied from elsewhere.
        if key != self.key or not 0 <= position <= number:
            return False
        if position in self._free:
            self._free.remove(position)
        elif position < self._next and position not in self._holders:
            self._done.add(position)  # it is tried again, though it was told
        self._free.update(filter(self._is_left, range(self._next, position)))
        self._next = max(self._next, position + 1)
        self._holders.setdefault(position, set()).add(number)
        self._position[number] = position
        return True

    def _release(self, number: int, history: History) -> None:
        position = self._position.pop(number, None)
        if position is None:
            self._take_in_of_others(number, history)
            return
        holders = self._holders[position]
        holders.remove(number)
        if self._is_done(position, history.state(number), history.system_attrs(number)):
            self._done.add(position)
        if not holders:
            del self._holders[position]
            if position not in self._done:
                self._free.add(position)
            self._done.discard(position)

    def _is_done(self, position: int, state: int, attrs: Mapping[str, Any]) -> bool:
        if state != _FAIL:
            return True
        if not is_told(attrs):
            return False
        self._n_failures[position] = failures = self._n_failures.get(position, 0) + 1
        return failures > self._retries

    def _take_in_of_others(self, number: int, history: History) -> None:
        """Take in a trial that ended and holds no position, where others may have tried points of the sequence."""

    def _is_left(self, position: int) -> bool:
        """Tell whether nobody else has tried the point at a position; see `_take_in_of_others`."""
        return True

    def may_fail_again(self, position: int) -> bool:
        """Tell whether a position comes back even if a trial that is there is told to have failed."""
        return self._n_failures.get(position, 0) < self._retries

    # --- what comes next ---------------------------------------------------------------------------------------------

    def ahead(self, k: int) -> Position:
        """Give the position that the k-th trial from now on takes, from 0."""
        assert self._further is not None
        while len(self._ahead) <= k:
            self._ahead.append(next(self._further))
        return self._ahead[k]

    @property
    def is_exhausted(self) -> bool:
        """Whether each position was told, or is being tried by a trial of a living process."""
        return self.ahead(0).is_repeat

    @property
    def is_over(self) -> bool:
        """Whether each position was told."""
        return self.is_exhausted and self._holders.keys() <= self._done

    def _in_order(self, history: History) -> Iterator[Position]:
        """Give positions: that came back, that are new, of processes that may be dead; then those tried by others."""
        fresh = count(self._next) if self._size is None else range(self._next, self._size)
        yield from (Position(p, False) for p in chain(sorted(self._free), fresh) if self._is_left(p))
        assert self._size is not None
        held = sorted(self._holders.keys() - self._done, key=lambda position: min(self._holders[position]))
        yield from (Position(position, False) for position in held if self._may_be_dead(position, history))
        again = (k % self._size for k in count(history.n))
        yield from (Position(position, True) for position in chain(held, again))

    def _may_be_dead(self, position: int, history: History) -> bool:
        """Tell whether nobody may be there any more who tries a position."""
        return not self._trusts and all(self._doubts.may_be_dead(number, history) for number in self._holders[position])
