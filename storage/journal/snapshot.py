"""The state of a journal as bytes: compressed JSON, since a pickle of a stranger could run code when it is read."""

from __future__ import annotations

import json
import zlib
from typing import Any

from ...engine.exceptions import DuplicatedStudyError, StorageInternalError
from ...engine.history import History
from ...engine.records import StudyDirection, TrialState
from .entries import Entry, new_trial, to_json, trial_of
from .replica import Replica

_FORMAT = "parzen journal 1"
_FIRST = 1000  # entries before the first snapshot; reading fewer takes milliseconds


def next_due(n_read: int) -> int:
    """Give the number of entries at which the next snapshot is due, each time half as many more, so few are made."""
    due = _FIRST
    while due <= n_read:
        due += due // 2
    return due


def to_snapshot(replica: Replica) -> bytes:
    """Write a replica."""
    text = to_json(
        {
            "format": _FORMAT,
            "n_read": replica.n_read,
            "last": replica.last,
            "n_studies": replica._n_studies,
            "studies": [_study(study.id, study, study.history) for study in replica._studies.values()],
            "trials": [_trial(replica, trial_id) for trial_id in range(len(replica._number_of))],
        }
    )
    return zlib.compress(text.encode(), level=1)


def _study(study_id: int, study: Any, history: History) -> dict[str, Any]:
    return {
        "id": study_id,
        "name": study.name,
        "directions": [int(direction) for direction in history.directions],
        "user_attrs": study.user_attrs,
        "system_attrs": study.system_attrs,
        "finished": history.finished.tolist(),
        "paused": [n for n in dict.fromkeys(history.pauses.tolist()) if history.states[n] == TrialState.PAUSED],
    }


def _trial(replica: Replica, trial_id: int) -> dict[str, Any] | None:
    """Write a trial as the entry that would create it, None if its study is gone."""
    study_id = replica._study_of[trial_id]
    if study_id < 0:
        return None
    history, number = replica._locate(trial_id)
    return new_trial(study_id, history.copy_record(number))


def from_snapshot(snapshot: bytes, lock: Any) -> Replica | None:
    """Make the replica that a snapshot holds, None if it is not a snapshot of parzen."""
    try:
        content = json.loads(zlib.decompress(snapshot))
        return _restored(Entry(content), lock) if content["format"] == _FORMAT else None
    except (zlib.error, ValueError, LookupError, TypeError, AttributeError, RecursionError, DuplicatedStudyError,
            StorageInternalError):  # fmt: skip
        return None


def _restored(content: Entry, lock: Any) -> Replica:
    replica = Replica(lock)
    replica.n_read, replica.last = int(content["n_read"]), content["last"]
    for study in map(Entry, content["studies"]):
        replica._n_studies = int(study["id"])
        study_id = replica.create_new_study([StudyDirection(d) for d in study["directions"]], study["name"])
        replica._studies[study_id].user_attrs.update(study["user_attrs"])
        replica._studies[study_id].system_attrs.update(study["system_attrs"])
    replica._n_studies = int(content["n_studies"])
    ends = [_open(replica, entry) for entry in content["trials"]]
    for study in content["studies"]:
        history = replica._studies[study["id"]].history
        _finish(replica, history, [*study["finished"], *study.get("paused", ())], ends)
    return replica


def _open(replica: Replica, entry: dict[str, Any] | None) -> Any:
    """Add a trial, a finished one as running, and give its state and the time of its end for `_finish`."""
    trial_id = len(replica._number_of)
    if entry is None:
        replica._study_of.append(-1)
        replica._number_of.append(-1)
        return None
    study = replica._study(entry["study_id"])
    record = trial_of(Entry(entry), study.history.n, trial_id)
    study.history.check_values(record.values)
    end = record.state, record.datetime_complete
    if record.state.is_finished():
        record.state = TrialState.RUNNING
    replica._open(study.id, study.history, record)
    return end


def _finish(replica: Replica, history: History, finished: list[int], ends: list[Any]) -> None:
    """Finish trials in the order in which they finished."""
    for number in finished:
        trial_id = int(history.trial_ids[number])
        state, when = ends[trial_id]
        history.finish(number, state, None, when)
        del replica._live[trial_id]
