"""What every evaluator of importances offers."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ...engine.history import StudyLike
from ..targets import Target


class BaseImportanceEvaluator(ABC):
    """Weighs the parameters of a study; to be given to `get_param_importances`."""

    @abstractmethod
    def evaluate(
        self, study: StudyLike, params: list[str] | None = None, *, target: Target | None = None
    ) -> dict[str, float]:
        """Weigh parameters by the complete trials of a study.

        Parameters
        ----------
        study
            A study with complete trials.
        params
            Names of the parameters to weigh; None: all that the evaluator can.
        target
            Gives the number that is explained for a trial; None: the objective value.

        Returns
        -------
        importances
            By name, the largest first.
        """


def by_importance(importances: dict[str, float]) -> dict[str, float]:
    """Order by importance, the largest first; of equal ones the last named first, as Optuna has them."""
    return dict(sorted(reversed(importances.items()), key=lambda item: -item[1]))
