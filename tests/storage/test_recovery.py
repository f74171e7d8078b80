"""What a server that was killed before it could answer had done is found in the storage, and nothing else is."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from parzen.storage.proxy import recovery
from parzen.storage.proxy.wire import CLAIMED, CREATED
from parzen.storages import BaseStorage, InMemoryStorage
from parzen.study import StudyDirection
from parzen.trial import FrozenTrial, TrialState, create_trial

MINIMIZE, MAXIMIZE = StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE
RUNNING, WAITING, COMPLETE, FAIL = TrialState.RUNNING, TrialState.WAITING, TrialState.COMPLETE, TrialState.FAIL


@pytest.fixture
def storage() -> BaseStorage:
    storage = InMemoryStorage()
    storage.create_new_study([MINIMIZE], "study")
    return storage


def test_a_study_was_created_if_it_is_new_and_of_these_directions(storage: BaseStorage) -> None:
    assert recovery.created_study(storage, [MINIMIZE], "study") == 0
    assert recovery.created_study(storage, [MAXIMIZE], "study") is None
    storage.set_study_user_attr(0, "a", 1)
    assert recovery.created_study(storage, [MINIMIZE], "study") is None
    storage.create_new_study([MINIMIZE], "other")
    storage.create_new_trial(1)
    assert recovery.created_study(storage, [MINIMIZE], "other") is None


def running(start: datetime) -> FrozenTrial:
    trial = create_trial(state=RUNNING)
    trial.datetime_start = start
    return trial


def test_running_trials_are_found_by_their_starts(storage: BaseStorage) -> None:
    noon = datetime(2026, 1, 1, 12)
    starts = [noon + timedelta(microseconds=k) for k in range(4)]
    ids = [storage.create_new_trial(0, running(starts[k])) for k in (0, 3, 1, 2)]  # another worker's among them
    history, templates = storage.get_history(0), [running(start) for start in starts]
    assert recovery.created_trials(history, 0, templates[:3], "") == [ids[0], ids[2], ids[3]]
    assert recovery.created_trials(history, 0, templates[:1], "") == [ids[0]]  # what comes later is of others
    assert recovery.created_trials(history, 1, templates[:1], "") is None
    assert recovery.created_trials(history, 0, [*templates[:3], running(noon - timedelta(seconds=1))], "") is None
    assert recovery.created_trials(history, 4, [], "") == []


def test_waiting_trials_are_found_by_the_label_of_the_request(storage: BaseStorage) -> None:
    waiting = create_trial(state=WAITING)
    labels = ["a", "b", "a", "a"]
    ids = [storage.create_new_trial(0, create_trial(state=WAITING, system_attrs={CREATED: it})) for it in labels]
    history = storage.get_history(0)
    assert recovery.created_trials(history, 0, [waiting] * 3, "a") == [ids[0], ids[2], ids[3]]
    assert recovery.created_trials(history, 0, [waiting] * 2, "b") is None


def test_a_trial_was_claimed_if_it_runs_under_the_label(storage: BaseStorage) -> None:
    ids = [storage.create_new_trial(0, create_trial(state=WAITING, system_attrs={CLAIMED: it})) for it in ("a", "b")]
    assert recovery.claimed_trial(storage.get_history(0), "b") is None
    for trial_id in ids:
        storage.set_trial_state_values(trial_id, RUNNING)
    assert recovery.claimed_trial(storage.get_history(0), "b") == ids[1]
    assert recovery.claimed_trial(storage.get_history(0), "c") is None
    assert not recovery.is_claimed(create_trial(state=WAITING, system_attrs={CLAIMED: "b"}), "b")


def test_ends_that_are_not_stored_are_left(storage: BaseStorage) -> None:
    ids = [storage.create_new_trial(0) for _ in range(3)]
    storage.set_trial_state_values(ids[0], COMPLETE, [1.0])
    storage.set_trial_state_values(ids[1], FAIL)
    assert recovery.unfinished(storage, [(ids[0], COMPLETE, [1.0]), (ids[1], FAIL, None)]) == []
    ends = [(ids[0], COMPLETE, [2.0]), (ids[1], COMPLETE, None), (ids[2], FAIL, None)]
    assert recovery.unfinished(storage, ends) == ends
