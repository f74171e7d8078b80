"""Pruners: one algorithm a file."""

from .asha import ASHAPruner
from .base import BasePruner
from .budget import BudgetPruner
from .nop import NopPruner
from .percentile import MedianPruner, PercentilePruner
from .promotion import PromotingPruner

__all__ = [
    "ASHAPruner",
    "BasePruner",
    "BudgetPruner",
    "MedianPruner",
    "NopPruner",
    "PercentilePruner",
    "PromotingPruner",
]
