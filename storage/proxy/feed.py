"""The server's side of a study's history: what is new to a client that has read it up to some point."""

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
_SCAN_SHARE = 10  # looks for changes past the server take at most one part in so many of the time

Places = dict[int, tuple["Feed", int]]  # of unfinished trials, by identifier: feed and number


class Feed:
    """One `History` object as it is given to clients, in parts.

    Parameters
    ----------
    history
        The storage's history of a study.
    places
        The server's index of unfinished trials, which the feed keeps up.

    Attributes
    ----------
    epoch : str
        Identifier of this history object: another one, after a correction say, is read from the start.
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
        # Clock of the last change to each trial that is not finished, or is paused; the last one at the end.
        self._changed_at: dict[int, int] = {}
        self._looks: dict[int, tuple[Any, ...]] = {}  # what each unfinished trial looked like then
        self._next_scan = 0.0
        self._distributions: list[str] = []
        self._index_of: dict[str, int] = {}
        self._texts: dict[int, str] = {}
        self._texts_size = 0

    # --- changes to unfinished trials --------------------------------------------------------------------------------

    def touch(self, number: int) -> list[Any] | None:
        """Note a change, and give epoch and clock; None if the trial is not known as unfinished."""
        with self._lock:
            if not self._stamp(number):
                return None
            return [self.epoch, self._clock]

    def _stamp(self, number: int) -> bool:
        record = self.history.live.get(number)
        if record is None or number not in self._changed_at:
            return False
        self._tick(number)
        self._looks[number] = _look(record)
        return True

    def _tick(self, number: int) -> None:
        self._clock += 1
        self._changed_at.pop(number, None)
        self._changed_at[number] = self._clock

    def _catch_up(self) -> None:
        """Take note of new trials, and of those that paused or finished."""
        history = self.history
        for number in range(self._n, history.n):
            record = history.live.get(number)
            if record is not None:
                self._tick(number)
                self._looks[number] = _look(record)
            if not history.is_final(number):
                self._places[int(history.trial_ids[number])] = (self, number)
        self._n = history.n
        for number in history.pauses[self._n_pauses :].tolist():
            self._tick(number)
            self._looks.pop(number, None)
        self._n_pauses = len(history.pauses)
        for number in history.finished_since(self._n_finished):
            if self._changed_at.pop(number, None) is not None:
                self._looks.pop(number, None)
                self._places.pop(int(history.trial_ids[number]), None)
        self._n_finished = len(history.finished)

    def _scan(self) -> None:
        """Look for changes to unfinished trials that came past the server."""
        start = time.perf_counter()
        if start < self._next_scan:
            return
        for number, record in self.history.live.items():
            if self._looks.get(number) != _look(record):
                self._stamp(number)
        end = time.perf_counter()
        self._next_scan = end + _SCAN_SHARE * (end - start)

    def drop(self) -> None:
        """Take the trials out of the server's index: another history has taken the place of this one."""
        for number in self._changed_at:
            self._places.pop(int(self.history.trial_ids[number]), None)

    # --- reading -----------------------------------------------------------------------------------------------------

    def since(self, position: Position) -> str:
        """Give, as JSON, what is new to a client; only the epoch and the directions to one of another epoch."""
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
        """Give those of the client's trials that changed and are not finished, paused ones among them."""
        for number, clock in reversed(self._changed_at.items()):
            if clock <= position.clock:
                return
            if number < position.n:
                yield number

    def _text(self, number: int) -> str:
        """Write a trial; finished ones, which do not change, once for all clients."""
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
        """Give the place of a parameter's distribution in the table that clients read along."""
        text = stored_json(name, distribution)
        index = self._index_of.get(text)
        if index is None:
            index = self._index_of[text] = len(self._distributions)
            self._distributions.append(text)
        return index


def _look(record: FrozenTrial) -> tuple[Any, ...]:
    """Give what tells cheaply whether a trial has changed."""
    reports = len(record.intermediate_values)
    return record.state, len(record.params), reports, dict(record.user_attrs), dict(record.system_attrs)
