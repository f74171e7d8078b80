"""Another sampler, with some parameters fixed."""

from __future__ import annotations

import warnings
from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.arrays import FloatArray
from ..engine.distributions import BaseDistribution, Space
from ..engine.history import History, StudyLike
from ..engine.records import FrozenTrial, TrialState
from .base import BaseSampler, Columns, Sampler, draws_columns


class PartialFixedSampler(Sampler):
    """Gives some parameters fixed values, and lets another sampler choose the others.

    Parameters
    ----------
    fixed_params
        The values, by parameter name. A parameter that a trial does not suggest is left alone.
    base_sampler
        Any sampler. `GridSampler` and `BruteForceSampler` try every combination of the others once; `is_exhausted`
        tells when.

    Raises
    ------
    TypeError
        If `fixed_params` is no mapping, or `base_sampler` no sampler.
    ValueError
        At a suggestion: if a fixed value is none of the choices, or no number where one is suggested.

    Warns
    -----
    UserWarning
        At a suggestion: if a fixed value lies outside of the range. It is used all the same.

    Notes
    -----
    What a trial was enqueued with comes before what is fixed.

    Examples
    --------
    >>> base = parzen.samplers.TPESampler(seed=1)
    >>> study = parzen.create_study(sampler=parzen.samplers.PartialFixedSampler({"layers": 2}, base))
    """

    def __init__(self, fixed_params: Mapping[str, Any], base_sampler: BaseSampler) -> None:
        if not isinstance(fixed_params, Mapping):
            raise TypeError(f"`fixed_params` must give values by parameter name, but got {fixed_params!r}.")
        if not callable(getattr(base_sampler, "sample_independent", None)) or isinstance(base_sampler, type):
            raise TypeError(f"`base_sampler` must be a sampler, but got {base_sampler!r}: see parzen.samplers.")
        super().__init__()
        self._fixed = dict(fixed_params)
        self._base = base_sampler
        if isinstance(base_sampler, Sampler):
            others = self._base = base_sampler.without(self._fixed)
            self._streams = others._streams
        self.gives_columns = draws_columns(self._base)
        self.claims = getattr(self._base, "claims", False)
        self.across_brackets = getattr(self._base, "across_brackets", False)

    def is_exhausted(self, study: Any) -> bool:
        """Tell whether nothing is left to ask for, as the base sampler has it; False if that never comes to an end.

        Parameters
        ----------
        study
            The study.
        """
        asked = getattr(self._base, "is_exhausted", None)
        return asked is not None and bool(asked(study))

    def reseed_rng(self) -> None:
        """Let the base sampler draw other numbers than its copies."""
        self._base.reseed_rng()

    def without(self, names: Container[str]) -> Sampler:
        if isinstance(self._base, Sampler):
            return PartialFixedSampler(self._fixed, self._base.without(names))
        return self

    def _others(self, space: Space) -> dict[str, BaseDistribution]:
        return {name: distribution for name, distribution in space.items() if name not in self._fixed}

    # --- what is fixed -----------------------------------------------------------------------------------------------

    def _internal(self, name: str, distribution: BaseDistribution) -> float:
        value = self._fixed[name]
        internal = distribution.to_internal_repr(value)
        if not distribution._contains(internal):
            warnings.warn(
                f"Fixed parameter {name!r} with value {value!r} is out of range for distribution {distribution}.",
                stacklevel=6,
            )
        return internal

    def sample_independent(
        self, study: StudyLike, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        if param_name in self._fixed:
            return param_distribution.to_external_repr(self._internal(param_name, param_distribution))
        return self._base.sample_independent(study, trial, param_name, param_distribution)

    def draw(self, study: StudyLike, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> dict[str, float]:
        if name in self._fixed:
            return {name: self._internal(name, distribution)}
        assert isinstance(self._base, Sampler)
        drawn = self._base.draw(study, trial, name, distribution)
        return {other: internal for other, internal in drawn.items() if other not in self._fixed}

    def sample_batch(self, study: StudyLike, number: int, space: Space, n: int) -> dict[str, FloatArray]:
        assert isinstance(self._base, Sampler)
        others = self._others(space)
        sampled = self._base.sample_batch(study, number, others, n) if others else {}
        return {
            name: np.full(n, self._internal(name, distribution)) if name in self._fixed else sampled[name]
            for name, distribution in space.items()
        }

    def sample(self, space: Space, history: History, rng: np.random.Generator, n: int = 1) -> Columns:
        assert isinstance(self._base, Sampler)
        others = self._others(space)
        sampled = self._base.sample(others, history, rng, n) if others else {}
        return {
            name: d.to_model(np.full(n, self._internal(name, d))) if name in self._fixed else sampled[name]
            for name, d in space.items()
        }

    # --- what is not -------------------------------------------------------------------------------------------------

    def infer_relative_search_space(self, study: StudyLike, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._others(self._base.infer_relative_search_space(study, trial))

    def sample_relative(
        self, study: StudyLike, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._base.sample_relative(study, trial, search_space)

    def before_trials(self, study: StudyLike, n: int) -> None:
        if hasattr(self._base, "before_trials"):
            self._base.before_trials(study, n)

    def before_trial(self, study: StudyLike, trial: FrozenTrial) -> None:
        self._base.before_trial(study, trial)

    def after_trial(
        self, study: StudyLike, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        self._base.after_trial(study, trial, state, values)

    def notes(self, study: StudyLike, number: int) -> dict[str, Any]:
        return self._base.notes(study, number) if isinstance(self._base, Sampler) else {}
