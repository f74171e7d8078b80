"""From the best candidates to the tops of the acquisition: numbers along its slope, discrete ones change by change."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.kernels.covariance import Points
from ...engine.kernels.descent import Rules
from .acquisition import Acquisition, FrontAcquisition
from .candidates import single_changes
from .coordinates import FEW_VALUES, Coordinates, Gates

N_CLIMBS, N_KEPT = 8, 3  # points that begin to climb, and those of them that go on
APART = 0.05
LEAST_GAIN = 1e-3
SHORT = Rules(n_evaluations=8, first_curvature=100.0, longest=0.1, least_gain=LEAST_GAIN)
LONG = SHORT._replace(n_evaluations=30)
GRID = 2.0**18  # part of a range to which a number is rounded, so that NumPy's tier and Numba's propose the same points
N_ROUNDS = 6
IsTaken = Callable[[FloatArray, BoolArray], BoolArray]


class Landscape(NamedTuple):
    """The acquisition as a function of coordinates.

    Attributes
    ----------
    coordinates, gates
        What the coordinates mean.
    acquisition
        What is to be large.
    is_taken
        Tells which points (n, d), given which parameters count, must not be proposed.
    log_prior
        What a user's guess adds at points (n, d), given which parameters count.
    """

    coordinates: Coordinates
    gates: Gates
    acquisition: Acquisition | FrontAcquisition
    is_taken: IsTaken | None
    log_prior: Callable[[FloatArray, BoolArray], FloatArray] | None = None

    def values(self, u: FloatArray, most: int | None = None) -> FloatArray:
        """Rate settled points (n, d), `most` of them exactly; -inf where one must not be proposed."""
        return self._where_allowed(u, partial(self.acquisition.values, most=most))

    def bounds(self, u: FloatArray) -> FloatArray:
        """Bound what settled points (n, d) are worth from above, at little cost; -inf as in `values`."""
        return self._where_allowed(u, self.acquisition.bounds)

    def _where_allowed(self, u: FloatArray, rate: Callable[[Points, FloatArray | float], FloatArray]) -> FloatArray:
        active, found = self.gates.active(u), np.full(len(u), -np.inf)
        rows = np.flatnonzero(np.ones(len(u)) if self.is_taken is None else ~self.is_taken(u, active))
        if len(rows):
            points = self.coordinates.points(u[rows], active[rows], self.gates.is_conditional)
            found[rows] = rate(points, self._more(u[rows], active[rows]))
        return found

    def pick(self, u: FloatArray, n: int) -> IntArray:
        """Pick `n` of some different settled points (m, d); see `Acquisition.pick`.

        Those that must not be proposed come last, and if there are fewer than `n` points, some come again.
        """
        active = self.gates.active(u)
        allowed = np.ones(len(u), dtype=bool) if self.is_taken is None else ~self.is_taken(u, active)
        points = self.coordinates.points(u, active, self.gates.is_conditional)
        more = self._more(u, active)
        picked = self.acquisition.pick(points, more, allowed, n)
        if len(picked) < n:
            picked = np.append(picked, self.acquisition.pick(points, more, ~allowed, n - len(picked)))
        return np.resize(picked, n)

    def _more(self, u: FloatArray, active: BoolArray) -> FloatArray | float:
        return 0.0 if self.log_prior is None else self.log_prior(u, active)


def starts(u: FloatArray, values: FloatArray, n: int) -> IntArray:
    """Choose the best points (at most `n`) that differ in some coordinate by more than `APART`."""
    order = np.argsort(-values, kind="stable")
    columns, left = np.ascontiguousarray(u[order].T), np.isfinite(values[order])
    chosen = np.empty(n, dtype=np.int64)
    for k in range(n):
        if not left.any():
            return chosen[:k]
        best = int(np.argmax(left))
        chosen[k] = order[best]
        left &= np.abs(columns - columns[:, best, None]).max(axis=0) > APART
    return chosen


def climb(landscape: Landscape, u: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Climb from points u (k, d) of these values; return where it led, settled, and how high."""
    coordinates = landscape.coordinates
    smooth = np.flatnonzero(
        (coordinates.n_values == 0) | (coordinates.n_values > FEW_VALUES) & ~coordinates.dims.is_choice
    )
    has_steps = bool((coordinates.n_values > 0).any())
    u, values = u.copy(), values.copy()
    going, rules = np.arange(len(u)), SHORT
    for _ in range(N_ROUNDS):
        before = values[going].copy()
        if len(smooth):
            _slope_up(landscape, u, values, going, smooth, rules)
        if rules is LONG:  # where no step leads higher from a top, there is nothing left to climb
            before = values[going].copy()
        if has_steps:
            _step_up(landscape, u, values, going)
        going = going[values[going] - before > LEAST_GAIN]
        going = going[np.argsort(-values[going], kind="stable")[:N_KEPT]]
        if not len(going):
            break
        rules = LONG
    return u, values


def _slope_up(
    landscape: Landscape, u: FloatArray, values: FloatArray, rows: IntArray, smooth: IntArray, rules: Rules
) -> None:
    """Improve the numbers `smooth` of some points, in place."""
    coordinates = landscape.coordinates
    active = landscape.gates.active(u[rows])
    points = coordinates.points(u[rows], active, landscape.gates.is_conditional)
    columns = np.searchsorted(coordinates.numbers, smooth)
    moves = np.zeros(points.numbers.shape, dtype=bool)
    moves[:, columns] = active[:, smooth]
    found = landscape.acquisition.ascend(points, moves, rules)[:, columns]
    tried = u[rows]
    tried[:, smooth] = np.where(active[:, smooth], np.rint(found * GRID) / GRID, tried[:, smooth])
    tried = coordinates.settled(tried)
    _take(u, values, rows, tried, landscape.values(tried))


def _step_up(landscape: Landscape, u: FloatArray, values: FloatArray, rows: IntArray) -> None:
    """Make the best change of one discrete parameter of each of some points, in place."""
    changed, owner = single_changes(u[rows], landscape.coordinates, landscape.gates.active(u[rows]))
    if not len(changed):
        return
    found = landscape.values(changed)
    order = np.lexsort([-found, owner])
    owners, first = np.unique(owner[order], return_index=True)
    best = order[first]
    _take(u, values, rows[owners], changed[best], found[best])


def _take(u: FloatArray, values: FloatArray, rows: IntArray, tried: FloatArray, found: FloatArray) -> None:
    better = found > values[rows]
    u[rows[better]], values[rows[better]] = tried[better], found[better]
