"""What genetic samplers share: their operators, the space that children are bred in, and how they are handed out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.distributions import BaseDistribution, Space
from ...engine.history import Dimensions, History, Remembered, StudyLike
from ..base import Columns, Sampler
from ..genetic import check_population_size
from .breeding import Operators, breed
from .crossovers import BaseCrossover, UniformCrossover, check_probability
from .mutations import BaseMutation, PolynomialMutation
from .untried import Tried, breed_untried

BREEDING, SURVIVAL = 1 << 32, 1 << 33  # purposes of random numbers
ETA = 10.0  # of polynomial mutation by default


class Stock:
    """What is remembered of one study: the parameters that are bred, as arrays, and where trials were."""

    def __init__(self) -> None:
        self._dims: tuple[Space, Dimensions] = {}, Dimensions.of({})
        self._tried = Tried(self._dims[1])

    def dims(self, space: Space) -> Dimensions:
        """Describe a space, in the order of its names."""
        if self._dims[0] is not space:
            self._dims = space, Dimensions.of(dict(sorted(space.items())))
        return self._dims[1]

    def tried(self, history: History, dims: Dimensions) -> Tried | None:
        """Give the points at which trials were, if there are points at which another one may come to be."""
        if not dims.discrete or dims.has_other_choices(history):
            return None
        if dims.names != sorted(history.joint_space()):  # a user's strategy or an older space
            return None
        if self._tried.dims.names != dims.names:
            self._tried = Tried(dims)
        return self._tried.update(history)


class EvolvingSampler(Sampler):
    """Breeds children of a population; a subclass writes `parents`, and when which child is handed out.

    The parameters are those of `NSGAIISampler`.
    """

    def __init__(
        self,
        *,
        population_size: int = 50,
        mutation: BaseMutation | None = None,
        mutation_prob: float | None = None,
        crossover: BaseCrossover | None = None,
        crossover_prob: float = 0.9,
        swapping_prob: float = 0.5,
        seed: int | None = None,
    ) -> None:
        super().__init__(seed)
        if mutation_prob is not None:
            check_probability("mutation_prob", mutation_prob)
        check_probability("crossover_prob", crossover_prob)
        check_probability("swapping_prob", swapping_prob)
        crossover = UniformCrossover(swapping_prob) if crossover is None else crossover
        mutation = PolynomialMutation(ETA) if mutation is None else mutation
        _check_operators(crossover, mutation, population_size)
        self._population_size = population_size
        self._how = Operators(crossover, crossover_prob, swapping_prob, mutation, mutation_prob)
        self._stocks: Remembered[Stock] = Remembered()

    def parents(self, history: History, n: int = 1) -> IntArray | None:
        """Give the numbers of those that trials which start now are bred from, best first; None as long as none are.

        Parameters
        ----------
        history
            The study's trials; its lock is held.
        n
            How many children they will have at once.
        """
        raise NotImplementedError

    def grades(self, history: History, parents: IntArray) -> IntArray:
        """Give the place of each parent in tournaments, 0 for the best; of equal ones the first drawn wins."""
        return np.arange(len(parents))

    def joint_space(self, history: History) -> dict[str, BaseDistribution]:
        return {} if self.parents(history) is None else history.joint_space()

    def _stock(self, history: History) -> Stock:
        found = self._stocks.get(history)
        if found is None:
            found = self._stocks[history] = self._new_stock()
        return found

    def _new_stock(self) -> Stock:
        return Stock()

    def sample(self, space: Space, history: History, rng: np.random.Generator, n: int = 1) -> Columns:
        """Sample for the trials that start now; see `Sampler.sample`."""
        parents = self.parents(history, n)
        if parents is None:
            return {name: rng.uniform(*distribution.support, size=n) for name, distribution in space.items()}
        dims, bred = self._breed(history, history, parents, history.n, space, rng, n, self._how)
        pairs = zip(dims.names, dims.distributions, bred.T, strict=True)
        return {name: d.to_model(filled(column, d, rng.random(n))) for name, d, column in pairs}

    def _breed(
        self,
        study: Any,
        history: History,
        parents: IntArray,
        number: int,
        space: Space,
        rng: np.random.Generator,
        n: int,
        how: Operators,
        siblings: Sequence[FloatArray] = (),
    ) -> tuple[Dimensions, FloatArray]:
        """Make children (n, d), as internal values, for the trials from `number` on; see `breed`, `breed_untried`."""
        stock, grades = self._stock(history), self.grades(history, parents)
        dims = stock.dims(space)

        def make(n: int, how: Operators = how) -> FloatArray:
            return breed(parents, grades, dims, history, rng, n, how, study)

        tried = stock.tried(history, dims)
        return dims, make(n) if tried is None else breed_untried(make, how, tried, number, n, siblings)

    def _first_ones(self, study: StudyLike, number: int, space: Space, n: int) -> dict[str, FloatArray]:
        """Give internal values of the trials from `number` on while there are no parents: a Latin hypercube."""
        streams, size = self._streams.of(study), self._population_size
        uniform = [[streams.stratified(number + i, j, size) for i in range(n)] for j in range(len(space))]
        return {name: _each_from_unit(d, u) for (name, d), u in zip(space.items(), uniform, strict=True)}


def _check_operators(crossover: Any, mutation: Any, population_size: int) -> None:
    check_population_size(population_size)
    for operator, kind, example in (
        (crossover, "crossover", "SBXCrossover"),
        (mutation, "mutation", "PolynomialMutation"),
    ):
        if isinstance(operator, type) or not callable(getattr(operator, kind, None)):
            raise ValueError(
                f"{operator!r} is not a valid {kind}: expected an object of a class of parzen.samplers.nsgaii, such "
                f"as {example}(), or of a class of your own that has `{kind}`."
            )
    if population_size < crossover.n_parents:
        raise ValueError(
            f"Using {type(crossover).__name__}, the population size should be greater than or equal to "
            f"{crossover.n_parents}. The specified `population_size` is {population_size}."
        )


def filled(internal: FloatArray, distribution: BaseDistribution, u: FloatArray) -> FloatArray:
    """Put uniform draws where children (n,) have no value."""
    missing = np.isnan(internal)
    return np.where(missing, _each_from_unit(distribution, u.tolist()), internal) if missing.any() else internal


def _each_from_unit(distribution: BaseDistribution, u: Sequence[float]) -> FloatArray:
    return np.array([distribution.from_unit(x) for x in u], dtype=np.float64)


def violations(history: History, numbers: IntArray) -> FloatArray | None:
    """Give by how much trials violate their constraints in total, shape (n,); None if no trial of the study set any."""
    if not history.constraint_keys:
        return None
    violation = history.violation[numbers]
    return np.where(np.isnan(violation), 0.0, violation)  # one that set none violates none
