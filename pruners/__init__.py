"""Pruners: one algorithm a file."""

from .asha import ASHAPruner
from .base import BasePruner
from .budget import BudgetPruner
from .hyperband import HyperbandPruner
from .nop import NopPruner
from .pasha import PASHAPruner
from .patient import PatientPruner
from .percentile import MedianPruner, PercentilePruner
from .promotion import PromotingPruner
from .successive_halving import SuccessiveHalvingPruner
from .sync_hyperband import SyncHyperbandPruner
from .threshold import ThresholdPruner
from .wilcoxon import WilcoxonPruner

__all__ = [
    "ASHAPruner",
    "BasePruner",
    "BudgetPruner",
    "HyperbandPruner",
    "MedianPruner",
    "NopPruner",
    "PASHAPruner",
    "PatientPruner",
    "PercentilePruner",
    "PromotingPruner",
    "SuccessiveHalvingPruner",
    "SyncHyperbandPruner",
    "ThresholdPruner",
    "WilcoxonPruner",
]
