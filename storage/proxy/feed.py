"""The server's side of a study's history: what is new to a client that has read up to some position."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from threading import Lock
from typing import Any

import numpy as np

from ...engine.distributions import BaseDistribution
from ...engine.distributions.json import stored_json
from ...engine.history import History
from ...engine.records import FrozenTrial
from .wire import Position, to_json, write_record

_PAGE = 1000  # trials in one answer
_CACHE_SIZE = 64 * 2**20  # characters of JSON kept of a study's finished trials
_SCAN_SHARE = 10  # scans take at most one part in so many of the time

Places = dict[int, tuple["Feed", int]]  # feed and number of each unfinished trial, by identifier


class Feed:
    """One `History` object as it is given to clients, in parts.

    Parameters
    ----------
    history
        The storage's history of a study.
    places
        The server's index of unfinished trials, which the feed keeps up to date.

    Attributes
    ----------
    epoch : str
        Identifier of this history object. Clients read another object from the start; a correction makes one, say.
    """

    def __init__(self, history: History, places: Places) -> None:
        self.history = history
        self.epoch = uuid.uuid4().hex
        self._places = places
        self._lock = Lock()
        self._clock = 0
        self._n = 0
        self._n_finished = 0
        self._n_pauses = 0
        # Clock of the last change to each unfinished or paused trial, in the order of these changes.
        self._changed_at: dict[int, int] = {}
        self._digests: dict[int, tuple[Any, ...]] = {}  # of each unfinished trial after that change
        self._next_scan = 0.0
        self._distributions: list[str] = []
        self._index_of: dict[str, int] = {}
        self._texts: dict[int, str] = {}
        self._texts_size = 0

    # --- changes to unfinished trials --------------------------------------------------------------------------------

    def touch(self, number: int) -> list[Any] | None:
        """Note a change to a trial, and give epoch and clock; None if the trial is not known as unfinished."""
        with self._lock:
            if not self._stamp(number):
                return None
            return [self.epoch, self._clock]

    def _stamp(self, number: int) -> bool:
        record = self.history.live.get(number)
        if record is None or number not in self._changed_at:
            return False
        self._tick(number)
        self._digests[number] = _digest(record)
        return True

    def _tick(self, number: int) -> None:
        self._clock += 1
        self._changed_at.pop(number, None)
        self._changed_at[number] = self._clock

    def _catch_up(self) -> None:
        """Note the trials that are new, and those that have paused or finished."""
        history = self.history
        for number in range(self._n, history.n):
            record = history.live.get(number)
            if record is not None:
                self._tick(number)
                self._digests[number] = _digest(record)
            if not history.is_final(number):
                self._places[int(history.trial_ids[number])] = (self, number)
        self._n = history.n
        for number in history.pauses[self._n_pauses :].tolist():
            self._tick(number)
            self._digests.pop(number, None)
        self._n_pauses = len(history.pauses)
        for number in history.finished_since(self._n_finished):
            if self._changed_at.pop(number, None) is not None:
                self._digests.pop(number, None)
                self._places.pop(int(history.trial_ids[number]), None)
        self._n_finished = len(history.finished)

    def _scan(self) -> None:
        """Look for changes to unfinished trials that other processes made in the storage, without this server."""
        start = time.perf_counter()
        if start < self._next_scan:
            return
        for number, record in self.history.live.items():
            if self._digests.get(number) != _digest(record):
                self._stamp(number)
        end = time.perf_counter()
        self._next_scan = end + _SCAN_SHARE * (end - start)

    def drop(self) -> None:
        """Take the trials out of the server's index, because another history replaces this one."""
        for number in self._changed_at:
            self._places.pop(int(self.history.trial_ids[number]), None)

    # --- reading -----------------------------------------------------------------------------------------------------

    def is_read(self, position: Position) -> bool:
        """Tell whether a client has read all there is."""
        with self._lock, self.history.lock:
            self._catch_up()
            read = position.epoch, position.n, position.n_finished, position.clock
            return read == (self.epoch, self._n, self._n_finished, self._clock)

    def since(self, position: Position) -> str:
        """Give, as JSON, what is new to a client; to a client of another epoch only the epoch and the directions."""
        with self._lock, self.history.lock:
            if position.epoch != self.epoch:
                return to_json({"epoch": self.epoch, "directions": [int(d) for d in self.history.directions]})
            self._catch_up()
            self._scan()
            return self._delta(position)

    def _delta(self, position: Position) -> str:
        finished = self.history.finished[position.n_finished :]
        known = np.flatnonzero(finished < position.n)
        n_finished, stop = self._n_finished, min(self.history.n, position.n + _PAGE)
        if len(known) > _PAGE:
            known = known[:_PAGE]
            n_finished, stop = position.n_finished + int(known[-1]) + 1, position.n
        numbers = [*finished[known].tolist(), *self._changed(position), *range(position.n, stop)]
        trials = ",".join([self._text(number) for number in numbers])
        head = to_json({
            "epoch": self.epoch,
            "n_finished": n_finished,
            "clock": self._clock,
            "first_distribution": position.n_distributions,
            "distributions": self._distributions[position.n_distributions :],
            "more": n_finished < self._n_finished or stop < self.history.n,
        })  # fmt: skip
        return f'{head[:-1]},"trials":[{trials}]}}'

    def _changed(self, position: Position) -> Iterator[int]:
        """Give the unfinished and paused trials that the client has read and that changed since."""
        for number, clock in reversed(self._changed_at.items()):
            if clock <= position.clock:
                return
            if number < position.n:
                yield number

    def _text(self, number: int) -> str:
        """Write a trial. A finished trial does not change and is written once for all clients."""
        record = self.history.live.get(number)
        if record is None and not self.history.is_final(number):
            record = self.history.record(number)
        if record is not None:
            return to_json(write_record(record, self._refer))
        text = self._texts.get(number)
        if text is None:
            text = self._texts[number] = to_json(write_record(self.history.copy_record(number), self._refer))
            self._texts_size += len(text)
            while self._texts_size > _CACHE_SIZE:
                self._texts_size -= len(self._texts.pop(next(iter(self._texts))))
        return text

    def _refer(self, name: str, distribution: BaseDistribution) -> int:
        """Give the index of a parameter's distribution in the table that clients read too."""
        text = stored_json(name, distribution)
        index = self._index_of.get(text)
        if index is None:
            index = self._index_of[text] = len(self._distributions)
            self._distributions.append(text)
        return index


def _digest(record: FrozenTrial) -> tuple[Any, ...]:
    """Give a digest of an unfinished trial, which differs after a change and costs little."""
    reports = len(record.intermediate_values)
    return record.state, len(record.params), reports, dict(record.user_attrs), dict(record.system_attrs)
