"""Whether a request was carried out by a server that was killed before it could answer.

What a server remembers of its answers dies with it; what it stored does not. So a request that comes again is looked
for in the storage itself: a new trial by its start, to the microsecond, one that waits and one taken from the queue by
the name of the request, which was stored with it, a finished one by its values.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...engine.history import History
from ...engine.records import FrozenTrial, StudyDirection, TrialState
from ..base import BaseStorage
from .wire import CLAIMED, CREATED

End = tuple[int, TrialState, list[float] | None]  # identifier, state, values


def created_study(storage: BaseStorage, directions: Sequence[StudyDirection], name: str) -> int | None:
    """Give the identifier of the study of this name, if it is as new as after its creation."""
    study_id = storage.get_study_id_from_name(name)
    is_new = storage.get_n_trials(study_id) == 0 and not storage.get_study_user_attrs(study_id)
    return study_id if is_new and storage.get_study_directions(study_id) == list(directions) else None


def created_trials(history: History, first: int, templates: Sequence[FrozenTrial], label: str) -> list[int] | None:
    """Look among the trials from number `first` for those that a request made of its templates, in their order."""
    found: list[int] = []
    with history.lock:
        for number in range(first, history.n):
            record = history.copy_record(number)
            if len(found) < len(templates) and _is_made_of(record, templates[len(found)], label):
                found.append(record._trial_id)
    return found if len(found) == len(templates) else None


def _is_made_of(record: FrozenTrial, template: FrozenTrial, label: str) -> bool:
    """Tell whether a trial has its template's start, or without one the name of the request."""
    if template.datetime_start is None:
        return record.system_attrs.get(CREATED) == label
    return record.datetime_start == template.datetime_start


def is_claimed(record: FrozenTrial, label: str) -> bool:
    """Tell whether a trial runs under the name of a request."""
    return record.state == TrialState.RUNNING and record.system_attrs.get(CLAIMED) == label


def claimed_trial(history: History, label: str) -> int | None:
    """Find the trial that was started under the name of a request."""
    with history.lock:
        return next((record._trial_id for record in history.live.values() if is_claimed(record, label)), None)


def unfinished(storage: BaseStorage, ends: Sequence[End]) -> list[End]:
    """Give those ends that are not stored yet."""
    return [end for end in ends if not _is_stored(storage.get_trial(end[0]), *end[1:])]


def _is_stored(record: FrozenTrial, state: TrialState, values: list[float] | None) -> bool:
    return record.state == state and (values is None or record.values == values)
