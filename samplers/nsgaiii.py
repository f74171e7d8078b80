"""NSGA-III (Deb and Jain, and Jain and Deb, IEEE Trans. Evol. Comput. 18(4), 2014, parts I and II)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..engine.arrays import FloatArray, IntArray
from ..engine.distributions import BaseDistribution
from ..engine.history import History
from ..engine.kernels import niching
from ..engine.kernels.dominance import ranks
from ..engine.records import FrozenTrial
from .nsgaii.crossovers import BaseCrossover
from .nsgaii.evolution import SURVIVAL, violations
from .nsgaii.generational import AfterTrialStrategy, ChildStrategy, EliteStrategy, GenerationalSampler, Lineage
from .nsgaii.mutations import BaseMutation


class ScaledLineage(Lineage):
    """Remembers the scale of the objectives that each generation found, on which the next one's builds."""

    def __init__(self, key: str, size: int) -> None:
        super().__init__(key, size)
        self.scales: dict[int, niching.Scale] = {}

    def scale_before(self, generation: int) -> niching.Scale | None:
        """Give the scale of the last generation before one; None if there is none."""
        return next((self.scales[g] for g in range(generation - 1, 0, -1) if g in self.scales), None)


class NSGAIIISampler(GenerationalSampler):
    """Evolves a population whose survivors spread over reference points; for three objectives and more.

    Parameters
    ----------
    population_size, mutation, mutation_prob, crossover, crossover_prob, swapping_prob, seed, constraints_func
        As for `NSGAIISampler`.
    reference_points
        Shape (h, n_objectives), not negative and none of them 0: directions in which solutions are looked for, in
        objectives that are scaled to start at 0 and are to be minimized. None: spread evenly.
    dividing_parameter
        Into how many parts each edge of the simplex is divided by reference points spread evenly. With m objectives
        there are comb(dividing_parameter + m - 1, m - 1) of them. The paper has about as many as the population has
        members, so with 50 members 8 for three objectives, 5 for four; then each survivor has a niche to itself.
    elite_population_selection_strategy, child_generation_strategy, after_trial_strategy
        As for `NSGAIISampler`.

    Raises
    ------
    ValueError
        If an argument lies outside of its range; at the second generation, if the reference points do not fit the
        number of objectives.
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
        reference_points: FloatArray | None = None,
        dividing_parameter: int = 3,
        elite_population_selection_strategy: EliteStrategy | None = None,
        child_generation_strategy: ChildStrategy | None = None,
        after_trial_strategy: AfterTrialStrategy | None = None,
    ) -> None:
        super().__init__(
            population_size=population_size,
            mutation=mutation,
            mutation_prob=mutation_prob,
            crossover=crossover,
            crossover_prob=crossover_prob,
            swapping_prob=swapping_prob,
            seed=seed,
            constraints_func=constraints_func,
            elite_population_selection_strategy=elite_population_selection_strategy,
            child_generation_strategy=child_generation_strategy,
            after_trial_strategy=after_trial_strategy,
        )
        if dividing_parameter < 1:
            raise ValueError(f"`dividing_parameter` must be at least 1, but got {dividing_parameter}.")
        self._given = None if reference_points is None else np.array(reference_points, dtype=np.float64)
        self._dividing = dividing_parameter
        self._spread: FloatArray | None = None

    def _new_account(self) -> ScaledLineage:
        return ScaledLineage(self._generation_key, self._population_size)

    def _reference(self, m: int) -> FloatArray:
        """Give the reference points (h, m)."""
        if self._spread is None or self._spread.shape[1] != m:
            given = self._given
            self._spread = niching.reference_points(m, self._dividing) if given is None else _checked(given, m)
        return self._spread

    def joint_space(self, history: History) -> dict[str, BaseDistribution]:
        self._reference(len(history.directions))  # what is wrong with it is said at the first trial
        return super().joint_space(history)

    def survivors(self, history: History, pool: IntArray, generation: int) -> IntArray:
        lineage = self._known_account(history)
        assert isinstance(lineage, ScaledLineage)
        m, size = len(history.directions), min(self._population_size, len(pool))
        before = lineage.scale_before(generation)
        ideal, extremes = (np.full(m, np.inf), np.empty((0, m))) if before is None else (before.ideal, before.extremes)
        values = history.losses(pool)
        rank = ranks(values, size, violations(history, pool))
        u = self._streams.generator(generation, SURVIVAL).random((size, 2))
        chosen, lineage.scales[generation] = niching.survivors(
            values, rank, size, self._reference(m), ideal, extremes, u
        )
        return np.asarray(pool[chosen])

    def grades(self, history: History, parents: IntArray) -> IntArray:
        # Any two are as good as each other unless they violate constraints: part II, section III-C.
        violation = violations(history, parents)
        if violation is None:
            return np.zeros(len(parents), dtype=np.int64)
        return np.unique(np.maximum(violation, 0.0), return_inverse=True)[1].reshape(-1)


def _checked(points: FloatArray, m: int) -> FloatArray:
    """Return reference points; ``ValueError`` if they do not fit `m` objectives."""
    is_table = points.ndim == 2 and points.shape[1:] == (m,) and len(points)
    if not is_table or not (np.isfinite(points) & (points >= 0)).all() or not points.any(axis=1).all():
        raise ValueError(
            f"`reference_points` must be of shape (h, {m}), one column for each objective, finite, not negative and "
            f"none of them 0, but got {points!r}."
        )
    return points
