"""`Study` and `Trial`, and what they do: ask, suggest, report, tell, optimize, batches. Read `study` first."""

from .batch import Batch
from .liveness import RetryFailedTrialCallback, RetryHeartbeatStaleTrialCallback, fail_stale_trials, retry
from .studies import (
    MaxTrialsCallback,
    copy_study,
    create_study,
    delete_study,
    get_all_study_names,
    get_all_study_summaries,
    load_study,
)
from .study import ObjectiveFuncType, Study
from .trial import Trial

__all__ = [
    "Batch",
    "MaxTrialsCallback",
    "ObjectiveFuncType",
    "RetryFailedTrialCallback",
    "RetryHeartbeatStaleTrialCallback",
    "Study",
    "Trial",
    "copy_study",
    "create_study",
    "delete_study",
    "fail_stale_trials",
    "get_all_study_names",
    "get_all_study_summaries",
    "load_study",
    "retry",
]
