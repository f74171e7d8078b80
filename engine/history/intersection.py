"""The parameters that trials suggested alike, as Optuna gives them."""

from __future__ import annotations

from typing import Any

from ..distributions import BaseDistribution
from ..hooks import is_ours
from ..records import FrozenTrial, TrialState
from .space import intersection
from .viewing import history_of


def intersection_search_space(trials: list[FrozenTrial], include_pruned: bool = False) -> dict[str, BaseDistribution]:
    """Give the parameters that all finished trials among these suggested with equal distributions, sorted by name.

    Parameters
    ----------
    trials
        Trials; complete ones count.
    include_pruned
        Count pruned and paused ones, too.
    """
    counted = {TrialState.COMPLETE}
    if include_pruned:
        counted |= {TrialState.PRUNED, TrialState.PAUSED}
    return intersection(trial.distributions for trial in trials if trial.state in counted)


class IntersectionSearchSpace:
    """Gives the parameters that all trials of a study suggested alike.

    Parameters
    ----------
    include_pruned
        Count pruned trials, too.
    """

    def __init__(self, include_pruned: bool = False) -> None:
        self._include_pruned = include_pruned
        self._study_id: int | None = None

    def calculate(self, study: Any, use_cache: bool = False) -> dict[str, BaseDistribution]:
        """Give the intersection over a study's finished trials.

        Parameters
        ----------
        study
            The study.
        use_cache
            Accepted for compatibility: the history keeps the spaces that occurred, so there is nothing to cache.

        Raises
        ------
        ValueError
            If the object was used for another study before.
        """
        if self._study_id is None:
            self._study_id = study._study_id
        if self._study_id != study._study_id:
            raise ValueError("`IntersectionSearchSpace` cannot handle multiple studies: make another one for each.")
        if is_ours(study, "sync"):
            study.sync()
        return history_of(study).intersection(self._include_pruned)
