"""What genetic samplers share: their operators, the space that children are bred in, and how they are handed out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.distributions import BaseDistribution
from ...engine.history import History, Remembered, StudyLike
from ..base import Columns, Sampler, Space
from ..genetic import check_population_size
from .breeding import Box, Operators, breed
from .crossovers import BaseCrossover, UniformCrossover, check_probability
from .mutations import BaseMutation, PolynomialMutation
from .untried import Tried, breed_untried

BREEDING, SURVIVAL = 1 << 32, 1 << 33  # purposes of random numbers
ETA = 10.0  # of polynomial mutation by default


class Stock:
    """What is remembered of one study: which parameters are bred, and where trials were."""

    def __init__(self) -> None:
        self._joint: tuple[Any, dict[str, BaseDistribution]] = None, {}
        self._box: tuple[Space, Box] = {}, Box.of({})
        self._tried = Tried([])

    def joint(self, history: History) -> dict[str, BaseDistribution]:
        """Give all parameters of all trials: a child has those that either of its parents has."""
        if self._joint[0] != history.space_version:
            latest = {name: history.latest(name) for group in history.groups for name in group}
            self._joint = history.space_version, {name: d for name, d in latest.items() if not d.single()}
        return self._joint[1]

    def box(self, space: Space) -> Box:
        """Describe a space."""
        if self._box[0] is not space:
            self._box = space, Box.of(space)
        return self._box[1]

    def tried(self, history: History, box: Box) -> Tried | None:
        """Give the points at which trials were, if there are points at which another one may come to be."""
        if not box.discrete or not history.changed_choices.isdisjoint(box.names):
            return None
        if len(history.groups) > 1 or box.names != sorted(self.joint(history)):  # there are branches
            return None
        if self._tried.names != box.names:
            self._tried = Tried(box.names)
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
        self._how_compiled = self._how._replace(is_compiled=True)
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
        return {} if self.parents(history) is None else self._stock(history).joint(history)

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
        box, bred = self._breed(history, history, parents, history.n, space, rng, n, self._how)
        pairs = zip(box.names, box.distributions, bred, strict=True)
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
    ) -> tuple[Box, FloatArray]:
        """Make children (d, n), as internal values, for the trials from `number` on; see `breed`, `breed_untried`."""
        stock, grades = self._stock(history), self.grades(history, parents)
        box = stock.box(space)

        def make(n: int, how: Operators = how) -> FloatArray:
            return breed(parents, grades, box, history, rng, n, how, study)

        tried = stock.tried(history, box)
        return box, make(n) if tried is None else breed_untried(make, how, tried, number, n, siblings)

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


def external(box: Box, child: list[float]) -> dict[str, Any]:
    """Turn a child's d internal values into a dict of external ones, without what is NaN."""
    if math.isnan(sum(child)):
        parameters = zip(box.names, box.distributions, child, strict=True)
        return {name: d.to_external_repr(x) for name, d, x in parameters if x == x}
    params: dict[str, Any] = dict(zip(box.names, child, strict=True))
    for j in box.discrete:
        params[box.names[j]] = box.distributions[j].to_external_repr(child[j])
    return params


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
