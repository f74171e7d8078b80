"""The contract of pruners."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from ..engine.frozen import FrozenTrial


class BasePruner(ABC):
    """Base of all pruners."""

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
