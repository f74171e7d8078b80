"""What a process knows of others' trials: which resumed since, and which are other trials of a former identifier."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

import parzen
from parzen.storage.rdb.histories import _is_near, _resumed_since
from parzen.trial import TrialState

NOON = datetime(2026, 1, 1, 12)


def test_of_more_resumptions_than_are_listed_all_paused_trials_are_looked_at() -> None:
    study = parzen.create_study()
    for state in (TrialState.PAUSED, TrialState.FAIL, TrialState.PAUSED, TrialState.PRUNED):
        trial = study.ask()
        trial.report(1.0, 1)
        study.tell(trial, state=state)
    history, ids = study.history, [trial._trial_id for trial in study.trials]
    beyond = ids[-1] + 1  # a trial that this process does not know yet
    listed = [ids[3], ids[1], ids[0], beyond]
    assert _resumed_since(history, 0, listed) == []
    assert _resumed_since(history, 2, listed) == [ids[0]]
    assert _resumed_since(history, 4, listed) == [ids[0], ids[1], ids[3]]
    assert _resumed_since(history, 5, listed) == [ids[0], ids[2]]
    assert _resumed_since(parzen.create_study().history, 4, listed) == []


def test_a_history_goes_on_when_others_only_added_to_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/study.db"
    ours = parzen.create_study(storage=parzen.storages.RDBStorage(url), study_name="shared")
    theirs = parzen.load_study(storage=parzen.storages.RDBStorage(url), study_name="shared")
    ours.ask()
    before = ours.sync()
    theirs.tell(theirs.ask(), 1.0)
    theirs.tell(0, 2.0)
    assert [trial.values for trial in ours.trials] == [[2.0], [1.0]]
    assert ours.sync() is before  # after everything was read anew it is another


@pytest.mark.parametrize(
    ("held", "stored", "is_near"),
    [
        (NOON, NOON, True),
        (None, NOON, False),
        (NOON, None, False),
        (NOON + timedelta(seconds=0.4), NOON, True),  # a table of whole seconds
        (NOON - timedelta(seconds=0.4), NOON, True),
        (NOON + timedelta(seconds=1.1), NOON, False),
        (NOON, NOON + timedelta(seconds=0.4), False),
    ],
)
def test_times_are_those_of_one_trial(held: datetime | None, stored: datetime | None, is_near: bool) -> None:
    assert _is_near(held, stored) is is_near
