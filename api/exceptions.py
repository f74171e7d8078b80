"""Errors and warnings."""

from parzen.engine.exceptions import (
    CLIUsageError,
    DuplicatedStudyError,
    ExperimentalWarning,
    OptunaError,
    StorageInternalError,
    TrialPaused,
    TrialPruned,
    UpdateFinishedTrialError,
)

__all__ = [
    "CLIUsageError",
    "DuplicatedStudyError",
    "ExperimentalWarning",
    "OptunaError",
    "StorageInternalError",
    "TrialPaused",
    "TrialPruned",
    "UpdateFinishedTrialError",
]
