"""Rungs that trials completed, in the order in which they did: what successive halving compares.

A pruner marks a trial that reached its k-th rung by a system attribute, as Optuna's do: the key holds k, the value what
the trial had reported there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

COMPLETED_RUNG = "completed_rung_"

# System attribute of a trial that goes on from the checkpoint of another one: how many rungs lie behind it there.
RUNGS_BEHIND = "parzen:rungs_behind"


class Completion(NamedTuple):
    """A trial that completed a rung.

    Attributes
    ----------
    number
        Number of the trial.
    rung
        Which rung, from 0.
    values
        What it had reported there, one value for each objective.
    """

    number: int
    rung: int
    values: tuple[float, ...]


class Rungs:
    """All completions of rungs in one study; it only grows."""

    def __init__(self) -> None:
        self._log: list[Completion] = []
        self._reached: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._log)

    def since(self, n: int) -> Iterator[Completion]:
        """Give all but the first `n` completions."""
        for i in range(n, len(self._log)):
            yield self._log[i]

    def reached(self, number: int) -> int:
        """Give the number of rungs that a trial has completed, itself or before it was forked from another one."""
        return self._reached.get(number, 0)

    def note(self, number: int, system_attrs: Mapping[str, Any]) -> None:
        """Read the rungs out of a trial's system attributes; those read before are passed over."""
        rung = self._reached.get(number, 0) or system_attrs.get(RUNGS_BEHIND, 0)
        if rung:
            self._reached[number] = rung
        while (value := system_attrs.get(f"{COMPLETED_RUNG}{rung}")) is not None:
            values = tuple(map(float, value)) if isinstance(value, (list, tuple)) else (float(value),)
            self._log.append(Completion(number, rung, values))
            rung += 1
            self._reached[number] = rung
