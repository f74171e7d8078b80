"""Pruners: one algorithm a file."""

from .asha import ASHAPruner
from .base import BasePruner
from .budget import BudgetPruner
from .nop import NopPruner
from .pasha import PASHAPruner
from .percentile import MedianPruner, PercentilePruner
from .promotion import PromotingPruner
from .sync_hyperband import SyncHyperbandPruner

__all__ = [
    "ASHAPruner",
    "BasePruner",
    "BudgetPruner",
    "MedianPruner",
    "NopPruner",
    "PASHAPruner",
    "PercentilePruner",
    "PromotingPruner",
    "SyncHyperbandPruner",
]
