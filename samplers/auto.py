"""The default: a small Gaussian process proposes most trials, and the tree-structured Parzen estimator insures it.

Which of both a trial is proposed by is drawn at random, by the trial's number. A Gaussian process finds smooth structure
in few trials, and may be wrong about what is not smooth; every fifth trial by TPE keeps the search going there, and
shows the process points that it would not have chosen. docs/default.md has the measurements.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.arrays import FloatArray
from ..engine.distributions import BaseDistribution, Space
from ..engine.history import History, Remembered, StudyLike, history_of
from ..engine.records import FrozenTrial
from .gp.proposer import Proposer
from .tpe import TPESampler

SHARE = 0.8
N_STARTUP = 6
PROPOSED_BY = "parzen:proposed_by"  # the attribute of a trial
_WHOSE, _PROPOSAL = 1 << 20, (1 << 20) + 1  # purposes of a trial's random numbers beside those of TPE


class AutoSampler(TPESampler):
    """Samples most trials by a Gaussian process, and the others by TPE.

    Parameters
    ----------
    seed
        A non-negative integer for a study that can be repeated.
    n_startup_trials
        Number of finished trials up to which sampling is random, the values of each parameter spread evenly.
    share
        Share of the trials that the Gaussian process proposes, in [0, 1]; with 0 all are TPE's.

    Raises
    ------
    ValueError
        If `share` lies outside its range.
    """

    def __init__(self, *, seed: int | None = None, n_startup_trials: int = N_STARTUP, share: float = SHARE) -> None:
        super().__init__(seed=seed, n_startup_trials=n_startup_trials)
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"`share` must lie in [0, 1], but got {share}.")
        self._share = share
        self._proposers: Remembered[Proposer] = Remembered()

    def _by_process(self, study: StudyLike, history: History, number: int) -> bool:
        """Tell whether the Gaussian process proposes a trial."""
        if self._is_starting(history) or len(history.directions) > 1:
            return False
        return bool(self._streams.of(study).generator(number, _WHOSE).random() < self._share)

    def infer_relative_search_space(self, study: StudyLike, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        history = history_of(study)
        with history.lock:
            if self._by_process(study, history, trial.number):
                return history.joint_space()
        return super().infer_relative_search_space(study, trial)

    @np.errstate(all="ignore")
    def sample_relative(
        self, study: StudyLike, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        history = history_of(study)
        with history.lock:
            is_ours = bool(search_space) and self._by_process(study, history, trial.number)
            found = self._propose(study, history, trial.number) if is_ours else None
        if found is None:
            common = history.joint_space(common=True)
            rest = {name: d for name, d in search_space.items() if name in common} if is_ours else search_space
            return super().sample_relative(study, trial, rest)
        study.note(trial, {PROPOSED_BY: "gp"})
        return {
            name: distribution.to_external_repr(distribution.from_model_value(found[name]))
            for name, distribution in search_space.items()
            if name in found
        }

    def _propose(self, study: StudyLike, history: History, number: int) -> dict[str, float] | None:
        proposer = self._proposers.get(history)
        if proposer is None:
            proposer = self._proposers[history] = Proposer()
        return proposer.propose(history, self._streams.of(study).generator(number, _PROPOSAL))
