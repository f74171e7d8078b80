"""SMS-EMOA (Beume, Naujoks and Emmerich, European Journal of Operational Research 181(3), 2007)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.arrays import FloatArray, IntArray
from ..engine.distributions import BaseDistribution, Space
from ..engine.history import Dimensions, History, StudyLike, history_of
from ..engine.kernels import COMPILED_FROM, fronts, survival
from ..engine.records import FrozenTrial, TrialState
from .nsgaii.evolution import BREEDING, EvolvingSampler, Stock, filled, violations

BREEDING_SHARE = 3  # of the members, from best to worst, the first third are bred from
_COMPLETE = int(TrialState.COMPLETE)
_EXACT = 3  # objectives up to which the hypervolume takes milliseconds without compilation


class Population(Stock):
    """The members of one study's population, kept up as trials finish.

    Parameters
    ----------
    size
        How many stay.

    Attributes
    ----------
    ordered : IntArray
        Their numbers, from best to worst, once there are `size` of them.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._members: IntArray = np.empty(0, dtype=np.int64)  # the newest first
        self.ordered: IntArray | None = None
        self._n_joined = 0
        self._seen = 0

    def update(self, history: History) -> Population:
        """Take in the trials that finished since, one after the other in the order of the history."""
        if history.n_finished > self._seen:
            new = history.finished[self._seen :]
            self._seen += len(new)
            for number in new[history.states[new] == _COMPLETE].tolist():
                self._join(history, number)
        return self

    def _join(self, history: History, number: int) -> None:
        members = np.append(number, self._members)
        self._n_joined += 1
        if len(members) >= self._size:
            compiled = (self._n_joined >= COMPILED_FROM or len(history.directions) > _EXACT) and fronts.is_ready()
            order = survival.order(history.losses(members), violations(history, members), compiled)
            self.ordered = members[order[: self._size]]
            members = np.delete(members, order[self._size :])
        self._members = members


class SMSEMOASampler(EvolvingSampler):
    """Evolves a population trial by trial: of its worst front the member leaves that adds the least hypervolume.

    Steady state: each trial is a child of the population as it stands when the trial starts, and joins when it is
    complete. It needs fewer trials than `NSGAIISampler` for the same hypervolume (docs/nsga.md). With one objective,
    the worst one leaves.

    Parameters
    ----------
    population_size
        How many complete trials stay, at least 2. The first ones are a Latin hypercube.
    mutation, mutation_prob, crossover, crossover_prob, swapping_prob
        As for `NSGAIISampler`.
    seed
        A non-negative integer for a study that can be repeated.

    Raises
    ------
    ValueError
        If an argument lies outside of its range, or a child has more parents than there are.

    Notes
    -----
    Parents are chosen by tournaments in the best third of the population, or a third as many as a batch has trials; in
    the paper among all members alike, which finds less in the same number of trials (docs/nsga.md). Override `parents`
    for another rule.

    Nothing is stored: the population is read off the complete trials, whoever made them, in the order in which they
    finished. Nothing waits either: of several workers each breeds from what has finished. Constraints of
    `Trial.set_constraint` count as for `NSGAIISampler`.

    Examples
    --------
    >>> import parzen
    >>> study = parzen.create_study(directions=["minimize"] * 2, sampler=parzen.samplers.SMSEMOASampler(seed=0))
    """

    def _new_stock(self) -> Population:
        return Population(self._population_size)

    def population(self, history: History) -> IntArray | None:
        """Give the numbers of the members, from best to worst; None as long as there are too few.

        Parameters
        ----------
        history
            The study's trials; its lock is held.
        """
        population = self._stock(history)
        assert isinstance(population, Population)
        return population.update(history).ordered

    def parents(self, history: History, n: int = 1) -> IntArray | None:
        members = self.population(history)
        third = -(-max(n, self._population_size) // BREEDING_SHARE)  # rounded up
        return None if members is None else members[: max(third, self._how.crossover.n_parents)]

    # --- sampling ----------------------------------------------------------------------------------------------------

    @np.errstate(all="ignore")  # whatever the user's program asks of NumPy
    def sample_relative(
        self, study: Any, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        history = history_of(study)
        with history.lock:
            bred = self._bred(study, trial.number, search_space, 1)
        if bred is None:
            return {}
        dims, children = bred
        return dims.external(children[0].tolist())

    @np.errstate(all="ignore")
    def sample_batch(self, study: StudyLike, number: int, space: Space, n: int) -> dict[str, FloatArray]:
        with history_of(study).lock:
            bred = self._bred(study, number, space, n)
        if bred is None:
            return self._first_ones(study, number, space, n)
        dims, children = bred
        rng = self._streams.of(study).generator(number, 1)
        found = dict(zip(dims.names, children.T, strict=True))
        return {name: filled(found[name], distribution, rng.random(n)) for name, distribution in space.items()}

    def draw(self, study: StudyLike, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> dict[str, float]:
        u = self._streams.of(study).stratified(trial.number, len(trial.params), self._population_size)
        return {name: distribution.from_unit(u)}

    def _bred(self, study: Any, number: int, space: Space, n: int) -> tuple[Dimensions, FloatArray] | None:
        """Give children (n, d), as internal values, for the trials from `number` on; None without parents."""
        history = history_of(study)
        parents = self.parents(history, n)
        if parents is None or not space:
            return None
        rng = self._streams.of(study).generator(number, BREEDING)
        return self._breed(study, history, parents, number, space, rng, n, self._how)
