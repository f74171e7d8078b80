"""The contract of samplers: Optuna's methods outside, one method on columns inside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np

from ..engine.arguments import Described
from ..engine.arrays import FloatArray
from ..engine.distributions import BaseDistribution, Space
from ..engine.history import History, StudyLike, history_of
from ..engine.hooks import is_a, is_ours
from ..engine.records import FrozenTrial, TrialState
from ..engine.seeds import Streams

Columns = Mapping[str, FloatArray]
PROPOSED_BY = "parzen:proposed_by"  # a system attribute: which part of a sampler of several proposed a trial


class BaseSampler(Described, ABC):
    """Base of all samplers, with Optuna's methods; a sampler written for Optuna works unchanged.

    At `Study.ask` come `before_trial`, `infer_relative_search_space` and `sample_relative`; whatever the relative
    sample leaves out is asked of `sample_independent` when the objective suggests it; `after_trial` follows at
    `Study.tell`.

    Attributes
    ----------
    across_brackets : bool
        Whether the sampler learns from trials of all brackets of Hyperband. Otherwise `HyperbandPruner` shows it the
        columns of one bracket; `Study.get_trials` lists that bracket's trials in either case.
    claims : bool
        Whether what the sampler notes on a new trial, in `before_trial` or by `Sampler.notes`, must be stored with it,
        under the number for which it was chosen: so that of several workers no two choose the same. Of samplers with
        columns alone.
    """

    across_brackets = False
    claims = False

    def __str__(self) -> str:
        return type(self).__name__

    @abstractmethod
    def infer_relative_search_space(self, study: Any, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Give the parameters that `sample_relative` will sample together."""

    @abstractmethod
    def sample_relative(
        self, study: Any, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Sample parameters together; return external values by name."""

    @abstractmethod
    def sample_independent(
        self, study: Any, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Sample one parameter; return its external value."""

    def before_trials(self, study: Any, n: int) -> None:
        """Do something when `Study.optimize` is about to run `n` trials; it knows no number where time is the limit."""

    def before_trial(self, study: Any, trial: FrozenTrial) -> None:
        """Do something when a trial starts."""

    def after_trial(self, study: Any, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """Do something when a trial finishes, before it is stored as finished."""

    def reseed_rng(self) -> None:
        """Make the random numbers differ from those of another process that has a copy of this sampler."""


def draws_columns(sampler: Any) -> TypeGuard[Sampler]:
    """Tell whether a sampler can be asked for columns instead of by Optuna's methods: it is ours, and they are, too."""
    return (
        is_a(sampler, Sampler)
        and sampler.gives_columns
        and is_ours(sampler, "infer_relative_search_space", "sample_relative", "sample_independent", "before_trial")
    )


def is_keyed_by_number(sampler: Any) -> bool:
    """Tell whether a sampler's randomness belongs to trial numbers: then workers that share a study need no other."""
    return isinstance(sampler, Sampler) and sampler.gives_columns and is_ours(sampler, "reseed_rng")


class Sampler(BaseSampler):
    """Base of parzen's own samplers: subclass it and write `sample`.

    Parameters
    ----------
    seed
        A non-negative integer for a study that can be repeated; None for one that differs every time.

    Notes
    -----
    Randomness is keyed by (seed, trial number): see `engine.seeds`. So there is nothing to reseed for workers that
    share a study, and a resumed study goes on as if it had not been interrupted. Without a seed every study that a
    sampler serves has numbers of its own.

    Attributes
    ----------
    gives_columns : bool
        Whether it samples by itself; one that hands all on to a sampler of another library does not.
    """

    gives_columns = True

    def __init__(self, seed: int | None = None) -> None:
        self._streams = Streams(seed)

    def reseed_rng(self) -> None:
        """Let a sampler without a seed draw other numbers than its copies; one with a seed can still be repeated."""
        self._streams.reseed()

    @abstractmethod
    def sample(self, space: Space, history: History, rng: np.random.Generator, n: int = 1) -> Columns:
        """Sample `n` points of `space`.

        Parameters
        ----------
        space
            Distributions by parameter name.
        history
            The study's trials; its lock is held.
        rng
            The generator that belongs to the (first) trial.
        n
            Number of points; points of one call should differ from each other where the space allows.

        Returns
        -------
        columns
            Model coordinates by name, shape (n,) each.
        """

    def joint_space(self, history: History) -> dict[str, BaseDistribution]:
        """Give the parameters to sample together at the start of a trial; by default none."""
        return {}

    def infer_relative_search_space(self, study: StudyLike, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        history = history_of(study)
        with history.lock:
            return self.joint_space(history)

    def sample_relative(
        self, study: StudyLike, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        if not search_space:
            return {}
        internal = self._sample_one(study, trial, search_space, purpose=0)
        return {name: search_space[name].to_external_repr(value) for name, value in internal.items()}

    def sample_independent(
        self, study: StudyLike, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        if not isinstance(param_distribution, BaseDistribution):
            raise TypeError(
                f"Expected a distribution of parzen's, but got {param_distribution!r}. In an Optuna study wrap the "
                "sampler: `OptunaSampler(sampler)` of parzen.integration.optuna."
            )
        return param_distribution.to_external_repr(self.draw(study, trial, param_name, param_distribution)[param_name])

    def draw(self, study: StudyLike, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> dict[str, float]:
        """Sample one parameter that was not sampled when the trial started.

        Returns
        -------
        internal
            Its internal value by name, and those of others that the trial may come to ask for.
        """
        return self._sample_one(study, trial, {name: distribution}, purpose=1 + len(trial.params))

    def _sample_one(self, study: StudyLike, trial: FrozenTrial, space: Space, purpose: int) -> dict[str, float]:
        history, rng = history_of(study), self._streams.of(study).generator(trial.number, purpose)
        with history.lock:
            columns = self.sample(space, history, rng, 1)
        return {name: distribution.from_model_value(float(columns[name][0])) for name, distribution in space.items()}

    @np.errstate(all="ignore")
    def sample_batch(self, study: StudyLike, number: int, space: Space, n: int) -> dict[str, FloatArray]:
        """Sample `n` points for the trials from `number` on; return internal values by name, shape (n,) each."""
        history = history_of(study)
        with history.lock:
            columns = self.sample(space, history, self._streams.of(study).generator(number), n)
        return {name: distribution.from_model(columns[name]) for name, distribution in space.items()}

    def notes(self, study: StudyLike, number: int) -> dict[str, Any]:
        """Give the system attributes of trial `number` of a batch, to be stored with it; by default none."""
        return {}

    def without(self, names: Container[str]) -> Sampler:
        """Give the sampler of the other parameters, where somebody else chooses these; by default itself."""
        return self
