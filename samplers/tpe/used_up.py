"""Which beginnings of trials are used up: all points that they lead to were tried.

`Tried` tells of whole trials. Where an objective branches, a sampler decides on the first parameters alone, and would
go again and again into a branch of which nothing is left.
"""

from __future__ import annotations

import math

import numpy as np

from ...engine.arrays import BoolArray, FloatArray
from ...engine.distributions import BaseDistribution, CategoricalDistribution, NumericDistribution
from ...engine.history import Dimensions, History
from ...engine.records import TrialState

_COMPLETE = int(TrialState.COMPLETE)
_LARGEST = 1 << 16  # points of a beginning beyond which it is not followed: no study uses them up


class _Node:
    """What trials had suggested when they asked for one parameter, or ended."""

    __slots__ = ("asks", "children", "has_ended", "is_beginning", "is_open", "is_used_up", "n_used_up", "size")

    def __init__(self) -> None:
        self.asks: tuple[str, BaseDistribution] | None = None
        self.size = 0  # how many values that parameter may have
        self.is_open = False  # the next parameter or its range is not always the same: nobody knows what is left
        self.has_ended = False
        self.children: dict[int, _Node] = {}
        self.n_used_up = 0  # of the children
        self.is_used_up = False
        self.is_beginning = False  # it is used up, and counted as one that trials went on from

    def ask(self, name: str, distribution: BaseDistribution, size: int) -> None:
        if self.asks is None:
            self.asks, self.size = (name, distribution), size
        elif self.asks[0] != name or self.asks[1] is not distribution:
            self.is_open = True

    def change(self) -> int:
        """Tell anew whether it is used up; give 1 if it is since now, -1 if it no longer is, else 0."""
        before, left = self.is_used_up, self.size - self.n_used_up
        self.is_used_up = not self.is_open and (self.has_ended if self.asks is None else left == 0)
        return self.is_used_up - before


class UsedUp:
    """The complete trials of a study as a tree: each parameter in the order in which it was suggested.

    Parameters
    ----------
    history
        The study's trials.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._seen = 0
        self._root = _Node()
        self._n_beginnings = 0  # that are used up

    @property
    def is_empty(self) -> bool:
        """Whether no beginning is used up."""
        return not self._n_beginnings

    def update(self) -> None:
        """Read the trials that finished since."""
        history = self._history
        new = history.finished_since(self._seen)
        self._seen += len(new)
        for number in new:
            if history.state(number) == _COMPLETE:
                self._add(number)

    def _add(self, number: int) -> None:
        suggested = self._history.suggested(number)
        n_points, path = 1, [self._root]
        sizes = []
        for distribution in suggested.values():
            sizes.append(_n_values(distribution))
            n_points *= sizes[-1]
            if n_points > _LARGEST:
                return
        values = self._history.params(list(suggested), np.array([number]))[:, 0].tolist()
        for (name, distribution), size, value in zip(suggested.items(), sizes, values, strict=True):
            path[-1].ask(name, distribution, size)
            path.append(path[-1].children.setdefault(_index(distribution, value), _Node()))
        path[-1].has_ended = True
        change = 0
        for node in reversed(path):
            node.n_used_up += change
            change = node.change()
            was, node.is_beginning = node.is_beginning, node.is_used_up and node.asks is not None
            self._n_beginnings += node.is_beginning - was

    def among(self, dims: Dimensions, internal: FloatArray) -> BoolArray:
        """Tell which points are beginnings that are used up.

        Parameters
        ----------
        dims
            The d parameters.
        internal
            Internal values, shape (n, d).

        Returns
        -------
        is_used_up
            Shape (n,); False for a whole trial, and where a value is NaN.
        """
        if self.is_empty:
            return np.zeros(len(internal), dtype=bool)
        canonical = map(self._history.canonical, dims.names, dims.distributions)
        columns = dict(zip(dims.names, enumerate(canonical), strict=True))
        return np.array([self._is_used_up(columns, point) for point in internal.tolist()], dtype=bool)

    def _is_used_up(self, columns: dict[str, tuple[int, BaseDistribution]], point: list[float]) -> bool:
        node: _Node | None = self._root
        while node is not None and node.asks is not None:
            name, distribution = node.asks
            j, own = columns.get(name, (None, None))
            if j is None:
                return node.is_used_up
            if own is not distribution or math.isnan(point[j]):
                return False
            node = node.children.get(_index(distribution, point[j]))
        return False


def _n_values(distribution: BaseDistribution) -> int:
    """Count the values of a distribution; those of a range are more than anybody tries."""
    if isinstance(distribution, CategoricalDistribution):
        return len(distribution.choices)
    if distribution.single():
        return 1
    if isinstance(distribution, NumericDistribution) and distribution.grid:
        n_steps: float = (distribution.high - distribution.low) / abs(distribution.grid)
        return round(min(n_steps, _LARGEST)) + 1
    return _LARGEST + 1


def _index(distribution: BaseDistribution, internal: float) -> int:
    """Tell values of a grid apart, but for rounding."""
    if isinstance(distribution, NumericDistribution) and distribution.grid:
        n_steps: float = (internal - distribution.low) / abs(distribution.grid)
        return round(n_steps)
    return int(internal) if isinstance(distribution, CategoricalDistribution) else 0
