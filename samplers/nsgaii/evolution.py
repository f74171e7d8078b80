"""Evolution of a population, for NSGA-II and NSGA-III: a generation is bred at once, and handed out trial by trial."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...engine.distributions import BaseDistribution, FloatArray, FloatDistribution
from ...engine.frozen import CONSTRAINTS, FrozenTrial
from ...engine.history import History
from ...engine.protocols import StudyLike
from ...engine.records import StudyDirection, TrialState
from ...engine.seeds import Streams
from ..base import Columns, Sampler, Space
from ..generations import Generations
from ..genetic import BaseGASampler
from .breeding import COMPILED_TRIALS, Box, IntArray, Operators, breed
from .crossovers import BaseCrossover, UniformCrossover, check_probability
from .mutations import BaseMutation, PolynomialMutation

EliteStrategy = Callable[[Any, list[FrozenTrial]], list[FrozenTrial]]
ChildStrategy = Callable[[Any, dict[str, BaseDistribution], list[FrozenTrial]], dict[str, Any]]
AfterTrialStrategy = Callable[[Any, FrozenTrial, TrialState, Sequence[float] | None], None]

BREEDING, SURVIVAL = 1 << 32, 1 << 33  # purposes of random numbers
ETA = 10.0  # of polynomial mutation by default


class Brood(NamedTuple):
    """Children bred at once, for trials whose numbers follow each other."""

    key: Any
    space: Space
    internal: dict[str, FloatArray]  # (n,) each, NaN where a child lacks the parameter
    params: list[dict[str, Any]]  # external values


class Lineage(Generations):
    """What is remembered of one study: generations, their parents, the parameters bred, and the children bred last."""

    def __init__(self, key: str, size: int) -> None:
        super().__init__(key, size)
        self.parents: list[IntArray] = [np.empty(0, dtype=np.int64)]
        self.newest: tuple[Any, IntArray] = None, self.parents[0]  # while more trials may join its pool
        self.joint: tuple[Any, dict[str, BaseDistribution]] = None, {}
        self.box: tuple[Space, Box] = {}, Box.of({})
        self.brood = Brood(None, {}, {}, [])


class GeneticSampler(BaseGASampler, Sampler):
    """What NSGA-II and NSGA-III share: all but who survives. A subclass writes `survivors`."""

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
        BaseGASampler.__init__(self, population_size)
        self._streams = Streams(seed)
        if mutation_prob is not None:
            check_probability("mutation_prob", mutation_prob)
        check_probability("crossover_prob", crossover_prob)
        check_probability("swapping_prob", swapping_prob)
        crossover = UniformCrossover(swapping_prob) if crossover is None else crossover
        mutation = PolynomialMutation(ETA) if mutation is None else mutation
        _check_operators(crossover, mutation, population_size)
        if constraints_func is not None:
            warnings.warn(
                "`constraints_func` is deprecated; call `Trial.set_constraint` in the objective instead.",
                FutureWarning,
                stacklevel=3,
            )
        self._how = Operators(crossover, crossover_prob, swapping_prob, mutation, mutation_prob)
        self._constraints_func = constraints_func
        self._elite_strategy = elite_population_selection_strategy
        self._child_strategy = child_generation_strategy
        self._after_trial_strategy = after_trial_strategy

    def survivors(self, history: History, pool: IntArray, generation: int) -> IntArray:
        """Choose from a pool of complete trials, by number, those that a generation is bred from, best first."""
        raise NotImplementedError

    def grades(self, history: History, parents: IntArray) -> IntArray:
        """Give the place of each parent in tournaments, 0 for the best; of equal ones the first drawn wins."""
        raise NotImplementedError

    # --- parents -----------------------------------------------------------------------------------------------------

    def select_parent(self, study: Any, generation: int) -> list[FrozenTrial]:
        if self._elite_strategy is None:
            return self.get_parent_population(study, generation)
        members = [*self.get_population(study, generation - 1), *self.get_parent_population(study, generation - 1)]
        return self._elite_strategy(study, members)

    def get_parent_population(self, study: Any, generation: int) -> list[FrozenTrial]:
        if self._elite_strategy is not None:
            return super().get_parent_population(study, generation)
        history: History = study.history
        with history.lock:
            numbers = self._parents(history, self._lineage(history), generation).tolist()
            return [history.record(number) for number in numbers]

    def _new_account(self) -> Lineage:
        return Lineage(self._generation_key, self._population_size)

    def _lineage(self, history: History) -> Lineage:
        """Give what is remembered of a study, up to date; the history's lock is held."""
        lineage = self._known_account(history)
        assert isinstance(lineage, Lineage)
        lineage.update(history)
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

    # --- what is sampled together ------------------------------------------------------------------------------------

    def joint_space(self, history: History) -> dict[str, BaseDistribution]:
        # All parameters of all trials: a child has those that either of its parents has.
        lineage = self._lineage(history)
        if lineage.current == 0:
            return {}
        if self._child_strategy is not None:
            return {name: d for name, d in history.intersection(include_pruned=False).items() if not d.single()}
        if lineage.joint[0] != history.space_version:
            latest = {name: history.latest(name) for group in history.groups for name in group}
            lineage.joint = history.space_version, {name: d for name, d in latest.items() if not d.single()}
        return lineage.joint[1]

    # --- sampling ----------------------------------------------------------------------------------------------------

    def sample_relative(
        self, study: Any, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        generation = self.get_trial_generation(study, trial)
        if generation == 0 or not search_space:
            return {}
        if self._child_strategy is not None:
            return dict(self._child_strategy(study, search_space, self.get_parent_population(study, generation)))
        chosen = self._chosen_parents(study, generation)
        history: History = study.history
        with history.lock:
            brood = self._brood(study, trial.number, generation, search_space, chosen)
        row: dict[str, Any] = brood.params[trial.number % self._population_size]
        return row

    def sample(self, space: Space, history: History, rng: np.random.Generator, n: int = 1) -> Columns:
        """Sample for the current generation; see `Sampler.sample`."""
        lineage = self._lineage(history)
        if lineage.current == 0:
            return {name: rng.uniform(*distribution.support, size=n) for name, distribution in space.items()}
        box = Box.of(space)
        parents = self._parents(history, lineage, lineage.current)
        bred = breed(parents, self.grades(history, parents), box, history, rng, n, self._how, history)
        pairs = zip(box.names, box.distributions, bred, strict=True)
        return {name: d.to_model(_filled(column, d, rng.random(n))) for name, d, column in pairs}

    def sample_batch(self, study: StudyLike, number: int, space: Space, n: int) -> dict[str, FloatArray]:
        history, streams, size = study.history, self._streams, self._population_size
        with history.lock:
            generation = self._lineage(history).current
        if generation == 0:
            uniform = [[streams.stratified(number + i, j, size) for i in range(n)] for j in range(len(space))]
            return {name: _each_from_unit(d, u) for (name, d), u in zip(space.items(), uniform, strict=True)}
        if self._child_strategy is not None:
            return self._made_by_strategy(study, generation, space, n)
        chosen = self._chosen_parents(study, generation)
        parts = []
        with history.lock:
            for first in (number, *range((number // size + 1) * size, number + n, size)):
                brood = self._brood(study, first, generation, space, chosen)
                parts.append({name: column[first % size :] for name, column in brood.internal.items()})
        rng = streams.generator(number, 1)
        bred = {name: np.concatenate([part[name] for part in parts])[:n] for name in space}
        return {name: _filled(bred[name], distribution, rng.random(n)) for name, distribution in space.items()}

    def _made_by_strategy(self, study: Any, generation: int, space: Space, n: int) -> dict[str, FloatArray]:
        assert self._child_strategy is not None
        parents = self.get_parent_population(study, generation)
        made = [self._child_strategy(study, dict(space), parents) for _ in range(n)]
        return {name: np.array([d.to_internal_repr(child[name]) for child in made]) for name, d in space.items()}

    def notes(self, study: Any) -> dict[str, Any]:
        return {self._generation_key: self._account(study.history).current}

    def draw(self, study: StudyLike, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> dict[str, float]:
        number, index = trial.number, len(trial.params)
        if trial.system_attrs.get(self._generation_key, 0) > 0:
            return {name: distribution.from_unit(self._streams.uniform(number, index))}
        return {name: distribution.from_unit(self._streams.stratified(number, index, self._population_size))}

    def _chosen_parents(self, study: Any, generation: int) -> IntArray | None:
        """Give the numbers of those that the user's strategy chose; None if there is no strategy."""
        if self._elite_strategy is None:
            return None
        chosen = self.get_parent_population(study, generation)
        if not chosen:
            raise ValueError(
                f"`elite_population_selection_strategy` gave no parents for generation {generation}: expected a list "
                "of at least one of the trials that it was given."
            )
        return np.array([trial.number for trial in chosen], dtype=np.int64)

    def _brood(self, study: Any, number: int, generation: int, space: Space, chosen: IntArray | None) -> Brood:
        """Give the children among which the one of a trial is, at the remainder of its number by their number."""
        history: History = study.history
        lineage = self._lineage(history)
        block = number // self._population_size
        generation = min(generation, lineage.current)
        key = block, generation, lineage.pool_size(generation)
        brood = lineage.brood
        if brood.key != key or (brood.space is not space and brood.space != space):
            parents = self._parents(history, lineage, generation) if chosen is None else chosen
            rng = self._streams.generator(block, BREEDING)
            if lineage.box[0] is not space:
                lineage.box = space, Box.of(space)
            box = lineage.box[1]
            n, grades = self._population_size, self.grades(history, parents)
            how = self._how._replace(is_compiled=block * n >= COMPILED_TRIALS)  # by number: a resumed study does alike
            bred = breed(parents, grades, box, history, rng, n, how, study)
            brood = Brood(key, space, dict(zip(box.names, bred, strict=True)), _external(box, bred))
            lineage.brood = brood
        return brood

    # --- the end of a trial ------------------------------------------------------------------------------------------

    def after_trial(self, study: Any, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        if self._constraints_func is not None and state == TrialState.COMPLETE:
            constraints = [float(value) for value in self._constraints_func(trial)]
            study._storage.set_trial_system_attr(trial._trial_id, CONSTRAINTS, constraints)
        if self._after_trial_strategy is not None:
            self._after_trial_strategy(study, trial, state, values)


def _check_operators(crossover: Any, mutation: Any, population_size: int) -> None:
    if population_size < 2:
        raise ValueError(f"`population_size` must be greater than or equal to 2, but got {population_size}.")
    if not callable(getattr(crossover, "crossover", None)):
        raise ValueError(f"{crossover!r} is not a valid crossover: expected one of parzen.samplers.nsgaii.")
    if not callable(getattr(mutation, "mutation", None)):
        raise ValueError(f"{mutation!r} is not a valid mutation: expected one of parzen.samplers.nsgaii.")
    if population_size < crossover.n_parents:
        raise ValueError(
            f"Using {type(crossover).__name__}, the population size should be greater than or equal to "
            f"{crossover.n_parents}. The specified `population_size` is {population_size}."
        )


def _external(box: Box, bred: FloatArray) -> list[dict[str, Any]]:
    """Turn internal values (d, n) into a dict of external ones for each child, without what is NaN."""
    lists = bred.tolist()
    if np.isnan(bred).any():
        return [
            {
                name: distribution.to_external_repr(column[i])
                for name, distribution, column in zip(box.names, box.distributions, lists, strict=True)
                if column[i] == column[i]
            }
            for i in range(bred.shape[1])
        ]
    columns = [
        column if isinstance(d, FloatDistribution) else list(map(d.to_external_repr, column))
        for d, column in zip(box.distributions, lists, strict=True)
    ]
    return [dict(zip(box.names, row, strict=True)) for row in zip(*columns, strict=True)]


def _filled(internal: FloatArray, distribution: BaseDistribution, u: FloatArray) -> FloatArray:
    """Put uniform draws where children (n,) have no value."""
    missing = np.isnan(internal)
    return np.where(missing, _each_from_unit(distribution, u.tolist()), internal) if missing.any() else internal


def _each_from_unit(distribution: BaseDistribution, u: Sequence[float]) -> FloatArray:
    return np.array([distribution.from_unit(x) for x in u], dtype=np.float64)


def losses(history: History, numbers: IntArray) -> FloatArray:
    """Give values of trials, to be minimized, shape (n, n_objectives)."""
    signs = np.array([-1.0 if direction == StudyDirection.MAXIMIZE else 1.0 for direction in history.directions])
    return np.asarray(history.values[numbers] * signs)


def violations(history: History, numbers: IntArray) -> FloatArray | None:
    """Give by how much trials violate their constraints in total, shape (n,); None if no trial of the study set any."""
    if not history.constraint_keys:
        return None
    violation = history.violation[numbers]
    return np.where(np.isnan(violation), 0.0, violation)  # one that set none violates none
