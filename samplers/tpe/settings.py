"""The arguments of `TPESampler`, checked, with the rules that they stand for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from .fidelity import Fidelity
from .model_space import CategoricalDistance
from .rules import (
    Acquisition,
    Bandwidth,
    Clip,
    Gamma,
    LogRatio,
    RangeClip,
    Weights,
    gentle_clip,
    magic_clip,
    neighbour_distance,
    neighbour_distance_with_endpoints,
    no_clip,
)

# What a categorical kernel gives to every choice, where its own gets 1 more, in cautious trials. In bold ones it is
# Optuna's 1 / (n + 1), which falls with the number of observations: by itself that keeps to the first good choice met.
CHOICE_SMOOTHING = 0.5

_CLIPS: dict[bool | None, Clip] = {None: gentle_clip, True: magic_clip, False: no_clip}  # by `consider_magic_clip`


@dataclass(frozen=True)
class Settings:
    """How the densities are fitted and a point is chosen; see `TPESampler`.

    Attributes
    ----------
    choice_smoothing
        What a categorical kernel gives to every choice in cautious trials; None: ``prior_weight / (n + 1)``.
    distances
        Functions of two choices by parameter name.
    others
        As in `TPESampler`.
    """

    gamma: Gamma | None
    weights: Weights | None
    consider_prior: bool
    prior_weight: float
    choice_smoothing: float | None
    bandwidth: Bandwidth
    clip: Clip
    distances: Mapping[str, CategoricalDistance]
    constant_liar: bool
    fidelity: Fidelity
    multivariate: bool | None
    group: bool
    n_candidates: int
    acquisition: Acquisition
    caution: float

    @classmethod
    def of(
        cls,
        *,
        gamma: Gamma | None,
        weights: Weights | None,
        consider_prior: bool | None,
        prior_weight: float | None,
        consider_endpoints: bool | None,
        bandwidth: Bandwidth | None,
        consider_magic_clip: bool | None,
        clip: Clip | None,
        categorical_distance_func: Mapping[str, CategoricalDistance] | None,
        constant_liar: bool,
        fidelity: Fidelity,
        multivariate: bool | None,
        group: bool,
        n_ei_candidates: int,
        acquisition: Acquisition,
        caution: float,
    ) -> Settings:
        """Check the arguments of `TPESampler` and resolve them.

        Raises
        ------
        ValueError
            If a number is out of its range, or `group` is asked for without `multivariate`.
        TypeError
            If `gamma` or `weights` is no function.
        """
        if group and multivariate is False:
            raise ValueError("`group` can only be enabled when `multivariate` is: leave one of the two out.")
        if prior_weight is not None and not 0 < prior_weight < math.inf:
            raise ValueError(f"`prior_weight` must be positive and finite, but got {prior_weight}.")
        if n_ei_candidates < 1:
            raise ValueError(f"`n_ei_candidates` must be at least 1, but got {n_ei_candidates}.")
        if not 0 <= caution <= 1:
            raise ValueError(f"`caution` must lie in [0, 1], but got {caution}.")
        for argument, rule in (("gamma", gamma), ("weights", weights)):
            if rule is not None and not callable(rule):
                raise TypeError(
                    f"`{argument}` must be a function of a number of trials, see parzen.samplers.tpe.rules, but got "
                    f"{rule!r}."
                )
        return cls(
            gamma=gamma,
            weights=weights,
            consider_prior=consider_prior is not False,
            prior_weight=1.0 if prior_weight is None else prior_weight,
            choice_smoothing=CHOICE_SMOOTHING if prior_weight is None else None,
            bandwidth=bandwidth or (neighbour_distance_with_endpoints if consider_endpoints else neighbour_distance),
            clip=clip or _CLIPS[consider_magic_clip],
            distances=dict(categorical_distance_func or {}),
            constant_liar=constant_liar,
            fidelity=fidelity,
            multivariate=multivariate,
            group=group,
            n_candidates=n_ei_candidates,
            acquisition=acquisition,
            caution=caution,
        )

    @cached_property
    def is_plain(self) -> bool:
        """Whether the rules for a joint choice are those that the compiled call knows."""
        has_known_rules = type(self.acquisition) is LogRatio and type(self.clip) is RangeClip and self.keeps_neighbours
        return has_known_rules and self.weights is None and not self.distances and not self.group

    @property
    def keeps_neighbours(self) -> bool:
        """Whether the bandwidths are those that `SortedObservations` keeps up."""
        return self.bandwidth in (neighbour_distance, neighbour_distance_with_endpoints)
