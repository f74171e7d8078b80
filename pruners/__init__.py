"""Pruners stop or pause trials that go badly. One algorithm a file, loaded when it is first used."""

from typing import TYPE_CHECKING

from ..engine.lazily import lazily
from .base import BasePruner
from .percentile import MedianPruner, PercentilePruner
from .promotion import Fork, Leave, PromotingPruner, Promotion

if TYPE_CHECKING:
    from .asha import ASHAPruner
    from .budget import BudgetPruner
    from .hyperband import HyperbandPruner
    from .nop import NopPruner
    from .pasha import PASHAPruner
    from .patient import PatientPruner
    from .pbt import PBTPruner
    from .successive_halving import SuccessiveHalvingPruner
    from .sync_hyperband import SyncHyperbandPruner
    from .threshold import ThresholdPruner
    from .wilcoxon import WilcoxonPruner
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            ".asha": ["ASHAPruner"],
            ".budget": ["BudgetPruner"],
            ".hyperband": ["HyperbandPruner"],
            ".nop": ["NopPruner"],
            ".pasha": ["PASHAPruner"],
            ".patient": ["PatientPruner"],
            ".pbt": ["PBTPruner"],
            ".successive_halving": ["SuccessiveHalvingPruner"],
            ".sync_hyperband": ["SyncHyperbandPruner"],
            ".threshold": ["ThresholdPruner"],
            ".wilcoxon": ["WilcoxonPruner"],
        },
    )

__all__ = [
    "ASHAPruner",
    "BasePruner",
    "BudgetPruner",
    "Fork",
    "HyperbandPruner",
    "Leave",
    "MedianPruner",
    "NopPruner",
    "PASHAPruner",
    "PBTPruner",
    "PatientPruner",
    "PercentilePruner",
    "PromotingPruner",
    "Promotion",
    "SuccessiveHalvingPruner",
    "SyncHyperbandPruner",
    "ThresholdPruner",
    "WilcoxonPruner",
]
