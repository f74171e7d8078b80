"""The columns of whatever is given as a study: a study of ours, or an object that can only list its trials."""

from __future__ import annotations

from typing import Any

from ..hooks import is_ours
from ..records import FrozenTrial, StudyDirection
from .history import History

_LISTINGS = ("get_trials", "_get_trials")


def history_of(study: Any) -> History:
    """Give the trials of a study as columns.

    Parameters
    ----------
    study
        A study of parzen's, or any object with `directions` (or `direction`) and `get_trials`. Of such an
        object, and of a subclass of ours that overrides `get_trials`, or ``_get_trials`` as Optuna's plug-ins do, the
        columns are made anew at each call: then it decides which trials a sampler sees.

    Raises
    ------
    TypeError
        If it is no study.

    Returns
    -------
    history
        Numbers that are not among the trials appear as empty failed trials, from which no sampler learns.
    """
    if is_ours(study, *_LISTINGS) or not any(hasattr(study, name) and not is_ours(study, name) for name in _LISTINGS):
        known = getattr(study, "history", None)
        if not isinstance(known, History):
            raise TypeError(f"Expected a study, but got {study!r}.")
        return known
    directions = study.directions if hasattr(study, "directions") else [study.direction]
    history = History([StudyDirection(int(direction)) for direction in directions])
    for trial in sorted(study.get_trials(deepcopy=False), key=lambda trial: trial.number):
        while history.n < trial.number:
            history.open(FrozenTrial.blank(history.n))
        history.open(FrozenTrial.adopted(trial).copy())
    return history
