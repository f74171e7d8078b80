"""When to stop: rules for a study that join with ``|`` and ``&``, one for a training, and terminators."""

from .early import EarlyStopping
from .folds import report_cross_validation_scores
from .regret import NoiseFloor, RegretBound
from .rules import AllOf, AnyOf, Budget, RecordChance, Rule, Stagnation, Target

__all__ = [
    "AllOf",
    "AnyOf",
    "Budget",
    "EarlyStopping",
    "NoiseFloor",
    "RecordChance",
    "RegretBound",
    "Rule",
    "Stagnation",
    "Target",
    "report_cross_validation_scores",
]
