"""The function that users call, and which evaluator it takes where none is given."""

from __future__ import annotations

from ...engine.history import StudyLike
from ..targets import Target
from .base import BaseImportanceEvaluator
from .evidence import checked, shares
from .ped_anova import PedAnovaImportanceEvaluator


def get_param_importances(
    study: StudyLike,
    *,
    evaluator: BaseImportanceEvaluator | None = None,
    params: list[str] | None = None,
    target: Target | None = None,
    normalize: bool = True,
) -> dict[str, float]:
    """Weigh the parameters of a study: how much of what happened to the objective is theirs.

    Parameters
    ----------
    study
        A study. Only its complete trials count, and of these only those with finite targets.
    evaluator
        How parameters are weighed; None: `PedAnovaImportanceEvaluator` with its defaults.
    params
        Names of the parameters to weigh; None: all that the evaluator can.
    target
        Gives for a trial what is to be explained, such as ``lambda trial: trial.values[1]``; None: the objective value.
        Forests need one where there are several objectives.
    normalize
        Scale the importances so that they sum to 1.

    Returns
    -------
    importances
        By parameter name, the largest first; 0 for a parameter that can have one value only.

    Raises
    ------
    TypeError
        If `params` is not a list of strings, or `evaluator` no evaluator.
    ValueError
        If `params` names one that no complete trial has.
    RuntimeError
        If a forest is to explain a target that is the same everywhere.
    ImportError
        If the evaluator needs scikit-learn, and it is not installed.

    Examples
    --------
    >>> parzen.importance.get_param_importances(study)
    {'lr': 0.81, 'layers': 0.19}
    """
    names = checked(params)
    if evaluator is None:
        evaluator = PedAnovaImportanceEvaluator()
    if not isinstance(evaluator, BaseImportanceEvaluator):
        raise TypeError(
            f"Evaluator must be a subclass of BaseImportanceEvaluator, such as PedAnovaImportanceEvaluator(), but got "
            f"{evaluator!r}."
        )
    importances = evaluator.evaluate(study, params=names, target=target)
    return shares(importances) if normalize else importances
