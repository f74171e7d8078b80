"""Trials as points of CMA-ES, and points as values of today's ranges.

Coordinates are shares of the range under which a parameter was suggested first, a log scale being straightened. They
stay when a range moves later, so that what was learnt stays, too. A point may lie outside of today's range: the axis is
folded there, as if ends were mirrors. So a density goes on at an end, where clipping would heap it up. Drawing again
until a point lies inside, as others do, ends in clipping where many parameters have their best value at an end: of 40
with the mean there, one draw in 2^40 lies inside. What is folded can be closed in on: a best value at an end is one in
the middle, between its own side and the image of it. And folding keeps lengths; the slope of smooth maps is zero at the
ends, which heaps up points near them.

Where the value does not tell the coordinate, as it was folded or lies in a cell of a grid, a trial carries the point
from which it came. If its value is another one, as of a trial that was enqueued, the value counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.distributions import BaseDistribution, CategoricalDistribution, Space
from ...engine.history import Dimensions, History
from ...engine.kernels import cube
from .strategy import Points

_CLOSE = 1e-9  # of the range: values this near to each other are the same one, but for rounding


class Frame:
    """The coordinates of one search space.

    Parameters
    ----------
    space
        Today's distributions by name; none with a single value.
    first
        The distributions under which the parameters were suggested first.
    """

    def __init__(self, space: Space, first: Space) -> None:
        self._names = [name for name, d in space.items() if not isinstance(d, CategoricalDistribution)]
        self._choice_names = [name for name in space if name not in self._names]
        self.first = Dimensions.of({name: first[name] for name in self._names})
        self.discrete: IntArray = np.array(self.first.discrete, dtype=np.int64)
        self.move(space)

    @property
    def n(self) -> int:
        """Number of numbers."""
        return len(self._names)

    @property
    def n_choices(self) -> IntArray:
        """Number of choices of each categorical parameter, shape (D,)."""
        return self._choices.n_choices

    def move(self, space: Space) -> None:
        """Take other ranges of the same parameters."""
        self.space = space
        self._all = Dimensions.of(space)
        self._is_number = ~self._all.is_choice
        self._today = Dimensions.of({name: space[name] for name in self._names})
        self._choices = Dimensions.of({name: space[name] for name in self._choice_names})
        own, today = self.first.scale, self._today.scale
        self._low = (today.lower - own.lower) / own.width
        self._span = today.width / own.width
        # A folded normal distribution as wide as that is all but uniform, and stays so however much wider it becomes.
        self.widest = self._span / 2

    def fits(self, space: Space, first: Space) -> bool:
        """Tell whether a space has the same parameters in the same coordinates, so that `move` will do."""
        return (
            list(space) == list(self.space)
            and all(first[name] is known for name, known in zip(self._names, self.first.distributions, strict=True))
            and all(space[name].label == self.space[name].label for name in self._choice_names)
        )

    # --- points to values --------------------------------------------------------------------------------------------

    def values(self, points: Points) -> FloatArray:
        """Turn points into internal values, shape (k, d), in the order of the space."""
        numbers = self._numbers(points.numbers)
        if not self._choice_names:
            return numbers
        internal = np.empty((len(points.chosen), len(self.space)))
        internal[:, self._is_number] = numbers
        internal[:, ~self._is_number] = points.chosen
        return internal

    def external(self, point: list[float]) -> dict[str, Any]:
        """Turn the internal values of one point into a user's values by name."""
        return self._all.external(point)

    def _numbers(self, x: FloatArray) -> FloatArray:
        scale = self.first.scale
        return self._today.from_model(scale.lower + self._folded(x) * scale.width)

    def _folded(self, x: FloatArray) -> FloatArray:
        return fold(x, self._low, self._span)[0]

    def is_told_by_value(self, points: Points) -> BoolArray:
        """Tell of which points (k,) the values say where they lie."""
        x = points.numbers
        inside = ((x >= self._low) & (x <= self._low + self._span)).all(axis=1)
        return np.asarray(inside & (len(self._today.discrete) == 0 and len(self.discrete) == 0))

    # --- trials to points --------------------------------------------------------------------------------------------

    def read(self, history: History, numbers: Sequence[int], carried: Sequence[Any]) -> tuple[IntArray, Points]:
        """Read trials.

        Parameters
        ----------
        history
            The study's trials; its lock is held.
        numbers
            Numbers of k trials.
        carried
            The point that each carries, a list of n numbers; None if it carries none.

        Returns
        -------
        rows
            Which of the trials have all parameters, ascending.
        points
            Their points.
        """
        wanted = np.array(numbers, dtype=np.int64)
        internal = self.first.read(history, wanted)
        chosen = self._choices.read(history, wanted) if self._choice_names else np.empty((len(wanted), 0))
        x = cube.beyond_unit(internal, self.first.scale)
        rows = [i for i, point in enumerate(carried) if isinstance(point, list) and len(point) == self.n]
        if rows:
            points = np.array([carried[i] for i in rows], dtype=np.float64).reshape(len(rows), self.n)
            slack = _CLOSE * (self.first.scale.high - self.first.scale.low)
            is_same = abs(self._numbers(points) - internal[rows]) <= slack
            x[rows] = np.where(is_same, points, x[rows])
        complete = np.flatnonzero(np.isfinite(x).all(axis=1) & ~np.isnan(chosen).any(axis=1))
        return complete, Points(x[complete], chosen[complete].astype(np.int64))

    def points_of(self, trials: Sequence[Any], is_minimized: bool, consider_pruned: bool) -> FloatArray:
        """Turn trials of another study into points (k, n), best first; ``ValueError`` if none has the parameters."""
        states = ("COMPLETE", "PRUNED") if consider_pruned else ("COMPLETE",)
        known = [trial for trial in trials if trial.state.name in states and self._holds(trial)]
        if not known:
            raise ValueError(
                f"No compatible source_trials: expected a complete trial with values of {self._names} in their ranges, "
                f"but found none among {len(trials)} trials."
            )
        known.sort(key=lambda trial: trial.value if is_minimized else -trial.value)
        return np.stack([self.point_of(trial.params) for trial in known])

    def _holds(self, trial: Any) -> bool:
        return trial.value is not None and all(
            name in trial.params and holds(distribution, trial.params[name])
            for name, distribution in zip(self._names, self._today.distributions, strict=True)
        )

    def point_of(self, params: Mapping[str, Any]) -> FloatArray:
        """Turn a user's values into coordinates, shape (n,); ``ValueError`` for one that is missing or out of range."""
        internal = []
        for name, distribution in zip(self._names, self._today.distributions, strict=True):
            if name not in params:
                raise ValueError(f"Expected a value of {name!r} in `x0`, but it has only {sorted(params)}. Add it.")
            value = distribution.to_internal_repr(params[name])
            if not distribution._contains(value):
                raise ValueError(f"`x0` has {name!r}: {params[name]!r}, which is not one of {distribution!r}.")
            internal.append(value)
        found: FloatArray = cube.beyond_unit(np.array([internal]).reshape(1, self.n), self.first.scale)[0]
        return found

    def widths(self) -> FloatArray:
        """Widths of the ranges that are 1 here, in model coordinates, shape (n,)."""
        return self.first.scale.width

    def middle(self) -> FloatArray:
        """The middle of today's ranges, shape (n,)."""
        return self._low + self._span / 2

    def anywhere(self, u: FloatArray) -> FloatArray:
        """Turn uniform numbers (n,) into a point of today's ranges."""
        return self._low + u * self._span

    # --- grids -------------------------------------------------------------------------------------------------------

    def centred(self, x: FloatArray) -> FloatArray:
        """Move coordinates on a grid, shape (k, n), to where the values of their cells lie; the others stay."""
        image, sign = fold(x, np.zeros(self.n), np.ones(self.n))
        middle = cube.beyond_unit(self.first.from_unit(image), self.first.scale)
        return np.where(self.first.scale.spacing > 0, x + sign * (middle - image), x)

    def cells(self, mean: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Find the cells of the grids in which a point lies.

        Parameters
        ----------
        mean
            Shape (n,).

        Returns
        -------
        image
            Where it lies once the axis is folded, shape (m,) for the m coordinates in `discrete`.
        sign
            1 where the axis runs on there, -1 where it runs back.
        lower, upper
            Ends of the cell; -inf and inf where there is none beyond.
        """
        at, scale = self.discrete, self.first.scale
        image, sign = fold(mean, np.zeros(self.n), np.ones(self.n))
        values = self.first.from_unit(image[None])
        half = scale.spacing / 2
        lower = cube.beyond_unit(values - half, scale)[0][at]
        upper = cube.beyond_unit(values + half, scale)[0][at]
        value = values[0][at]
        lower = np.where(value <= scale.low[at], -np.inf, lower)
        upper = np.where(value >= scale.high[at], np.inf, upper)
        return image[at], sign[at], lower, upper


def holds(distribution: BaseDistribution, value: Any) -> bool:
    """Tell whether a value is one of a parameter's."""
    try:
        return distribution._contains(distribution.to_internal_repr(value))
    except ValueError:
        return False


def fold(x: FloatArray, low: FloatArray, span: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Fold axes (..., n) at the ends of ranges (n,); give where points come to lie, and -1 where the axis runs back."""
    inside = (x >= low) & (x <= low + span)
    if inside.all():
        return x, np.ones_like(x)
    turns = np.mod(x - low, 2 * span)
    back = turns > span
    folded = np.where(inside, x, low + np.where(back, 2 * span - turns, turns))
    return folded, np.where(back & ~inside, -1.0, 1.0)


def first_distributions(history: History, space: Space) -> dict[str, BaseDistribution]:
    """Give the distributions under which the parameters of a space were suggested first, if these have a range."""
    known = {name: history.distribution(name) for name in space}
    return {name: today if (d := known[name]) is None or d.single() else d for name, today in space.items()}
