"""Errors and warnings."""

from parzen.engine.exceptions import (
    CLIUsageError,
    DuplicatedStudyError,
    ExperimentalWarning,
    OptunaError,
    StorageInternalError,
    TrialPaused,
    TrialPruned,
    TrialTimedOut,
    UpdateFinishedTrialError,
    WorkerDied,
)

__all__ = [
    "CLIUsageError",
    "DuplicatedStudyError",
    "ExperimentalWarning",
    "OptunaError",
    "StorageInternalError",
    "TrialPaused",
    "TrialPruned",
    "TrialTimedOut",
    "UpdateFinishedTrialError",
    "WorkerDied",
]
