"""Whatever can list its trials is read as columns."""

from __future__ import annotations

from typing import Any

import parzen
from parzen.engine.history import History, history_of
from parzen.study import StudyDirection
from parzen.trial import TrialState, create_trial


class Listing:
    """No study of ours: some trials, not in order."""

    direction = StudyDirection.MAXIMIZE

    def get_trials(self, deepcopy: bool = True, states: Any = None) -> list[Any]:
        trials = [create_trial(value=float(number)) for number in range(5)]
        for number, trial in enumerate(trials):
            trial.number = number
        return [trials[3], trials[1]]


class Several(Listing):
    directions = (StudyDirection.MAXIMIZE,)


def test_numbers_that_are_missing_are_empty_failed_trials() -> None:
    for study in (Listing(), Several()):
        history = history_of(study)
        assert history.directions == [StudyDirection.MAXIMIZE]
        assert [TrialState(int(state)).name for state in history.states] == ["FAIL", "COMPLETE", "FAIL", "COMPLETE"]
        assert history.values[[1, 3], 0].tolist() == [1.0, 3.0]


def test_a_study_of_ours_is_read_as_it_is() -> None:
    study = parzen.create_study()
    history: History = study.history
    assert history_of(study) is history
