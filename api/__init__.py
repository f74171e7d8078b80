"""parzen, a hyperparameter optimiser: the public names, where Optuna has them, for ``import parzen as optuna``."""

from typing import TYPE_CHECKING

from parzen import distributions, exceptions, logging, pruners, samplers, search_space, storages, study, trial, version
from parzen.engine.exceptions import TrialPaused, TrialPruned
from parzen.engine.lazily import lazily
from parzen.engine.records import create_trial
from parzen.engine.study import (
    Study,
    Trial,
    copy_study,
    create_study,
    delete_study,
    get_all_study_names,
    get_all_study_summaries,
    load_study,
)
from parzen.version import __version__

if TYPE_CHECKING:
    from parzen import artifacts, importance, indicators, integration, planning, stopping, terminator, visualization
    from parzen.analysis.describing import describe
    from parzen.analysis.recommendation import recommended_trial
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "parzen.analysis.describing": ["describe"],
            "parzen.analysis.recommendation": ["recommended_trial"],
            ".artifacts": [],
            ".importance": [],
            ".indicators": [],
            ".integration": [],
            ".planning": [],
            ".stopping": [],
            ".terminator": [],
            ".visualization": [],
        },
    )

__all__ = [
    "Study",
    "Trial",
    "TrialPaused",
    "TrialPruned",
    "__version__",
    "artifacts",
    "copy_study",
    "create_study",
    "create_trial",
    "delete_study",
    "describe",
    "distributions",
    "exceptions",
    "get_all_study_names",
    "get_all_study_summaries",
    "importance",
    "indicators",
    "integration",
    "load_study",
    "logging",
    "planning",
    "pruners",
    "recommended_trial",
    "samplers",
    "search_space",
    "stopping",
    "storages",
    "study",
    "terminator",
    "trial",
    "version",
    "visualization",
]
