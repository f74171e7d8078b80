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
    from parzen import indicators, integration, visualization
    from parzen.analysis.recommendation import recommended_trial
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "parzen.analysis.recommendation": ["recommended_trial"],
            ".indicators": [],
            ".integration": [],
            ".visualization": [],
        },
    )

__all__ = [
    "Study",
    "Trial",
    "TrialPaused",
    "TrialPruned",
    "__version__",
    "copy_study",
    "create_study",
    "create_trial",
    "delete_study",
    "distributions",
    "exceptions",
    "get_all_study_names",
    "get_all_study_summaries",
    "indicators",
    "integration",
    "load_study",
    "logging",
    "pruners",
    "recommended_trial",
    "samplers",
    "search_space",
    "storages",
    "study",
    "trial",
    "version",
    "visualization",
]
