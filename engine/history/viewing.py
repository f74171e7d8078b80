"""The columns of whatever is given as a study: a study of ours, or an object that can only list its trials."""

from __future__ import annotations

from typing import Any

from ..hooks import is_ours
from ..records import FrozenTrial, StudyDirection
from .history import History
from .selection import LONG_AGO


def history_of(study: Any) -> History:
    """Give the trials of a study as columns.

    Parameters
    ----------
    study
        A study of parzen's, or any object with `directions` (or `direction`) and `get_trials` (or `trials`). Of such an
        object, and of a subclass of ours that overrides `get_trials`, the columns are made anew at each call: then it
        decides which trials a sampler sees.

    Returns
    -------
    history
        Numbers that are not among the trials appear as empty failed trials, from which no sampler learns.
    """
    if is_ours(study, "get_trials"):
        known: History = study.history
        return known
    directions = study.directions if hasattr(study, "directions") else [study.direction]
    history = History([StudyDirection(int(direction)) for direction in directions])
    trials = study.get_trials(deepcopy=False) if hasattr(study, "get_trials") else study.trials
    for trial in sorted(trials, key=lambda trial: trial.number):
        while history.n < trial.number:
            history.open(FrozenTrial.blank(history.n, -1, LONG_AGO))
        history.open(FrozenTrial.adopted(trial).copy())
    return history
