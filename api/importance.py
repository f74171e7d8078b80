"""Importances of parameters: how much of what happened to the objective is theirs."""

from parzen.analysis.importance import (
    BaseImportanceEvaluator,
    FanovaImportanceEvaluator,
    MeanDecreaseImpurityImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    Sensitivity,
    ShapleyImportanceEvaluator,
    ShapleyValues,
    get_param_importances,
    get_sensitivities,
)

__all__ = [
    "BaseImportanceEvaluator",
    "FanovaImportanceEvaluator",
    "MeanDecreaseImpurityImportanceEvaluator",
    "PedAnovaImportanceEvaluator",
    "Sensitivity",
    "ShapleyImportanceEvaluator",
    "ShapleyValues",
    "get_param_importances",
    "get_sensitivities",
]
