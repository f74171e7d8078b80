"""Crossovers of numerical parameters. Each is a formula of `engine.kernels.variation`, with its parameters."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.kernels import variation

Rng = np.random.Generator | np.random.RandomState


class BaseCrossover(ABC):
    """Makes children's numerical parameters from those of their parents.

    Write `n_parents` and `crossover`; or `children` as well, which makes a whole generation at once.
    """

    def __str__(self) -> str:
        return type(self).__name__

    @property
    @abstractmethod
    def n_parents(self) -> int:
        """Number of parents of a child."""

    @abstractmethod
    def crossover(
        self, parents_params: FloatArray, rng: np.random.RandomState, study: Any, search_space_bounds: FloatArray
    ) -> FloatArray:
        """Make one child.

        Parameters
        ----------
        parents_params
            Shape (n_parents, d): logarithms where a parameter's scale is logarithmic.
        rng
            Random numbers.
        study
            The study.
        search_space_bounds
            Ends of the ranges, shape (d, 2).

        Returns
        -------
        child
            Shape (d,). A coordinate outside of its range is brought back.
        """

    def children(self, parents: FloatArray, bounds: FloatArray, rng: Rng, study: Any) -> FloatArray:
        """Make children of many sets of parents: shape (n, n_parents, d) to (n, d)."""
        return one_by_one(self, parents, bounds, rng, study)


def one_by_one(crossover: Any, parents: FloatArray, bounds: FloatArray, rng: Rng, study: Any) -> FloatArray:
    """Make children by a crossover that knows Optuna's method alone."""
    state = legacy(rng)
    made = [np.asarray(crossover.crossover(family, state, study, bounds), dtype=np.float64) for family in parents]
    return np.array(made).reshape(len(parents), parents.shape[2])


def legacy(rng: Rng) -> np.random.RandomState:
    """Give the kind of generator that Optuna's operators draw from."""
    if isinstance(rng, np.random.RandomState):
        return rng
    return np.random.RandomState(rng.integers(2**32, dtype=np.uint32))


class _AtOnce(BaseCrossover):
    """What parzen's crossovers share: one child is a generation of one."""

    n_parents = 2

    @abstractmethod
    def children(self, parents: FloatArray, bounds: FloatArray, rng: Rng, study: Any) -> FloatArray: ...

    def crossover(
        self, parents_params: FloatArray, rng: np.random.RandomState, study: Any, search_space_bounds: FloatArray
    ) -> FloatArray:
        parents = np.asarray(parents_params, dtype=np.float64)[np.newaxis]
        child: FloatArray = self.children(parents, np.asarray(search_space_bounds), rng, study)[0]
        return child


class UniformCrossover(_AtOnce):
    """Takes each parameter from one of two parents (Syswerda, ICGA 1989).

    Parameters
    ----------
    swapping_prob
        Probability to take it from the second, in [0, 1].
    """

    def __init__(self, swapping_prob: float = 0.5) -> None:
        check_probability("swapping_prob", swapping_prob)
        self._swapping_prob = swapping_prob

    def children(self, parents: FloatArray, bounds: FloatArray, rng: Rng, study: Any) -> FloatArray:
        return variation.uniform(parents, self._swapping_prob, _uniforms(rng, parents))


class BLXAlphaCrossover(_AtOnce):
    """Draws from the box of two parents, made longer (BLX-alpha; Eshelman and Schaffer, FOGA 2, 1993).

    Parameters
    ----------
    alpha
        By what share of the parents' distance at either end.
    """

    def __init__(self, alpha: float = 0.5) -> None:
        self._alpha = alpha

    def children(self, parents: FloatArray, bounds: FloatArray, rng: Rng, study: Any) -> FloatArray:
        made = variation.blx(parents, self._alpha, _uniforms(rng, parents))
        return _bounced(made, parents[:, 0], bounds, rng)


class _OneOfTwins(_AtOnce):
    """A crossover that makes two children, of which one is taken, or a mixture of them."""

    def __init__(
        self, eta: float | None = None, uniform_crossover_prob: float = 0.5, use_child_gene_prob: float = 0.5
    ) -> None:
        if eta is not None and eta < 0:
            raise ValueError(f"The value of `eta` must be greater than or equal to 0.0, but got {eta}.")
        check_probability("uniform_crossover_prob", uniform_crossover_prob)
        if not 0 < use_child_gene_prob <= 1:
            raise ValueError(f"`use_child_gene_prob` must be in the range (0.0, 1.0], but got {use_child_gene_prob}.")
        self._eta = eta
        self._mixing = uniform_crossover_prob
        self._use_child = use_child_gene_prob

    def _index(self, study: Any) -> float:
        """Give eta: by default 20 for several objectives, 2 for one."""
        return self._eta if self._eta is not None else 20.0 if len(study.directions) > 1 else 2.0

    def _twins(self, parents: FloatArray, bounds: FloatArray, rng: Rng, study: Any) -> tuple[FloatArray, FloatArray]:
        raise NotImplementedError

    def children(self, parents: FloatArray, bounds: FloatArray, rng: Rng, study: Any) -> FloatArray:
        first, second = self._twins(parents, bounds, rng, study)
        own = _uniforms(rng, parents) < self._use_child
        first, second = np.where(own, first, parents[:, 0]), np.where(own, second, parents[:, 1])
        is_second = rng.random((len(parents), 1)) < 0.5
        mixed = _uniforms(rng, parents) < self._mixing
        return np.where(is_second ^ mixed, second, first)


class SBXCrossover(_OneOfTwins):
    """Simulated binary crossover within bounds (Deb and Agrawal, Complex Systems 9, 1995).

    Parameters
    ----------
    eta
        Distribution index, at least 0: the larger, the nearer are children to their parents. None: 20 for several
        objectives, 2 for one.
    uniform_crossover_prob
        Probability, in [0, 1], that a parameter is taken from the other one of the two children that SBX makes.
    use_child_gene_prob
        Probability, in (0, 1], that a parameter is crossed at all, and not the parent's.
    """

    def _twins(self, parents: FloatArray, bounds: FloatArray, rng: Rng, study: Any) -> tuple[FloatArray, FloatArray]:
        lower, upper = variation.sbx(parents, bounds[:, 0], bounds[:, 1], self._index(study), _uniforms(rng, parents))
        is_lower = parents[:, 0] <= parents[:, 1]  # which child belongs to the first parent
        return np.where(is_lower, lower, upper), np.where(is_lower, upper, lower)


class VSBXCrossover(_OneOfTwins):
    """SBX that leaves no region out (vSBX; Ballester and Carter, GECCO 2003).

    Parameters
    ----------
    eta, uniform_crossover_prob, use_child_gene_prob
        As for `SBXCrossover`.
    """

    def _twins(self, parents: FloatArray, bounds: FloatArray, rng: Rng, study: Any) -> tuple[FloatArray, FloatArray]:
        first, second = variation.vsbx(parents, self._index(study), _uniforms(rng, parents))
        return _bounced(first, parents[:, 0], bounds, rng), _bounced(second, parents[:, 1], bounds, rng)


class SPXCrossover(_AtOnce):
    """Draws from the simplex of three parents, made larger (SPX; Tsutsui, Yamamura and Higuchi, GECCO 1999).

    Parameters
    ----------
    epsilon
        How many times as large. None: sqrt(d + 2) for d parameters.
    """

    n_parents = 3

    def __init__(self, epsilon: float | None = None) -> None:
        self._epsilon = epsilon

    def children(self, parents: FloatArray, bounds: FloatArray, rng: Rng, study: Any) -> FloatArray:
        n, k, d = parents.shape
        epsilon = math.sqrt(d + 2) if self._epsilon is None else self._epsilon
        return _bounced(variation.spx(parents, epsilon, rng.random((n, k - 1))), parents[:, 0], bounds, rng)


class UNDXCrossover(_AtOnce):
    """Draws from a normal distribution around two parents, its width from a third (UNDX; Ono and Kobayashi, ICGA 1997).

    Parameters
    ----------
    sigma_xi
        Standard deviation along the line of the two, in units of their distance.
    sigma_eta
        Standard deviation across, in units of the third one's distance from the line. None: 0.35 / sqrt(d) for d
        parameters.
    """

    n_parents = 3

    def __init__(self, sigma_xi: float = 0.5, sigma_eta: float | None = None) -> None:
        self._sigma_xi = sigma_xi
        self._sigma_eta = sigma_eta

    def children(self, parents: FloatArray, bounds: FloatArray, rng: Rng, study: Any) -> FloatArray:
        n, _, d = parents.shape
        across = 0.35 / math.sqrt(max(d, 1)) if self._sigma_eta is None else self._sigma_eta
        made = variation.undx(parents, self._sigma_xi, across, rng.standard_normal((n, 1 + d)))
        return _bounced(made, parents[:, 0], bounds, rng)


def _uniforms(rng: Rng, parents: FloatArray) -> FloatArray:
    """Draw a uniform number for each coordinate of each child (n, d)."""
    return np.asarray(rng.random((parents.shape[0], parents.shape[2])))


def _bounced(children: FloatArray, parent: FloatArray, bounds: FloatArray, rng: Rng) -> FloatArray:
    return variation.bounce(children, parent, bounds[:, 0], bounds[:, 1], rng.random(children.shape))


def check_probability(name: str, value: float | None) -> None:
    """Raise ``ValueError`` unless a probability lies in [0, 1]."""
    if value is None or not 0 <= value <= 1:
        raise ValueError(f"`{name}` must be a float value within the range [0.0, 1.0], but got {value}.")
