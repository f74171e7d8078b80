"""Trials as points of a Gaussian process: all parameters ever suggested at once, and which of them count.

A number u is its share of its range in model coordinates, a choice its index. Where a trial lacks a parameter its
number is 0.5, and a second column of the same length, else 0, is sqrt(1/12): the squared distance from a uniform value
is then 1/6 on average, as between two such values, and the covariance stays positive definite. A choice that is lacking
is one more choice.

Which parameters a candidate would have is learnt from the trials. The gate of a parameter is a discrete parameter that
is there wherever it is, and elsewhere, too, and whose value decided in all trials whether it was there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.distributions import NumericDistribution, Space
from ...engine.history import Dimensions, History
from ...engine.kernels import cube
from ...engine.kernels.covariance import Layout, Points
from ...engine.records import TrialState

ABSENT = float(np.sqrt(1.0 / 12.0))
MOST_VALUES = 64  # of a gate
FEW_VALUES = 24  # of a grid, up to which it is searched value by value, not by its slope


class Gate(NamedTuple):
    """A parameter is there where parameter `parent` is and has a value of those `opening`, sorted among all `seen`."""

    parent: int
    seen: FloatArray
    opening: BoolArray


class Coordinates:
    """The d parameters of a study as coordinates u, shape (n, d).

    Parameters
    ----------
    space
        The distributions.
    has_tasks
        Whether points have one choice more, the study that they are from.

    Attributes
    ----------
    dims : Dimensions
        What a history reads them by.
    numbers, choices : ndarray
        Indices of the parameters of either kind.
    n_values : ndarray
        How many values each may have, shape (d,); 0 of a continuous one.
    cell : ndarray
        About one step of a grid, shape (d,); 0 without one.
    """

    def __init__(self, space: Space, has_tasks: bool = False) -> None:
        self.has_tasks = has_tasks
        self.dims = Dimensions.of(space)
        self.choices = np.flatnonzero(self.dims.is_choice)
        self.numbers = np.flatnonzero(~self.dims.is_choice)
        self.n_values = np.array([_n_values(d) for d in self.dims.distributions], dtype=np.int64)
        self.n_values[self.choices] = self.dims.n_choices[self.choices]
        self.cell = np.where(self.n_values > 0, 1.0 / np.maximum(self.n_values, 1.0), 0.0)

    @property
    def d(self) -> int:
        """Number of parameters."""
        return len(self.dims.names)

    @property
    def is_discrete(self) -> bool:
        """Whether all of them have finitely many values."""
        return bool((self.n_values > 0).all())

    # --- trials ------------------------------------------------------------------------------------------------------

    def read(self, history: History, numbers: IntArray) -> tuple[FloatArray, BoolArray]:
        """Read trials (n,).

        Returns
        -------
        u, is_known
            Shape (n, d), NaN where a trial lacks a parameter; numbers may lie outside of today's ranges. And (n,):
            False where a trial has a choice that is none of today's.
        """
        internal = self.dims.read(history, numbers)
        u = np.clip(cube.beyond_unit(internal, self.dims.scale), -1.0, 2.0)
        u[:, self.choices] = internal[:, self.choices]
        if not self.dims.has_other_choices(history):
            return u, np.ones(len(numbers), dtype=bool)
        suggested = history.params(self.dims.names, numbers).T
        return u, np.asarray((np.isnan(suggested) == np.isnan(internal)).all(axis=1))

    def settled(self, u: FloatArray) -> FloatArray:
        """Move points to the values that the space has."""
        return self.unit(self.internal(u))

    def unit(self, internal: FloatArray) -> FloatArray:
        """Turn internal values (n, d) into points."""
        found = self.dims.to_unit(internal)
        found[:, self.choices] = internal[:, self.choices]
        return found

    def internal(self, u: FloatArray) -> FloatArray:
        """Turn points (n, d) into internal values that the space has."""
        points = u.copy()
        points[:, self.choices] = (u[:, self.choices] + 0.5) * (1.0 / np.maximum(self.dims.n_choices[self.choices], 1))
        return self.dims.from_unit(points)

    # --- what a Gaussian process sees --------------------------------------------------------------------------------

    def layout(self, is_conditional: BoolArray) -> Layout:
        """Say which length each column of `points` has."""
        second = np.flatnonzero(is_conditional & ~self.dims.is_choice)
        of_choices = np.append(self.choices, self.d) if self.has_tasks else self.choices
        return Layout(np.concatenate([self.numbers, second]), of_choices)

    def points(self, u: FloatArray, active: BoolArray, is_conditional: BoolArray, task: int = 0) -> Points:
        """Make points of coordinates (n, d) of which those that are `active` count; task 0 is this study."""
        second = np.flatnonzero(is_conditional & ~self.dims.is_choice)
        numbers = np.where(active[:, self.numbers], u[:, self.numbers], 0.5)
        choices = np.where(active[:, self.choices], u[:, self.choices], self.dims.n_choices[self.choices])
        if len(second):
            numbers = np.concatenate([numbers, np.where(active[:, second], 0.0, ABSENT)], axis=1)
        if self.has_tasks:
            choices = np.concatenate([choices, np.full((len(u), 1), task)], axis=1)
        return Points(np.ascontiguousarray(numbers), np.ascontiguousarray(choices, dtype=np.int64))


class Gates:
    """Which parameters a candidate has, learnt from trials.

    Parameters
    ----------
    coordinates
        The d parameters.
    u
        Of whole trials, shape (n, d), NaN where one lacks a parameter.
    is_conditional
        Which parameters some trial lacks, shape (d,).
    """

    def __init__(self, coordinates: Coordinates, u: FloatArray, is_conditional: BoolArray) -> None:
        self._coordinates = coordinates
        self.is_conditional = is_conditional
        self._gates: dict[int, Gate] = {}
        if not is_conditional.any():
            return
        present = ~np.isnan(u)
        count = present.sum(axis=0)
        discrete = np.flatnonzero((coordinates.n_values > 0) & (coordinates.n_values <= MOST_VALUES))
        for j in np.argsort(-count, kind="stable").tolist():  # parents before children
            if is_conditional[j]:
                parents = [q for q in discrete.tolist() if count[q] > count[j] and present[present[:, j], q].all()]
                found = [gate for q in parents if (gate := _gate(u[:, q], present[:, q], present[:, j], q)) is not None]
                if found:
                    self._gates[j] = min(found, key=lambda gate: count[gate.parent])

    @property
    def parents(self) -> list[int]:
        """The parameters that decide which others there are."""
        return sorted({gate.parent for gate in self._gates.values()})

    def of(self, j: int) -> Gate | None:
        """Give the gate of a parameter, None if it has none."""
        return self._gates.get(j)

    def active(self, u: FloatArray) -> BoolArray:
        """Tell which parameters candidates (n, d) have; those without a gate always."""
        found = np.ones(u.shape, dtype=bool)
        for j, gate in self._gates.items():
            value = u[:, gate.parent]
            place = np.minimum(np.searchsorted(gate.seen, value), len(gate.seen) - 1)
            before = np.maximum(place - 1, 0)
            nearest = np.where(np.abs(gate.seen[before] - value) <= np.abs(gate.seen[place] - value), before, place)
            opens = gate.opening[nearest]
            if self._coordinates.dims.is_choice[gate.parent]:
                opens &= gate.seen[nearest] == value
            found[:, j] = found[:, gate.parent] & opens
        return found


def _gate(value: FloatArray, has_parent: BoolArray, has_child: BoolArray, parent: int) -> Gate | None:
    """Find out whether the values (n,) of a parameter decide whether another one is there."""
    seen, index = np.unique(np.round(value[has_parent], 9), return_inverse=True)
    n_seen = np.bincount(index, minlength=len(seen))
    n_open = np.bincount(index, weights=has_child[has_parent], minlength=len(seen))
    if ((n_open > 0) & (n_open < n_seen)).any():
        return None
    return Gate(parent, seen, n_open > 0)


def openings(history: History) -> dict[str, dict[str, list[Any]]]:
    """Find out on which values of which other parameter it depends whether a trial has a parameter.

    Returns
    -------
    conditions
        By parameter, of those that some complete or pruned trial lacks and whose gate is known: the name of the other
        one, and its values with which the trials had it.
    """
    coordinates = Coordinates(history.joint_space())
    ended = history.finished[history.states[history.finished] != TrialState.FAIL]
    u, known = coordinates.read(history, ended)
    u = u[known]
    is_conditional: BoolArray = np.asarray(np.isnan(u).any(axis=0))
    gates, names, found = Gates(coordinates, u, is_conditional), coordinates.dims.names, {}
    for j, name in enumerate(names):
        gate = gates.of(j)
        if gate is not None:
            points = np.full((int(gate.opening.sum()), coordinates.d), 0.5)
            points[:, gate.parent] = gate.seen[gate.opening]
            parent = coordinates.dims.distributions[gate.parent]
            internal = coordinates.internal(points)[:, gate.parent].tolist()
            found[name] = {names[gate.parent]: [parent.to_external_repr(one) for one in internal]}
    return found


def _n_values(distribution: object) -> int:
    """Count the values of a grid, 0 without one or beyond a million."""
    if not isinstance(distribution, NumericDistribution) or not distribution.grid:
        return 0
    n_steps = (distribution.high - distribution.low) / abs(distribution.grid)
    return round(n_steps) + 1 if n_steps < 1e6 else 0
