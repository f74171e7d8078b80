"""What is known of one trial or one study, as plain values."""

from .attributes import (
    CONSTRAINTS,
    FIXED,
    constraint_attr,
    constraints_of,
    listed_constraints,
    new_constraint,
    report_attr,
)
from .base import BaseTrial, Choice, internal_of
from .fixed import FixedTrial
from .frozen import FrozenTrial, create_trial, report_at
from .pauses import PAUSED_AT, marked, marks, state_of, stored_state
from .states import StudyDirection, TrialState
from .summaries import PARENTS, FrozenStudy, StudySummary

__all__ = [
    "CONSTRAINTS",
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
    "internal_of",
    "listed_constraints",
    "marked",
    "marks",
    "new_constraint",
    "report_at",
    "report_attr",
    "state_of",
    "stored_state",
]
