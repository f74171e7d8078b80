"""Studies."""

from parzen.engine.records import StudyDirection, StudySummary
from parzen.engine.study import (
    Batch,
    MaxTrialsCallback,
    ObjectiveFuncType,
    Study,
    copy_study,
    create_study,
    delete_study,
    get_all_study_names,
    get_all_study_summaries,
    load_study,
)

__all__ = [
    "Batch",
    "MaxTrialsCallback",
    "ObjectiveFuncType",
    "Study",
    "StudyDirection",
    "StudySummary",
    "copy_study",
    "create_study",
    "delete_study",
    "get_all_study_names",
    "get_all_study_summaries",
    "load_study",
]
