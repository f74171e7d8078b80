"""The contract of pruners."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..engine.arguments import Described
from ..engine.arrays import IntArray
from ..engine.hooks import is_a
from ..engine.records import FrozenTrial


class BasePruner(Described, ABC):
    """Base of all pruners.

    Attributes
    ----------
    multi_objective : bool
        Whether `prune` may be asked in a study of several objectives.
    """

    multi_objective = False

    @abstractmethod
    def prune(self, study: Any, trial: FrozenTrial) -> bool:
        """Decide whether a trial should stop, given what it has reported.

        Parameters
        ----------
        study
            The study; its `history` holds the columns of all trials.
        trial
            The running trial, not to be changed.
        """

    def view(self, study: Any, number: int) -> Any:
        """Give the study as the sampler is to see it for a trial: by default all of it.

        Parameters
        ----------
        study
            The study.
        number
            Number of the trial, which need not exist yet.
        """
        return study


def check_at_least(lowest: float, **arguments: Any) -> None:
    """Refuse arguments that are not numbers of at least `lowest`: ``ValueError``, or ``TypeError`` if no numbers."""
    for name, value in arguments.items():
        expected = f"`{name}` must be at least {lowest}, but got {value!r}."
        try:
            fits = value >= lowest  # NaN does not
        except TypeError:
            raise TypeError(expected) from None
        if not fits:
            raise ValueError(expected)


def view_of(study: Any, number: int) -> Any:
    """Give the study as its pruner lets the sampler see it; a pruner that is not parzen's has no say."""
    pruner = study.pruner
    return pruner.view(study, number) if is_a(pruner, BasePruner) else study


def views_of(study: Any, number: int, n: int) -> Iterator[tuple[Any, IntArray]]:
    """Part the `n` trials from `number` on by what the sampler is to see: give views, and places of their trials."""
    if not is_a(study.pruner, BasePruner) or type(study.pruner).view is BasePruner.view:
        yield study, np.arange(n)
        return
    parts: dict[Any, tuple[Any, list[int]]] = {}
    for place in range(n):
        view = view_of(study, number + place)
        parts.setdefault(view.history, (view, []))[1].append(place)
    for view, places in parts.values():
        yield view, np.array(places)
