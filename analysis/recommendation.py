"""Which trial is the best one where values are noisy."""

from __future__ import annotations

import numpy as np

from ..engine.history import StudyLike, history_of
from ..engine.records import FrozenTrial
from ..samplers.gp import Proposer


@np.errstate(all="ignore")
def recommended_trial(study: StudyLike) -> FrozenTrial:
    """Give the trial that a Gaussian process fitted to all trials believes best.

    `Study.best_trial` is the trial with the best value that was told. Where values carry noise, that is often one that
    was lucky. Here the value of each trial is weighed with those of trials near it.

    Parameters
    ----------
    study
        A study of one objective.

    Returns
    -------
    trial
        A copy of a complete trial that violates no constraint.

    Raises
    ------
    RuntimeError
        If the study has several objectives.
    ValueError
        If no trial is complete yet.

    Examples
    --------
    >>> parzen.recommended_trial(study).params
    """
    if len(study.directions) > 1:
        raise RuntimeError("A trial is recommended in studies of one objective. Use `study.best_trials` with several.")
    history = history_of(study)
    with history.lock:
        number = Proposer().believed_best(history)
        number = history.best if number is None else number
        if number is None:
            raise ValueError("No trials are completed yet.")
        return history.copy_record(number)
