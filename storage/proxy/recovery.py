"""Whether a request was carried out by a server that was killed before it could answer.

A server that is killed loses the outcomes that it remembers, but not what it stored. So the storage itself is searched
for what a repeated request would do: for a new running trial by its start, to the microsecond; for a new waiting trial
and for a trial taken from the queue by the label of the request, which was stored with it; for a finished trial by its
state and values.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...engine.history import History
from ...engine.records import FrozenTrial, StudyDirection, TrialState
from ..base import BaseStorage
from .wire import CLAIMED, CREATED

End = tuple[int, TrialState, list[float] | None]  # identifier, state, values


def created_study(storage: BaseStorage, directions: Sequence[StudyDirection], name: str) -> int | None:
    """Give the identifier of the study of this name, None if anything happened to it since its creation."""
    study_id = storage.get_study_id_from_name(name)
    is_new = storage.get_n_trials(study_id) == 0 and not storage.get_study_user_attrs(study_id)
    return study_id if is_new and storage.get_study_directions(study_id) == list(directions) else None


def created_trials(history: History, first: int, templates: Sequence[FrozenTrial], label: str) -> list[int] | None:
    """Find the trials, from number `first` on, that a request made of its templates; None unless all are there."""
    found: list[int] = []
    with history.lock:
        for number in range(first, history.n):
            record = history.copy_record(number)
            if len(found) < len(templates) and _is_made_of(record, templates[len(found)], label):
                found.append(record._trial_id)
    return found if len(found) == len(templates) else None


def _is_made_of(record: FrozenTrial, template: FrozenTrial, label: str) -> bool:
    """Tell whether a trial has its template's start or, if the template has none, the label of the request."""
    if template.datetime_start is None:
        return record.system_attrs.get(CREATED) == label
    return record.datetime_start == template.datetime_start


def is_claimed(record: FrozenTrial, label: str) -> bool:
    """Tell whether a trial runs under the label of a request."""
    return record.state == TrialState.RUNNING and record.system_attrs.get(CLAIMED) == label


def claimed_trial(history: History, label: str) -> int | None:
    """Find the trial that was started under the label of a request."""
    with history.lock:
        return next((record._trial_id for record in history.live.values() if is_claimed(record, label)), None)


def unfinished(storage: BaseStorage, ends: Sequence[End]) -> list[End]:
    """Give those ends that are not stored yet."""

    def is_stored(trial_id: int, state: TrialState, values: list[float] | None) -> bool:
        record = storage.get_trial(trial_id)
        return record.state == state and (values is None or record.values == values)

    return [end for end in ends if not is_stored(*end)]
