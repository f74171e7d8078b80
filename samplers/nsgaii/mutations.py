"""Mutations of numerical parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.kernels import variation
from .crossovers import Rng, legacy


class BaseMutation(ABC):
    """Changes numerical parameters of children.

    Write `mutation`; or `mutants` as well, which changes a whole generation at once.
    """

    def __str__(self) -> str:
        return type(self).__name__

    @abstractmethod
    def mutation(self, param: float, rng: np.random.RandomState, study: Any, search_space_bounds: FloatArray) -> float:
        """Change one parameter.

        Parameters
        ----------
        param
            Its value, or the logarithm where its scale is logarithmic.
        rng
            Random numbers.
        study
            The study.
        search_space_bounds
            Ends of its range, shape (2,).

        Returns
        -------
        mutant
            The new value; one outside of the range is brought back.
        """

    def mutants(self, x: FloatArray, bounds: FloatArray, rng: Rng, study: Any) -> FloatArray:
        """Change many parameters: values (n,), of ranges (n, 2)."""
        return each(self, x, bounds, rng, study)


def each(mutation: Any, x: FloatArray, bounds: FloatArray, rng: Rng, study: Any) -> FloatArray:
    """Change parameters by a mutation that knows Optuna's method alone."""
    state = legacy(rng)
    changed = [mutation.mutation(value, state, study, ends) for value, ends in zip(x.tolist(), bounds, strict=True)]
    return np.array(changed, dtype=np.float64)


class PolynomialMutation(BaseMutation):
    """Mutates by a polynomial distribution within bounds (Deb and Goyal, Computer Science and Informatics 26, 1996).

    Parameters
    ----------
    eta
        Distribution index, at least 0: the larger, the smaller are the changes, about 1 / eta of the range.
    """

    def __init__(self, eta: float = 20.0) -> None:
        if not eta >= 0:
            raise ValueError(f"`eta` must be a non-negative float value, but got {eta}.")
        self._eta = eta

    def mutation(self, param: float, rng: np.random.RandomState, study: Any, search_space_bounds: FloatArray) -> float:
        bounds = np.asarray(search_space_bounds, dtype=np.float64).reshape(1, 2)
        return float(self.mutants(np.array([param], dtype=np.float64), bounds, rng, study)[0])

    def mutants(self, x: FloatArray, bounds: FloatArray, rng: Rng, study: Any) -> FloatArray:
        return variation.polynomial(x, bounds[:, 0], bounds[:, 1], self._eta, rng.random(x.shape))


class UniformMutation(BaseMutation):
    """Draws a new value uniformly from the range: what Optuna does unless it is given a mutation."""

    def mutation(self, param: float, rng: np.random.RandomState, study: Any, search_space_bounds: FloatArray) -> float:
        return float(rng.uniform(*search_space_bounds))

    def mutants(self, x: FloatArray, bounds: FloatArray, rng: Rng, study: Any) -> FloatArray:
        return np.asarray(bounds[:, 0] + rng.random(x.shape) * (bounds[:, 1] - bounds[:, 0]))
