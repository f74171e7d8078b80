"""What is known of a study as a whole, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..values import same
from .frozen import FrozenTrial
from .states import StudyDirection

PARENTS = ":parent:"  # in the keys of a study's system attributes that hold identifiers of trials


class _Described:
    """What `FrozenStudy` and `StudySummary` share: directions, comparison by value, order by identifier."""

    _study_id: int

    def __init__(self, direction: StudyDirection | None, directions: Sequence[StudyDirection] | None) -> None:
        if directions is not None:
            self._directions = list(directions)
        elif direction is not None:
            self._directions = [direction]
        else:
            raise ValueError("Specify one of `direction` and `directions`.")

    @property
    def direction(self) -> StudyDirection:
        """The direction of a single objective; ``RuntimeError`` if there are several."""
        if len(self._directions) > 1:
            raise RuntimeError("This study has several objectives. Use `directions` instead of `direction`.")
        return self._directions[0]

    @property
    def directions(self) -> list[StudyDirection]:
        """The direction of each objective."""
        return self._directions

    def __eq__(self, other: object) -> bool:
        return same(vars(self), vars(other)) if isinstance(other, type(self)) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self._study_id < other._study_id if isinstance(other, type(self)) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self._study_id <= other._study_id if isinstance(other, type(self)) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._study_id)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name.strip('_')}={value!r}" for name, value in sorted(vars(self).items()))
        return f"{type(self).__name__}({shown})"


class FrozenStudy(_Described):
    """A study as a storage knows it, without its trials.

    Parameters
    ----------
    direction, directions
        Give one of the two; `directions` for several objectives.
    study_id
        Its identifier in the storage.
    """

    def __init__(
        self,
        study_name: str,
        direction: StudyDirection | None,
        user_attrs: dict[str, Any],
        system_attrs: dict[str, Any],
        study_id: int,
        *,
        directions: Sequence[StudyDirection] | None = None,
    ) -> None:
        super().__init__(direction, directions)
        self.study_name = study_name
        self.user_attrs = user_attrs
        self.system_attrs = system_attrs
        self._study_id = study_id


class StudySummary(_Described):
    """A study in one line: its name, directions, best trial, size and start.

    Parameters
    ----------
    direction, directions
        Give one of the two; `directions` for several objectives.
    study_id
        Its identifier in the storage.
    """

    def __init__(
        self,
        study_name: str,
        direction: StudyDirection | None,
        best_trial: FrozenTrial | None,
        user_attrs: dict[str, Any],
        n_trials: int,
        datetime_start: datetime | None,
        study_id: int,
        *,
        directions: Sequence[StudyDirection] | None = None,
    ) -> None:
        super().__init__(direction, directions)
        self.study_name = study_name
        self.best_trial = best_trial
        self.user_attrs = user_attrs
        self.n_trials = n_trials
        self.datetime_start = datetime_start
        self._study_id = study_id
