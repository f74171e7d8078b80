"""How noisy the best trial's value is, by the scores of its cross-validation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

CV_SCORES = "terminator:cv_scores"  # a system attribute of a trial, as Optuna names it


def report_cross_validation_scores(trial: Any, scores: list[float]) -> None:
    """Store the scores of a trial's cross-validation folds, for `NoiseFloor` and `CrossValidationErrorEvaluator`.

    Parameters
    ----------
    trial
        The running trial.
    scores
        The objective's value of each fold, at least two.

    Raises
    ------
    ValueError
        If there are less than two; then nothing is stored.
    """
    if len(scores) <= 1:
        raise ValueError(
            f"The length of `scores` is expected to be greater than one, but got {scores!r}. Give one for each fold."
        )
    trial.storage.set_trial_system_attr(trial._trial_id, CV_SCORES, scores)


def deviation(scores: Sequence[float]) -> float:
    """Estimate the standard deviation of the mean of k folds' scores: sqrt((1/k + 1/(k-1)) var).

    Makarova et al., "Automatic termination for hyperparameter optimization", AutoML 2022, section 4.1, after Nadeau and
    Bengio, "Inference for the generalization error" (2003): the folds' training sets overlap, which adds 1 / (k - 1).
    """
    k = len(scores)
    return math.sqrt((1.0 / k + 1.0 / (k - 1)) * float(np.var(scores)))
