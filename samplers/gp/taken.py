"""The points at which trials were or are, in spaces of which each point can be tried."""

from __future__ import annotations

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.history import History
from ...engine.records import TrialState
from .coordinates import Coordinates

_FAIL = int(TrialState.FAIL)


class Taken:
    """The points that must not be proposed again.

    A trial that failed tells nothing of its point.

    Parameters
    ----------
    coordinates
        The parameters, all of them discrete.
    """

    def __init__(self, coordinates: Coordinates) -> None:
        self._coordinates = coordinates
        self._seen = 0
        self._points: set[bytes] = set()
        self._running: set[bytes] = set()

    def update(self, history: History) -> None:
        """Read the trials that ended since, and those that run."""
        new = history.finished[self._seen :]
        self._seen += len(new)
        self._points |= self._read(history, new[history.states[new] != _FAIL])
        self._running = self._read(history, np.array(list(history.live), dtype=np.int64))

    def _read(self, history: History, numbers: IntArray) -> set[bytes]:
        u, known = self._coordinates.read(history, numbers)
        u = u[known]
        return set(self._keys(u, ~np.isnan(u)))

    def among(self, u: FloatArray, active: BoolArray) -> BoolArray:
        """Tell which points (n, d), given which parameters count, are taken."""
        return np.array([key in self._points or key in self._running for key in self._keys(u, active)], dtype=bool)

    def _keys(self, u: FloatArray, active: BoolArray) -> list[bytes]:
        found = np.where(active, np.rint(u * 1e9), -1.0)
        return [row.tobytes() for row in np.ascontiguousarray(found, dtype=np.int64)]
