"""Studies."""

from parzen.engine.batch import Batch
from parzen.engine.records import StudyDirection, StudySummary
from parzen.engine.studies import (
    MaxTrialsCallback,
    copy_study,
    create_study,
    delete_study,
    get_all_study_names,
    get_all_study_summaries,
    load_study,
)
from parzen.engine.study import ObjectiveFuncType, Study

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
