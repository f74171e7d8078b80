"""Pruners: one algorithm a file."""

from .base import BasePruner
from .budget import BudgetPruner
from .nop import NopPruner
from .percentile import MedianPruner, PercentilePruner

__all__ = ["BasePruner", "BudgetPruner", "MedianPruner", "NopPruner", "PercentilePruner"]
