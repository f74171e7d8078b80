"""When to stop a study, or one training, and why."""

from parzen.analysis.stopping import (
    AllOf,
    AnyOf,
    Budget,
    EarlyStopping,
    NoiseFloor,
    RecordChance,
    RegretBound,
    Rule,
    Stagnation,
    Target,
    report_cross_validation_scores,
)

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
