"""Errors that parzen raises, under Optuna's names."""

import sys
from typing import Any


class OptunaError(Exception):
    """Base of parzen's own errors; the name is Optuna's, so that `except` clauses written for it keep working."""


class TrialPruned(OptunaError):
    """Raised by an objective to say that this trial is not worth finishing.

    Examples
    --------
    >>> if trial.should_prune():
    ...     raise parzen.TrialPruned()
    """


def is_pruned(error: BaseException) -> bool:
    """Tell whether an error gives a trial up: ours, or Optuna's, which a callback written for Optuna raises."""
    theirs: Any = getattr(sys.modules.get("optuna.exceptions"), "TrialPruned", TrialPruned)
    return isinstance(error, (TrialPruned, theirs))


class TrialPaused(OptunaError):
    """Raised by an objective in `Study.optimize` when this trial is to be paused, and perhaps resumed later.

    Examples
    --------
    >>> if trial.should_pause():
    ...     raise parzen.TrialPaused()
    """


class CLIUsageError(OptunaError):
    """The command line was used in a way that it does not support."""


class StorageInternalError(OptunaError):
    """The storage could not do what was asked: a full disk, a lost database, a file that is not a study database."""


class DuplicatedStudyError(OptunaError):
    """A study of that name exists already."""


class UpdateFinishedTrialError(OptunaError, RuntimeError):
    """A finished trial cannot be changed any more."""


class WorkerDied(OptunaError, RuntimeError):
    """The process that ran a trial for `Study.optimize` died."""


class TrialTimedOut(OptunaError, TimeoutError):
    """A trial took longer than the ``trial_timeout`` of `Study.optimize`."""


class NothingLeft(OptunaError):
    """Raised by a sampler that has nothing to try: `Study.optimize` ends, and no trial is stored."""


class ExperimentalWarning(Warning):
    """The feature may change without notice."""
