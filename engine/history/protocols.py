"""What samplers and pruners need of a study, so that they need not import it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, Protocol

from ..records import FrozenTrial, StudyDirection, TrialState
from .history import History


class StudyLike(Protocol):
    """The part of a study that samplers and pruners read, and the notes that they may leave on it."""

    @property
    def study_name(self) -> str:
        """Its name."""

    @property
    def directions(self) -> list[StudyDirection]:
        """The direction of each objective."""

    @property
    def entropy(self) -> int:
        """A number that no other study object has, here or in another process; it is not stored, nor copied."""

    @property
    def history(self) -> History:
        """Its trials as columns, up to date."""

    @property
    def sampler(self) -> Any:
        """Its sampler."""

    def get_trials(self, deepcopy: bool = True, states: Container[TrialState] | None = None) -> list[FrozenTrial]:
        """List its trials."""

    def note(self, trial: FrozenTrial, attrs: Mapping[str, Any]) -> None:
        """Store system attributes of a running trial, JSON values by name."""

    def note_on_study(self, key: str, value: Any) -> None:
        """Store a system attribute of the study, JSON."""

    def noted_on_study(self, key: str) -> Any:
        """Read a system attribute of the study; None if there is none of that name."""

    def notes_on_study(self) -> Mapping[str, Any]:
        """Read all system attributes of the study."""
