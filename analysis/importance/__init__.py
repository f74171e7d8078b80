"""Which parameters mattered: PED-ANOVA, fANOVA, impurity of forests, Shapley values, and rank sensitivities."""

from .base import BaseImportanceEvaluator
from .fanova import FanovaImportanceEvaluator
from .importances import get_param_importances
from .impurity import MeanDecreaseImpurityImportanceEvaluator
from .ped_anova import PedAnovaImportanceEvaluator
from .sensitivity import Sensitivity, get_sensitivities
from .shapley import ShapleyImportanceEvaluator, ShapleyValues

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
