"""A user's guess of where the optimum is, which counts less from trial to trial.

Hvarfner et al., "PiBO: Augmenting acquisition functions with user beliefs for Bayesian optimization" (ICLR 2022): the
acquisition is multiplied by pi(x)^(beta / n) (eq. 6), so that a bad guess is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...engine.arrays import BoolArray, FloatArray
from ...engine.distributions import BaseDistribution, CategoricalDistribution
from ...engine.kernels import truncnorm
from .coordinates import Coordinates

BETA = 5.0
SD = 0.2  # of a guess, as a share of the range
OTHER = 0.1  # density of a choice that was not guessed, where a guessed one has 1


class Prior:
    """Guesses of the best values.

    Parameters
    ----------
    guesses
        By parameter name: a value, or a distribution as it could be suggested from, in which the optimum should lie.
        Those of parameters that are never suggested do not count.
    """

    def __init__(self, guesses: Mapping[str, Any]) -> None:
        if not isinstance(guesses, Mapping):
            raise TypeError(f'Expected guesses by parameter name, such as {{"lr": 1e-3}}, but got {guesses!r}.')
        self._guesses = dict(guesses)

    def log_density(self, coordinates: Coordinates, u: FloatArray, active: BoolArray) -> FloatArray:
        """Return log pi (n,) at points (n, d), up to a constant; what does not count says nothing."""
        found = np.zeros(len(u))
        for j, name in enumerate(coordinates.dims.names):
            if name in self._guesses:
                low, high = self._interval(name, coordinates.dims.distributions[j])
                if coordinates.dims.is_choice[j]:
                    off = np.where(np.isin(u[:, j], low), 0.0, np.log(OTHER))
                else:
                    outside = np.maximum(np.maximum(low[0] - u[:, j], u[:, j] - high[0]), 0.0)
                    off = -0.5 * (outside / SD) ** 2
                found += np.where(active[:, j], off, 0.0)
        return found

    def draw(self, name: str, distribution: BaseDistribution, u: float, is_first: bool) -> float | None:
        """Draw the internal value of a parameter in one of the first trials; None without a guess.

        Parameters
        ----------
        name, distribution
            The parameter.
        u
            A uniform number.
        is_first
            Whether it is the very first trial, which is the guess itself.
        """
        if name not in self._guesses:
            return None
        low, high = self._interval(name, distribution)
        if isinstance(distribution, CategoricalDistribution):
            return float(low[int(u * len(low))])
        if is_first:
            return distribution.from_unit(float(low[0] + 0.5 * (high[0] - low[0])))
        center = float(low[0] + u * (high[0] - low[0]))
        z = float(truncnorm.ppf(u, -center / SD, (1.0 - center) / SD)) if low[0] == high[0] else 0.0
        return distribution.from_unit(min(max(center + SD * z, 0.0), 1.0))

    def _interval(self, name: str, distribution: BaseDistribution) -> tuple[FloatArray, FloatArray]:
        """Give the shares of the range between which the optimum should lie, or the indices of choices twice."""
        guess = self._guesses[name]
        is_range = isinstance(guess, BaseDistribution)
        values = [guess]
        if isinstance(guess, CategoricalDistribution):
            values = list(guess.choices)
        elif is_range:
            values = [guess.low, guess.high]
        try:
            internal = np.array([distribution.to_internal_repr(value) for value in values], dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"The guess {guess!r} of parameter {name!r} is no value of {distribution!r}.") from error
        if isinstance(distribution, CategoricalDistribution):
            return internal, internal
        lower, upper = distribution.support
        u = (distribution.to_model(internal) - lower) / (upper - lower)
        if not (is_range or 0.0 <= u[0] <= 1.0):
            raise ValueError(f"The guess {guess!r} of parameter {name!r} lies outside of {distribution!r}.")
        u = np.clip(u, 0.0, 1.0)
        return u[:1], u[-1:]
