"""The default sampler, and after some trials CMA-ES around the best of them: what it might do in long studies."""

from __future__ import annotations

from typing import Any

import numpy as np

from parzen.distributions import BaseDistribution
from parzen.samplers import AutoSampler, CmaEsSampler
from parzen.trial import FrozenTrial, TrialState

AFTER = 300  # complete trials
SHARE = 0.1  # of these, the best: their spread tells the first step size


class ThenCmaEs(AutoSampler):
    """Hands over to CMA-ES, in one study that minimises over floats whose ranges are equally wide.

    Parameters
    ----------
    seed
        Of both.
    after
        Complete trials before that.
    """

    def __init__(self, *, seed: int | None = None, after: int = AFTER) -> None:
        super().__init__(seed=seed)
        self._seed, self._after = seed, after
        self._later: CmaEsSampler | None = None

    def infer_relative_search_space(self, study: Any, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        if self._later is None and study.history.n_complete >= self._after:
            complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
            self._later = CmaEsSampler(seed=self._seed, **_start(complete[: self._after]))
        if self._later is not None:
            return self._later.infer_relative_search_space(study, trial)
        return super().infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Any, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        if self._later is not None:
            return self._later.sample_relative(study, trial, search_space)
        return super().sample_relative(study, trial, search_space)


def _start(trials: list[Any]) -> dict[str, Any]:
    """Begin at the best point, with half the spread of the best ones."""
    best = sorted(trials, key=lambda trial: trial.value)[: max(2, int(SHARE * len(trials)))]
    points = np.array([list(trial.params.values()) for trial in best])
    return {"x0": dict(best[0].params), "sigma0": float(np.median(points.std(axis=0)) / 2) or None}
