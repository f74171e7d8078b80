"""A sampler that takes all trials but the first from a Gaussian process, with the arguments of Optuna 5's."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.distributions import BaseDistribution, Space
from ...engine.history import History, Remembered, StudyLike, history_of
from ...engine.logging import get_logger
from ...engine.records import FrozenTrial, TrialState, listed_constraints
from ..base import BaseSampler, Columns, Sampler
from .proposer import Proposer
from .surrogate import Knowledge

_logger = get_logger(__name__)
_PROPOSAL = 1 << 20  # purpose of a trial's random numbers


class GPSampler(Sampler):
    """Samples by a Gaussian process: one objective by expected improvement, several by that of the hypervolume.

    Parameters
    ----------
    seed
        A non-negative integer for a study that can be repeated.
    independent_sampler
        Samples the first trials, and parameters that no finished trial has. By default values are spread evenly.
    n_startup_trials
        Number of finished trials up to which sampling is random.
    deterministic_objective
        Whether values carry no noise.
    constraints_func
        Deprecated: use `Trial.set_constraint`. Gives a finished trial's constraint values.
    warn_independent_sampling
        Say so when `independent_sampler` is asked after the first trials.

    Raises
    ------
    ValueError
        If there are more than three objectives.
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        independent_sampler: BaseSampler | None = None,
        n_startup_trials: int = 10,
        deterministic_objective: bool = False,
        constraints_func: Callable[[FrozenTrial], Sequence[float]] | None = None,
        warn_independent_sampling: bool = True,
    ) -> None:
        super().__init__(seed)
        self._independent = independent_sampler
        self._n_startup_trials = n_startup_trials
        self._knowledge = Knowledge(is_exact=deterministic_objective)
        self._constraints_func = constraints_func
        self._warns = warn_independent_sampling
        if constraints_func is not None:
            warnings.warn(
                "`constraints_func` is deprecated; call `Trial.set_constraint` in the objective instead.",
                FutureWarning,
                stacklevel=2,
            )
        self._proposers: Remembered[Proposer] = Remembered()

    def reseed_rng(self) -> None:
        super().reseed_rng()
        if self._independent is not None:
            self._independent.reseed_rng()

    def _is_starting(self, history: History) -> bool:
        if len(history.directions) > 3:
            raise ValueError(
                f"GPSampler optimises up to three objectives, but the study has {len(history.directions)}. Take "
                "TPESampler or NSGAIIISampler."
            )
        return history.n_complete < max(self._n_startup_trials, 2)

    def joint_space(self, history: History) -> dict[str, BaseDistribution]:
        return {} if self._is_starting(history) else history.joint_space()

    @np.errstate(all="ignore")
    def sample(self, space: Space, history: History, rng: np.random.Generator, n: int = 1) -> Columns:
        columns: dict[str, FloatArray] = {
            name: rng.uniform(*distribution.support, size=n) for name, distribution in space.items()
        }
        if self._is_starting(history):
            return columns
        proposer = self._proposers.get(history)
        if proposer is None:
            proposer = self._proposers[history] = Proposer(knowledge=self._knowledge)
        joint = history.joint_space()
        known = {name: d for name, d in space.items() if history.canonical(name, d) is joint.get(name)}
        if not known:
            return columns
        if n > 1:
            many = proposer.propose_batch(history, rng, n, at_once=n)
            columns.update({name: many[name] for name in known} if many is not None else {})
        else:
            one = proposer.propose(history, rng)
            columns.update({name: np.array([one[name]]) for name in known} if one is not None else {})
        return columns

    def draw(self, study: StudyLike, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> dict[str, float]:
        history = history_of(study)
        is_starting = self._is_starting(history)
        if not is_starting and self._warns:
            _logger.warning(
                f"The parameter {name!r} in trial {trial.number} is sampled independently by "
                f"{type(self._independent).__name__ if self._independent else 'a uniform draw'}, since no finished "
                "trial has it with this distribution. `warn_independent_sampling=False` turns this message off."
            )
        if self._independent is not None:
            value = self._independent.sample_independent(study, trial, name, distribution)
            return {name: distribution.to_internal_repr(value)}
        streams, index = self._streams.of(study), len(trial.params)
        if is_starting:
            return {
                name: distribution.from_unit(streams.stratified(trial.number, index, max(self._n_startup_trials, 2)))
            }
        return {name: distribution.from_unit(streams.uniform(trial.number, index))}

    def before_trial(self, study: Any, trial: FrozenTrial) -> None:
        if self._independent is not None:
            self._independent.before_trial(study, trial)

    def after_trial(self, study: Any, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        if self._constraints_func is not None and state in (TrialState.COMPLETE, TrialState.PRUNED):
            study.note(trial, listed_constraints(self._constraints_func(trial)))
        if self._independent is not None:
            self._independent.after_trial(study, trial, state, values)
