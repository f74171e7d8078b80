"""NSGA-II (Deb, Pratap, Agarwal and Meyarivan, IEEE Trans. Evol. Comput. 6(2), 2002)."""

from __future__ import annotations

import numpy as np

from ...engine.arrays import IntArray
from ...engine.history import History
from ...engine.kernels.crowding import order
from .evolution import violations
from .generational import GenerationalSampler


class NSGAIISampler(GenerationalSampler):
    """Evolves a population: the non-dominated and the least crowded survive, and the next generation is bred from them.

    Parameters
    ----------
    population_size
        Complete trials of a generation, at least 2.
    mutation
        A mutation of numerical parameters from `parzen.samplers.nsgaii`, or your own. None: polynomial mutation of
        index 10, with which fronts come nearer than with Optuna's `UniformMutation` (docs/nsga.md). A categorical
        parameter mutates to any choice.
    mutation_prob
        Probability, in [0, 1], that a parameter is mutated. None: 1 / d for a child of d parameters, and at least one
        of a child that would be a copy of a parent.
    crossover
        A crossover of numerical parameters from `parzen.samplers.nsgaii`, or your own. None: `UniformCrossover`, as
        categorical parameters are always crossed.
    crossover_prob
        Probability that a child is crossed, and not a copy of its first parent before mutation.
    swapping_prob
        Probability to take a parameter from the second parent in uniform crossover.
    seed
        A non-negative integer for a study that can be repeated.
    constraints_func
        Deprecated: use `Trial.set_constraint`. Gives a complete trial's constraint values.
    elite_population_selection_strategy
        Chooses parents instead: called with the study and a list of a generation's trials and their parents, it gives
        a list of some. It is asked once a generation; the study keeps the answer.
    child_generation_strategy
        Makes children instead: called with the study, the search space that all trials share and the list of parents,
        it gives parameter values by name.
    after_trial_strategy
        Called with the study, the trial, its state and its values when a trial ends.

    Raises
    ------
    ValueError
        If an argument lies outside of its range, or a child has more parents than there are.
    """

    def grades(self, history: History, parents: IntArray) -> IntArray:
        if self._elite_strategy is None:
            return super().grades(history, parents)  # they come in order
        order = self._order(history, parents, len(parents))
        grades = np.empty(len(parents), dtype=np.int64)
        grades[order] = np.arange(len(parents))
        return grades

    def survivors(self, history: History, pool: IntArray, generation: int) -> IntArray:
        return np.asarray(pool[self._order(history, pool, self._population_size)[: self._population_size]])

    def _order(self, history: History, numbers: IntArray, enough: int) -> IntArray:
        """Order trials by rank, those of a rank by crowding distance: eq. (3) of the paper, the crowded comparison."""
        return order(history.losses(numbers), enough, violations(history, numbers))
