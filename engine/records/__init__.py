"""What is known of one trial or of one study, as plain objects: `FrozenTrial`, `TrialState`, `StudySummary`, ..."""

from .attributes import (
    CONSTRAINTS,
    ERROR,
    FIXED,
    RETRIED,
    constraint_attr,
    constraints_of,
    error_attr,
    listed_constraints,
    new_constraint,
    report_attr,
)
from .base import BaseTrial, Choice, internal_of
from .fixed import FixedTrial
from .forks import FORKED_AT, PARENT, Checkpoint, checkpoint_of, child_of
from .frozen import FrozenTrial, create_trial, report_at
from .pauses import PAUSED_AT, pause_marker, state_of, stored_state, with_pause_marker
from .states import StudyDirection, TrialState
from .summaries import PARENTS, FrozenStudy, StudySummary

__all__ = [
    "CONSTRAINTS",
    "ERROR",
    "FIXED",
    "FORKED_AT",
    "PARENT",
    "PARENTS",
    "PAUSED_AT",
    "RETRIED",
    "BaseTrial",
    "Checkpoint",
    "Choice",
    "FixedTrial",
    "FrozenStudy",
    "FrozenTrial",
    "StudyDirection",
    "StudySummary",
    "TrialState",
    "checkpoint_of",
    "child_of",
    "constraint_attr",
    "constraints_of",
    "create_trial",
    "error_attr",
    "internal_of",
    "listed_constraints",
    "new_constraint",
    "pause_marker",
    "report_at",
    "report_attr",
    "state_of",
    "stored_state",
    "with_pause_marker",
]
