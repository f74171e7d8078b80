"""The search spaces of one study, and the observations that are kept for each of them between asks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...engine.distributions import BaseDistribution, Space
from ...engine.history import History
from .model import NUMPY, Tier
from .model_space import ModelSpace
from .observations import Observations, SortedObservations
from .rules import neighbour_distance_with_endpoints
from .settings import Settings

Given = Mapping[str, tuple[BaseDistribution, float]]  # distributions and internal values by parameter name

_KEPT_SPACES = 32  # spaces whose observations are kept; in a study of more branches they are read and sorted again


class Spaces:
    """The search spaces of one study.

    Parameters
    ----------
    history
        The study's trials.
    settings
        The rules.
    """

    def __init__(self, history: History, settings: Settings) -> None:
        self._history = history
        self._settings = settings
        self._last: tuple[Any, Any, Any] = None, None, None  # a space, a tier, and what was found for them
        self._observations: OrderedDict[tuple[Any, ...], tuple[ModelSpace, Observations]] = OrderedDict()

    def observe(self, space: Space, given: Given, tier: Tier) -> tuple[ModelSpace, Observations]:
        """Find or make the observations of some parameters, those that are given before the others.

        Returns
        -------
        free_space, observations
            The parameters that are not given, and the trials that have them.
        """
        if space is self._last[0] and self._last[1] is tier and not given:
            last: tuple[ModelSpace, Observations] = self._last[2]
            return last
        return self._find(space, given, tier)

    @np.errstate(all="ignore")  # whatever the user's program asks of NumPy: ranges may be very wide, or very fine
    def _find(self, space: Space, given: Given, tier: Tier) -> tuple[ModelSpace, Observations]:
        history = self._history
        whole = {name: history.canonical(name, fixed) for name, (fixed, _) in given.items()}
        whole.update({name: history.canonical(name, distribution) for name, distribution in space.items()})
        key = (
            *((name, id(distribution)) for name, distribution in whole.items()),
            ("", 2 * len(given) + (tier is NUMPY)),
        )
        found = self._observations.get(key)
        if found is None:
            model_space = ModelSpace(whole, self._settings.distances)
            free_space = ModelSpace(space, self._settings.distances) if given else model_space
            found = free_space, self._new_observations(model_space, list(space), tier)
            self._keep(key, found)
        self._observations.move_to_end(key)
        if not given:
            self._last = space, tier, found
        return found

    def _keep(self, key: tuple[Any, ...], found: tuple[ModelSpace, Observations]) -> None:
        """Keep the newest spaces, without those that no trial has: where names are new each time these are all."""
        kept = {old: kept for old, kept in self._observations.items() if kept[1].n}
        self._observations = OrderedDict({**kept, key: found})
        if len(self._observations) > _KEPT_SPACES:
            self._observations.popitem(last=False)

    def _new_observations(self, space: ModelSpace, required: list[str], tier: Tier) -> Observations:
        rule, axes = self._settings.bandwidth, space.axes
        if tier is not NUMPY and self._settings.keeps_neighbours:
            endpoints = rule is neighbour_distance_with_endpoints
            return SortedObservations(self._history, space, required, endpoints, tier)
        return Observations(self._history, space, required, lambda z: rule(space.model(z.T).T, axes.lower, axes.upper))
