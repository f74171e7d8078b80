"""What is known of one trial or of one study, as plain objects: `FrozenTrial`, `TrialState`, `StudySummary`, ..."""

from .attributes import (
    CONSTRAINTS,
    ERROR,
    FIXED,
    constraint_attr,
    constraints_of,
    error_attr,
    listed_constraints,
    new_constraint,
    report_attr,
)
from .base import BaseTrial, Choice, internal_of
from .fixed import FixedTrial
from .frozen import FrozenTrial, create_trial, report_at
from .pauses import PAUSED_AT, pause_marker, state_of, stored_state, with_pause_marker
from .states import StudyDirection, TrialState
from .summaries import PARENTS, FrozenStudy, StudySummary

__all__ = [
    "CONSTRAINTS",
    "ERROR",
    "FIXED",
    "PARENTS",
    "PAUSED_AT",
    "BaseTrial",
    "Choice",
    "FixedTrial",
    "FrozenStudy",
    "FrozenTrial",
    "StudyDirection",
    "StudySummary",
    "TrialState",
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
