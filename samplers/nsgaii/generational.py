"""Generations, for NSGA-II and NSGA-III: each is bred at once, and handed out trial by trial."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.distributions import BaseDistribution, Space
from ...engine.history import Dimensions, History, StudyLike, history_of
from ...engine.records import FrozenTrial, TrialState, listed_constraints
from ..generations import Generations
from ..genetic import BaseGASampler
from .crossovers import BaseCrossover
from .evolution import BREEDING, EvolvingSampler, filled
from .mutations import BaseMutation

EliteStrategy = Callable[[Any, list[FrozenTrial]], list[FrozenTrial]]
ChildStrategy = Callable[[Any, dict[str, BaseDistribution], list[FrozenTrial]], dict[str, Any]]
AfterTrialStrategy = Callable[[Any, FrozenTrial, TrialState, Sequence[float] | None], None]


class Brood(NamedTuple):
    """Children bred at once, for trials whose numbers follow each other."""

    key: Any
    space: Space
    dims: Dimensions
    internal: FloatArray  # (n, d), NaN where a child lacks a parameter
    children: list[list[float]]  # the same, child by child


class Lineage(Generations):
    """What is remembered of one study: generations, their parents, and the children bred last."""

    def __init__(self, key: str, size: int) -> None:
        super().__init__(key, size)
        self.parents: list[IntArray] = [np.empty(0, dtype=np.int64)]
        self.newest: tuple[Any, IntArray] = None, self.parents[0]  # while more trials may join its pool
        self.brood = Brood(None, {}, Dimensions.of({}), np.empty((0, 0)), [])


class GenerationalSampler(BaseGASampler, EvolvingSampler):
    """Evolves generation after generation; a subclass writes who survives.

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
        constraints_func: Callable[[FrozenTrial], Sequence[float]] | None = None,
        elite_population_selection_strategy: EliteStrategy | None = None,
        child_generation_strategy: ChildStrategy | None = None,
        after_trial_strategy: AfterTrialStrategy | None = None,
    ) -> None:
        EvolvingSampler.__init__(
            self,
            population_size=population_size,
            mutation=mutation,
            mutation_prob=mutation_prob,
            crossover=crossover,
            crossover_prob=crossover_prob,
            swapping_prob=swapping_prob,
            seed=seed,
        )
        BaseGASampler.__init__(self, population_size)
        if constraints_func is not None:
            warnings.warn(
                "`constraints_func` is deprecated; call `Trial.set_constraint` in the objective instead.",
                FutureWarning,
                stacklevel=2 if type(self).__init__ is GenerationalSampler.__init__ else 3,  # the caller's line
            )
        self._constraints_func = constraints_func
        self._elite_strategy = elite_population_selection_strategy
        self._child_strategy = child_generation_strategy
        self._after_trial_strategy = after_trial_strategy

    def survivors(self, history: History, pool: IntArray, generation: int) -> IntArray:
        """Choose from a pool of complete trials, by number, those that a generation is bred from, best first."""
        raise NotImplementedError

    # --- parents -----------------------------------------------------------------------------------------------------

    def select_parent(self, study: Any, generation: int) -> list[FrozenTrial]:
        if self._elite_strategy is None:
            return self.get_parent_population(study, generation)
        members = [*self.get_population(study, generation - 1), *self.get_parent_population(study, generation - 1)]
        chosen = self._elite_strategy(study, members)
        if not (isinstance(chosen, Sequence) and chosen and all(isinstance(trial, FrozenTrial) for trial in chosen)):
            raise ValueError(
                f"`elite_population_selection_strategy` gave {chosen!r} for generation {generation}: expected a list "
                "of at least one of the trials that it was given."
            )
        return list(chosen)

    def get_parent_population(self, study: Any, generation: int) -> list[FrozenTrial]:
        if self._elite_strategy is not None:
            return super().get_parent_population(study, generation)
        history = history_of(study)
        with history.lock:
            numbers = self._parents(history, self._lineage(history), generation).tolist()
            return [history.record(number) for number in numbers]

    def _new_account(self) -> Lineage:
        return Lineage(self._generation_key, self._population_size)

    def _lineage(self, history: History) -> Lineage:
        """Give what is remembered of a study, up to date; the history's lock is held."""
        lineage = self._accounts.get(history)
        if lineage is None or lineage.n_seen != history.n_finished:
            lineage = (lineage or self._known_account(history)).update(history)
        assert isinstance(lineage, Lineage)
        return lineage

    def _parents(self, history: History, lineage: Lineage, generation: int) -> IntArray:
        """Give the numbers of those that a generation is bred from, best first; a later one has the current one's."""
        generation = min(generation, lineage.current)
        parents = lineage.parents
        for g in range(len(parents), generation + 1):
            key = g, lineage.pool_size(g)
            if lineage.newest[0] != key:
                lineage.newest = key, self._heirs(history, parents[g - 1], lineage.pool(g), g)
            if lineage.is_open(g):
                return lineage.newest[1]
            parents.append(lineage.newest[1])
        return parents[generation]

    def _heirs(self, history: History, parents: IntArray, pool: list[int], generation: int) -> IntArray:
        if not pool:
            return parents
        candidates = np.concatenate([np.array(pool, dtype=np.int64), np.sort(parents)])
        return self.survivors(history, candidates, generation)

    def parents(self, history: History, n: int = 1) -> IntArray | None:
        lineage = self._lineage(history)
        return self._parents(history, lineage, lineage.current) if lineage.has_parents else None

    # --- sampling ----------------------------------------------------------------------------------------------------

    def joint_space(self, history: History) -> dict[str, BaseDistribution]:
        # Whether there are parents is known without them: a user's strategy may choose them.
        if not self._lineage(history).has_parents:
            return {}
        if self._child_strategy is None:
            return history.joint_space()
        return {name: d for name, d in history.intersection(include_pruned=False).items() if not d.single()}

    def sample_relative(
        self, study: Any, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        history = history_of(study)
        generation = self.get_trial_generation(study, trial)
        if generation == 0 or not search_space:
            return {}
        if self._child_strategy is not None:
            return self._made_by_strategy(study, generation, search_space)
        chosen = self._chosen_parents(study, generation)
        with history.lock:
            brood = self._brood(study, history, trial.number, generation, search_space, chosen)
        return brood.dims.external(brood.children[trial.number % self._population_size])

    @np.errstate(all="ignore")
    def sample_batch(self, study: StudyLike, number: int, space: Space, n: int) -> dict[str, FloatArray]:
        history, size = history_of(study), self._population_size
        with history.lock:
            generation, has_parents = self._lineage(history).current, self._lineage(history).has_parents
        if not has_parents:
            return self._first_ones(study, number, space, n)
        if self._child_strategy is not None:
            made = [self._made_by_strategy(study, generation, space) for _ in range(n)]
            rng = self._streams.of(study).generator(number, 1)
            return {name: filled(internal_column(made, name, d), d, rng.random(n)) for name, d in space.items()}
        chosen = self._chosen_parents(study, generation)
        parts: list[FloatArray] = []
        with history.lock:
            for first in (number, *range((number // size + 1) * size, number + n, size)):
                brood = self._brood(study, history, first, generation, space, chosen, parts)
                parts.append(brood.internal[first % size :])
        rng = self._streams.of(study).generator(number, 1)
        bred = dict(zip(brood.dims.names, np.concatenate(parts)[:n].T, strict=True))
        return {name: filled(bred[name], distribution, rng.random(n)) for name, distribution in space.items()}

    def _made_by_strategy(self, study: Any, generation: int, space: Space) -> dict[str, Any]:
        """Give the parameters that the user's strategy makes, without values that the space does not hold."""
        assert self._child_strategy is not None
        child = self._child_strategy(study, dict(space), self.get_parent_population(study, generation))
        if not isinstance(child, Mapping):
            raise TypeError(
                f"`child_generation_strategy` gave {child!r}: expected a dict of parameter values by name, in which "
                "those that are left out are drawn at random."
            )
        return {name: value for name, value in child.items() if name not in space or holds(space[name], value)}

    def notes(self, study: Any, number: int) -> dict[str, Any]:
        return {self._generation_key: self._account(history_of(study)).current}

    def draw(self, study: StudyLike, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> dict[str, float]:
        number, index, streams = trial.number, len(trial.params), self._streams.of(study)
        if trial.system_attrs.get(self._generation_key, 0) > 0:
            return {name: distribution.from_unit(streams.uniform(number, index))}
        return {name: distribution.from_unit(streams.stratified(number, index, self._population_size))}

    def _chosen_parents(self, study: Any, generation: int) -> IntArray | None:
        """Give the numbers of those that the user's strategy chose; None if there is no strategy."""
        if self._elite_strategy is None:
            return None
        chosen = self.get_parent_population(study, generation)
        return np.array([trial.number for trial in chosen], dtype=np.int64)

    def _brood(
        self,
        study: Any,
        history: History,
        number: int,
        generation: int,
        space: Space,
        chosen: IntArray | None,
        siblings: Sequence[FloatArray] = (),
    ) -> Brood:
        """Give the children among which the one of a trial is, at the remainder of its number by their number."""
        lineage = self._lineage(history)
        block = number // self._population_size
        generation = min(generation, lineage.current)
        key = block, generation, lineage.pool_size(generation)
        brood = lineage.brood
        if brood.key != key or (brood.space is not space and brood.space != space):
            n = self._population_size
            with np.errstate(all="ignore"):  # whatever the user's program asks of NumPy
                parents = self._parents(history, lineage, generation) if chosen is None else chosen
                rng = self._streams.of(study).generator(block, BREEDING)
                dims, internal = self._breed(study, history, parents, block * n, space, rng, n, self._how, siblings)
            lineage.brood = brood = Brood(key, space, dims, internal, internal.tolist())
        return brood

    # --- the end of a trial ------------------------------------------------------------------------------------------

    def after_trial(self, study: Any, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        if self._constraints_func is not None and state == TrialState.COMPLETE:
            study.note(trial, listed_constraints(self._constraints_func(trial)))
        if self._after_trial_strategy is not None:
            self._after_trial_strategy(study, trial, state, values)


def holds(distribution: BaseDistribution, value: Any) -> bool:
    """Tell whether a value is one of a parameter's."""
    try:
        return distribution._contains(distribution.to_internal_repr(value))
    except ValueError:
        return False


def internal_column(made: list[dict[str, Any]], name: str, distribution: BaseDistribution) -> FloatArray:
    """Give a parameter's internal values (n,); NaN where it was not made."""
    return np.array([distribution.to_internal_repr(child[name]) if name in child else np.nan for child in made])
