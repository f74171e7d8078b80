"""Random search: every parameter uniform on its range, its log range or its choices (Bergstra & Bengio 2012)."""

from __future__ import annotations

import numpy as np

from ..engine.distributions import BaseDistribution, Space
from ..engine.history import History, StudyLike
from ..engine.records import FrozenTrial
from .base import Columns, Sampler


class RandomSampler(Sampler):
    """Samples every parameter by itself, uniformly.

    Parameters
    ----------
    seed
        A non-negative integer for a study that can be repeated.
    """

    def sample(self, space: Space, history: History, rng: np.random.Generator, n: int = 1) -> Columns:
        return {name: rng.uniform(*distribution.support, size=n) for name, distribution in space.items()}

    def infer_relative_search_space(self, study: StudyLike, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}  # not even a look at the trials: other workers' need not be read

    def draw(self, study: StudyLike, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> dict[str, float]:
        # A trial draws its uniforms in the order in which it suggests, so the number of parameters is the index.
        streams = self._streams if self._streams.is_seeded else self._streams.of(study)
        return {name: distribution.from_unit(streams.uniform(trial.number, len(trial.params)))}
