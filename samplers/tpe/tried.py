"""The points at which trials were, so that none is tried twice: of one set of parameters, those of a whole trial."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.kernels.axes import Axes, Cells
from ...engine.records import TrialState

_COMPLETE, _RUNNING = int(TrialState.COMPLETE), int(TrialState.RUNNING)
_FAIL = int(TrialState.FAIL)


class Tried:
    """The points of trials that have a set of parameters and no others: a trial with more of them is another point.

    A trial that failed tells nothing of its point. Where other trials went on to more parameters, a trial that was
    stopped may have been cut short; and if none has ended here since the first of those, the objective has changed.
    What is known depends on the set of trials alone, not on the order in which they were read.

    Parameters
    ----------
    axes
        The d parameters.
    """

    def __init__(self, axes: Axes) -> None:
        self._cells = Cells(axes)
        self._points: dict[int, tuple[bytes, bool]] = {}  # by trial number, with whether it was stopped or paused
        self._n_trials: tuple[dict[bytes, int], dict[bytes, int]] = {}, {}  # at each point; not stopped, and stopped
        self._first_longer: int | None = None
        self._last_whole = -1

    def note(self, numbers: IntArray, z: FloatArray, states: Sequence[int], is_longer: Sequence[bool]) -> None:
        """Read n trials, or read them again.

        Parameters
        ----------
        numbers
            Trial numbers, shape (n,).
        z
            Kernel coordinates, shape (n, d); NaN where a trial lacks a parameter.
        states
            Their states.
        is_longer
            Whether they have other parameters, too.
        """
        rows = zip(numbers.tolist(), self._keys(z), states, z.tolist(), is_longer, strict=True)
        for number, key, state, point, longer in rows:
            self._forget(number)
            if math.isnan(sum(point)) or state == _FAIL:
                continue
            if longer:
                if state != _RUNNING:
                    self._first_longer = number if self._first_longer is None else min(number, self._first_longer)
                continue
            is_stopped = state not in (_COMPLETE, _RUNNING)
            self._points[number] = key, is_stopped
            count = self._n_trials[is_stopped]
            count[key] = count.get(key, 0) + 1
            if state == _COMPLETE:
                self._last_whole = max(number, self._last_whole)

    def _forget(self, number: int) -> None:
        """Take a trial away that was read before."""
        if number in self._points:
            key, is_stopped = self._points.pop(number)
            count = self._n_trials[is_stopped]
            count[key] -= 1
            if not count[key]:
                del count[key]

    @property
    def is_empty(self) -> bool:
        """Whether no point counts as tried."""
        return not self._points or (self._first_longer is not None and self._last_whole < self._first_longer)

    def among(self, z: FloatArray) -> BoolArray:
        """Tell which points z (n, d), in kernel coordinates, were tried."""
        if self.is_empty:
            return np.zeros(len(z), dtype=bool)
        whole, stopped = self._n_trials
        if self._first_longer is not None or not stopped:
            return np.array([key in whole for key in self._keys(z)], dtype=bool)
        return np.array([key in whole or key in stopped for key in self._keys(z)], dtype=bool)

    def _keys(self, z: FloatArray) -> list[bytes]:
        return [point.tobytes() for point in np.ascontiguousarray(self._cells.of(z))]
