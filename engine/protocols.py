"""What samplers and pruners need of a study, so that they need not import it."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Protocol

from .frozen import FrozenTrial
from .history import History
from .records import StudyDirection, TrialState


class StudyLike(Protocol):
    """The part of a study that samplers and pruners read."""

    @property
    def study_name(self) -> str:
        """Its name."""

    @property
    def directions(self) -> list[StudyDirection]:
        """The direction of each objective."""

    @property
    def history(self) -> History:
        """Its trials as columns, up to date."""

    @property
    def sampler(self) -> Any:
        """Its sampler."""

    def get_trials(self, deepcopy: bool = True, states: Container[TrialState] | None = None) -> list[FrozenTrial]:
        """List its trials."""
